use core::fmt;

use annona_core::{
    B256, Commitment, Enrolment, EnrolmentDomain, EnrolmentKind, EyeCommitments, FieldElement,
    FieldError, IrisCommitments, OrbId, Signature, SignatureError, SignedEnrolment, UnixSeconds,
};
use annona_model::{EncoderModel, Eye, ModelName, NormalisedError, NormalisedIris};
use hpke::aead::AesGcm256;
use hpke::kdf::HkdfSha256;
use hpke::kem::DhP256HkdfSha256;
use hpke::{Deserializable, Kem, OpModeR, OpModeS, Serializable};
use p256::elliptic_curve::sec1::ToEncodedPoint;
use rand_core::CryptoRng;

use crate::{IrisPackage, Salt, SizeMismatch};

/// First bytes of a sealed package; the number is the version of its form.
const MAGIC: &[u8; 16] = b"annona custody 1";

/// Beginning of HPKE's `info`.
const CUSTODY_DOMAIN: &[u8] = b"annona.custody.v1";

/// Bytes of the encapsulated key: an uncompressed point of P-256.
const ENCAPSULATED_BYTES: usize = 65;

/// First bytes of a compressed point of P-256. The library also reads one of another form.
const COMPRESSED: [u8; 2] = [2, 3];

/// Bits of a byte.
const BYTE_BITS: usize = 8;

type PrivateKey = <DhP256HkdfSha256 as Kem>::PrivateKey;
type PublicKey = <DhP256HkdfSha256 as Kem>::PublicKey;
type Encapsulated = <DhP256HkdfSha256 as Kem>::EncappedKey;

/// Reason why there is no custody package (ZKML-16, ZKML-17).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CustodyError {
    /// The bytes do not begin as a sealed package does, or are too few or too many.
    #[error("this is not a custody package of version 1")]
    NotACustodyPackage,
    /// The key of the visit is no point of P-256, or the secret no number of it.
    #[error("the key of the visit is none")]
    VisitKey,
    /// The package was sealed for another key or visit, or was changed.
    #[error("the custody package is not for this visit, or is damaged")]
    NotForThisVisit,
    /// The contents are not those of this version.
    #[error("the contents of the custody package are malformed")]
    Contents,
    /// A word of the contents is not reduced.
    #[error("a word in the custody package is not canonical")]
    Word(#[from] FieldError),
    /// The iris of an eye is out of range.
    #[error("an iris in the custody package cannot be used")]
    Iris(#[from] NormalisedError),
    /// The statement names a model that is not known here.
    #[error("no model with the id {id} is known here")]
    UnknownModel {
        /// Id that the statement names.
        id: B256,
    },
    /// The model reads irises of another size.
    #[error(transparent)]
    Size(#[from] SizeMismatch),
    /// The statement has no commitments.
    #[error("the orb's statement has no commitments")]
    WithoutCommitments,
    /// The package of one eye is in the place of the other.
    #[error("the left and the right eye are in each other's place")]
    OtherEye,
    /// The statement commits to another iris.
    #[error("the orb signed the commitment to another iris")]
    OtherImage,
    /// The statement commits to another code.
    #[error("the orb signed the commitment to another code")]
    OtherCode,
}

/// Visit that a package is sealed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CustodyVisit {
    /// Deployment of the orb.
    pub domain: EnrolmentDomain,
    /// Commitment that the citizen's device showed.
    pub commitment: Commitment,
    /// Nonce that the citizen's device showed.
    pub nonce: B256,
}

impl CustodyVisit {
    fn info(&self) -> Vec<u8> {
        [
            CUSTODY_DOMAIN,
            &self.domain.chain_id.to_be_bytes(),
            self.domain.orb_registry.as_slice(),
            &self.commitment.to_be_bytes(),
            self.nonce.as_slice(),
        ]
        .concat()
    }
}

/// Secret of a visit's key: a number of P-256.
#[derive(Clone)]
pub struct VisitSecret(PrivateKey);

impl fmt::Debug for VisitSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VisitSecret(..)")
    }
}

impl VisitSecret {
    /// Takes the secret whose public key a visit code shows, 32 big-endian bytes.
    ///
    /// # Errors
    /// [`CustodyError::VisitKey`] when it is 0 or at least the group's order.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, CustodyError> {
        let key = PrivateKey::from_bytes(bytes);
        key.map(Self).map_err(|_| CustodyError::VisitKey)
    }
}

/// All that a citizen takes home from an orb: both irises with the salts of their commitments,
/// and the orb's signature on the commitments. Whoever reads it knows the eyes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustodyPackage {
    left: IrisPackage,
    right: IrisPackage,
    signed: SignedEnrolment,
}

