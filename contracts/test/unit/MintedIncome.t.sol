// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {AnnonaToken} from "../../src/AnnonaToken.sol";
import {MintedIncome} from "../../src/MintedIncome.sol";
import {IIncomeSource} from "../../src/interfaces/IIncomeSource.sol";
import {IMintedIncome} from "../../src/interfaces/IMintedIncome.sol";
import {Deployment} from "../support/Deployment.sol";

contract MintedIncomeTest is Deployment {
    function setUp() public {
        deployKnown();
    }

    function test_an_empty_treasury_issues_the_whole_budget() public {
        vm.expectEmit(address(source));
        emit IIncomeSource.EpochFunded(1, 3, 0, 3 * PER_PERSON);
        assertEq(fund(1, 3), 3 * PER_PERSON);
        assertEq(token.balanceOf(DISTRIBUTOR), 3 * PER_PERSON);
        assertEq(token.totalSupply(), 3 * PER_PERSON);
    }

    function test_returned_money_is_used_before_new_money_is_issued() public {
        returnMoney(2 * PER_PERSON + 1);
        uint256 supply = token.totalSupply();
        vm.expectEmit(address(source));
        emit IIncomeSource.EpochFunded(2, 3, 2 * PER_PERSON + 1, PER_PERSON - 1);
        assertEq(fund(2, 3), 3 * PER_PERSON);
        assertEq(token.totalSupply(), supply + PER_PERSON - 1);
        assertEq(token.balanceOf(address(source)), 0);
    }

    function test_a_full_treasury_issues_nothing() public {
        returnMoney(5 * PER_PERSON);
        uint256 supply = token.totalSupply();
        assertEq(fund(2, 3), 3 * PER_PERSON);
        assertEq(token.totalSupply(), supply);
        assertEq(token.balanceOf(address(source)), 2 * PER_PERSON);
    }

    function test_the_cap_limits_the_budget_and_then_there_is_none() public {
        assertEq(fund(1, SUPPLY_CAP / PER_PERSON - 1), SUPPLY_CAP - PER_PERSON);
        assertEq(fund(2, 2), PER_PERSON);
        assertEq(fund(3, 2), 0);
        assertEq(token.totalSupply(), SUPPLY_CAP);
    }

    function testFuzz_the_budget_is_what_was_sent(uint256 perPerson, uint256 n, uint256 held)
        public
    {
        n = bound(n, 1, 2 ** 30);
        held = bound(held, 0, SUPPLY_CAP);
        returnMoney(held);
        setPerPerson(perPerson);
        uint256 before = token.balanceOf(DISTRIBUTOR);
        uint256 budget = fund(1, n);
        assertEq(token.balanceOf(DISTRIBUTOR) - before, budget);
        assertLe(token.totalSupply(), SUPPLY_CAP);
        assertLe(budget / n, perPerson);
    }

    function test_only_the_distributor_takes_money() public {
        vm.expectRevert(
            abi.encodeWithSelector(
                IMintedIncome.MintedIncome_NotDistributor.selector, address(timelock)
            )
        );
        vm.prank(address(timelock));
        source.fund(1, 3);
    }

    function test_the_timelock_sets_the_income() public {
        vm.expectEmit(address(source));
        emit IMintedIncome.PerPersonChanged(PER_PERSON, 3);
        setPerPerson(3);
        assertEq(source.perPerson(), 3);
        assertEq(fund(1, 5), 15);
    }

    function test_nobody_else_sets_the_income() public {
        vm.expectRevert(
            abi.encodeWithSelector(
                IAccessControl.AccessControlUnauthorizedAccount.selector, address(this), bytes32(0)
            )
        );
        source.setPerPerson(3);
    }

    function test_a_token_that_cannot_be_issued_is_refused() public {
        AnnonaToken other = new AnnonaToken(1000, stranger);
        vm.expectRevert(
            abi.encodeWithSelector(IMintedIncome.MintedIncome_NotMinter.selector, stranger)
        );
        new MintedIncome(other, DISTRIBUTOR, address(timelock), 1);
    }

    function test_zero_addresses_are_refused() public {
        vm.expectRevert(IMintedIncome.MintedIncome_ZeroAddress.selector);
        new MintedIncome(token, address(0), address(timelock), 1);
        vm.expectRevert(IMintedIncome.MintedIncome_ZeroAddress.selector);
        new MintedIncome(token, DISTRIBUTOR, address(0), 1);
    }

    function fund(uint256 epoch, uint256 memberCount) private returns (uint256) {
        vm.prank(DISTRIBUTOR);
        return source.fund(epoch, memberCount);
    }

    function returnMoney(uint256 amount) private {
        vm.prank(address(source));
        token.mint(address(source), amount);
    }

    function setPerPerson(uint256 perPerson) private {
        vm.prank(address(timelock));
        source.setPerPerson(perPerson);
    }
}
