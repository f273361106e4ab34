//! Port to the chain: traits to read it and to sign and send transactions, with the types of their
//! answers.

use std::sync::Arc;

use annona_core::{
    Address, AmountWei, B256, Claim, Commitment, Epoch, FieldElement, LeafIndex, NullifierHash,
    OrbId, ProofPoints, RevertReason, Root, U256, UnixSeconds,
};
use annona_proofs::{AppendStatement, BatchProof, RevokeStatement};
use annona_tree::Revocation;
use async_trait::async_trait;

/// Reason why the chain gave no usable answer, or refused a call.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChainError {
    /// The node did not answer, or not in a way that can be read.
    #[error("the chain's RPC endpoint failed")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The contract would refuse the call.
    #[error("the contract refuses: {0}")]
    Reverted(RevertReason),
    /// The node is one of another chain.
    #[error("the RPC endpoint is of chain {actual}, and the deployment of chain {expected}")]
    WrongChain {
        /// The deployment's chain id.
        expected: u64,
        /// The node's chain id.
        actual: u64,
    },
    /// The node knows no block at all.
    #[error("the RPC endpoint has no newest block")]
    NoNewestBlock,
    /// The node asks a price that no account can pay.
    #[error("the RPC endpoint asks {wei} wei for a unit of gas, which is more than 64 bits")]
    GasPriceTooHigh {
        /// Price of a unit of gas.
        wei: u128,
    },
    /// An answer of a contract, or an event, lacks its fields.
    #[error("the RPC endpoint returned a {name} that cannot be read")]
    Undecodable {
        /// Name of the function or event.
        name: &'static str,
    },
    /// A number that a contract returned has more bits than the protocol gives it.
    #[error("the contracts returned {value} as {quantity}, which is out of its range")]
    OutOfRange {
        /// Name of the quantity.
        quantity: &'static str,
        /// Value that was returned.
        value: U256,
    },
    /// A registry batch does not start at the next leaf.
    #[error("the registry appended at leaf {actual}, and the next leaf is {expected}")]
    NotNextLeaf {
        /// Leaf index of the next leaf.
        expected: u64,
        /// Leaf index at which the batch starts.
        actual: u64,
    },
    /// The service has no key of the account that is to sign.
    #[error("the service has no key of account {sender}")]
    UnknownSender {
        /// The account.
        sender: Address,
    },
    /// Stored bytes are not a transaction.
    #[error("the stored bytes of transaction {hash} cannot be read")]
    UnreadableTransaction {
        /// Hash under which the bytes are stored.
        hash: B256,
    },
    /// Claims to be signed or simulated, and none are given.
    #[error("a batch of claims is empty")]
    EmptyBatch,
    /// Claims to be signed or simulated together that are not of one epoch.
    #[error("a batch of claims mixes epoch {first} with epoch {other}")]
    MixedEpochs {
        /// Epoch of the first claim.
        first: Epoch,
        /// An epoch that differs.
        other: Epoch,
    },
}

impl ChainError {
    /// Returns whether the same call can succeed later (RELAY-6).
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        match self {
            Self::Unavailable(_) => true,
            Self::Reverted(reason) => reason.is_retryable(),
            Self::WrongChain { .. }
            | Self::NoNewestBlock
            | Self::GasPriceTooHigh { .. }
            | Self::Undecodable { .. }
            | Self::OutOfRange { .. }
            | Self::NotNextLeaf { .. }
            | Self::UnknownSender { .. }
            | Self::UnreadableTransaction { .. }
            | Self::EmptyBatch
            | Self::MixedEpochs { .. } => false,
        }
    }
}

/// The newest block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlockHead {
    /// Number of the block.
    pub number: u64,
    /// Timestamp of the block: the protocol's only clock.
    pub timestamp: UnixSeconds,
}

/// `(R_e, N_e)`: the state of the registry before an epoch begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checkpoint {
    /// Root of the membership tree: `R_e`.
    pub root: Root,
    /// Number of members: `N_e`.
    pub member_count: u64,
}

