use std::fmt;

use reqwest::Url;
use serde::{Deserialize, Serialize};

/// Hosts that a page may ask without TLS: the machine that it runs on.
const OWN_MACHINE: [&str; 2] = ["localhost", "127.0.0.1"];

/// Reason for which a text is no [`PublicUrl`]. It does not quote the text, which may hold a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PublicUrlError {
    /// The text is no address of a host.
    Malformed,
    /// The address is neither encrypted nor one of this machine.
    NotEncrypted,
    /// The address carries a user or a password.
    Credentials,
}

impl fmt::Display for PublicUrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "it is no address such as https://rpc.example",
            Self::NotEncrypted => {
                "it is not https; browsers ask http of localhost and 127.0.0.1 only"
            }
            Self::Credentials => "it carries a user or a password, and everybody is shown it",
        })
    }
}

impl std::error::Error for PublicUrlError {}

/// An address that everybody may see and that a page may ask: https, or http to this machine;
/// without user, password and fragment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PublicUrl(Url);

impl TryFrom<String> for PublicUrl {
    type Error = PublicUrlError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let mut url: Url = text.trim().parse().map_err(|_| PublicUrlError::Malformed)?;
        let host = url.host_str().ok_or(PublicUrlError::Malformed)?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(PublicUrlError::Credentials);
        }
        match url.scheme() {
            "https" => {}
            "http" if OWN_MACHINE.contains(&host) => {}
            "http" => return Err(PublicUrlError::NotEncrypted),
            _ => return Err(PublicUrlError::Malformed),
        }
        url.set_fragment(None);
        Ok(Self(url))
    }
}

impl From<PublicUrl> for String {
    fn from(url: PublicUrl) -> Self {
        url.0.into()
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn an_address_for_everybody_is_encrypted_or_of_this_machine_and_has_no_credentials() {
        for (text, read) in [
            (" https://rpc.example ", Ok("https://rpc.example/")),
            ("https://rpc.example/v1#x", Ok("https://rpc.example/v1")),
            ("http://127.0.0.1:8545", Ok("http://127.0.0.1:8545/")),
            ("http://localhost", Ok("http://localhost/")),
            ("http://rpc.example", Err(PublicUrlError::NotEncrypted)),
            (
                "http://127.0.0.1.rpc.example",
                Err(PublicUrlError::NotEncrypted),
            ),
            (
                "https://me:SECRET@rpc.example",
                Err(PublicUrlError::Credentials),
            ),
            (
                "https://SECRET@rpc.example",
                Err(PublicUrlError::Credentials),
            ),
            ("wss://rpc.example", Err(PublicUrlError::Malformed)),
            ("rpc.example", Err(PublicUrlError::Malformed)),
            ("", Err(PublicUrlError::Malformed)),
        ] {
            let parsed = PublicUrl::try_from(text.to_owned());
            let shown = parsed.as_ref().map(ToString::to_string);
            assert_eq!(shown.as_deref().map_err(|error| **error), read, "{text}");
            if let Err(error) = parsed {
                assert!(!error.to_string().contains("SECRET"));
            }
        }
    }
}
