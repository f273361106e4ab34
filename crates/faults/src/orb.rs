use alloy::signers::SignerSync;
use alloy::signers::local::PrivateKeySigner;
use annona_core::{
    B256, Commitment, Enrolment, EnrolmentDomain, EnrolmentKind, OrbId, SignedEnrolment,
    UnixSeconds, keccak256,
};
use annona_template::EyePair;

/// Enrolment that an orb signed, with the templates that it is about.
#[derive(Debug, Clone)]
pub struct SignedCapture {
    /// Statement of the orb, with its signature.
    pub signed: SignedEnrolment,
    /// Templates of both eyes.
    pub templates: EyePair,
}

/// Orb that signs whatever it is told.
#[derive(Debug, Clone)]
pub struct TestOrb {
    key: PrivateKeySigner,
    domain: EnrolmentDomain,
    model_id: B256,
}

impl TestOrb {
    /// Creates an orb with a device key.
    #[must_use]
    pub const fn new(key: PrivateKeySigner, domain: EnrolmentDomain, model_id: B256) -> Self {
        Self {
            key,
            domain,
            model_id,
        }
    }

    /// Returns the orb's id.
    #[must_use]
    pub fn id(&self) -> OrbId {
        OrbId(self.key.address())
    }

    /// Signs that the eyes belong to the commitment. The nonce is made from the commitment.
    ///
    /// # Panics
    /// Panics if the key cannot sign.
    #[must_use]
    pub fn sign(
        &self,
        templates: EyePair,
        commitment: Commitment,
        kind: EnrolmentKind,
        captured_at: UnixSeconds,
    ) -> SignedCapture {
        let enrolment = Enrolment {
            commitment,
            iris_digest: keccak256(templates.to_bytes()),
            image_digest: B256::repeat_byte(5),
            model_id: self.model_id,
            kind,
            captured_at,
            nonce: keccak256(commitment.to_string()),
        };
        let hash = enrolment.signing_hash(&self.domain);
        SignedCapture {
            signed: SignedEnrolment {
                enrolment,
                commitments: None,
                signature: self.key.sign_hash_sync(&hash).unwrap(),
            },
            templates,
        }
    }
}
