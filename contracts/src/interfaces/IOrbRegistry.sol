// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

/// @title The orbs whose signed enrolments the service takes
/// @notice An orb is the address of its device key. Only the timelock changes the list.
interface IOrbRegistry {
    /// @notice Enrolments signed by `orb` are taken from now on.
    event OrbRegistered(address indexed orb);

    /// @notice Enrolments signed by `orb` are refused from now on.
    event OrbRevoked(address indexed orb);

    /// @notice The zero address has no key.
    error OrbRegistry_ZeroAddress();

    /// @notice The orb is already active.
    error OrbRegistry_AlreadyActive(address orb);

    /// @notice The orb is not active.
    error OrbRegistry_NotActive(address orb);

    /// @notice Makes `orb` active. Only the timelock.
    function register(address orb) external;

    /// @notice Makes `orb` inactive. Only the timelock.
    function revoke(address orb) external;

    /// @notice Returns whether enrolments signed by `orb` are taken (ENROL-2).
    function isActive(address orb) external view returns (bool);
}
