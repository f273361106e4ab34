// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {stdError} from "forge-std/StdError.sol";
import {StdStorage, stdStorage} from "forge-std/StdStorage.sol";
import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {Registry} from "../../src/Registry.sol";
import {IAppendVerifier} from "../../src/interfaces/IAppendVerifier.sol";
import {IRegistry} from "../../src/interfaces/IRegistry.sol";
import {IRevokeVerifier} from "../../src/interfaces/IRevokeVerifier.sol";
import {Timelocks} from "../../src/libraries/Timelocks.sol";
import {VerifyingKeys} from "../../src/libraries/VerifyingKeys.sol";
import {BatchReference} from "../support/BatchReference.sol";
import {Deployment} from "../support/Deployment.sol";
import {StatementVerifier} from "../support/StatementVerifier.sol";

contract RegistryTest is Deployment {
    using stdStorage for StdStorage;

    bytes32 private constant ADMIN = 0;

    IAppendVerifier private _append;
    IRevokeVerifier private _revoke;

    function setUp() public {
        deployKnown();
        (_append, _revoke) = (registry.appendVerifier(1), registry.revokeVerifier(1));
    }

    function test_a_new_registry_is_the_empty_tree() public view {
        assertEq(registry.currentRoot(), EMPTY_ROOT);
        assertEq(registry.nextIndex(), 0);
        assertEq(registry.memberCount(), 0);
        assertCheckpoint(0, EMPTY_ROOT, 0);
    }

    function test_only_the_timelock_and_the_sequencer_have_roles() public view {
        assertTrue(registry.hasRole(ADMIN, address(timelock)));
        assertTrue(registry.hasRole(registry.SEQUENCER_ROLE(), sequencer));
        assertFalse(registry.hasRole(ADMIN, address(this)));
        assertFalse(registry.hasRole(registry.SEQUENCER_ROLE(), address(this)));
    }

    /// @dev Tests REG-6.
    function test_an_append_moves_root_index_and_count_and_tells_the_leaves() public {
        warpToEpoch(3);
        uint256[] memory leaves = batch(11, 22);
        vm.expectEmit(address(registry));
        emit IRegistry.LeavesAppended(3, 0, leaves, EMPTY_ROOT, 77);
        append(leaves, 77);

        assertEq(registry.currentRoot(), 77);
        assertEq(registry.nextIndex(), 2);
        assertEq(registry.memberCount(), 2);
        assertEq(registry.enrolledIn(3), 2);
    }

    function test_a_revocation_moves_root_and_count_and_tells_the_leaves() public {
        warpToEpoch(3);
        enrol(3);
        IRegistry.Removal[] memory removals = removalOf(1, 2);
        vm.expectEmit(address(registry));
        emit IRegistry.LeavesRevoked(3, removals, labelRoot(3), 77);
        revoke(removals, 77);

        assertEq(registry.currentRoot(), 77);
        assertEq(registry.nextIndex(), 3, "an index is never used again");
        assertEq(registry.memberCount(), 2);
        assertEq(registry.enrolledIn(3), 3);
    }

    function test_only_the_sequencer_appends_and_revokes() public {
        bytes memory reason = abi.encodeWithSelector(
            IAccessControl.AccessControlUnauthorizedAccount.selector,
            stranger,
            registry.SEQUENCER_ROLE()
        );
        uint256[8] memory proof = proofOfAppend(EMPTY_ROOT, 0, batch(1, 2), 77);
        vm.expectRevert(reason);
        vm.prank(stranger);
        registry.append(batch(1, 2), 77, DIGEST, proof);
        append(batch(1, 2), 77);
        proof = proofOfRevoke(77, removalOf(0, 1), 78);
        vm.expectRevert(reason);
        vm.prank(stranger);
        registry.revoke(removalOf(0, 1), 78, DIGEST, proof);
    }

    function test_a_batch_proved_for_another_pre_root_is_refused() public {
        enrol(3);
        uint256[8] memory proof = proofOfAppend(EMPTY_ROOT, 3, batch(8, 9), 77);
        expectUnproved();
        append(batch(8, 9), 77, proof);
        IRegistry.Removal[] memory removals = removalOf(0, 1);
        proof = proofOfRevoke(EMPTY_ROOT, removals, 77);
        expectUnproved();
        revoke(removals, 77, proof);
    }

    function test_a_batch_proved_for_another_start_index_is_refused() public {
        enrol(3);
        uint256 root = registry.currentRoot();
        for (uint256 start = 2; start <= 4; start += 2) {
            uint256[8] memory proof = proofOfAppend(root, start, batch(8, 9), 77);
            expectUnproved();
            append(batch(8, 9), 77, proof);
        }
    }

    function test_a_batch_proved_for_another_post_root_or_digest_is_refused() public {
        uint256[8] memory proof = proofOfAppend(EMPTY_ROOT, 0, batch(8, 9), 77);
        expectUnproved();
        append(batch(8, 9), 78, proof);
        expectUnproved();
        vm.prank(sequencer);
        registry.append(batch(8, 9), 77, DIGEST + 1, proof);
        append(batch(8, 9), 77, proof);
    }

    function test_a_proof_of_another_batch_size_is_refused() public {
        StatementVerifier medium = StatementVerifier(address(registry.appendVerifier(17)));
        bytes memory inputs = abi.encode(
            BatchReference.appendInputs(address(registry), EMPTY_ROOT, 77, 0, DIGEST, batch(8, 9))
        );
        uint256[8] memory proof = medium.proofOf(inputs);
        expectUnproved();
        append(batch(8, 9), 77, proof);
    }

    function test_a_proof_for_another_chain_or_registry_is_refused() public {
        uint256[8] memory proof = proofOfAppend(EMPTY_ROOT, 0, batch(8, 9), 77);
        vm.chainId(1);
        expectUnproved();
        append(batch(8, 9), 77, proof);
        vm.chainId(31337);
        // The same verifiers under another registry.
        Registry other = new Registry(
            timelock,
            sequencer,
            GENESIS,
            EPOCH_LENGTH,
            ENROLMENT_CAP,
            [
                registry.appendVerifier(16),
                registry.appendVerifier(256),
                registry.appendVerifier(1024)
            ],
            [registry.revokeVerifier(8), registry.revokeVerifier(32)]
        );
        vm.expectRevert(
            abi.encodeWithSelector(IRegistry.Registry_InvalidProof.selector, EMPTY_ROOT, 0)
        );
        vm.prank(sequencer);
        other.append(batch(8, 9), 77, DIGEST, proof);
        append(batch(8, 9), 77, proof);
    }

    function test_each_number_of_leaves_has_the_smallest_verifier_that_fits() public view {
        address small = address(registry.appendVerifier(1));
        address medium = address(registry.appendVerifier(17));
        address large = address(registry.appendVerifier(257));
        assertEq(address(registry.appendVerifier(16)), small);
        assertEq(address(registry.appendVerifier(256)), medium);
        assertEq(address(registry.appendVerifier(1024)), large);
        assertTrue(small != medium && medium != large && large != small);
        address few = address(registry.revokeVerifier(1));
        address many = address(registry.revokeVerifier(9));
        assertEq(address(registry.revokeVerifier(8)), few);
        assertEq(address(registry.revokeVerifier(32)), many);
        assertTrue(few != many);
    }

    function test_an_empty_batch_is_refused() public {
        uint256[8] memory none;
        vm.expectRevert(abi.encodeWithSelector(IRegistry.Registry_BatchSize.selector, 0, 1024));
        append(new uint256[](0), 77, none);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.Registry_BatchSize.selector, 0, 32));
        revoke(new IRegistry.Removal[](0), 77, none);
    }

    function test_the_largest_batch_fits_and_one_more_does_not() public {
        enrol(1024);
        assertEq(registry.memberCount(), 1024);
        uint256[8] memory none;
        vm.expectRevert(abi.encodeWithSelector(IRegistry.Registry_BatchSize.selector, 1025, 1024));
        append(new uint256[](1025), 77, none);

        revoke(firstMembers(32), 77);
        assertEq(registry.memberCount(), 992);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.Registry_BatchSize.selector, 33, 32));
        revoke(firstMembers(33), 78, none);
    }

    function testFuzz_a_zero_leaf_is_refused_wherever_it_is(uint256 size, uint256 position) public {
        size = bound(size, 1, 300);
        position = bound(position, 0, size - 1);
        uint256[] memory leaves = new uint256[](size);
        for (uint256 i = 0; i < size; ++i) {
            leaves[i] = i == position ? 0 : i + 1;
        }
        expectInvalidLeaf(leaves, position);
    }

    /// @dev Tests REG-2.
    function testFuzz_a_leaf_outside_the_field_is_refused(uint256 leaf) public {
        expectInvalidLeaf(batch(1, bound(leaf, R, type(uint256).max)), 1);
        expectInvalidLeaf(batch(bound(leaf, R, type(uint256).max), 1), 0);
    }

    function test_the_bounds_of_the_field_are_exact() public {
        append(batch(R - 1, 1), R - 1);
        expectInvalidLeaf(batch(R, 1), 0);
    }

    /// @dev The protocol takes it: it is one nullifier, so it is paid once. It counts twice.
    function test_a_duplicate_leaf_in_a_batch_is_taken_and_counts_twice() public {
        append(batch(5, 5), 77);
        assertEq(registry.memberCount(), 2);
    }

    function testFuzz_an_append_takes_the_challenge_and_value_of_the_reference(
        uint256 size,
        uint256 seed
    ) public {
        size = bound(size, 1, 64);
        uint256[] memory leaves = new uint256[](size);
        for (uint256 i = 0; i < size; ++i) {
            leaves[i] = 1 + uint256(keccak256(abi.encode(seed, i))) % (R - 1);
        }
        // The stand-in takes nothing but the inputs of `BatchReference`.
        append(leaves, 77);
        assertEq(registry.nextIndex(), size);
    }

    function testFuzz_a_revocation_takes_the_challenge_and_value_of_the_reference(
        uint256 size,
        uint256 seed
    ) public {
        enrol(64);
        size = bound(size, 1, 32);
        IRegistry.Removal[] memory removals = new IRegistry.Removal[](size);
        for (uint256 i = 0; i < size; ++i) {
            uint256 random = uint256(keccak256(abi.encode(seed, i)));
            removals[i] = IRegistry.Removal(random % 64, 1 + random % (R - 1));
        }
        revoke(removals, 77);
        assertEq(registry.memberCount(), 64 - size);
    }

    function test_a_revocation_of_an_unknown_index_is_refused() public {
        enrol(3);
        // R and what is above are other names of 0 and following for the polynomial.
        uint256[4] memory unknown = [uint256(3), 2 ** 30, R, type(uint256).max];
        for (uint256 i = 0; i < unknown.length; ++i) {
            IRegistry.Removal[] memory removals = removalOf(unknown[i], 1);
            uint256[8] memory proof = proofOfRevoke(labelRoot(3), removals, 77);
            vm.expectRevert(
                abi.encodeWithSelector(IRegistry.Registry_UnknownLeafIndex.selector, 0, unknown[i])
            );
            revoke(removals, 77, proof);
        }
    }

    function test_a_revocation_of_no_commitment_is_refused() public {
        enrol(3);
        uint256[3] memory none = [uint256(0), R, type(uint256).max];
        for (uint256 i = 0; i < none.length; ++i) {
            IRegistry.Removal[] memory removals = removalOf(0, none[i]);
            uint256[8] memory proof = proofOfRevoke(labelRoot(3), removals, 77);
            vm.expectRevert(
                abi.encodeWithSelector(IRegistry.Registry_InvalidLeaf.selector, 0, none[i])
            );
            revoke(removals, 77, proof);
        }
    }

    function test_more_revocations_than_members_are_refused_whatever_the_verifier_says() public {
        enrol(1);
        revoke(removalOf(0, 1), 77);
        uint256[8] memory proof = proofOfRevoke(77, removalOf(0, 1), 78);
        vm.expectRevert(stdError.arithmeticError);
        revoke(removalOf(0, 1), 78, proof);
    }

    function test_a_batch_beyond_the_tree_is_refused_and_the_last_leaf_is_usable() public {
        stdstore.enable_packed_slots().target(address(registry)).sig("nextIndex()")
            .checked_write(2 ** 30 - 1);
        uint256[8] memory proof = proofOfAppend(EMPTY_ROOT, 2 ** 30 - 1, batch(1, 2), 77);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.Registry_TreeFull.selector, 2, 1));
        append(batch(1, 2), 77, proof);

        uint256[] memory last = new uint256[](1);
        last[0] = 1;
        append(last, 77);
        assertEq(registry.nextIndex(), 2 ** 30);
    }

    /// @dev Tests REG-5.
    function test_an_epoch_takes_its_cap_and_the_next_epoch_takes_more() public {
        enrol(1000);
        enrol(999);
        expectCapExceeded(2, 1);
        enrol(1);
        warpToEpoch(1);
        enrol(2);
        assertEq(registry.enrolledIn(0), ENROLMENT_CAP);
        assertEq(registry.enrolledIn(1), 2);
        assertEq(registry.enrolledIn(2), 0);
        assertEq(registry.enrolledIn(type(uint256).max), 0);
    }

    function test_a_revocation_gives_no_room_under_the_cap() public {
        enrol(1000);
        enrol(1000);
        revoke(removalOf(0, 1), 77);
        expectCapExceeded(2, 0);
    }

    /// @dev RECOV-3: the old leaf goes before the new one comes, or in the same epoch.
    function test_who_recovers_within_an_epoch_is_in_each_root_once() public {
        enrol(2);
        warpToEpoch(1);
        revoke(removalOf(0, 1), 77);
        assertCheckpoint(1, labelRoot(2), 2);
        append(single(9), 78);
        assertCheckpoint(1, labelRoot(2), 2);
        warpToEpoch(2);
        assertCheckpoint(1, labelRoot(2), 2);
        assertCheckpoint(2, 78, 2);
        assertEq(registry.nextIndex(), 3);
    }

    function test_a_revocation_alone_lowers_the_count_of_later_epochs() public {
        enrol(2);
        warpToEpoch(1);
        revoke(removalOf(0, 1), 77);
        warpToEpoch(3);
        assertCheckpoint(1, labelRoot(2), 2);
        assertCheckpoint(2, 77, 1);
        assertCheckpoint(3, 77, 1);
    }

    function test_a_registry_with_an_unsound_verifier_is_refused() public {
        StatementVerifier append_ = new StatementVerifier(6);
        StatementVerifier revoke_ = new StatementVerifier(5);
        for (uint256 bad = 0; bad < 5; ++bad) {
            IAppendVerifier[3] memory appends = [IAppendVerifier(append_), append_, append_];
            IRevokeVerifier[2] memory revokes = [IRevokeVerifier(revoke_), revoke_];
            if (bad < 3) appends[bad] = revoke_;
            else revokes[bad - 3] = append_;
            (uint256 actual, uint256 expected) = bad < 3 ? (6, 7) : (7, 6);
            vm.expectRevert(
                abi.encodeWithSelector(
                    VerifyingKeys.VerifyingKey_InputCount.selector, actual, expected
                )
            );
            new Registry(timelock, sequencer, GENESIS, EPOCH_LENGTH, 1, appends, revokes);
        }
    }

    function test_the_timelock_sets_the_enrolment_cap() public {
        vm.expectEmit(address(registry));
        emit IRegistry.EpochEnrolmentCapChanged(ENROLMENT_CAP, 7);
        vm.prank(address(timelock));
        registry.setEpochEnrolmentCap(7);
        assertEq(registry.epochEnrolmentCap(), 7);
    }

    function test_a_cap_below_what_the_epoch_took_stops_it_without_a_panic() public {
        enrol(10);
        vm.prank(address(timelock));
        registry.setEpochEnrolmentCap(7);
        expectCapExceeded(2, 0);
    }

    function test_nobody_else_sets_the_enrolment_cap() public {
        vm.expectRevert(
            abi.encodeWithSelector(
                IAccessControl.AccessControlUnauthorizedAccount.selector, sequencer, ADMIN
            )
        );
        vm.prank(sequencer);
        registry.setEpochEnrolmentCap(7);
    }

    function test_a_checkpoint_is_the_state_before_the_epoch_and_stays() public {
        enrol(2);
        assertCheckpoint(0, EMPTY_ROOT, 0);
        enrol(3);
        warpToEpoch(1);
        assertCheckpoint(1, labelRoot(5), 5);
        enrol(1);
        assertCheckpoint(1, labelRoot(5), 5);
        warpToEpoch(9);
        assertCheckpoint(0, EMPTY_ROOT, 0);
        assertCheckpoint(1, labelRoot(5), 5);
        assertCheckpoint(2, labelRoot(6), 6);
        assertCheckpoint(9, labelRoot(6), 6);
    }

    function test_the_last_second_of_an_epoch_still_counts_for_the_next() public {
        vm.warp(GENESIS + EPOCH_LENGTH - 1);
        enrol(1);
        vm.warp(GENESIS + EPOCH_LENGTH);
        enrol(1);
        assertCheckpoint(1, labelRoot(1), 1);
    }

    function test_the_checkpoint_of_a_future_epoch_cannot_be_read() public {
        warpToEpoch(2);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.Registry_EpochInFuture.selector, 3, 2));
        registry.checkpointBefore(3);
    }

    /// @dev Against a model that remembers the state at the start of every epoch.
    function testFuzz_checkpoints_equal_a_plain_history(uint256 seed) public {
        uint256 epochs = 24;
        uint256[] memory membersBefore = new uint256[](epochs);
        for (uint256 epoch = 0; epoch < epochs; ++epoch) {
            warpToEpoch(epoch);
            membersBefore[epoch] = registry.memberCount();
            uint256 appends = uint256(keccak256(abi.encode(seed, epoch))) % 3;
            for (uint256 i = 0; i < appends; ++i) {
                enrol(1 + uint256(keccak256(abi.encode(seed, epoch, i))) % 3);
            }
        }
        for (uint256 epoch = 0; epoch < epochs; ++epoch) {
            uint256 members = membersBefore[epoch];
            assertCheckpoint(epoch, members == 0 ? EMPTY_ROOT : labelRoot(members), members);
        }
    }

    /// @dev Tests EPOCH-1.
    function testFuzz_epochs_divide_time_without_gap_or_overlap(
        uint256 genesis,
        uint256 length,
        uint256 elapsed
    ) public {
        genesis = bound(genesis, 0, type(uint64).max);
        length = bound(length, 1, 365 days);
        elapsed = bound(elapsed, 0, type(uint64).max);
        Registry other = construct(slowTimelock(length + 1), genesis, length);
        uint256 epoch = other.epochAt(genesis + elapsed);
        assertLe(other.epochStart(epoch), genesis + elapsed);
        assertGt(other.epochStart(epoch + 1), genesis + elapsed);
        assertEq(other.epochAt(other.epochStart(epoch)), epoch);
        assertEq(other.epochAt(other.epochStart(epoch + 1) - 1), epoch);
    }

    function test_there_is_no_epoch_before_genesis() public {
        bytes memory reason =
            abi.encodeWithSelector(IRegistry.Registry_BeforeGenesis.selector, GENESIS - 1, GENESIS);
        vm.expectRevert(reason);
        registry.epochAt(GENESIS - 1);
        vm.warp(GENESIS - 1);
        vm.expectRevert(reason);
        registry.currentEpoch();
        uint256[8] memory proof = proofOfAppend(EMPTY_ROOT, 0, batch(1, 2), 77);
        vm.expectRevert(reason);
        append(batch(1, 2), 77, proof);
    }

    function test_an_epoch_of_no_length_is_refused() public {
        vm.expectRevert(IRegistry.Registry_ZeroEpochLength.selector);
        construct(timelock, GENESIS, 0);
    }

    function test_a_timelock_not_longer_than_an_epoch_is_refused() public {
        TimelockController short = slowTimelock(EPOCH_LENGTH);
        vm.expectRevert(
            abi.encodeWithSelector(
                Timelocks.Timelock_DelayTooShort.selector, EPOCH_LENGTH, EPOCH_LENGTH
            )
        );
        construct(short, GENESIS, EPOCH_LENGTH);
    }

    function slowTimelock(uint256 delay) private returns (TimelockController) {
        return new TimelockController(delay, new address[](0), new address[](0), address(0));
    }

    /// @dev With the stand-ins of one size for all.
    function construct(TimelockController admin, uint256 genesis, uint256 length)
        private
        returns (Registry)
    {
        return new Registry(
            admin, sequencer, genesis, length, 1, [_append, _append, _append], [_revoke, _revoke]
        );
    }

    function single(uint256 leaf) private pure returns (uint256[] memory leaves) {
        leaves = new uint256[](1);
        leaves[0] = leaf;
    }

    function batch(uint256 first, uint256 second) private pure returns (uint256[] memory leaves) {
        leaves = new uint256[](2);
        leaves[0] = first;
        leaves[1] = second;
    }

    function removalOf(uint256 leafIndex, uint256 commitment)
        private
        pure
        returns (IRegistry.Removal[] memory removals)
    {
        removals = new IRegistry.Removal[](1);
        removals[0] = IRegistry.Removal(leafIndex, commitment);
    }

    function firstMembers(uint256 count)
        private
        pure
        returns (IRegistry.Removal[] memory removals)
    {
        removals = new IRegistry.Removal[](count);
        for (uint256 i = 0; i < count; ++i) {
            removals[i] = IRegistry.Removal(i, i + 1);
        }
    }

    function append(uint256[] memory leaves, uint256 postRoot, uint256[8] memory proof) private {
        vm.prank(sequencer);
        registry.append(leaves, postRoot, DIGEST, proof);
    }

    function revoke(IRegistry.Removal[] memory removals, uint256 postRoot, uint256[8] memory proof)
        private
    {
        vm.prank(sequencer);
        registry.revoke(removals, postRoot, DIGEST, proof);
    }

    function expectUnproved() private {
        bytes memory reason = abi.encodeWithSelector(
            IRegistry.Registry_InvalidProof.selector, registry.currentRoot(), registry.nextIndex()
        );
        vm.expectRevert(reason);
    }

    function expectInvalidLeaf(uint256[] memory leaves, uint256 position) private {
        uint256[8] memory proof =
            proofOfAppend(registry.currentRoot(), registry.nextIndex(), leaves, 77);
        vm.expectRevert(
            abi.encodeWithSelector(
                IRegistry.Registry_InvalidLeaf.selector, position, leaves[position]
            )
        );
        append(leaves, 77, proof);
    }

    /// @dev For a batch of two in epoch 0.
    function expectCapExceeded(uint256 size, uint256 free) private {
        uint256[8] memory proof =
            proofOfAppend(registry.currentRoot(), registry.nextIndex(), batch(1, 2), 77);
        vm.expectRevert(
            abi.encodeWithSelector(
                IRegistry.Registry_EpochEnrolmentCapExceeded.selector, 0, size, free
            )
        );
        append(batch(1, 2), 77, proof);
    }

    function assertCheckpoint(uint256 epoch, uint256 expectedRoot, uint256 expectedMembers)
        private
        view
    {
        (uint256 root, uint256 members) = registry.checkpointBefore(epoch);
        assertEq(root, expectedRoot, "root");
        assertEq(members, expectedMembers, "members");
    }
}
