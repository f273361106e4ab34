// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IDistributor} from "../interfaces/IDistributor.sol";

/// @title The seed of the coefficients of a batch of claims (see `BatchAccumulators`)
/// @dev Everything that a prover or a sender can choose is hashed before a coefficient exists.
/// Anyone who knew the coefficients beforehand could make two false proofs whose errors cancel.
library Transcript {
    string internal constant BATCH_DOMAIN = "annona.batch.v1";
    string internal constant CATCH_UP_DOMAIN = "annona.catchup.v1";

    /// @notice `keccak256(abi.encode("annona.batch.v1", chainId, distributor, epoch, root,
    /// claims))`, for this distributor on this chain (CLAIM-6).
    function ofBatch(uint256 epoch, uint256 root, IDistributor.Claim[] calldata claims)
        internal
        view
        returns (bytes32 seed)
    {
        string memory domain = BATCH_DOMAIN;
        // Memory-safe: it writes behind the free memory pointer only. A claim is twelve words of
        // calldata as of the encoding, and the ABI decoder has checked that `claims` lies inside.
        assembly ("memory-safe") {
            let head := mload(0x40)
            mstore(head, 0xc0)
            mstore(add(head, 0x20), chainid())
            mstore(add(head, 0x40), address())
            mstore(add(head, 0x60), epoch)
            mstore(add(head, 0x80), root)
            mstore(add(head, 0xa0), 0x100)
            mcopy(add(head, 0xc0), domain, 0x40)
            mstore(add(head, 0x100), claims.length)
            let size := mul(claims.length, 0x180)
            calldatacopy(add(head, 0x120), claims.offset, size)
            seed := keccak256(head, add(0x120, size))
        }
    }

    /// @notice `keccak256(abi.encode("annona.catchup.v1", chainId, distributor, roots, claims))`.
    /// @param roots The root of each claim's epoch.
    function ofCatchUp(uint256[] memory roots, IDistributor.EpochClaim[] calldata claims)
        internal
        view
        returns (bytes32)
    {
        return keccak256(abi.encode(CATCH_UP_DOMAIN, block.chainid, address(this), roots, claims));
    }
}
