use annona_core::{Claim, ClaimScope, Epoch, Payment, Root, U256};
use annona_proofs::{ClaimProof, Identity, ProveError, prove_claim};
use annona_tree::InclusionProof;
use annona_wire::ClaimRequest;
use rand_core::CryptoRng;
use serde::{Deserialize, Serialize};

/// Reason for which a claim is not prepared.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PrepareError {
    /// The path leads to a root that is not the chain's. A service that does
    /// this by mistake is broken; one that does it on purpose marks people.
    #[error(
        "the service's path leads to root {offered}, the chain has {on_chain}: do not claim through this service"
    )]
    ForeignRoot {
        /// Root to which the path leads.
        offered: Root,
        /// `R_e` on the chain.
        on_chain: Root,
    },
    /// The prover failed.
    #[error(transparent)]
    Prove(#[from] ProveError),
}

/// A claim that can be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClaimDraft {
    /// Epoch that is claimed.
    pub epoch: Epoch,
    /// Payment that the claim asks for.
    pub payment: Payment,
    /// The proof with its public inputs.
    pub proof: ClaimProof,
}

/// Proves a claim of `epoch` after checking that the path leads to `on_chain`, which is `R_e`
/// as the wallet itself read it from the chain (IDENT-8).
///
/// # Errors
/// [`PrepareError`].
pub fn prepare_claim(
    identity: &Identity,
    path: &InclusionProof,
    epoch: Epoch,
    on_chain: Root,
    scope: &ClaimScope,
    payment: Payment,
    rng: &mut impl CryptoRng,
) -> Result<ClaimDraft, PrepareError> {
    let offered = path.root_from(identity.commitment());
    if offered != on_chain {
        return Err(PrepareError::ForeignRoot { offered, on_chain });
    }
    let proof = prove_claim(identity, path, scope, epoch, &payment, rng)?;
    Ok(ClaimDraft {
        epoch,
        payment,
        proof,
    })
}

impl ClaimDraft {
    /// The body for the service.
    #[must_use]
    pub fn to_request(&self) -> ClaimRequest {
        ClaimRequest::new(&Claim {
            epoch: self.epoch,
            nullifier_hash: self.proof.inputs.nullifier_hash,
            payment: self.payment,
            points: self.proof.points,
        })
    }

    /// The form of npm `@semaphore-protocol/proof` 3.15 (IDENT-4).
    #[must_use]
    pub fn to_semaphore_json(&self) -> SemaphoreProofJson {
        let inputs = &self.proof.inputs;
        SemaphoreProofJson {
            merkle_tree_root: inputs.root.to_u256().to_string(),
            nullifier_hash: inputs.nullifier_hash.to_u256().to_string(),
            signal: U256::from_be_bytes(inputs.signal.word.0).to_string(),
            external_nullifier: U256::from_be_bytes(inputs.external_nullifier.word.0).to_string(),
            proof: self
                .proof
                .points
                .coordinates()
                .map(|coordinate| coordinate.to_string()),
        }
    }
}

/// A proof as npm `@semaphore-protocol/proof` 3.15 writes it: decimal strings;
/// signal and external nullifier are the 32-byte words before hashing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SemaphoreProofJson {
    /// `R_e`.
    pub merkle_tree_root: String,
    /// The nullifier hash.
    pub nullifier_hash: String,
    /// The payment's word.
    pub signal: String,
    /// The epoch's word.
    pub external_nullifier: String,
    /// The eight coordinates.
    pub proof: [String; 8],
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use annona_core::{Address, AmountWei};
    use annona_tree::MembershipTree;

    use super::*;

    /// Tests IDENT-8.
    #[test]
    fn a_root_that_is_not_the_chains_is_refused_before_proving() {
        let identity = Identity::from_secret([1; 32]);
        let mut tree = MembershipTree::default();
        let root = tree.append(&[identity.commitment()]).unwrap();
        let index = tree.leaf_index(identity.commitment()).unwrap();
        let path = tree.current().proof(index);
        let scope = ClaimScope {
            chain_id: 1,
            distributor: Address::ZERO,
        };
        let payment = Payment {
            recipient: Address::ZERO,
            fee_recipient: Address::ZERO,
            fee: AmountWei::ZERO,
        };
        let other = annona_tree::empty_root();
        let refused = prepare_claim(
            &identity,
            &path,
            Epoch(1),
            other,
            &scope,
            payment,
            &mut rand::rng(),
        );
        assert!(matches!(refused, Err(PrepareError::ForeignRoot { .. })));
        let draft = prepare_claim(
            &identity,
            &path,
            Epoch(1),
            root,
            &scope,
            payment,
            &mut rand::rng(),
        )
        .unwrap();
        assert_eq!(
            draft.to_semaphore_json().merkle_tree_root,
            root.to_u256().to_string()
        );
    }
}
