// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IAppendVerifier} from "./interfaces/IAppendVerifier.sol";
import {IRegistry} from "./interfaces/IRegistry.sol";
import {IRevokeVerifier} from "./interfaces/IRevokeVerifier.sol";
import {BatchBinding} from "./libraries/BatchBinding.sol";
import {Bn254} from "./libraries/Bn254.sol";
import {Timelocks} from "./libraries/Timelocks.sol";
import {VerifyingKeys} from "./libraries/VerifyingKeys.sol";

/// @title The members' tree by epoch (see `IRegistry`)
contract Registry is IRegistry, AccessControl {
    /// @dev Everything about the newest root that changes with a batch, in one storage slot.
    /// Indices and counts are at most 2^30.
    struct Newest {
        uint32 nextIndex;
        uint32 memberCount;
        /// The epoch of the last batch, and the leaves appended in it.
        uint64 epoch;
        uint32 enrolled;
        /// Entries of `_closed`.
        uint32 closedCount;
        uint64 epochEnrolmentCap;
    }

    /// @dev The state at the end of an epoch that had a batch.
    struct Checkpoint {
        uint256 root;
        uint64 epoch;
        uint32 memberCount;
        uint32 enrolled;
    }

    /// @notice May append and revoke leaves, with a proof.
    bytes32 public constant SEQUENCER_ROLE = keccak256("SEQUENCER_ROLE");

    /// @notice The number of leaves of the tree.
    uint256 public constant CAPACITY = 2 ** 30;

    /// @notice The root of the tree whose leaves are all 0.
    uint256 public constant EMPTY_ROOT =
        0x0918d46bf52d98b034413f4a1a1c41594e7a7a3f6ae08cb43d1a2a230e1959ef;

    /// @dev Batch sizes of the circuits, and the number of their public inputs.
    uint256 private constant APPEND_SMALL = 16;
    uint256 private constant APPEND_MEDIUM = 256;
    uint256 private constant APPEND_LARGE = 1024;
    uint256 private constant REVOKE_SMALL = 8;
    uint256 private constant REVOKE_LARGE = 32;
    uint256 private constant APPEND_INPUTS = 6;
    uint256 private constant REVOKE_INPUTS = 5;

    /// @inheritdoc IRegistry
    uint256 public immutable genesis;

    /// @inheritdoc IRegistry
    uint256 public immutable epochLength;

    IAppendVerifier private immutable _appendSmall;
    IAppendVerifier private immutable _appendMedium;
    IAppendVerifier private immutable _appendLarge;
    IRevokeVerifier private immutable _revokeSmall;
    IRevokeVerifier private immutable _revokeLarge;

    /// @inheritdoc IRegistry
    uint256 public currentRoot = EMPTY_ROOT;

    Newest private _newest;

    /// @dev In strictly rising order of epochs, all before the epoch of `_newest`.
    mapping(uint256 position => Checkpoint) private _closed;

    /// @param admin The timelock; its delay must be longer than an epoch (REG-9).
    /// @param sequencer The first holder of `SEQUENCER_ROLE`.
    /// @param genesis_ Unix time of the start of epoch 0, in seconds.
    /// @param epochLength_ Length of an epoch in seconds.
    /// @param epochEnrolmentCap_ The number of leaves that one epoch may take.
    /// @param appendVerifiers For batches of 16, 256 and 1024.
    /// @param revokeVerifiers For batches of 8 and 32.
    constructor(
        TimelockController admin,
        address sequencer,
        uint256 genesis_,
        uint256 epochLength_,
        uint256 epochEnrolmentCap_,
        IAppendVerifier[3] memory appendVerifiers,
        IRevokeVerifier[2] memory revokeVerifiers
    ) {
        if (epochLength_ == 0) {
            revert Registry_ZeroEpochLength();
        }
        Timelocks.requireLongerThanEpoch(admin, epochLength_);
        for (uint256 i = 0; i < appendVerifiers.length; ++i) {
            VerifyingKeys.requireSound(appendVerifiers[i].verifyingKey(), APPEND_INPUTS);
        }
        for (uint256 i = 0; i < revokeVerifiers.length; ++i) {
            VerifyingKeys.requireSound(revokeVerifiers[i].verifyingKey(), REVOKE_INPUTS);
        }
        genesis = genesis_;
        epochLength = epochLength_;
        (_appendSmall, _appendMedium, _appendLarge) =
        (appendVerifiers[0], appendVerifiers[1], appendVerifiers[2]);
        (_revokeSmall, _revokeLarge) = (revokeVerifiers[0], revokeVerifiers[1]);
        _setEpochEnrolmentCap(epochEnrolmentCap_);
        _grantRole(DEFAULT_ADMIN_ROLE, address(admin));
        _grantRole(SEQUENCER_ROLE, sequencer);
    }

    /// @inheritdoc IRegistry
    /// @dev Holds REG-1.
    function append(
        uint256[] calldata leaves,
        uint256 postRoot,
        uint256 digest,
        uint256[8] calldata proof
    ) external onlyRole(SEQUENCER_ROLE) {
        IAppendVerifier verifier = appendVerifier(leaves.length);
        Newest memory newest = _newest;
        uint256[6] memory inputs = [currentRoot, postRoot, newest.nextIndex, digest, 0, 0];
        uint256 epoch = _enterEpoch(newest, inputs[0]);
        _count(newest, leaves.length, epoch);

        if (!BatchBinding.bindAppend(inputs, leaves)) _revertWithInvalidLeaf(leaves);
        if (!verifier.verifyProof(proof, inputs)) {
            revert Registry_InvalidProof(inputs[0], inputs[2]);
        }
        currentRoot = postRoot;
        _newest = newest;
        emit LeavesAppended(epoch, inputs[2], leaves, inputs[0], postRoot);
    }

    /// @inheritdoc IRegistry
    function revoke(
        Removal[] calldata removals,
        uint256 postRoot,
        uint256 digest,
        uint256[8] calldata proof
    ) external onlyRole(SEQUENCER_ROLE) {
        IRevokeVerifier verifier = revokeVerifier(removals.length);
        Newest memory newest = _newest;
        uint256[5] memory inputs = [currentRoot, postRoot, digest, 0, 0];
        uint256 epoch = _enterEpoch(newest, inputs[0]);
        _checkRemovals(removals, newest.nextIndex);

        BatchBinding.bindRevoke(inputs, removals);
        if (!verifier.verifyProof(proof, inputs)) {
            revert Registry_InvalidProof(inputs[0], newest.nextIndex);
        }
        // Each removal was a member: with a sound proof system this does not underflow.
        newest.memberCount -= SafeCast.toUint32(removals.length);
        currentRoot = postRoot;
        _newest = newest;
        emit LeavesRevoked(epoch, removals, inputs[0], postRoot);
    }

    /// @inheritdoc IRegistry
    function setEpochEnrolmentCap(uint256 newCap) external onlyRole(DEFAULT_ADMIN_ROLE) {
        _setEpochEnrolmentCap(newCap);
    }

    /// @inheritdoc IRegistry
    function nextIndex() external view returns (uint256) {
        return _newest.nextIndex;
    }

    /// @inheritdoc IRegistry
    function memberCount() external view returns (uint256) {
        return _newest.memberCount;
    }

    /// @inheritdoc IRegistry
    function epochEnrolmentCap() external view returns (uint256) {
        return _newest.epochEnrolmentCap;
    }

    /// @inheritdoc IRegistry
    function enrolledIn(uint256 epoch) external view returns (uint256) {
        if (epoch == _newest.epoch) return _newest.enrolled;
        Checkpoint storage checkpoint = _closed[_countClosedBefore(epoch)];
        // Behind the last checkpoint there is an empty one: its count is 0 as well.
        return checkpoint.epoch == epoch ? checkpoint.enrolled : 0;
    }

    /// @inheritdoc IRegistry
    /// @dev Holds EPOCH-2.
    function checkpointBefore(uint256 epoch) external view returns (uint256 root, uint256 members) {
        uint256 current = currentEpoch();
        if (epoch > current) revert Registry_EpochInFuture(epoch, current);

        if (_newest.epoch < epoch) return (currentRoot, _newest.memberCount);
        uint256 earlier = _countClosedBefore(epoch);
        if (earlier == 0) return (EMPTY_ROOT, 0);
        Checkpoint storage checkpoint = _closed[earlier - 1];
        return (checkpoint.root, checkpoint.memberCount);
    }

    /// @inheritdoc IRegistry
    function epochStart(uint256 epoch) external view returns (uint256) {
        return genesis + epoch * epochLength;
    }

    /// @inheritdoc IRegistry
    function currentEpoch() public view returns (uint256) {
        return epochAt(block.timestamp);
    }

    /// @inheritdoc IRegistry
    /// @dev Holds EPOCH-1.
    function epochAt(uint256 timestamp) public view returns (uint256) {
        if (timestamp < genesis) revert Registry_BeforeGenesis(timestamp, genesis);
        return (timestamp - genesis) / epochLength;
    }

    /// @inheritdoc IRegistry
    function appendVerifier(uint256 size) public view returns (IAppendVerifier) {
        if (size == 0 || size > APPEND_LARGE) revert Registry_BatchSize(size, APPEND_LARGE);
        if (size <= APPEND_SMALL) return _appendSmall;
        return size <= APPEND_MEDIUM ? _appendMedium : _appendLarge;
    }

    /// @inheritdoc IRegistry
    function revokeVerifier(uint256 size) public view returns (IRevokeVerifier) {
        if (size == 0 || size > REVOKE_LARGE) revert Registry_BatchSize(size, REVOKE_LARGE);
        return size <= REVOKE_SMALL ? _revokeSmall : _revokeLarge;
    }

    function _setEpochEnrolmentCap(uint256 newCap) private {
        emit EpochEnrolmentCapChanged(_newest.epochEnrolmentCap, newCap);
        _newest.epochEnrolmentCap = SafeCast.toUint64(newCap);
    }

    /// @dev Moves `newest` to the epoch of this block. The first batch of an epoch writes down how
    /// the epoch of the batch before it ended; before the first batch of all there is nothing to
    /// write down.
    function _enterEpoch(Newest memory newest, uint256 root) private returns (uint256 epoch) {
        epoch = currentEpoch();
        if (newest.epoch == epoch) return epoch;
        if (newest.nextIndex != 0) {
            _closed[newest.closedCount] = Checkpoint({
                root: root,
                epoch: newest.epoch,
                memberCount: newest.memberCount,
                enrolled: newest.enrolled
            });
            ++newest.closedCount;
        }
        newest.epoch = SafeCast.toUint64(epoch);
        newest.enrolled = 0;
    }

    /// @dev Takes `size` leaves into the counts of `newest` (CIRC-8, REG-4, REG-5).
    function _count(Newest memory newest, uint256 size, uint256 epoch) private pure {
        uint256 room = CAPACITY - newest.nextIndex;
        if (size > room) revert Registry_TreeFull(size, room);
        uint256 cap = newest.epochEnrolmentCap;
        // The cap may have been lowered below what the epoch has already taken.
        uint256 free = cap > newest.enrolled ? cap - newest.enrolled : 0;
        if (size > free) revert Registry_EpochEnrolmentCapExceeded(epoch, size, free);
        uint32 added = SafeCast.toUint32(size);
        newest.nextIndex += added;
        newest.memberCount += added;
        newest.enrolled += added;
    }

    /// @dev An index below `nextIndex` is in the field too, which the binding asks for (REG-2).
    function _checkRemovals(Removal[] calldata removals, uint256 end) private pure {
        for (uint256 i = 0; i < removals.length; ++i) {
            Removal calldata removal = removals[i];
            if (removal.leafIndex >= end) {
                revert Registry_UnknownLeafIndex(i, removal.leafIndex);
            }
            if (!_isCommitment(removal.commitment)) {
                revert Registry_InvalidLeaf(i, removal.commitment);
            }
        }
    }

    function _revertWithInvalidLeaf(uint256[] calldata leaves) private pure {
        uint256 i = 0;
        while (_isCommitment(leaves[i])) ++i;
        revert Registry_InvalidLeaf(i, leaves[i]);
    }

    function _isCommitment(uint256 leaf) private pure returns (bool) {
        return leaf != 0 && leaf < Bn254.SCALAR_FIELD;
    }

    /// @dev Binary search.
    function _countClosedBefore(uint256 epoch) private view returns (uint256) {
        uint256 low = 0;
        uint256 high = _newest.closedCount;
        while (low < high) {
            uint256 middle = (low + high) / 2;
            if (_closed[middle].epoch < epoch) low = middle + 1;
            else high = middle;
        }
        return low;
    }
}
