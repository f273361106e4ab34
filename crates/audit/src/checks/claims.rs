use std::collections::HashMap;

use annona_bindings::contracts::Distributor;
use annona_core::{
    AmountWei, ClaimInputs, ClaimScope, Epoch, ExternalNullifier, NullifierHash, Payment,
    ProofPoints, Root, SCALAR_MODULUS, SignalHash, U256, UnixSeconds,
};
use annona_proofs::{ClaimProof, ClaimVerifier, VerifyError, VerifyingKey};

use super::findings::{
    Finding, Findings, Verdict, answer, not_shown, wrong, wrong_at, wrong_by_logs_at,
};
use super::rebuilt::{claim_calendar, looked_at};
use super::requests::{Difference, PaymentMatch, RequestedPayment};
use super::{ARCHIVE_NODE, Evidence};
use crate::Gap;

const FOREIGN_BATCH_ID: &str =
    "the batch's name is not the hash of its claims, so their coefficients may have been chosen";

/// Builds the proof and its statement; `None` if a value is out of its range.
pub(crate) fn statement(
    call: &Distributor::claimCall,
    scope: &ClaimScope,
    root: U256,
) -> Option<ClaimProof> {
    let epoch = Epoch(u64::try_from(call.epoch).ok()?);
    let inputs = ClaimInputs {
        root: Root::try_from(root).ok()?,
        nullifier_hash: NullifierHash::try_from(call.nullifierHash).ok()?,
        signal: SignalHash::new(&Payment {
            recipient: call.recipient,
            fee_recipient: call.feeRecipient,
            fee: AmountWei(call.fee),
        }),
        external_nullifier: ExternalNullifier::new(scope, epoch),
    };
    let points = ProofPoints::try_from(call.proof).ok()?;
    Some(ClaimProof { inputs, points })
}

/// Checks AUDIT-16: every payment is what its transaction asked for.
pub(super) fn calls(evidence: &Evidence<'_>, found: &mut Findings) -> Verdict {
    let mut compared = 0;
    for asked in &evidence.asked {
        compared += usize::from(found.note(same_as_asked(asked)) == Some(true));
    }
    not_more_often_than_asked(evidence, found);
    looked_at(compared, "claims compared with their calldata")
}

/// Returns whether the payment could be compared with its calldata.
fn same_as_asked(asked: &RequestedPayment<'_>) -> Result<bool, Finding> {
    let claim = asked.claim;
    let not_in_calldata = |what| {
        let what = format!("the {what} that was paid is not the one in the calldata");
        wrong_at(claim, what)
    };
    match asked.payment_match {
        PaymentMatch::Requested => Ok(true),
        // Another check tells of them.
        PaymentMatch::Hidden | PaymentMatch::Unreadable => Ok(false),
        PaymentMatch::Unknown => Err(Finding::Unchecked(unknown_transactions())),
        PaymentMatch::NoClaim => wrong_at(
            claim,
            "a claim was paid in a transaction that does not claim",
        ),
        PaymentMatch::NotRequested(Difference::Epoch) => not_in_calldata("epoch"),
        PaymentMatch::NotRequested(Difference::Nullifier) => not_in_calldata("nullifier"),
        PaymentMatch::NotRequested(Difference::Recipient) => not_in_calldata("recipient"),
        // The log of a fee or of an opening can be among those that are missing.
        PaymentMatch::OtherFee => wrong_by_logs_at(
            claim,
            "the fee that was paid is not the one in the calldata",
        ),
        PaymentMatch::OtherBatch => wrong_by_logs_at(claim, FOREIGN_BATCH_ID),
    }
}

fn unknown_transactions() -> Gap {
    not_shown(
        "the endpoint does not know transactions of claims, although it serves their logs",
        ARCHIVE_NODE,
    )
}

