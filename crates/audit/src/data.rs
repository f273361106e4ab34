//! Data gathered from the chain, as the endpoint gave it: nothing here is believed yet.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use alloy::primitives::{Address, B256, Bytes, U256};
use annona_bindings::Deployment;
use annona_bindings::contracts::{
    AnnonaToken, Distributor, MintedIncome, OrbRegistry, Registry, TimelockController,
};

/// The contracts of a deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Contract {
    Timelock,
    Token,
    IncomeSource,
    OrbRegistry,
    Registry,
    Verifier,
    Distributor,
    Append16Verifier,
    Append256Verifier,
    Append1024Verifier,
    Revoke8Verifier,
    Revoke32Verifier,
}

impl Contract {
    pub(crate) const ALL: [Self; 12] = [
        Self::Timelock,
        Self::Token,
        Self::IncomeSource,
        Self::OrbRegistry,
        Self::Registry,
        Self::Verifier,
        Self::Distributor,
        Self::Append16Verifier,
        Self::Append256Verifier,
        Self::Append1024Verifier,
        Self::Revoke8Verifier,
        Self::Revoke32Verifier,
    ];

    /// Contracts whose roles, members and money are a history of events.
    pub(crate) const WITH_HISTORY: [Self; 5] = [
        Self::Timelock,
        Self::IncomeSource,
        Self::OrbRegistry,
        Self::Registry,
        Self::Distributor,
    ];

    /// The registry's verifiers, whose keys are made for this project.
    pub(crate) const BATCH_VERIFIERS: [Self; 5] = [
        Self::Append16Verifier,
        Self::Append256Verifier,
        Self::Append1024Verifier,
        Self::Revoke8Verifier,
        Self::Revoke32Verifier,
    ];

    pub(crate) const fn address(self, deployment: &Deployment) -> Address {
        match self {
            Self::Timelock => deployment.timelock,
            Self::Token => deployment.token,
            Self::IncomeSource => deployment.income_source,
            Self::OrbRegistry => deployment.orb_registry,
            Self::Registry => deployment.registry,
            Self::Verifier => deployment.verifier,
            Self::Distributor => deployment.distributor,
            Self::Append16Verifier => deployment.append_verifiers[0],
            Self::Append256Verifier => deployment.append_verifiers[1],
            Self::Append1024Verifier => deployment.append_verifiers[2],
            Self::Revoke8Verifier => deployment.revoke_verifiers[0],
            Self::Revoke32Verifier => deployment.revoke_verifiers[1],
        }
    }

    pub(crate) fn at(address: Address, deployment: &Deployment) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|contract| contract.address(deployment) == address)
    }
}

impl fmt::Display for Contract {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Timelock => "TimelockController",
            Self::Token => "AnnonaToken",
            Self::IncomeSource => "MintedIncome",
            Self::OrbRegistry => "OrbRegistry",
            Self::Registry => "Registry",
            Self::Verifier => "SemaphoreVerifier",
            Self::Distributor => "Distributor",
            Self::Append16Verifier => "UnsafeTestAppend16Verifier",
            Self::Append256Verifier => "UnsafeTestAppend256Verifier",
            Self::Append1024Verifier => "UnsafeTestAppend1024Verifier",
            Self::Revoke8Verifier => "UnsafeTestRevoke8Verifier",
            Self::Revoke32Verifier => "UnsafeTestRevoke32Verifier",
        })
    }
}

/// The block that everything was read at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Head {
    pub(crate) number: u64,
    pub(crate) hash: B256,
    pub(crate) timestamp: u64,
}

/// Position of an event. The order is the chain's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct At {
    pub(crate) block: u64,
    pub(crate) log_index: u64,
    pub(crate) contract: Contract,
    pub(crate) transaction: B256,
}

/// An event and its position.
#[derive(Debug, Clone)]
pub(crate) struct Logged<E> {
    pub(crate) at: At,
    pub(crate) event: E,
}

