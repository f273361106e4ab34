use std::fmt;
use std::net::IpAddr;

use reqwest::Url;

/// An address as it may be shown: scheme, host and port. Hosted endpoints carry their
/// key as a user, in the path or in the query, and none of these is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicAddress(String);

impl PublicAddress {
    /// The address of `url` without its secrets.
    #[must_use]
    pub fn of(url: &Url) -> Self {
        let mut shown = format!("{}://{}", url.scheme(), url.host_str().unwrap_or_default());
        if let Some(port) = url.port() {
            shown.push_str(&format!(":{port}"));
        }
        if carries_more(url) {
            shown.push_str("/…");
        }
        Self(shown)
    }

    /// The address in `text`; one that cannot be read is not shown at all.
    #[must_use]
    pub fn of_text(text: &str) -> Self {
        match text.trim().parse::<Url>() {
            Ok(url) if url.has_host() => Self::of(&url),
            _ => Self("an address that cannot be read".to_owned()),
        }
    }
}

impl fmt::Display for PublicAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn carries_more(url: &Url) -> bool {
    !matches!(url.path(), "" | "/")
        || url.query().is_some()
        || url.fragment().is_some()
        || !url.username().is_empty()
        || url.password().is_some()
}

/// Tells whether `url` names this machine.
#[must_use]
pub fn is_loopback(url: &Url) -> bool {
    let Some(host) = url.host_str() else {
        return false;
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let name = host.trim_end_matches('.').to_ascii_lowercase();
    name == "localhost"
        || name.ends_with(".localhost")
        || host.parse().is_ok_and(|address: IpAddr| match address {
            IpAddr::V4(address) => address.is_loopback() || address.is_unspecified(),
            IpAddr::V6(address) => {
                address.is_loopback()
                    || address.is_unspecified()
                    || address
                        .to_ipv4_mapped()
                        .is_some_and(|four| four.is_loopback())
            }
        })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn nothing_but_scheme_host_and_port_is_shown() {
        for (address, shown) in [
            ("http://127.0.0.1:8545", "http://127.0.0.1:8545"),
            ("https://rpc.example/", "https://rpc.example"),
            ("https://rpc.example/v3/SECRET", "https://rpc.example/…"),
            (
                "https://user:SECRET@rpc.example:444",
                "https://rpc.example:444/…",
            ),
            ("https://SECRET@rpc.example", "https://rpc.example/…"),
            ("https://rpc.example/?key=SECRET", "https://rpc.example/…"),
            ("https://rpc.example/#SECRET", "https://rpc.example/…"),
            ("SECRET without a scheme", "an address that cannot be read"),
            ("data:SECRET", "an address that cannot be read"),
        ] {
            assert_eq!(PublicAddress::of_text(address).to_string(), shown);
        }
    }

    #[test]
    fn this_machine_has_many_names() {
        for address in [
            "http://localhost:1",
            "http://LOCALHOST.:1",
            "http://rpc.localhost",
            "http://127.0.0.1",
            "http://127.9.8.7",
            "http://[::1]:8545",
            "http://[::ffff:127.0.0.1]",
            "http://0.0.0.0:1",
        ] {
            assert!(is_loopback(&address.parse().unwrap()), "{address}");
        }
        for address in [
            "http://10.0.0.1",
            "https://localhost.example",
            "http://[::2]",
        ] {
            assert!(!is_loopback(&address.parse().unwrap()), "{address}");
        }
    }
}
