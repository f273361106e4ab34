// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @dev Notice to a recipient of `HookToken`.
interface IReceiver {
    function received(uint256 value) external;
}

/// @title A token that calls who receives it and asked for that, and fails if the call does
contract HookToken is ERC20("Hook", "HOOK") {
    mapping(address => bool) private _asked;

    function callMe() external {
        _asked[msg.sender] = true;
    }

    function mint(address to, uint256 value) external {
        _mint(to, value);
    }

    function transfer(address to, uint256 value) public override returns (bool) {
        super.transfer(to, value);
        if (_asked[to]) IReceiver(to).received(value);
        return true;
    }
}

/// @title A token that keeps a tenth of each transfer
contract ReceiverPaysToken is ERC20("Receiver pays", "RPAY") {
    function mint(address to, uint256 value) external {
        _mint(to, value);
    }

    function transfer(address to, uint256 value) public override returns (bool) {
        _burn(msg.sender, value / 10);
        return super.transfer(to, value - value / 10);
    }
}

/// @title A token that takes a tenth more than it transfers, once it is told to
contract SenderPaysToken is ERC20("Sender pays", "SPAY") {
    bool private _greedy;

    function mint(address to, uint256 value) external {
        _mint(to, value);
    }

    function becomeGreedy() external {
        _greedy = true;
    }

    function transfer(address to, uint256 value) public override returns (bool) {
        if (_greedy) _burn(msg.sender, value / 10);
        return super.transfer(to, value);
    }
}

/// @title A token without a return value, that may answer false or refuse an account
contract OldToken {
    mapping(address => uint256) public balanceOf;
    mapping(address => bool) public isRefused;

    function mint(address to, uint256 value) external {
        balanceOf[to] += value;
    }

    function refuse(address account) external {
        isRefused[account] = true;
    }

    function transfer(address to, uint256 value) external {
        require(!isRefused[to], "refused");
        balanceOf[msg.sender] -= value;
        balanceOf[to] += value;
    }
}
