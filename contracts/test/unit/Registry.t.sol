// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {StdStorage, stdStorage} from "forge-std/StdStorage.sol";
import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {Registry} from "../../src/Registry.sol";
import {IRegistry} from "../../src/interfaces/IRegistry.sol";
import {Timelocks} from "../../src/libraries/Timelocks.sol";
import {Deployment} from "../support/Deployment.sol";
import {ListedVerifier} from "../support/ListedVerifier.sol";

contract RegistryTest is Deployment {
    using stdStorage for StdStorage;

    bytes32 private constant ADMIN = 0;

    function setUp() public {
        deploy(new ListedVerifier());
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

    function test_an_append_moves_root_index_and_count_and_tells_the_leaves() public {
        warpToEpoch(3);
        uint256[] memory leaves = batch(11, 22);
        vm.expectEmit(address(registry));
        emit IRegistry.LeavesAppended(3, 0, leaves, EMPTY_ROOT, 77);
        append(EMPTY_ROOT, 0, leaves, 77);

        assertEq(registry.currentRoot(), 77);
        assertEq(registry.nextIndex(), 2);
        assertEq(registry.memberCount(), 2);
        assertEq(registry.enrolledIn(3), 2);
    }

    function test_only_the_sequencer_appends() public {
        bytes32 role = registry.SEQUENCER_ROLE();
        vm.expectRevert(
            abi.encodeWithSelector(
                IAccessControl.AccessControlUnauthorizedAccount.selector, stranger, role
            )
        );
        vm.prank(stranger);
        registry.append(EMPTY_ROOT, 0, batch(1, 2), 77);
    }

    function test_a_batch_for_another_root_is_refused() public {
        vm.expectRevert(
            abi.encodeWithSelector(IRegistry.Registry_PreRootMismatch.selector, 5, EMPTY_ROOT)
        );
        append(5, 0, batch(1, 2), 77);
    }

    function test_a_batch_that_skips_or_repeats_leaves_is_refused() public {
        enrol(3);
        uint256 root = registry.currentRoot();
        vm.expectRevert(
            abi.encodeWithSelector(IRegistry.Registry_StartIndexMismatch.selector, 4, 3)
        );
        append(root, 4, batch(1, 2), 77);
        vm.expectRevert(
            abi.encodeWithSelector(IRegistry.Registry_StartIndexMismatch.selector, 2, 3)
        );
        append(root, 2, batch(1, 2), 77);
    }

    function test_an_empty_batch_is_refused() public {
        vm.expectRevert(abi.encodeWithSelector(IRegistry.Registry_BatchSize.selector, 0, 1024));
        append(EMPTY_ROOT, 0, new uint256[](0), 77);
    }

    function test_the_largest_batch_fits_and_one_more_does_not() public {
        enrol(1024);
        assertEq(registry.memberCount(), 1024);
        uint256[] memory leaves = new uint256[](1025);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.Registry_BatchSize.selector, 1025, 1024));
        append(labelRoot(1024), 1024, leaves, 77);
    }

    function test_a_zero_leaf_is_refused() public {
        vm.expectRevert(abi.encodeWithSelector(IRegistry.Registry_InvalidLeaf.selector, 1, 0));
        append(EMPTY_ROOT, 0, batch(1, 0), 77);
    }

    function testFuzz_a_leaf_outside_the_field_is_refused(uint256 leaf) public {
        leaf = bound(leaf, R, type(uint256).max);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.Registry_InvalidLeaf.selector, 1, leaf));
        append(EMPTY_ROOT, 0, batch(1, leaf), 77);
    }

    function test_the_bounds_of_the_field_are_exact() public {
        append(EMPTY_ROOT, 0, batch(R - 1, 1), R - 1);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.Registry_InvalidLeaf.selector, 0, R));
        append(R - 1, 2, batch(R, 1), 77);
    }

    function testFuzz_a_post_root_outside_the_field_is_refused(uint256 root) public {
        root = bound(root, R, type(uint256).max);
        expectInvalidPostRoot(root);
        append(EMPTY_ROOT, 0, batch(1, 2), root);
    }

    function test_a_zero_or_unchanged_post_root_is_refused() public {
        expectInvalidPostRoot(0);
        append(EMPTY_ROOT, 0, batch(1, 2), 0);
        expectInvalidPostRoot(EMPTY_ROOT);
        append(EMPTY_ROOT, 0, batch(1, 2), EMPTY_ROOT);
    }

    function test_a_batch_beyond_the_tree_is_refused_and_the_last_leaf_is_usable() public {
        stdstore.target(address(registry)).sig("nextIndex()").checked_write(2 ** 30 - 1);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.Registry_TreeFull.selector, 2, 1));
        append(EMPTY_ROOT, 2 ** 30 - 1, batch(1, 2), 77);

        uint256[] memory last = new uint256[](1);
        last[0] = 1;
        append(EMPTY_ROOT, 2 ** 30 - 1, last, 77);
        assertEq(registry.nextIndex(), 2 ** 30);
    }

    function test_an_epoch_takes_its_cap_and_the_next_epoch_takes_more() public {
        enrol(1000);
        enrol(999);
        vm.expectRevert(
            abi.encodeWithSelector(IRegistry.Registry_EpochEnrolmentCapExceeded.selector, 0, 2, 1)
        );
        append(labelRoot(1999), 1999, batch(1, 2), 77);
        enrol(1);
        warpToEpoch(1);
        enrol(2);
        assertEq(registry.enrolledIn(0), ENROLMENT_CAP);
        assertEq(registry.enrolledIn(1), 2);
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
        vm.expectRevert(
            abi.encodeWithSelector(IRegistry.Registry_EpochEnrolmentCapExceeded.selector, 0, 2, 0)
        );
        append(labelRoot(10), 10, batch(1, 2), 77);
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

    function testFuzz_epochs_divide_time_without_gap_or_overlap(
        uint256 genesis,
        uint256 length,
        uint256 elapsed
    ) public {
        genesis = bound(genesis, 0, type(uint64).max);
        length = bound(length, 1, 365 days);
        elapsed = bound(elapsed, 0, type(uint64).max);
        Registry other = new Registry(slowTimelock(length + 1), sequencer, genesis, length, 1);
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
        vm.expectRevert(reason);
        append(EMPTY_ROOT, 0, batch(1, 2), 77);
    }

    function test_an_epoch_of_no_length_is_refused() public {
        vm.expectRevert(IRegistry.Registry_ZeroEpochLength.selector);
        new Registry(timelock, sequencer, GENESIS, 0, 1);
    }

    function test_a_timelock_not_longer_than_an_epoch_is_refused() public {
        TimelockController short = slowTimelock(EPOCH_LENGTH);
        vm.expectRevert(
            abi.encodeWithSelector(
                Timelocks.Timelock_DelayTooShort.selector, EPOCH_LENGTH, EPOCH_LENGTH
            )
        );
        new Registry(short, sequencer, GENESIS, EPOCH_LENGTH, 1);
    }

    function slowTimelock(uint256 delay) private returns (TimelockController) {
        return new TimelockController(delay, new address[](0), new address[](0), address(0));
    }

    function batch(uint256 first, uint256 second) private pure returns (uint256[] memory leaves) {
        leaves = new uint256[](2);
        leaves[0] = first;
        leaves[1] = second;
    }

    function append(uint256 preRoot, uint256 start, uint256[] memory leaves, uint256 postRoot)
        private
    {
        vm.prank(sequencer);
        registry.append(preRoot, start, leaves, postRoot);
    }

    function expectInvalidPostRoot(uint256 root) private {
        vm.expectRevert(abi.encodeWithSelector(IRegistry.Registry_InvalidPostRoot.selector, root));
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
