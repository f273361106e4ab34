use core::fmt;
use core::str::FromStr;
use std::sync::LazyLock;

use crate::EncoderModel;

const P_FILE: &str = include_str!("../params/p_256x64_q7.json");
const S18_FILE: &str = include_str!("../params/s18_256x32_q7.json");
const P2_FILE: &str = include_str!("../params/p2_256x64_q7.json");
const CI_FILE: &str = include_str!("../params/ci_40x12_q7.json");

static P: LazyLock<EncoderModel> = LazyLock::new(|| embedded(P_FILE));
static S18: LazyLock<EncoderModel> = LazyLock::new(|| embedded(S18_FILE));
static P2: LazyLock<EncoderModel> = LazyLock::new(|| embedded(P2_FILE));
static CI: LazyLock<EncoderModel> = LazyLock::new(|| embedded(CI_FILE));

fn embedded(text: &str) -> EncoderModel {
    EncoderModel::parse(text).expect("a test parses every embedded parameter file")
}

/// The models whose parameter files are in this repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ModelName {
    /// The encoder of every template: 12,800 bits from 256 angles by 64 radii.
    P,
    /// For phones: 7,200 bits from 256 angles by 32 radii.
    S18,
    /// The successor of P, which reads the same irises: 12,800 bits, by filters of other
    /// wavelengths. Services can change to it (ZKML-18).
    P2,
    /// For tests only: 264 bits from 40 angles by 12 radii, useless for telling people apart.
    Ci,
}

/// A name that no model has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownModel(
    /// The name.
    pub String,
);

impl fmt::Display for UnknownModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = ModelName::ALL.map(ModelName::name).join(", ");
        write!(f, "no model is called {:?}; there are {names}", self.0)
    }
}

impl std::error::Error for UnknownModel {}

impl ModelName {
    /// All models.
    pub const ALL: [Self; 4] = [Self::P, Self::S18, Self::Ci, Self::P2];

    /// Returns its name in files and commands.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::P => "p",
            Self::S18 => "s18",
            Self::Ci => "ci",
            Self::P2 => "p2",
        }
    }

    /// Returns the encoder.
    #[must_use]
    pub fn model(self) -> &'static EncoderModel {
        match self {
            Self::P => &P,
            Self::S18 => &S18,
            Self::Ci => &CI,
            Self::P2 => &P2,
        }
    }

    /// Returns the text of the parameter file, whose hash is the id.
    #[must_use]
    pub const fn parameters(self) -> &'static str {
        match self {
            Self::P => P_FILE,
            Self::S18 => S18_FILE,
            Self::Ci => CI_FILE,
            Self::P2 => P2_FILE,
        }
    }

    /// Returns the model whose id is `id`.
    #[must_use]
    pub fn with_id(id: [u8; 32]) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.model().id() == id)
    }
}

impl fmt::Display for ModelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for ModelName {
    type Err = UnknownModel;

    fn from_str(name: &str) -> Result<Self, UnknownModel> {
        let mut all = Self::ALL.into_iter();
        all.find(|it| it.name() == name)
            .ok_or_else(|| UnknownModel(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_ids_lead_back_to_their_models() {
        for name in ModelName::ALL {
            assert_eq!(name.name().parse(), Ok(name));
            assert_eq!(ModelName::with_id(name.model().id()), Some(name));
        }
        assert!("q".parse::<ModelName>().is_err());
        assert_eq!(ModelName::with_id([0; 32]), None);
    }
}
