//! Names of clients, by address or by the header of a trusted proxy, and the shares that each
//! client holds.

use core::str::FromStr;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::{ConnectInfo, Request};
use axum::http::{HeaderMap, HeaderName};

/// Error of a text that is no block of addresses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is neither an address nor a block of addresses like 10.0.0.0/8")]
pub struct AddressBlockError {
    /// Text that was refused.
    text: String,
}

/// Addresses that begin with the same bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddressBlock {
    first: IpAddr,
    prefix_bits: u32,
}

impl AddressBlock {
    /// Returns whether `address` is one of the block.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.first, address.to_canonical()) {
            (IpAddr::V4(first), IpAddr::V4(other)) => {
                let differing = first.to_bits() ^ other.to_bits();
                differing.leading_zeros() >= self.prefix_bits
            }
            (IpAddr::V6(first), IpAddr::V6(other)) => {
                let differing = first.to_bits() ^ other.to_bits();
                differing.leading_zeros() >= self.prefix_bits
            }
            _ => false,
        }
    }
}

impl FromStr for AddressBlock {
    type Err = AddressBlockError;

    fn from_str(text: &str) -> Result<Self, AddressBlockError> {
        let malformed = || AddressBlockError {
            text: text.to_owned(),
        };
        let (address, bits) = text.split_once('/').unzip();
        let first: IpAddr = address.unwrap_or(text).parse().map_err(|_| malformed())?;
        let all_bits = if first.is_ipv4() { 32 } else { 128 };
        let prefix_bits = match bits {
            Some(bits) => bits.parse().map_err(|_| malformed())?,
            None => all_bits,
        };
        if prefix_bits > all_bits {
            return Err(malformed());
        }
        Ok(Self { first, prefix_bits })
    }
}

/// Names by which clients are distinguished: the address of the connection or, behind a proxy,
/// the address that the proxy names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClientNames {
    /// Header in which the proxies name the client.
    pub header: Option<HeaderName>,
    /// Proxies whose header is believed, and whose connections are not held to the limit for
    /// one client. The header of anybody else is ignored.
    pub trusted_proxies: Vec<AddressBlock>,
}

/// One client: an IPv4 address, or a /64 of IPv6, because whoever has one address of it has
/// all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Client(IpAddr);

impl From<IpAddr> for Client {
    fn from(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(
                address.to_bits() & !u128::from(u64::MAX),
            )),
            v4 @ IpAddr::V4(_) => v4,
        })
    }
}

impl ClientNames {
    /// Returns whether a connection comes from a proxy that is trusted.
    pub(crate) fn is_proxy(&self, address: IpAddr) -> bool {
        self.trusted_proxies
            .iter()
            .any(|block| block.contains(address))
    }

    /// Returns the client that sent a request.
    pub(crate) fn client_of(&self, request: &Request) -> Client {
        let connection = request.extensions().get::<ConnectInfo<SocketAddr>>();
        let connected = connection.map(|ConnectInfo(address)| address.ip());
        let connected = connected.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        self.named(request.headers(), connected)
    }

    fn named(&self, headers: &HeaderMap, connected: IpAddr) -> Client {
        if !self.is_proxy(connected) {
            return connected.into();
        }
        let named = self.header.as_ref().and_then(|name| {
            // A proxy appends: the last one is its own word.
            let last = headers.get_all(name).iter().next_back()?.to_str().ok()?;
            last.rsplit(',').next()?.trim().parse::<IpAddr>().ok()
        });
        named.unwrap_or(connected).into()
    }
}

/// Counts what each client holds, up to a limit.
#[derive(Debug)]
pub(crate) struct Shares {
    limit: usize,
    held: Mutex<HashMap<Client, usize>>,
}

impl Shares {
    pub(crate) fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self {
            limit,
            held: Mutex::default(),
        })
    }

    /// Takes one share of a client; `None` when it holds as many as it may.
    pub(crate) fn take(self: &Arc<Self>, client: Client) -> Option<Share> {
        let mut held = self.held();
        let count = held.entry(client).or_default();
        if *count >= self.limit {
            return None;
        }
        *count += 1;
        Some(Share {
            shares: Arc::clone(self),
            client,
        })
    }

    // A panic while the lock is held leaves whole entries behind.
    fn held(&self) -> MutexGuard<'_, HashMap<Client, usize>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One share; dropped, it is given back.
#[derive(Debug)]
pub(crate) struct Share {
    shares: Arc<Shares>,
    client: Client,
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut held = self.shares.held();
        if let Some(count) = held.get_mut(&self.client) {
            *count -= 1;
            if *count == 0 {
                held.remove(&self.client);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn client(text: &str) -> Client {
        address(text).into()
    }

    #[test]
    fn a_block_holds_the_addresses_with_its_first_bits() {
        let block: AddressBlock = "10.1.0.0/16".parse().unwrap();
        assert!(block.contains(address("10.1.255.255")));
        assert!(block.contains(address("::ffff:10.1.0.1")));
        assert!(!block.contains(address("10.2.0.0")));
        assert!(!block.contains(address("::1")));
        let one: AddressBlock = "2001:db8::1".parse().unwrap();
        assert!(one.contains(address("2001:db8::1")));
        assert!(!one.contains(address("2001:db8::2")));
        let everybody: AddressBlock = "0.0.0.0/0".parse().unwrap();
        assert!(everybody.contains(address("203.0.113.1")));
        for bad in [
            "",
            "10.0.0.0/33",
            "10.0.0/8",
            "10.0.0.0/-1",
            "proxy",
            "::/129",
        ] {
            assert!(bad.parse::<AddressBlock>().is_err(), "{bad}");
        }
    }

    #[test]
    fn only_a_trusted_proxy_names_clients() {
        let name = HeaderName::from_static("x-forwarded-for");
        let mut headers = HeaderMap::new();
        headers.insert(&name, "198.51.100.9, 192.0.2.7".parse().unwrap());
        let names = ClientNames {
            header: Some(name),
            trusted_proxies: vec!["203.0.113.0/24".parse().unwrap()],
        };
        let proxy = address("203.0.113.1");
        assert_eq!(names.named(&headers, proxy), client("192.0.2.7"));
        let stranger = address("203.0.114.1");
        assert_eq!(names.named(&headers, stranger), client("203.0.114.1"));
        headers.clear();
        assert_eq!(names.named(&headers, proxy), client("203.0.113.1"));
    }

    #[test]
    fn addresses_of_one_household_are_one_client() {
        assert_eq!(
            client("2001:db8:1:2:3:4:5:6"),
            client("2001:db8:1:2:ffff::1")
        );
        assert_ne!(client("2001:db8:1:2::1"), client("2001:db8:1:3::1"));
        assert_eq!(client("::ffff:192.0.2.1"), client("192.0.2.1"));
    }

    #[test]
    fn shares_are_held_to_their_limit_and_given_back() {
        let shares = Shares::new(2);
        let (one, other) = (client("192.0.2.1"), client("192.0.2.2"));
        let first = shares.take(one);
        let second = shares.take(one);
        assert!(first.is_some() && second.is_some() && shares.take(one).is_none());
        assert!(shares.take(other).is_some());
        drop(first);
        assert!(shares.take(one).is_some());
        drop(second);
        assert!(shares.held().is_empty());
    }
}
