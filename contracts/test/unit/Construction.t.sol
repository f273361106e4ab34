// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {AnnonaToken} from "../../src/AnnonaToken.sol";
import {Distributor} from "../../src/Distributor.sol";
import {MintedIncome} from "../../src/MintedIncome.sol";
import {OrbRegistry} from "../../src/OrbRegistry.sol";
import {Registry} from "../../src/Registry.sol";
import {SemaphoreVerifier} from "../../src/generated/SemaphoreVerifier.sol";
import {IDistributor} from "../../src/interfaces/IDistributor.sol";
import {IIncomeSource} from "../../src/interfaces/IIncomeSource.sol";
import {ISemaphoreVerifier} from "../../src/interfaces/ISemaphoreVerifier.sol";
import {IVerifyingKey, VerifyingKey} from "../../src/interfaces/IVerifyingKey.sol";
import {Bn254} from "../../src/libraries/Bn254.sol";
import {Timelocks} from "../../src/libraries/Timelocks.sol";
import {VerifyingKeys} from "../../src/libraries/VerifyingKeys.sol";
import {Deployment} from "../support/Deployment.sol";

/// @title What the distributor's constructor refuses, and the order of a real deployment
contract ConstructionTest is Deployment {
    ISemaphoreVerifier private verifier;

    function setUp() public {
        verifier = new SemaphoreVerifier();
        deploy(verifier);
        address next = vm.computeCreateAddress(address(this), vm.getNonce(address(this)));
        vm.mockCall(
            address(source), abi.encodeCall(IIncomeSource.distributor, ()), abi.encode(next)
        );
    }

    function test_the_real_key_is_taken() public {
        Distributor fresh = construct(CLAIM_WINDOW, PER_PERSON_CAP, timelock, pauser);
        assertEq(address(fresh.verifier()), address(verifier));
        assertEq(fresh.claimWindow(), CLAIM_WINDOW);
        assertEq(fresh.perPersonCap(), PER_PERSON_CAP);
        assertTrue(fresh.hasRole(0, address(timelock)));
        assertTrue(fresh.hasRole(fresh.PAUSER_ROLE(), pauser));
        assertFalse(fresh.hasRole(0, address(this)));
        assertFalse(fresh.hasRole(fresh.PAUSER_ROLE(), address(this)));
    }

    /// @dev Tests REG-7.
    function test_a_key_with_gamma_equal_to_delta_is_refused() public {
        VerifyingKey memory key = verifier.verifyingKey();
        key.delta = key.gamma;
        expectKeyRefused(key, VerifyingKeys.VerifyingKey_GammaEqualsDelta.selector);
    }

    function test_a_key_with_gamma_equal_to_minus_delta_is_refused() public {
        VerifyingKey memory key = verifier.verifyingKey();
        key.delta = [
            key.gamma[0],
            key.gamma[1],
            Bn254.BASE_FIELD - key.gamma[2],
            Bn254.BASE_FIELD - key.gamma[3]
        ];
        expectKeyRefused(key, VerifyingKeys.VerifyingKey_GammaEqualsDelta.selector);
    }

    function test_gamma_and_delta_may_share_half_a_coordinate() public {
        VerifyingKey memory key = verifier.verifyingKey();
        key.delta[0] = key.gamma[0];
        mockKey(key);
        construct(CLAIM_WINDOW, PER_PERSON_CAP, timelock, pauser);
    }

    function test_a_key_with_an_identity_point_is_refused() public {
        bytes4 reason = VerifyingKeys.VerifyingKey_IdentityPoint.selector;
        uint256[4] memory none;
        VerifyingKey memory key = verifier.verifyingKey();
        key.alpha = [uint256(0), 0];
        expectKeyRefused(key, reason);
        key = realKey();
        key.beta = none;
        expectKeyRefused(key, reason);
        key = realKey();
        key.gamma = none;
        expectKeyRefused(key, reason);
        key = realKey();
        key.delta = none;
        expectKeyRefused(key, reason);
        for (uint256 i = 0; i < 5; ++i) {
            key = realKey();
            key.ic[i] = [uint256(0), 0];
            expectKeyRefused(key, reason);
        }
    }

    function test_a_point_with_one_coordinate_zero_is_not_the_identity() public {
        VerifyingKey memory key = verifier.verifyingKey();
        key.ic[2][0] = 0;
        key.alpha[1] = 0;
        mockKey(key);
        construct(CLAIM_WINDOW, PER_PERSON_CAP, timelock, pauser);
    }

    function test_a_key_for_another_number_of_inputs_is_refused() public {
        VerifyingKey memory key = verifier.verifyingKey();
        key.ic = new uint256[2][](4);
        mockKey(key);
        vm.expectRevert(
            abi.encodeWithSelector(VerifyingKeys.VerifyingKey_InputCount.selector, 4, 5)
        );
        construct(CLAIM_WINDOW, PER_PERSON_CAP, timelock, pauser);
    }

    function test_a_timelock_not_longer_than_an_epoch_is_refused() public {
        vm.mockCall(
            address(timelock),
            abi.encodeCall(TimelockController.getMinDelay, ()),
            abi.encode(EPOCH_LENGTH)
        );
        vm.expectRevert(
            abi.encodeWithSelector(
                Timelocks.Timelock_DelayTooShort.selector, EPOCH_LENGTH, EPOCH_LENGTH
            )
        );
        construct(CLAIM_WINDOW, PER_PERSON_CAP, timelock, pauser);
    }

    function test_a_source_of_another_token_or_distributor_is_refused() public {
        vm.mockCall(address(source), abi.encodeCall(IIncomeSource.token, ()), abi.encode(stranger));
        vm.expectRevert(IDistributor.Distributor_IncomeSourceMismatch.selector);
        construct(CLAIM_WINDOW, PER_PERSON_CAP, timelock, pauser);

        vm.clearMockedCalls();
        vm.expectRevert(IDistributor.Distributor_IncomeSourceMismatch.selector);
        construct(CLAIM_WINDOW, PER_PERSON_CAP, timelock, pauser);
    }

    function test_a_window_a_cap_or_a_pauser_of_nothing_is_refused() public {
        vm.expectRevert(IDistributor.Distributor_ZeroClaimWindow.selector);
        construct(0, PER_PERSON_CAP, timelock, pauser);
        mockDistributor();
        vm.expectRevert(IDistributor.Distributor_ZeroPerPersonCap.selector);
        construct(CLAIM_WINDOW, 0, timelock, pauser);
        vm.expectRevert(IDistributor.Distributor_ZeroAddress.selector);
        construct(CLAIM_WINDOW, PER_PERSON_CAP, timelock, address(0));
    }

    /// @dev The order and the addresses that the deployment tool uses.
    function test_a_plain_account_deploys_everything_and_keeps_no_power() public {
        address deployer = makeAddr("deployer");
        address income = vm.computeCreateAddress(deployer, 2);
        address paying = vm.computeCreateAddress(deployer, 11);
        address[] memory governors = new address[](1);
        governors[0] = stranger;

        vm.startPrank(deployer);
        TimelockController lock =
            new TimelockController(EPOCH_LENGTH + 1, governors, governors, address(0));
        AnnonaToken newToken = new AnnonaToken(SUPPLY_CAP, income);
        MintedIncome newSource = new MintedIncome(newToken, paying, address(lock), PER_PERSON);
        OrbRegistry orbs = new OrbRegistry(address(lock), new address[](0));
        Registry newRegistry = newRegistry(lock);
        SemaphoreVerifier newVerifier = new SemaphoreVerifier();
        Distributor newDistributor = new Distributor(
            newRegistry,
            newVerifier,
            newSource,
            newToken,
            CLAIM_WINDOW,
            PER_PERSON_CAP,
            lock,
            pauser
        );
        vm.stopPrank();

        assertEq(address(newSource), income);
        assertEq(address(newDistributor), paying);
        assertFalse(lock.hasRole(0, deployer));
        assertFalse(newSource.hasRole(0, deployer));
        assertFalse(orbs.hasRole(0, deployer));
        assertFalse(newRegistry.hasRole(0, deployer));
        assertFalse(newDistributor.hasRole(0, deployer));

        bytes memory change = abi.encodeCall(MintedIncome.setPerPerson, (1));
        vm.startPrank(stranger);
        lock.schedule(income, 0, change, 0, 0, EPOCH_LENGTH + 1);
        vm.warp(block.timestamp + EPOCH_LENGTH);
        vm.expectPartialRevert(TimelockController.TimelockUnexpectedOperationState.selector);
        lock.execute(income, 0, change, 0, 0);
        vm.warp(block.timestamp + 1);
        lock.execute(income, 0, change, 0, 0);
        assertEq(newSource.perPerson(), 1);
    }

    function construct(uint256 window, uint256 cap, TimelockController admin, address pauser_)
        private
        returns (Distributor)
    {
        return new Distributor(registry, verifier, source, token, window, cap, admin, pauser_);
    }

    function expectKeyRefused(VerifyingKey memory key, bytes4 reason) private {
        mockKey(key);
        mockDistributor();
        vm.expectRevert(reason);
        construct(CLAIM_WINDOW, PER_PERSON_CAP, timelock, pauser);
    }

    function mockKey(VerifyingKey memory key) private {
        vm.mockCall(
            address(verifier), abi.encodeCall(IVerifyingKey.verifyingKey, ()), abi.encode(key)
        );
    }

    /// @dev A reverted creation uses its nonce up, so the next address is another one.
    function mockDistributor() private {
        address next = vm.computeCreateAddress(address(this), vm.getNonce(address(this)));
        vm.mockCall(
            address(source), abi.encodeCall(IIncomeSource.distributor, ()), abi.encode(next)
        );
    }

    function realKey() private returns (VerifyingKey memory) {
        vm.clearMockedCalls();
        return verifier.verifyingKey();
    }
}
