use alloy::primitives::{Address, B256, U256};
use alloy::providers::Provider;
use annona_audit::{AuditVerdict, ProofVerdict, UnpaidReason, explain};
use annona_bindings::Deployment;
use annona_bindings::contracts::{Distributor, IDistributor};
use annona_core::{AmountWei, Epoch, NullifierHash, Payment};
use annona_proofs::Identity;
use annona_tree::MembershipTree;

use crate::world::{self, Chain, RECIPIENT, failing, prove, report};

async fn assert_clean(chain: &Chain) {
    let report = report(&chain.provider, &chain.deployment).await;
    assert_eq!(
        report.verdict(),
        AuditVerdict::Passed,
        "{}",
        report.to_json()
    );
    assert_eq!(
        (report.passed(), report.failed(), report.not_checked()),
        (30, 0, 3)
    );
    let totals = report.totals;
    assert_eq!((totals.members, totals.epochs, totals.claims), (2, 1, 1));
    assert_eq!(totals.paid_wei.0, U256::from(12));
    assert_eq!(totals.issued_wei.0, U256::from(40));
    let again = world::report(&chain.provider, &chain.deployment).await;
    assert_eq!(again.to_json(), report.to_json());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_deployment_is_clean_and_its_claims_are_explained() {
    let chain = Chain::start().await;
    assert_eq!(failing(&chain, &chain.deployment).await, Vec::<&str>::new());

    let people = [1, 2].map(|seed| Identity::from_secret([seed; 32]));
    let mut tree = MembershipTree::default();
    chain.append(&mut tree, &people).await;
    chain.next_epoch().await;
    let payment = Payment {
        recipient: RECIPIENT,
        fee_recipient: Address::repeat_byte(0xfe),
        fee: AmountWei(U256::ONE),
    };
    let proof = prove(&chain, &tree, &people[0], &payment);
    let (transaction, is_paid) = chain.claim(&proof, &payment).await;
    assert!(is_paid);
    assert_clean(&chain).await;

    let nullifier = proof.inputs.nullifier_hash;
    let told = explain(&chain.provider, &chain.deployment, nullifier)
        .await
        .unwrap();
    assert_eq!(told.unpaid, None);
    let [settlement] = told.settlements.as_slice() else {
        panic!("{told:?}");
    };
    assert_eq!(settlement.transaction, transaction);
    assert_eq!(
        (settlement.epoch, settlement.recipient),
        (Epoch(1), RECIPIENT)
    );
    assert_eq!(settlement.amount.0, U256::from(12));
    assert_eq!(settlement.fee, Some(payment.fee));
    assert_eq!(settlement.root, Some(tree.root()));
    assert_eq!(settlement.proof, ProofVerdict::Verified);

    refusals_are_explained(&chain, &tree, &people[1], &payment).await;
    assert_clean(&chain).await;
    tampering_is_found(&chain).await;
}

/// A relay that changes the recipient, and a nullifier that nobody sent.
async fn refusals_are_explained(
    chain: &Chain,
    tree: &MembershipTree,
    person: &Identity,
    payment: &Payment,
) {
    let proof = prove(chain, tree, person, payment);
    let changed = Payment {
        recipient: Address::repeat_byte(0xbb),
        ..*payment
    };
    let (transaction, is_paid) = chain.claim(&proof, &changed).await;
    assert!(!is_paid);
    let nullifier = proof.inputs.nullifier_hash;
    let told = explain(&chain.provider, &chain.deployment, nullifier)
        .await
        .unwrap();
    let reason = Some("the proof does not verify".to_owned());
    assert_eq!(
        told.unpaid,
        Some(UnpaidReason::Refused {
            transaction,
            reason
        })
    );

    // That somebody names a nullifier hash among claims that are skipped is no refusal.
    let unknown = NullifierHash::try_from(U256::from(5)).unwrap();
    let decoy = IDistributor::EpochClaim {
        epoch: U256::from(1_000),
        claim: IDistributor::Claim {
            nullifierHash: unknown.to_u256(),
            recipient: RECIPIENT,
            ..Default::default()
        },
    };
    let receipt = Distributor::new(chain.deployment.distributor, chain.provider.clone())
        .catchUp(vec![decoy])
        .from(chain.anvil.addresses()[6])
        .send()
        .await
        .unwrap()
        .get_receipt()
        .await
        .unwrap();
    assert!(receipt.status());
    let told = explain(&chain.provider, &chain.deployment, unknown)
        .await
        .unwrap();
    assert!(
        matches!(told.unpaid, Some(UnpaidReason::NeverClaimed { .. })),
        "{told:?}"
    );
}

async fn tampering_is_found(chain: &Chain) {
    let nowhere = Deployment {
        orb_registry: Address::repeat_byte(0x11),
        ..chain.deployment.clone()
    };
    assert!(failing(chain, &nowhere).await.contains(&"contract-code"));

    // Next index, members and epoch of the newest checkpoint share this slot.
    let newest_slot = B256::from(U256::from(2));
    let forged = (chain.deployment.registry, newest_slot, B256::repeat_byte(1));
    let _: serde_json::Value = chain
        .provider
        .raw_request("anvil_setStorageAt".into(), forged)
        .await
        .unwrap();
    let _: serde_json::Value = chain
        .provider
        .raw_request("evm_mine".into(), ())
        .await
        .unwrap();
    assert_eq!(
        failing(chain, &chain.deployment).await,
        ["registry-state", "checkpoints"]
    );
}
