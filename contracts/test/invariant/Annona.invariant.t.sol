// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IDistributor} from "../../src/interfaces/IDistributor.sol";
import {Deployment} from "../support/Deployment.sol";
import {Handler} from "./Handler.sol";

/// @title What holds whatever anybody does, even if the verifier accepts everything
contract AnnonaInvariantTest is Deployment {
    Handler private handler;

    function setUp() public {
        deployKnown();
        handler = new Handler(
            registry, distributor, source, token, key, sequencer, pauser, address(timelock)
        );
        targetContract(address(handler));
        bytes4[] memory actions = new bytes4[](28);
        actions[0] = Handler.enrol.selector;
        actions[1] = Handler.enrolStale.selector;
        actions[2] = Handler.waitSome.selector;
        actions[3] = Handler.open.selector;
        actions[4] = Handler.close.selector;
        actions[5] = Handler.changeIncome.selector;
        actions[6] = Handler.changeCap.selector;
        actions[7] = Handler.give.selector;
        actions[8] = Handler.pauseOrUnpause.selector;
        actions[9] = Handler.revoke.selector;
        actions[10] = Handler.recover.selector;
        actions[11] = Handler.enrol.selector;
        actions[12] = Handler.waitSome.selector;
        actions[13] = Handler.catchUp.selector;
        actions[14] = Handler.catchUp.selector;
        for (uint256 i = 15; i < actions.length; ++i) {
            actions[i] = i % 2 == 0 ? Handler.claim.selector : Handler.claimBatch.selector;
        }
        targetSelector(FuzzSelector({addr: address(handler), selectors: actions}));
    }

    /// @dev One campaign for all: each call is followed by every check.
    function invariant_nobody_is_paid_twice_and_the_books_agree() public view {
        noNullifierAndNoPersonIsPaidTwice();
        anEpochPaysAtMostItsBudget();
        anEpochPaysAtMostItsMembers();
        rootsIndicesAndCheckpointsOnlyMoveForward();
        noEpochPaysWithTheMoneyOfAnother();
    }

    /// @notice I1 (CLAIM-3): no nullifier and no person is paid twice in an epoch, also not with another
    /// secret after a recovery.
    function noNullifierAndNoPersonIsPaidTwice() private view {
        assertEq(handler.nullifiersRepeated(), 0, "nullifiers");
        assertEq(handler.personsRepeated(), 0, "persons");
    }

    /// @notice I2 (EPOCH-5): the money received is the sum of the events, paid_e = claims_e * amount_e <=
    /// set aside_e = amount_e * N_e <= budget_e, and all money issued is with somebody known.
    function anEpochPaysAtMostItsBudget() private view {
        assertEq(handler.untold(), 0, "events");
        for (uint256 epoch = 0; epoch <= handler.highestEpoch(); ++epoch) {
            IDistributor.EpochState memory state = distributor.epochState(epoch);
            assertEq(handler.moneyPaid(epoch), handler.claimsPaid(epoch) * state.amount);
            assertEq(handler.setAside(epoch), state.amount * state.memberCount);
            assertLe(handler.moneyPaid(epoch), handler.setAside(epoch));
            assertLe(handler.setAside(epoch), state.budget);
        }
        assertEq(
            token.totalSupply(),
            token.balanceOf(DISTRIBUTOR) + token.balanceOf(address(source))
                + token.balanceOf(handler.recipient()) + token.balanceOf(handler.relay())
        );
    }

    /// @notice I3 (CLAIM-4): an epoch pays at most N_e claims, N_e being the members before it began.
    function anEpochPaysAtMostItsMembers() private view {
        for (uint256 epoch = 0; epoch <= handler.highestEpoch(); ++epoch) {
            IDistributor.EpochState memory state = distributor.epochState(epoch);
            assertLe(handler.claimsPaid(epoch), handler.membersBefore(epoch));
            assertEq(handler.claimsPaid(epoch), state.claimed);
            if (state.opened) {
                assertEq(state.memberCount, handler.membersBefore(epoch));
                assertEq(state.root, handler.rootBefore(epoch));
            }
        }
    }

    /// @notice I4 (REG-1, REG-4, EPOCH-2): the registry stands at the newest batch that was proved for the state before
    /// it, an index is never used twice, members = appended - revoked, and the checkpoint of an
    /// epoch is what the registry was when the epoch began, for ever.
    function rootsIndicesAndCheckpointsOnlyMoveForward() private view {
        uint256 last = handler.done("enrol") + handler.done("revoke") + 2 * handler.done("recover");
        assertEq(registry.currentRoot(), handler.roots(last));
        assertEq(registry.memberCount(), handler.sizes(last));
        assertEq(registry.nextIndex(), handler.appended());
        assertEq(registry.memberCount() + handler.revoked(), registry.nextIndex());
        for (uint256 epoch = 0; epoch <= handler.highestEpoch(); ++epoch) {
            (uint256 root, uint256 members) = registry.checkpointBefore(epoch);
            assertEq(root, handler.rootBefore(epoch));
            assertEq(members, handler.membersBefore(epoch));
        }
    }

    /// @notice I5 (EPOCH-7): each epoch's own money is there until it is claimed or returned: the
    /// distributor holds exactly the sum of what open epochs still owe, and gifts.
    function noEpochPaysWithTheMoneyOfAnother() private view {
        uint256 owed = handler.gifts();
        for (uint256 epoch = 0; epoch <= handler.highestEpoch(); ++epoch) {
            uint256 left = handler.setAside(epoch) - handler.moneyPaid(epoch);
            if (handler.closings(epoch) == 0) {
                owed += left;
            } else {
                assertEq(handler.closings(epoch), 1);
                assertEq(handler.returned(epoch), left);
            }
        }
        assertEq(token.balanceOf(DISTRIBUTOR), owed);
    }

    /// @dev The game reaches what the invariants are about; without this they could hold of a
    /// handler that never gets anything done.
    function test_the_handler_reaches_every_outcome() public {
        uint256 random = 1;
        for (uint256 i = 0; i < 2000; ++i) {
            random = uint256(keccak256(abi.encode(random)));
            uint256 x = uint256(keccak256(abi.encode(random, "x")));
            uint256 y = uint256(keccak256(abi.encode(random, "y")));
            uint256 action = random % 20;
            if (action == 0) handler.enrol(x);
            else if (action == 1) handler.waitSome(x);
            else if (action == 2) handler.open(x);
            else if (action == 3) handler.close(x);
            else if (action == 4) handler.revoke(x);
            else if (action == 5) handler.enrolStale(x, y);
            else if (action == 6) handler.recover(x);
            else if (action == 7) handler.catchUp(x, y);
            else if (action < 13) handler.claimBatch(x, y, random >> 8);
            else handler.claim(x, y, random >> 8);
        }
        string[14] memory actions = [
            "enrol",
            "revoke",
            "recover",
            "stale",
            "open",
            "claim",
            "batch",
            "catchUp",
            "fee",
            "census",
            "spent",
            "skipped",
            "false",
            "close"
        ];
        for (uint256 i = 0; i < actions.length; ++i) {
            assertGt(handler.done(bytes32(bytes(actions[i]))), 0, actions[i]);
        }
    }
}
