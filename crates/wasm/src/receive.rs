use annona_core::{Address, ClaimScope, Epoch, keccak256};
use annona_prover::Identity;
use k256::SecretKey;
use k256::elliptic_curve::sec1::ToEncodedPoint;
use zeroize::Zeroizing;

const DOMAIN: &[u8] = b"annona.receive.v1\0";

/// Derives the account that receives the payment of `epoch` by default: another one for each
/// epoch, so that nobody can link payments by their recipients (docs/spec/identity.md).
pub(crate) fn receive_address(identity: &Identity, scope: &ClaimScope, epoch: Epoch) -> Address {
    let key = receive_key(identity, scope, epoch).public_key();
    let point = key.to_encoded_point(false);
    // The first byte names the form of the point.
    Address::from_slice(&keccak256(&point.as_bytes()[1..])[12..])
}

fn receive_key(identity: &Identity, scope: &ClaimScope, epoch: Epoch) -> SecretKey {
    let number = |counter: u8| {
        let preimage = Zeroizing::new(
            [
                DOMAIN,
                identity.expose_secret(),
                &scope.chain_id.to_be_bytes(),
                scope.distributor.as_slice(),
                &epoch.0.to_be_bytes(),
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
