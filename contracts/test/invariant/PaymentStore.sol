// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Vm} from "forge-std/Vm.sol";
import {IDistributor} from "../../src/interfaces/IDistributor.sol";

/// @title The money of epochs as events and balances tell it
/// @dev Nothing here is read from the distributor's counters.
contract PaymentStore {
    /// @dev Payments by nullifier hash and by person.
    mapping(uint256 epoch => mapping(uint256 nullifierHash => uint256)) public timesPaid;
    mapping(uint256 epoch => mapping(uint256 person => uint256)) public timesPersonPaid;
    mapping(uint256 epoch => uint256[]) private _paidNullifiers;
    mapping(uint256 epoch => uint256) public claimsPaid;
    mapping(uint256 epoch => uint256) public moneyPaid;

    /// @dev Payments for a nullifier hash or a person that was paid before in the epoch.
    uint256 public nullifiersRepeated;
    uint256 public personsRepeated;

    /// @dev Amount that recipients received, by their balances, less what events told.
    int256 public untold;

    mapping(uint256 epoch => uint256) public setAside;
    mapping(uint256 epoch => uint256) public returned;
    mapping(uint256 epoch => uint256) public closings;
    uint256 public gifts;
    uint256 public skipped;

    /// @notice Enters the openings and the skipped claims that `logs` tell of.
    function enterOpenings(Vm.Log[] calldata logs, address distributor) external {
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].emitter != distributor) continue;
            if (logs[i].topics[0] == IDistributor.ClaimSkipped.selector) ++skipped;
            if (logs[i].topics[0] != IDistributor.EpochOpened.selector) continue;
            (, uint256 members,, uint256 amount) =
                abi.decode(logs[i].data, (uint256, uint256, uint256, uint256));
            setAside[uint256(logs[i].topics[1])] += members * amount;
        }
    }

    /// @notice Enters a payment for a forged claim, which is nobody's.
    function enterPayment(uint256 epoch, uint256 nullifierHash, uint256 amount) public {
        ++claimsPaid[epoch];
        moneyPaid[epoch] += amount;
        if (++timesPaid[epoch][nullifierHash] > 1) ++nullifiersRepeated;
        else _paidNullifiers[epoch].push(nullifierHash);
    }

    /// @notice Enters a payment to a person.
    function enterPaymentTo(uint256 person, uint256 epoch, uint256 nullifierHash, uint256 amount)
        external
    {
        enterPayment(epoch, nullifierHash, amount);
        if (++timesPersonPaid[epoch][person] > 1) ++personsRepeated;
    }

    function enterUntold(int256 amount) external {
        untold += amount;
    }

    function enterClosing(uint256 epoch, uint256 amount) external {
        returned[epoch] += amount;
        ++closings[epoch];
    }

    function enterGift(uint256 amount) external {
        gifts += amount;
    }

    /// @notice The nullifier hashes that were paid in `epoch`.
    function paidNullifiers(uint256 epoch) external view returns (uint256[] memory) {
        return _paidNullifiers[epoch];
    }
}
