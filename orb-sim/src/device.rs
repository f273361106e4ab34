use std::sync::Arc;

use alloy::signers::SignerSync;
use alloy::signers::local::PrivateKeySigner;
use annona_client::wire::{
    EnrolmentRequest, EnrolmentView, ParsedCodes, SealedPackageRequest, UpgradedCodesRequest,
};
use annona_client::{ApiClient, ClientError};
use annona_core::{
    B256, CodeSalts, Commitment, CommittedEnrolment, Enrolment, EnrolmentDomain, EnrolmentKind,
    IrisCommitments, OrbId, SignedEnrolment, UnixSeconds, keccak256,
};
use annona_iris::pad::{AcceptedCapture, CaptureRefusal, SelectedFrame};
use annona_iris::{Encoding, Eye, IrisError, NormalisedIris, encode};
use annona_template::{EyePair, MODEL_ID};
use annona_zkml::{
    CustodyError, CustodyPackage, EncodingProver, IrisPackage, ModelName, ProofContext, ProofPair,
    ProveError, ProvedCodes, UpgradeProofError,
};
use image::GrayImage;
use rand::CryptoRng;
use tokio::sync::oneshot;

/// Reason why an orb did not enrol somebody.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OrbError {
    /// The image of one eye is not good enough.
    #[error("{} eye: {reason}", eye.name())]
    Eye {
        /// Eye whose image was refused.
        eye: Eye,
        /// Reason for which the pipeline refused the image.
        reason: IrisError,
    },
    /// The session with one eye ended without success.
    #[error("{} eye: {refusal}", eye.name())]
    Session {
        /// Eye that the session was about.
        eye: Eye,
        /// Too few usable frames, or no living eye.
        refusal: Box<CaptureRefusal>,
    },
    /// The device key did not sign.
    #[error("the device key did not sign")]
    Key(#[from] alloy::signers::Error),
    /// The package for the person was not made.
    #[error("the package for the person was not made")]
    Package(#[from] CustodyError),
    /// The codes were not proved.
    #[error("the codes were not proved")]
    Proof(#[from] ProveError),
    /// The codes by the model that the service changes to were not proved.
    #[error("the codes by the new model were not proved")]
    Upgrade(#[from] UpgradeProofError),
    /// The service refused, or did not answer.
    #[error(transparent)]
    Service(#[from] ClientError),
}

/// Images of both eyes, as the camera took them.
#[derive(Clone)]
pub struct EyeImages {
    /// The person's left eye.
    pub left: GrayImage,
    /// The person's right eye.
    pub right: GrayImage,
}

/// Templates that the iris pipeline made of images of both eyes, the irises behind them, and the
/// images' digest.
#[derive(Clone)]
pub struct Capture {
    /// Templates of both eyes.
    pub templates: EyePair,
    /// Normalised iris of each template.
    pub irises: IrisPair,
    /// `keccak256` of the pixels, left then right.
    pub image_digest: B256,
}

/// Normalised irises of both eyes. They are biometric data, of which nothing leaves the orb but
/// in the person's own hands.
#[derive(Clone)]
pub struct IrisPair {
    /// The person's left eye.
    pub left: NormalisedIris,
    /// The person's right eye.
    pub right: NormalisedIris,
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
        Ok(Self::new(left, right, &pixels))
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
        let capture = Self::new(left.encoding, right.encoding, &pixels);
        let images = EyeImages {
            left: left.image,
            right: right.image,
        };
        Ok((capture, images))
    }

    fn new(left: Encoding, right: Encoding, pixels: &[u8]) -> Self {
        Self {
            templates: EyePair {
                left: left.template,
                right: right.template,
            },
            irises: IrisPair {
                left: left.normalised,
                right: right.normalised,
            },
            image_digest: keccak256(pixels),
        }
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
    /// Public key of the visit, P-256 compressed, where a visit code was shown: the codes of one
    /// visit have the same. The package for the person is sealed for it.
    pub visit_key: Option<[u8; 33]>,
}

/// An orb: a device key and the service it reports to.
#[derive(Clone)]
pub struct Orb {
    key: PrivateKeySigner,
    service: ApiClient,
    domain: EnrolmentDomain,
    prover: Option<Arc<EncodingProver>>,
    next_prover: Option<Arc<EncodingProver>>,
}

impl Orb {
    /// An orb with a device key.
    #[must_use]
    pub const fn new(key: PrivateKeySigner, service: ApiClient, domain: EnrolmentDomain) -> Self {
        Self {
            key,
            service,
            domain,
            prover: None,
            next_prover: None,
        }
    }

    /// The same orb, which proves the codes that it sends (ENROL-23), or proves none. The prover
    /// must be of the model of templates.
    #[must_use]
    pub fn proving(self, prover: Option<Arc<EncodingProver>>) -> Self {
        Self { prover, ..self }
    }

    /// The same orb, which sends proved codes by the prover's model beside those by the model of
    /// templates (ENROL-24), or sends none. The service changes to that model.
    #[must_use]
    pub fn changing_to(self, next_prover: Option<Arc<EncodingProver>>) -> Self {
        Self {
            next_prover,
            ..self
        }
    }

    /// The same orb, which reports to another service.
    #[must_use]
    pub fn reporting_to(self, service: ApiClient) -> Self {
        Self { service, ..self }
    }

    /// Returns the orb's name in the orb registry.
    #[must_use]
    pub const fn id(&self) -> OrbId {
        OrbId(self.key.address())
    }

    /// Signs a capture and submits it, of a new person or of one who has lost the identity
    /// enrolled before. The images stay here and are dropped by the caller. Proving both codes
    /// takes seconds, and is done on a thread of its own.
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
        let packages = IrisPackages::new(capture, &mut rand::rng());
        let signed = self.sign(kind, invitation, capture, &packages, captured_at)?;
        let salts = packages.code_salts();
        let mut request = EnrolmentRequest::new(&signed, &capture.templates, Some(&salts));
        request.encoding_proofs = self.prove(&packages, invitation.commitment).await?;
        let upgraded = self.encode_anew(&packages, invitation.commitment).await?;
        request.upgraded_codes = upgraded.as_ref().map(upgraded_codes);
        if let Some(key) = invitation.visit_key {
            let sealed = packages.seal(&signed, &key, &self.domain, &mut rand::rng())?;
            request.package = Some(SealedPackageRequest::new(&key, &sealed));
        }
        Ok(self.service.enrol(&request).await?)
    }

    /// Proves both codes, if this orb proves, and returns the text of the proofs.
    async fn prove(
        &self,
        packages: &IrisPackages,
        person: Commitment,
    ) -> Result<Option<String>, OrbError> {
        let Some(prover) = self.prover.clone() else {
            return Ok(None);
        };
        let packages = packages.clone();
        let work = move || packages.prove(&prover, person, &mut rand::rng());
        Ok(Some(on_a_thread(work).await?.to_json()))
    }

    /// Encodes both irises by the model that the service changes to, and proves the codes, if this
    /// orb does.
    async fn encode_anew(
        &self,
        packages: &IrisPackages,
        person: Commitment,
    ) -> Result<Option<ProvedCodes>, OrbError> {
        let Some(prover) = self.next_prover.clone() else {
            return Ok(None);
        };
        let IrisPackages { left, right } = packages.clone();
        let work = move || prover.prove_upgrade([&left, &right], person, &mut rand::rng());
        Ok(Some(on_a_thread(work).await?))
    }

    /// Signs a capture with the commitments to its irises and codes (ENROL-19).
    ///
    /// # Errors
    /// [`OrbError::Key`].
    pub fn sign(
        &self,
        kind: EnrolmentKind,
        invitation: &Invitation,
        capture: &Capture,
        packages: &IrisPackages,
        captured_at: UnixSeconds,
    ) -> Result<SignedEnrolment, OrbError> {
        let statement = CommittedEnrolment {
            enrolment: Enrolment {
                commitment: invitation.commitment,
                iris_digest: keccak256(capture.templates.to_bytes()),
                image_digest: capture.image_digest,
                model_id: B256::from(MODEL_ID),
                kind,
                captured_at,
                nonce: invitation.nonce,
            },
            commitments: packages.commitments(),
        };
        let digest = statement.signing_hash(&self.domain);
        Ok(SignedEnrolment {
            enrolment: statement.enrolment,
            commitments: Some(statement.commitments),
            signature: self.key.sign_hash_sync(&digest)?,
        })
    }
}

/// Returns proved codes in the form in which a service takes them.
#[must_use]
pub fn upgraded_codes(proved: &ProvedCodes) -> UpgradedCodesRequest {
    UpgradedCodesRequest::new(&ParsedCodes {
        model_id: proved.model_id(),
        templates: proved.templates.clone(),
        code_salts: proved.code_salts,
        proofs: proved.proofs.to_json(),
    })
}

/// Computes on a thread of its own. The runtime would wait for the end of one of its threads when
/// the process is to end.
async fn on_a_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let (sender, receiver) = oneshot::channel();
    std::thread::spawn(move || {
        // A receiver that is gone waits no longer.
        let _gone = sender.send(work());
    });
    receiver
        .await
        .expect("the work is sent before the thread ends")
}

/// Irises of both eyes with the salts of their commitments, which the orb draws for each capture.
#[derive(Debug, Clone)]
pub struct IrisPackages {
    left: IrisPackage,
    right: IrisPackage,
}

impl IrisPackages {
    /// Draws the salts of a capture.
    pub fn new(capture: &Capture, rng: &mut impl CryptoRng) -> Self {
        let IrisPair { left, right } = capture.irises.clone();
        Self {
            left: IrisPackage::new(Eye::Left, left, rng),
            right: IrisPackage::new(Eye::Right, right, rng),
        }
    }

    /// Computes the commitments of both eyes, by the model of templates.
    fn commitments(&self) -> IrisCommitments {
        let of = |package: &IrisPackage| {
            let commitments = package.commitments(ModelName::P);
            commitments.expect("the pipeline makes irises of this model")
        };
        IrisCommitments {
            left: of(&self.left),
            right: of(&self.right),
        }
    }

    /// Seals irises, salts and statement for the person, whose device has the secret of the key
    /// (ENROL-21).
    ///
    /// # Errors
    /// [`OrbError::Package`] when the key is none, or the statement is not about these irises.
    pub fn seal(
        &self,
        signed: &SignedEnrolment,
        visit_key: &[u8; 33],
        domain: &EnrolmentDomain,
        rng: &mut impl CryptoRng,
    ) -> Result<Vec<u8>, OrbError> {
        let (left, right) = (self.left.clone(), self.right.clone());
        let package = CustodyPackage::new(left, right, *signed)?;
        Ok(package.seal(visit_key, domain, rng)?)
    }

    /// Proves that both codes came from the model of templates, at the enrolment of `person`
    /// (ENROL-23). At full size it takes seconds and 334 MB.
    ///
    /// # Errors
    /// [`OrbError::Proof`] when the prover is of another model.
    pub fn prove(
        &self,
        prover: &EncodingProver,
        person: Commitment,
        rng: &mut impl CryptoRng,
    ) -> Result<ProofPair, OrbError> {
        let context = ProofContext::enrolment(person);
        let mut prove = |package| -> Result<_, ProveError> {
            prover.prove(&prover.prepare(package, &context)?, rng)
        };
        let (left, right) = (prove(&self.left)?, prove(&self.right)?);
        let pair = ProofPair::new(left, right);
        Ok(pair.expect("one prover proved two irises with two salts for one context"))
    }

    /// Returns the salts by which a service checks the code commitments.
    #[must_use]
    pub const fn code_salts(&self) -> CodeSalts {
        CodeSalts {
            left: self.left.code_salt(),
            right: self.right.code_salt(),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use annona_core::Address;
    use rand::SeedableRng;
    use rand_chacha::ChaCha20Rng;

    use super::*;
    use crate::{CaptureConditions, Person};

    const DOMAIN: EnrolmentDomain = EnrolmentDomain {
        chain_id: 31_337,
        orb_registry: Address::repeat_byte(1),
    };

    fn orb() -> Orb {
        let key = PrivateKeySigner::from_slice(&[5; 32]).unwrap();
        Orb::new(key, ApiClient::new("http://127.0.0.1:1").unwrap(), DOMAIN)
    }

    /// Tests ENROL-19.
    #[test]
    fn commitments_are_to_the_irises_and_templates_of_their_eyes() {
        let mut rng = ChaCha20Rng::seed_from_u64(3);
        let person = Person::from_seed(1);
        let mut picture = |eye| {
            let conditions = CaptureConditions::sample(&mut rng);
            crate::capture(&person, eye, &conditions, &mut rng)
        };
        let images = EyeImages {
            left: picture(Eye::Left),
            right: picture(Eye::Right),
        };
        let capture = Capture::from_images(&images).unwrap();
        let mut rng = ChaCha20Rng::seed_from_u64(4);
        let packages = IrisPackages::new(&capture, &mut rng);
        let eyes = [&packages.left, &packages.right];
        assert_eq!(eyes.map(IrisPackage::eye), [Eye::Left, Eye::Right]);
        let templates = [&capture.templates.left, &capture.templates.right];
        for (package, template) in eyes.into_iter().zip(templates) {
            let (encoded, _) = package.code_commitment(ModelName::P).unwrap();
            for (column, bits) in encoded.code.chunks(64).enumerate() {
                let bit = |place: usize| template.code()[column] >> place & 1 == 1;
                assert!(bits.iter().enumerate().all(|(place, it)| bit(place) == *it));
            }
            for (column, bits) in encoded.mask.chunks(32).enumerate() {
                let bit = |place: usize| template.mask()[column] >> place & 1 == 1;
                assert!(bits.iter().enumerate().all(|(place, it)| bit(place) == *it));
            }
        }
        let again = IrisPackages::new(&capture, &mut rng);
        assert_ne!(again.commitments(), packages.commitments(), "new salts");
        let orb = orb();
        let invitation = Invitation {
            commitment: format!("0x{:064x}", 9).parse().unwrap(),
            nonce: B256::ZERO,
            visit_key: None,
        };
        let signed = orb
            .sign(
                EnrolmentKind::New,
                &invitation,
                &capture,
                &packages,
                UnixSeconds(1),
            )
            .unwrap();
        assert_eq!(signed.commitments, Some(packages.commitments()));
        assert_eq!(signed.orb(&DOMAIN), Ok(orb.id()));
    }

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
            commitments: None,
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
