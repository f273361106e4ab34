//! Change to another model: templates by the new one are proved from the irises that an orb signed,
//! and take the place of the old ones (ZKML-18 to ZKML-21).

use std::sync::{Arc, Mutex, PoisonError};

use annona_core::{B256, CodeSalts, Commitment, EyeCommitments, IrisCommitments};
use annona_model::ModelName;
use annona_proofs::VerifyingKey;
use annona_template::EyePair;
use annona_zkml::{EncodingVerifier, ProofContext};

use crate::background::compute;
use crate::codes::{code_commitments, is_decidable};
use crate::encodings::{EncodingCheck, RefusedEncoding};
use crate::ports::{ModelUpgrade, UpgradedTemplates};

/// Codes of both eyes by the model that a service changes to, with what shows that they are the
/// person's own.
#[derive(Debug, Clone)]
pub struct UpgradedCodes {
    /// Id of the new model.
    pub model_id: B256,
    /// Templates of both eyes.
    pub templates: EyePair,
    /// Salts of the commitments to the codes. They are used for one check and not stored.
    pub code_salts: CodeSalts,
    /// Text of the file of both eyes' proofs, for the purpose `model-upgrade` and the person's
    /// commitment. They are used for one check and not stored.
    pub proofs: String,
}

/// Reason why codes by the new model are refused. Every variant is the sender's doing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RefusedCodes {
    /// There are none, and the service changes to a model.
    #[error("the packet has no codes by model {model_id}, to which this service changes")]
    Missing {
        /// Id of the new model.
        model_id: B256,
    },
    /// The codes are by another model than the one that the service changes to.
    #[error("the codes are by model {actual}, and this service changes to {expected}")]
    OtherModel {
        /// Id of the model that the service changes to.
        expected: B256,
        /// Id of the model that was sent.
        actual: B256,
    },
    /// A template has too few valid bits to decide on.
    #[error("a template has too few valid bits for a decision")]
    Unusable,
    /// A proof is refused, or is about other irises or codes.
    #[error(transparent)]
    Encoding(#[from] RefusedEncoding),
}

/// Reason why there is no verdict on codes by the new model.
#[derive(Debug)]
pub(crate) enum CheckError {
    /// The codes are refused.
    Codes(RefusedCodes),
    /// The model that was published, or its key, is none that this program can use.
    Unusable,
}

impl From<RefusedCodes> for CheckError {
    fn from(refusal: RefusedCodes) -> Self {
        Self::Codes(refusal)
    }
}

/// Verifier of the published model, which is prepared once.
#[derive(Default)]
pub(crate) struct UpgradeVerifier(Mutex<Option<Arc<Prepared>>>);

struct Prepared {
    published: (B256, Vec<u8>),
    model: ModelName,
    verifier: Arc<EncodingVerifier>,
}

impl UpgradeVerifier {
    /// Returns the model of a change with the verifier of its proofs.
    fn of(&self, upgrade: &ModelUpgrade) -> Result<Arc<Prepared>, CheckError> {
        // A panic elsewhere leaves a whole verifier behind.
        let mut prepared = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = &*prepared
            && kept.published.0 == upgrade.model_id
            && kept.published.1 == upgrade.verifying_key
        {
            return Ok(Arc::clone(kept));
        }
        let model = ModelName::with_id(upgrade.model_id.0).ok_or(CheckError::Unusable)?;
        let key = VerifyingKey::from_bytes(&upgrade.verifying_key);
        let key = key.map_err(|_| CheckError::Unusable)?;
        let made = Arc::new(Prepared {
            published: (upgrade.model_id, upgrade.verifying_key.clone()),
            model,
            verifier: Arc::new(EncodingVerifier::new(model, &key)),
        });
        *prepared = Some(Arc::clone(&made));
        Ok(made)
    }

    /// Checks codes by the model of a change against the commitments to the irises that an orb
    /// signed for `account` (ZKML-19). The commitments to the codes are computed from templates
    /// and salts, so that an edited code is about another commitment than its proof.
    pub(crate) async fn check(
        &self,
        upgrade: &ModelUpgrade,
        account: Commitment,
        signed: &IrisCommitments,
        codes: UpgradedCodes,
    ) -> Result<UpgradedTemplates, CheckError> {
        let prepared = self.of(upgrade)?;
        if codes.model_id != upgrade.model_id {
            let (expected, actual) = (upgrade.model_id, codes.model_id);
            return Err(RefusedCodes::OtherModel { expected, actual }.into());
        }
        if !is_decidable(&codes.templates) {
            return Err(RefusedCodes::Unusable.into());
        }
        let images = *signed;
        let checked = compute(move || prepared.check(account, &images, codes)).await;
        checked.map_err(|refusal| CheckError::Codes(refusal.into()))
    }
}

impl Prepared {
    /// Verifies the proofs: milliseconds of computation.
    fn check(
        &self,
        account: Commitment,
        signed: &IrisCommitments,
        sent: UpgradedCodes,
    ) -> Result<UpgradedTemplates, RefusedEncoding> {
        let codes = code_commitments(self.model, &sent.templates, &sent.code_salts);
        let commitments = IrisCommitments {
            left: EyeCommitments {
                image: signed.left.image,
                code: codes.left,
            },
            right: EyeCommitments {
                image: signed.right.image,
                code: codes.right,
            },
        };
        let context = ProofContext::upgrade(account);
        let verifier = Arc::clone(&self.verifier);
        EncodingCheck::of(verifier, context, commitments, sent.proofs).run()?;
        Ok(UpgradedTemplates {
            model_id: sent.model_id,
            templates: sent.templates,
            codes,
        })
    }
}
