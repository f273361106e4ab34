// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IIncomeSource} from "./IIncomeSource.sol";

/// @title The pooled income: each epoch gets a share of the deposits that are still there
/// @notice A deposit is a plain transfer of the token to the source; money that epochs return
/// counts as one. The token may be any ERC-20 whose balances change by transfers only. One that
/// takes a fee from the receiver gives smaller payments.
interface IPooledIncome is IIncomeSource {
    /// @notice The share of an epoch was changed, for epochs not yet opened.
    event ShareChanged(uint256 oldShareMillionths, uint256 newShareMillionths);

    /// @notice The distributor, the token or the administrator would be the zero address.
    error PooledIncome_ZeroAddress();

    /// @notice The share is more than the whole.
    error PooledIncome_ShareAboveWhole(uint256 shareMillionths);

    /// @notice The caller is not the distributor.
    error PooledIncome_NotDistributor(address caller);

    /// @notice Sets the share of each epoch, in millionths of the pool. Only the timelock.
    function setShare(uint256 newShareMillionths) external;

    /// @notice The share of each epoch, in millionths of the pool.
    function shareMillionths() external view returns (uint256);
}
