// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {SemaphoreVerifier} from "../../src/generated/SemaphoreVerifier.sol";
import {ClaimFixture} from "../support/ClaimFixture.sol";
import {Deployment} from "../support/Deployment.sol";

/// @title What a claim costs as a whole transaction, calldata and base cost included
/// @dev Each call of a test is a transaction of its own here, so that nothing is warm.
contract GasTest is Deployment, ClaimFixture {
    uint256 private constant NEW_HOLDER_LIMIT = 311_000;
    uint256 private constant EXISTING_HOLDER_LIMIT = 294_000;

    function setUp() public {
        deploy(new SemaphoreVerifier());
        append(readCommitments(), readRoots()[1]);
        warpToEpoch(2);
    }

    /// forge-config: default.isolate = true
    function test_a_claim_of_a_new_holder_stays_below_the_limit() public {
        distributor.openEpoch(2);
        uint256 gas = claimGas(readClaim("nextEpoch"));
        emit log_named_uint("gas of a claim, new holder", gas);
        assertLe(gas, NEW_HOLDER_LIMIT);
    }

    /// forge-config: default.isolate = true
    function test_a_claim_of_an_existing_holder_stays_below_the_limit() public {
        distributor.openEpoch(2);
        RealClaim memory real = readClaim("nextEpoch");
        deal(address(token), real.recipient, 1);
        uint256 gas = claimGas(real);
        emit log_named_uint("gas of a claim, existing holder", gas);
        assertLe(gas, EXISTING_HOLDER_LIMIT);
    }

    /// forge-config: default.isolate = true
    function test_the_claim_that_opens_an_epoch_pays_for_the_opening() public {
        emit log_named_uint("gas of the first claim", claimGas(readClaim("nextEpoch")));
        assertEq(distributor.epochState(2).claimed, 1);
    }

    function claimGas(RealClaim memory real) private returns (uint256) {
        distributor.claim(
            real.epoch, real.nullifierHash, real.recipient, real.feeRecipient, real.fee, real.proof
        );
        return vm.lastCallGas().gasTotalUsed;
    }
}
