// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IDistributor} from "../../src/interfaces/IDistributor.sol";
import {Deployment} from "../support/Deployment.sol";
import {EpochStore} from "./EpochStore.sol";
import {Handler} from "./Handler.sol";
import {PaymentStore} from "./PaymentStore.sol";
import {RegistryStore} from "./RegistryStore.sol";

/// @title The numbered invariants (see `README.md`), which hold whatever anybody does
/// @dev Each is a campaign of its own, with a seed of its own: campaigns with one seed would all
/// make the same calls.
contract AnnonaInvariantTest is Deployment {
    Handler private handler;
    PaymentStore private payments;
    RegistryStore private history;
    EpochStore private epochs;

    function setUp() public {
        deployKnown();
        handler = new Handler(
            registry, distributor, source, token, key, sequencer, pauser, address(timelock)
        );
        payments = handler.payments();
        history = handler.history();
        epochs = handler.epochs();
        // All but what a few epochs cost is issued, so that the treasury alone pays soon.
        address relay = handler.relay();
        vm.prank(address(source));
        token.mint(relay, SUPPLY_CAP - 50e18);
        targetContract(address(handler));
        bytes4[] memory actions = new bytes4[](32);
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
        actions[15] = Handler.revokeStale.selector;
        actions[16] = Handler.endow.selector;
        actions[17] = Handler.close.selector;
        actions[18] = Handler.close.selector;
        for (uint256 i = 19; i < actions.length; ++i) {
            actions[i] = i % 2 == 0 ? Handler.claim.selector : Handler.claimBatch.selector;
        }
        targetSelector(FuzzSelector({addr: address(handler), selectors: actions}));
    }

    /// @notice I1 (CLAIM-3): no nullifier hash and no person is paid twice in an epoch, also not
    /// with another secret after a recovery, and what was paid stays spent.
    /// forge-config: default.fuzz.seed = "0xa11"
    function invariant_1_nobody_is_paid_twice_in_an_epoch() public view {
        assertEq(payments.nullifiersRepeated(), 0, "I1: a nullifier hash was paid twice");
        assertEq(payments.personsRepeated(), 0, "I1: a person was paid twice");
        for (uint256 epoch = 0; epoch <= history.highestEpoch(); ++epoch) {
            uint256[] memory paid = payments.paidNullifiers(epoch);
            for (uint256 i = 0; i < paid.length; ++i) {
                assertTrue(
                    distributor.isSpent(epoch, paid[i]), "I1: a paid nullifier hash is not spent"
                );
            }
        }
    }

    /// @notice I2 (EPOCH-5): recipients received what the events tell, an epoch pays its amount per
    /// claim and at most its budget, and all money that was issued is with somebody known.
    /// forge-config: default.fuzz.seed = "0xa12"
    function invariant_2_an_epoch_pays_at_most_its_budget() public view {
        assertEq(payments.untold(), 0, "I2: balances moved by more or less than events tell");
        for (uint256 epoch = 0; epoch <= history.highestEpoch(); ++epoch) {
            IDistributor.EpochState memory state = distributor.epochState(epoch);
            uint256 paid = payments.moneyPaid(epoch);
            uint256 setAside = payments.setAside(epoch);
            assertEq(
                paid,
                payments.claimsPaid(epoch) * state.amount,
                "I2: a claim was not paid the epoch's amount"
            );
            assertEq(
                setAside,
                state.amount * state.memberCount,
                "I2: not every member's amount is set aside"
            );
            assertLe(paid, setAside, "I2: more was paid than set aside");
            assertLe(setAside, state.budget, "I2: more was set aside than granted");
        }
        assertEq(
            token.totalSupply(),
            token.balanceOf(DISTRIBUTOR) + token.balanceOf(address(source))
                + token.balanceOf(handler.recipient()) + token.balanceOf(handler.relay()),
            "I2: money is with somebody unknown"
        );
    }

    /// @notice I3 (CLAIM-4): an epoch pays at most `N_e` claims, whatever the proofs say.
    /// forge-config: default.fuzz.seed = "0xa13"
    function invariant_3_an_epoch_pays_at_most_its_members() public view {
        for (uint256 epoch = 0; epoch <= history.highestEpoch(); ++epoch) {
            IDistributor.EpochState memory state = distributor.epochState(epoch);
            uint256 claims = payments.claimsPaid(epoch);
            assertLe(claims, history.membersBefore(epoch), "I3: more claims than members were paid");
            assertEq(claims, state.claimed, "I3: the distributor counts other claims");
            if (!state.opened) continue;
            assertEq(
                state.memberCount,
                history.membersBefore(epoch),
                "I3: the census is not the member count before the epoch"
            );
            assertEq(
                state.root, history.rootBefore(epoch), "I3: the root is not that before the epoch"
            );
        }
    }

    /// @notice I4 (REG-1, REG-4, EPOCH-2): the registry stands at the newest batch that was proved
    /// for the state before it, a leaf index is used once, members are leaves appended less leaves
    /// revoked, and checkpoints never change.
    /// forge-config: default.fuzz.seed = "0xa14"
    function invariant_4_roots_indices_and_checkpoints_only_move_forward() public view {
        assertEq(handler.staleAppends(), 0, "I4: a batch for another state went through");
        assertEq(handler.staleRevocations(), 0, "I4: a revocation for another state went through");
        assertEq(registry.currentRoot(), history.newestRoot(), "I4: another root");
        assertEq(registry.memberCount(), history.newestSize(), "I4: another member count");
        assertEq(registry.nextIndex(), history.appended(), "I4: another first free leaf");
        assertEq(
            registry.memberCount() + history.revoked(),
            registry.nextIndex(),
            "I4: members are not leaves appended less leaves revoked"
        );
        for (uint256 epoch = 0; epoch <= history.highestEpoch(); ++epoch) {
            (uint256 root, uint256 members) = registry.checkpointBefore(epoch);
            assertEq(root, history.rootBefore(epoch), "I4: a checkpoint's root changed");
            assertEq(
                members, history.membersBefore(epoch), "I4: a checkpoint's member count changed"
            );
        }
    }

    /// @notice I5 (EPOCH-7): each epoch's own money is there until it is claimed or returned: the
    /// distributor holds exactly the sum of what open epochs still owe, and gifts.
    /// forge-config: default.fuzz.seed = "0xa15"
    function invariant_5_no_epoch_pays_with_the_money_of_another() public view {
        uint256 owed = payments.gifts();
        for (uint256 epoch = 0; epoch <= history.highestEpoch(); ++epoch) {
            uint256 left = payments.setAside(epoch) - payments.moneyPaid(epoch);
            if (payments.closings(epoch) == 0) {
                owed += left;
            } else {
                assertEq(payments.closings(epoch), 1, "I5: an epoch was closed twice");
                assertEq(payments.returned(epoch), left, "I5: not all that was left returned");
            }
        }
        assertEq(token.balanceOf(DISTRIBUTOR), owed, "I5: the distributor holds another sum");
    }

    /// @notice I6 (EPOCH-2, EPOCH-4, EPOCH-7, REG-10): no forbidden transition of an epoch's state
    /// was seen, after any action.
    /// forge-config: default.fuzz.seed = "0xa16"
    function invariant_6_an_epoch_only_moves_forward() public view {
        string[12] memory messages = [
            "T1 opened to unopened",
            "T2 closed to open",
            "T3 unopened to closed",
            "T4 opened outside its window",
            "T5 closed within its window",
            "T6 the root of an opened epoch changed",
            "T7 the census of an opened epoch changed",
            "T8 the budget or amount of an opened epoch changed",
            "T9 claimed decreased",
            "T10 claimed outside the window",
            "T11 claimed after closing",
            "T12 opened or claimed while paused"
        ];
        string memory seen = "";
        for (uint8 i = 0; i < messages.length; ++i) {
            if (epochs.timesSeen(EpochStore.Forbidden(i)) > 0) {
                seen = string.concat(seen, messages[i], "; ");
            }
        }
        assertEq(seen, "", "I6");
    }

    /// @dev The game reaches what the invariants are about; without this they could hold of a
    /// handler that never gets anything done.
    function test_the_handler_reaches_every_outcome() public {
        uint256 random = 1;
        for (uint256 i = 0; i < 2000; ++i) {
            random = uint256(keccak256(abi.encode(random)));
            uint256 x = uint256(keccak256(abi.encode(random, "x")));
            uint256 y = uint256(keccak256(abi.encode(random, "y")));
            uint256 action = random % 22;
            if (action == 0) handler.enrol(x);
            else if (action == 1) handler.waitSome(x);
            else if (action == 2) handler.open(x);
            else if (action == 3) handler.close(x);
            else if (action == 4) handler.revoke(x);
            else if (action == 5) handler.enrolStale(x, y);
            else if (action == 6) handler.recover(x);
            else if (action == 7) handler.catchUp(x, y);
            else if (action == 8) handler.revokeStale(x, y);
            else if (action == 9) handler.endow(x);
            else if (action < 15) handler.claimBatch(x, y, random >> 8);
            else handler.claim(x, y, random >> 8);
        }
        string[17] memory actions = [
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
            "close",
            "closed",
            "staleRevoke",
            "remainder"
        ];
        for (uint256 i = 0; i < actions.length; ++i) {
            assertGt(handler.done(bytes32(bytes(actions[i]))), 0, actions[i]);
        }
    }
}
