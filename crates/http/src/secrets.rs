use std::fmt;

use reqwest::Url;

/// Shorter parts of an address are words such as `v3`, and not keys.
const SHORTEST_SECRET: usize = 5;

/// The parts of an address that may be keys: an endpoint can quote them in what it
/// answers, and they are taken out of it before it is shown.
#[derive(Clone)]
pub struct Secrets(Vec<String>);

impl Secrets {
    /// Collects those in `url`.
    #[must_use]
    pub fn of(url: &Url) -> Self {
        let path = url.path_segments().into_iter().flatten();
        let query = url.query().into_iter().flat_map(|text| text.split('&'));
        let values = query.map(|pair| pair.split_once('=').map_or(pair, |(_, value)| value));
        let account = [url.username(), url.password().unwrap_or_default()];
        let raw = path
            .chain(values)
            .chain(account)
            .chain(url.fragment())
            .map(str::to_owned);
        let decoded = url.query_pairs().map(|(_, value)| value.into_owned());
        let mut parts: Vec<String> = raw
            .chain(decoded)
            .filter(|part| part.len() >= SHORTEST_SECRET)
            .collect();
        // The longest first: one may be a part of another.
        parts.sort_by_key(|part| std::cmp::Reverse(part.len()));
        Self(parts)
    }

    /// Takes them out of `text`.
    #[must_use]
    pub fn hide(&self, text: &str) -> String {
        self.0
            .iter()
            .fold(text.to_owned(), |text, part| text.replace(part, "…"))
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets(…)")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn nothing_of_an_address_but_its_host_is_quoted() {
        let address =
            "https://SECRET-0:SECRET%2D1@rpc.example/v3/SECRET-2?key=SECRET%2B3&x=1#SECRET-4";
        let secrets = Secrets::of(&address.parse().unwrap());
        let quoted = format!("no project at {address} (SECRET+3) for SECRET-0, SECRET-2");
        let shown = secrets.hide(&quoted);
        assert!(!shown.contains("SECRET"), "{shown}");
        assert!(shown.contains("rpc.example/v3/"), "{shown}");
        assert_eq!(format!("{secrets:?}"), "Secrets(…)");
    }
}
