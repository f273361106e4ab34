// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IRegistry} from "./interfaces/IRegistry.sol";
import {Bn254} from "./libraries/Bn254.sol";
import {Timelocks} from "./libraries/Timelocks.sol";

/// @title The members' tree by epoch (see `IRegistry`)
contract Registry is IRegistry, AccessControl {
    /// @dev The state at the end of `epoch`, or so far if the epoch still runs.
    struct Checkpoint {
        uint256 root;
        uint128 epoch;
        uint128 memberCount;
    }

    /// @notice May append leaves.
    bytes32 public constant SEQUENCER_ROLE = keccak256("SEQUENCER_ROLE");

    /// @notice The largest batch, in leaves.
    uint256 public constant MAX_BATCH = 1024;

    /// @notice The number of leaves of the tree.
    uint256 public constant CAPACITY = 2 ** 30;

    /// @notice The root of the tree whose leaves are all 0.
    uint256 public constant EMPTY_ROOT =
        0x0918d46bf52d98b034413f4a1a1c41594e7a7a3f6ae08cb43d1a2a230e1959ef;

    /// @inheritdoc IRegistry
    uint256 public immutable genesis;

    /// @inheritdoc IRegistry
    uint256 public immutable epochLength;

    /// @inheritdoc IRegistry
    uint256 public currentRoot = EMPTY_ROOT;

    /// @inheritdoc IRegistry
    uint256 public nextIndex;

    /// @inheritdoc IRegistry
    uint256 public epochEnrolmentCap;

    /// @inheritdoc IRegistry
    mapping(uint256 epoch => uint256) public enrolledIn;

    /// @dev At most one an epoch, in the order of epochs.
    Checkpoint[] private _checkpoints;

    /// @param admin The timelock; its delay must be longer than an epoch.
    /// @param sequencer The first holder of `SEQUENCER_ROLE`.
    /// @param genesis_ Unix time of the start of epoch 0, in seconds.
    /// @param epochLength_ Length of an epoch in seconds.
    /// @param epochEnrolmentCap_ The number of leaves that one epoch may take.
    constructor(
        TimelockController admin,
        address sequencer,
        uint256 genesis_,
        uint256 epochLength_,
        uint256 epochEnrolmentCap_
    ) {
        if (epochLength_ == 0) revert Registry_ZeroEpochLength();
        Timelocks.requireLongerThanEpoch(admin, epochLength_);
        genesis = genesis_;
        epochLength = epochLength_;
        epochEnrolmentCap = epochEnrolmentCap_;
        emit EpochEnrolmentCapChanged(0, epochEnrolmentCap_);
        _grantRole(DEFAULT_ADMIN_ROLE, address(admin));
        _grantRole(SEQUENCER_ROLE, sequencer);
    }

    /// @inheritdoc IRegistry
    function append(
        uint256 preRoot,
        uint256 startIndex,
        uint256[] calldata leaves,
        uint256 postRoot
    ) external onlyRole(SEQUENCER_ROLE) {
        if (preRoot != currentRoot) {
            revert Registry_PreRootMismatch(preRoot, currentRoot);
        }
        if (startIndex != nextIndex) revert Registry_StartIndexMismatch(startIndex, nextIndex);
        if (postRoot == 0 || postRoot == preRoot || postRoot >= Bn254.SCALAR_FIELD) {
            revert Registry_InvalidPostRoot(postRoot);
        }
        _checkLeaves(startIndex, leaves);

        uint256 epoch = currentEpoch();
        _countEnrolled(epoch, leaves.length);
        currentRoot = postRoot;
        nextIndex = startIndex + leaves.length;
        _writeCheckpoint(epoch, postRoot, startIndex + leaves.length);
        emit LeavesAppended(epoch, startIndex, leaves, preRoot, postRoot);
    }

    /// @inheritdoc IRegistry
    function setEpochEnrolmentCap(uint256 newCap) external onlyRole(DEFAULT_ADMIN_ROLE) {
        emit EpochEnrolmentCapChanged(epochEnrolmentCap, newCap);
        epochEnrolmentCap = newCap;
    }

    /// @inheritdoc IRegistry
    function memberCount() external view returns (uint256) {
        return nextIndex;
    }

    /// @inheritdoc IRegistry
    function checkpointBefore(uint256 epoch) external view returns (uint256 root, uint256 members) {
        uint256 current = currentEpoch();
        if (epoch > current) revert Registry_EpochInFuture(epoch, current);

        uint256 earlier = _countCheckpointsBefore(epoch);
        if (earlier == 0) return (EMPTY_ROOT, 0);
        Checkpoint storage checkpoint = _checkpoints[earlier - 1];
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
    function epochAt(uint256 timestamp) public view returns (uint256) {
        if (timestamp < genesis) revert Registry_BeforeGenesis(timestamp, genesis);
        return (timestamp - genesis) / epochLength;
    }

    function _checkLeaves(uint256 startIndex, uint256[] calldata leaves) private pure {
        uint256 size = leaves.length;
        if (size == 0 || size > MAX_BATCH) revert Registry_BatchSize(size, MAX_BATCH);
        uint256 free = CAPACITY - startIndex;
        if (size > free) revert Registry_TreeFull(size, free);
        for (uint256 i = 0; i < size; ++i) {
            uint256 leaf = leaves[i];
            if (leaf == 0 || leaf >= Bn254.SCALAR_FIELD) revert Registry_InvalidLeaf(i, leaf);
        }
    }

    function _countEnrolled(uint256 epoch, uint256 size) private {
        uint256 enrolled = enrolledIn[epoch];
        uint256 cap = epochEnrolmentCap;
        // The cap may have been lowered below what the epoch has already taken.
        uint256 free = cap > enrolled ? cap - enrolled : 0;
        if (size > free) revert Registry_EpochEnrolmentCapExceeded(epoch, size, free);
        enrolledIn[epoch] = enrolled + size;
    }

    function _writeCheckpoint(uint256 epoch, uint256 root, uint256 members) private {
        Checkpoint memory checkpoint = Checkpoint({
            root: root, epoch: SafeCast.toUint128(epoch), memberCount: SafeCast.toUint128(members)
        });
        uint256 count = _checkpoints.length;
        if (count > 0 && _checkpoints[count - 1].epoch == epoch) {
            _checkpoints[count - 1] = checkpoint;
        } else {
            _checkpoints.push(checkpoint);
        }
    }

    /// @dev Binary search; checkpoints are in strictly rising order of epochs.
    function _countCheckpointsBefore(uint256 epoch) private view returns (uint256) {
        uint256 low = 0;
        uint256 high = _checkpoints.length;
        while (low < high) {
            uint256 middle = (low + high) / 2;
            if (_checkpoints[middle].epoch < epoch) low = middle + 1;
            else high = middle;
        }
        return low;
    }
}
