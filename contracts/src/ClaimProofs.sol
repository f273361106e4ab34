// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {VerifyingKey} from "./interfaces/IVerifyingKey.sol";
import {BatchAccumulator, BatchAccumulators} from "./libraries/BatchAccumulators.sol";
import {VerifyingKeys} from "./libraries/VerifyingKeys.sol";

/// @title Checks the proofs of claims, alone or in batches, under a key fixed at deployment
/// @dev The key is kept here rather than asked of the verifier: that saves a call with all proofs
/// in it. The immutables are the words of the key as the verifier shows them, in the same order,
/// so that an auditor can read them out of the code.
abstract contract ClaimProofs {
    using BatchAccumulators for BatchAccumulator;

    /// @dev Public inputs of a claim's statement.
    uint256 private constant INPUT_COUNT = 4;

    uint256 private immutable _alphaX;
    uint256 private immutable _alphaY;
    uint256 private immutable _betaXIm;
    uint256 private immutable _betaXRe;
    uint256 private immutable _betaYIm;
    uint256 private immutable _betaYRe;
    uint256 private immutable _gammaXIm;
    uint256 private immutable _gammaXRe;
    uint256 private immutable _gammaYIm;
    uint256 private immutable _gammaYRe;
    uint256 private immutable _deltaXIm;
    uint256 private immutable _deltaXRe;
    uint256 private immutable _deltaYIm;
    uint256 private immutable _deltaYRe;
    uint256 private immutable _constantX;
    uint256 private immutable _constantY;
    uint256 private immutable _rootX;
    uint256 private immutable _rootY;
    uint256 private immutable _nullifierX;
    uint256 private immutable _nullifierY;
    uint256 private immutable _signalX;
    uint256 private immutable _signalY;
    uint256 private immutable _externalX;
    uint256 private immutable _externalY;

    /// @param key A key that anyone can forge for is refused (CLAIM-10).
    constructor(VerifyingKey memory key) {
        VerifyingKeys.requireSound(key, INPUT_COUNT);
        (_alphaX, _alphaY) = (key.alpha[0], key.alpha[1]);
        (_betaXIm, _betaXRe) = (key.beta[0], key.beta[1]);
        (_betaYIm, _betaYRe) = (key.beta[2], key.beta[3]);
        (_gammaXIm, _gammaXRe) = (key.gamma[0], key.gamma[1]);
        (_gammaYIm, _gammaYRe) = (key.gamma[2], key.gamma[3]);
        (_deltaXIm, _deltaXRe) = (key.delta[0], key.delta[1]);
        (_deltaYIm, _deltaYRe) = (key.delta[2], key.delta[3]);
        (_constantX, _constantY) = (key.ic[0][0], key.ic[0][1]);
        (_rootX, _rootY) = (key.ic[1][0], key.ic[1][1]);
        (_nullifierX, _nullifierY) = (key.ic[2][0], key.ic[2][1]);
        (_signalX, _signalY) = (key.ic[3][0], key.ic[3][1]);
        (_externalX, _externalY) = (key.ic[4][0], key.ic[4][1]);
    }

    /// @dev `ic[0] + root * ic[1] + externalNullifier * ic[4]`: the common part of an epoch's
    /// statements. Both inputs MUST be below r (EPOCH-3).
    function _epochPoint(uint256 root, uint256 externalNullifier)
        internal
        view
        returns (uint256 x, uint256 y)
    {
        BatchAccumulator memory accumulator;
        (accumulator.inputs[0], accumulator.inputs[1]) = (_constantX, _constantY);
        bool valid = accumulator.addInput(_rootX, _rootY, root);
        valid = accumulator.addInput(_externalX, _externalY, externalNullifier) && valid;
        // The points of the key were not looked at when it was taken.
        if (!valid) revert VerifyingKeys.VerifyingKey_PointOffCurve();
        return (accumulator.inputs[0], accumulator.inputs[1]);
    }

    /// @dev Returns whether `proof` shows a claim of the epoch with the point `(x, y)`. Both inputs
    /// MUST be below r.
    function _verifyProof(
        uint256 x,
        uint256 y,
        uint256 nullifierHash,
        uint256 signalHash,
        uint256[8] calldata proof
    ) internal view returns (bool) {
        BatchAccumulator memory accumulator = BatchAccumulators.begin(1, 0);
        (accumulator.inputs[0], accumulator.inputs[1]) = (x, y);
        return accumulator.addFirst(nullifierHash, signalHash, proof)
            && _checkPairing(accumulator, _alphaX, _alphaY);
    }

    /// @dev Returns whether all proofs of a batch hold. The points of their epochs MUST have been
    /// added.
    function _verifyBatch(BatchAccumulator memory accumulator) internal view returns (bool) {
        (bool valid, uint256 x, uint256 y) =
            BatchAccumulators.scale(_alphaX, _alphaY, accumulator.weight);
        return valid && _checkPairing(accumulator, x, y);
    }

    function _checkPairing(BatchAccumulator memory accumulator, uint256 alphaX, uint256 alphaY)
        private
        view
        returns (bool)
    {
        bool valid = accumulator.addInput(_nullifierX, _nullifierY, accumulator.nullifiers);
        valid = accumulator.addInput(_signalX, _signalY, accumulator.signals) && valid;
        accumulator.putNegated(alphaX, alphaY, [_betaXIm, _betaXRe, _betaYIm, _betaYRe]);
        accumulator.putNegated(
            accumulator.inputs[0],
            accumulator.inputs[1],
            [_gammaXIm, _gammaXRe, _gammaYIm, _gammaYRe]
        );
        accumulator.putNegated(
            accumulator.c[0], accumulator.c[1], [_deltaXIm, _deltaXRe, _deltaYIm, _deltaYRe]
        );
        return valid && accumulator.holds();
    }
}
