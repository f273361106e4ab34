use core::fmt;
use core::str::FromStr;
use std::sync::LazyLock;

use crate::EncoderModel;

static P: LazyLock<EncoderModel> =
    LazyLock::new(|| embedded(include_str!("../params/p_256x64_q7.json")));
static S18: LazyLock<EncoderModel> =
    LazyLock::new(|| embedded(include_str!("../params/s18_256x32_q7.json")));
static CI: LazyLock<EncoderModel> =
    LazyLock::new(|| embedded(include_str!("../params/ci_40x12_q7.json")));

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
    pub const ALL: [Self; 3] = [Self::P, Self::S18, Self::Ci];

    /// Returns its name in files and commands.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::P => "p",
            Self::S18 => "s18",
            Self::Ci => "ci",
        }
    }

    /// Returns the encoder.
    #[must_use]
    pub fn model(self) -> &'static EncoderModel {
        match self {
            Self::P => &P,
            Self::S18 => &S18,
            Self::Ci => &CI,
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
