// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {SemaphoreVerifier} from "../../src/generated/SemaphoreVerifier.sol";
import {Distributor} from "../../src/Distributor.sol";
import {PooledIncome} from "../../src/PooledIncome.sol";
import {IDistributor} from "../../src/interfaces/IDistributor.sol";
import {Bn254} from "../../src/libraries/Bn254.sol";
import {ClaimFixture} from "../support/ClaimFixture.sol";
import {Deployment} from "../support/Deployment.sol";

/// @title Batches of claims with real proofs of 128 persons under the ceremony's key
contract RealClaimBatchTest is Deployment, ClaimFixture {
    uint256 private constant P = Bn254.BASE_FIELD;
    uint256 private constant OTHER_ROOT = 4711;

    function setUp() public {
        deploy(new SemaphoreVerifier());
        join(readBatchRoot());
        warpToEpoch(1);
    }

    function test_128_real_claims_are_paid_in_one_transaction() public {
        IDistributor.Claim[] memory claims = readBatch(128);
        distributor.claimBatch(1, claims);
        for (uint256 i = 0; i < 128; ++i) {
            assertEq(token.balanceOf(claims[i].recipient), PER_PERSON);
            assertTrue(distributor.isSpent(1, claims[i].nullifierHash));
        }
        assertEq(distributor.epochState(1).claimed, 128);
    }

    function test_each_of_them_is_paid_alone_as_well() public {
        IDistributor.Claim[] memory claims = readBatch(5);
        for (uint256 i = 0; i < 5; ++i) {
            IDistributor.Claim memory one = claims[i];
            distributor.claim(
                1, one.nullifierHash, one.recipient, one.feeRecipient, one.fee, one.proof
            );
            assertEq(token.balanceOf(one.recipient), PER_PERSON);
        }
    }

    function test_a_batch_of_one_is_paid() public {
        distributor.claimBatch(1, readBatch(1));
        assertEq(distributor.epochState(1).claimed, 1);
    }

    function test_a_proof_of_another_epoch_is_refused() public {
        warpToEpoch(2);
        expectInvalidProof();
        this.sendBatch(2, readBatch(4));
    }

    function test_a_proof_of_another_chain_is_refused() public {
        vm.chainId(1);
        expectInvalidProof();
        this.sendBatch(1, readBatch(4));
    }

    /// @dev The same code, registry and source at another address.
    function test_a_proof_for_another_distributor_is_refused() public {
        address other = 0x000000000000000000000000000000000a220A02;
        PooledIncome otherSource = new PooledIncome(token, other, address(timelock), 1_000_000);
        deployCodeTo(
            "Distributor.sol:Distributor",
            abi.encode(
                registry,
                distributor.verifier(),
                otherSource,
                token,
                CLAIM_WINDOW,
                PER_PERSON_CAP,
                address(timelock),
                pauser
            ),
            other
        );
        deal(address(token), address(otherSource), SUPPLY_CAP);
        Distributor(other).openEpoch(1);
        expectInvalidProof();
        Distributor(other).claimBatch(1, readBatch(4));
    }

    function test_a_proof_of_another_root_is_refused() public {
        vm.warp(block.timestamp - 1);
        join(OTHER_ROOT);
        warpToEpoch(1);
        expectInvalidProof();
        this.sendBatch(1, readBatch(4));
    }

    function test_a_proof_for_another_recipient_is_refused() public {
        IDistributor.Claim[] memory claims = readBatch(4);
        claims[3].recipient = stranger;
        expectInvalidProof();
        distributor.claimBatch(1, claims);
    }

    function test_a_proof_for_another_fee_recipient_or_fee_is_refused() public {
        IDistributor.Claim[] memory claims = readBatch(4);
        claims[0].feeRecipient = stranger;
        expectInvalidProof();
        distributor.claimBatch(1, claims);
        claims[0].fee = 1;
        expectInvalidProof();
        distributor.claimBatch(1, claims);
    }

    function test_a_real_proof_with_its_point_negated_is_refused() public {
        for (uint256 i = 1; i < 8; i += 6) {
            IDistributor.Claim[] memory claims = readBatch(3);
            claims[2].proof[i] = P - claims[2].proof[i];
            expectInvalidProof();
            distributor.claimBatch(1, claims);
        }
    }

    function sendBatch(uint256 epoch, IDistributor.Claim[] memory claims) public {
        distributor.claimBatch(epoch, claims);
    }

    /// @dev Appends as many made-up leaves as the real tree has; no contract hashes the tree.
    function join(uint256 root) private {
        uint256[] memory leaves = new uint256[](readBatchMembers());
        for (uint256 i = 0; i < leaves.length; ++i) {
            leaves[i] = registry.nextIndex() + i + 1;
        }
        append(leaves, root);
    }

    function expectInvalidProof() private {
        vm.expectRevert(IDistributor.Distributor_InvalidProof.selector);
    }
}
