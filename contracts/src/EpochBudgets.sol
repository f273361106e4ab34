// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {ClaimProofs} from "./ClaimProofs.sol";
import {IDistributor} from "./interfaces/IDistributor.sol";
import {IIncomeSource} from "./interfaces/IIncomeSource.sol";
import {IRegistry} from "./interfaces/IRegistry.sol";
import {IVerifyingKey} from "./interfaces/IVerifyingKey.sol";
import {Timelocks} from "./libraries/Timelocks.sol";

/// @title The clock, the money and the state of epochs (see `IDistributor`)
abstract contract EpochBudgets is
    IDistributor,
    ClaimProofs,
    AccessControl,
    Pausable,
    ReentrancyGuardTransient
{
    using SafeERC20 for IERC20;

    /// @dev Opened when `memberCount` is not 0. `pointX` and `pointY` are the common part of the
    /// epoch's statements (`ClaimProofs._epochPoint`), computed once.
    struct EpochRecord {
        uint256 root;
        uint256 budget;
        uint256 pointX;
        uint256 pointY;
        uint128 amount;
        uint56 memberCount;
        uint56 claimed;
        bool closed;
    }

    /// @notice May pause and unpause.
    bytes32 public constant PAUSER_ROLE = keccak256("PAUSER_ROLE");

    /// @notice The members' tree and the clock.
    IRegistry public immutable registry;

    /// @notice The verifier with whose key the proofs of claims are checked.
    IVerifyingKey public immutable verifier;

    /// @notice The source of budgets, to which unclaimed money returns.
    IIncomeSource public immutable incomeSource;

    /// @notice The token that is paid.
    IERC20 public immutable token;

    /// @inheritdoc IDistributor
    uint256 public immutable claimWindow;

    /// @dev Copies of the registry's immutables: a claim saves a call.
    uint256 private immutable _genesis;
    uint256 private immutable _epochLength;

    /// @inheritdoc IDistributor
    uint256 public perPersonCap;

    mapping(uint256 epoch => EpochRecord) internal _epochs;

    /// @param registry_ The members' tree and the clock; its timelock waits longer than an
    /// epoch (REG-9).
    /// @param verifier_ Shows the key of claims; a key that anyone can forge for is refused.
    /// @param incomeSource_ Must pay `token_` to this contract.
    /// @param token_ The token that is paid.
    /// @param claimWindow_ The number of epochs in which an epoch can be claimed.
    /// @param perPersonCap_ The most that one claim can be paid, in the token's smallest unit.
    /// @param admin The timelock; its delay must be longer than an epoch.
    /// @param pauser The first holder of `PAUSER_ROLE`.
    constructor(
        IRegistry registry_,
        IVerifyingKey verifier_,
        IIncomeSource incomeSource_,
        IERC20 token_,
        uint256 claimWindow_,
        uint256 perPersonCap_,
        TimelockController admin,
        address pauser
    ) ClaimProofs(verifier_.verifyingKey()) {
        if (pauser == address(0)) revert Distributor_ZeroAddress();
        if (claimWindow_ == 0) revert Distributor_ZeroClaimWindow();
        if (
            incomeSource_.token() != address(token_) || incomeSource_.distributor() != address(this)
        ) revert Distributor_IncomeSourceMismatch();
        Timelocks.requireLongerThanEpoch(admin, registry_.epochLength());

        registry = registry_;
        verifier = verifier_;
        incomeSource = incomeSource_;
        token = token_;
        claimWindow = claimWindow_;
        _genesis = registry_.genesis();
        _epochLength = registry_.epochLength();
        _setPerPersonCap(perPersonCap_);
        _grantRole(DEFAULT_ADMIN_ROLE, address(admin));
        _grantRole(PAUSER_ROLE, pauser);
    }

    /// @inheritdoc IDistributor
    function openEpoch(uint256 epoch) external whenNotPaused nonReentrant {
        _requireClaimable(epoch);
        if (_isOpened(epoch)) revert Distributor_EpochAlreadyOpen(epoch);
        _openEpoch(epoch);
    }

    /// @inheritdoc IDistributor
    /// @dev Holds EPOCH-7.
    function closeEpoch(uint256 epoch) external nonReentrant {
        if (!_isOpened(epoch)) revert Distributor_EpochNotOpened(epoch);
        uint256 current = _currentEpoch();
        if (_isInWindow(epoch, current)) revert Distributor_EpochStillClaimable(epoch, current);
        EpochRecord storage record = _epochs[epoch];
        if (record.closed) revert Distributor_EpochAlreadyClosed(epoch);

        record.closed = true;
        uint256 unclaimed = uint256(record.amount) * (record.memberCount - record.claimed);
        emit EpochClosed(epoch, unclaimed);
        _return(unclaimed);
    }

    /// @inheritdoc IDistributor
    function setPerPersonCap(uint256 newCap) external onlyRole(DEFAULT_ADMIN_ROLE) {
        _setPerPersonCap(newCap);
    }

    /// @inheritdoc IDistributor
    /// @dev Holds REG-10.
    function pause() external onlyRole(PAUSER_ROLE) {
        _pause();
    }

    /// @inheritdoc IDistributor
    function unpause() external {
        if (!hasRole(PAUSER_ROLE, msg.sender) && !hasRole(DEFAULT_ADMIN_ROLE, msg.sender)) {
            revert Distributor_NotPauserNorAdmin(msg.sender);
        }
        _unpause();
    }

    /// @inheritdoc IDistributor
    function epochState(uint256 epoch) external view returns (EpochState memory) {
        EpochRecord storage record = _epochs[epoch];
        return EpochState({
            root: record.root,
            memberCount: record.memberCount,
            budget: record.budget,
            amount: record.amount,
            claimed: record.claimed,
            opened: _isOpened(epoch),
            closed: record.closed
        });
    }

    /// @inheritdoc IDistributor
    function isClaimable(uint256 epoch) external view returns (bool) {
        return block.timestamp >= _genesis && _isInWindow(epoch, _currentEpoch());
    }

    /// @inheritdoc IDistributor
    /// @dev Holds IDENT-5.
    function externalNullifier(uint256 epoch) public view returns (uint256) {
        return
            _hashToField(
                keccak256(abi.encode("annona.claim.v1", block.chainid, address(this), epoch))
            );
    }

    /// @dev Returns the record of an epoch that can be claimed, and opens the epoch if nobody did.
    function _opened(uint256 epoch) internal returns (EpochRecord storage) {
        _requireClaimable(epoch);
        if (!_isOpened(epoch)) _openEpoch(epoch);
        return _epochs[epoch];
    }

    function _balance() internal view returns (uint256) {
        return token.balanceOf(address(this));
    }

    /// @dev A token that takes a fee from the receiver harms nobody else. One that takes it from
    /// the sender would pay it with the money of others. `before` is the balance before
    /// sending (CLAIM-9).
    function _requireSentOnly(uint256 sent, uint256 before) internal view {
        uint256 left = _balance();
        if (left + sent < before) revert Distributor_TokenTookMore(before - left, sent);
    }

    /// @dev The surplus over whole amounts returns at once, so that exactly the money that the
    /// members can claim is set aside (EPOCH-3, EPOCH-5, EPOCH-6).
    function _openEpoch(uint256 epoch) private {
        (uint256 root, uint256 members) = registry.checkpointBefore(epoch);
        if (members == 0) revert Distributor_NoMembers(epoch);

        uint256 budget = _takeBudget(epoch, members);
        uint256 amount = Math.min(perPersonCap, budget / members);
        if (amount == 0) revert Distributor_NothingToPay(epoch, budget);

        (uint256 pointX, uint256 pointY) = _epochPoint(root, externalNullifier(epoch));
        _epochs[epoch] = EpochRecord({
            root: root,
            budget: budget,
            pointX: pointX,
            pointY: pointY,
            amount: SafeCast.toUint128(amount),
            memberCount: SafeCast.toUint56(members),
            claimed: 0,
            closed: false
        });
        emit EpochOpened(epoch, root, members, budget, amount);
        uint256 surplus = budget - amount * members;
        if (surplus > 0) _return(surplus);
    }

    function _return(uint256 amount) private {
        uint256 before = _balance();
        token.safeTransfer(address(incomeSource), amount);
        _requireSentOnly(amount, before);
    }

    /// @dev Believes the balance, not the source: a budget that never came would be paid with the
    /// money of other epochs.
    function _takeBudget(uint256 epoch, uint256 members) private returns (uint256 budget) {
        uint256 before = _balance();
        budget = incomeSource.fund(epoch, members);
        uint256 received = _balance() - before;
        if (received < budget) revert Distributor_BudgetNotReceived(received, budget);
    }

    function _setPerPersonCap(uint256 newCap) private {
        if (newCap == 0) revert Distributor_ZeroPerPersonCap();
        emit PerPersonCapChanged(perPersonCap, newCap);
        perPersonCap = newCap;
    }

    function _requireClaimable(uint256 epoch) private view {
        uint256 current = _currentEpoch();
        if (!_isInWindow(epoch, current)) revert Distributor_EpochNotClaimable(epoch, current);
    }

    /// @dev `epoch <= current < epoch + claimWindow`, written so that nothing overflows (EPOCH-4).
    function _isInWindow(uint256 epoch, uint256 current) internal view returns (bool) {
        return epoch <= current && current - epoch < claimWindow;
    }

    function _isOpened(uint256 epoch) internal view returns (bool) {
        return _epochs[epoch].memberCount != 0;
    }

    /// @dev Holds EPOCH-1: the chain's clock is the only clock of payments.
    function _currentEpoch() internal view returns (uint256) {
        if (block.timestamp < _genesis) {
            revert IRegistry.Registry_BeforeGenesis(block.timestamp, _genesis);
        }
        return (block.timestamp - _genesis) / _epochLength;
    }

    /// @dev `hashToField` of a preimage of exactly 32 bytes (IDENT-4).
    function _hashToField(bytes32 word) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode(word))) >> 8;
    }
}