/// Checks that each request is answered once: by a payment, or by the event that it was skipped.
fn not_more_often_than_asked(evidence: &Evidence<'_>, found: &mut Findings) {
    let mut answers = HashMap::new();
    for skipped in &evidence.data.events.skipped {
        let event = &skipped.event;
        let key = (skipped.at.transaction, event.epoch, event.nullifierHash);
        *answers.entry(key).or_insert(0) += 1;
    }
    for asked in &evidence.asked {
        if asked.payment_match != PaymentMatch::Requested {
            continue;
        }
        let (at, event) = (asked.claim.at, &asked.claim.event);
        let count = answers
            .entry((at.transaction, event.epoch, event.nullifierHash))
            .or_insert(0);
        *count += 1;
        if *count > asked.times_asked {
            found.note::<()>(wrong_at(
                asked.claim,
                "one claim of a transaction was paid twice, or paid and skipped",
            ));
        }
    }
}

/// Checks AUDIT-17: every input of a claim is in its field.
pub(super) fn ranges(evidence: &Evidence<'_>, found: &mut Findings) -> Verdict {
    for asked in &evidence.asked {
        found.note(in_range(asked));
    }
    looked_at(evidence.asked.len(), "claims")
}

fn in_range(asked: &RequestedPayment<'_>) -> Result<(), Finding> {
    let (claim, event) = (asked.claim, &asked.claim.event);
    if event.nullifierHash >= SCALAR_MODULUS {
        return wrong_at(
            claim,
            format!(
                "the nullifier {:#066x} is outside the field",
                event.nullifierHash
            ),
        );
    }
    let mut why = None;
    for request in &asked.requests {
        match ProofPoints::try_from(request.proof) {
            Ok(_) if request.fee <= event.amount => return Ok(()),
            Ok(_) => why = Some(format!("the fee {} exceeds the amount", request.fee)),
            Err(error) => why = Some(format!("the proof is malformed: {error}")),
        }
    }
    match why {
        Some(why) => wrong_at(claim, why),
        None => Ok(()),
    }
}

/// Checks AUDIT-18: every claim was paid inside its window.
pub(super) fn window(evidence: &Evidence<'_>, found: &mut Findings) -> Verdict {
    let data = evidence.data;
    let calendar = claim_calendar(data)?;
    for claim in &data.events.claims {
        let Some(time) = found.note(evidence.time_of(claim.at)) else {
            continue;
        };
        let Ok(epoch) = u64::try_from(claim.event.epoch) else {
            found.note::<()>(wrong_at(claim, never_comes(claim.event.epoch)));
            continue;
        };
        if let Err(error) = calendar.check(Epoch(epoch), UnixSeconds(time)) {
            let what = format!("a claim was paid at the wrong time: {error}");
            found.note::<()>(wrong_at(claim, what));
        }
    }
    looked_at(data.events.claims.len(), "claims")
}

fn never_comes(epoch: U256) -> String {
    format!("epoch {epoch} never comes")
}

/// Checks AUDIT-19: the external nullifier of every epoch is the recomputed one.
pub(super) fn external_nullifiers(evidence: &Evidence<'_>, found: &mut Findings) -> Verdict {
    let data = evidence.data;
    let scope = data.deployment.claim_scope();
    for (epoch, read) in &data.external_nullifiers {
        let Some(actual) = found.note(answer(read.as_ref(), "externalNullifier(epoch)")) else {
            continue;
        };
        let Ok(number) = u64::try_from(*epoch) else {
            found.note::<()>(wrong(never_comes(*epoch)));
            continue;
        };
        let expected = ExternalNullifier::new(&scope, Epoch(number))
            .to_field()
            .to_u256();
        if actual != expected {
            found.note::<()>(wrong(format!(
                "the external nullifier of epoch {epoch} is {actual:#066x} instead of {expected:#066x}"
            )));
        }
    }
    looked_at(data.external_nullifiers.len(), "epochs with claims")
}

/// Verifies the proof of each payment. Of several requests that it can be the answer to, one with a
/// true proof is enough: the others were skipped (AUDIT-20).
pub(super) fn proofs(evidence: &Evidence<'_>, found: &mut Findings) -> Verdict {
    let mut stated = Vec::new();
    for asked in &evidence.asked {
        if asked.payment_match == PaymentMatch::Unknown {
            found.note::<()>(Err(Finding::Unchecked(unknown_transactions())));
        }
        if let Some(Some(one)) = found.note(state(evidence, asked)) {
            stated.push(one);
        }
    }
    let verifier = ClaimVerifier::new(&VerifyingKey::semaphore_30());
    let first: Vec<ClaimProof> = stated.iter().map(|stated| stated.proofs[0]).collect();
    let verified = verifier.verify_batch(&first);
    for (stated, verified) in stated.iter().zip(verified) {
        let Err(error) = verified else { continue };
        if !any_other_holds(&verifier, stated) {
            found.note::<()>(without_proof(stated, &error));
        }
    }
    looked_at(stated.len(), "proofs verified against recomputed roots")
}

