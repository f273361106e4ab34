// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {IOrbRegistry} from "./interfaces/IOrbRegistry.sol";

/// @title The active orbs (see `IOrbRegistry`)
contract OrbRegistry is IOrbRegistry, AccessControl {
    /// @inheritdoc IOrbRegistry
    /// @dev Holds ENROL-2.
    mapping(address orb => bool) public isActive;

    /// @param admin The timelock.
    /// @param orbs The orbs that are active from the start.
    constructor(address admin, address[] memory orbs) {
        if (admin == address(0)) revert OrbRegistry_ZeroAddress();
        _grantRole(DEFAULT_ADMIN_ROLE, admin);
        for (uint256 i = 0; i < orbs.length; ++i) {
            _register(orbs[i]);
        }
    }

    /// @inheritdoc IOrbRegistry
    function register(address orb) external onlyRole(DEFAULT_ADMIN_ROLE) {
        _register(orb);
    }

    /// @inheritdoc IOrbRegistry
    function revoke(address orb) external onlyRole(DEFAULT_ADMIN_ROLE) {
        if (!isActive[orb]) revert OrbRegistry_NotActive(orb);
        isActive[orb] = false;
        emit OrbRevoked(orb);
    }

    function _register(address orb) private {
        if (orb == address(0)) revert OrbRegistry_ZeroAddress();
        if (isActive[orb]) revert OrbRegistry_AlreadyActive(orb);
        isActive[orb] = true;
        emit OrbRegistered(orb);
    }
}