impl CustodyPackage {
    /// Puts the irises of both eyes and the orb's statement together (ZKML-16).
    ///
    /// # Errors
    /// [`CustodyError`] when the statement does not commit to them, eye by eye.
    pub fn new(
        left: IrisPackage,
        right: IrisPackage,
        signed: SignedEnrolment,
    ) -> Result<Self, CustodyError> {
        let model = model_of(&signed)?;
        let committed = signed.commitments.ok_or(CustodyError::WithoutCommitments)?;
        if (left.eye(), right.eye()) != (Eye::Left, Eye::Right) {
            return Err(CustodyError::OtherEye);
        }
        for (package, committed) in [(&left, &committed.left), (&right, &committed.right)] {
            let actual = package.commitments(model)?;
            if actual.image != committed.image {
                return Err(CustodyError::OtherImage);
            }
            if actual.code != committed.code {
                return Err(CustodyError::OtherCode);
            }
        }
        Ok(Self {
            left,
            right,
            signed,
        })
    }

    /// Returns the packages of the eyes, left and right.
    #[must_use]
    pub const fn eyes(&self) -> [&IrisPackage; 2] {
        [&self.left, &self.right]
    }

    /// Returns the orb's statement and signature.
    #[must_use]
    pub const fn signed(&self) -> &SignedEnrolment {
        &self.signed
    }

    /// Returns the orb that signed. The orb registry tells whether it is active.
    ///
    /// # Errors
    /// [`SignatureError`].
    pub fn orb(&self, domain: &EnrolmentDomain) -> Result<OrbId, SignatureError> {
        self.signed.orb(domain)
    }

    fn visit(&self, domain: &EnrolmentDomain) -> CustodyVisit {
        let enrolment = &self.signed.enrolment;
        CustodyVisit {
            domain: *domain,
            commitment: enrolment.commitment,
            nonce: enrolment.nonce,
        }
    }

    /// Encrypts the package to the key of a visit code (P-256, compressed): HPKE, RFC 9180, base
    /// mode, with DHKEM(P-256, HKDF-SHA256), HKDF-SHA256 and AES-256-GCM (ZKML-17). All packages
    /// of one model have the same length.
    ///
    /// # Errors
    /// [`CustodyError::VisitKey`].
    pub fn seal(
        &self,
        visit_key: &[u8; 33],
        domain: &EnrolmentDomain,
        rng: &mut impl CryptoRng,
    ) -> Result<Vec<u8>, CustodyError> {
        self.seal_for(&self.visit(domain), visit_key, rng)
    }

    fn seal_for(
        &self,
        visit: &CustodyVisit,
        visit_key: &[u8; 33],
        rng: &mut impl CryptoRng,
    ) -> Result<Vec<u8>, CustodyError> {
        let sealed = hpke::single_shot_seal_with_rng::<AesGcm256, HkdfSha256, DhP256HkdfSha256>(
            &OpModeS::Base,
            &public_key(visit_key)?,
            &visit.info(),
            &self.to_bytes(),
            MAGIC,
            rng,
        );
        let (encapsulated, ciphertext) = sealed.map_err(|_| CustodyError::VisitKey)?;
        Ok([MAGIC, &*encapsulated.to_bytes(), &ciphertext].concat())
    }

    /// Decrypts what [`Self::seal`] made, for the visit that the device remembers.
    ///
    /// # Errors
    /// [`CustodyError`].
    pub fn open(
        sealed: &[u8],
        secret: &VisitSecret,
        visit: &CustodyVisit,
    ) -> Result<Self, CustodyError> {
        let rest = sealed.strip_prefix(MAGIC);
        let (encapsulated, ciphertext) = rest
            .and_then(|rest| rest.split_at_checked(ENCAPSULATED_BYTES))
            .ok_or(CustodyError::NotACustodyPackage)?;
        let encapsulated =
            Encapsulated::from_bytes(encapsulated).map_err(|_| CustodyError::NotACustodyPackage)?;
        let contents = hpke::single_shot_open::<AesGcm256, HkdfSha256, DhP256HkdfSha256>(
            &OpModeR::Base,
            &secret.0,
            &encapsulated,
            &visit.info(),
            ciphertext,
            MAGIC,
        )
        .map_err(|_| CustodyError::NotForThisVisit)?;
        let package = Self::from_bytes(&contents)?;
        // Whoever knows the visit code can seal a package for it, about another visit.
        if package.visit(&visit.domain) == *visit {
            Ok(package)
        } else {
            Err(CustodyError::NotForThisVisit)
        }
    }

