// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IRegistry} from "../../src/interfaces/IRegistry.sol";
import {Bn254} from "../../src/libraries/Bn254.sol";

/// @title The public inputs of batches, in the plainest Solidity
library BatchReference {
    uint256 private constant R = Bn254.SCALAR_FIELD;

    function appendInputs(
        address registry,
        uint256 preRoot,
        uint256 postRoot,
        uint256 startIndex,
        uint256 digest,
        uint256[] memory leaves
    ) internal view returns (uint256[6] memory) {
        bytes memory preimage = abi.encode(
            "annona.append.v1",
            block.chainid,
            registry,
            preRoot,
            postRoot,
            startIndex,
            digest,
            leaves
        );
        uint256 x = uint256(keccak256(preimage)) % R;
        return [preRoot, postRoot, startIndex, digest, x, evaluate(leaves, x)];
    }

    function revokeInputs(
        address registry,
        uint256 preRoot,
        uint256 postRoot,
        uint256 digest,
        IRegistry.Removal[] memory removals
    ) internal view returns (uint256[5] memory) {
        uint256[] memory items = itemsOf(removals);
        bytes memory preimage = abi.encode(
            "annona.revoke.v1", block.chainid, registry, preRoot, postRoot, digest, items
        );
        uint256 x = uint256(keccak256(preimage)) % R;
        return [preRoot, postRoot, digest, x, evaluate(items, x)];
    }

    function itemsOf(IRegistry.Removal[] memory removals)
        internal
        pure
        returns (uint256[] memory items)
    {
        items = new uint256[](2 * removals.length);
        for (uint256 i = 0; i < removals.length; ++i) {
            items[2 * i] = removals[i].leafIndex;
            items[2 * i + 1] = removals[i].commitment;
        }
    }

    /// @dev `sum of items[i] * x^i`, power by power.
    function evaluate(uint256[] memory items, uint256 x) internal pure returns (uint256 sum) {
        uint256 power = 1;
        for (uint256 i = 0; i < items.length; ++i) {
            sum = addmod(sum, mulmod(items[i], power, R), R);
            power = mulmod(power, x, R);
        }
    }
}
