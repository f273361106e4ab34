// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {SymbolicDeployment} from "./SymbolicDeployment.sol";

/// @title Who can move what, and how long a power waits
/// @dev See `README.md`. `forge test` runs nothing of this; Halmos does.
contract PowersSymbolicTest is SymbolicDeployment {
    function setUp() public {
        deploy();
    }

    /// @notice S7 (REG-1): nobody but the sequencer appends or revokes, whatever is called.
    function check_only_the_sequencer_moves_the_root(address caller) public {
        vm.assume(caller != SEQUENCER);
        uint256 root = registry.currentRoot();
        uint256 end = registry.nextIndex();
        uint256 members = registry.memberCount();
        vm.prank(caller);
        (bool success,) = address(registry).call(svm.createCalldata("Registry"));
        vm.assume(success);
        assert(registry.currentRoot() == root);
        assert(registry.nextIndex() == end);
        assert(registry.memberCount() == members);
    }

    /// @notice S8 (REG-9): a change by the timelock waits at least its delay, which is longer than
    /// an epoch, whatever delay was asked for; nobody else makes the change.
    function check_a_power_waits_its_delay(
        uint256 newCap,
        uint256 asked,
        uint256 waited,
        address other
    ) public {
        vm.assume(waited < 2 ** 40 && asked < 2 ** 40);
        uint256 cap = distributor.perPersonCap();
        vm.assume(newCap != cap);
        bytes memory change = abi.encodeCall(distributor.setPerPersonCap, (newCap));
        vm.assume(other != address(timelock));
        vm.prank(other);
        (bool isDirect,) = address(distributor).call(change);
        assert(!isDirect);
        vm.prank(PROPOSER);
        (bool isScheduled,) = address(timelock)
            .call(abi.encodeCall(timelock.schedule, (address(distributor), 0, change, 0, 0, asked)));
        vm.assume(isScheduled);
        vm.warp(block.timestamp + waited);
        vm.prank(PROPOSER);
        (bool success,) = address(timelock)
            .call(abi.encodeCall(timelock.execute, (address(distributor), 0, change, 0, 0)));
        assert(!success || (waited >= asked && waited >= DELAY && waited > EPOCH_LENGTH));
        assert(distributor.perPersonCap() == (success ? newCap : cap));
    }
}
