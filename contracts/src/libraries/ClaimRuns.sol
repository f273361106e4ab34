// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IDistributor} from "../interfaces/IDistributor.sol";
import {BatchAccumulator} from "./BatchAccumulators.sol";

/// @title The fast path of a batch, without the gas of checked access
/// @notice Both loops stop at the first claim that needs the slow path, which is the caller's. The
/// caller then begins again behind it.
/// @dev A claim is twelve words of calldata: nullifier hash, recipient, fee recipient, fee, proof.
library ClaimRuns {
    bytes32 private constant SIGNAL_DOMAIN = "annona.signal.v1";
    /// @dev `Bn254.SCALAR_FIELD`, written out for assembly.
    uint256 private constant R =
        21888242871839275222246405745257275088548364400416034343698204186575808495617;

    /// @dev Precompiles of EIP-196.
    uint256 private constant EC_ADD = 0x06;
    uint256 private constant EC_MUL = 0x07;

    /// @dev `IDistributor.Distributor_InvalidProof.selector`, written out for assembly (CLAIM-7).
    bytes32 private constant INVALID_PROOF =
        0x262b026100000000000000000000000000000000000000000000000000000000;

    /// @dev `IDistributor.Claimed.selector`, written out for assembly.
    bytes32 private constant CLAIMED =
        0xa189bd50040d146e005d64d0eb3ae648a95712a6c5633c1de9020a0c3f3f9d11;

    /// @notice Takes claims from `index` on, which is not the first: marks their nullifier hashes
    /// as spent and adds their proofs. Stops at one whose nullifier hash is outside the field or
    /// spent, whose recipient would lose the money, that has a fee, or whose addresses have more
    /// than 160 bits (CLAIM-3).
    /// @param token The token, which may not be a recipient, as this contract may not.
    /// @return The claim that was not taken, or the number of claims.
    function takeFast(
        BatchAccumulator memory accumulator,
        mapping(uint256 => bool) storage spent,
        IDistributor.Claim[] calldata claims,
        uint256 index,
        address token
    ) internal returns (uint256) {
        assembly ("memory-safe") {
            // The preimage of a signal hash, but for the claim's own words. It stays in the place
            // behind the memory in use, as nothing is allocated here.
            mstore(mload(0x40), 0x80)
            mstore(add(mload(0x40), 0x80), 16)
            mstore(add(mload(0x40), 0xa0), SIGNAL_DOMAIN)
            for {} lt(index, claims.length) { index := add(index, 1) } {
                let one := add(claims.offset, mul(index, 0x180))
                {
                    let recipient := calldataload(add(one, 0x20))
                    // Upper bits of the addresses; the fee; a recipient that would lose the money.
                    let isSlow := shr(160, or(recipient, calldataload(add(one, 0x40))))
                    isSlow := or(isSlow, calldataload(add(one, 0x60)))
                    isSlow := or(isSlow, iszero(recipient))
                    isSlow := or(isSlow, or(eq(recipient, address()), eq(recipient, token)))
                    if or(isSlow, iszero(lt(calldataload(one), R))) { break }
                }
                {
                    // spent[nullifierHash], whose place is computed once for reading and writing.
                    mstore(0x00, calldataload(one))
                    mstore(0x20, spent.slot)
                    let place := keccak256(0x00, 0x40)
                    if sload(place) { break }
                    sstore(place, 1)
                }
                // The coefficient, as `BatchAccumulators.coefficient`.
                mstore(0x00, mload(add(accumulator, 0xe0)))
                mstore(0x20, index)
                let rho := mod(keccak256(0x00, 0x40), R)
                // From here on, as `BatchAccumulators.add`.
                {
                    let weight := add(accumulator, 0x40)
                    mstore(weight, addmod(mload(weight), rho, R))
                    let nullifiers := add(accumulator, 0x60)
                    let term := mulmod(rho, calldataload(one), R)
                    mstore(nullifiers, addmod(mload(nullifiers), term, R))
                    // The hash of the signal, as `IDistributor.signalHash` tells it.
                    calldatacopy(add(mload(0x40), 0x20), add(one, 0x20), 0x60)
                    mstore(0x00, keccak256(mload(0x40), 0xc0))
                    let signals := add(accumulator, 0x80)
                    term := mulmod(rho, shr(8, keccak256(0x00, 0x20)), R)
                    mstore(signals, addmod(mload(signals), term, R))
                }
                let pair := mload(add(accumulator, 0x20))
                mstore(add(accumulator, 0x20), add(pair, 0xc0))
                // c first, in the room of the pair; then a, and b behind it.
                let c := mload(add(accumulator, 0xa0))
                calldatacopy(pair, add(one, 0x140), 0x40)
                mstore(add(pair, 0x40), rho)
                let valid := staticcall(gas(), EC_MUL, pair, 0x60, add(c, 0x40), 0x40)
                valid := and(staticcall(gas(), EC_ADD, c, 0x80, c, 0x40), valid)
                calldatacopy(pair, add(one, 0x80), 0x40)
                valid := and(staticcall(gas(), EC_MUL, pair, 0x60, pair, 0x40), valid)
                calldatacopy(add(pair, 0x40), add(one, 0xc0), 0x80)
                if iszero(valid) {
                    mstore(0x00, INVALID_PROOF)
                    revert(0x00, 0x04)
                }
            }
        }
        return index;
    }

    /// @notice The common values of a batch's payments. `transferGas` is the most gas of one
    /// transfer, `reserve` the gas that must be left before it, `epoch` and the others as in
    /// `Claimed`.
    struct Payment {
        uint256 amount;
        uint256 batchId;
        uint256 epoch;
        uint256 transferGas;
        uint256 reserve;
    }

    /// @notice Pays claims from `index` on that were not skipped. Stops at one that has a fee, at
    /// one whose transfer fails, and where less gas is left than the reserve.
    /// @param skipped Has bit i set if claim i was skipped.
    /// @return at The claim that was not paid, or the number of claims.
    /// @return refused True if the transfer of that claim failed.
    function pay(
        address token,
        Payment memory payment,
        IDistributor.Claim[] calldata claims,
        uint256 index,
        uint256 skipped
    ) internal returns (uint256 at, bool refused) {
        at = index;
        assembly ("memory-safe") {
            let data := mload(0x40)
            mstore(data, shl(224, 0xa9059cbb)) // transfer(address,uint256)
            mstore(add(data, 0x24), mload(payment))
            for {} lt(at, claims.length) { at := add(at, 1) } {
                if and(shr(at, skipped), 1) { continue }
                let one := add(claims.offset, mul(at, 0x180))
                if or(calldataload(add(one, 0x60)), lt(gas(), mload(add(payment, 0x80)))) {
                    break
                }
                mstore(add(data, 0x04), calldataload(add(one, 0x20)))
                let sent := call(mload(add(payment, 0x60)), token, 0, data, 0x44, 0x00, 0x20)
                // It answered true; or nothing, if it is a contract.
                if iszero(and(sent, and(gt(returndatasize(), 0x1f), eq(mload(0x00), 1)))) {
                    let isSilent := and(iszero(returndatasize()), gt(extcodesize(token), 0))
                    if iszero(and(sent, isSilent)) {
                        refused := 1
                        break
                    }
                }
                // Claimed(epoch, nullifierHash, recipient, amount, batchId)
                log4(
                    payment,
                    0x40,
                    CLAIMED,
                    mload(add(payment, 0x40)),
                    calldataload(one),
                    calldataload(add(one, 0x20))
                )
            }
        }
    }
}
