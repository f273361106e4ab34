// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";

/// @title Refuses an administrator that could act faster than people can see it coming
library Timelocks {
    /// @notice The timelock's delay is not longer than one epoch.
    error Timelock_DelayTooShort(uint256 delay, uint256 epochLength);

    /// @notice Reverts unless a change waits in `admin` for longer than one epoch (REG-9).
    /// @dev The timelock can later shorten its own delay, but only through an operation that has
    /// waited for the old one.
    function requireLongerThanEpoch(TimelockController admin, uint256 epochLength) internal view {
        uint256 delay = admin.getMinDelay();
        if (delay <= epochLength) revert Timelock_DelayTooShort(delay, epochLength);
    }
}
