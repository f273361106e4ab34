// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IRegistry} from "../interfaces/IRegistry.sol";
import {Bn254} from "./Bn254.sol";

/// @title Binds a list in calldata to the digest in a proof (see `IRegistry`)
library BatchBinding {
    string internal constant APPEND_DOMAIN = "annona.append.v1";
    string internal constant REVOKE_DOMAIN = "annona.revoke.v1";

    uint256 private constant R = Bn254.SCALAR_FIELD;

    /// @notice Fills challenge and value into the inputs of an append by this registry on this
    /// chain (REG-3).
    /// @param inputs `[preRoot, postRoot, startIndex, digest, x, y]`; the last two are written.
    /// @return wellFormed True if each leaf is non-zero and in the scalar field; if not, `y` has no
    /// meaning.
    function bindAppend(uint256[6] memory inputs, uint256[] calldata leaves)
        internal
        view
        returns (bool wellFormed)
    {
        bytes memory preimage = abi.encode(
            APPEND_DOMAIN,
            block.chainid,
            address(this),
            inputs[0],
            inputs[1],
            inputs[2],
            inputs[3],
            leaves
        );
        inputs[4] = uint256(keccak256(preimage)) % R;
        (inputs[5], wellFormed) = _evaluate(leaves, inputs[4]);
    }

    /// @notice Fills challenge and value into the inputs of a revocation by this registry on this
    /// chain.
    /// @dev The indices MUST be in the scalar field: `y` does not tell an index from its alias.
    /// @param inputs `[preRoot, postRoot, digest, x, y]`; the last two are written.
    function bindRevoke(uint256[5] memory inputs, IRegistry.Removal[] calldata removals)
        internal
        view
    {
        uint256[] memory items = new uint256[](2 * removals.length);
        for (uint256 i = 0; i < removals.length; ++i) {
            items[2 * i] = removals[i].leafIndex;
            items[2 * i + 1] = removals[i].commitment;
        }
        bytes memory preimage = abi.encode(
            REVOKE_DOMAIN, block.chainid, address(this), inputs[0], inputs[1], inputs[2], items
        );
        uint256 x = uint256(keccak256(preimage)) % R;
        uint256 y = 0;
        for (uint256 i = items.length; i > 0; --i) {
            y = addmod(mulmod(y, x, R), items[i - 1], R);
        }
        (inputs[3], inputs[4]) = (x, y);
    }

    /// @dev Horner's rule from the last leaf to the first, with the check of each leaf in the same
    /// pass: this loop and the event are nearly all of the cost of a member in
    /// execution (CIRC-8, IDENT-2, REG-2).
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
