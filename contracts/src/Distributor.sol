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
import {IDistributor} from "./interfaces/IDistributor.sol";
import {IIncomeSource} from "./interfaces/IIncomeSource.sol";
import {IRegistry} from "./interfaces/IRegistry.sol";
import {ISemaphoreVerifier} from "./interfaces/ISemaphoreVerifier.sol";
import {Bn254} from "./libraries/Bn254.sol";
import {Timelocks} from "./libraries/Timelocks.sol";
import {VerifyingKeys} from "./libraries/VerifyingKeys.sol";

/// @title Pays each member once per epoch (see `IDistributor`)
contract Distributor is IDistributor, AccessControl, Pausable, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @dev Opened when `memberCount` is not 0. A claim reads `root` and the last slot only.
    struct EpochRecord {
        uint256 root;
        uint256 budget;
        uint128 amount;
        uint56 memberCount;
        uint56 claimed;
        bool closed;
    }

    /// @notice May pause and unpause.
    bytes32 public constant PAUSER_ROLE = keccak256("PAUSER_ROLE");

    /// @dev Public inputs of a claim's statement.
    uint256 private constant INPUT_COUNT = 4;

    /// @dev The `batchId` of a claim that came alone.
    uint256 private constant SINGLE_CLAIM = 0;

    /// @notice The members' tree and the clock.
    IRegistry public immutable registry;

    /// @notice The verifier of claims.
    ISemaphoreVerifier public immutable verifier;

    /// @notice Where budgets come from and unclaimed money returns.
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

    mapping(uint256 epoch => EpochRecord) private _epochs;

    /// @dev By epoch, although a nullifier hash is already bound to one: then no value spent in one
    /// epoch can block another, without an argument about Poseidon collisions.
    mapping(uint256 epoch => mapping(uint256 nullifierHash => bool)) private _spent;

    /// @param registry_ The members' tree and the clock.
    /// @param verifier_ The verifier of claims; a key that anyone can forge for is refused.
    /// @param incomeSource_ Must pay `token_` to this contract.
    /// @param token_ The token that is paid.
    /// @param claimWindow_ The number of epochs in which an epoch can be claimed.
    /// @param perPersonCap_ The most that one claim can be paid, in the token's smallest unit.
    /// @param admin The timelock; its delay must be longer than an epoch.
    /// @param pauser The first holder of `PAUSER_ROLE`.
    constructor(
        IRegistry registry_,
        ISemaphoreVerifier verifier_,
        IIncomeSource incomeSource_,
        IERC20 token_,
        uint256 claimWindow_,
        uint256 perPersonCap_,
        TimelockController admin,
        address pauser
    ) {
        if (pauser == address(0)) revert Distributor_ZeroAddress();
        if (claimWindow_ == 0) revert Distributor_ZeroClaimWindow();
        if (
            incomeSource_.token() != address(token_) || incomeSource_.distributor() != address(this)
        ) revert Distributor_IncomeSourceMismatch();
        VerifyingKeys.requireSound(verifier_.verifyingKey(), INPUT_COUNT);
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
    function claim(
        uint256 epoch,
        uint256 nullifierHash,
        address recipient,
        address feeRecipient,
        uint256 fee,
        uint256[8] calldata proof
    ) external whenNotPaused nonReentrant {
        _requireClaimable(epoch);
        if (!_isOpened(epoch)) _openEpoch(epoch);

        EpochRecord storage record = _epochs[epoch];
        uint256 amount = record.amount;
        _checkInputs(nullifierHash, recipient, feeRecipient, fee, amount);
        if (_spent[epoch][nullifierHash]) revert Distributor_NullifierSpent(epoch, nullifierHash);
        if (record.claimed >= record.memberCount) {
            revert Distributor_CensusExceeded(epoch, record.memberCount);
        }
        uint256[4] memory inputs = [
            record.root,
            nullifierHash,
            signalHash(recipient, feeRecipient, fee),
            externalNullifier(epoch)
        ];
        if (!verifier.verifyProof(proof, inputs)) revert Distributor_InvalidProof();

        _spent[epoch][nullifierHash] = true;
        record.claimed += 1;
        emit Claimed(epoch, nullifierHash, recipient, amount, SINGLE_CLAIM);
        token.safeTransfer(recipient, amount - fee);
        if (fee > 0) {
            emit FeePaid(epoch, nullifierHash, feeRecipient, fee);
            token.safeTransfer(feeRecipient, fee);
        }
    }

    /// @inheritdoc IDistributor
    function closeEpoch(uint256 epoch) external nonReentrant {
        if (!_isOpened(epoch)) revert Distributor_EpochNotOpened(epoch);
        uint256 current = _currentEpoch();
        if (_isInWindow(epoch, current)) revert Distributor_EpochStillClaimable(epoch, current);
        EpochRecord storage record = _epochs[epoch];
        if (record.closed) revert Distributor_EpochAlreadyClosed(epoch);

        record.closed = true;
        uint256 unclaimed = uint256(record.amount) * (record.memberCount - record.claimed);
        emit EpochClosed(epoch, unclaimed);
        token.safeTransfer(address(incomeSource), unclaimed);
    }

    /// @inheritdoc IDistributor
    function setPerPersonCap(uint256 newCap) external onlyRole(DEFAULT_ADMIN_ROLE) {
        _setPerPersonCap(newCap);
    }

    /// @inheritdoc IDistributor
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
    function isSpent(uint256 epoch, uint256 nullifierHash) external view returns (bool) {
        return _spent[epoch][nullifierHash];
    }

    /// @inheritdoc IDistributor
    function isClaimable(uint256 epoch) external view returns (bool) {
        return block.timestamp >= _genesis && _isInWindow(epoch, _currentEpoch());
    }

    /// @inheritdoc IDistributor
    function externalNullifier(uint256 epoch) public view returns (uint256) {
        return
            _hashToField(
                keccak256(abi.encode("annona.claim.v1", block.chainid, address(this), epoch))
            );
    }

    /// @inheritdoc IDistributor
    function signalHash(address recipient, address feeRecipient, uint256 fee)
        public
        pure
        returns (uint256)
    {
        return _hashToField(keccak256(abi.encode("annona.signal.v1", recipient, feeRecipient, fee)));
    }

    /// @dev The surplus over whole amounts returns at once, so that what is set aside is exactly
    /// what the members can claim.
    function _openEpoch(uint256 epoch) private {
        (uint256 root, uint256 members) = registry.checkpointBefore(epoch);
        if (members == 0) revert Distributor_NoMembers(epoch);

        uint256 budget = _takeBudget(epoch, members);
        uint256 amount = Math.min(perPersonCap, budget / members);
        if (amount == 0) revert Distributor_NothingToPay(epoch, budget);

        _epochs[epoch] = EpochRecord({
            root: root,
            budget: budget,
            amount: SafeCast.toUint128(amount),
            memberCount: SafeCast.toUint56(members),
            claimed: 0,
            closed: false
        });
        emit EpochOpened(epoch, root, members, budget, amount);
        uint256 surplus = budget - amount * members;
        if (surplus > 0) token.safeTransfer(address(incomeSource), surplus);
    }

    /// @dev Believes the balance, not the source: a budget that never came would be paid with the
    /// money of other epochs.
    function _takeBudget(uint256 epoch, uint256 members) private returns (uint256 budget) {
        uint256 before = token.balanceOf(address(this));
        budget = incomeSource.fund(epoch, members);
        uint256 received = token.balanceOf(address(this)) - before;
        if (received < budget) revert Distributor_BudgetNotReceived(received, budget);
    }

    function _setPerPersonCap(uint256 newCap) private {
        if (newCap == 0) revert Distributor_ZeroPerPersonCap();
        emit PerPersonCapChanged(perPersonCap, newCap);
        perPersonCap = newCap;
    }

    /// @dev The other three inputs are in the field by construction: the registry refuses a root
    /// outside it, and a hash is shortened to 248 bits.
    function _checkInputs(
        uint256 nullifierHash,
        address recipient,
        address feeRecipient,
        uint256 fee,
        uint256 amount
    ) private view {
        if (nullifierHash >= Bn254.SCALAR_FIELD) {
            revert Distributor_NullifierOutOfField(nullifierHash);
        }
        if (!_canReceive(recipient)) revert Distributor_InvalidRecipient(recipient);
        if (fee > amount) revert Distributor_FeeAboveAmount(fee, amount);
        if (fee > 0 && !_canReceive(feeRecipient)) {
            revert Distributor_InvalidFeeRecipient(feeRecipient);
        }
    }

    /// @dev Money sent to the token or to this contract would be lost.
    function _canReceive(address account) private view returns (bool) {
        return account != address(0) && account != address(this) && account != address(token);
    }

    function _requireClaimable(uint256 epoch) private view {
        uint256 current = _currentEpoch();
        if (!_isInWindow(epoch, current)) revert Distributor_EpochNotClaimable(epoch, current);
    }

    /// @dev `epoch <= current < epoch + claimWindow`, written so that nothing overflows.
    function _isInWindow(uint256 epoch, uint256 current) private view returns (bool) {
        return epoch <= current && current - epoch < claimWindow;
    }

    function _isOpened(uint256 epoch) private view returns (bool) {
        return _epochs[epoch].memberCount != 0;
    }

    function _currentEpoch() private view returns (uint256) {
        if (block.timestamp < _genesis) {
            revert IRegistry.Registry_BeforeGenesis(block.timestamp, _genesis);
        }
        return (block.timestamp - _genesis) / _epochLength;
    }

    /// @dev `hashToField` of a preimage of exactly 32 bytes.
    function _hashToField(bytes32 word) private pure returns (uint256) {
        return uint256(keccak256(abi.encode(word))) >> 8;
    }
}
