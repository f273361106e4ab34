// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {BatchFixture} from "../support/BatchFixture.sol";

/// @title What joining and leaving cost a person, in gas of the whole transaction
/// @dev Calldata with its floor price (EIP-7623) and base cost are included; each call of a test
/// is a transaction of its own here, so that nothing is warm. The figures are kept in
/// `snapshots/BatchGasTest.json`, and a run that gives others fails. They are for a batch that is
/// not the first of its epoch, which writes a checkpoint besides.
contract BatchGasTest is BatchFixture {
    function setUp() public {
        deployReal();
    }

    /// forge-config: default.isolate = true
    function test_joining_in_a_batch_of_16_costs_at_most_20_000() public {
        appendReal(readAppend("full16"));
        assertLe(gasPerPerson("append 16", 16), 20_000);
    }

    /// forge-config: default.isolate = true
    function test_joining_in_a_batch_of_256_costs_at_most_2_300() public {
        appendReal(readLongAppend("full256", 256));
        assertLe(gasPerPerson("append 256", 256), 2300);
    }

    /// forge-config: default.isolate = true
    function test_joining_in_a_batch_of_1024_costs_at_most_1_500() public {
        appendReal(readLongAppend("full1024", 1024));
        assertLe(gasPerPerson("append 1024", 1024), 1500);
    }

    /// forge-config: default.isolate = true
    function test_leaving_in_a_batch_of_8() public {
        appendReal(readLongAppend("full256", 256));
        revokeReal(readRevocation("full8"));
        gasPerPerson("revoke 8", 8);
    }

    /// forge-config: default.isolate = true
    function test_leaving_in_a_batch_of_32() public {
        appendReal(readLongAppend("full256", 256));
        revokeReal(readRevocation("full32"));
        gasPerPerson("revoke 32", 32);
    }

    /// forge-config: default.isolate = true
    function test_the_first_batch_of_an_epoch_pays_for_its_checkpoint() public {
        appendReal(readAppend("joined"));
        warpToEpoch(1);
        revokeReal(readRevocation("revoked"));
        gasPerPerson("first batch of an epoch, revoke 1 of 8", 1);
    }

    function gasPerPerson(string memory batch, uint256 persons) private returns (uint256 gas) {
        gas = vm.lastCallGas().gasTotalUsed / persons;
        vm.snapshotValue(batch, gas);
    }
}
