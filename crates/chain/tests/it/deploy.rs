use std::path::Path;

use alloy::node_bindings::Anvil;
use alloy::primitives::U256;
use alloy::providers::Provider;
use annona_chain::devnet::find_anvil;
use annona_chain::{DeployError, DeployPlan, PrivateKeySigner, connect, deploy};
use annona_core::{AmountWei, UnixSeconds};
use annona_keys::UnsafeKeys;

const EPOCH_LENGTH_SECS: u64 = 1_000;

#[tokio::test]
async fn test_keys_are_not_deployed_outside_development_chains() {
    let binary = find_anvil(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
    let anvil = Anvil::at(binary).chain_id(10).try_spawn().unwrap();
    let provider = connect(&anvil.endpoint()).unwrap();
    let account = anvil.addresses()[0];
    let mut plan = DeployPlan {
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
    };
    for said in [UnsafeKeys::Refuse, UnsafeKeys::AllowedOnce] {
        plan.unsafe_keys = said;
        let key = PrivateKeySigner::from(anvil.keys()[0].clone());
        let refused = deploy(&provider, key, &plan).await;
        assert!(
            matches!(refused, Err(DeployError::UnsafeKeys(_))),
            "{refused:?}"
        );
        let sent = provider.get_transaction_count(account).await.unwrap();
        assert_eq!(sent, 0, "nothing may be sent before the refusal");
    }
    plan.unsafe_keys = UnsafeKeys::AllowedTwice;
    let key = PrivateKeySigner::from(anvil.keys()[0].clone());
    let deployment = deploy(&provider, key, &plan).await.unwrap();
    for verifier in [
        &deployment.append_verifiers[..],
        &deployment.revoke_verifiers,
    ]
    .concat()
    {
        let code = provider.get_code_at(verifier).await.unwrap();
        assert!(!code.is_empty());
    }
}
