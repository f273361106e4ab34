use alloy::providers::Provider;
use annona_chain::{DeployError, deploy};
use annona_keys::UnsafeKeys;
use annona_rpc::connect;

use crate::world::{anvil, key, plan};

#[tokio::test]
async fn test_keys_are_not_deployed_outside_development_chains() {
    let anvil = anvil().chain_id(10).try_spawn().unwrap();
    let provider = connect(&anvil.endpoint()).unwrap();
    let account = anvil.addresses()[0];
    let mut plan = plan(&anvil);
    for said in [UnsafeKeys::Refuse, UnsafeKeys::AllowedOnce] {
        plan.unsafe_keys = said;
        let refused = deploy(&provider, key(&anvil), &plan).await;
        assert!(
            matches!(refused, Err(DeployError::UnsafeKeys(_))),
            "{refused:?}"
        );
        let sent = provider.get_transaction_count(account).await.unwrap();
        assert_eq!(sent, 0, "nothing may be sent before the refusal");
    }
    plan.unsafe_keys = UnsafeKeys::AllowedTwice;
    let deployment = deploy(&provider, key(&anvil), &plan).await.unwrap();
    for (name, address) in deployment.contracts() {
        let code = provider.get_code_at(address).await.unwrap();
        assert!(!code.is_empty(), "{name}");
    }
}
