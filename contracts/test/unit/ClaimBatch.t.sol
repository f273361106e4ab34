// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {Vm} from "forge-std/Vm.sol";
import {IDistributor} from "../../src/interfaces/IDistributor.sol";
import {Bn254} from "../../src/libraries/Bn254.sol";
import {ChosenCoefficients} from "../support/ChosenCoefficients.sol";
import {Deployment} from "../support/Deployment.sol";

/// @title Batches of claims under a key whose secrets are known, so that anything can be forged
contract ClaimBatchTest is Deployment {
    uint256 private constant P = Bn254.BASE_FIELD;
    uint256 private constant MEMBERS = 200;

    address private immutable relay = makeAddr("relay");

    function setUp() public {
        deployKnown();
        enrol(MEMBERS);
        warpToEpoch(1);
    }

    // Paying

    function test_a_batch_pays_every_claim_and_is_told() public {
        IDistributor.Claim[] memory claims = someClaims(3);
        claims[1] = claimFor(1, 2, person(1), relay, 4e18);
        distributor.openEpoch(1);
        uint256 batchId = seedOf(1, claims);
        for (uint256 i = 0; i < 3; ++i) {
            vm.expectEmit(DISTRIBUTOR);
            emit IDistributor.Claimed(1, claims[i].nullifierHash, person(i), PER_PERSON, batchId);
        }
        distributor.claimBatch(1, claims);

        assertEq(token.balanceOf(person(0)), PER_PERSON);
        assertEq(token.balanceOf(person(1)), PER_PERSON - 4e18);
        assertEq(token.balanceOf(relay), 4e18);
        assertEq(token.balanceOf(person(2)), PER_PERSON);
        assertEq(token.balanceOf(DISTRIBUTOR), (MEMBERS - 3) * PER_PERSON);
        assertEq(distributor.epochState(1).claimed, 3);
        assertTrue(distributor.isSpent(1, 1) && distributor.isSpent(1, 2));
    }

    function test_the_first_batch_opens_the_epoch() public {
        distributor.claimBatch(1, someClaims(1));
        assertTrue(distributor.epochState(1).opened);
        assertEq(token.balanceOf(person(0)), PER_PERSON);
    }

    function test_the_seed_is_the_hash_of_the_whole_transcript(uint256 epoch) public {
        IDistributor.Claim[] memory claims = someClaims(2);
        epoch = bound(epoch, 1, 1e9);
        warpToEpoch(epoch);
        for (uint256 i = 0; i < 2; ++i) {
            claims[i] = claimFor(epoch, i + 1, person(i));
        }
        vm.recordLogs();
        distributor.claimBatch(epoch, claims);
        assertEq(batchIdOf(vm.getRecordedLogs()), seedOf(epoch, claims));
    }

    function test_the_largest_batch_is_paid() public {
        distributor.claimBatch(1, someClaims(128));
        assertEq(distributor.epochState(1).claimed, 128);
    }

    function test_an_empty_batch_is_refused() public {
        IDistributor.Claim[] memory none;
        vm.expectRevert(abi.encodeWithSelector(IDistributor.Distributor_BatchSize.selector, 0));
        distributor.claimBatch(1, none);
    }

    function test_a_batch_of_129_is_refused() public {
        IDistributor.Claim[] memory claims = someClaims(129);
        vm.expectRevert(abi.encodeWithSelector(IDistributor.Distributor_BatchSize.selector, 129));
        distributor.claimBatch(1, claims);
    }

    function test_a_pause_stops_batches() public {
        IDistributor.Claim[] memory claims = someClaims(1);
        vm.prank(pauser);
        distributor.pause();
        vm.expectRevert(Pausable.EnforcedPause.selector);
        distributor.claimBatch(1, claims);
    }

    function test_a_batch_is_taken_to_the_end_of_the_window_and_not_after() public {
        IDistributor.Claim[] memory claims = someClaims(1);
        warpToEpoch(1 + CLAIM_WINDOW);
        vm.expectRevert(
            abi.encodeWithSelector(
                IDistributor.Distributor_EpochNotClaimable.selector, 1, 1 + CLAIM_WINDOW
            )
        );
        distributor.claimBatch(1, claims);
        vm.warp(block.timestamp - 1);
        distributor.claimBatch(1, claims);
    }

    // Passing over

    function test_a_claim_repeated_in_a_batch_is_paid_once_and_reported() public {
        IDistributor.Claim[] memory claims = someClaims(3);
        claims[2] = claimFor(1, claims[0].nullifierHash, person(7));
        distributor.openEpoch(1);
        expectSkipped(claims, 2, IDistributor.SkipReason.NullifierSpent);
        distributor.claimBatch(1, claims);
        assertEq(distributor.epochState(1).claimed, 2);
        assertEq(token.balanceOf(person(0)), PER_PERSON);
        assertEq(token.balanceOf(person(7)), 0);
    }

    /// @dev Tests CLAIM-8.
    function test_a_spent_claim_is_skipped_and_its_proof_is_out_of_the_sum() public {
        IDistributor.Claim[] memory claims = someClaims(3);
        distributor.claim(1, 2, person(1), address(0), 0, claims[1].proof);
        claims[1].proof[6] = 1;
        expectSkipped(claims, 1, IDistributor.SkipReason.NullifierSpent);
        distributor.claimBatch(1, claims);
        assertEq(distributor.epochState(1).claimed, 3);
        for (uint256 i = 0; i < 3; ++i) {
            assertEq(token.balanceOf(person(i)), PER_PERSON);
        }
    }

    function test_a_skipped_claim_stays_in_the_transcript() public {
        IDistributor.Claim[] memory claims = someClaims(2);
        distributor.claim(1, 1, person(0), address(0), 0, claims[0].proof);
        uint256 first = seedOf(1, claims);
        claims[0].recipient = person(9);
        assertNotEq(seedOf(1, claims), first);
        vm.recordLogs();
        distributor.claimBatch(1, claims);
        assertEq(batchIdOf(vm.getRecordedLogs()), seedOf(1, claims));
    }

    function test_a_batch_sent_again_pays_nobody_and_does_not_revert() public {
        IDistributor.Claim[] memory claims = someClaims(4);
        distributor.claimBatch(1, claims);
        vm.recordLogs();
        distributor.claimBatch(1, claims);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        assertEq(logs.length, 4);
        for (uint256 i = 0; i < 4; ++i) {
            assertEq(logs[i].topics[0], IDistributor.ClaimSkipped.selector);
        }
        assertEq(distributor.epochState(1).claimed, 4);
    }

    // Refusing

    function test_the_census_stops_a_batch_that_has_proofs() public {
        for (uint256 i = 0; i < 2; ++i) {
            distributor.claimBatch(1, manyClaims(i * 99, 99));
        }
        IDistributor.Claim[] memory claims = manyClaims(198, 3);
        vm.expectRevert(
            abi.encodeWithSelector(IDistributor.Distributor_CensusExceeded.selector, 1, MEMBERS)
        );
        distributor.claimBatch(1, claims);
        distributor.claimBatch(1, manyClaims(198, 2));
        assertEq(distributor.epochState(1).claimed, MEMBERS);
        assertEq(token.balanceOf(DISTRIBUTOR), 0);
    }

    function test_skipped_claims_do_not_count_for_the_census() public {
        distributor.claimBatch(1, manyClaims(0, 100));
        distributor.claimBatch(1, manyClaims(100, 99));
        distributor.claimBatch(1, manyClaims(150, 50));
        assertEq(distributor.epochState(1).claimed, MEMBERS);
    }

    /// @dev Tests CLAIM-7.
    function testFuzz_one_false_proof_anywhere_is_refused(uint256 which, uint256 error) public {
        IDistributor.Claim[] memory claims = someClaims(5);
        which = bound(which, 0, 4);
        claims[which].proof = falseProof(claims[which], bound(error, 1, R - 1));
        expectInvalidProof();
        distributor.claimBatch(1, claims);
    }

    function test_proofs_of_a_batch_cannot_be_swapped() public {
        IDistributor.Claim[] memory claims = someClaims(2);
        (claims[0].proof, claims[1].proof) = (claims[1].proof, claims[0].proof);
        expectInvalidProof();
        distributor.claimBatch(1, claims);
    }

    /// @dev The errors cancel for the coefficients 3 and 5. Each statement alone is
    /// false (CLAIM-6).
    function test_two_false_statements_pass_with_known_coefficients_and_fail_here() public {
        IDistributor.Claim[] memory claims = someClaims(2);
        uint256[] memory known = new uint256[](2);
        (known[0], known[1]) = (3, 5);
        claims[0].proof = falseProof(claims[0], known[1]);
        claims[1].proof = falseProof(claims[1], R - known[0]);

        assertTrue(holdsWith(claims, known));
        expectInvalidProof();
        distributor.claimBatch(1, claims);
        for (uint256 i = 0; i < 2; ++i) {
            IDistributor.Claim memory one = claims[i];
            expectInvalidProof();
            distributor.claim(1, one.nullifierHash, one.recipient, address(0), 0, one.proof);
        }
    }

    /// @dev The forger computes the coefficients of a first try; with the proofs that cancel for
    /// them, the transcript is another.
    function test_coefficients_computed_before_the_proofs_are_worth_nothing() public {
        IDistributor.Claim[] memory claims = someClaims(2);
        uint256[] memory before = coefficientsOf(claims);
        claims[0].proof = falseProof(claims[0], before[1]);
        claims[1].proof = falseProof(claims[1], R - before[0]);
        assertTrue(holdsWith(claims, before));
        assertFalse(holdsWith(claims, coefficientsOf(claims)));
        expectInvalidProof();
        distributor.claimBatch(1, claims);
    }

    function test_an_alias_of_a_nullifier_is_refused() public {
        distributor.claimBatch(1, someClaims(1));
        IDistributor.Claim[] memory claims = manyClaims(1, 3);
        // All the precompiles see is the residue, and the proof holds for it.
        claims[1] = claimFor(1, 1 + R, person(0));
        vm.expectRevert(
            abi.encodeWithSelector(IDistributor.Distributor_NullifierOutOfField.selector, 1 + R)
        );
        distributor.claimBatch(1, claims);
        claims[1].nullifierHash = type(uint256).max;
        vm.expectRevert(
            abi.encodeWithSelector(
                IDistributor.Distributor_NullifierOutOfField.selector, type(uint256).max
            )
        );
        distributor.claimBatch(1, claims);
    }

    function test_a_recipient_that_would_lose_the_money_is_refused() public {
        IDistributor.Claim[] memory claims = someClaims(2);
        claims[1] = claimFor(1, 2, address(token));
        vm.expectRevert(
            abi.encodeWithSelector(
                IDistributor.Distributor_InvalidRecipient.selector, address(token)
            )
        );
        distributor.claimBatch(1, claims);
        claims[1] = claimFor(1, 2, person(1), DISTRIBUTOR, 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IDistributor.Distributor_InvalidFeeRecipient.selector, DISTRIBUTOR
            )
        );
        distributor.claimBatch(1, claims);
    }

    function test_a_fee_above_the_amount_is_skipped_at_every_place() public {
        for (uint256 i = 0; i < 3; ++i) {
            uint256 snapshot = vm.snapshotState();
            IDistributor.Claim[] memory claims = someClaims(3);
            uint256 nullifierHash = claims[i].nullifierHash;
            claims[i] = claimFor(1, nullifierHash, person(1), relay, PER_PERSON + 1);
            vm.expectEmit(true, true, false, false, DISTRIBUTOR);
            emit IDistributor.ClaimSkipped(
                1, nullifierHash, IDistributor.SkipReason.FeeAboveAmount, 0
            );
            distributor.claimBatch(1, claims);
            assertEq(distributor.epochState(1).claimed, 2);
            assertFalse(distributor.isSpent(1, nullifierHash));
            assertEq(token.balanceOf(relay), 0);
            vm.revertToState(snapshot);
        }
    }

    function test_a_fee_above_the_amount_hides_no_false_proof() public {
        IDistributor.Claim[] memory claims = someClaims(3);
        claims[0] = claimFor(1, claims[0].nullifierHash, person(1), relay, PER_PERSON + 1);
        claims[2].recipient = relay;
        vm.expectRevert(IDistributor.Distributor_InvalidProof.selector);
        distributor.claimBatch(1, claims);
    }

    /// @dev The upper bits of an address do not reach the hash of the signal.
    function test_an_address_with_more_than_160_bits_is_refused() public {
        bytes memory data = abi.encodeCall(IDistributor.claimBatch, (1, someClaims(2)));
        (bool sent,) = DISTRIBUTOR.call(data);
        assertTrue(sent);
        data = abi.encodeCall(IDistributor.claimBatch, (1, manyClaims(2, 2)));
        // Selector, epoch, offset, length, nullifier hash: then the recipient's first byte.
        data[4 + 4 * 32] = 0x01;
        (sent,) = DISTRIBUTOR.call(data);
        assertFalse(sent);
    }

    // Points

    function test_a_coordinate_outside_the_base_field_is_refused() public {
        for (uint256 i = 0; i < 16; ++i) {
            IDistributor.Claim[] memory claims = someClaims(2);
            claims[i / 8].proof[i % 8] += P;
            expectInvalidProofWithin(2_000_000, claims);
        }
        for (uint256 i = 0; i < 8; ++i) {
            IDistributor.Claim[] memory claims = someClaims(1);
            claims[0].proof[i] += P;
            expectInvalidProofWithin(2_000_000, claims);
        }
    }

    function test_a_point_off_the_curve_is_refused() public {
        for (uint256 i = 0; i < 16; ++i) {
            IDistributor.Claim[] memory claims = someClaims(2);
            claims[i / 8].proof[i % 8] = addmod(claims[i / 8].proof[i % 8], 1, P);
            expectInvalidProofWithin(2_000_000, claims);
        }
    }

    /// @dev The point with x = 1 is on the twist; r times it is not the point at infinity.
    function test_a_point_outside_the_subgroup_is_refused() public {
        for (uint256 i = 0; i < 2; ++i) {
            IDistributor.Claim[] memory claims = someClaims(2);
            uint256[8] memory proof = claims[i].proof;
            (proof[2], proof[3]) = (0, 1);
            proof[4] = 0x0d1271953ed9ea0836846e70a1934187998c7f790cb4d7511b7f8da82de048a4;
            proof[5] = 0x2869111d5381f072f8e2728fdb825a51aadd70e52c9830e9ab4b871c0531f1bb;
            expectInvalidProofWithin(2_000_000, claims);
        }
    }

    function test_points_at_infinity_are_refused() public {
        for (uint256 i = 0; i < 6; ++i) {
            IDistributor.Claim[] memory claims = someClaims(2);
            uint256[8] memory proof = claims[i / 3].proof;
            if (i % 3 == 0) (proof[0], proof[1]) = (0, 0);
            if (i % 3 == 1) (proof[2], proof[3], proof[4], proof[5]) = (0, 0, 0, 0);
            if (i % 3 == 2) (proof[6], proof[7]) = (0, 0);
            expectInvalidProof();
            distributor.claimBatch(1, claims);
        }
    }

    // Helpers

    function person(uint256 i) private pure returns (address) {
        // forge-lint: disable-next-line(unsafe-typecast)
        return address(uint160(0xbeef0000 + i)); // The tests count to hundreds.
    }

    /// @dev Claims of epoch 1 with the nullifier hashes 1 to `size`.
    function someClaims(uint256 size) private view returns (IDistributor.Claim[] memory) {
        return manyClaims(0, size);
    }

    function manyClaims(uint256 first, uint256 size)
        private
        view
        returns (IDistributor.Claim[] memory claims)
    {
        claims = new IDistributor.Claim[](size);
        for (uint256 i = 0; i < size; ++i) {
            claims[i] = claimFor(1, first + i + 1, person(first + i));
        }
    }

    function falseProof(IDistributor.Claim memory one, uint256 error)
        private
        view
        returns (uint256[8] memory)
    {
        (uint256 root,) = registry.checkpointBefore(1);
        uint256 signal = signalOf(one);
        return key.falseProofOf(
            [root, one.nullifierHash, signal, distributor.externalNullifier(1)], error
        );
    }

    function signalOf(IDistributor.Claim memory one) private view returns (uint256) {
        return distributor.signalHash(one.recipient, one.feeRecipient, one.fee);
    }

    /// @dev Returns whether the claims of epoch 1 pass if the caller chooses the coefficients.
    function holdsWith(IDistributor.Claim[] memory claims, uint256[] memory coefficients)
        private
        returns (bool)
    {
        ChosenCoefficients careless = new ChosenCoefficients(key);
        (uint256 root,) = registry.checkpointBefore(1);
        uint256[] memory signals = new uint256[](claims.length);
        for (uint256 i = 0; i < claims.length; ++i) {
            signals[i] = signalOf(claims[i]);
        }
        return careless.holds(root, distributor.externalNullifier(1), claims, signals, coefficients);
    }

    /// @dev As the interface says it, without a line of the contract.
    function seedOf(uint256 epoch, IDistributor.Claim[] memory claims)
        private
        view
        returns (uint256)
    {
        (uint256 root,) = registry.checkpointBefore(epoch);
        return uint256(
            keccak256(
                abi.encode("annona.batch.v1", block.chainid, DISTRIBUTOR, epoch, root, claims)
            )
        );
    }

    function coefficientsOf(IDistributor.Claim[] memory claims)
        private
        view
        returns (uint256[] memory result)
    {
        result = new uint256[](claims.length);
        for (uint256 i = 0; i < claims.length; ++i) {
            result[i] = i == 0 ? 1 : uint256(keccak256(abi.encode(seedOf(1, claims), i))) % R;
        }
    }

    /// @dev Of the first claim paid.
    function batchIdOf(Vm.Log[] memory logs) private pure returns (uint256 batchId) {
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].topics[0] == IDistributor.Claimed.selector) {
                (, batchId) = abi.decode(logs[i].data, (uint256, uint256));
                return batchId;
            }
        }
    }

    function expectSkipped(
        IDistributor.Claim[] memory claims,
        uint256 which,
        IDistributor.SkipReason reason
    ) private {
        uint256 batchId = seedOf(1, claims);
        vm.expectEmit(DISTRIBUTOR);
        emit IDistributor.ClaimSkipped(1, claims[which].nullifierHash, reason, batchId);
    }

    function expectInvalidProof() private {
        vm.expectRevert(IDistributor.Distributor_InvalidProof.selector);
    }

    /// @dev A precompile that fails burns all it was given.
    function expectInvalidProofWithin(uint256 gas, IDistributor.Claim[] memory claims) private {
        expectInvalidProof();
        distributor.claimBatch{gas: gas}(1, claims);
    }
}
