// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {Vm} from "forge-std/Vm.sol";
import {IDistributor} from "../../src/interfaces/IDistributor.sol";
import {Deployment} from "../support/Deployment.sol";

/// @title A person who was away claims every epoch that is still in its window
contract CatchUpTest is Deployment {
    address private immutable recipient = makeAddr("recipient");
    address private immutable relay = makeAddr("relay");

    function setUp() public {
        deployKnown();
        enrol(2);
        warpToEpoch(4);
    }

    /// @dev Tests EPOCH-8.
    function test_every_epoch_in_the_window_is_paid_in_one_call() public {
        IDistributor.EpochClaim[] memory claims = missed(1, 4);
        distributor.openEpoch(2);
        uint256 batchId = seedOf(claims);
        for (uint256 i = 0; i < 4; ++i) {
            vm.expectEmit(DISTRIBUTOR);
            emit IDistributor.Claimed(i + 1, 100 + i + 1, recipient, PER_PERSON, batchId);
        }
        distributor.catchUp(claims);
        assertEq(token.balanceOf(recipient), 4 * PER_PERSON);
        for (uint256 epoch = 1; epoch <= 4; ++epoch) {
            assertEq(distributor.epochState(epoch).claimed, 1);
            assertTrue(distributor.isSpent(epoch, 100 + epoch));
        }
    }

    function test_an_epoch_whose_window_is_over_or_not_begun_is_skipped() public {
        IDistributor.EpochClaim[] memory claims = missed(1, 5);
        warpToEpoch(5);
        claims[4] = entry(6, 106);
        assertPaidBut(claims, 0, IDistributor.SkipReason.EpochNotClaimable, 3);
        assertFalse(distributor.isSpent(6, 106));
    }

    /// @dev Its money may be back in the source by then, and what is there is others'.
    function test_an_epoch_that_was_open_once_is_skipped_when_its_window_is_over() public {
        IDistributor.EpochClaim[] memory claims = missed(1, 4);
        for (uint256 epoch = 1; epoch <= 4; ++epoch) {
            distributor.openEpoch(epoch);
        }
        warpToEpoch(5);
        distributor.closeEpoch(1);
        assertPaidBut(claims, 0, IDistributor.SkipReason.EpochNotClaimable, 3);
    }

    function test_an_epoch_without_members_is_skipped() public {
        warpToEpoch(3);
        IDistributor.EpochClaim[] memory claims = missed(0, 4);
        assertPaidBut(claims, 0, IDistributor.SkipReason.EpochNotClaimable, 3);
    }

    function test_an_epoch_that_was_claimed_is_skipped() public {
        IDistributor.EpochClaim[] memory claims = missed(1, 4);
        IDistributor.Claim memory second = claims[1].claim;
        distributor.claim(2, second.nullifierHash, recipient, address(0), 0, second.proof);
        assertPaidBut(claims, 1, IDistributor.SkipReason.NullifierSpent, 4);
    }

    function test_an_epoch_whose_members_are_all_paid_is_skipped() public {
        for (uint256 i = 1; i <= 2; ++i) {
            uint256[8] memory proof = proofFor(3, i, relay, address(0), 0);
            distributor.claim(3, i, relay, address(0), 0, proof);
        }
        IDistributor.EpochClaim[] memory claims = missed(1, 4);
        assertPaidBut(claims, 2, IDistributor.SkipReason.CensusExceeded, 3);
    }

    function test_an_epoch_that_pays_less_than_the_fee_is_skipped() public {
        IDistributor.EpochClaim[] memory claims = missed(1, 4);
        claims[3].claim = claimFor(4, 104, recipient, relay, PER_PERSON + 1);
        assertPaidBut(claims, 3, IDistributor.SkipReason.FeeAboveAmount, 3);
    }

    function test_the_same_claim_twice_is_paid_once() public {
        IDistributor.EpochClaim[] memory claims = missed(1, 4);
        claims[3] = claims[0];
        assertPaidBut(claims, 3, IDistributor.SkipReason.NullifierSpent, 3);
    }

    function test_one_false_proof_is_refused() public {
        for (uint256 i = 0; i < 4; ++i) {
            IDistributor.EpochClaim[] memory claims = missed(1, 4);
            claims[i].claim.recipient = relay;
            vm.expectRevert(IDistributor.Distributor_InvalidProof.selector);
            distributor.catchUp(claims);
        }
    }

    function test_a_proof_of_one_epoch_is_worth_nothing_for_another() public {
        IDistributor.EpochClaim[] memory claims = missed(1, 4);
        (claims[0].epoch, claims[1].epoch) = (claims[1].epoch, claims[0].epoch);
        vm.expectRevert(IDistributor.Distributor_InvalidProof.selector);
        distributor.catchUp(claims);
    }

    function test_an_alias_of_a_nullifier_is_refused() public {
        IDistributor.EpochClaim[] memory claims = missed(1, 4);
        claims[2].claim = claimFor(3, 103 + R, recipient);
        vm.expectRevert(
            abi.encodeWithSelector(IDistributor.Distributor_NullifierOutOfField.selector, 103 + R)
        );
        distributor.catchUp(claims);
    }

    function test_nothing_and_too_much_are_refused() public {
        IDistributor.EpochClaim[] memory claims;
        vm.expectRevert(abi.encodeWithSelector(IDistributor.Distributor_BatchSize.selector, 0));
        distributor.catchUp(claims);
        claims = new IDistributor.EpochClaim[](129);
        vm.expectRevert(abi.encodeWithSelector(IDistributor.Distributor_BatchSize.selector, 129));
        distributor.catchUp(claims);
    }

    function test_a_pause_stops_it() public {
        IDistributor.EpochClaim[] memory claims = missed(1, 4);
        vm.prank(pauser);
        distributor.pause();
        vm.expectRevert(Pausable.EnforcedPause.selector);
        distributor.catchUp(claims);
    }

    /// @dev Otherwise an estimate of gas would find a limit at which epochs are skipped.
    function test_too_little_gas_reverts_and_passes_no_epoch_over() public {
        IDistributor.EpochClaim[] memory claims = missed(1, 4);
        uint256 reverted = 0;
        for (uint256 gas = 500_000; gas < 3_500_000; gas += 100_000) {
            uint256 state = vm.snapshotState();
            try distributor.catchUp{gas: gas}(claims) {
                assertEq(token.balanceOf(recipient), 4 * PER_PERSON);
            } catch {
                ++reverted;
            }
            assertTrue(vm.revertToState(state));
        }
        assertGt(reverted, 5);
        assertLt(reverted, 25);
    }

    /// @dev Sends `claims` and expects that `paid` are paid and that the one at `skipped` is
    /// skipped for `reason`.
    function assertPaidBut(
        IDistributor.EpochClaim[] memory claims,
        uint256 skipped,
        IDistributor.SkipReason reason,
        uint256 paid
    ) private {
        vm.recordLogs();
        distributor.catchUp(claims);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        bool isTold = false;
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].topics[0] != IDistributor.ClaimSkipped.selector) continue;
            if (uint256(logs[i].topics[1]) != claims[skipped].epoch) continue;
            (IDistributor.SkipReason actual,) =
                abi.decode(logs[i].data, (IDistributor.SkipReason, uint256));
            assertEq(uint256(actual), uint256(reason));
            assertEq(uint256(logs[i].topics[2]), claims[skipped].claim.nullifierHash);
            isTold = true;
        }
        assertTrue(isTold);
        assertEq(token.balanceOf(recipient), paid * PER_PERSON);
    }

    /// @dev Claims of `count` epochs from `first` on, each with a nullifier hash of its own.
    function missed(uint256 first, uint256 count)
        private
        view
        returns (IDistributor.EpochClaim[] memory claims)
    {
        claims = new IDistributor.EpochClaim[](count);
        for (uint256 i = 0; i < count; ++i) {
            claims[i] = entry(first + i, 100 + first + i);
        }
    }

    function entry(uint256 epoch, uint256 nullifierHash)
        private
        view
        returns (IDistributor.EpochClaim memory)
    {
        if (epoch > registry.currentEpoch()) {
            IDistributor.Claim memory early;
            (early.nullifierHash, early.recipient) = (nullifierHash, recipient);
            return IDistributor.EpochClaim(epoch, early);
        }
        return IDistributor.EpochClaim(epoch, claimFor(epoch, nullifierHash, recipient));
    }

    /// @dev As the interface says it, for epochs that are all open by then.
    function seedOf(IDistributor.EpochClaim[] memory claims) private view returns (uint256) {
        uint256[] memory roots = new uint256[](claims.length);
        for (uint256 i = 0; i < claims.length; ++i) {
            (roots[i],) = registry.checkpointBefore(claims[i].epoch);
        }
        return uint256(
            keccak256(abi.encode("annona.catchup.v1", block.chainid, DISTRIBUTOR, roots, claims))
        );
    }
}