/// A batch of the registry.
#[derive(Debug, Clone)]
pub(crate) enum RegistryBatch {
    Appended(Registry::LeavesAppended),
    Revoked(Registry::LeavesRevoked),
}

impl RegistryBatch {
    pub(crate) const fn epoch(&self) -> U256 {
        match self {
            Self::Appended(event) => event.epoch,
            Self::Revoked(event) => event.epoch,
        }
    }

    pub(crate) const fn pre_root(&self) -> U256 {
        match self {
            Self::Appended(event) => event.preRoot,
            Self::Revoked(event) => event.preRoot,
        }
    }

    pub(crate) const fn post_root(&self) -> U256 {
        match self {
            Self::Appended(event) => event.postRoot,
            Self::Revoked(event) => event.postRoot,
        }
    }
}

/// An act of administration. All contracts share the declarations of the role events.
#[derive(Debug, Clone)]
pub(crate) enum AdminAction {
    RoleGranted(Registry::RoleGranted),
    RoleRevoked(Registry::RoleRevoked),
    RoleAdminChanged(Registry::RoleAdminChanged),
    EpochEnrolmentCapChanged(Registry::EpochEnrolmentCapChanged),
    PerPersonChanged(MintedIncome::PerPersonChanged),
    PerPersonCapChanged(Distributor::PerPersonCapChanged),
    Paused(Distributor::Paused),
    Unpaused(Distributor::Unpaused),
    OrbRegistered(OrbRegistry::OrbRegistered),
    OrbRevoked(OrbRegistry::OrbRevoked),
    CallScheduled(TimelockController::CallScheduled),
    CallExecuted(TimelockController::CallExecuted),
    Cancelled(TimelockController::Cancelled),
    MinDelayChange(TimelockController::MinDelayChange),
}

/// Every event of the deployment, each list in the chain's order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Events {
    pub(crate) batches: Vec<Logged<RegistryBatch>>,
    pub(crate) opened: Vec<Logged<Distributor::EpochOpened>>,
    pub(crate) closed: Vec<Logged<Distributor::EpochClosed>>,
    pub(crate) claims: Vec<Logged<Distributor::Claimed>>,
    pub(crate) fees: Vec<Logged<Distributor::FeePaid>>,
    /// Claims of a batch that were skipped.
    pub(crate) skipped: Vec<Logged<Distributor::ClaimSkipped>>,
    pub(crate) funded: Vec<Logged<MintedIncome::EpochFunded>>,
    /// Transfers that issue, and those from or to the distributor or the income source.
    pub(crate) transfers: Vec<Logged<AnnonaToken::Transfer>>,
    pub(crate) admin: Vec<Logged<AdminAction>>,
    /// Logs that the endpoint gave without block or transaction.
    pub(crate) without_place: usize,
    /// Logs of known events that do not decode.
    pub(crate) unreadable: Vec<(&'static str, Option<B256>)>,
    /// Block and log index of every log that was read, known or not.
    pub(crate) places: BTreeSet<(u64, u64)>,
    /// Every transaction that left one of these logs.
    pub(crate) sources: BTreeSet<B256>,
}

/// Getters of the contracts; `None` where a contract did not answer.
#[derive(Debug, Clone, Default)]
pub(crate) struct Answers {
    pub(crate) distributor_registry: Option<Address>,
    pub(crate) distributor_verifier: Option<Address>,
    pub(crate) distributor_income_source: Option<Address>,
    pub(crate) distributor_token: Option<Address>,
    pub(crate) token_minter: Option<Address>,
    pub(crate) income_token: Option<Address>,
    pub(crate) income_distributor: Option<Address>,
    pub(crate) genesis: Option<U256>,
    pub(crate) epoch_length: Option<U256>,
    pub(crate) claim_window: Option<U256>,
    pub(crate) min_delay: Option<U256>,
    pub(crate) per_person_cap: Option<U256>,
    pub(crate) token_cap: Option<U256>,
    pub(crate) total_supply: Option<U256>,
    pub(crate) distributor_balance: Option<U256>,
    pub(crate) current_root: Option<U256>,
    pub(crate) next_index: Option<U256>,
    pub(crate) member_count: Option<U256>,
    /// Words of the verifying key: alpha, beta, gamma, delta, then the points of the public inputs.
    pub(crate) verifying_key: Option<Vec<U256>>,
}

