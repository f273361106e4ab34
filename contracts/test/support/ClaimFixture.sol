// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Test} from "forge-std/Test.sol";
import {IDistributor} from "../../src/interfaces/IDistributor.sol";

/// @title Real claims of two test persons, made by the reference prover
/// @dev Chain 31337, the distributor's address of `Deployment`, identities from fixed seeds. The
/// first person is leaf 0 of both roots, the second leaf 1 of the second root.
abstract contract ClaimFixture is Test {
    struct RealClaim {
        uint256 epoch;
        uint256 root;
        uint256 nullifierHash;
        uint256 signalHash;
        uint256 externalNullifier;
        address recipient;
        address feeRecipient;
        uint256 fee;
        uint256[8] proof;
    }

    string private constant FILE = "test/fixtures/claims.json";
    string private constant BATCH_FILE = "test/fixtures/claim-batch.json";

    function readCommitments() internal view returns (uint256[] memory) {
        return vm.parseJsonUintArray(vm.readFile(FILE), ".commitments");
    }

    function readRoots() internal view returns (uint256[] memory) {
        return vm.parseJsonUintArray(vm.readFile(FILE), ".roots");
    }

    function readClaim(string memory name) internal view returns (RealClaim memory result) {
        string memory json = vm.readFile(FILE);
        string memory at = string.concat(".claims.", name);
        result.epoch = vm.parseJsonUint(json, string.concat(at, ".epoch"));
        result.root = vm.parseJsonUint(json, string.concat(at, ".root"));
        result.nullifierHash = vm.parseJsonUint(json, string.concat(at, ".nullifierHash"));
        result.signalHash = vm.parseJsonUint(json, string.concat(at, ".signalHash"));
        result.externalNullifier = vm.parseJsonUint(json, string.concat(at, ".externalNullifier"));
        result.recipient = vm.parseJsonAddress(json, string.concat(at, ".recipient"));
        result.feeRecipient = vm.parseJsonAddress(json, string.concat(at, ".feeRecipient"));
        result.fee = vm.parseJsonUint(json, string.concat(at, ".fee"));
        uint256[] memory proof = vm.parseJsonUintArray(json, string.concat(at, ".proof"));
        for (uint256 i = 0; i < 8; ++i) {
            result.proof[i] = proof[i];
        }
    }

    /// @dev The first `size` of 128 claims of epoch 1, of different persons and recipients.
    function readBatch(uint256 size) internal view returns (IDistributor.Claim[] memory claims) {
        bytes memory words = vm.parseJsonBytes(vm.readFile(BATCH_FILE), ".claims");
        bytes memory encoded = bytes.concat(abi.encode(32, words.length / (12 * 32)), words);
        claims = abi.decode(encoded, (IDistributor.Claim[]));
        assertEq(claims.length, 128);
        // The array is shortened in place; what is behind stays unused.
        assembly ("memory-safe") {
            mstore(claims, size)
        }
    }

    function readBatchRoot() internal view returns (uint256) {
        return vm.parseJsonUint(vm.readFile(BATCH_FILE), ".root");
    }

    function readBatchMembers() internal view returns (uint256) {
        return vm.parseJsonUint(vm.readFile(BATCH_FILE), ".members");
    }

    function inputsOf(RealClaim memory c) internal pure returns (uint256[4] memory) {
        return [c.root, c.nullifierHash, c.signalHash, c.externalNullifier];
    }
}
