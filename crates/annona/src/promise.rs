//! A wallet's look at the promises of a service.

use std::path::{Path, PathBuf};

use annona_bindings::Deployment;
use annona_client::ClaimDraft;
use annona_client::wire::ReceiptView;
use annona_core::ClaimTerms;
use anyhow::ensure;

/// Refuses a receipt that binds nobody: one that is signed with another key than the
/// deployment names, or that promises something else than was claimed (RCPT-6).
pub(crate) fn ensure_binding(
    view: &ReceiptView,
    deployment: &Deployment,
    draft: &ClaimDraft,
) -> anyhow::Result<()> {
    let signed = view.parse()?;
    let actual = signed.signer(&deployment.claim_scope())?;
    ensure!(
        actual == deployment.receipt_signer,
        "the service took the claim, and its receipt is signed by {actual} and not by {}, whom the deployment names: it binds nobody",
        deployment.receipt_signer
    );
    let asked = ClaimTerms {
        nullifier_hash: draft.proof.inputs.nullifier_hash,
        epoch: draft.epoch,
        payment: draft.payment,
        root: draft.proof.inputs.root,
    };
    ensure!(
        signed.receipt.terms == asked,
        "the service took the claim, and its receipt promises something else than was claimed: it binds nobody"
    );
    Ok(())
}

/// Returns the path at which the refusal of a claim is kept: beside its receipt.
pub(crate) fn refusal_path(receipt: &Path) -> PathBuf {
    receipt.with_extension("refusal.json")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use annona_chain::{PrivateKeySigner, ReceiptKey};
    use annona_core::{Address, AmountWei, Claim, Epoch, Payment, UnixSeconds};
    use annona_engine::{ClaimIntake, ClaimRecord, ClaimState, ReceiptService};
    use annona_proofs::{Identity, prove_claim};
    use rand::SeedableRng;
    use rand_chacha::ChaCha20Rng;

    use super::*;

    fn deployment(receipt_signer: Address) -> Deployment {
        Deployment {
            chain_id: 31_337,
            deployment_block: 1,
            registry: Address::repeat_byte(1),
            distributor: Address::repeat_byte(2),
            orb_registry: Address::repeat_byte(3),
            token: Address::repeat_byte(4),
            income_source: Address::repeat_byte(5),
            verifier: Address::repeat_byte(6),
            append_verifiers: [8, 9, 10].map(Address::repeat_byte),
            revoke_verifiers: [11, 12].map(Address::repeat_byte),
            timelock: Address::repeat_byte(7),
            receipt_signer,
        }
    }

    fn draft(deployment: &Deployment) -> ClaimDraft {
        let identity = Identity::from_secret([3; 32]);
        let mut tree = annona_tree::MembershipTree::default();
        tree.append(&[identity.commitment()]).unwrap();
        let index = tree.leaf_index(identity.commitment()).unwrap();
        let path = tree.current().proof(index);
        let payment = Payment {
            recipient: Address::repeat_byte(0xaa),
            fee_recipient: Address::ZERO,
            fee: AmountWei::ZERO,
        };
        let scope = deployment.claim_scope();
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let proof = prove_claim(&identity, &path, &scope, Epoch(3), &payment, &mut rng).unwrap();
        ClaimDraft {
            epoch: Epoch(3),
            payment,
            proof,
        }
    }

    fn record(draft: &ClaimDraft) -> ClaimRecord {
        ClaimRecord {
            claim: Claim {
                epoch: draft.epoch,
                nullifier_hash: draft.proof.inputs.nullifier_hash,
                payment: draft.payment,
                points: draft.proof.points,
            },
            intake: ClaimIntake {
                received_at: UnixSeconds(5),
                root: draft.proof.inputs.root,
                chain_time: UnixSeconds(5),
                deadline: Some(UnixSeconds(9)),
            },
            state: ClaimState::Queued,
        }
    }

    /// Tests RCPT-6.
    #[test]
    fn a_service_that_signs_with_another_key_or_promises_something_else_is_found_at_once() {
        let key = PrivateKeySigner::random();
        let deployment = deployment(key.address());
        let draft = draft(&deployment);
        let view = |key: PrivateKeySigner, record: &ClaimRecord| {
            let receipts = ReceiptService::new(
                std::sync::Arc::new(ReceiptKey::new(key)),
                deployment.claim_scope(),
            );
            ReceiptView::from(&receipts.receipt(record).unwrap().unwrap())
        };
        let asked = record(&draft);
        ensure_binding(&view(key.clone(), &asked), &deployment, &draft).unwrap();
        let denied = view(PrivateKeySigner::random(), &asked);
        let error = ensure_binding(&denied, &deployment, &draft).unwrap_err();
        assert!(error.to_string().contains("binds nobody"), "{error}");
        let mut other_root = asked;
        other_root.intake.root = annona_tree::empty_root();
        let mut other_recipient = asked;
        other_recipient.claim.payment.recipient = Address::repeat_byte(0xbb);
        let mut other_epoch = asked;
        other_epoch.claim.epoch = Epoch(4);
        for other in [other_root, other_recipient, other_epoch] {
            let error = ensure_binding(&view(key.clone(), &other), &deployment, &draft);
            let error = error.unwrap_err().to_string();
            assert!(error.contains("something else"), "{error}");
        }
    }
}
