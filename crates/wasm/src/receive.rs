use annona_core::{Address, ClaimScope, Epoch, keccak256};
use annona_prover::Identity;
use k256::SecretKey;
use k256::elliptic_curve::sec1::ToEncodedPoint;
use zeroize::Zeroizing;

const RECEIVE_DOMAIN: &[u8] = b"annona.receive.v1\0";
const GAS_DOMAIN: &[u8] = b"annona.gas.v1\0";

/// Derives the account that receives the payment of `epoch` by default: another one for each
/// epoch, so that nobody can link payments by their recipients (docs/spec/identity.md).
pub(crate) fn receive_address(identity: &Identity, scope: &ClaimScope, epoch: Epoch) -> Address {
    let key = receive_key(identity, scope, epoch).public_key();
    let point = key.to_encoded_point(false);
    // The first byte names the form of the point.
    Address::from_slice(&keccak256(&point.as_bytes()[1..])[12..])
}

/// Derives the private key of the account that receives the payment of `epoch` by default.
pub(crate) fn receive_key(identity: &Identity, scope: &ClaimScope, epoch: Epoch) -> SecretKey {
    derive(RECEIVE_DOMAIN, identity, scope, &epoch.0.to_be_bytes())
}

/// Derives the private key of the account that pays the gas of the person's own transactions.
pub(crate) fn gas_key(identity: &Identity, scope: &ClaimScope) -> SecretKey {
    derive(GAS_DOMAIN, identity, scope, &[])
}

fn derive(domain: &[u8], identity: &Identity, scope: &ClaimScope, place: &[u8]) -> SecretKey {
    let number = |counter: u8| {
        let preimage = Zeroizing::new(
            [
                domain,
                identity.expose_secret(),
                &scope.chain_id.to_be_bytes(),
                scope.distributor.as_slice(),
                place,
                &[counter],
            ]
            .concat(),
        );
        SecretKey::from_slice(keccak256(preimage.as_slice()).as_slice()).ok()
    };
    (0..=u8::MAX)
        .find_map(number)
        .expect("of 256 random numbers one is below the order")
}