/// Current state of the registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RegistryState {
    /// The current root.
    pub root: Root,
    /// Leaf index of the next leaf.
    pub next_index: u64,
}

/// Numbers of members and of enrolments in the registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Census {
    /// Current number of members.
    pub members: u64,
    /// Number of leaves appended in the epoch.
    pub enrolled: u64,
    /// Highest number of leaves that an epoch takes.
    pub enrolment_cap: u64,
}

impl Census {
    /// Returns the number of leaves that the epoch still takes.
    #[must_use]
    pub const fn free(&self) -> u64 {
        // The cap may have been lowered below what the epoch has already taken.
        self.enrolment_cap.saturating_sub(self.enrolled)
    }
}

/// Change that a registry batch makes to the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RegistryChange {
    /// Members join.
    Appended {
        /// Position of the first leaf.
        start_index: LeafIndex,
        /// The leaves, in order.
        leaves: Vec<Commitment>,
    },
    /// Members leave.
    Revoked {
        /// The leaves that become empty, in order.
        removals: Vec<Revocation>,
    },
}

/// One `LeavesAppended` or `LeavesRevoked` event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistryBatch {
    /// Block of the event.
    pub block_number: u64,
    /// Hash of that block.
    pub block_hash: B256,
    /// Transaction of the event.
    pub transaction: B256,
    /// Epoch in which it was mined.
    pub epoch: Epoch,
    /// Change that the batch made to the tree.
    pub change: RegistryChange,
    /// Root before the batch.
    pub pre_root: Root,
    /// Root after the batch.
    pub post_root: Root,
}

/// State of an epoch's payments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EpochAccount {
    /// Amount for each member; zero until the epoch is opened by its first claim.
    pub amount: AmountWei,
    /// Number of claims paid.
    pub claimed: u64,
    /// True if a first claim fixed the amount.
    pub is_opened: bool,
}

/// Outcome of one claim of a transaction that is in a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClaimOutcome {
    /// The claim is paid.
    Paid,
    /// Skipped: the token refused the transfer.
    TransferFailed,
    /// Skipped for a reason that the contract gives for the claim alone as well.
    Skipped,
}

/// Outcome of a transaction that is in a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The block's number.
    pub block_number: u64,
    /// The block's hash.
    pub block_hash: B256,
    /// True if the transaction did not revert.
    pub succeeded: bool,
    /// Gas that the transaction used.
    pub gas_used: u64,
    /// The distributor's events about claims, in order.
    pub claims: Vec<(NullifierHash, ClaimOutcome)>,
}

/// Block after which the state of the chain is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockTag {
    /// After the newest block.
    Newest,
    /// After the block of this number.
    Block(u64),
}

/// Fees that a transaction offers, in wei for a unit of gas (EIP-1559).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fees {
    /// Highest price in all, the tip included.
    pub max_fee_wei: u64,
    /// Tip per gas paid to the block proposer, in wei.
    pub priority_fee_wei: u64,
}

impl Fees {
    /// Returns whether the tip is the whole offer. EIP-1559 charges such an offer as it
    /// charges a legacy transaction with that gas price, and every chain takes one of those.
    #[must_use]
    pub const fn is_gas_price(&self) -> bool {
        self.max_fee_wei == self.priority_fee_wei
    }
}

/// Prices that blocks ask, in wei for a unit of gas.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeeMarket {
    /// Base fee of the next block; zero on a chain that has none or takes only legacy
    /// transactions.
    pub base_fee_wei: u64,
    /// Tip that others give on top of it: the whole gas price where there is no base fee.
    pub priority_fee_wei: u64,
}

impl FeeMarket {
    /// Returns the price that tells whether gas is cheap: the base fee, or the gas price.
    #[must_use]
    pub const fn going_rate_wei(&self) -> u64 {
        if self.base_fee_wei == 0 {
            self.priority_fee_wei
        } else {
            self.base_fee_wei
        }
    }
}

/// State of a transaction, as far as the node knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TransactionStatus {
    /// Nothing: never arrived, evicted, or reorganised away.
    Unknown,
    /// In the pool.
    Pending,
    /// In a block.
    Mined(Receipt),
}