/// State of an epoch in the distributor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct EpochState {
    pub(crate) root: U256,
    pub(crate) member_count: U256,
    pub(crate) budget: U256,
    pub(crate) amount: U256,
    pub(crate) claimed: U256,
    pub(crate) is_closed: bool,
}

/// The registry's `R_e` and `N_e`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Checkpoint {
    pub(crate) root: U256,
    pub(crate) members: U256,
}

/// A transaction that left an event.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub(crate) from: Address,
    pub(crate) to: Option<Address>,
    pub(crate) input: Bytes,
    /// The contract that it creates, if it creates one.
    pub(crate) creates: Option<Address>,
}

/// Code of a contract in the block before the deployment's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CodeBefore {
    Nothing,
    Something,
    /// The endpoint has no state of that block.
    NotShown,
}

/// Result of comparing the receipt of a transaction with the logs that were read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReceiptState {
    /// Every log of the deployment in the receipt was read.
    Agrees,
    /// The receipt holds logs that the endpoint's answer about logs left out.
    HasMoreLogs,
    /// The endpoint does not have the receipt.
    NotShown,
}

/// A role of a contract, and an account that may hold it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RoleKey {
    pub(crate) contract: Contract,
    pub(crate) role: B256,
    pub(crate) account: Address,
}

/// Everything that the checks look at.
#[derive(Debug, Clone)]
pub(crate) struct ChainData {
    pub(crate) deployment: Deployment,
    pub(crate) head: Head,
    /// Time of the audit by the auditor's own clock.
    pub(crate) now: u64,
    pub(crate) code: BTreeMap<Contract, Bytes>,
    /// Code of each contract in the block before the deployment's.
    pub(crate) code_before: BTreeMap<Contract, CodeBefore>,
    pub(crate) answers: Answers,
    pub(crate) events: Events,
    /// Timestamps of the blocks with batches, openings, claims and operations;
    /// without those that the endpoint does not know.
    pub(crate) block_times: BTreeMap<u64, u64>,
    /// The transactions of claims and of the deployment; `None` where the
    /// endpoint does not know one.
    pub(crate) transactions: BTreeMap<B256, Option<Sent>>,
    /// Calldata with which a transaction to another contract called the distributor; `None` where
    /// the endpoint makes no traces.
    pub(crate) inner_calls: BTreeMap<B256, Option<Vec<Bytes>>>,
    /// Receipt of every transaction that left a log, compared with the logs that were read.
    pub(crate) receipts: BTreeMap<B256, ReceiptState>,
    /// `checkpointBefore`, by epoch.
    pub(crate) checkpoints: BTreeMap<u64, Option<Checkpoint>>,
    /// `epochState` of every epoch with an event and of the newest.
    pub(crate) epoch_states: BTreeMap<U256, Option<EpochState>>,
    /// `externalNullifier` of every epoch with a claim.
    pub(crate) external_nullifiers: BTreeMap<U256, Option<U256>>,
    /// `hasRole` of every account that was ever granted one.
    pub(crate) roles: BTreeMap<RoleKey, Option<bool>>,
}

impl ChainData {
    /// Returns the transaction, if the endpoint knows it.
    pub(crate) fn transaction(&self, hash: B256) -> Option<&Sent> {
        self.transactions.get(&hash)?.as_ref()
    }
}

impl Events {
    /// Finds the transaction that created each contract with a history: a constructor's grant is
    /// the first event that a contract can leave.
    pub(crate) fn creations(&self) -> BTreeMap<Contract, B256> {
        let mut first = BTreeMap::new();
        for Logged { at, .. } in &self.admin {
            first.entry(at.contract).or_insert(at.transaction);
        }
        first
    }
}
