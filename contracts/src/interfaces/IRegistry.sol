// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IAppendVerifier} from "./IAppendVerifier.sol";
import {IRevokeVerifier} from "./IRevokeVerifier.sol";

/// @title The members' tree: its root, its history by epoch, and the clock of all epochs
/// @notice The tree is binary, of depth 30, with Poseidon nodes and empty leaf 0. It is never
/// hashed on chain: the root moves only with a Groth16 proof that it follows from the root before
/// by exactly the listed leaves. The lists are in the events, so that anyone can rebuild the tree
/// from logs alone.
/// @dev A list is bound to its proof without a hash of it in the circuit. The circuit outputs
/// `digest`, a Poseidon sponge over the whole batch, and the value `y` of the polynomial with the
/// batch as coefficients at `x`. The contract makes `x` out of everything else, `digest` and list
/// included, and `y` out of its own list. The batch of the proof is fixed by `digest` before `x`
/// exists, so that another list passes with probability at most its length divided by r. A list
/// shorter than the circuit's batch stands for itself with zeros behind it, which add nothing to
/// `y` (REG-3).
/// I4: the root moves only by a proved batch, a leaf index is used once, and the checkpoint of an
/// epoch stays (REG-1, REG-4, EPOCH-2).
interface IRegistry {
    /// @notice A leaf that becomes 0.
    /// @param leafIndex Its position in the tree.
    /// @param commitment The commitment that is there now.
    struct Removal {
        uint256 leafIndex;
        uint256 commitment;
    }

    /// @notice `leaves` were put at `startIndex` and following (REG-6).
    event LeavesAppended(
        uint256 indexed epoch,
        uint256 startIndex,
        uint256[] leaves,
        uint256 preRoot,
        uint256 postRoot
    );

    /// @notice The leaves of `removals` became 0.
    event LeavesRevoked(
        uint256 indexed epoch, Removal[] removals, uint256 preRoot, uint256 postRoot
    );

    /// @notice The number of leaves that one epoch may take was changed.
    event EpochEnrolmentCapChanged(uint256 oldCap, uint256 newCap);

    /// @notice The length of an epoch is zero.
    error Registry_ZeroEpochLength();

    /// @notice The time asked for lies before epoch 0.
    error Registry_BeforeGenesis(uint256 timestamp, uint256 genesis);

    /// @notice The epoch has not begun, so the state before it is not settled.
    error Registry_EpochInFuture(uint256 epoch, uint256 currentEpoch);

    /// @notice The batch is empty, or larger than the largest circuit.
    error Registry_BatchSize(uint256 size, uint256 maximum);

    /// @notice The commitment at `position` of the batch is zero or not in the scalar field.
    error Registry_InvalidLeaf(uint256 position, uint256 leaf);

    /// @notice Nothing was ever put at the leaf index at `position` of the batch.
    error Registry_UnknownLeafIndex(uint256 position, uint256 leafIndex);

    /// @notice The batch does not fit into the tree.
    error Registry_TreeFull(uint256 size, uint256 free);

    /// @notice The batch has more leaves than the epoch may still take.
    error Registry_EpochEnrolmentCapExceeded(uint256 epoch, uint256 size, uint256 free);

    /// @notice The proof does not show that `preRoot` becomes the new root by this batch. A batch
    /// that was made before another one was mined fails in this way: it was proved for a root or
    /// a first free leaf that is no longer the one named here.
    error Registry_InvalidProof(uint256 preRoot, uint256 nextIndex);

    /// @notice Appends a batch of commitments at the first free leaf (REG-4). Only the sequencer.
    /// @dev The circuit is the smallest one that the batch fits into: 16, 256 or 1024 leaves.
    /// `x = keccak256(abi.encode("annona.append.v1", chainId, registry, preRoot, postRoot,
    /// startIndex, digest, leaves)) mod r` and `y = sum of leaves[i] * x^i mod r`.
    /// @param leaves 1 to 1024 commitments, each non-zero and in the scalar field. A commitment
    /// may be in the tree already: it gives one nullifier, and is paid once.
    /// @param postRoot The root after the batch.
    /// @param digest The circuit's digest of the leaves.
    /// @param proof `[a.x, a.y, b.x.c1, b.x.c0, b.y.c1, b.y.c0, c.x, c.y]`.
    function append(
        uint256[] calldata leaves,
        uint256 postRoot,
        uint256 digest,
        uint256[8] calldata proof
    ) external;

    /// @notice Sets leaves to 0. Their indices are never used again. Only the sequencer.
    /// @dev The circuit is the smallest one that the batch fits into: 8 or 32 removals.
    /// `x = keccak256(abi.encode("annona.revoke.v1", chainId, registry, preRoot, postRoot, digest,
    /// items)) mod r` and `y = sum of items[i] * x^i mod r`, where `items` is a `uint256[]` with
    /// the index and the commitment of each removal in turn. The circuit proves that each
    /// commitment is at its index when its turn comes; so none is removed twice (CIRC-3).
    /// @param removals 1 to 32 leaves.
    /// @param postRoot The root after the batch.
    /// @param digest The circuit's digest of the items.
    /// @param proof As for `append`.
    function revoke(
        Removal[] calldata removals,
        uint256 postRoot,
        uint256 digest,
        uint256[8] calldata proof
    ) external;

    /// @notice Sets the number of leaves that one epoch may take (REG-5). Only the timelock.
    function setEpochEnrolmentCap(uint256 newCap) external;

    /// @notice Unix time, in seconds, at which epoch 0 begins.
    function genesis() external view returns (uint256);

    /// @notice Length of an epoch in seconds.
    function epochLength() external view returns (uint256);

    /// @notice The epoch of this block: `(block.timestamp - genesis) / epochLength` (EPOCH-1).
    function currentEpoch() external view returns (uint256);

    /// @notice The epoch of a unix time; reverts before genesis.
    function epochAt(uint256 timestamp) external view returns (uint256);

    /// @notice Unix time, in seconds, at which `epoch` begins.
    function epochStart(uint256 epoch) external view returns (uint256);

    /// @notice The newest root.
    function currentRoot() external view returns (uint256);

    /// @notice The first free leaf. An index is never used twice.
    function nextIndex() external view returns (uint256);

    /// @notice The number of members in the newest root: leaves appended less leaves revoked.
    function memberCount() external view returns (uint256);

    /// @notice The number of leaves that one epoch may take.
    function epochEnrolmentCap() external view returns (uint256);

    /// @notice The number of leaves that were appended in `epoch`.
    function enrolledIn(uint256 epoch) external view returns (uint256);

    /// @notice The last state before `epoch` begins: the protocol's `R_e` and `N_e`. It never
    /// changes once it can be read (EPOCH-2).
    /// @return root The root; the empty tree's root if nothing was appended before `epoch`.
    /// @return members The number of members in `root`.
    function checkpointBefore(uint256 epoch) external view returns (uint256 root, uint256 members);

    /// @notice The verifier of append batches of `size` leaves, 1 to 1024.
    function appendVerifier(uint256 size) external view returns (IAppendVerifier);

    /// @notice The verifier of revoke batches of `size` removals, 1 to 32.
    function revokeVerifier(uint256 size) external view returns (IRevokeVerifier);
}
