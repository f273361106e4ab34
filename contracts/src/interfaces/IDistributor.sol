// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

/// @title Pays each member once per epoch against a Semaphore proof
/// @notice A claim for epoch `e` is proved against `R_e`, the registry's root before `e` begins,
/// and against no other root. Epoch `e` can be claimed from its start until `claimWindow()` epochs
/// later: while `e <= currentEpoch < e + claimWindow`.
/// @dev Invariants, with the requirements that they hold:
/// I1 a nullifier hash is paid at most once in an epoch (CLAIM-3);
/// I2 an epoch pays at most its budget, and the contract holds at least the money that its open
///    epochs still owe (EPOCH-5);
/// I3 an epoch pays at most as many claims as it has members (census breaker), whatever the
///    verifier says (CLAIM-4);
/// I5 the money of one epoch never pays another; unclaimed money returns to the income source
///    (EPOCH-7);
/// I6 an epoch only moves forward, from unopened over open to closed (EPOCH-2, EPOCH-4, EPOCH-7,
///    REG-10).
/// (I4 is the registry's: roots, indices and checkpoints only move forward.)
interface IDistributor {
    /// @notice The state of an epoch; all zero before it is opened.
    /// @param root `R_e`.
    /// @param memberCount `N_e`.
    /// @param budget The amount that the income source granted, in the token's smallest unit. Of it
    /// `amount * memberCount` was set aside, and the rest returned when the epoch was opened.
    /// @param amount The payment of each claim, fee included.
    /// @param claimed The number of claims paid.
    /// @param opened True if the epoch was opened; stays true.
    /// @param closed True if the unclaimed money has returned to the income source.
    struct EpochState {
        uint256 root;
        uint256 memberCount;
        uint256 budget;
        uint256 amount;
        uint256 claimed;
        bool opened;
        bool closed;
    }

    /// @notice A member's request to be paid, with its proof.
    /// @param nullifierHash The claimant's nullifier hash of the epoch.
    /// @param recipient Receives the amount less the fee. Bound by the proof.
    /// @param feeRecipient Receives the fee. Bound by the proof.
    /// @param fee Part of the amount, in the token's smallest unit. Bound by the proof.
    /// @param proof `[a.x, a.y, b.x.c1, b.x.c0, b.y.c1, b.y.c0, c.x, c.y]`.
    struct Claim {
        uint256 nullifierHash;
        address recipient;
        address feeRecipient;
        uint256 fee;
        uint256[8] proof;
    }

    /// @notice A claim and its epoch.
    struct EpochClaim {
        uint256 epoch;
        Claim claim;
    }

    /// @notice Reason that a claim was not paid though the others of its transaction were. A claim
    /// that was skipped spent nothing, and can be made again.
    enum SkipReason {
        /// The nullifier hash was paid before, or earlier in the same transaction.
        NullifierSpent,
        /// The token refused the transfer to the recipient or to the fee's recipient.
        TransferFailed,
        /// The epoch is outside its window, or could not be opened.
        EpochNotClaimable,
        /// The fee is more than the epoch's amount.
        FeeAboveAmount,
        /// The epoch has paid as many claims as it has members.
        CensusExceeded
    }

    /// @notice The root, the member count and the amount of `epoch` were fixed.
    event EpochOpened(
        uint256 indexed epoch, uint256 root, uint256 memberCount, uint256 budget, uint256 amount
    );

    /// @notice A claim was paid. `amount` includes the fee. `batchId` is 0 for a claim that came
    /// alone; otherwise it is the seed of the coefficients, which anyone can compute again from the
    /// calldata (see `claimBatch` and `catchUp`).
    event Claimed(
        uint256 indexed epoch,
        uint256 indexed nullifierHash,
        address indexed recipient,
        uint256 amount,
        uint256 batchId
    );

    /// @notice `fee` of a claim's amount went to `feeRecipient`, as the claimant signed.
    event FeePaid(
        uint256 indexed epoch,
        uint256 indexed nullifierHash,
        address indexed feeRecipient,
        uint256 fee
    );

    /// @notice A claim was skipped.
    event ClaimSkipped(
        uint256 indexed epoch, uint256 indexed nullifierHash, SkipReason reason, uint256 batchId
    );

    /// @notice `returned` was not claimed and went back to the income source.
    event EpochClosed(uint256 indexed epoch, uint256 returned);

    /// @notice The most that one claim can be paid was changed, for epochs not yet opened.
    event PerPersonCapChanged(uint256 oldCap, uint256 newCap);

    /// @notice An address that must be set is zero.
    error Distributor_ZeroAddress();

    /// @notice The claim window has no epoch.
    error Distributor_ZeroClaimWindow();

    /// @notice No claim could be paid anything.
    error Distributor_ZeroPerPersonCap();

    /// @notice The income source pays another token or another distributor.
    error Distributor_IncomeSourceMismatch();

    /// @notice The epoch has not begun or its claim window is over.
    error Distributor_EpochNotClaimable(uint256 epoch, uint256 currentEpoch);

    /// @notice The epoch was opened before.
    error Distributor_EpochAlreadyOpen(uint256 epoch);

    /// @notice Nobody was a member before the epoch began.
    error Distributor_NoMembers(uint256 epoch);

    /// @notice The income source sent less than it said.
    error Distributor_BudgetNotReceived(uint256 received, uint256 budget);

    /// @notice The budget does not give every member the smallest unit. The epoch can be opened
    /// later in its window if money has come in.
    error Distributor_NothingToPay(uint256 epoch, uint256 budget);

    /// @notice The nullifier hash is not in the scalar field.
    error Distributor_NullifierOutOfField(uint256 nullifierHash);

    /// @notice The recipient is zero, this contract or the token.
    error Distributor_InvalidRecipient(address recipient);