/// The chain as anyone can read it.
#[async_trait]
pub trait ChainReader: Send + Sync {
    /// Returns the newest block.
    async fn head(&self) -> Result<BlockHead, ChainError>;
    /// Returns the hash of the canonical block at `number`, if there is one.
    async fn block_hash(&self, number: u64) -> Result<Option<B256>, ChainError>;
    /// Returns `(R_e, N_e)` of an epoch that has begun.
    async fn checkpoint_before(&self, epoch: Epoch) -> Result<Checkpoint, ChainError>;
    /// Returns the current state of the registry.
    async fn registry_state(&self) -> Result<RegistryState, ChainError>;
    /// Returns the current number of members, and the number of those who joined in an epoch.
    async fn census(&self, epoch: Epoch) -> Result<Census, ChainError>;
    /// Returns the number of the block in which the registry was deployed.
    fn deployment_block(&self) -> u64;
    /// Returns the batches of the registry in blocks `from..=to`, in order.
    async fn registry_batches(&self, from: u64, to: u64) -> Result<Vec<RegistryBatch>, ChainError>;
    /// Returns whether the orb registry lists `orb` as active.
    async fn is_active_orb(&self, orb: OrbId) -> Result<bool, ChainError>;
    /// Returns the state of an epoch's payments.
    async fn epoch_account(&self, epoch: Epoch) -> Result<EpochAccount, ChainError>;
    /// Returns those of `nullifiers` that were paid in an epoch.
    async fn spent_among(
        &self,
        epoch: Epoch,
        nullifiers: &[NullifierHash],
    ) -> Result<Vec<NullifierHash>, ChainError>;
    /// Returns whether a nullifier was paid in an epoch.
    async fn is_spent(&self, epoch: Epoch, nullifier: NullifierHash) -> Result<bool, ChainError> {
        let spent = self.spent_among(epoch, &[nullifier]).await?;
        Ok(!spent.is_empty())
    }
    /// Returns the most that a claim of an epoch which is not open yet can be paid.
    async fn per_person_cap(&self) -> Result<AmountWei, ChainError>;
    /// Returns those of `recipients` that the token does not let the distributor pay `amount`.
    async fn refused_recipients(
        &self,
        amount: AmountWei,
        recipients: &[Address],
    ) -> Result<Vec<Address>, ChainError>;
    /// Returns whether payments are paused.
    async fn is_paused(&self) -> Result<bool, ChainError>;
    /// Returns the number of transactions of `account` in blocks so far.
    async fn account_nonce(&self, account: Address) -> Result<u64, ChainError>;
    /// Returns the state of a transaction, as far as the node knows it.
    async fn transaction_status(&self, hash: B256) -> Result<TransactionStatus, ChainError>;
}

/// Role in which an account signs: the two roles have keys of their own, so that their nonces
/// never meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SenderRole {
    /// Appends members to the registry, and revokes them.
    Sequencer,
    /// Pays the gas of claims.
    Relay,
}

/// A registry append.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppendCall {
    /// Root before the append.
    pub pre_root: Root,
    /// Leaf index of the first leaf.
    pub start_index: LeafIndex,
    /// Leaves that are appended, in order.
    pub leaves: Vec<Commitment>,
    /// Root after the append.
    pub post_root: Root,
    /// The circuit's digest of the leaves.
    pub digest: FieldElement,
    /// Proof that the root becomes `post_root` by exactly these leaves.
    pub proof: ProofPoints,
}

impl From<BatchProof<AppendStatement>> for AppendCall {
    fn from(proved: BatchProof<AppendStatement>) -> Self {
        let statement = proved.statement;
        Self {
            pre_root: statement.pre_root,
            start_index: statement.start_index,
            leaves: statement.leaves,
            post_root: statement.post_root,
            digest: statement.digest,
            proof: proved.points,
        }
    }
}

/// A registry revocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevokeCall {
    /// Root before the revocation.
    pub pre_root: Root,
    /// The leaves that become empty, in order.
    pub removals: Vec<Revocation>,
    /// Root after the revocation.
    pub post_root: Root,
    /// The circuit's digest of the removals.
    pub digest: FieldElement,
    /// Proof that the root becomes `post_root` by exactly these removals.
    pub proof: ProofPoints,
}

