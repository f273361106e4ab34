//! Stored claims and enrolments as the API shows them, without receipts and refusals.

use annona_engine::{ClaimRecord, ClaimState, EnrolmentRecord, EnrolmentState, PacketCheck, Visit};
use annona_wire::{ClaimStatus, ClaimView, EnrolmentStatus, EnrolmentView};

/// A claim as the API shows it.
pub(crate) fn claim_view(record: &ClaimRecord) -> ClaimView {
    let (status, transaction, reason) = match record.state {
        ClaimState::Queued => (ClaimStatus::Queued, None, None),
        ClaimState::Batched { transaction } => (ClaimStatus::Batched, Some(transaction), None),
        ClaimState::Submitted { transaction } => (ClaimStatus::Submitted, Some(transaction), None),
        ClaimState::Mined { transaction } => (ClaimStatus::Mined, Some(transaction), None),
        ClaimState::Final { transaction } => (ClaimStatus::Final, Some(transaction), None),
        ClaimState::Rejected(why) => (ClaimStatus::Rejected, None, Some(why.code().to_owned())),
    };
    ClaimView {
        nullifier_hash: record.claim.nullifier_hash.to_string(),
        epoch: record.claim.epoch.0,
        status,
        transaction_hash: transaction.map(|hash| hash.to_string()),
        reason,
        receipt: None,
        refusal: None,
    }
}

/// A visit as the API shows it to the phone that follows it.
pub(crate) fn visit_view(visit: &Visit) -> EnrolmentView {
    match visit {
        Visit::UnderCheck(check) => check_view(check),
        Visit::Recorded(record) => enrolment_view(record),
    }
}

fn check_view(check: &PacketCheck) -> EnrolmentView {
    EnrolmentView {
        id: check.id.0.to_string(),
        commitment: check.commitment.to_string(),
        status: EnrolmentStatus::Checking,
        leaf_index: None,
        transaction_hash: None,
    }
}

/// An enrolment as the API shows it.
pub(crate) fn enrolment_view(record: &EnrolmentRecord) -> EnrolmentView {
    let (status, transaction, leaf_index) = match record.state {
        EnrolmentState::Duplicate => (EnrolmentStatus::Duplicate, None, None),
        EnrolmentState::Review => (EnrolmentStatus::Review, None, None),
        EnrolmentState::Queued => (EnrolmentStatus::Queued, None, None),
        EnrolmentState::Submitted { transaction } => {
            (EnrolmentStatus::Submitted, Some(transaction), None)
        }
        EnrolmentState::Mined {
            transaction,
            leaf_index,
        } => (EnrolmentStatus::Mined, Some(transaction), Some(leaf_index)),
        EnrolmentState::Final {
            transaction,
            leaf_index,
        } => (EnrolmentStatus::Final, Some(transaction), Some(leaf_index)),
        EnrolmentState::Revoked { leaf_index } => {
            (EnrolmentStatus::Revoked, None, Some(leaf_index))
        }
        EnrolmentState::Withdrawn => (EnrolmentStatus::Withdrawn, None, None),
    };
    EnrolmentView {
        id: record.id.0.to_string(),
        commitment: record.commitment().to_string(),
        status,
        leaf_index: leaf_index.map(annona_core::LeafIndex::get),
        transaction_hash: transaction.map(|hash| hash.to_string()),
    }
}