    /// Writes statement, signature, and both eyes, in the order of the specification.
    fn to_bytes(&self) -> Vec<u8> {
        let SignedEnrolment {
            enrolment,
            commitments,
            signature,
        } = &self.signed;
        let IrisCommitments { left, right } = commitments.expect("a package has commitments");
        let mut bytes = Vec::new();
        bytes.extend(enrolment.commitment.to_be_bytes());
        for word in [
            enrolment.iris_digest,
            enrolment.image_digest,
            enrolment.model_id,
        ] {
            bytes.extend(word);
        }
        bytes.push(enrolment.kind.to_u8());
        bytes.extend(enrolment.captured_at.0.to_be_bytes());
        bytes.extend(enrolment.nonce);
        for field in [left.image, right.image, left.code, right.code] {
            bytes.extend(field.to_be_bytes());
        }
        bytes.extend(signature.as_bytes());
        for package in self.eyes() {
            write_eye(&mut bytes, package);
        }
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, CustodyError> {
        let mut rest = Contents(bytes);
        let signed = rest.signed()?;
        let model = model_of(&signed)?.model();
        let left = rest.eye(Eye::Left, model)?;
        let right = rest.eye(Eye::Right, model)?;
        if !rest.0.is_empty() {
            return Err(CustodyError::Contents);
        }
        Self::new(left, right, signed)
    }
}

fn model_of(signed: &SignedEnrolment) -> Result<ModelName, CustodyError> {
    let id = signed.enrolment.model_id;
    ModelName::with_id(id.0).ok_or(CustodyError::UnknownModel { id })
}

fn public_key(compressed: &[u8; 33]) -> Result<PublicKey, CustodyError> {
    if !COMPRESSED.contains(&compressed[0]) {
        return Err(CustodyError::VisitKey);
    }
    let point = p256::PublicKey::from_sec1_bytes(compressed).map_err(|_| CustodyError::VisitKey)?;
    let bytes = point.to_encoded_point(false);
    PublicKey::from_bytes(bytes.as_bytes()).map_err(|_| CustodyError::VisitKey)
}

/// Writes salts, pixels, and noise bits, eight in a byte, the first lowest.
fn write_eye(bytes: &mut Vec<u8>, package: &IrisPackage) {
    let (image_salt, code_salt) = package.salts();
    bytes.extend(image_salt.to_be_bytes());
    bytes.extend(code_salt.to_be_bytes());
    bytes.extend(package.iris().pixels());
    for bits in package.iris().noise().chunks(BYTE_BITS) {
        let bits = bits.iter().rev();
        bytes.push(bits.fold(0, |byte, bit| byte << 1 | u8::from(*bit)));
    }
}

/// Contents that are not read yet.
struct Contents<'a>(&'a [u8]);

