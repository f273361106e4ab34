// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title The income token: ERC-20 with permit, a supply cap and one minter for ever
interface IAnnonaToken is IERC20 {
    /// @notice The minter would be the zero address.
    error AnnonaToken_ZeroMinter();

    /// @notice The caller is not the minter.
    error AnnonaToken_NotMinter(address caller);

    /// @notice Issues `amount` to `to`, up to the cap (REG-11). Only the minter.
    function mint(address to, uint256 amount) external;

    /// @notice The only address that can ever issue tokens.
    function minter() external view returns (address);

    /// @notice The largest total supply, in the token's smallest unit.
    function cap() external view returns (uint256);
}
