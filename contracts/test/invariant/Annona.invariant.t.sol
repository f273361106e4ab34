// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IDistributor} from "../../src/interfaces/IDistributor.sol";
import {ISemaphoreVerifier} from "../../src/interfaces/ISemaphoreVerifier.sol";
import {Deployment} from "../support/Deployment.sol";
import {ListedVerifier} from "../support/ListedVerifier.sol";
import {Handler} from "./Handler.sol";

/// @title What holds whatever anybody does, even if the verifier accepts everything
contract AnnonaInvariantTest is Deployment {
    Handler private handler;

    function setUp() public {
        ListedVerifier verifier = new ListedVerifier();
        vm.mockCall(
            address(verifier),
            abi.encodeWithSelector(ISemaphoreVerifier.verifyProof.selector),
            abi.encode(true)
        );
        deploy(verifier);
        handler =
            new Handler(registry, distributor, source, token, sequencer, pauser, address(timelock));
        targetContract(address(handler));
        bytes4[] memory actions = new bytes4[](22);
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
        for (uint256 i = 10; i < actions.length; ++i) {
            actions[i] = Handler.claim.selector;
        }
        targetSelector(FuzzSelector({addr: address(handler), selectors: actions}));
    }

    /// @notice I1: no nullifier is paid twice in an epoch, and what was paid is marked spent.
    function invariant_I1_no_nullifier_is_paid_twice_in_an_epoch() public view {
        for (uint256 epoch = 0; epoch <= handler.highestEpoch(); ++epoch) {
            for (uint256 nullifier = 1; nullifier <= 12; ++nullifier) {
                uint256 times = handler.timesPaid(epoch, nullifier);
                assertLe(times, 1);
                assertEq(distributor.isSpent(epoch, nullifier), times == 1);
            }
        }
    }

    /// @notice I2: paid_e = claims_e * amount_e <= set aside_e = amount_e * N_e <= budget_e, and
    /// all money issued is with somebody known.
    function invariant_I2_an_epoch_pays_at_most_its_budget() public view {
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

    /// @notice I3: an epoch pays at most N_e claims, N_e being the members before it began.
    function invariant_I3_an_epoch_pays_at_most_its_members() public view {
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

    /// @notice I4: the registry stands at the newest batch that was proved for the state before
    /// it, an index is never used twice, members = appended - revoked, and the checkpoint of an
    /// epoch is what the registry was when the epoch began, for ever.
    function invariant_I4_roots_indices_and_checkpoints_only_move_forward() public view {
        uint256 last = handler.done("enrol") + handler.done("revoke");
        assertEq(registry.currentRoot(), handler.roots(last));
        assertEq(registry.memberCount(), handler.sizes(last));
        assertEq(registry.nextIndex(), handler.appended());
        assertEq(registry.memberCount() + handler.done("revoke"), registry.nextIndex());
        for (uint256 epoch = 0; epoch <= handler.highestEpoch(); ++epoch) {
            (uint256 root, uint256 members) = registry.checkpointBefore(epoch);
            assertEq(root, handler.rootBefore(epoch));
            assertEq(members, handler.membersBefore(epoch));
        }
    }

    /// @notice I5: each epoch's own money is there until it is claimed or returned: the
    /// distributor holds exactly the sum of what open epochs still owe, and gifts.
    function invariant_I5_no_epoch_pays_with_the_money_of_another() public view {
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
            uint256 action = random % 16;
            if (action == 0) handler.enrol(x);
            else if (action == 1) handler.waitSome(x);
            else if (action == 2) handler.open(x);
            else if (action == 3) handler.close(x);
            else if (action == 4) handler.revoke(x);
            else if (action == 5) handler.enrolStale(x, y);
            else handler.claim(x, y, random >> 8);
        }
        string[9] memory actions =
            ["enrol", "revoke", "stale", "open", "claim", "fee", "census", "spent", "close"];
        for (uint256 i = 0; i < actions.length; ++i) {
            assertGt(handler.done(bytes32(bytes(actions[i]))), 0, actions[i]);
        }
    }
}
