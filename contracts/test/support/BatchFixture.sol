// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Registry} from "../../src/Registry.sol";
import {UnsafeTestAppend1024Verifier} from "../../src/generated/UnsafeTestAppend1024Verifier.sol";
import {UnsafeTestAppend16Verifier} from "../../src/generated/UnsafeTestAppend16Verifier.sol";
import {UnsafeTestAppend256Verifier} from "../../src/generated/UnsafeTestAppend256Verifier.sol";
import {UnsafeTestRevoke32Verifier} from "../../src/generated/UnsafeTestRevoke32Verifier.sol";
import {UnsafeTestRevoke8Verifier} from "../../src/generated/UnsafeTestRevoke8Verifier.sol";
import {IAppendVerifier} from "../../src/interfaces/IAppendVerifier.sol";
import {IRegistry} from "../../src/interfaces/IRegistry.sol";
import {IRevokeVerifier} from "../../src/interfaces/IRevokeVerifier.sol";
import {Deployment} from "./Deployment.sol";

/// @title Real batches, made by the prover of `crates/proofs`, and a registry that takes them
/// @dev Chain 31337, the registry at `REGISTRY`, the test keys. The registry of `Deployment` is
/// replaced by one with the real verifiers.
abstract contract BatchFixture is Deployment {
    /// @dev `items` are the leaves of an append, or index and commitment of each removal in turn.
    struct RealBatch {
        uint256 preRoot;
        uint256 postRoot;
        uint256 startIndex;
        uint256 digest;
        uint256 x;
        uint256 y;
        uint256[] items;
        uint256[8] proof;
    }

    string private constant FILE = "test/fixtures/batches.json";

    /// @dev Fixed, because real proofs are bound to it.
    address internal constant REGISTRY = 0x2121212121212121212121212121212121212121;

    function deployReal() internal {
        deployKnown();
        deployCodeTo(
            "Registry.sol:Registry",
            abi.encode(
                timelock,
                sequencer,
                GENESIS,
                EPOCH_LENGTH,
                ENROLMENT_CAP,
                realAppendVerifiers(),
                realRevokeVerifiers()
            ),
            REGISTRY
        );
        registry = Registry(REGISTRY);
    }

    function realAppendVerifiers() internal returns (IAppendVerifier[3] memory) {
        return [
            IAppendVerifier(new UnsafeTestAppend16Verifier()),
            new UnsafeTestAppend256Verifier(),
            new UnsafeTestAppend1024Verifier()
        ];
    }

    function realRevokeVerifiers() internal returns (IRevokeVerifier[2] memory) {
        return [IRevokeVerifier(new UnsafeTestRevoke8Verifier()), new UnsafeTestRevoke32Verifier()];
    }

    /// @dev An append whose leaves are in the file.
    function readAppend(string memory name) internal view returns (RealBatch memory result) {
        string memory json = vm.readFile(FILE);
        string memory at = string.concat(".batches.", name);
        result = readAny(json, at);
        result.startIndex = vm.parseJsonUint(json, string.concat(at, ".startIndex"));
        if (vm.keyExistsJson(json, string.concat(at, ".items"))) {
            result.items = vm.parseJsonUintArray(json, string.concat(at, ".items"));
        }
    }

    /// @dev An append of `count` leaves, which the file does not list.
    function readLongAppend(string memory name, uint256 count)
        internal
        view
        returns (RealBatch memory result)
    {
        result = readAppend(name);
        result.items = new uint256[](count);
        for (uint256 i = 0; i < count; ++i) {
            result.items[i] = uint256(keccak256(abi.encode(i))) >> 8;
        }
    }

    function readRevocation(string memory name) internal view returns (RealBatch memory result) {
        string memory json = vm.readFile(FILE);
        string memory at = string.concat(".batches.", name);
        result = readAny(json, at);
        result.items = vm.parseJsonUintArray(json, string.concat(at, ".items"));
    }

    function removalsOf(RealBatch memory real)
        internal
        pure
        returns (IRegistry.Removal[] memory removals)
    {
        removals = new IRegistry.Removal[](real.items.length / 2);
        for (uint256 i = 0; i < removals.length; ++i) {
            removals[i] = IRegistry.Removal(real.items[2 * i], real.items[2 * i + 1]);
        }
    }

    function appendReal(RealBatch memory real) internal {
        vm.prank(sequencer);
        registry.append(real.items, real.postRoot, real.digest, real.proof);
    }

    function revokeReal(RealBatch memory real) internal {
        vm.prank(sequencer);
        registry.revoke(removalsOf(real), real.postRoot, real.digest, real.proof);
    }

    function readAny(string memory json, string memory at)
        private
        pure
        returns (RealBatch memory result)
    {
        result.preRoot = vm.parseJsonUint(json, string.concat(at, ".preRoot"));
        result.postRoot = vm.parseJsonUint(json, string.concat(at, ".postRoot"));
        result.digest = vm.parseJsonUint(json, string.concat(at, ".digest"));
        result.x = vm.parseJsonUint(json, string.concat(at, ".x"));
        result.y = vm.parseJsonUint(json, string.concat(at, ".y"));
        uint256[] memory proof = vm.parseJsonUintArray(json, string.concat(at, ".proof"));
        for (uint256 i = 0; i < 8; ++i) {
            result.proof[i] = proof[i];
        }
    }
}