/// A payment with the statements and proofs of its calldata.
struct Stated<'a> {
    asked: &'a RequestedPayment<'a>,
    epoch: u64,
    /// Proofs with their statements; at least one.
    proofs: Vec<ClaimProof>,
}

/// Builds the statements of a payment's requests. Claims whose values are out of range have none;
/// `claim-ranges` reports them.
fn state<'a>(
    evidence: &'a Evidence<'_>,
    asked: &'a RequestedPayment<'a>,
) -> Result<Option<Stated<'a>>, Finding> {
    let scope = evidence.data.deployment.claim_scope();
    let Some(first) = asked.requests.first() else {
        return Ok(None);
    };
    let Ok(epoch) = u64::try_from(first.epoch) else {
        return wrong_at(asked.claim, never_comes(first.epoch));
    };
    let root = evidence.rebuilt.before(epoch)?.root;
    let proofs: Vec<ClaimProof> = asked
        .requests
        .iter()
        .filter_map(|request| statement(request, &scope, root))
        .collect();
    Ok((!proofs.is_empty()).then_some(Stated {
        asked,
        epoch,
        proofs,
    }))
}

fn any_other_holds(verifier: &ClaimVerifier, stated: &Stated<'_>) -> bool {
    let others = verifier.verify_batch(&stated.proofs[1..]);
    others.into_iter().any(|verified| verified.is_ok())
}

/// Reports a payment without a proof that holds. The root is that of the leaves in the logs.
fn without_proof(stated: &Stated<'_>, error: &VerifyError) -> Result<(), Finding> {
    wrong_by_logs_at(
        stated.asked.claim,
        format!(
            "a claim of epoch {} was paid without a proof: {error}",
            stated.epoch
        ),
    )
}

/// Checks AUDIT-21: the calldata of every claim could be read.
pub(super) fn through_contracts(evidence: &Evidence<'_>, found: &mut Findings) -> Verdict {
    let data = evidence.data;
    let count = |payment_match| {
        let all = evidence.asked.iter();
        all.filter(|asked| asked.payment_match == payment_match)
            .count()
    };
    let (hidden, unreadable) = (count(PaymentMatch::Hidden), count(PaymentMatch::Unreadable));
    if hidden > 0 {
        found.gaps.push(not_shown(
            format!(
                "{hidden} claims were made through other contracts, so their proofs are not in \
                 the calldata; all but calldata and proof was checked"
            ),
            "ask an endpoint that has debug_traceTransaction",
        ));
    }
    if unreadable > 0 {
        found.gaps.push(not_shown(
            format!(
                "{unreadable} claims were made in an encoding that this audit cannot read; all \
                 but calldata and proof was checked"
            ),
            "look at these transactions by hand",
        ));
    }
    let through = evidence.asked.iter().filter(|asked| {
        let sent = data.transaction(asked.claim.at.transaction);
        sent.is_some_and(|sent| sent.to != Some(data.deployment.distributor))
    });
    let through = through.count();
    Ok(format!(
        "{} claims, {through} through other contracts",
        evidence.asked.len()
    ))
}

/// Compares nullifier hashes modulo `r`: an alias of a spent one is the same to the
/// circuit (AUDIT-22).
pub(super) fn nullifiers_unique(evidence: &Evidence<'_>, found: &mut Findings) -> Verdict {
    let mut seen = HashMap::new();
    for claim in &evidence.data.events.claims {
        let event = &claim.event;
        if let Some(earlier) = seen.insert(event.nullifierHash % SCALAR_MODULUS, event.epoch) {
            found.note::<()>(wrong_at(
                claim,
                format!(
                    "nullifier {:#066x} was paid in epoch {earlier} and again in epoch {}",
                    event.nullifierHash, event.epoch
                ),
            ));
        }
    }
    looked_at(seen.len(), "nullifiers, all different")
}
