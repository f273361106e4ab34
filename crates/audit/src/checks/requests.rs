//! Ties each payment to the requests of its transaction.

use std::collections::HashMap;

use alloy::primitives::{Address, B256, Bytes, U256, keccak256};
use alloy::sol_types::{SolCall, SolInterface, SolValue};
use annona_bindings::contracts::{Distributor, IDistributor};

use crate::data::{At, ChainData, Logged};

type Claim = Logged<Distributor::Claimed>;

/// A call of the distributor that can pay claims.
#[derive(Debug, Clone)]
pub(crate) enum Invocation {
    Single(Box<Distributor::claimCall>),
    Batch(Distributor::claimBatchCall),
    CatchUp(Distributor::catchUpCall),
    /// A call that claims, in an encoding that this reader does not understand.
    Unreadable,
}

impl Invocation {
    /// Decodes the call that `input` makes; `None` if it pays no claims.
    pub(crate) fn of(input: &[u8]) -> Option<Self> {
        use Distributor::DistributorCalls as Calls;
        let selector = input.get(..4)?;
        let claiming = [
            Distributor::claimCall::SELECTOR,
            Distributor::claimBatchCall::SELECTOR,
            Distributor::catchUpCall::SELECTOR,
        ];
        if !claiming.iter().any(|one| one == selector) {
            return None;
        }
        Some(match Calls::abi_decode(input) {
            Ok(Calls::claim(call)) => Self::Single(Box::new(call)),
            Ok(Calls::claimBatch(call)) => Self::Batch(call),
            Ok(Calls::catchUp(call)) => Self::CatchUp(call),
            _ => Self::Unreadable,
        })
    }

    /// Lists the claims that the call asks for, each in the form of a call of `claim`.
    pub(crate) fn requests(&self) -> Vec<Distributor::claimCall> {
        let request = |epoch, claim: &IDistributor::Claim| Distributor::claimCall {
            epoch,
            nullifierHash: claim.nullifierHash,
            recipient: claim.recipient,
            feeRecipient: claim.feeRecipient,
            fee: claim.fee,
            proof: claim.proof,
        };
        match self {
            Self::Single(call) => vec![(**call).clone()],
            Self::Batch(call) => {
                let claims = call.claims.iter();
                claims.map(|claim| request(call.epoch, claim)).collect()
            }
            Self::CatchUp(call) => {
                let entries = call.claims.iter();
                entries
                    .map(|entry| request(entry.epoch, &entry.claim))
                    .collect()
            }
            Self::Unreadable => Vec::new(),
        }
    }

    /// Lists the epochs that a call of several claims asks for, in its order.
    fn epochs(&self) -> Vec<U256> {
        match self {
            Self::Single(_) | Self::Unreadable => Vec::new(),
            Self::Batch(call) => vec![call.epoch],
            Self::CatchUp(call) => call.claims.iter().map(|entry| entry.epoch).collect(),
        }
    }

    /// Computes the batch id that the distributor gives to the claims: the seed of their
    /// coefficients, as `contracts/src/libraries/Transcript.sol` defines it. `roots` are those of
    /// [`Self::epochs`].
    fn batch_id(&self, chain_id: U256, distributor: Address, roots: &[U256]) -> Option<U256> {
        let words = match self {
            Self::Single(_) => return Some(U256::ZERO),
            Self::Batch(call) => (
                "annona.batch.v1".to_owned(),
                chain_id,
                distributor,
                call.epoch,
                *roots.first()?,
                call.claims.clone(),
            )
                .abi_encode_params(),
            Self::CatchUp(call) => (
                "annona.catchup.v1".to_owned(),
                chain_id,
                distributor,
                roots.to_vec(),
                call.claims.clone(),
            )
                .abi_encode_params(),
            Self::Unreadable => return None,
        };
        Some(keccak256(words).into())
    }
}

