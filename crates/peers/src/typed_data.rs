//! EIP-712 structs with random fields, and their digests (ENROL-1).

use annona_core::{
    Address, AmountWei, B256, ClaimReceipt, ClaimRefusal, ClaimScope, ClaimTerms, Commitment,
    Enrolment, EnrolmentDomain, EnrolmentKind, Epoch, FieldElement, NullifierHash, Payment, Root,
    U256, UnixSeconds,
};
use rand::{Rng, RngExt};
use serde_json::{Value, json};

/// Lengths of the texts that a refusal is tried with: none, one word, more than a word.
const REASON_LENGTHS: [usize; 4] = [0, 1, 32, 70];

/// Makes `count` cases of each struct that an orb or a service signs.
pub(crate) fn cases(count: u32, rng: &mut impl Rng) -> anyhow::Result<Value> {
    let mut cases = Vec::new();
    for number in 0..count {
        cases.push(enrolment(rng)?);
        cases.push(receipt(rng)?);
        let length = REASON_LENGTHS[number as usize % REASON_LENGTHS.len()];
        cases.push(refusal(length, rng)?);
    }
    Ok(cases.into())
}

fn word(rng: &mut impl Rng) -> B256 {
    B256::from(rng.random::<[u8; 32]>())
}

fn address(rng: &mut impl Rng) -> Address {
    Address::from(rng.random::<[u8; 20]>())
}

/// A field element of 248 random bits.
fn field(rng: &mut impl Rng) -> anyhow::Result<FieldElement> {
    let value = U256::from_be_bytes(word(rng).0) >> 8;
    Ok(FieldElement::try_from(value)?)
}

fn decimal(value: U256) -> String {
    value.to_string()
}

fn domain(version: &str, chain_id: u64, contract: Address) -> Value {
    json!({
        "name": "Annona",
        "version": version,
        "chainId": chain_id.to_string(),
        "verifyingContract": contract.to_string(),
    })
}

fn enrolment(rng: &mut impl Rng) -> anyhow::Result<Value> {
    let is_recovery = rng.random::<bool>();
    let statement = Enrolment {
        commitment: Commitment::try_from(field(rng)?.to_u256())?,
        iris_digest: word(rng),
        image_digest: word(rng),
        model_id: word(rng),
        kind: if is_recovery {
            EnrolmentKind::Recovery
        } else {
            EnrolmentKind::New
        },
        captured_at: UnixSeconds(rng.random()),
        nonce: word(rng),
    };
    let scope = EnrolmentDomain {
        chain_id: rng.random(),
        orb_registry: address(rng),
    };
    Ok(json!({
        "primaryType": "Enrolment",
        "domain": domain("1", scope.chain_id, scope.orb_registry),
        "message": {
            "commitment": decimal(statement.commitment.to_u256()),
            "irisDigest": statement.iris_digest.to_string(),
            "imageDigest": statement.image_digest.to_string(),
            "modelId": statement.model_id.to_string(),
            "kind": u8::from(is_recovery).to_string(),
            "capturedAt": statement.captured_at.0.to_string(),
            "nonce": statement.nonce.to_string(),
        },
        "digest": statement.signing_hash(&scope).to_string(),
    }))
}

/// A claim as receipts name it, with its fields for a message.
fn terms(rng: &mut impl Rng) -> anyhow::Result<(ClaimTerms, Value)> {
    let terms = ClaimTerms {
        nullifier_hash: NullifierHash::from(field(rng)?),
        epoch: Epoch(rng.random()),
        payment: Payment {
            recipient: address(rng),
            fee_recipient: address(rng),
            fee: AmountWei(U256::from_be_bytes(word(rng).0)),
        },
        root: Root::from(field(rng)?),
    };
    let message = json!({
        "nullifierHash": decimal(terms.nullifier_hash.to_u256()),
        "epoch": terms.epoch.0.to_string(),
        "recipient": terms.payment.recipient.to_string(),
        "feeRecipient": terms.payment.fee_recipient.to_string(),
        "fee": decimal(terms.payment.fee.0),
        "root": decimal(terms.root.to_u256()),
    });
    Ok((terms, message))
}

fn scope(rng: &mut impl Rng) -> ClaimScope {
    ClaimScope {
        chain_id: rng.random(),
        distributor: address(rng),
    }
}

fn receipt(rng: &mut impl Rng) -> anyhow::Result<Value> {
    let (terms, mut message) = terms(rng)?;
    let receipt = ClaimReceipt {
        terms,
        taken_at: UnixSeconds(rng.random()),
        deadline: UnixSeconds(rng.random()),
    };
    let scope = scope(rng);
    message["takenAt"] = receipt.taken_at.0.to_string().into();
    message["deadline"] = receipt.deadline.0.to_string().into();
    Ok(json!({
        "primaryType": "ClaimReceipt",
        "domain": domain("2", scope.chain_id, scope.distributor),
        "message": message,
        "digest": receipt.signing_hash(&scope).to_string(),
    }))
}

fn refusal(reason_length: usize, rng: &mut impl Rng) -> anyhow::Result<Value> {
    let (terms, mut message) = terms(rng)?;
    let letters = (0..reason_length).map(|_| char::from(rng.random_range(b'a'..=b'z')));
    let refusal = ClaimRefusal {
        terms,
        reason: letters.collect(),
        block_number: rng.random(),
        block_time: UnixSeconds(rng.random()),
    };
    let scope = scope(rng);
    message["reason"] = refusal.reason.clone().into();
    message["blockNumber"] = refusal.block_number.to_string().into();
    message["blockTime"] = refusal.block_time.0.to_string().into();
    Ok(json!({
        "primaryType": "ClaimRefusal",
        "domain": domain("2", scope.chain_id, scope.distributor),
        "message": message,
        "digest": refusal.signing_hash(&scope).to_string(),
    }))
}
