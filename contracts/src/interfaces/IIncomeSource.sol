// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

/// @title The source of an epoch's money, to which the rest of it returns
/// @notice Any balance of the token that a source holds is its treasury.
interface IIncomeSource {
    /// @notice The budget of `epoch` was sent to the distributor: `fromTreasury` of returned money
    /// and `issued` that is new.
    event EpochFunded(
        uint256 indexed epoch, uint256 memberCount, uint256 fromTreasury, uint256 issued
    );

    /// @notice Sends the budget of an epoch to the distributor (REG-11). Only the distributor.
    /// @param epoch The epoch, for the record.
    /// @param memberCount The number of members to pay, `N_e`.
    /// @return budget The amount sent, in the token's smallest unit; possibly less than wanted, or
    /// 0.
    function fund(uint256 epoch, uint256 memberCount) external returns (uint256 budget);

    /// @notice The token that is paid.
    function token() external view returns (address);

    /// @notice The only caller of `fund`, and the only receiver of its money.
    function distributor() external view returns (address);
}
