// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IIncomeSource} from "./interfaces/IIncomeSource.sol";
import {IPooledIncome} from "./interfaces/IPooledIncome.sol";

/// @title The pooled income (see `IPooledIncome`)
contract PooledIncome is IPooledIncome, AccessControl {
    using SafeERC20 for IERC20;

    uint256 private constant WHOLE_MILLIONTHS = 1_000_000;

    IERC20 private immutable _token;

    /// @inheritdoc IIncomeSource
    address public immutable distributor;

    /// @inheritdoc IPooledIncome
    uint256 public shareMillionths;

    /// @param token_ The token that is pooled and paid.
    /// @param distributor_ The distributor; its address is known before it is deployed.
    /// @param admin The timelock.
    /// @param shareMillionths_ The share of each epoch, in millionths of the pool.
    constructor(IERC20 token_, address distributor_, address admin, uint256 shareMillionths_) {
        if (address(token_) == address(0) || distributor_ == address(0) || admin == address(0)) {
            revert PooledIncome_ZeroAddress();
        }
        _token = token_;
        distributor = distributor_;
        _setShare(shareMillionths_);
        _grantRole(DEFAULT_ADMIN_ROLE, admin);
    }

    /// @inheritdoc IIncomeSource
    /// @dev The share is rounded down, and the budget is the amount that arrived: a token may keep
    /// a part (REG-11).
    function fund(uint256 epoch, uint256 memberCount) external returns (uint256 budget) {
        if (msg.sender != distributor) revert PooledIncome_NotDistributor(msg.sender);

        uint256 pool = _token.balanceOf(address(this));
        uint256 share = Math.mulDiv(pool, shareMillionths, WHOLE_MILLIONTHS);
        uint256 before = _token.balanceOf(distributor);
        _token.safeTransfer(distributor, share);
        budget = _token.balanceOf(distributor) - before;
        emit EpochFunded(epoch, memberCount, budget, 0);
    }

    /// @inheritdoc IPooledIncome
    function setShare(uint256 newShareMillionths) external onlyRole(DEFAULT_ADMIN_ROLE) {
        _setShare(newShareMillionths);
    }

    /// @inheritdoc IIncomeSource
    function token() external view returns (address) {
        return address(_token);
    }

    function _setShare(uint256 newShareMillionths) private {
        if (newShareMillionths > WHOLE_MILLIONTHS) {
            revert PooledIncome_ShareAboveWhole(newShareMillionths);
        }
        emit ShareChanged(shareMillionths, newShareMillionths);
        shareMillionths = newShareMillionths;
    }
}
