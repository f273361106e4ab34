//! Providers for HTTP endpoints.

use alloy::providers::{DynProvider, Provider, ProviderBuilder};
use alloy::rpc::client::RpcClient;
use annona_http::{PublicAddress, Url, is_loopback};

use crate::endpoint::{Endpoint, EndpointError, EndpointLimits};

/// Makes a provider for an HTTP endpoint; no request is made yet. Each of its calls ends
/// within the usual limits.
///
/// # Errors
/// [`EndpointError::Address`] if `url` is not the address of one.
pub fn connect(url: &str) -> Result<DynProvider, EndpointError> {
    connect_with(url, EndpointLimits::default())
}

/// Makes a provider as [`connect`] does, with other limits.
///
/// # Errors
/// [`EndpointError::Address`] if `url` is not the address of an HTTP endpoint.
pub fn connect_with(url: &str, limits: EndpointLimits) -> Result<DynProvider, EndpointError> {
    let url: Url = url
        .trim()
        .parse()
        .map_err(|_unread| EndpointError::Address {
            address: PublicAddress::of_text(url),
        })?;
    let is_local = is_loopback(&url);
    let endpoint = Endpoint::new(url, limits)?;
    let client = RpcClient::new(endpoint, is_local);
    Ok(ProviderBuilder::new().connect_client(client).erased())
}
