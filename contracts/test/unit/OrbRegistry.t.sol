// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Test} from "forge-std/Test.sol";
import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {OrbRegistry} from "../../src/OrbRegistry.sol";
import {IOrbRegistry} from "../../src/interfaces/IOrbRegistry.sol";

contract OrbRegistryTest is Test {
    address private immutable admin = makeAddr("timelock");
    address private immutable first = makeAddr("first orb");
    address private immutable second = makeAddr("second orb");

    OrbRegistry private orbs;

    function setUp() public {
        orbs = new OrbRegistry(admin, list(first));
    }

    function test_the_initial_orbs_are_active_and_no_other() public view {
        assertTrue(orbs.isActive(first));
        assertFalse(orbs.isActive(second));
    }

    function test_the_deployer_has_no_role() public view {
        assertTrue(orbs.hasRole(0, admin));
        assertFalse(orbs.hasRole(0, address(this)));
    }

    function test_the_constructor_tells_each_initial_orb() public {
        vm.expectEmit();
        emit IOrbRegistry.OrbRegistered(second);
        new OrbRegistry(admin, list(second));
    }

    function test_the_timelock_registers_and_revokes() public {
        vm.startPrank(admin);
        vm.expectEmit(address(orbs));
        emit IOrbRegistry.OrbRegistered(second);
        orbs.register(second);
        assertTrue(orbs.isActive(second));

        vm.expectEmit(address(orbs));
        emit IOrbRegistry.OrbRevoked(second);
        orbs.revoke(second);
        assertFalse(orbs.isActive(second));
        assertTrue(orbs.isActive(first));
    }

    function test_nobody_else_registers_or_revokes() public {
        bytes memory reason = abi.encodeWithSelector(
            IAccessControl.AccessControlUnauthorizedAccount.selector, address(this), bytes32(0)
        );
        vm.expectRevert(reason);
        orbs.register(second);
        vm.expectRevert(reason);
        orbs.revoke(first);
    }

    function test_an_orb_is_not_registered_twice_nor_revoked_when_inactive() public {
        vm.startPrank(admin);
        vm.expectRevert(
            abi.encodeWithSelector(IOrbRegistry.OrbRegistry_AlreadyActive.selector, first)
        );
        orbs.register(first);
        vm.expectRevert(abi.encodeWithSelector(IOrbRegistry.OrbRegistry_NotActive.selector, second));
        orbs.revoke(second);
    }

    function test_the_zero_address_is_neither_orb_nor_admin() public {
        vm.expectRevert(IOrbRegistry.OrbRegistry_ZeroAddress.selector);
        new OrbRegistry(address(0), list(first));
        vm.expectRevert(IOrbRegistry.OrbRegistry_ZeroAddress.selector);
        new OrbRegistry(admin, list(address(0)));
        vm.prank(admin);
        vm.expectRevert(IOrbRegistry.OrbRegistry_ZeroAddress.selector);
        orbs.register(address(0));
    }

    function list(address orb) private pure returns (address[] memory result) {
        result = new address[](1);
        result[0] = orb;
    }
}
