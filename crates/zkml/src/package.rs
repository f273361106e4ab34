use core::fmt;

use annona_circuits::{EncodingPrivate, commit_code, commit_image, eye_scalar};
use annona_core::{EyeCommitments, FieldElement, FieldError};
use annona_model::{EncodedIris, Eye, ModelName, NormalisedError, NormalisedIris, NormalisedSize};
use ark_bn254::Fr;
use rand_core::CryptoRng;
use serde::{Deserialize, Serialize};

use crate::text::{hex, parse_field, unhex, word};
use annona_proofs::{from_scalar, to_scalar};

/// Form of a package's file.
const FORMAT: &str = "annona-iris-package-1";

/// Longest file of a package that is read.
pub const MAX_PACKAGE_BYTES: u64 = 1 << 20;

/// Random bytes of a salt.
const SALT_BYTES: usize = 31;

/// Reason why a text is no package.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PackageError {
    /// The text is not a package of this version.
    #[error("this is not an iris package of version 1")]
    NotAPackage(#[source] Option<serde_json::Error>),
    /// No known model reads an iris of this size.
    #[error("no model reads an iris of {} by {}", size.width_angles, size.height_radii)]
    UnknownSize {
        /// The size.
        size: NormalisedSize,
    },
    /// The iris is not of the size that the package states.
    #[error("the iris in the package is damaged")]
    Iris(#[from] NormalisedError),
    /// A salt is not a reduced scalar.
    #[error("a salt in the package is damaged")]
    Salt(#[from] FieldError),
}

/// An iris of another size than a model reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the package holds an iris of {} by {} pixels, and the model {model} reads {} by {}",
    actual.width_angles, actual.height_radii, expected.width_angles, expected.height_radii
)]
pub struct SizeMismatch {
    /// The model.
    pub model: ModelName,
    /// Size that the model reads.
    pub expected: NormalisedSize,
    /// Size of the iris.
    pub actual: NormalisedSize,
}

/// A secret number that hides what a commitment is to: 248 random bits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Salt(FieldElement);

impl fmt::Debug for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Salt(..)")
    }
}

impl Salt {
    /// Draws a salt.
    pub fn random(rng: &mut impl CryptoRng) -> Self {
        let mut bytes = [0; 32];
        rng.fill_bytes(&mut bytes[32 - SALT_BYTES..]);
        Self(FieldElement::from_be_bytes(bytes).expect("248 bits are below the modulus"))
    }

    pub(crate) fn scalar(self) -> Fr {
        to_scalar(self.0)
    }

    pub(crate) const fn to_be_bytes(self) -> [u8; 32] {
        self.0.to_be_bytes()
    }
}

/// A salt that was drawn before.
impl From<FieldElement> for Salt {
    fn from(value: FieldElement) -> Self {
        Self(value)
    }
}

/// A normalised iris of one eye with the salts of its commitments: all that its owner needs to
/// prove an encoding of it, now or by a later model. Whoever reads it knows the eye.
///
/// ```
/// use annona_model::{Eye, ModelName, NormalisedIris};
/// use annona_zkml::IrisPackage;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let size = ModelName::Ci.model().size();
/// let pixels = (0..size.pixel_count()).map(|at| (at * at % 128) as u8).collect();
/// let noise = vec![false; size.noise_count()];
/// let iris = NormalisedIris::new(ModelName::Ci.model(), pixels, noise)?;
/// let package = IrisPackage::new(Eye::Left, iris.clone(), &mut rand::rng());
///
/// // The commitment to the code is to the code that the model computes.
/// let (code, commitment) = package.code_commitment(ModelName::Ci)?;
/// assert_eq!(code, ModelName::Ci.model().encode(&iris));
/// assert_eq!(commitment, package.commitments(ModelName::Ci)?.code);
///
/// // Other salts give other commitments to the same iris, so that nobody can guess it.
/// let again = IrisPackage::new(Eye::Left, iris, &mut rand::rng());
/// assert_ne!(package.image_commitment(), again.image_commitment());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IrisPackage {
    eye: Eye,
    iris: NormalisedIris,
    image_salt: Salt,
    code_salt: Salt,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PackageFile {
    format: String,
    eye: String,
    width: usize,
    height: usize,
    pixel_bits: u32,
    noise_block_columns: usize,
    pixels: String,
    noise: String,
    image_salt: String,
    code_salt: String,
}

impl IrisPackage {
    /// Puts an iris and fresh salts together.
    pub fn new(eye: Eye, iris: NormalisedIris, rng: &mut impl CryptoRng) -> Self {
        Self {
            eye,
            iris,
            image_salt: Salt::random(rng),
            code_salt: Salt::random(rng),
        }
    }

    /// Puts an iris and the salts of its commitments together.
    #[must_use]
    pub const fn with_salts(
        eye: Eye,
        iris: NormalisedIris,
        image_salt: Salt,
        code_salt: Salt,
    ) -> Self {
        Self {
            eye,
            iris,
            image_salt,
            code_salt,
        }
    }

    /// Returns the eye.
    #[must_use]
    pub const fn eye(&self) -> Eye {
        self.eye
    }

