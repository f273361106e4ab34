//! Answer of `annona audit --explain`, as JSON and as text.

use annona_audit::{Explanation, PaidClaim, ProofVerdict, UnpaidReason};
use serde::Serialize;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ExplanationAnswer {
    nullifier_hash: String,
    block: u64,
    payments: Vec<PaymentAnswer>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unpaid_because: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PaymentAnswer {
    epoch: u64,
    block: u64,
    time: u64,
    transaction: String,
    amount: String,
    recipient: String,
    root: Option<String>,
    proof: String,
}

impl From<&Explanation> for ExplanationAnswer {
    fn from(explanation: &Explanation) -> Self {
        Self {
            nullifier_hash: explanation.nullifier.to_string(),
            block: explanation.block_number,
            payments: explanation
                .settlements
                .iter()
                .map(PaymentAnswer::from)
                .collect(),
            unpaid_because: explanation.unpaid.as_ref().map(unpaid_sentence),
        }
    }
}

impl From<&PaidClaim> for PaymentAnswer {
    fn from(settlement: &PaidClaim) -> Self {
        Self {
            epoch: settlement.epoch.0,
            block: settlement.block_number,
            time: settlement.time.0,
            transaction: settlement.transaction.to_string(),
            amount: settlement.amount.0.to_string(),
            recipient: settlement.recipient.to_string(),
            root: settlement.root.map(|root| root.to_string()),
            proof: proof_sentence(&settlement.proof),
        }
    }
}

pub(super) fn describe(explanation: &Explanation) -> String {
    let mut lines = vec![format!(
        "nullifier {} as of block {}",
        explanation.nullifier, explanation.block_number
    )];
    for paid in &explanation.settlements {
        lines.push(format!(
            "paid {} tokens to {} in epoch {}, block {}, transaction {}; the proof {}",
            paid.amount,
            paid.recipient,
            paid.epoch,
            paid.block_number,
            paid.transaction,
            proof_sentence(&paid.proof)
        ));
    }
    lines.extend(explanation.unpaid.as_ref().map(unpaid_sentence));
    lines.join("\n")
}

fn proof_sentence(verdict: &ProofVerdict) -> String {
    match verdict {
        ProofVerdict::Verified => "holds against the epoch's root".to_owned(),
        ProofVerdict::Refused(why) => format!("does not hold: {why}"),
        ProofVerdict::OutOfRange => "has a value outside its range".to_owned(),
        ProofVerdict::NotInCalldata => {
            "is not shown: another contract made the claim; ask an endpoint that has debug_traceTransaction".to_owned()
        }
        _ => "was judged in a way that this version cannot say".to_owned(),
    }
}

fn unpaid_sentence(reason: &UnpaidReason) -> String {
    match reason {
        UnpaidReason::Refused {
            transaction,
            reason,
        } => format!(
            "not paid: transaction {transaction} was refused ({})",
            reason
                .as_deref()
                .unwrap_or("the endpoint does not tell why")
        ),
        UnpaidReason::Paused => {
            "not paid: no claim of it is on the chain, and payments are paused".to_owned()
        }
        UnpaidReason::NeverClaimed {
            refusals_searched_from,
        } => format!(
            "not paid: no claim of it is on the chain (refused ones were searched from block {refusals_searched_from} on)"
        ),
        _ => "not paid, for a reason that this version cannot say".to_owned(),
    }
}
