// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {PooledIncome} from "../../src/PooledIncome.sol";
import {IDistributor} from "../../src/interfaces/IDistributor.sol";
import {Deployment} from "../support/Deployment.sol";
import {
    HookToken,
    IReceiver,
    OldToken,
    ReceiverPaysToken,
    SenderPaysToken
} from "../support/OddTokens.sol";

/// @title Tokens and recipients that misbehave, with the pooled income: nobody else loses money
contract OddTokensTest is Deployment {
    uint256 private constant MEMBERS = 4;
    uint256 private constant POOL = 100e18;
    /// @dev A tenth of the pool for four members.
    uint256 private constant SHARE = 2.5e18;

    address private immutable relay = makeAddr("relay");
    address private immutable honest = makeAddr("honest");

    PooledIncome private pool;

    function setUp() public {
        deployKnown();
        enrol(MEMBERS);
        warpToEpoch(1);
    }

    function test_a_recipient_that_reverts_is_skipped_and_the_others_are_paid() public {
        HookToken hook = deployHooks();
        Recipient hostile = new Recipient(hook, Recipient.Manner.Reverts, claimFor(1, 4, honest));
        IDistributor.Claim[] memory claims = threeClaims(address(hostile));
        expectTransferFailed(claims, 1);
        distributor.claimBatch(1, claims);

        assertEq(hook.balanceOf(honest), 2 * SHARE);
        assertEq(hook.balanceOf(address(hostile)), 0);
        assertEq(hook.balanceOf(DISTRIBUTOR), 2 * SHARE);
        assertEq(distributor.epochState(1).claimed, 2);
        assertFalse(distributor.isSpent(1, 2));
    }

    function test_who_was_skipped_can_claim_to_another_address() public {
        HookToken hook = deployHooks();
        Recipient hostile = new Recipient(hook, Recipient.Manner.Reverts, claimFor(1, 4, honest));
        distributor.claimBatch(1, threeClaims(address(hostile)));
        claimAlone(claimFor(1, 2, honest));
        assertEq(hook.balanceOf(honest), 3 * SHARE);
    }

    function test_a_recipient_that_reverts_can_not_be_paid_alone() public {
        HookToken hook = deployHooks();
        Recipient hostile = new Recipient(hook, Recipient.Manner.Reverts, claimFor(1, 4, honest));
        IDistributor.Claim memory one = claimFor(1, 2, address(hostile));
        vm.expectRevert("not today");
        this.claimAlone(one);
        assertFalse(distributor.isSpent(1, 2));
    }

    function test_a_recipient_that_reenters_gets_nothing_by_it() public {
        HookToken hook = deployHooks();
        for (uint256 i = 0; i < 5; ++i) {
            uint256 state = vm.snapshotState();
            Recipient hostile =
                new Recipient(hook, Recipient.Manner(1 + i), claimFor(1, 4, makeAddr("other")));
            IDistributor.Claim[] memory claims = threeClaims(address(hostile));
            distributor.claimBatch(1, claims);
            assertEq(hook.balanceOf(honest), 2 * SHARE);
            assertEq(hook.balanceOf(makeAddr("other")), 0, "the inner claim was not paid");
            assertFalse(distributor.isSpent(1, 4));
            assertEq(
                hook.balanceOf(DISTRIBUTOR), (MEMBERS - distributor.epochState(1).claimed) * SHARE
            );
            assertTrue(vm.revertToState(state));
        }
    }

    /// @dev With all gas, which a batch does not give: what stops it is the lock alone.
    function test_a_recipient_that_was_paid_alone_cannot_reenter_either() public {
        HookToken hook = deployHooks();
        for (uint256 i = 0; i < 5; ++i) {
            IDistributor.Claim memory own = claimFor(1, 4, makeAddr("other"));
            Recipient hostile = new Recipient(hook, Recipient.Manner(1 + i), own);
            IDistributor.Claim memory one = claimFor(1, 2, address(hostile));
            vm.expectRevert(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector);
            this.claimAlone(one);
        }
    }

    /// @dev Tests CLAIM-9.
    function test_a_recipient_that_burns_gas_does_not_take_the_batch_along() public {
        HookToken hook = deployHooks();
        distributor.openEpoch(1);
        Recipient hostile = new Recipient(hook, Recipient.Manner.BurnsGas, claimFor(1, 4, honest));
        IDistributor.Claim[] memory claims = threeClaims(address(hostile));
        expectTransferFailed(claims, 1);
        distributor.claimBatch{gas: 1_200_000}(1, claims);
        assertEq(hook.balanceOf(honest), 2 * SHARE);
    }

    /// @dev Otherwise an estimate of gas, which looks for the least that does not revert, would find
    /// a limit at which the last claims are skipped.
    function test_too_little_gas_reverts_and_skips_nobody() public {
        HookToken hook = deployHooks();
        distributor.openEpoch(1);
        Recipient slow = new Recipient(hook, Recipient.Manner.NeedsGas, claimFor(1, 4, honest));
        IDistributor.Claim[] memory claims = threeClaims(honest);
        claims[2] = claimFor(1, 3, address(slow));
        uint256 reverted = 0;
        for (uint256 gas = 300_000; gas < 1_000_000; gas += 10_000) {
            uint256 state = vm.snapshotState();
            try distributor.claimBatch{gas: gas}(1, claims) {
                assertEq(distributor.epochState(1).claimed, 3);
            } catch {
                ++reverted;
            }
            assertTrue(vm.revertToState(state));
        }
        assertGt(reverted, 10);
    }

    function test_a_fee_that_cannot_be_paid_leaves_the_whole_claim_unpaid() public {
        HookToken hook = deployHooks();
        Recipient hostile = new Recipient(hook, Recipient.Manner.Reverts, claimFor(1, 4, honest));
        IDistributor.Claim[] memory claims = threeClaims(honest);
        claims[1] = claimFor(1, 2, honest, address(hostile), 1e18);
        expectTransferFailed(claims, 1);
        distributor.claimBatch(1, claims);
        assertEq(hook.balanceOf(honest), 2 * SHARE);
        claims[1] = claimFor(1, 2, honest, relay, 1e18);
        distributor.claimBatch(1, claims);
        assertEq(hook.balanceOf(honest), 3 * SHARE - 1e18);
        assertEq(hook.balanceOf(relay), 1e18);
    }

    function test_only_the_distributor_pays_with_a_fee() public {
        vm.expectRevert(
            abi.encodeWithSelector(IDistributor.Distributor_NotSelf.selector, address(this))
        );
        distributor.payWithFee(honest, 1, relay, 1);
    }

    function test_a_token_that_takes_a_fee_from_receivers_pays_less_and_harms_nobody() public {
        ReceiverPaysToken odd = new ReceiverPaysToken();
        deployPool(odd);
        odd.mint(address(pool), POOL);
        distributor.openEpoch(1);
        // A tenth was kept on the way to the distributor, and is kept again on the way out.
        IDistributor.EpochState memory state = distributor.epochState(1);
        assertEq(state.budget, 9e18);
        assertEq(state.amount, 2.25e18);
        distributor.claimBatch(1, threeClaims(relay));
        assertEq(odd.balanceOf(honest), 2 * 2.025e18);
        assertEq(odd.balanceOf(relay), 2.025e18);
        assertEq(odd.balanceOf(DISTRIBUTOR), 2.25e18);

        warpToEpoch(1 + CLAIM_WINDOW);
        distributor.closeEpoch(1);
        assertEq(odd.balanceOf(DISTRIBUTOR), 0);
    }

    function test_a_token_that_takes_more_than_was_sent_is_refused() public {
        SenderPaysToken odd = new SenderPaysToken();
        deployPool(odd);
        odd.mint(address(pool), POOL);
        distributor.openEpoch(1);
        warpToEpoch(2);
        distributor.openEpoch(2);
        uint256 held = odd.balanceOf(DISTRIBUTOR);
        odd.becomeGreedy();

        IDistributor.Claim[] memory claims = threeClaims(honest);
        vm.expectRevert(
            abi.encodeWithSelector(
                IDistributor.Distributor_TokenTookMore.selector,
                3 * SHARE + 3 * SHARE / 10,
                3 * SHARE
            )
        );
        distributor.claimBatch(1, claims);
        vm.expectRevert(
            abi.encodeWithSelector(
                IDistributor.Distributor_TokenTookMore.selector, SHARE + SHARE / 10, SHARE
            )
        );
        this.claimAlone(claims[0]);
        warpToEpoch(1 + CLAIM_WINDOW);
        vm.expectRevert(
            abi.encodeWithSelector(
                IDistributor.Distributor_TokenTookMore.selector,
                4 * SHARE + 4 * SHARE / 10,
                4 * SHARE
            )
        );
        distributor.closeEpoch(1);
        assertEq(odd.balanceOf(DISTRIBUTOR), held);
    }

    function test_a_token_without_a_return_value_pays_and_may_refuse_an_account() public {
        OldToken old = new OldToken();
        deployPool(IERC20(address(old)));
        old.mint(address(pool), POOL);
        old.refuse(relay);
        IDistributor.Claim[] memory claims = threeClaims(relay);
        distributor.openEpoch(1);
        expectTransferFailed(claims, 1);
        distributor.claimBatch(1, claims);
        assertEq(old.balanceOf(honest), 2 * SHARE);
    }

    function test_a_token_that_answers_false_or_is_gone_has_not_paid() public {
        HookToken hook = deployHooks();
        distributor.openEpoch(1);
        IDistributor.Claim[] memory claims = threeClaims(honest);
        vm.mockCall(
            address(hook), abi.encodeCall(IERC20.transfer, (honest, SHARE)), abi.encode(false)
        );
        distributor.claimBatch(1, claims);
        assertEq(distributor.epochState(1).claimed, 0);
        vm.mockCall(
            address(hook), abi.encodeCall(IERC20.transfer, (honest, SHARE)), abi.encode(uint256(2))
        );
        distributor.claimBatch(1, claims);
        assertEq(distributor.epochState(1).claimed, 0);
        vm.clearMockedCalls();
        distributor.claimBatch(1, claims);
        assertEq(distributor.epochState(1).claimed, 3);
    }

    function claimAlone(IDistributor.Claim memory one) public {
        distributor.claim(1, one.nullifierHash, one.recipient, one.feeRecipient, one.fee, one.proof);
    }

    /// @dev Claims 1 and 3 are of honest persons.
    function threeClaims(address second) private view returns (IDistributor.Claim[] memory claims) {
        claims = new IDistributor.Claim[](3);
        claims[0] = claimFor(1, 1, honest);
        claims[1] = claimFor(1, 2, second);
        claims[2] = claimFor(1, 3, honest);
    }

    function deployHooks() private returns (HookToken hook) {
        hook = new HookToken();
        deployPool(hook);
        hook.mint(address(pool), POOL);
    }

    function deployPool(IERC20 odd) private {
        pool = new PooledIncome(odd, DISTRIBUTOR, address(timelock), 100_000);
        deployDistributor(key, pool, odd);
    }

    function expectTransferFailed(IDistributor.Claim[] memory claims, uint256 which) private {
        (uint256 root,) = registry.checkpointBefore(1);
        bytes memory transcript =
            abi.encode("annona.batch.v1", block.chainid, DISTRIBUTOR, uint256(1), root, claims);
        vm.expectEmit(DISTRIBUTOR);
        emit IDistributor.ClaimSkipped(
            1,
            claims[which].nullifierHash,
            IDistributor.SkipReason.TransferFailed,
            uint256(keccak256(transcript))
        );
    }
}

