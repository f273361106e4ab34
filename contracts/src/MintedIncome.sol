// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IAnnonaToken} from "./interfaces/IAnnonaToken.sol";
import {IIncomeSource} from "./interfaces/IIncomeSource.sol";
import {IMintedIncome} from "./interfaces/IMintedIncome.sol";

/// @title The minted income (see `IMintedIncome`)
contract MintedIncome is IMintedIncome, AccessControl {
    using SafeERC20 for IAnnonaToken;

    IAnnonaToken private immutable _token;

    /// @inheritdoc IIncomeSource
    address public immutable distributor;

    /// @inheritdoc IMintedIncome
    uint256 public perPerson;

    /// @param token_ The token; this contract must be its minter.
    /// @param distributor_ The distributor; its address is known before it is deployed.
    /// @param admin The timelock.
    /// @param perPerson_ The income of one person and epoch, in the token's smallest unit.
    constructor(IAnnonaToken token_, address distributor_, address admin, uint256 perPerson_) {
        if (distributor_ == address(0) || admin == address(0)) revert MintedIncome_ZeroAddress();
        if (token_.minter() != address(this)) revert MintedIncome_NotMinter(token_.minter());
        _token = token_;
        distributor = distributor_;
        perPerson = perPerson_;
        emit PerPersonChanged(0, perPerson_);
        _grantRole(DEFAULT_ADMIN_ROLE, admin);
    }

    /// @inheritdoc IIncomeSource
    /// @dev Holds REG-11.
    function fund(uint256 epoch, uint256 memberCount) external returns (uint256 budget) {
        if (msg.sender != distributor) revert MintedIncome_NotDistributor(msg.sender);

        uint256 wanted = Math.saturatingMul(perPerson, memberCount);
        uint256 fromTreasury = Math.min(wanted, _token.balanceOf(address(this)));
        uint256 issued = Math.min(wanted - fromTreasury, _token.cap() - _token.totalSupply());

        emit EpochFunded(epoch, memberCount, fromTreasury, issued);
        _token.safeTransfer(distributor, fromTreasury);
        _token.mint(distributor, issued);
        return fromTreasury + issued;
    }

    /// @inheritdoc IMintedIncome
    function setPerPerson(uint256 newPerPerson) external onlyRole(DEFAULT_ADMIN_ROLE) {
        emit PerPersonChanged(perPerson, newPerPerson);
        perPerson = newPerPerson;
    }

    /// @inheritdoc IIncomeSource
    function token() external view returns (address) {
        return address(_token);
    }
}
