// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IIncomeSource} from "./IIncomeSource.sol";

/// @title The minted income: `perPerson * N_e` an epoch, as far as the token's cap allows
/// @notice Money that came back is used up before new money is issued.
interface IMintedIncome is IIncomeSource {
    /// @notice The income of one person and epoch was changed, for epochs not yet opened.
    event PerPersonChanged(uint256 oldPerPerson, uint256 newPerPerson);

    /// @notice The distributor or the administrator would be the zero address.
    error MintedIncome_ZeroAddress();

    /// @notice The token cannot be issued by this contract.
    error MintedIncome_NotMinter(address minter);

    /// @notice The caller is not the distributor.
    error MintedIncome_NotDistributor(address caller);

    /// @notice Sets the income of one person and epoch. Only the timelock.
    function setPerPerson(uint256 newPerPerson) external;

    /// @notice The income of one person and epoch, in the token's smallest unit.
    function perPerson() external view returns (uint256);
}