/// Result of comparing a payment with the requests of its transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PaymentMatch {
    /// The payment was asked for exactly so.
    Requested,
    /// The payment was asked for with another fee than was paid.
    OtherFee,
    /// The payment was asked for in a batch with another id.
    OtherBatch,
    /// No request asks for the payment; the nearest one differs in this.
    NotRequested(Difference),
    /// The transaction pays no claims.
    NoClaim,
    /// Another contract called the distributor, and the endpoint does not show the calldata.
    Hidden,
    /// The transaction claims in an encoding that this reader does not understand.
    Unreadable,
    /// The endpoint does not know the transaction.
    Unknown,
}

/// First property in which all requests differ from the payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Difference {
    Recipient,
    Epoch,
    Nullifier,
}

/// A payment and the requests that it can be the answer to.
#[derive(Debug, Clone)]
pub(super) struct RequestedPayment<'a> {
    pub(super) claim: &'a Claim,
    pub(super) payment_match: PaymentMatch,
    pub(super) requests: Vec<Distributor::claimCall>,
    /// Times that the transaction asks for this nullifier hash in this epoch.
    pub(super) times_asked: usize,
}

/// The calls of the distributor in a transaction.
enum Calls {
    Known(KnownCalls),
    Hidden,
    Unknown,
}

#[derive(Default)]
struct KnownCalls {
    invocations: Vec<Invocation>,
    /// Requests by nullifier hash, each with the index of the call that it is part of.
    requests: HashMap<U256, Vec<(usize, Distributor::claimCall)>>,
}

impl KnownCalls {
    fn of(inputs: &[Bytes]) -> Self {
        let mut known = Self::default();
        for invocation in inputs.iter().filter_map(|input| Invocation::of(input)) {
            let index = known.invocations.len();
            for request in invocation.requests() {
                let same = known.requests.entry(request.nullifierHash).or_default();
                same.push((index, request));
            }
            known.invocations.push(invocation);
        }
        known
    }

    fn is_unreadable(&self) -> bool {
        let mut invocations = self.invocations.iter();
        invocations.any(|one| matches!(one, Invocation::Unreadable))
    }
}

fn calls_of(data: &ChainData, transaction: B256) -> Calls {
    let Some(sent) = data.transaction(transaction) else {
        return Calls::Unknown;
    };
    if sent.to == Some(data.deployment.distributor) {
        return Calls::Known(KnownCalls::of(std::slice::from_ref(&sent.input)));
    }
    match data.inner_calls.get(&transaction).and_then(Option::as_ref) {
        Some(inputs) => Calls::Known(KnownCalls::of(inputs)),
        None => Calls::Hidden,
    }
}

/// Key of a fee: transaction, epoch and nullifier hash.
type FeeKey = (B256, U256, U256);

/// Matches requests and payments (AUDIT-35).
pub(super) struct Matcher<'a> {
    data: &'a ChainData,
    calls: HashMap<B256, Calls>,
    fees: HashMap<FeeKey, Vec<(Address, U256)>>,
    openings: HashMap<U256, (At, U256)>,
    batch_ids: HashMap<(B256, usize, Vec<U256>), Option<U256>>,
}

