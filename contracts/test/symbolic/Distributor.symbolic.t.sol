// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IDistributor} from "../../src/interfaces/IDistributor.sol";
import {SymbolicDeployment} from "./SymbolicDeployment.sol";

/// @title What no claim, opening or closing can break, from any state of the distributor's storage
/// @dev See `README.md`. `forge test` runs nothing of this; Halmos does.
contract DistributorSymbolicTest is SymbolicDeployment {
    /// @dev The calls that may move the state of an epoch, besides batches.
    enum Step {
        Open,
        Claim,
        Close
    }

    struct Request {
        uint256 epoch;
        uint256 nullifierHash;
        address recipient;
        address feeRecipient;
        uint256 fee;
    }

    function setUp() public {
        deploy();
        vm.setArbitraryStorage(address(distributor));
        anyTime();
    }

    /// @notice S1 (CLAIM-3): a nullifier hash that is spent is not paid, and stays spent.
    function check_a_nullifier_hash_is_spent_once(Request calldata one, uint256[8] calldata proof)
        public
    {
        bool wasSpent = distributor.isSpent(one.epoch, one.nullifierHash);
        bool isPaid = tryClaim(one, proof);
        assert(!(wasSpent && isPaid));
        assert(distributor.isSpent(one.epoch, one.nullifierHash) == (wasSpent || isPaid));
    }

    /// @notice S2 (CLAIM-4): an epoch that has paid as many claims as it has members pays no more,
    /// and each claim counts as one.
    function check_claims_never_exceed_the_census(Request calldata one, uint256[8] calldata proof)
        public
    {
        IDistributor.EpochState memory before = distributor.epochState(one.epoch);
        vm.assume(before.claimed <= before.memberCount);
        bool isPaid = tryClaim(one, proof);
        IDistributor.EpochState memory present = distributor.epochState(one.epoch);
        assert(present.claimed <= present.memberCount);
        assert(!isPaid || present.claimed == (before.opened ? before.claimed : 0) + 1);
    }

    /// @notice S3 (CLAIM-5): a claim takes the epoch's amount out of the distributor, no more and
    /// no less, and the fee is part of it.
    function check_a_claim_takes_the_amount_of_its_epoch(
        Request calldata one,
        uint256[8] calldata proof
    ) public {
        IDistributor.EpochState memory state = distributor.epochState(one.epoch);
        vm.assume(state.opened);
        token.mint(address(distributor), type(uint128).max);
        vm.assume(one.recipient != one.feeRecipient);
        uint256 held = token.balanceOf(address(distributor));
        uint256 recipientHeld = token.balanceOf(one.recipient);
        vm.assume(tryClaim(one, proof));
        assert(held - token.balanceOf(address(distributor)) == state.amount);
        assert(one.fee <= state.amount);
        assert(token.balanceOf(one.recipient) - recipientHeld == state.amount - one.fee);
    }

    /// @notice S4 (EPOCH-2, EPOCH-5): root, census, budget and amount of an opened epoch never
    /// change, and it stays opened: it is not opened again, and neither a claim nor closing alters
    /// them.
    function check_an_opened_epoch_is_immutable(
        Step step,
        Request calldata one,
        uint256[8] calldata proof
    ) public {
        IDistributor.EpochState memory before = distributor.epochState(one.epoch);
        vm.assume(before.opened);
        vm.assume(take(step, one, proof));
        IDistributor.EpochState memory present = distributor.epochState(one.epoch);
        assert(step != Step.Open);
        assert(present.opened);
        assert(isSame(before, present));
    }

    /// @notice S5 (EPOCH-7): a closed epoch is not closed again, opened again or claimed. It was
    /// closed after its window, and time does not go back.
    function check_a_closed_epoch_pays_nobody(
        Step step,
        Request calldata one,
        uint256[8] calldata proof
    ) public {
        IDistributor.EpochState memory before = distributor.epochState(one.epoch);
        vm.assume(before.opened && before.closed && !distributor.isClaimable(one.epoch));
        assert(!take(step, one, proof));
        IDistributor.EpochState memory present = distributor.epochState(one.epoch);
        assert(present.closed);
        assert(present.claimed == before.claimed);
    }

    /// @notice S6 (REG-10): while paused, nothing is opened, claimed or marked as spent, whatever
    /// anybody calls.
    function check_a_pause_stops_payments(uint256 epoch, uint256 nullifierHash) public {
        vm.assume(distributor.paused());
        IDistributor.EpochState memory before = distributor.epochState(epoch);
        bool wasSpent = distributor.isSpent(epoch, nullifierHash);
        address caller = svm.createAddress("caller");
        vm.prank(caller);
        (bool success,) = address(distributor).call(svm.createCalldata("Distributor"));
        vm.assume(success);
        IDistributor.EpochState memory present = distributor.epochState(epoch);
        assert(present.opened == before.opened);
        assert(present.claimed == before.claimed);
        assert(distributor.isSpent(epoch, nullifierHash) == wasSpent);
    }

    /// @dev Opens, claims or closes the epoch of `one`.
    function take(Step step, Request calldata one, uint256[8] calldata proof)
        private
        returns (bool success)
    {
        if (step == Step.Claim) return tryClaim(one, proof);
        bytes memory data = step == Step.Open
            ? abi.encodeCall(distributor.openEpoch, (one.epoch))
            : abi.encodeCall(distributor.closeEpoch, (one.epoch));
        (success,) = address(distributor).call(data);
    }

    function tryClaim(Request calldata one, uint256[8] calldata proof)
        private
        returns (bool success)
    {
        (success,) = address(distributor)
            .call(
                abi.encodeCall(
                    distributor.claim,
                    (one.epoch, one.nullifierHash, one.recipient, one.feeRecipient, one.fee, proof)
                )
            );
    }
}
