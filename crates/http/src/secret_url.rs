use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

use crate::PublicAddress;

/// An address that may carry a key: it is shown as a [`PublicAddress`]. Any text is one,
/// because a message that refuses a text quotes it; it is parsed on connecting.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub struct SecretUrl(String);

impl SecretUrl {
    /// The address with its key, for connecting.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for SecretUrl {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl FromStr for SecretUrl {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for SecretUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        PublicAddress::of_text(&self.0).fmt(f)
    }
}

impl fmt::Debug for SecretUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_key_is_not_shown_by_accident() {
        for text in ["https://rpc.example/SECRET", "SECRET", "http//SECRET@rpc"] {
            let url = SecretUrl::from(text.to_owned());
            assert_eq!(url.expose(), text);
            assert!(
                !format!("{url} {url:?} {url:#?}").contains("SECRET"),
                "{url}"
            );
        }
    }
}
