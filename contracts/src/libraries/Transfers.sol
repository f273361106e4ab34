// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title A transfer that may fail
library Transfers {
    /// @notice Sends `value` of `token` to `to`, with at most `gasLimit` of gas, and returns
    /// whether it was sent.
    /// @dev As `SafeERC20.trySafeTransfer`, which knows no limit: tokens that answer nothing are
    /// taken as well as tokens that answer true.
    function tryTransfer(IERC20 token, address to, uint256 value, uint256 gasLimit)
        internal
        returns (bool sent)
    {
        bytes4 selector = IERC20.transfer.selector;
        assembly ("memory-safe") {
            let data := mload(0x40)
            mstore(data, selector)
            mstore(add(data, 0x04), to)
            mstore(add(data, 0x24), value)
            sent := call(gasLimit, token, 0, data, 0x44, 0x00, 0x20)
            switch returndatasize()
            case 0 { sent := and(sent, gt(extcodesize(token), 0)) }
            default { sent := and(sent, and(gt(returndatasize(), 0x1f), eq(mload(0x00), 1))) }
        }
    }
}
