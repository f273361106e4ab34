//! Chains that price gas otherwise than by EIP-1559.

use std::time::Duration;

use alloy::consensus::Transaction;
use alloy::network::TransactionBuilder;
use alloy::primitives::{Address, U256};
use alloy::providers::{DynProvider, Provider};
use alloy::rpc::types::TransactionRequest;
use annona_bindings::Deployment;
use annona_chain::{AccountSender, EvmReader, EvmWriter, SenderKeys, deploy};
use annona_core::B256;
use annona_engine::FeePolicy;
use annona_engine::ports::{ChainReader, ChainWriter, SenderRole, TransactionStatus, TxSlot};
use annona_faults::{FeeModel, Modes, Proxy};
use annona_rpc::{connect, connect_with};

use crate::world::{STEADY, anvil, key, plan};

const POLICY: FeePolicy = FeePolicy {
    max_fee_wei: 1_000_000_000_000,
    bump_after_blocks: 3,
};

const OTHER_MODELS: [FeeModel; 4] = [
    FeeModel::Legacy,
    FeeModel::ZeroBase,
    FeeModel::NoTypeTwo,
    FeeModel::NoHistory,
];

#[tokio::test]
async fn contracts_are_deployed_however_gas_is_priced() {
    for fees in OTHER_MODELS {
        let anvil = anvil().try_spawn().unwrap();
        let proxy = Proxy::start(anvil.endpoint()).await;
        proxy.set(Modes {
            fees,
            ..Modes::default()
        });
        let provider = connect_with(proxy.url(), STEADY).unwrap();
        let deployment = deploy(&provider, key(&anvil), &plan(&anvil)).await.unwrap();
        let reader = EvmReader::open(provider, deployment).await.unwrap();
        assert_eq!(reader.missing_contracts().await.unwrap(), [], "{fees:?}");
        let market = reader.fee_market().await.unwrap();
        let has_base = matches!(fees, FeeModel::NoTypeTwo | FeeModel::NoHistory);
        assert_eq!(market.base_fee_wei > 0, has_base, "{fees:?}: {market:?}");
        assert!(market.priority_fee_wei > 0, "{fees:?}: {market:?}");
    }
}

async fn kind(provider: &DynProvider, hash: B256) -> u8 {
    let sent = provider
        .get_transaction_by_hash(hash)
        .await
        .unwrap()
        .unwrap();
    sent.inner.tx_type() as u8
}

/// A chain with a hard fork of its own, without contracts.
#[tokio::test]
async fn a_chain_from_before_london_takes_legacy_transactions_of_the_service() {
    let anvil = anvil().args(["--hardfork", "berlin"]).try_spawn().unwrap();
    let provider = connect(&anvil.endpoint()).unwrap();
    let nowhere = Address::ZERO;
    let deployment = Deployment {
        chain_id: anvil.chain_id(),
        deployment_block: 0,
        registry: nowhere,
        distributor: nowhere,
        orb_registry: nowhere,
        token: nowhere,
        income_source: nowhere,
        verifier: nowhere,
        append_verifiers: [nowhere; 3],
        revoke_verifiers: [nowhere; 2],
        timelock: nowhere,
        receipt_signer: nowhere,
    };
    let reader = EvmReader::open(provider.clone(), deployment).await.unwrap();
    let keys = SenderKeys {
        sequencer: key(&anvil),
        relay: vec![key(&anvil)],
    };
    let chain = EvmWriter::new(reader.clone(), keys);
    let market = chain.fee_market().await.unwrap();
    assert_eq!(market.base_fee_wei, 0, "{market:?}");
    let fees = POLICY.first(&market);
    assert!(chain.takes(fees));
    let tx_slot = TxSlot {
        sender: chain.senders(SenderRole::Relay)[0],
        nonce: 0,
        fees,
    };
    let signed = chain.sign_cancel(&tx_slot).await.unwrap();
    // The bytes in the outbox are enough to offer more.
    let dearer = POLICY.replacement(fees, &market).unwrap();
    let repriced = chain.reprice(&signed, dearer).await.unwrap();
    assert!(repriced.fees.is_gas_price());
    chain.broadcast(&repriced.raw).await.unwrap();
    // Anvil mines a moment after it has answered.
    let mined = async {
        loop {
            let status = reader.transaction_status(repriced.hash).await.unwrap();
            if let TransactionStatus::Mined(receipt) = status {
                return receipt;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let receipt = tokio::time::timeout(Duration::from_secs(10), mined).await;
    assert!(receipt.unwrap().succeeded);
    assert_eq!(kind(&provider, repriced.hash).await, 0);
    let sent = provider
        .get_transaction_by_hash(repriced.hash)
        .await
        .unwrap();
    assert_eq!(sent.unwrap().gas_price(), Some(dearer.max_fee_wei.into()));

    let sender = AccountSender::new(provider.clone(), key(&anvil), anvil.chain_id());
    let transfer = TransactionRequest::default()
        .with_to(Address::repeat_byte(1))
        .with_value(U256::ONE);
    let receipt = sender.send(transfer, 1).await.unwrap();
    assert_eq!(kind(&provider, receipt.transaction_hash).await, 0);
}

#[tokio::test]
async fn a_usual_chain_is_offered_a_base_fee_and_a_tip() {
    let anvil = anvil().try_spawn().unwrap();
    let provider = connect(&anvil.endpoint()).unwrap();
    let sender = AccountSender::new(provider.clone(), key(&anvil), anvil.chain_id());
    let transfer = TransactionRequest::default().with_to(Address::repeat_byte(1));
    let receipt = sender.send(transfer, 0).await.unwrap();
    assert_eq!(kind(&provider, receipt.transaction_hash).await, 2);
}
