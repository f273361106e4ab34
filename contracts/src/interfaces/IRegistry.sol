// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

/// @title The members' tree: its root, its history by epoch, and the clock of all epochs
/// @notice The tree is binary, of depth 30, with Poseidon nodes and empty leaf 0. It is never
/// hashed on chain; the leaves are in the events, so that anyone can rebuild it from logs.
/// @dev In this version the sequencer vouches for `postRoot`. A dishonest sequencer can therefore
/// publish a root that does not follow from the leaves; anyone who rebuilds the tree sees it, and
/// the damage is bounded by the member count (`Distributor`, census breaker). A Groth16 proof that
/// `preRoot` becomes `postRoot` by exactly these leaves replaces that trust in a later version.
interface IRegistry {
    /// @notice `leaves` were put at `startIndex` and following.
    event LeavesAppended(
        uint256 indexed epoch,
        uint256 startIndex,
        uint256[] leaves,
        uint256 preRoot,
        uint256 postRoot
    );

    /// @notice The number of leaves that one epoch may take was changed.
    event EpochEnrolmentCapChanged(uint256 oldCap, uint256 newCap);

    /// @notice The length of an epoch is zero.
    error Registry_ZeroEpochLength();

    /// @notice The time asked for lies before epoch 0.
    error Registry_BeforeGenesis(uint256 timestamp, uint256 genesis);

    /// @notice The epoch has not begun, so what comes before it is not settled.
    error Registry_EpochInFuture(uint256 epoch, uint256 currentEpoch);

    /// @notice The batch was made for another root.
    error Registry_PreRootMismatch(uint256 actual, uint256 expected);

    /// @notice The batch does not begin at the first free leaf.
    error Registry_StartIndexMismatch(uint256 actual, uint256 expected);

    /// @notice The batch has no leaf, or more than `MAX_BATCH`.
    error Registry_BatchSize(uint256 size, uint256 maximum);

    /// @notice The leaf at `position` of the batch is zero or not in the scalar field.
    error Registry_InvalidLeaf(uint256 position, uint256 leaf);

    /// @notice The new root is zero, unchanged or not in the scalar field.
    error Registry_InvalidPostRoot(uint256 postRoot);

    /// @notice The batch does not fit into the tree.
    error Registry_TreeFull(uint256 size, uint256 free);

    /// @notice The batch would exceed what the epoch may still take.
    error Registry_EpochEnrolmentCapExceeded(uint256 epoch, uint256 size, uint256 free);

    /// @notice Appends a batch of commitments. Only the sequencer.
    /// @param preRoot The current root.
    /// @param startIndex The first free leaf, `nextIndex()`.
    /// @param leaves 1 to `MAX_BATCH` commitments, each non-zero and in the scalar field.
    /// @param postRoot The root after the batch, vouched for by the sequencer in this version.
    function append(
        uint256 preRoot,
        uint256 startIndex,
        uint256[] calldata leaves,
        uint256 postRoot
    ) external;

    /// @notice Sets the number of leaves that one epoch may take. Only the timelock.
    function setEpochEnrolmentCap(uint256 newCap) external;

    /// @notice Unix time, in seconds, at which epoch 0 begins.
    function genesis() external view returns (uint256);

    /// @notice Length of an epoch in seconds.
    function epochLength() external view returns (uint256);

    /// @notice The epoch of this block: `(block.timestamp - genesis) / epochLength`.
    function currentEpoch() external view returns (uint256);

    /// @notice The epoch of a unix time; reverts before genesis.
    function epochAt(uint256 timestamp) external view returns (uint256);

    /// @notice Unix time, in seconds, at which `epoch` begins.
    function epochStart(uint256 epoch) external view returns (uint256);

    /// @notice The newest root.
    function currentRoot() external view returns (uint256);

    /// @notice The first free leaf. An index is never used twice.
    function nextIndex() external view returns (uint256);

    /// @notice The number of members in the newest root. In this version no leaf is ever removed,
    /// so it equals `nextIndex()`.
    function memberCount() external view returns (uint256);

    /// @notice The number of leaves that one epoch may take.
    function epochEnrolmentCap() external view returns (uint256);

    /// @notice The number of leaves that were appended in `epoch`.
    function enrolledIn(uint256 epoch) external view returns (uint256);

    /// @notice The last state before `epoch` begins: the protocol's `R_e` and `N_e`. It never
    /// changes once it can be read.
    /// @return root The root; the empty tree's root if nothing was appended before `epoch`.
    /// @return members The number of members in `root`.
    function checkpointBefore(uint256 epoch) external view returns (uint256 root, uint256 members);
}