impl From<BatchProof<RevokeStatement>> for RevokeCall {
    fn from(proved: BatchProof<RevokeStatement>) -> Self {
        let statement = proved.statement;
        let removals = statement.removals.into_iter();
        Self {
            pre_root: statement.pre_root,
            removals: removals
                .map(|(leaf_index, commitment)| Revocation {
                    leaf_index,
                    commitment,
                })
                .collect(),
            post_root: statement.post_root,
            digest: statement.digest,
            proof: proved.points,
        }
    }
}

/// A transaction ready to be sent, again and again if need be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedTransaction {
    /// Account that pays.
    pub sender: Address,
    /// Nonce of the transaction.
    pub nonce: u64,
    /// Fees that the transaction offers.
    pub fees: Fees,
    /// Hash of the transaction.
    pub hash: B256,
    /// Bytes to send to the node.
    pub raw: Vec<u8>,
}

/// Sender and nonce of a transaction, and the fees that it offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TxSlot {
    /// Account that sends the transaction.
    pub sender: Address,
    /// Nonce of the transaction.
    pub nonce: u64,
    /// Fees that the transaction offers.
    pub fees: Fees,
}

/// Signing and sending of transactions, and the questions to the chain that they need.
#[async_trait]
pub trait ChainWriter: Send + Sync {
    /// Returns the accounts of a role, at least one.
    fn senders(&self, role: SenderRole) -> Vec<Address>;
    /// Returns the prices that blocks ask now.
    async fn fee_market(&self) -> Result<FeeMarket, ChainError>;
    /// Returns whether the chain takes transactions with these fees. A chain that refused
    /// fees of EIP-1559 once is offered gas prices from then on.
    fn takes(&self, fees: Fees) -> bool;
    /// Returns the number of transactions of `account` in blocks up to that of `block_number`.
    async fn nonce_at(&self, account: Address, block_number: u64) -> Result<u64, ChainError>;
    /// Simulates and signs an append.
    async fn sign_append(
        &self,
        tx_slot: &TxSlot,
        call: &AppendCall,
    ) -> Result<SignedTransaction, ChainError>;
    /// Simulates and signs a revocation.
    async fn sign_revoke(
        &self,
        tx_slot: &TxSlot,
        call: &RevokeCall,
    ) -> Result<SignedTransaction, ChainError>;
    /// Simulates and signs claims of one epoch, at least one.
    async fn sign_claims(
        &self,
        tx_slot: &TxSlot,
        claims: &[Claim],
    ) -> Result<SignedTransaction, ChainError>;
    /// Signs a transaction that does nothing.
    async fn sign_cancel(&self, tx_slot: &TxSlot) -> Result<SignedTransaction, ChainError>;
    /// Signs a transaction that does the same as `signed`, for other fees.
    async fn reprice(
        &self,
        signed: &SignedTransaction,
        fees: Fees,
    ) -> Result<SignedTransaction, ChainError>;
    /// Submits signed bytes to the node. It is no error if the node knows them already, or
    /// knows others with their nonce that offer more.
    async fn broadcast(&self, raw: &[u8]) -> Result<(), ChainError>;
    /// Returns the reason why signed bytes would be refused now, if they would.
    async fn refusal(&self, signed: &SignedTransaction)
    -> Result<Option<RevertReason>, ChainError>;
    /// Returns the reason why claims of one epoch, at least one, would be refused together,
    /// if they would.
    async fn claims_refusal(
        &self,
        claims: &[Claim],
        at: BlockTag,
    ) -> Result<Option<RevertReason>, ChainError>;
}

/// The chain as a worker uses it: a reader, and a writer that signs and sends.
#[derive(Clone)]
pub struct ChainPorts {
    /// Reader of blocks, contracts and transactions.
    pub reader: Arc<dyn ChainReader>,
    /// Writer with the service's keys.
    pub writer: Arc<dyn ChainWriter>,
}
