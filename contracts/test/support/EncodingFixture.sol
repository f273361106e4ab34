// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Test} from "forge-std/Test.sol";

/// @title Proofs of encodings that were made once, of the models P, S18 and CI
abstract contract EncodingFixture is Test {
    /// @dev `keyHash` is the pin of the verifying key in `circuits/encodings.lock.json`.
    struct FrozenEncoding {
        bytes32 keyHash;
        uint256[3] inputs;
        uint256[8] proof;
    }

    string private constant FILE = "test/fixtures/encodings.json";

    function readEncoding(string memory circuit)
        internal
        view
        returns (FrozenEncoding memory result)
    {
        string memory json = vm.readFile(FILE);
        string memory at = string.concat(".", circuit);
        result.keyHash = vm.parseJsonBytes32(json, string.concat(at, ".keyHash"));
        uint256[] memory inputs = vm.parseJsonUintArray(json, string.concat(at, ".inputs"));
        for (uint256 i = 0; i < 3; ++i) {
            result.inputs[i] = inputs[i];
        }
        uint256[] memory proof = vm.parseJsonUintArray(json, string.concat(at, ".proof"));
        for (uint256 i = 0; i < 8; ++i) {
            result.proof[i] = proof[i];
        }
    }
}
