// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IDistributor} from "../../src/interfaces/IDistributor.sol";
import {IIncomeSource} from "../../src/interfaces/IIncomeSource.sol";
import {IRegistry} from "../../src/interfaces/IRegistry.sol";
import {Deployment} from "../support/Deployment.sol";

contract DistributorTest is Deployment {
    uint256 private constant NULLIFIER = 4711;

    address private immutable recipient = makeAddr("recipient");
    address private immutable relay = makeAddr("relay");

    function setUp() public {
        deployKnown();
        enrol(3);
        warpToEpoch(1);
    }

    // Opening

    function test_opening_fixes_root_members_and_amount() public {
        enrol(2);
        vm.expectEmit(DISTRIBUTOR);
        emit IDistributor.EpochOpened(1, labelRoot(3), 3, 3 * PER_PERSON, PER_PERSON);
        vm.prank(stranger);
        distributor.openEpoch(1);

        IDistributor.EpochState memory state = distributor.epochState(1);
        assertEq(state.root, labelRoot(3));
        assertEq(state.memberCount, 3);
        assertEq(state.budget, 3 * PER_PERSON);
        assertEq(state.amount, PER_PERSON);
        assertEq(state.claimed, 0);
        assertTrue(state.opened);
        assertFalse(state.closed);
        assertEq(token.balanceOf(DISTRIBUTOR), 3 * PER_PERSON);
    }

    function test_an_epoch_not_opened_is_all_zero() public view {
        IDistributor.EpochState memory state = distributor.epochState(1);
        assertEq(state.memberCount, 0);
        assertFalse(state.opened);
        assertFalse(state.closed);
    }

    function test_the_cap_limits_the_amount_and_the_rest_returns_at_once() public {
        setPerPerson(30e18);
        distributor.openEpoch(1);
        assertEq(distributor.epochState(1).amount, PER_PERSON_CAP);
        assertEq(distributor.epochState(1).budget, 90e18);
        assertEq(token.balanceOf(DISTRIBUTOR), 75e18);
        assertEq(token.balanceOf(address(source)), 15e18);
    }

    function test_a_budget_that_does_not_divide_is_rounded_down() public {
        setPerPerson(1);
        mockBudget(1, 3, 11);
        distributor.openEpoch(1);
        assertEq(distributor.epochState(1).amount, 3);
        assertEq(token.balanceOf(DISTRIBUTOR), 9);
        assertEq(token.balanceOf(address(source)), 2);
    }

    function testFuzz_what_is_set_aside_never_exceeds_the_budget(
        uint256 members,
        uint256 budget,
        uint256 cap
    ) public {
        members = bound(members, 1, 2 ** 30);
        budget = bound(budget, members, SUPPLY_CAP);
        cap = bound(cap, 1, type(uint256).max);
        setCap(cap);
        vm.mockCall(
            address(registry),
            abi.encodeCall(IRegistry.checkpointBefore, (1)),
            abi.encode(uint256(1), members)
        );
        mockBudget(1, members, budget);
        distributor.openEpoch(1);

        uint256 amount = distributor.epochState(1).amount;
        assertLe(amount, cap);
        assertLe(amount * members, budget);
        if (amount < cap) assertLt(budget - amount * members, members, "a whole unit was left");
        assertEq(token.balanceOf(DISTRIBUTOR), amount * members);
        assertEq(token.balanceOf(address(source)), budget - amount * members);
    }

    function test_an_epoch_is_opened_once() public {
        distributor.openEpoch(1);
        vm.expectRevert(
            abi.encodeWithSelector(IDistributor.Distributor_EpochAlreadyOpen.selector, 1)
        );
        distributor.openEpoch(1);
    }

    function test_a_future_epoch_is_not_opened() public {
        expectNotClaimable(2, 1);
        distributor.openEpoch(2);
        expectNotClaimable(type(uint256).max, 1);
        distributor.openEpoch(type(uint256).max);
    }

    function test_an_epoch_is_opened_to_the_end_of_its_window_and_not_after() public {
        warpToEpoch(CLAIM_WINDOW + 1);
        expectNotClaimable(1, CLAIM_WINDOW + 1);
        distributor.openEpoch(1);
        vm.warp(block.timestamp - 1);
        distributor.openEpoch(1);
    }

    /// @dev Tests EPOCH-6.
    function test_an_epoch_without_members_is_not_opened() public {
        vm.expectRevert(abi.encodeWithSelector(IDistributor.Distributor_NoMembers.selector, 0));
        distributor.openEpoch(0);
    }

    function test_an_epoch_without_money_stays_unopened_until_there_is_some() public {
        setPerPerson(0);
        vm.expectRevert(
            abi.encodeWithSelector(IDistributor.Distributor_NothingToPay.selector, 1, 0)
        );
        distributor.openEpoch(1);
        setPerPerson(PER_PERSON);
        distributor.openEpoch(1);
    }

    function test_a_budget_that_never_came_is_not_believed() public {
        distributor.openEpoch(1);
        warpToEpoch(2);
        vm.mockCall(
            address(source), abi.encodeCall(IIncomeSource.fund, (2, 3)), abi.encode(uint256(9))
        );
        vm.expectRevert(
            abi.encodeWithSelector(IDistributor.Distributor_BudgetNotReceived.selector, 0, 9)
        );
        distributor.openEpoch(2);
    }

    function test_a_source_cannot_reenter() public {
        vm.mockFunction(
            address(source),
            address(new ReentrantSource()),
            abi.encodeWithSelector(IIncomeSource.fund.selector)
        );
        vm.expectRevert(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector);
        distributor.openEpoch(1);
    }

    function test_there_is_nothing_to_open_before_genesis() public {
        vm.warp(GENESIS - 1);
        vm.expectRevert(
            abi.encodeWithSelector(IRegistry.Registry_BeforeGenesis.selector, GENESIS - 1, GENESIS)
        );
        distributor.openEpoch(0);
        assertFalse(distributor.isClaimable(0));
    }

    function testFuzz_claimable_is_from_the_start_for_the_whole_window(
        uint256 epoch,
        uint256 elapsed
    ) public {
        epoch = bound(epoch, 2, 1e9);
        elapsed =
            bound(elapsed, (epoch - 2) * EPOCH_LENGTH, (epoch + CLAIM_WINDOW + 2) * EPOCH_LENGTH);
        vm.warp(GENESIS + elapsed);
        bool expected =
            elapsed >= epoch * EPOCH_LENGTH && elapsed < (epoch + CLAIM_WINDOW) * EPOCH_LENGTH;
        assertEq(distributor.isClaimable(epoch), expected);
    }

    // Claiming

    function test_a_claim_pays_the_recipient_and_is_told() public {
        distributor.openEpoch(1);
        uint256[8] memory proof = proofFor(1, NULLIFIER, recipient, address(0), 0);
        vm.expectEmit(DISTRIBUTOR);
        emit IDistributor.Claimed(1, NULLIFIER, recipient, PER_PERSON, 0);
        vm.recordLogs();
        distributor.claim(1, NULLIFIER, recipient, address(0), 0, proof);
        assertEq(vm.getRecordedLogs().length, 2, "claim and transfer, no fee");

        assertEq(token.balanceOf(recipient), PER_PERSON);
        assertEq(distributor.epochState(1).claimed, 1);
        assertTrue(distributor.isSpent(1, NULLIFIER));
        assertFalse(distributor.isSpent(2, NULLIFIER));
        assertFalse(distributor.isSpent(1, NULLIFIER + 1));
    }

    function test_the_first_claim_opens_the_epoch() public {
        claim(1, NULLIFIER);
        assertTrue(distributor.epochState(1).opened);
        assertEq(token.balanceOf(DISTRIBUTOR), 2 * PER_PERSON);
    }

    function test_a_fee_comes_out_of_the_amount() public {
        distributor.openEpoch(1);
        uint256[8] memory proof = proofFor(1, NULLIFIER, recipient, relay, 3e18);
        vm.expectEmit(DISTRIBUTOR);
        emit IDistributor.Claimed(1, NULLIFIER, recipient, PER_PERSON, 0);
        vm.expectEmit(DISTRIBUTOR);
        emit IDistributor.FeePaid(1, NULLIFIER, relay, 3e18);
        distributor.claim(1, NULLIFIER, recipient, relay, 3e18, proof);
        assertEq(token.balanceOf(recipient), PER_PERSON - 3e18);
        assertEq(token.balanceOf(relay), 3e18);
        assertEq(token.balanceOf(DISTRIBUTOR), 2 * PER_PERSON);
    }

    function test_a_fee_may_be_the_amount_and_not_more() public {
        uint256[8] memory proof = proofFor(1, NULLIFIER, recipient, relay, PER_PERSON + 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IDistributor.Distributor_FeeAboveAmount.selector, PER_PERSON + 1, PER_PERSON
            )
        );
        distributor.claim(1, NULLIFIER, recipient, relay, PER_PERSON + 1, proof);

        proof = proofFor(1, NULLIFIER, recipient, relay, PER_PERSON);
        distributor.claim(1, NULLIFIER, recipient, relay, PER_PERSON, proof);
        assertEq(token.balanceOf(relay), PER_PERSON);
    }

    function test_a_nullifier_is_paid_once() public {
        claim(1, NULLIFIER);
        uint256[8] memory proof = proofFor(1, NULLIFIER, stranger, address(0), 0);
        vm.expectRevert(
            abi.encodeWithSelector(IDistributor.Distributor_NullifierSpent.selector, 1, NULLIFIER)
        );
        distributor.claim(1, NULLIFIER, stranger, address(0), 0, proof);
    }

    function testFuzz_a_nullifier_outside_the_field_is_refused(uint256 nullifier) public {
        nullifier = bound(nullifier, R, type(uint256).max);
        uint256[8] memory proof = proofFor(1, nullifier, recipient, address(0), 0);
        vm.expectRevert(
            abi.encodeWithSelector(IDistributor.Distributor_NullifierOutOfField.selector, nullifier)
        );
        distributor.claim(1, nullifier, recipient, address(0), 0, proof);
    }

    function test_the_census_stops_claims_that_have_a_proof() public {
        claim(1, 1);
        claim(1, 2);
        claim(1, 3);
        uint256[8] memory proof = proofFor(1, 4, recipient, address(0), 0);
        vm.expectRevert(
            abi.encodeWithSelector(IDistributor.Distributor_CensusExceeded.selector, 1, 3)
        );
        distributor.claim(1, 4, recipient, address(0), 0, proof);
    }

    function test_a_claim_without_a_proof_is_refused_and_changes_nothing() public {
        uint256[8] memory proof;
        vm.expectRevert(IDistributor.Distributor_InvalidProof.selector);
        distributor.claim(1, NULLIFIER, recipient, address(0), 0, proof);
        assertFalse(distributor.isSpent(1, NULLIFIER));
        assertFalse(distributor.epochState(1).opened);
    }

    /// @dev Tests EPOCH-3.
    function test_the_proof_is_checked_against_the_epochs_root_only() public {
        enrol(2);
        uint256 signal = distributor.signalHash(recipient, address(0), 0);
        uint256 external_ = distributor.externalNullifier(1);
        uint256[8] memory proof =
            key.proofOf([registry.currentRoot(), NULLIFIER, signal, external_]);
        vm.expectRevert(IDistributor.Distributor_InvalidProof.selector);
        distributor.claim(1, NULLIFIER, recipient, address(0), 0, proof);
    }

    function test_money_cannot_be_lost_to_addresses_that_keep_it() public {
        address[3] memory lost = [address(0), DISTRIBUTOR, address(token)];
        for (uint256 i = 0; i < lost.length; ++i) {
            uint256[8] memory proof = proofFor(1, NULLIFIER, lost[i], relay, 1);
            vm.expectRevert(
                abi.encodeWithSelector(IDistributor.Distributor_InvalidRecipient.selector, lost[i])
            );
            distributor.claim(1, NULLIFIER, lost[i], relay, 1, proof);

            proof = proofFor(1, NULLIFIER, recipient, lost[i], 1);
            vm.expectRevert(
                abi.encodeWithSelector(
                    IDistributor.Distributor_InvalidFeeRecipient.selector, lost[i]
                )
            );
            distributor.claim(1, NULLIFIER, recipient, lost[i], 1, proof);
        }
    }

    function test_a_claim_is_taken_to_the_end_of_the_window_and_not_after() public {
        distributor.openEpoch(1);
        uint256[8] memory proof = proofFor(1, NULLIFIER, recipient, address(0), 0);
        warpToEpoch(1 + CLAIM_WINDOW);
        expectNotClaimable(1, 1 + CLAIM_WINDOW);
        distributor.claim(1, NULLIFIER, recipient, address(0), 0, proof);
        vm.warp(block.timestamp - 1);
        distributor.claim(1, NULLIFIER, recipient, address(0), 0, proof);
    }

    function test_a_claim_for_a_future_epoch_is_refused() public {
        uint256[8] memory proof = [NULLIFIER, 0, 0, 0, 0, 0, 0, 0];
        expectNotClaimable(2, 1);
        distributor.claim(2, NULLIFIER, recipient, address(0), 0, proof);
    }

    /// @dev Each later check is reached only when the earlier ones hold (CLAIM-2).
    function test_the_checks_come_in_the_order_of_the_protocol() public {
        uint256[8] memory proof;
        claim(1, 1);
        vm.prank(pauser);
        distributor.pause();
        vm.expectRevert(Pausable.EnforcedPause.selector);
        distributor.claim(9, R, address(0), address(0), 0, proof);

        vm.prank(pauser);
        distributor.unpause();
        expectNotClaimable(9, 1);
        distributor.claim(9, R, address(0), address(0), 0, proof);
        vm.expectRevert(
            abi.encodeWithSelector(IDistributor.Distributor_NullifierOutOfField.selector, R)
        );
        distributor.claim(1, R, recipient, address(0), 0, proof);

        claim(1, 2);
        claim(1, 3);
        vm.expectRevert(
            abi.encodeWithSelector(IDistributor.Distributor_NullifierSpent.selector, 1, 1)
        );
        distributor.claim(1, 1, recipient, address(0), 0, proof);
        vm.expectRevert(
            abi.encodeWithSelector(IDistributor.Distributor_CensusExceeded.selector, 1, 3)
        );
        distributor.claim(1, 4, recipient, address(0), 0, proof);
    }

    // Closing

    function test_closing_returns_what_was_not_claimed() public {
        claim(1, NULLIFIER);
        warpToEpoch(1 + CLAIM_WINDOW);
        vm.expectEmit(DISTRIBUTOR);
        emit IDistributor.EpochClosed(1, 2 * PER_PERSON);
        vm.prank(stranger);
        distributor.closeEpoch(1);
        assertTrue(distributor.epochState(1).closed);
        assertEq(token.balanceOf(DISTRIBUTOR), 0);
        assertEq(token.balanceOf(address(source)), 2 * PER_PERSON);
    }

    function test_closing_one_epoch_leaves_the_money_of_another() public {
        claim(1, NULLIFIER);
        warpToEpoch(2);
        claim(2, NULLIFIER);
        warpToEpoch(1 + CLAIM_WINDOW);
        distributor.closeEpoch(1);
        assertEq(token.balanceOf(DISTRIBUTOR), 2 * PER_PERSON);
        claim(2, 8);
        claim(2, 9);
        assertEq(token.balanceOf(recipient), 4 * PER_PERSON);
    }

    function test_an_epoch_is_closed_once() public {
        distributor.openEpoch(1);
        warpToEpoch(2);
        distributor.openEpoch(2);
        warpToEpoch(1 + CLAIM_WINDOW);
        distributor.closeEpoch(1);
        vm.expectRevert(
            abi.encodeWithSelector(IDistributor.Distributor_EpochAlreadyClosed.selector, 1)
        );
        distributor.closeEpoch(1);
    }

    function test_an_epoch_is_not_closed_while_it_can_be_claimed() public {
        distributor.openEpoch(1);
        vm.warp(GENESIS + (1 + CLAIM_WINDOW) * EPOCH_LENGTH - 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IDistributor.Distributor_EpochStillClaimable.selector, 1, CLAIM_WINDOW
            )
        );
        distributor.closeEpoch(1);
        vm.warp(block.timestamp + 1);
        distributor.closeEpoch(1);
    }

    function test_an_epoch_never_opened_has_nothing_to_return() public {
        warpToEpoch(1 + CLAIM_WINDOW);
        vm.expectRevert(abi.encodeWithSelector(IDistributor.Distributor_EpochNotOpened.selector, 1));
        distributor.closeEpoch(1);
    }

    function test_returned_money_pays_a_later_epoch_before_new_money_is_issued() public {
        claim(1, NULLIFIER);
        warpToEpoch(1 + CLAIM_WINDOW);
        distributor.closeEpoch(1);
        distributor.openEpoch(1 + CLAIM_WINDOW);
        assertEq(token.totalSupply(), 4 * PER_PERSON);
    }

    // Pausing

    function test_a_pause_stops_claims_and_openings_at_once_and_moves_nothing() public {
        distributor.openEpoch(1);
        uint256[8] memory proof = proofFor(1, NULLIFIER, recipient, address(0), 0);
        warpToEpoch(2);
        vm.recordLogs();
        vm.prank(pauser);
        distributor.pause();
        assertEq(vm.getRecordedLogs().length, 1, "only the pause");
        assertEq(token.balanceOf(DISTRIBUTOR), 3 * PER_PERSON);

        vm.expectRevert(Pausable.EnforcedPause.selector);
        distributor.claim(1, NULLIFIER, recipient, address(0), 0, proof);
        vm.expectRevert(Pausable.EnforcedPause.selector);
        distributor.openEpoch(2);
    }

    function test_an_epoch_is_closed_also_while_paused() public {
        distributor.openEpoch(1);
        warpToEpoch(1 + CLAIM_WINDOW);
        vm.prank(pauser);
        distributor.pause();
        distributor.closeEpoch(1);
        assertEq(token.balanceOf(address(source)), 3 * PER_PERSON);
    }

    function test_the_pauser_or_the_timelock_ends_a_pause() public {
        vm.startPrank(pauser);
        distributor.pause();
        distributor.unpause();
        distributor.pause();
        vm.stopPrank();
        vm.prank(address(timelock));
        distributor.unpause();
        claim(1, NULLIFIER);
    }

    function test_nobody_else_pauses_or_ends_a_pause() public {
        bytes32 role = distributor.PAUSER_ROLE();
        vm.expectRevert(unauthorized(stranger, role));
        vm.prank(stranger);
        distributor.pause();
        vm.expectRevert(unauthorized(address(timelock), role));
        vm.prank(address(timelock));
        distributor.pause();

        vm.prank(pauser);
        distributor.pause();
        vm.expectRevert(
            abi.encodeWithSelector(IDistributor.Distributor_NotPauserNorAdmin.selector, stranger)
        );
        vm.prank(stranger);
        distributor.unpause();
    }

    // Administration

    function test_only_the_timelock_changes_the_pauser() public {
        bytes32 role = distributor.PAUSER_ROLE();
        vm.expectRevert(unauthorized(pauser, 0));
        vm.prank(pauser);
        distributor.grantRole(role, stranger);

        vm.startPrank(address(timelock));
        distributor.revokeRole(role, pauser);
        distributor.grantRole(role, stranger);
        vm.stopPrank();
        vm.prank(stranger);
        distributor.pause();
        vm.expectRevert(
            abi.encodeWithSelector(IDistributor.Distributor_NotPauserNorAdmin.selector, pauser)
        );
        vm.prank(pauser);
        distributor.unpause();
    }

    function test_the_timelock_changes_the_cap_for_epochs_not_yet_opened() public {
        distributor.openEpoch(1);
        vm.expectEmit(DISTRIBUTOR);
        emit IDistributor.PerPersonCapChanged(PER_PERSON_CAP, 1);
        setCap(1);
        assertEq(distributor.perPersonCap(), 1);
        assertEq(distributor.epochState(1).amount, PER_PERSON);
        warpToEpoch(2);
        distributor.openEpoch(2);
        assertEq(distributor.epochState(2).amount, 1);
    }

    function test_nobody_else_changes_the_cap() public {
        vm.expectRevert(unauthorized(pauser, 0));
        vm.prank(pauser);
        distributor.setPerPersonCap(1);
    }

    function test_a_cap_of_nothing_is_refused() public {
        vm.expectRevert(IDistributor.Distributor_ZeroPerPersonCap.selector);
        setCap(0);
    }

    // Helpers

    function claim(uint256 epoch, uint256 nullifier) private {
        uint256[8] memory proof = proofFor(epoch, nullifier, recipient, address(0), 0);
        distributor.claim(epoch, nullifier, recipient, address(0), 0, proof);
    }

    /// @dev Makes the source grant exactly `budget`.
    function mockBudget(uint256 epoch, uint256 members, uint256 budget) private {
        FixedSource fixedSource = new FixedSource(source.token(), budget);
        vm.prank(address(source));
        token.mint(address(source), budget);
        vm.mockFunction(
            address(source),
            address(fixedSource),
            abi.encodeCall(IIncomeSource.fund, (epoch, members))
        );
    }

    function setPerPerson(uint256 perPerson) private {
        vm.prank(address(timelock));
        source.setPerPerson(perPerson);
    }

    function setCap(uint256 cap) private {
        vm.prank(address(timelock));
        distributor.setPerPersonCap(cap);
    }

    function expectNotClaimable(uint256 epoch, uint256 current) private {
        vm.expectRevert(
            abi.encodeWithSelector(
                IDistributor.Distributor_EpochNotClaimable.selector, epoch, current
            )
        );
    }

    function unauthorized(address account, bytes32 role) private pure returns (bytes memory) {
        return abi.encodeWithSelector(
            IAccessControl.AccessControlUnauthorizedAccount.selector, account, role
        );
    }
}

/// @dev Runs in the place of the source's `fund` and grants a fixed budget.
contract FixedSource {
    address private immutable _token;
    uint256 private immutable _budget;

    constructor(address token, uint256 budget) {
        _token = token;
        _budget = budget;
    }

    function fund(uint256, uint256) external returns (uint256) {
        (bool sent,) =
            _token.call(abi.encodeWithSignature("transfer(address,uint256)", msg.sender, _budget));
        require(sent, "the test's treasury is empty");
        return _budget;
    }
}

/// @dev Runs in the place of the source's `fund` and tries to open the epoch again.
contract ReentrantSource {
    function fund(uint256 epoch, uint256) external returns (uint256) {
        IDistributor(msg.sender).openEpoch(epoch);
        return 0;
    }
}
