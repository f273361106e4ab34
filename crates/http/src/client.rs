use std::sync::Once;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, Url};

use crate::is_loopback;

/// Longest waits of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientTimeouts {
    /// Longest wait for a connection, TLS included.
    pub connect: Duration,
    /// Longest wait for one request as a whole, to the last byte of the answer.
    pub request: Duration,
}

/// Makes a client for requests to `url` and to nothing else: whether the environment's
/// proxy is used depends on the host. Redirects are answers, and not followed: the address
/// that they lead to may be another host, which must not learn the key in this one.
///
/// # Errors
/// Fails if the machine's certificates or the environment's proxy cannot be used.
pub fn client_for(url: &Url, limits: ClientTimeouts) -> Result<Client, reqwest::Error> {
    use_ring();
    let builder = Client::builder()
        .connect_timeout(limits.connect)
        .timeout(limits.request)
        .redirect(Policy::none())
        .referer(false);
    if is_loopback(url) {
        builder.no_proxy().build()
    } else {
        builder.build()
    }
}

fn use_ring() {
    static INSTALL: Once = Once::new();
    INSTALL.call_once(|| {
        // Somebody else's choice of a provider, made earlier, is as good.
        let _earlier = rustls::crypto::ring::default_provider().install_default();
    });
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn clients_with_tls_can_be_made() {
        let limits = ClientTimeouts {
            connect: Duration::from_secs(1),
            request: Duration::from_secs(1),
        };
        for url in ["https://rpc.example", "http://127.0.0.1:1"] {
            client_for(&url.parse().unwrap(), limits).unwrap();
        }
    }
}
