use std::path::Path;
use std::time::Duration;

use alloy::node_bindings::{Anvil, AnvilInstance};
use alloy::primitives::U256;
use annona_chain::devnet::find_anvil;
use annona_chain::{DeployPlan, PrivateKeySigner};
use annona_core::{AmountWei, UnixSeconds};
use annona_keys::UnsafeKeys;
use annona_rpc::EndpointLimits;

pub(crate) const EPOCH_LENGTH_SECS: u64 = 1_000;

/// Limits that end a test soon.
pub(crate) const QUICK: EndpointLimits = EndpointLimits {
    connect: Duration::from_millis(500),
    answer: Duration::from_millis(300),
    call: Duration::from_secs(10),
    attempts: 5,
    first_pause: Duration::from_millis(2),
    longest_pause: Duration::from_millis(20),
    answer_bytes: 1 << 20,
};

/// As [`QUICK`], where a contract is carried out.
pub(crate) const STEADY: EndpointLimits = EndpointLimits {
    answer: Duration::from_secs(10),
    call: Duration::from_secs(20),
    ..QUICK
};

pub(crate) fn anvil() -> Anvil {
    Anvil::at(find_anvil(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap())
}

pub(crate) fn key(anvil: &AnvilInstance) -> PrivateKeySigner {
    PrivateKeySigner::from(anvil.keys()[0].clone())
}

pub(crate) fn plan(anvil: &AnvilInstance) -> DeployPlan {
    let account = anvil.addresses()[0];
    DeployPlan {
        genesis: UnixSeconds(1),
        epoch_length_secs: EPOCH_LENGTH_SECS,
        claim_window: 4,
        per_person: AmountWei(U256::ONE),
        per_person_cap: AmountWei(U256::ONE),
        token_cap: AmountWei(U256::ONE),
        epoch_enrolment_cap: 1,
        timelock_delay_secs: EPOCH_LENGTH_SECS + 1,
        governor: account,
        pauser: account,
        sequencer: account,
        receipt_signer: account,
        orbs: Vec::new(),
        unsafe_keys: UnsafeKeys::Refuse,
    }
}
