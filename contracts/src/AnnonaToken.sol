// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Capped} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Capped.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {IAnnonaToken} from "./interfaces/IAnnonaToken.sol";

/// @title The income token (see `IAnnonaToken`)
contract AnnonaToken is IAnnonaToken, ERC20Capped, ERC20Permit {
    /// @inheritdoc IAnnonaToken
    address public immutable minter;

    /// @param cap_ The largest total supply, in the token's smallest unit (10^-18).
    /// @param minter_ The income source; its address is known before it is deployed.
    constructor(uint256 cap_, address minter_)
        ERC20("Annona", "ANN")
        ERC20Permit("Annona")
        ERC20Capped(cap_)
    {
        if (minter_ == address(0)) revert AnnonaToken_ZeroMinter();
        minter = minter_;
    }

    /// @inheritdoc IAnnonaToken
    function mint(address to, uint256 amount) external {
        if (msg.sender != minter) revert AnnonaToken_NotMinter(msg.sender);
        _mint(to, amount);
    }

    /// @inheritdoc IAnnonaToken
    function cap() public view override(IAnnonaToken, ERC20Capped) returns (uint256) {
        return super.cap();
    }

    function _update(address from, address to, uint256 value)
        internal
        override(ERC20, ERC20Capped)
    {
        super._update(from, to, value);
    }
}
