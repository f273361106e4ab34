// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {SemaphoreVerifier} from "../../src/generated/SemaphoreVerifier.sol";
import {IDistributor} from "../../src/interfaces/IDistributor.sol";
import {ClaimFixture} from "../support/ClaimFixture.sol";
import {Deployment} from "../support/Deployment.sol";

/// @title What a claim costs, in gas of the whole transaction, with real proofs
/// @dev Calldata and base cost are included; each call of a test is a transaction of its own here,
/// so that nothing is warm. The figures are kept in `snapshots/ClaimGasTest.json`, and a run that
/// gives others fails. The epoch was opened before, and its money is not used up.
contract ClaimGasTest is Deployment, ClaimFixture {
    function setUp() public {
        deploy(new SemaphoreVerifier());
        uint256[] memory leaves = new uint256[](readBatchMembers());
        for (uint256 i = 0; i < leaves.length; ++i) {
            leaves[i] = i + 1;
        }
        append(leaves, readBatchRoot());
        warpToEpoch(1);
        distributor.openEpoch(1);
    }

    /// forge-config: default.isolate = true
    function test_a_single_claim_costs_at_most_297_500() public {
        assertLe(singleGas("single, new holder"), 297_500);
    }

    /// forge-config: default.isolate = true
    function test_a_single_claim_of_an_existing_holder_costs_at_most_280_500() public {
        makeHolders(1);
        assertLe(singleGas("single, existing holder"), 280_500);
    }

    /// forge-config: default.isolate = true
    function test_a_claim_in_a_batch_of_8_costs_at_most_130_500() public {
        assertLe(batchGas("batch of 8, new holders", 8), 130_500);
    }

    /// forge-config: default.isolate = true
    function test_a_claim_of_an_existing_holder_in_a_batch_of_8_costs_at_most_113_500() public {
        makeHolders(8);
        assertLe(batchGas("batch of 8, existing holders", 8), 113_500);
    }

    /// forge-config: default.isolate = true
    function test_a_claim_in_a_batch_of_32_costs_at_most_110_000() public {
        assertLe(batchGas("batch of 32, new holders", 32), 110_000);
    }

    /// forge-config: default.isolate = true
    function test_a_claim_of_an_existing_holder_in_a_batch_of_32_costs_at_most_92_000() public {
        makeHolders(32);
        assertLe(batchGas("batch of 32, existing holders", 32), 92_000);
    }

    /// forge-config: default.isolate = true
    function test_a_claim_in_a_batch_of_128_costs_at_most_104_000() public {
        assertLe(batchGas("batch of 128, new holders", 128), 104_000);
    }

    /// forge-config: default.isolate = true
    function test_a_claim_of_an_existing_holder_in_a_batch_of_128_costs_at_most_87_000() public {
        makeHolders(128);
        assertLe(batchGas("batch of 128, existing holders", 128), 87_000);
    }

    /// forge-config: default.isolate = true
    function test_opening_an_epoch_is_paid_once() public {
        warpToEpoch(2);
        distributor.openEpoch(2);
        vm.snapshotValue("opening an epoch", vm.lastCallGas().gasTotalUsed);
    }

    function singleGas(string memory name) private returns (uint256 gas) {
        IDistributor.Claim memory one = readBatch(1)[0];
        distributor.claim(1, one.nullifierHash, one.recipient, one.feeRecipient, one.fee, one.proof);
        gas = vm.lastCallGas().gasTotalUsed;
        vm.snapshotValue(name, gas);
    }

    /// @dev For each claim, rounded up.
    function batchGas(string memory name, uint256 size) private returns (uint256 gas) {
        distributor.claimBatch(1, readBatch(size));
        gas = (vm.lastCallGas().gasTotalUsed + size - 1) / size;
        assertEq(distributor.epochState(1).claimed, size);
        vm.snapshotValue(name, gas);
    }

    /// @dev Gives the first recipients a token each.
    function makeHolders(uint256 count) private {
        IDistributor.Claim[] memory claims = readBatch(count);
        for (uint256 i = 0; i < count; ++i) {
            deal(address(token), claims[i].recipient, 1);
        }
    }
}
