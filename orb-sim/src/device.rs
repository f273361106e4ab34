use alloy::signers::SignerSync;
use alloy::signers::local::PrivateKeySigner;
use annona_client::{ApiClient, ClientError, wire::EnrolmentRequest, wire::EnrolmentView};
use annona_core::{
    B256, Commitment, Enrolment, EnrolmentDomain, EnrolmentKind, OrbId, SignedEnrolment,
    UnixSeconds, keccak256,
};
use annona_iris::pad::{AcceptedCapture, CaptureRefusal, SelectedFrame};
use annona_iris::{Encoding, Eye, IrisError, encode};
use annona_template::{EyePair, MODEL_ID};
use image::GrayImage;

/// Reason why an orb did not enrol somebody.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OrbError {
    /// The image of one eye is not good enough.
    #[error("{} eye: {reason}", side(*eye))]
    Eye {
        /// Eye whose image was refused.
        eye: Eye,
        /// Reason for which the pipeline refused the image.
        reason: IrisError,
    },
    /// The session with one eye ended without success.
    #[error("{} eye: {refusal}", side(*eye))]
    Session {
        /// Eye that the session was about.
        eye: Eye,
        /// Too few usable frames, or no living eye.
        refusal: Box<CaptureRefusal>,
    },
    /// The device key did not sign.
    #[error("the device key did not sign")]
    Key(#[from] alloy::signers::Error),
    /// The service refused, or did not answer.
    #[error(transparent)]
    Service(#[from] ClientError),
}

const fn side(eye: Eye) -> &'static str {
    match eye {
        Eye::Left => "left",
        Eye::Right => "right",
    }
}

/// Images of both eyes, as the camera took them.
#[derive(Clone)]
pub struct EyeImages {
    /// The person's left eye.
    pub left: GrayImage,
    /// The person's right eye.
    pub right: GrayImage,
}

/// Templates that the iris pipeline made of images of both eyes, and the images' digest.
#[derive(Clone)]
pub struct Capture {
    /// Templates of both eyes.
    pub templates: EyePair,
    /// `keccak256` of the pixels, left then right.
    pub image_digest: B256,
}

impl Capture {
    /// Runs the iris pipeline on both images.
    ///
    /// # Errors
    /// [`OrbError::Eye`] with the reason, for the person in front of the orb.
    pub fn from_images(images: &EyeImages) -> Result<Self, OrbError> {
        let left = encode_eye(&images.left, Eye::Left)?;
        let right = encode_eye(&images.right, Eye::Right)?;
        let pixels = [images.left.as_raw().as_slice(), images.right.as_raw()].concat();
        Ok(Self {
            templates: EyePair {
                left: left.template,
                right: right.template,
            },
            image_digest: keccak256(pixels),
        })
    }
}

impl Capture {
    /// Takes the best frame of each eye from sessions that saw living eyes. The images
    /// are returned beside it.
    ///
    /// # Errors
    /// [`OrbError::Session`] when a session ended without success.
    pub fn from_sessions(
        left: Result<AcceptedCapture, CaptureRefusal>,
        right: Result<AcceptedCapture, CaptureRefusal>,
    ) -> Result<(Self, EyeImages), OrbError> {
        let (left, right) = (best_of(Eye::Left, left)?, best_of(Eye::Right, right)?);
        let pixels = [left.image.as_raw().as_slice(), right.image.as_raw()].concat();
        let capture = Self {
            templates: EyePair {
                left: left.encoding.template,
                right: right.encoding.template,
            },
            image_digest: keccak256(pixels),
        };
        let images = EyeImages {
            left: left.image,
            right: right.image,
        };
        Ok((capture, images))
    }
}

fn best_of(
    eye: Eye,
    outcome: Result<AcceptedCapture, CaptureRefusal>,
) -> Result<SelectedFrame, OrbError> {
    outcome
        .map(|accepted| accepted.best)
        .map_err(|refusal| OrbError::Session {
            eye,
            refusal: Box::new(refusal),
        })
}

fn encode_eye(image: &GrayImage, eye: Eye) -> Result<Encoding, OrbError> {
    encode(image, eye).map_err(|reason| OrbError::Eye { eye, reason })
}

/// Data that the citizen's app shows to the orb.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Invitation {
    /// The citizen's commitment.
    pub commitment: Commitment,
    /// Fresh random bytes.
    pub nonce: B256,
}

/// An orb: a device key and the service it reports to.
#[derive(Clone)]
pub struct Orb {
    key: PrivateKeySigner,
    service: ApiClient,
    domain: EnrolmentDomain,
}

impl Orb {
    /// An orb with a device key.
    #[must_use]
    pub const fn new(key: PrivateKeySigner, service: ApiClient, domain: EnrolmentDomain) -> Self {
        Self {
            key,
            service,
            domain,
        }
    }

    /// Returns the orb's name in the orb registry.
    #[must_use]
    pub const fn id(&self) -> OrbId {
        OrbId(self.key.address())
    }

    /// Signs a capture and submits it, of a new person or of one who has lost the identity
    /// enrolled before. The images stay here and are dropped by the caller.
    ///
    /// # Errors
    /// [`OrbError`].
    pub async fn enrol(
        &self,
        kind: EnrolmentKind,
        invitation: &Invitation,
        capture: &Capture,
        captured_at: UnixSeconds,
    ) -> Result<EnrolmentView, OrbError> {
        let enrolment = Enrolment {
            commitment: invitation.commitment,
            iris_digest: keccak256(capture.templates.to_bytes()),
            image_digest: capture.image_digest,
            model_id: B256::from(MODEL_ID),
            kind,
            captured_at,
            nonce: invitation.nonce,
        };
        let signature = self
            .key
            .sign_hash_sync(&enrolment.signing_hash(&self.domain))?;
        let signed = SignedEnrolment {
            enrolment,
            signature,
        };
        Ok(self
            .service
            .enrol(&EnrolmentRequest::new(&signed, &capture.templates))
            .await?)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use annona_core::Address;

    use super::*;

    #[test]
    fn the_signature_names_the_orb_in_its_domain_only() {
        let key = PrivateKeySigner::from_slice(&[5; 32]).unwrap();
        let domain = EnrolmentDomain {
            chain_id: 31_337,
            orb_registry: Address::repeat_byte(1),
        };
        let enrolment = Enrolment {
            commitment: format!("0x{:064x}", 9).parse().unwrap(),
            iris_digest: B256::ZERO,
            image_digest: B256::ZERO,
            model_id: B256::ZERO,
            kind: EnrolmentKind::New,
            captured_at: UnixSeconds(1),
            nonce: B256::ZERO,
        };
        let signature = key
            .sign_hash_sync(&enrolment.signing_hash(&domain))
            .unwrap();
        let signed = SignedEnrolment {
            enrolment,
            signature,
        };
        assert_eq!(signed.orb(&domain), Ok(OrbId(key.address())));
        let elsewhere = EnrolmentDomain {
            chain_id: 1,
            ..domain
        };
        assert_ne!(signed.orb(&elsewhere), Ok(OrbId(key.address())));
    }
}
