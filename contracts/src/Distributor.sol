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
import {ProofFold} from "./libraries/ProofFold.sol";
import {Transcript} from "./libraries/Transcript.sol";
import {Transfers} from "./libraries/Transfers.sol";

/// @title Pays each member once per epoch (see `IDistributor`)
contract Distributor is EpochBudgets {
    using SafeERC20 for IERC20;
    using Transfers for IERC20;
    using ProofFold for ProofFold.Fold;

    /// @dev Claims of one transaction between the check of their proofs and their payment.
    struct Batch {
        uint256 id;
        // Bit i is set if claim i is to be paid.
        uint256 taken;
        ProofFold.Fold fold;
    }

    /// @inheritdoc IDistributor
    uint256 public constant MAX_BATCH = 128;

    /// @dev Gas of a transfer in a batch: several times what a token needs, and too little for a
    /// token's hooks to use up the gas of the other claims.
    uint256 private constant TRANSFER_GAS = 200_000;

    /// @dev Gas of opening an epoch in `catchUp`: several times what the minted income needs.
    uint256 private constant OPENING_GAS = 1_000_000;

    /// @dev The `batchId` of a claim that came alone.
    uint256 private constant SINGLE_CLAIM = 0;

    /// @dev By epoch, although a nullifier hash is already bound to one: then no value spent in one
    /// epoch can block another, without an argument about Poseidon collisions.
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
        if (!_proves(record.pointX, record.pointY, nullifierHash, signal, proof)) {
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
        Batch memory batch = _begin(Transcript.ofBatch(epoch, record.root, claims), claims.length);
        uint256 amount = record.amount;
        uint256 count = 0;
        for (uint256 i = 0; i < claims.length; ++i) {
            Claim calldata one = claims[i];
            _checkInputs(one.nullifierHash, one.recipient, one.feeRecipient, one.fee);
            if (one.fee > amount) revert Distributor_FeeAboveAmount(one.fee, amount);
            if (_take(batch, i, epoch, one)) ++count;
        }
        if (count == 0) return;

        _count(epoch, record, count);
        ProofFold.Fold memory fold = batch.fold;
        bool valid = fold.addInput(record.pointX, record.pointY, fold.weight);
        if (!valid || !_provesAll(fold)) revert Distributor_InvalidProof();

        uint256 before = _balance();
        uint256 failed = 0;
        for (uint256 i = 0; i < claims.length; ++i) {
            if (!_isTaken(batch, i)) continue;
            if (!_pay(batch, epoch, amount, claims[i])) ++failed;
        }
        if (failed > 0) _uncount(record, failed);
        _requireSentOnly(amount * (count - failed), before);
    }

    /// @inheritdoc IDistributor
    /// @dev Epochs are opened before the lock is taken, because each opening takes it.
    function catchUp(EpochClaim[] calldata claims) external whenNotPaused {
        _requireBatchSize(claims.length);
        for (uint256 i = 0; i < claims.length; ++i) {
            if (_isOpened(claims[i].epoch)) continue;
            _requireGasFor(OPENING_GAS);
            // One that cannot be opened is passed over below.
            try this.openEpoch{gas: OPENING_GAS}(claims[i].epoch) {} catch {}
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
    function signalHash(address recipient, address feeRecipient, uint256 fee)
        public
        pure
        returns (uint256 hash)
    {
        // In assembly because a batch does it 128 times: nothing is left behind in memory.
        assembly ("memory-safe") {
            let preimage := mload(0x40)
            mstore(preimage, 0x80)
            mstore(add(preimage, 0x20), recipient)
            mstore(add(preimage, 0x40), feeRecipient)
            mstore(add(preimage, 0x60), fee)
            mstore(add(preimage, 0x80), 16)
            mstore(add(preimage, 0xa0), "annona.signal.v1")
            mstore(0x00, keccak256(preimage, 0xc0))
            hash := shr(8, keccak256(0x00, 0x20))
        }
    }

    function _catchUp(EpochClaim[] calldata claims) private nonReentrant {
        uint256[] memory roots = new uint256[](claims.length);
        for (uint256 i = 0; i < claims.length; ++i) {
            roots[i] = _epochs[claims[i].epoch].root;
        }
        Batch memory batch = _begin(Transcript.ofCatchUp(roots, claims), claims.length);
        for (uint256 i = 0; i < claims.length; ++i) {
            _takeOfEpoch(batch, i, claims[i]);
        }
        if (batch.taken == 0) return;
        if (!_provesAll(batch.fold)) revert Distributor_InvalidProof();

        uint256 before = _balance();
        uint256 paid = 0;
        for (uint256 i = 0; i < claims.length; ++i) {
            if (!_isTaken(batch, i)) continue;
            uint256 epoch = claims[i].epoch;
            uint256 amount = _epochs[epoch].amount;
            if (_pay(batch, epoch, amount, claims[i].claim)) paid += amount;
            else _uncount(_epochs[epoch], 1);
        }
        _requireSentOnly(paid, before);
    }

    /// @dev Takes or passes over a claim, whatever the state of its epoch.
    function _takeOfEpoch(Batch memory batch, uint256 index, EpochClaim calldata entry) private {
        uint256 epoch = entry.epoch;
        Claim calldata one = entry.claim;
        _checkInputs(one.nullifierHash, one.recipient, one.feeRecipient, one.fee);
        EpochRecord storage record = _epochs[epoch];
        if (!_isInWindow(epoch, _currentEpoch()) || !_isOpened(epoch)) {
            return _skip(batch, epoch, one, SkipReason.EpochNotClaimable);
        }
        if (one.fee > record.amount) return _skip(batch, epoch, one, SkipReason.FeeAboveAmount);
        if (record.claimed == record.memberCount && !_spent[epoch][one.nullifierHash]) {
            return _skip(batch, epoch, one, SkipReason.CensusExceeded);
        }
        if (!_take(batch, index, epoch, one)) return;
        _count(epoch, record, 1);
        uint256 rho = Transcript.coefficient(bytes32(batch.id), index);
        if (!batch.fold.addInput(record.pointX, record.pointY, rho)) {
            revert Distributor_InvalidProof();
        }
    }

    function _requireBatchSize(uint256 size) private pure {
        if (size == 0 || size > MAX_BATCH) revert Distributor_BatchSize(size);
    }

    /// @dev A call gets at most 63/64 of what is left. With less than it is limited to, its failure
    /// would be the sender's doing, or a gas estimate's, which looks for the least gas that does
    /// not revert.
    function _requireGasFor(uint256 callGas) private view {
        if (gasleft() < callGas + callGas / 32) revert Distributor_TooLittleGas(callGas);
    }

    /// @dev `size` claims with the coefficients of `seed`.
    function _begin(bytes32 seed, uint256 size) private pure returns (Batch memory batch) {
        batch.id = uint256(seed);
        batch.fold = ProofFold.begin(size);
    }

    /// @dev Marks the nullifier hash as spent and adds the proof to the sum; or passes over the
    /// claim.
    function _take(Batch memory batch, uint256 index, uint256 epoch, Claim calldata one)
        private
        returns (bool)
    {
        uint256 nullifierHash = one.nullifierHash;
        mapping(uint256 => bool) storage spent = _spent[epoch];
        if (spent[nullifierHash]) {
            _skip(batch, epoch, one, SkipReason.NullifierSpent);
            return false;
        }
        spent[nullifierHash] = true;
        // forge-lint: disable-next-line(incorrect-shift)
        batch.taken |= 1 << index; // One bit, at the place `index`.
        uint256 signal = signalHash(one.recipient, one.feeRecipient, one.fee);
        uint256 rho = Transcript.coefficient(bytes32(batch.id), index);
        bool valid = batch.fold.add(rho, nullifierHash, signal, one.proof);
        if (!valid) revert Distributor_InvalidProof();
        return true;
    }

    function _isTaken(Batch memory batch, uint256 index) private pure returns (bool) {
        return (batch.taken >> index) & 1 == 1;
    }

    /// @dev Pays a claim that was taken. If the token refuses, the nullifier hash is as it was.
    function _pay(Batch memory batch, uint256 epoch, uint256 amount, Claim calldata one)
        private
        returns (bool)
    {
        uint256 fee = one.fee;
        if (!_tryTransfers(one, amount)) {
            _spent[epoch][one.nullifierHash] = false;
            _skip(batch, epoch, one, SkipReason.TransferFailed);
            return false;
        }
        emit Claimed(epoch, one.nullifierHash, one.recipient, amount, batch.id);
        if (fee > 0) emit FeePaid(epoch, one.nullifierHash, one.feeRecipient, fee);
        return true;
    }

    function _tryTransfers(Claim calldata one, uint256 amount) private returns (bool) {
        uint256 fee = one.fee;
        if (fee == 0) {
            _requireGasFor(TRANSFER_GAS);
            return token.tryTransfer(one.recipient, amount, TRANSFER_GAS);
        }
        _requireGasFor(2 * TRANSFER_GAS);
        try this.payWithFee{gas: 2 * TRANSFER_GAS}(
            one.recipient, amount - fee, one.feeRecipient, fee
        ) {
            return true;
        } catch {
            return false;
        }
    }

    function _skip(Batch memory batch, uint256 epoch, Claim calldata one, SkipReason reason)
        private
    {
        emit ClaimSkipped(epoch, one.nullifierHash, reason, batch.id);
    }

    /// @dev The census breaker.
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
    /// outside it, and a hash is shortened to 248 bits.
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