impl Contents<'_> {
    fn bytes(&mut self, count: usize) -> Result<&[u8], CustodyError> {
        let (bytes, rest) = self
            .0
            .split_at_checked(count)
            .ok_or(CustodyError::Contents)?;
        self.0 = rest;
        Ok(bytes)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], CustodyError> {
        let bytes = self.bytes(N)?;
        bytes.try_into().map_err(|_| CustodyError::Contents)
    }

    fn word(&mut self) -> Result<B256, CustodyError> {
        self.array().map(B256::new)
    }

    fn field(&mut self) -> Result<FieldElement, CustodyError> {
        Ok(FieldElement::from_be_bytes(self.array()?)?)
    }

    fn kind(&mut self) -> Result<EnrolmentKind, CustodyError> {
        let [number] = self.array()?;
        EnrolmentKind::from_u8(number).ok_or(CustodyError::Contents)
    }

    fn signed(&mut self) -> Result<SignedEnrolment, CustodyError> {
        let enrolment = Enrolment {
            commitment: Commitment::from_be_bytes(self.array()?)?,
            iris_digest: self.word()?,
            image_digest: self.word()?,
            model_id: self.word()?,
            kind: self.kind()?,
            captured_at: UnixSeconds(u64::from_be_bytes(self.array()?)),
            nonce: self.word()?,
        };
        let [left_image, right_image] = [self.field()?, self.field()?];
        let [left_code, right_code] = [self.field()?, self.field()?];
        let signature: [u8; 65] = self.array()?;
        Ok(SignedEnrolment {
            enrolment,
            commitments: Some(IrisCommitments {
                left: EyeCommitments {
                    image: left_image,
                    code: left_code,
                },
                right: EyeCommitments {
                    image: right_image,
                    code: right_code,
                },
            }),
            signature: Signature::try_from(signature.as_slice())
                .map_err(|_| CustodyError::Contents)?,
        })
    }

    fn eye(&mut self, eye: Eye, model: &EncoderModel) -> Result<IrisPackage, CustodyError> {
        let image_salt = Salt::from(self.field()?);
        let code_salt = Salt::from(self.field()?);
        let size = *model.size();
        let pixels = self.bytes(size.pixel_count())?.to_vec();
        let packed = self.bytes(size.noise_count().div_ceil(BYTE_BITS))?;
        let mut bits = packed
            .iter()
            .flat_map(|byte| (0..BYTE_BITS).map(move |place| byte >> place & 1 == 1));
        let noise = bits.by_ref().take(size.noise_count()).collect();
        if bits.any(|bit| bit) {
            return Err(CustodyError::Contents);
        }
        let iris = NormalisedIris::new(model, pixels, noise)?;
        Ok(IrisPackage::with_salts(eye, iris, image_salt, code_salt))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use annona_core::{Address, CommittedEnrolment};
    use rand::SeedableRng;
    use rand_chacha::ChaCha20Rng;

    use super::*;

    const DOMAIN: EnrolmentDomain = EnrolmentDomain {
        chain_id: 31_337,
        orb_registry: Address::repeat_byte(9),
    };

    fn package(nonce: B256) -> CustodyPackage {
        let model = ModelName::Ci;
        let eye = |eye| {
            let size = model.model().size();
            let (pixels, noise) = (size.pixel_count(), size.noise_count());
            let iris = NormalisedIris::new(model.model(), vec![1; pixels], vec![true; noise]);
            IrisPackage::new(eye, iris.unwrap(), &mut ChaCha20Rng::seed_from_u64(1))
        };
        let (left, right) = (eye(Eye::Left), eye(Eye::Right));
        let statement = CommittedEnrolment {
            enrolment: Enrolment {
                commitment: format!("0x{:064x}", 5).parse().unwrap(),
                iris_digest: B256::ZERO,
                image_digest: B256::ZERO,
                model_id: model.model().id().into(),
                kind: EnrolmentKind::New,
                captured_at: UnixSeconds(1),
                nonce,
            },
            commitments: IrisCommitments {
                left: left.commitments(model).unwrap(),
                right: right.commitments(model).unwrap(),
            },
        };
        let key = k256::ecdsa::SigningKey::from_slice(&[7; 32]).unwrap();
        let digest = statement.signing_hash(&DOMAIN);
        let signature = key.sign_prehash_recoverable(&digest.0).unwrap();
        let signed = SignedEnrolment {
            enrolment: statement.enrolment,
            commitments: Some(statement.commitments),
            signature: Signature::from(signature),
        };
        CustodyPackage::new(left, right, signed).unwrap()
    }

    /// Tests ZKML-17: whoever photographs a code can seal a package for its key, but not about it.
    #[test]
    fn a_package_about_another_visit_is_refused() {
        let (own, other) = (package(B256::repeat_byte(1)), package(B256::repeat_byte(2)));
        let secret = p256::SecretKey::from_slice(&[3; 32]).unwrap();
        let key = secret.public_key().to_encoded_point(true);
        let key = key.as_bytes().try_into().unwrap();
        let secret = VisitSecret::from_bytes(&[3; 32]).unwrap();
        let visit = own.visit(&DOMAIN);
        let mut rng = ChaCha20Rng::seed_from_u64(2);
        let forged = other.seal_for(&visit, &key, &mut rng).unwrap();
        let refusal = CustodyPackage::open(&forged, &secret, &visit).unwrap_err();
        assert!(matches!(refusal, CustodyError::NotForThisVisit));
        let sealed = own.seal(&key, &DOMAIN, &mut rng).unwrap();
        assert_eq!(CustodyPackage::open(&sealed, &secret, &visit).unwrap(), own);
    }

    #[test]
    fn contents_have_one_form() {
        let bytes = package(B256::ZERO).to_bytes();
        assert_eq!(
            CustodyPackage::from_bytes(&bytes).unwrap().to_bytes(),
            bytes
        );
        let refused = |bytes: &[u8]| CustodyPackage::from_bytes(bytes).unwrap_err();
        for length in [0, 200, bytes.len() - 1] {
            let refusal = refused(&bytes[..length]);
            assert!(matches!(refusal, CustodyError::Contents), "{length}");
        }
        let longer = [&bytes[..], &[0]].concat();
        assert!(matches!(refused(&longer), CustodyError::Contents));
        let mut kind = bytes.clone();
        kind[4 * 32] = 2;
        assert!(matches!(refused(&kind), CustodyError::Contents));
        let mut beyond = bytes;
        beyond[..32].fill(0xff);
        assert!(matches!(refused(&beyond), CustodyError::Word(_)));
    }
}