    /// @notice There is a fee, and its recipient is zero, this contract or the token.
    error Distributor_InvalidFeeRecipient(address feeRecipient);

    /// @notice The fee is more than the claim is paid.
    error Distributor_FeeAboveAmount(uint256 fee, uint256 amount);

    /// @notice The nullifier hash was paid before in this epoch.
    error Distributor_NullifierSpent(uint256 epoch, uint256 nullifierHash);

    /// @notice The epoch has paid as many claims as it has members, so this one or an earlier one
    /// is forged.
    error Distributor_CensusExceeded(uint256 epoch, uint256 memberCount);

    /// @notice The proof does not show this claim.
    error Distributor_InvalidProof();

    /// @notice There is no claim, or there are more than `MAX_BATCH`.
    error Distributor_BatchSize(uint256 size);

    /// @notice There is too little gas to tell a call that fails from one that ran out of gas.
    error Distributor_TooLittleGas(uint256 callGas);

    /// @notice Only this contract calls itself here.
    error Distributor_NotSelf(address caller);

    /// @notice The token took more from this contract than was sent: the money of others.
    error Distributor_TokenTookMore(uint256 taken, uint256 sent);

    /// @notice The epoch was never opened, so there is nothing to return.
    error Distributor_EpochNotOpened(uint256 epoch);

    /// @notice The epoch can still be claimed.
    error Distributor_EpochStillClaimable(uint256 epoch, uint256 currentEpoch);

    /// @notice The epoch was closed before.
    error Distributor_EpochAlreadyClosed(uint256 epoch);

    /// @notice The caller is neither a pauser nor the timelock.
    error Distributor_NotPauserNorAdmin(address caller);

    /// @notice Fixes the root, the member count and the amount of `epoch`, and takes its budget
    /// from the income source (EPOCH-5). Anyone; the first claim does it too.
    function openEpoch(uint256 epoch) external;

    /// @notice Pays the epoch's amount to a member, whoever sends the transaction. Opens the epoch
    /// if nobody did. The arguments are the members of `Claim`, in its order (CLAIM-2).
    function claim(
        uint256 epoch,
        uint256 nullifierHash,
        address recipient,
        address feeRecipient,
        uint256 fee,
        uint256[8] calldata proof
    ) external;

    /// @notice Pays claims of one epoch, whose proofs are checked in one: a random linear
    /// combination with coefficients 1 and, from the second on,
    /// `keccak256(abi.encode(seed, i)) mod r`, where `seed` is
    /// `keccak256(abi.encode("annona.batch.v1", chainId, distributor, epoch, root, claims))`. The
    /// seed is the `batchId` of the events (CLAIM-6, CLAIM-7).
    /// @dev A false proof, an input out of range, and more claims to pay than members left revert
    /// the whole: the sender knew. A claim whose nullifier hash is spent or was repeated, whose fee
    /// is more than the epoch's amount, or whose transfer fails, is skipped and told by
    /// `ClaimSkipped`, because others can bring that about after the batch was sent. It stays in
    /// the seed and, if it is skipped before the proofs are checked, out of the sum (CLAIM-8).
    /// @param claims 1 to `MAX_BATCH` claims.
    function claimBatch(uint256 epoch, Claim[] calldata claims) external;

    /// @notice Pays claims of several epochs, for a person who was away: as `claimBatch` with
    /// `seed` = `keccak256(abi.encode("annona.catchup.v1", chainId, distributor, roots, claims))`,
    /// where `roots` has the root of each claim's epoch, 0 where it is not open.
    /// @dev A fault of one epoch (its window is over, it cannot be opened, its members are all
    /// paid, its amount is below the fee) does not touch the others: the claim is skipped. A false
    /// proof reverts the whole, for only the person who made it can send it (EPOCH-8).
    /// @param claims 1 to `MAX_BATCH` claims.
    function catchUp(EpochClaim[] calldata claims) external;

    /// @notice Returns the unclaimed money of an epoch whose window is over (EPOCH-7). Anyone, also
    /// while paused.
    function closeEpoch(uint256 epoch) external;

    /// @notice Sets the most that one claim can be paid. Only the timelock.
    function setPerPersonCap(uint256 newCap) external;

    /// @notice Stops `openEpoch` and all claims at once (REG-10). Only a pauser. Moves no money.
    function pause() external;

    /// @notice Ends a pause. A pauser, or the timelock if no pauser can or will.
    function unpause() external;

    /// @notice The external nullifier of an epoch (IDENT-5):
    /// `hashToField(keccak256(abi.encode("annona.claim.v1", chainId, distributor, epoch)))`.
    function externalNullifier(uint256 epoch) external view returns (uint256);

    /// @notice The signal hash of a claim (CLAIM-1):
    /// `hashToField(keccak256(abi.encode("annona.signal.v1", recipient, feeRecipient, fee)))`.
    function signalHash(address recipient, address feeRecipient, uint256 fee)
        external
        pure
        returns (uint256);

    /// @notice The state of an epoch.
    function epochState(uint256 epoch) external view returns (EpochState memory);

    /// @notice Returns whether the nullifier hash was paid in `epoch`.
    function isSpent(uint256 epoch, uint256 nullifierHash) external view returns (bool);

    /// @notice Returns whether `epoch` has begun and its claim window is not over.
    function isClaimable(uint256 epoch) external view returns (bool);

    /// @notice The most claims of one transaction.
    function MAX_BATCH() external view returns (uint256);

    /// @notice The number of epochs, its own included, in which an epoch can be claimed.
    function claimWindow() external view returns (uint256);

    /// @notice The most that one claim can be paid, in the token's smallest unit.
    function perPersonCap() external view returns (uint256);
}