impl<'a> Matcher<'a> {
    /// Matches every payment with the requests that it can be the answer to, in the chain's order.
    pub(super) fn all(data: &'a ChainData) -> Vec<RequestedPayment<'a>> {
        let mut matcher = Self::new(data);
        let claims = data.events.claims.iter();
        claims.map(|claim| matcher.asked(claim)).collect()
    }

    fn new(data: &'a ChainData) -> Self {
        let mut fees = HashMap::<_, Vec<_>>::new();
        for fee in &data.events.fees {
            let key = (fee.at.transaction, fee.event.epoch, fee.event.nullifierHash);
            let paid = (fee.event.feeRecipient, fee.event.fee);
            fees.entry(key).or_default().push(paid);
        }
        let mut openings = HashMap::new();
        for opened in &data.events.opened {
            let first = (opened.at, opened.event.root);
            openings.entry(opened.event.epoch).or_insert(first);
        }
        Self {
            data,
            calls: HashMap::new(),
            fees,
            openings,
            batch_ids: HashMap::new(),
        }
    }

    fn asked(&mut self, claim: &'a Claim) -> RequestedPayment<'a> {
        let transaction = claim.at.transaction;
        let calls = self.calls.remove(&transaction);
        let calls = calls.unwrap_or_else(|| calls_of(self.data, transaction));
        let asked = match &calls {
            Calls::Known(known) => self.compare(claim, known),
            Calls::Hidden => without_requests(claim, PaymentMatch::Hidden),
            Calls::Unknown => without_requests(claim, PaymentMatch::Unknown),
        };
        self.calls.insert(transaction, calls);
        asked
    }

    fn compare(&mut self, claim: &'a Claim, known: &KnownCalls) -> RequestedPayment<'a> {
        let event = &claim.event;
        let (mut exact, mut other_fee, mut other_batch) = (Vec::new(), Vec::new(), Vec::new());
        let (mut differences, mut times_asked) = (Vec::new(), 0);
        let same_nullifier = known.requests.get(&event.nullifierHash);
        for (index, request) in same_nullifier.into_iter().flatten() {
            times_asked += usize::from(request.epoch == event.epoch);
            if let Some(difference) = difference(event, request) {
                differences.push(difference);
                continue;
            }
            let batch_id = self.batch_id(claim, *index, &known.invocations[*index]);
            if batch_id != Some(event.batchId) {
                other_batch.push(request.clone());
            } else if self.is_fee_paid(claim, request) {
                exact.push(request.clone());
            } else {
                other_fee.push(request.clone());
            }
        }
        let payment_match = if !exact.is_empty() {
            PaymentMatch::Requested
        } else if known.is_unreadable() {
            PaymentMatch::Unreadable
        } else if !other_fee.is_empty() {
            PaymentMatch::OtherFee
        } else if !other_batch.is_empty() {
            PaymentMatch::OtherBatch
        } else if let Some(nearest) = differences.into_iter().min() {
            PaymentMatch::NotRequested(nearest)
        } else if known.requests.is_empty() {
            PaymentMatch::NoClaim
        } else {
            PaymentMatch::NotRequested(Difference::Nullifier)
        };
        let requests = [exact, other_fee, other_batch]
            .into_iter()
            .find(|some| !some.is_empty())
            .unwrap_or_default();
        RequestedPayment {
            claim,
            payment_match,
            requests,
            times_asked,
        }
    }

    /// Computes the batch id of the call's claims, with the roots that were known when `claim` was
    /// paid.
    fn batch_id(&mut self, claim: &Claim, index: usize, invocation: &Invocation) -> Option<U256> {
        let root_of = |epoch: U256| match self.openings.get(&epoch) {
            Some((at, root)) if *at < claim.at => *root,
            _ => U256::ZERO,
        };
        let roots: Vec<U256> = invocation.epochs().into_iter().map(root_of).collect();
        let deployment = &self.data.deployment;
        let (chain_id, distributor) = (U256::from(deployment.chain_id), deployment.distributor);
        let key = (claim.at.transaction, index, roots);
        if let Some(known) = self.batch_ids.get(&key) {
            return *known;
        }
        let batch_id = invocation.batch_id(chain_id, distributor, &key.2);
        self.batch_ids.insert(key, batch_id);
        batch_id
    }

    fn is_fee_paid(&self, claim: &Claim, request: &Distributor::claimCall) -> bool {
        let key = (
            claim.at.transaction,
            claim.event.epoch,
            claim.event.nullifierHash,
        );
        match self.fees.get(&key) {
            Some(paid) => paid.contains(&(request.feeRecipient, request.fee)),
            None => request.fee.is_zero(),
        }
    }
}

/// Compares a payment with a request for its nullifier hash; `None` if epoch and recipient agree.
fn difference(
    event: &Distributor::Claimed,
    request: &Distributor::claimCall,
) -> Option<Difference> {
    if event.epoch != request.epoch {
        Some(Difference::Epoch)
    } else if event.recipient != request.recipient {
        Some(Difference::Recipient)
    } else {
        None
    }
}

const fn without_requests(claim: &Claim, payment_match: PaymentMatch) -> RequestedPayment<'_> {
    RequestedPayment {
        claim,
        payment_match,
        requests: Vec::new(),
        times_asked: 0,
    }
}
