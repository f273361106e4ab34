// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {EpochBudgets} from "./EpochBudgets.sol";
import {IDistributor} from "./interfaces/IDistributor.sol";
import {IIncomeSource} from "./interfaces/IIncomeSource.sol";
import {IRegistry} from "./interfaces/IRegistry.sol";
import {IVerifyingKey} from "./interfaces/IVerifyingKey.sol";
import {Bn254} from "./libraries/Bn254.sol";
import {ClaimRuns} from "./libraries/ClaimRuns.sol";
import {BatchAccumulator, BatchAccumulators} from "./libraries/BatchAccumulators.sol";
import {Transcript} from "./libraries/Transcript.sol";
import {Transfers} from "./libraries/Transfers.sol";

/// @title Pays each member once per epoch (see `IDistributor`)
contract Distributor is EpochBudgets {
    using SafeERC20 for IERC20;
    using Transfers for IERC20;
    using BatchAccumulators for BatchAccumulator;
    using ClaimRuns for BatchAccumulator;

    /// @inheritdoc IDistributor
    uint256 public constant MAX_BATCH = 128;

    /// @dev Gas of a transfer in a batch: several times what a token needs, and too little for a
    /// token's hooks to use up the gas of the other claims (CLAIM-9).
    uint256 private constant TRANSFER_GAS = 200_000;

    /// @dev Gas of opening an epoch in `catchUp`: several times what the minted income needs.
    uint256 private constant OPENING_GAS = 1_000_000;

    /// @dev The `batchId` of a claim that came alone.
    uint256 private constant SINGLE_CLAIM = 0;

    /// @dev By epoch, although a nullifier hash is already bound to one: then no value spent in one
    /// epoch can block another, without an argument about Poseidon collisions (CLAIM-3).
    mapping(uint256 epoch => mapping(uint256 nullifierHash => bool)) private _spent;

    /// @param registry_ The members' tree and the clock.
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
    )
        EpochBudgets(
            registry_, verifier_, incomeSource_, token_, claimWindow_, perPersonCap_, admin, pauser
        )
    {}

    /// @inheritdoc IDistributor
    /// @dev Holds CLAIM-2 and CLAIM-14.
    function claim(
        uint256 epoch,
        uint256 nullifierHash,
        address recipient,
        address feeRecipient,
        uint256 fee,
        uint256[8] calldata proof
    ) external whenNotPaused nonReentrant {
        EpochRecord storage record = _opened(epoch);
        uint256 amount = record.amount;
        _checkInputs(nullifierHash, recipient, feeRecipient, fee);
        if (fee > amount) revert Distributor_FeeAboveAmount(fee, amount);
        if (_spent[epoch][nullifierHash]) revert Distributor_NullifierSpent(epoch, nullifierHash);
        _spent[epoch][nullifierHash] = true;
        _count(epoch, record, 1);
        uint256 signal = signalHash(recipient, feeRecipient, fee);
        if (!_verifyProof(record.pointX, record.pointY, nullifierHash, signal, proof)) {
            revert Distributor_InvalidProof();
        }

        uint256 before = _balance();
        emit Claimed(epoch, nullifierHash, recipient, amount, SINGLE_CLAIM);
        token.safeTransfer(recipient, amount - fee);
        if (fee > 0) {
            emit FeePaid(epoch, nullifierHash, feeRecipient, fee);
            token.safeTransfer(feeRecipient, fee);
        }
        _requireSentOnly(amount, before);
    }

    /// @inheritdoc IDistributor
    function claimBatch(uint256 epoch, Claim[] calldata claims)
        external
        whenNotPaused
        nonReentrant
    {
        _requireBatchSize(claims.length);
        EpochRecord storage record = _opened(epoch);
        bytes32 seed = Transcript.ofBatch(epoch, record.root, claims);
        BatchAccumulator memory accumulator = BatchAccumulators.begin(claims.length, seed);
        _takeAll(accumulator, epoch, record.amount, claims);
        uint256 count = accumulator.count();
        if (count == 0) return;

        _count(epoch, record, count);
        bool valid = accumulator.addInput(record.pointX, record.pointY, accumulator.weight);
        if (!valid || !_verifyBatch(accumulator)) revert Distributor_InvalidProof();

        uint256 before = _balance();
        uint256 amount = record.amount;
        uint256 failed = _payAll(seed, epoch, amount, claims, accumulator.skipped);
        if (failed > 0) _uncount(record, failed);
        _requireSentOnly(amount * (count - failed), before);
    }

    /// @inheritdoc IDistributor
    /// @dev Epochs are opened before the lock is taken, because each opening takes it
    /// (EPOCH-8).
    function catchUp(EpochClaim[] calldata claims) external whenNotPaused {
        _requireBatchSize(claims.length);
        for (uint256 i = 0; i < claims.length; ++i) {
            if (_isOpened(claims[i].epoch)) continue;
            // One that cannot be opened is skipped below.
            try this.openEpoch{gas: _gasFor(OPENING_GAS)}(claims[i].epoch) {} catch {}
        }
        _catchUp(claims);
    }

    /// @notice Pays one claim of a batch with a fee, wholly or not at all. Only this contract.
    function payWithFee(address recipient, uint256 rest, address feeRecipient, uint256 fee)
        external
    {
        if (msg.sender != address(this)) revert Distributor_NotSelf(msg.sender);
        token.safeTransfer(recipient, rest);
        token.safeTransfer(feeRecipient, fee);
    }

    /// @inheritdoc IDistributor
    function isSpent(uint256 epoch, uint256 nullifierHash) external view returns (bool) {
        return _spent[epoch][nullifierHash];
    }

    /// @inheritdoc IDistributor
    /// @dev Holds CLAIM-1.
    function signalHash(address recipient, address feeRecipient, uint256 fee)
        public
        pure
        returns (uint256)
    {
        return _hashToField(keccak256(abi.encode("annona.signal.v1", recipient, feeRecipient, fee)));
    }

    function _catchUp(EpochClaim[] calldata claims) private nonReentrant {
        uint256[] memory roots = new uint256[](claims.length);
        for (uint256 i = 0; i < claims.length; ++i) {
            roots[i] = _epochs[claims[i].epoch].root;
        }
        bytes32 seed = Transcript.ofCatchUp(roots, claims);
        BatchAccumulator memory accumulator = BatchAccumulators.begin(claims.length, seed);
        for (uint256 i = 0; i < claims.length; ++i) {
            if (!_takeOfEpoch(accumulator, i, claims[i])) accumulator.skipped |= _bit(i);
        }
        if (accumulator.count() == 0) return;
        if (!_verifyBatch(accumulator)) revert Distributor_InvalidProof();

        uint256 before = _balance();
        uint256 paid = 0;
        for (uint256 i = 0; i < claims.length; ++i) {
            if (accumulator.skipped & _bit(i) != 0) continue;
            uint256 epoch = claims[i].epoch;
            uint256 amount = _epochs[epoch].amount;
            if (_pay(seed, epoch, amount, claims[i].claim)) paid += amount;
            else _uncount(_epochs[epoch], 1);
        }
        _requireSentOnly(paid, before);
    }

    /// @dev Takes the claims of one epoch that are due: marks their nullifier hashes as spent and
    /// adds their proofs to the sum.
    function _takeAll(
        BatchAccumulator memory accumulator,
        uint256 epoch,
        uint256 amount,
        Claim[] calldata claims
    ) private {
        // The first claim takes the slow path too: its coefficient is another.
        uint256 i = 0;
        while (i < claims.length) {
            _takeSlow(accumulator, i, epoch, amount, claims[i]);
            i = accumulator.takeFast(_spent[epoch], claims, i + 1, address(token));
        }
    }

    /// @dev The slow path: takes a claim of an open epoch, or skips it (CLAIM-8).
    function _takeSlow(
        BatchAccumulator memory accumulator,
        uint256 index,
        uint256 epoch,
        uint256 amount,
        Claim calldata one
    ) private {
        _checkInputs(one.nullifierHash, one.recipient, one.feeRecipient, one.fee);
        // The amount is known once the epoch is open, and others may open it first.
        bool taken = one.fee > amount
            ? _skip(accumulator.seed, epoch, one, SkipReason.FeeAboveAmount)
            : _spendAndAdd(accumulator, index, epoch, one);
        if (!taken) accumulator.skipped |= _bit(index);
    }

    /// @dev Takes a claim that is due, or skips it, whatever the state of its epoch.
    function _takeOfEpoch(
        BatchAccumulator memory accumulator,
        uint256 index,
        EpochClaim calldata entry
    ) private returns (bool) {
        uint256 epoch = entry.epoch;
        Claim calldata one = entry.claim;
        _checkInputs(one.nullifierHash, one.recipient, one.feeRecipient, one.fee);
        EpochRecord storage record = _epochs[epoch];
        if (!_isInWindow(epoch, _currentEpoch()) || !_isOpened(epoch)) {
            return _skip(accumulator.seed, epoch, one, SkipReason.EpochNotClaimable);
        }
        if (one.fee > record.amount) {
            return _skip(accumulator.seed, epoch, one, SkipReason.FeeAboveAmount);
        }
        if (record.claimed == record.memberCount && !_spent[epoch][one.nullifierHash]) {
            return _skip(accumulator.seed, epoch, one, SkipReason.CensusExceeded);
        }
        if (!_spendAndAdd(accumulator, index, epoch, one)) return false;
        _count(epoch, record, 1);
        uint256 rho = accumulator.coefficient(index);
        bool valid = accumulator.addInput(record.pointX, record.pointY, rho);
        if (!valid) revert Distributor_InvalidProof();
        return true;
    }

    /// @dev Marks the nullifier hash as spent and adds the proof to the sum, or skips the claim.
    function _spendAndAdd(
        BatchAccumulator memory accumulator,
        uint256 index,
        uint256 epoch,
        Claim calldata one
    ) private returns (bool) {
        if (_spent[epoch][one.nullifierHash]) {
            return _skip(accumulator.seed, epoch, one, SkipReason.NullifierSpent);
        }
        _spent[epoch][one.nullifierHash] = true;
        uint256 signal = signalHash(one.recipient, one.feeRecipient, one.fee);
        bool valid = index == 0
            ? accumulator.addFirst(one.nullifierHash, signal, one.proof)
            : accumulator.add(accumulator.coefficient(index), signal, one);
        if (!valid) revert Distributor_InvalidProof();
        return true;
    }

    /// @dev Pays the claims of one epoch that were not skipped.
    /// @return failed The number of claims that the token refused.
    function _payAll(
        bytes32 seed,
        uint256 epoch,
        uint256 amount,
        Claim[] calldata claims,
        uint256 skipped
    ) private returns (uint256 failed) {
        ClaimRuns.Payment memory payment = ClaimRuns.Payment({
            amount: amount,
            batchId: uint256(seed),
            epoch: epoch,
            transferGas: TRANSFER_GAS,
            reserve: _reserveFor(TRANSFER_GAS)
        });
        uint256 i = 0;
        while (true) {
            bool refused;
            (i, refused) = ClaimRuns.pay(address(token), payment, claims, i, skipped);
            if (i == claims.length) return failed;
            bool isPaid =
                refused ? _unspend(seed, epoch, claims[i]) : _pay(seed, epoch, amount, claims[i]);
            if (!isPaid) ++failed;
            ++i;
        }
    }

    /// @dev Pays a claim that was taken. If the token refuses, the nullifier hash is as it was.
    function _pay(bytes32 seed, uint256 epoch, uint256 amount, Claim calldata one)
        private
        returns (bool)
    {
        uint256 fee = one.fee;
        bool sent = fee == 0
            ? token.tryTransfer(one.recipient, amount, _gasFor(TRANSFER_GAS))
            : _tryPayWithFee(one, amount - fee);
        if (!sent) return _unspend(seed, epoch, one);
        emit Claimed(epoch, one.nullifierHash, one.recipient, amount, uint256(seed));
        if (fee > 0) emit FeePaid(epoch, one.nullifierHash, one.feeRecipient, fee);
        return true;
    }

    /// @dev Gives a claim back that the token refused; always false.
    function _unspend(bytes32 seed, uint256 epoch, Claim calldata one) private returns (bool) {
        _spent[epoch][one.nullifierHash] = false;
        return _skip(seed, epoch, one, SkipReason.TransferFailed);
    }

    function _tryPayWithFee(Claim calldata one, uint256 rest) private returns (bool) {
        try this.payWithFee{gas: _gasFor(2 * TRANSFER_GAS)}(
            one.recipient, rest, one.feeRecipient, one.fee
        ) {
            return true;
        } catch {
            return false;
        }
    }

    /// @dev Tells of a claim that is not paid; always false.
    function _skip(bytes32 seed, uint256 epoch, Claim calldata one, SkipReason reason)
        private
        returns (bool)
    {
        emit ClaimSkipped(epoch, one.nullifierHash, reason, uint256(seed));
        return false;
    }

    function _bit(uint256 index) private pure returns (uint256) {
        // forge-lint: disable-next-line(incorrect-shift)
        return 1 << index; // One, at the place `index`.
    }

    function _requireBatchSize(uint256 size) private pure {
        if (size == 0 || size > MAX_BATCH) revert Distributor_BatchSize(size);
    }

    /// @dev `callGas`, if a call will get it. With less, its failure would be the sender's doing,
    /// or that of a gas estimate, which looks for the least gas that does not revert.
    function _gasFor(uint256 callGas) private view returns (uint256) {
        if (gasleft() < _reserveFor(callGas)) revert Distributor_TooLittleGas(callGas);
        return callGas;
    }

    /// @dev A call gets at most 63/64 of the gas that is left.
    function _reserveFor(uint256 callGas) private pure returns (uint256) {
        return callGas + callGas / 32;
    }

    /// @dev The census breaker (CLAIM-4).
    function _count(uint256 epoch, EpochRecord storage record, uint256 more) private {
        uint256 claimed = record.claimed + more;
        uint256 members = record.memberCount;
        if (claimed > members) revert Distributor_CensusExceeded(epoch, members);
        // At most `members`, which has the same width.
        // forge-lint: disable-next-line(unsafe-typecast)
        record.claimed = uint56(claimed);
    }

    /// @dev Takes back claims that were counted and not paid.
    function _uncount(EpochRecord storage record, uint256 fewer) private {
        // The result is not more than what it was.
        // forge-lint: disable-next-line(unsafe-typecast)
        record.claimed = uint56(record.claimed - fewer);
    }

    /// @dev The other three inputs are in the field by construction: the registry refuses a root
    /// outside it, and a hash is shortened to 248 bits (CLAIM-5, IDENT-2).
    function _checkInputs(
        uint256 nullifierHash,
        address recipient,
        address feeRecipient,
        uint256 fee
    ) private view {
        if (nullifierHash >= Bn254.SCALAR_FIELD) {
            revert Distributor_NullifierOutOfField(nullifierHash);
        }
        if (!_canReceive(recipient)) revert Distributor_InvalidRecipient(recipient);
        if (fee > 0 && !_canReceive(feeRecipient)) {
            revert Distributor_InvalidFeeRecipient(feeRecipient);
        }
    }

    /// @dev Money sent to the token or to this contract would be lost.
    function _canReceive(address account) private view returns (bool) {
        return account != address(0) && account != address(this) && account != address(token);
    }
}
