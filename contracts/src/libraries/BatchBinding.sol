// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IRegistry} from "../interfaces/IRegistry.sol";
import {Bn254} from "./Bn254.sol";

/// @title What binds a list in calldata to the digest in a proof (see `IRegistry`)
library BatchBinding {
    string internal constant APPEND_DOMAIN = "annona.append.v1";
    string internal constant REVOKE_DOMAIN = "annona.revoke.v1";

    uint256 private constant R = Bn254.SCALAR_FIELD;

    /// @notice Challenge and value for an append by this registry on this chain.
    /// @return x The challenge.
    /// @return y The value; without meaning if `wellFormed` is false.
    /// @return wellFormed Whether each leaf is non-zero and in the scalar field.
    function ofAppend(
        uint256 preRoot,
        uint256 postRoot,
        uint256 startIndex,
        uint256 digest,
        uint256[] calldata leaves
    ) internal view returns (uint256 x, uint256 y, bool wellFormed) {
        x = uint256(
            keccak256(
                abi.encode(
                    APPEND_DOMAIN,
                    block.chainid,
                    address(this),
                    preRoot,
                    postRoot,
                    startIndex,
                    digest,
                    leaves
                )
            )
        ) % R;
        (y, wellFormed) = _evaluate(leaves, x);
    }

    /// @notice Challenge and value for a revocation by this registry on this chain.
    /// @dev The indices MUST be in the scalar field: `y` does not tell an index from its alias.
    function ofRevoke(
        uint256 preRoot,
        uint256 postRoot,
        uint256 digest,
        IRegistry.Removal[] calldata removals
    ) internal view returns (uint256 x, uint256 y) {
        uint256[] memory items = new uint256[](2 * removals.length);
        for (uint256 i = 0; i < removals.length; ++i) {
            items[2 * i] = removals[i].leafIndex;
            items[2 * i + 1] = removals[i].commitment;
        }
        x = uint256(
            keccak256(
                abi.encode(
                    REVOKE_DOMAIN, block.chainid, address(this), preRoot, postRoot, digest, items
                )
            )
        ) % R;
        for (uint256 i = items.length; i > 0; --i) {
            y = addmod(mulmod(y, x, R), items[i - 1], R);
        }
    }

    /// @dev Horner's rule from the last leaf to the first, with the check of each leaf in the same
    /// pass: of what a member costs in execution, this loop and the event are nearly all.
    function _evaluate(uint256[] calldata leaves, uint256 x)
        private
        pure
        returns (uint256 y, bool wellFormed)
    {
        uint256 r = R;
        // Memory-safe: no memory is touched. It reads calldata only inside `leaves`, whose bounds
        // the ABI decoder has checked; `offset` is at least 0x44 there, so that the loop's end,
        // where the position falls to `offset`, is reached before it could wrap.
        assembly ("memory-safe") {
            wellFormed := 1
            let last := sub(r, 1)
            let at := add(leaves.offset, shl(5, leaves.length))
            for {} gt(at, leaves.offset) {} {
                at := sub(at, 0x20)
                let leaf := calldataload(at)
                // `1 <= leaf < r`: for a leaf of 0 the difference is the largest word.
                wellFormed := and(wellFormed, lt(sub(leaf, 1), last))
                y := addmod(mulmod(y, x, r), leaf, r)
            }
        }
    }
}
