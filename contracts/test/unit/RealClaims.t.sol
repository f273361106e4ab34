// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {SemaphoreVerifier} from "../../src/generated/SemaphoreVerifier.sol";
import {IDistributor} from "../../src/interfaces/IDistributor.sol";
import {Bn254} from "../../src/libraries/Bn254.sol";
import {ClaimFixture} from "../support/ClaimFixture.sol";
import {Deployment} from "../support/Deployment.sol";

/// @title Claims with real proofs, the real verifier and the real tree of two persons
contract RealClaimsTest is Deployment, ClaimFixture {
    uint256 private constant P = Bn254.BASE_FIELD;

    function setUp() public {
        deploy(new SemaphoreVerifier());
        appendPerson(0);
        warpToEpoch(1);
    }

    /// @dev Tests CLAIM-14.
    function test_a_real_claim_is_paid() public {
        RealClaim memory real = readClaim("single");
        distributor.openEpoch(1);
        vm.expectEmit(DISTRIBUTOR);
        emit IDistributor.Claimed(1, real.nullifierHash, real.recipient, PER_PERSON, 0);
        send(real);
        assertEq(token.balanceOf(real.recipient), PER_PERSON);
        assertEq(token.balanceOf(DISTRIBUTOR), 0);
        assertTrue(distributor.isSpent(1, real.nullifierHash));
    }

    function test_the_contract_hashes_as_the_reference_does() public view {
        string[3] memory names = ["single", "withFee", "nextEpoch"];
        for (uint256 i = 0; i < names.length; ++i) {
            RealClaim memory real = readClaim(names[i]);
            assertEq(distributor.externalNullifier(real.epoch), real.externalNullifier);
            uint256 signal = distributor.signalHash(real.recipient, real.feeRecipient, real.fee);
            assertEq(signal, real.signalHash);
        }
    }

    function test_a_real_claim_with_a_fee_pays_both() public {
        RealClaim memory real = readClaim("withFee");
        distributor.openEpoch(1);
        vm.expectEmit(DISTRIBUTOR);
        emit IDistributor.FeePaid(1, real.nullifierHash, real.feeRecipient, real.fee);
        send(real);
        assertEq(token.balanceOf(real.recipient), PER_PERSON - real.fee);
        assertEq(token.balanceOf(real.feeRecipient), real.fee);
    }

    function test_one_person_is_not_paid_twice_with_another_signal() public {
        send(readClaim("single"));
        RealClaim memory again = readClaim("withFee");
        vm.expectRevert(
            abi.encodeWithSelector(
                IDistributor.Distributor_NullifierSpent.selector, 1, again.nullifierHash
            )
        );
        send(again);
    }

    function test_one_person_is_paid_again_in_the_next_epoch() public {
        RealClaim memory first = readClaim("single");
        send(first);
        appendPerson(1);
        warpToEpoch(2);
        RealClaim memory second = readClaim("nextEpoch");
        assertNotEq(first.nullifierHash, second.nullifierHash);
        send(second);
        send(readClaim("secondPerson"));
        assertEq(token.balanceOf(first.recipient), 3 * PER_PERSON);
    }

    function test_a_proof_for_one_epoch_is_worth_nothing_in_another() public {
        appendPerson(1);
        warpToEpoch(2);
        RealClaim memory real = readClaim("nextEpoch");
        real.epoch = 1;
        vm.expectRevert(IDistributor.Distributor_InvalidProof.selector);
        send(real);
    }

    /// @dev The second person joins in epoch 1: in R_2, not in R_1, though the registry's newest
    /// root has both.
    function test_a_newcomer_is_not_paid_for_the_epoch_of_joining() public {
        appendPerson(1);
        RealClaim memory early = readClaim("olderRoot");
        assertEq(registry.currentRoot(), early.root);
        vm.expectRevert(IDistributor.Distributor_InvalidProof.selector);
        send(early);

        warpToEpoch(2);
        vm.expectRevert(IDistributor.Distributor_InvalidProof.selector);
        send(early);
    }

    /// @dev Tests CLAIM-1.
    function testFuzz_another_recipient_is_refused(address recipient) public {
        RealClaim memory real = readClaim("withFee");
        vm.assume(recipient != real.recipient && recipient != address(0));
        vm.assume(recipient != DISTRIBUTOR && recipient != address(token));
        real.recipient = recipient;
        vm.expectRevert(IDistributor.Distributor_InvalidProof.selector);
        send(real);
    }

    function testFuzz_another_fee_recipient_is_refused(address feeRecipient) public {
        RealClaim memory real = readClaim("withFee");
        vm.assume(feeRecipient != real.feeRecipient && feeRecipient != address(0));
        vm.assume(feeRecipient != DISTRIBUTOR && feeRecipient != address(token));
        real.feeRecipient = feeRecipient;
        vm.expectRevert(IDistributor.Distributor_InvalidProof.selector);
        send(real);
    }

    function testFuzz_another_fee_is_refused(uint256 fee) public {
        RealClaim memory real = readClaim("withFee");
        fee = bound(fee, 0, PER_PERSON);
        vm.assume(fee != real.fee);
        real.fee = fee;
        vm.expectRevert(IDistributor.Distributor_InvalidProof.selector);
        send(real);
    }

    function testFuzz_another_nullifier_is_refused(uint256 nullifierHash) public {
        RealClaim memory real = readClaim("single");
        nullifierHash = bound(nullifierHash, 0, R - 1);
        vm.assume(nullifierHash != real.nullifierHash);
        real.nullifierHash = nullifierHash;
        vm.expectRevert(IDistributor.Distributor_InvalidProof.selector);
        send(real);
    }

    function test_a_paid_nullifier_cannot_come_back_under_an_alias() public {
        RealClaim memory real = readClaim("single");
        send(real);
        for (uint256 i = 1; i <= 4; ++i) {
            real.nullifierHash += R;
            vm.expectRevert(
                abi.encodeWithSelector(
                    IDistributor.Distributor_NullifierOutOfField.selector, real.nullifierHash
                )
            );
            send(real);
        }
    }

    function test_a_proof_is_worth_nothing_on_another_chain() public {
        vm.chainId(1);
        vm.expectRevert(IDistributor.Distributor_InvalidProof.selector);
        this.send(readClaim("single"));
    }

    function test_a_malformed_proof_is_refused_within_the_gas_of_a_claim() public {
        RealClaim memory real = readClaim("single");
        distributor.openEpoch(1);
        real.proof[0] ^= 1;
        vm.expectRevert(IDistributor.Distributor_InvalidProof.selector);
        this.send{gas: 600_000}(real);
    }

    function test_an_alias_of_a_coordinate_is_refused() public {
        for (uint256 i = 0; i < 8; ++i) {
            RealClaim memory real = readClaim("single");
            real.proof[i] += P;
            expectInvalid(real);
        }
        // The one coordinate that the contract negates: p - y wraps around to the same residue.
        RealClaim memory wrapped = readClaim("single");
        wrapped.proof[7] = addmod(wrapped.proof[7], type(uint256).max % P + 1, P) + P;
        expectInvalid(wrapped);
    }

    /// @dev Alone, and as the first of a batch. A precompile that fails burns all it was given.
    function expectInvalid(RealClaim memory real) private {
        vm.expectRevert(IDistributor.Distributor_InvalidProof.selector);
        this.send{gas: 600_000}(real);
        IDistributor.Claim[] memory batch = new IDistributor.Claim[](1);
        batch[0] = IDistributor.Claim(
            real.nullifierHash, real.recipient, real.feeRecipient, real.fee, real.proof
        );
        vm.expectRevert(IDistributor.Distributor_InvalidProof.selector);
        distributor.claimBatch{gas: 600_000}(real.epoch, batch);
    }

    function send(RealClaim memory real) public {
        distributor.claim(
            real.epoch, real.nullifierHash, real.recipient, real.feeRecipient, real.fee, real.proof
        );
    }

    function appendPerson(uint256 person) private {
        uint256[] memory leaves = new uint256[](1);
        leaves[0] = readCommitments()[person];
        append(leaves, readRoots()[person]);
    }
}