    /// Returns the normalised iris.
    #[must_use]
    pub const fn iris(&self) -> &NormalisedIris {
        &self.iris
    }

    /// Returns the models that read an iris of this size.
    pub fn models(&self) -> impl Iterator<Item = ModelName> {
        let size = *self.iris.size();
        let mut all = ModelName::ALL.to_vec();
        all.retain(|model| *model.model().size() == size);
        all.into_iter()
    }

    /// Computes the commitment to the iris, the same for all models that read its size (ZKML-2).
    #[must_use]
    pub fn image_commitment(&self) -> FieldElement {
        let mut models = self.models();
        let model = models.next().expect("an iris was made for a model");
        let eye = eye_scalar(self.eye);
        from_scalar(commit_image(
            model.model(),
            &self.iris,
            eye,
            self.image_salt.scalar(),
        ))
    }

    /// Computes code and mask by `model`, and the commitment to them (ZKML-3).
    ///
    /// # Errors
    /// [`SizeMismatch`].
    pub fn code_commitment(
        &self,
        model: ModelName,
    ) -> Result<(EncodedIris, FieldElement), SizeMismatch> {
        self.check_size(model)?;
        let encoded = model.model().encode(&self.iris);
        let (eye, salt) = (eye_scalar(self.eye), self.code_salt.scalar());
        let commitment = from_scalar(commit_code(model.model(), &encoded, eye, salt));
        Ok((encoded, commitment))
    }

    /// Computes both commitments by `model`, which an orb signs (ENROL-17).
    ///
    /// # Errors
    /// [`SizeMismatch`].
    pub fn commitments(&self, model: ModelName) -> Result<EyeCommitments, SizeMismatch> {
        let (_, code) = self.code_commitment(model)?;
        Ok(EyeCommitments {
            image: self.image_commitment(),
            code,
        })
    }

    /// Returns the salt of the code commitment, which a service asks for to check a code
    /// (ENROL-19). It says nothing about the iris or the image commitment.
    #[must_use]
    pub const fn code_salt(&self) -> FieldElement {
        self.code_salt.0
    }

    /// Returns the salts of the commitments to the image and to the code.
    pub(crate) const fn salts(&self) -> (Salt, Salt) {
        (self.image_salt, self.code_salt)
    }

    /// Returns the private inputs of the circuit of `model`.
    pub(crate) fn private(&self, model: ModelName) -> Result<EncodingPrivate, SizeMismatch> {
        self.check_size(model)?;
        Ok(EncodingPrivate::new(
            &self.iris,
            eye_scalar(self.eye),
            self.image_salt.scalar(),
            self.code_salt.scalar(),
        ))
    }

    fn check_size(&self, model: ModelName) -> Result<(), SizeMismatch> {
        let (expected, actual) = (*model.model().size(), *self.iris.size());
        if expected == actual {
            Ok(())
        } else {
            Err(SizeMismatch {
                model,
                expected,
                actual,
            })
        }
    }

    /// Returns the text of the package's file. It is secret.
    #[must_use]
    pub fn to_json(&self) -> String {
        let size = self.iris.size();
        let noise: Vec<u8> = self.iris.noise().iter().copied().map(u8::from).collect();
        let file = PackageFile {
            format: FORMAT.to_owned(),
            eye: self.eye.name().to_owned(),
            width: size.width_angles,
            height: size.height_radii,
            pixel_bits: size.pixel_bits,
            noise_block_columns: size.noise_block_columns,
            pixels: hex(self.iris.pixels()),
            noise: hex(&noise),
            image_salt: word(self.image_salt.0.to_be_bytes()),
            code_salt: word(self.code_salt.0.to_be_bytes()),
        };
        let text = serde_json::to_string_pretty(&file);
        text.expect("numbers and strings are written to a string") + "\n"
    }

    /// Reads what [`Self::to_json`] wrote.
    ///
    /// # Errors
    /// [`PackageError`].
    pub fn from_json(text: &str) -> Result<Self, PackageError> {
        let file: PackageFile =
            serde_json::from_str(text).map_err(|error| PackageError::NotAPackage(Some(error)))?;
        let not_a_package = || PackageError::NotAPackage(None);
        if file.format != FORMAT {
            return Err(not_a_package());
        }
        let eye = Eye::from_name(&file.eye).ok_or_else(not_a_package)?;
        let size = NormalisedSize {
            width_angles: file.width,
            height_radii: file.height,
            pixel_bits: file.pixel_bits,
            noise_block_columns: file.noise_block_columns,
        };
        let model = ModelName::ALL
            .into_iter()
            .find(|model| *model.model().size() == size)
            .ok_or(PackageError::UnknownSize { size })?;
        let pixels = unhex(&file.pixels).ok_or_else(not_a_package)?;
        let noise = unhex(&file.noise).ok_or_else(not_a_package)?;
        if noise.iter().any(|bit| *bit > 1) {
            return Err(not_a_package());
        }
        let noise = noise.iter().map(|bit| *bit == 1).collect();
        Ok(Self {
            eye,
            iris: NormalisedIris::new(model.model(), pixels, noise)?,
            image_salt: Salt(parse_field(&file.image_salt)?),
            code_salt: Salt(parse_field(&file.code_salt)?),
        })
    }
}