/// @dev A recipient that does what it is told when money comes.
contract Recipient is IReceiver {
    enum Manner {
        Reverts,
        Claims,
        ClaimsInBatch,
        CatchesUp,
        Opens,
        Closes,
        BurnsGas,
        NeedsGas
    }

    Manner private immutable _manner;
    IDistributor.Claim private _own;

    constructor(HookToken token, Manner manner, IDistributor.Claim memory own) {
        _manner = manner;
        _own = own;
        token.callMe();
    }

    function received(uint256) external {
        IDistributor distributor = IDistributor(address(0x000000000000000000000000000000000a220a01));
        IDistributor.Claim memory own = _own;
        if (_manner == Manner.Reverts) revert("not today");
        if (_manner == Manner.Opens) distributor.openEpoch(0);
        if (_manner == Manner.Closes) distributor.closeEpoch(1);
        if (_manner == Manner.Claims) {
            distributor.claim(1, own.nullifierHash, own.recipient, own.feeRecipient, 0, own.proof);
        }
        if (_manner == Manner.ClaimsInBatch) {
            IDistributor.Claim[] memory claims = new IDistributor.Claim[](1);
            claims[0] = own;
            distributor.claimBatch(1, claims);
        }
        if (_manner == Manner.CatchesUp) {
            IDistributor.EpochClaim[] memory claims = new IDistributor.EpochClaim[](1);
            claims[0] = IDistributor.EpochClaim(1, own);
            distributor.catchUp(claims);
        }
        while (_manner == Manner.BurnsGas) {}
        if (_manner == Manner.NeedsGas) require(gasleft() > 100_000, "too little");
    }
}
