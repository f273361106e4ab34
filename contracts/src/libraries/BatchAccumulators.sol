// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IDistributor} from "../interfaces/IDistributor.sol";
import {Bn254} from "./Bn254.sol";

/// @notice The running sums of a claim batch's pairing check.
/// @dev The block of pairs is one piece of memory: each pair is written where the precompile
/// reads it.
struct BatchAccumulator {
    // Start of the block, and place of its next pair.
    uint256 start;
    uint256 next;
    // Modulo r: sum of rho_i, of rho_i * nullifierHash_i, of rho_i * signalHash_i.
    uint256 weight;
    uint256 nullifiers;
    uint256 signals;
    // A sum of points, and room behind it for the term to add: together the input of EC_ADD.
    uint256[4] c;
    uint256[4] inputs;
    // Source of the coefficients.
    bytes32 seed;
    // Bit i is set if claim i was skipped.
    uint256 skipped;
}

/// @title Accumulates Groth16 proofs under one key into one pairing check
/// @notice For proofs `(a_i, b_i, c_i)` of inputs whose points are `p_i`, and coefficients `rho_i`:
///
///   prod e(rho_i a_i, b_i)
///     = e(sum rho_i alpha, beta) e(sum rho_i p_i, gamma) e(sum rho_i c_i, delta)
///
/// That is n + 3 pairings instead of 4 n. If one proof is false, it holds for at most one value of
/// that proof's coefficient in r: the coefficients MUST be fixed only after everything else is.
/// @dev The precompiles check the points: `a_i` and `c_i` pass through `EC_MUL`, which fails on a
/// coordinate outside the base field and on a point off the curve; G1 has no other subgroup. A
/// proof with the coefficient 1 is not multiplied: `EC_ADD` and the pairing precompile check the
/// same. `b_i` always goes to the latter, which checks the subgroup of G2 as well. A precompile
/// that fails burns the gas it was given.
library BatchAccumulators {
    uint256 private constant R = Bn254.SCALAR_FIELD;
    uint256 private constant P = Bn254.BASE_FIELD;

    /// @dev Precompiles of EIP-196 and EIP-197.
    uint256 private constant EC_ADD = 0x06;
    uint256 private constant EC_MUL = 0x07;
    uint256 private constant EC_PAIRING = 0x08;

    /// @notice An empty accumulator with room for `size` claims, whose coefficients come from `seed`.
    function begin(uint256 size, bytes32 seed)
        internal
        pure
        returns (BatchAccumulator memory accumulator)
    {
        accumulator.seed = seed;
        assembly ("memory-safe") {
            let start := mload(0x40)
            // Three pairs more, for the points of the key.
            mstore(0x40, add(start, mul(add(size, 3), 0xc0)))
            mstore(accumulator, start)
            mstore(add(accumulator, 0x20), start)
        }
    }

    /// @notice The coefficient of the claim at `index`: `keccak256(abi.encode(seed, index)) mod r`,
    /// and 1 for the first (CLAIM-6).
    /// @dev One coefficient may be fixed: if a proof is false whose coefficient is not, that one
    /// decides, and if only the first is false, nothing makes up for it.
    function coefficient(BatchAccumulator memory accumulator, uint256 index)
        internal
        pure
        returns (uint256 rho)
    {
        uint256 r = R;
        assembly ("memory-safe") {
            mstore(0x00, mload(add(accumulator, 0xe0)))
            mstore(0x20, index)
            rho := mod(keccak256(0x00, 0x40), r)
            if iszero(index) { rho := 1 }
        }
    }

    /// @notice Adds a claim with its coefficient and its signal hash. The nullifier hash MUST be
    /// below r.
    /// @return valid True if the precompiles took the points.
    function add(
        BatchAccumulator memory accumulator,
        uint256 rho,
        uint256 signalHash,
        IDistributor.Claim calldata one
    ) internal view returns (bool valid) {
        accumulator.weight = addmod(accumulator.weight, rho, R);
        accumulator.nullifiers =
            addmod(accumulator.nullifiers, mulmod(rho, one.nullifierHash, R), R);
        accumulator.signals = addmod(accumulator.signals, mulmod(rho, signalHash, R), R);
        uint256[8] calldata proof = one.proof;
        valid = _addScaled(accumulator.c, proof[6], proof[7], rho);
        (bool isPoint, uint256 x, uint256 y) = scale(proof[0], proof[1], rho);
        assembly ("memory-safe") {
            let pair := mload(add(accumulator, 0x20))
            mstore(add(accumulator, 0x20), add(pair, 0xc0))
            mstore(pair, x)
            mstore(add(pair, 0x20), y)
            calldatacopy(add(pair, 0x40), add(proof, 0x40), 0x80)
        }
        return valid && isPoint;
    }

    /// @notice Adds the first proof as it is, which is to say with coefficient
    /// 1 (CLAIM-7, IDENT-3).
    /// @return valid True if the coordinate that will be negated is in the base field; the
    /// precompile checks the others.
    function addFirst(
        BatchAccumulator memory accumulator,
        uint256 nullifierHash,
        uint256 signalHash,
        uint256[8] calldata proof
    ) internal pure returns (bool valid) {
        valid = proof[7] < P;
        accumulator.weight = 1;
        accumulator.nullifiers = nullifierHash;
        accumulator.signals = signalHash;
        uint256[4] memory c = accumulator.c;
        assembly ("memory-safe") {
            let pair := mload(add(accumulator, 0x20))
            mstore(add(accumulator, 0x20), add(pair, 0xc0))
            calldatacopy(pair, proof, 0xc0)
            calldatacopy(c, add(proof, 0xc0), 0x40)
        }
    }

    /// @notice Adds `scalar * (x, y)` to the sum of the inputs' points.
    function addInput(BatchAccumulator memory accumulator, uint256 x, uint256 y, uint256 scalar)
        internal
        view
        returns (bool valid)
    {
        return _addScaled(accumulator.inputs, x, y, scalar);
    }

    /// @notice `scalar * (x, y)`.
    function scale(uint256 x, uint256 y, uint256 scalar)
        internal
        view
        returns (bool valid, uint256 scaledX, uint256 scaledY)
    {
        assembly ("memory-safe") {
            let point := mload(0x40)
            mstore(point, x)
            mstore(add(point, 0x20), y)
            mstore(add(point, 0x40), scalar)
            valid := staticcall(gas(), EC_MUL, point, 0x60, point, 0x40)
            scaledX := mload(point)
            scaledY := mload(add(point, 0x20))
        }
    }

    /// @notice Puts the pair `(-(x, y), g2)`; three of them complete a accumulator. `y` MUST be below p.
    function putNegated(
        BatchAccumulator memory accumulator,
        uint256 x,
        uint256 y,
        uint256[4] memory g2
    ) internal pure {
        uint256 p = P;
        assembly ("memory-safe") {
            let pair := mload(add(accumulator, 0x20))
            mstore(add(accumulator, 0x20), add(pair, 0xc0))
            mstore(pair, x)
            // The point at infinity is (0, 0), and its own negative.
            mstore(add(pair, 0x20), mod(sub(p, y), p))
            mcopy(add(pair, 0x40), g2, 0x80)
        }
    }

    /// @notice The number of claims in an accumulator that is not completed.
    function count(BatchAccumulator memory accumulator) internal pure returns (uint256) {
        return (accumulator.next - accumulator.start) / 0xc0;
    }

    /// @notice Returns whether the product of all pairings is 1.
    function holds(BatchAccumulator memory accumulator) internal view returns (bool valid) {
        assembly ("memory-safe") {
            let start := mload(accumulator)
            let size := sub(mload(add(accumulator, 0x20)), start)
            valid := staticcall(gas(), EC_PAIRING, start, size, 0x00, 0x20)
            valid := and(eq(mload(0x00), 1), valid)
        }
    }

    /// @dev `sum += scalar * (x, y)`; false if a precompile fails.
    function _addScaled(uint256[4] memory sum, uint256 x, uint256 y, uint256 scalar)
        private
        view
        returns (bool valid)
    {
        (valid, sum[2], sum[3]) = scale(x, y, scalar);
        assembly ("memory-safe") {
            valid := and(staticcall(gas(), EC_ADD, sum, 0x80, sum, 0x40), valid)
        }
    }
}
