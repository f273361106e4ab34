// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Capped} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Capped.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IAnnonaToken} from "./interfaces/IAnnonaToken.sol";

/// @title The income token (see `IAnnonaToken`)
contract AnnonaToken is IAnnonaToken, ERC20Capped, ERC20Permit {
    /// @inheritdoc IAnnonaToken
    address public immutable minter;

    /// @dev The place of `ERC20._balances`, the first variable of the contract it comes first in.
    uint256 private constant BALANCES = 0;

    /// @dev `Transfer.selector`, written out for assembly.
    bytes32 private constant TRANSFER =
        0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef;

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
    /// @dev Holds REG-11.
    function mint(address to, uint256 amount) external {
        if (msg.sender != minter) revert AnnonaToken_NotMinter(msg.sender);
        _mint(to, amount);
    }

    /// @inheritdoc IERC20
    /// @dev As the library's, for 600 gas less: every payment is one. The tests compare the two.
    function transfer(address to, uint256 value) public override(ERC20, IERC20) returns (bool) {
        if (to == address(0)) revert ERC20InvalidReceiver(address(0));
        assembly ("memory-safe") {
            mstore(0x00, caller())
            mstore(0x20, BALANCES)
            let place := keccak256(0x00, 0x40)
            let held := sload(place)
            if iszero(lt(held, value)) {
                sstore(place, sub(held, value))
                mstore(0x00, to)
                place := keccak256(0x00, 0x40)
                // No more than the supply, which did not overflow.
                sstore(place, add(sload(place), value))
                mstore(0x00, value)
                log3(0x00, 0x20, TRANSFER, caller(), to)
                // Answers true to the caller: nothing in this contract calls `transfer`.
                mstore(0x00, 1)
                return(0x00, 0x20)
            }
        }
        revert ERC20InsufficientBalance(msg.sender, balanceOf(msg.sender), value);
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
