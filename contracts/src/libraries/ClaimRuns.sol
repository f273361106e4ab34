// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IDistributor} from "../interfaces/IDistributor.sol";
import {ProofFold} from "./ProofFold.sol";

/// @title The usual claim of a batch, without the gas of checked access
/// @notice Both loops stop at the first claim that is not usual, which the caller then treats with
/// all care, and begins again behind it.
/// @dev A claim is twelve words of calldata: nullifier hash, recipient, fee recipient, fee, proof.
library ClaimRuns {
    using ProofFold for ProofFold.Fold;

    bytes32 private constant SIGNAL_DOMAIN = "annona.signal.v1";
    /// @dev `Bn254.SCALAR_FIELD`, written out for assembly.
    uint256 private constant R =
        21888242871839275222246405745257275088548364400416034343698204186575808495617;

    /// @dev `IDistributor.Claimed.selector`, written out for assembly.
    bytes32 private constant CLAIMED =
        0xa189bd50040d146e005d64d0eb3ae648a95712a6c5633c1de9020a0c3f3f9d11;

    /// @notice Takes claims from `index` on, which is not the first: marks their nullifier hashes as
    /// spent and adds their proofs. Stops at one whose nullifier hash is outside the field or spent,
    /// whose recipient would lose the money, that has a fee, or whose addresses have more than 160
    /// bits.
    /// @param token The token, which may not be a recipient, as this contract may not.
    /// @return The claim that was not taken, or the number of claims.
    function take(
        ProofFold.Fold memory fold,
        mapping(uint256 => bool) storage spent,
        IDistributor.Claim[] calldata claims,
        uint256 index,
        address token
    ) internal returns (uint256) {
        // The preimage of a signal hash, but for the claim's own words. The place behind the memory
        // in use keeps it, as nothing is allocated here.
        assembly ("memory-safe") {
            let preimage := mload(0x40)
            mstore(preimage, 0x80)
            mstore(add(preimage, 0x80), 16)
            mstore(add(preimage, 0xa0), SIGNAL_DOMAIN)
        }
        while (index < claims.length) {
            IDistributor.Claim calldata one;
            uint256 rho;
            uint256 signalHash;
            bool isUsual;
            assembly ("memory-safe") {
                one := add(claims.offset, mul(index, 0x180))
                {
                    let recipient := calldataload(add(one, 0x20))
                    // Upper bits of the addresses; the fee; a recipient that would lose the money.
                    let odd := shr(160, or(recipient, calldataload(add(one, 0x40))))
                    odd := or(odd, calldataload(add(one, 0x60)))
                    odd := or(odd, iszero(recipient))
                    odd := or(odd, or(eq(recipient, address()), eq(recipient, token)))
                    isUsual := and(iszero(odd), lt(calldataload(one), R))
                }
                if isUsual {
                    // spent[nullifierHash], whose place is computed once for reading and writing.
                    mstore(0x00, calldataload(one))
                    mstore(0x20, spent.slot)
                    let place := keccak256(0x00, 0x40)
                    isUsual := iszero(sload(place))
                    if isUsual { sstore(place, 1) }
                }
                if isUsual {
                    // The hash of the signal, as `IDistributor.signalHash` tells it.
                    calldatacopy(add(mload(0x40), 0x20), add(one, 0x20), 0x60)
                    mstore(0x00, keccak256(mload(0x40), 0xc0))
                    signalHash := shr(8, keccak256(0x00, 0x20))
                    // The coefficient, as `ProofFold.coefficient`.
                    mstore(0x00, mload(add(fold, 0xe0)))
                    mstore(0x20, index)
                    rho := mod(keccak256(0x00, 0x40), R)
                }
            }
            if (!isUsual) return index;
            fold.add(rho, signalHash, one);
            unchecked {
                ++index; // Below the length of an array.
            }
        }
        return index;
    }

    /// @notice What the payments of a batch have in common. `transferGas` is the most gas of one
    /// transfer, `reserve` what must be left before it, `epoch` and the others as in `Claimed`.
    struct Payment {
        uint256 amount;
        uint256 batchId;
        uint256 epoch;
        uint256 transferGas;
        uint256 reserve;
    }

    /// @notice Pays claims from `index` on that were not passed over. Stops at one that has a fee, at
    /// one whose transfer fails, and where less gas is left than the reserve.
    /// @param passed Has bit i set if claim i was passed over.
    /// @return at The claim that was not paid, or the number of claims.
    /// @return refused Whether the transfer of that claim failed.
    function pay(
        address token,
        Payment memory payment,
        IDistributor.Claim[] calldata claims,
        uint256 index,
        uint256 passed
    ) internal returns (uint256 at, bool refused) {
        at = index;
        assembly ("memory-safe") {
            let data := mload(0x40)
            mstore(data, shl(224, 0xa9059cbb)) // transfer(address,uint256)
            mstore(add(data, 0x24), mload(payment))
            for {} lt(at, claims.length) { at := add(at, 1) } {
                if and(shr(at, passed), 1) { continue }
                let one := add(claims.offset, mul(at, 0x180))
                if or(calldataload(add(one, 0x60)), lt(gas(), mload(add(payment, 0x80)))) {
                    break
                }
                mstore(add(data, 0x04), calldataload(add(one, 0x20)))
                let sent := call(mload(add(payment, 0x60)), token, 0, data, 0x44, 0x00, 0x20)
                // It answered true; or nothing, if it is a contract.
                switch returndatasize()
                case 0 { sent := and(sent, gt(extcodesize(token), 0)) }
                default { sent := and(sent, and(gt(returndatasize(), 0x1f), eq(mload(0x00), 1))) }
                if iszero(sent) {
                    refused := 1
                    break
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
