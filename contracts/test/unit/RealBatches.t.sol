// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Registry} from "../../src/Registry.sol";
import {IRegistry} from "../../src/interfaces/IRegistry.sol";
import {BatchFixture} from "../support/BatchFixture.sol";
import {BatchReference} from "../support/BatchReference.sol";

/// @title The registry with the real verifiers, and batches of the real prover
contract RealBatchesTest is BatchFixture {
    function setUp() public {
        deployReal();
    }

    function test_challenge_and_value_are_those_of_the_prover() public view {
        string[5] memory appends = ["joined", "recovered", "duplicate", "otherSize", "full16"];
        for (uint256 i = 0; i < appends.length; ++i) {
            assertAppendInputs(readAppend(appends[i]));
        }
        assertAppendInputs(readLongAppend("full256", 256));
        assertAppendInputs(readLongAppend("full1024", 1024));
        string[3] memory revocations = ["revoked", "full8", "full32"];
        for (uint256 i = 0; i < revocations.length; ++i) {
            RealBatch memory real = readRevocation(revocations[i]);
            uint256[5] memory inputs = BatchReference.revokeInputs(
                REGISTRY, real.preRoot, real.postRoot, real.digest, removalsOf(real)
            );
            assertEq(inputs[3], real.x, revocations[i]);
            assertEq(inputs[4], real.y, revocations[i]);
        }
    }

    /// @dev The old leaf goes and the new one comes in one epoch: no root has both.
    function test_people_join_and_one_of_them_recovers() public {
        appendReal(readAppend("joined"));
        warpToEpoch(1);
        RealBatch memory revoked = readRevocation("revoked");
        RealBatch memory recovered = readAppend("recovered");
        revokeReal(revoked);
        assertEq(registry.memberCount(), 2);
        appendReal(recovered);
        assertEq(registry.nextIndex(), 4);

        warpToEpoch(2);
        (uint256 root, uint256 members) = registry.checkpointBefore(1);
        assertEq(root, revoked.preRoot);
        assertEq(members, 3);
        (root, members) = registry.checkpointBefore(2);
        assertEq(root, recovered.postRoot);
        assertEq(members, 3);
    }

    /// @dev The new leaf was proved for the tree without the old one.
    function test_a_recovery_in_the_wrong_order_is_refused() public {
        appendReal(readAppend("joined"));
        expectInvalidProof();
        appendReal(readAppend("recovered"));
    }

    function test_every_size_takes_a_full_batch() public {
        uint256 fresh = vm.snapshotState();
        appendReal(readAppend("full16"));
        assertEq(registry.memberCount(), 16);
        vm.revertToState(fresh);
        appendReal(readLongAppend("full1024", 1024));
        assertEq(registry.memberCount(), 1024);
        vm.revertToState(fresh);
        appendReal(readLongAppend("full256", 256));
        uint256 joined = vm.snapshotState();
        revokeReal(readRevocation("full8"));
        assertEq(registry.memberCount(), 248);
        vm.revertToState(joined);
        revokeReal(readRevocation("full32"));
        assertEq(registry.memberCount(), 224);
    }

    function test_a_duplicate_leaf_in_a_batch_is_taken() public {
        appendReal(readAppend("duplicate"));
        assertEq(registry.memberCount(), 2);
    }

    function test_the_same_batch_is_not_taken_twice() public {
        appendReal(readAppend("joined"));
        expectInvalidProof();
        appendReal(readAppend("joined"));
        revokeReal(readRevocation("revoked"));
        expectInvalidProof();
        revokeReal(readRevocation("revoked"));
    }

    /// @dev The circuit for 256 proved the same leaves from the same root to the same root.
    function test_a_proof_of_another_batch_size_is_refused() public {
        RealBatch memory other = readAppend("otherSize");
        assertEq(other.postRoot, readAppend("joined").postRoot);
        expectInvalidProof();
        appendReal(other);
    }

    function test_a_batch_for_another_chain_is_refused() public {
        vm.chainId(1);
        expectInvalidProof();
        appendReal(readAppend("joined"));
    }

    function test_a_batch_for_another_registry_is_refused() public {
        registry = newRegistryWithRealVerifiers();
        expectInvalidProof();
        appendReal(readAppend("joined"));
    }

    /// @dev l0 + d x and l1 - d give the same sum at the proof's own x. The contract makes another
    /// x out of them.
    function testFuzz_another_list_with_the_same_value_is_refused(uint256 d) public {
        RealBatch memory real = readAppend("joined");
        d = bound(d, 1, R - 1);
        uint256 first = addmod(real.items[0], mulmod(d, real.x, R), R);
        uint256 second = addmod(real.items[1], R - d, R);
        vm.assume(first != 0 && second != 0);
        (real.items[0], real.items[1]) = (first, second);
        assertEq(BatchReference.evaluate(real.items, real.x), real.y);
        expectInvalidProof();
        appendReal(real);
    }

    function test_a_changed_or_swapped_or_missing_or_added_leaf_is_refused() public {
        RealBatch memory real = readAppend("joined");
        real.items[2] = addmod(real.items[2], 1, R);
        expectInvalidProof();
        appendReal(real);

        real = readAppend("joined");
        (real.items[0], real.items[1]) = (real.items[1], real.items[0]);
        expectInvalidProof();
        appendReal(real);

        real = readAppend("joined");
        real.items = resized(real.items, 2);
        expectInvalidProof();
        appendReal(real);

        real = readAppend("joined");
        real.items = resized(real.items, 4);
        real.items[3] = 1;
        expectInvalidProof();
        appendReal(real);
    }

    function test_another_post_root_or_digest_is_refused() public {
        RealBatch memory real = readAppend("joined");
        real.postRoot = readAppend("full16").postRoot;
        expectInvalidProof();
        appendReal(real);

        real = readAppend("joined");
        real.digest = addmod(real.digest, 1, R);
        expectInvalidProof();
        appendReal(real);
    }

    /// @dev Roots and digests above the field are other names of those below it.
    function test_an_alias_of_the_post_root_or_the_digest_is_refused() public {
        RealBatch memory real = readAppend("joined");
        real.postRoot += R;
        expectInvalidProof();
        appendReal(real);

        real = readAppend("joined");
        real.digest += R;
        expectInvalidProof();
        appendReal(real);
    }

    function test_a_revocation_of_another_leaf_is_refused() public {
        appendReal(readAppend("joined"));
        RealBatch memory real = readRevocation("revoked");
        real.items[0] = 0;
        expectInvalidProof();
        revokeReal(real);

        real = readRevocation("revoked");
        real.items[1] = readAppend("joined").items[0];
        expectInvalidProof();
        revokeReal(real);
    }

    /// @dev Twice in one batch: the proof is for the leaf once, with nothing behind it.
    function test_a_leaf_listed_twice_in_a_revocation_is_refused() public {
        appendReal(readAppend("joined"));
        RealBatch memory real = readRevocation("revoked");
        real.items = resized(real.items, 4);
        (real.items[2], real.items[3]) = (real.items[0], real.items[1]);
        expectInvalidProof();
        revokeReal(real);
    }

    function test_a_proof_of_one_kind_is_none_of_the_other() public {
        appendReal(readAppend("joined"));
        RealBatch memory real = readRevocation("revoked");
        real.proof = readAppend("joined").proof;
        expectInvalidProof();
        revokeReal(real);
    }

    function newRegistryWithRealVerifiers() private returns (Registry) {
        return new Registry(
            timelock,
            sequencer,
            GENESIS,
            EPOCH_LENGTH,
            ENROLMENT_CAP,
            realAppendVerifiers(),
            realRevokeVerifiers()
        );
    }

    function resized(uint256[] memory items, uint256 length)
        private
        pure
        returns (uint256[] memory result)
    {
        result = new uint256[](length);
        for (uint256 i = 0; i < length && i < items.length; ++i) {
            result[i] = items[i];
        }
    }

    function assertAppendInputs(RealBatch memory real) private view {
        uint256[6] memory inputs = BatchReference.appendInputs(
            REGISTRY, real.preRoot, real.postRoot, real.startIndex, real.digest, real.items
        );
        assertEq(inputs[4], real.x);
        assertEq(inputs[5], real.y);
    }

    function expectInvalidProof() private {
        bytes memory reason = abi.encodeWithSelector(
            IRegistry.Registry_InvalidProof.selector, registry.currentRoot(), registry.nextIndex()
        );
        vm.expectRevert(reason);
    }
}
