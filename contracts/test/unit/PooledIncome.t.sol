// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {PooledIncome} from "../../src/PooledIncome.sol";
import {IDistributor} from "../../src/interfaces/IDistributor.sol";
import {IIncomeSource} from "../../src/interfaces/IIncomeSource.sol";
import {IPooledIncome} from "../../src/interfaces/IPooledIncome.sol";
import {Deployment} from "../support/Deployment.sol";

contract PooledIncomeTest is Deployment {
    uint256 private constant TENTH = 100_000;

    PooledIncome private pool;

    function setUp() public {
        deployKnown();
        pool = new PooledIncome(token, DISTRIBUTOR, address(timelock), TENTH);
        deployDistributor(key, pool, token);
        enrol(3);
        warpToEpoch(1);
    }

    function test_an_epoch_gets_its_share_of_the_pool() public {
        deposit(100e18);
        vm.expectEmit(address(pool));
        emit IIncomeSource.EpochFunded(1, 3, 10e18, 0);
        distributor.openEpoch(1);
        assertEq(distributor.epochState(1).budget, 10e18);
        assertEq(distributor.epochState(1).amount, uint256(10e18) / 3);
    }

    function test_the_share_is_rounded_down_and_what_does_not_divide_returns() public {
        deposit(109);
        distributor.openEpoch(1);
        // A tenth of 109 is 10; 3 for each of 3, and 1 goes back.
        assertEq(distributor.epochState(1).budget, 10);
        assertEq(token.balanceOf(DISTRIBUTOR), 9);
        assertEq(token.balanceOf(address(pool)), 100);
    }

    function test_a_pool_too_small_for_everybody_opens_no_epoch() public {
        deposit(29);
        vm.expectRevert();
        distributor.openEpoch(1);
        deposit(1);
        distributor.openEpoch(1);
        assertEq(distributor.epochState(1).amount, 1);
    }

    function test_a_later_epoch_gets_a_share_of_what_is_left() public {
        deposit(100e18);
        distributor.openEpoch(1);
        warpToEpoch(2);
        distributor.openEpoch(2);
        assertApproxEqAbs(distributor.epochState(2).budget, 9e18, 3);
    }

    /// @dev Whoever opens an earlier epoch first decides the amount, after a batch was sent.
    function test_a_fee_that_became_too_high_stops_no_batch() public {
        deposit(90e18);
        warpToEpoch(2);
        (address member, address relay) = (makeAddr("member"), makeAddr("relay"));
        IDistributor.Claim[] memory claims = new IDistributor.Claim[](3);
        for (uint256 i = 0; i < 2; ++i) {
            claims[i] = claimFor(2, 100 + i, member);
        }
        claims[2] = claimFor(2, 102, member, relay, 3e18);
        distributor.openEpoch(1);
        distributor.claimBatch(2, claims);
        assertEq(distributor.epochState(2).claimed, 2);
        assertFalse(distributor.isSpent(2, 102));
        assertEq(token.balanceOf(member), 2 * distributor.epochState(2).amount);
        assertEq(token.balanceOf(relay), 0);
    }

    function test_what_nobody_claimed_returns_to_the_pool() public {
        deposit(90e18);
        claimIn(1, 7);
        assertEq(token.balanceOf(address(this)), 3e18);
        warpToEpoch(1 + CLAIM_WINDOW);
        distributor.closeEpoch(1);
        assertEq(token.balanceOf(DISTRIBUTOR), 0);
        assertEq(token.balanceOf(address(pool)), 87e18);
        claimIn(1 + CLAIM_WINDOW, 7);
        assertEq(token.balanceOf(address(this)), 3e18 + 2.9e18);
    }

    function testFuzz_never_more_than_the_share_and_never_more_than_was_deposited(
        uint256 deposited,
        uint256 share,
        uint256 members
    ) public {
        deposited = bound(deposited, 0, SUPPLY_CAP);
        share = bound(share, 0, 1_000_000);
        members = bound(members, 1, 2 ** 30);
        deposit(deposited);
        setShare(share);
        vm.prank(DISTRIBUTOR);
        uint256 budget = pool.fund(1, members);
        assertLe(budget * 1_000_000, deposited * share);
        assertGt((budget + 1) * 1_000_000, deposited * share, "more than one unit was lost");
        assertEq(token.balanceOf(DISTRIBUTOR), budget);
        assertEq(token.balanceOf(address(pool)), deposited - budget);
        assertLe(budget / members * members, budget);
    }

    function test_the_largest_balance_does_not_overflow() public {
        vm.mockCall(
            address(token),
            abi.encodeCall(IERC20.balanceOf, (address(pool))),
            abi.encode(type(uint256).max)
        );
        setShare(1_000_000);
        vm.expectRevert();
        vm.prank(DISTRIBUTOR);
        pool.fund(1, 3);
        vm.clearMockedCalls();
        vm.prank(DISTRIBUTOR);
        assertEq(pool.fund(1, 3), 0);
    }

    function test_only_the_distributor_takes_money() public {
        vm.expectRevert(
            abi.encodeWithSelector(
                IPooledIncome.PooledIncome_NotDistributor.selector, address(timelock)
            )
        );
        vm.prank(address(timelock));
        pool.fund(1, 3);
    }

    function test_the_timelock_sets_the_share_and_nobody_else() public {
        vm.expectEmit(address(pool));
        emit IPooledIncome.ShareChanged(TENTH, 5);
        setShare(5);
        assertEq(pool.shareMillionths(), 5);
        vm.expectRevert(
            abi.encodeWithSelector(
                IAccessControl.AccessControlUnauthorizedAccount.selector, address(this), bytes32(0)
            )
        );
        pool.setShare(6);
    }

    function test_more_than_the_whole_is_refused() public {
        vm.expectRevert(
            abi.encodeWithSelector(IPooledIncome.PooledIncome_ShareAboveWhole.selector, 1_000_001)
        );
        setShare(1_000_001);
        vm.expectRevert(
            abi.encodeWithSelector(IPooledIncome.PooledIncome_ShareAboveWhole.selector, 1_000_001)
        );
        new PooledIncome(token, DISTRIBUTOR, address(timelock), 1_000_001);
    }

    function test_zero_addresses_are_refused() public {
        vm.expectRevert(IPooledIncome.PooledIncome_ZeroAddress.selector);
        new PooledIncome(IERC20(address(0)), DISTRIBUTOR, address(timelock), 1);
        vm.expectRevert(IPooledIncome.PooledIncome_ZeroAddress.selector);
        new PooledIncome(token, address(0), address(timelock), 1);
        vm.expectRevert(IPooledIncome.PooledIncome_ZeroAddress.selector);
        new PooledIncome(token, DISTRIBUTOR, address(0), 1);
    }

    function claimIn(uint256 epoch, uint256 nullifierHash) private {
        uint256[8] memory proof = proofFor(epoch, nullifierHash, address(this), address(0), 0);
        distributor.claim(epoch, nullifierHash, address(this), address(0), 0, proof);
    }

    function deposit(uint256 amount) private {
        vm.prank(address(source));
        token.mint(address(pool), amount);
    }

    function setShare(uint256 share) private {
        vm.prank(address(timelock));
        pool.setShare(share);
    }
}
