//! A service that is killed at bad moments, and starts again.

use annona_bindings::contracts::AnnonaToken;
use annona_chain::PrivateKeySigner;
use annona_client::wire::{ClaimStatus, EnrolmentStatus};
use annona_client::{TreeReader, Wallet};
use annona_core::Epoch;
use annona_engine::ports::{ChainReader, RegistryBatch, RegistryChange};

use crate::world::{PATIENCE, Service, World, enrolment_id, settled, until};

/// Moment of the power cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum KilledWhen {
    /// Right after the acknowledgement.
    Acknowledged,
    /// The transaction is signed, stored and sent; the node forgets it too.
    Submitted,
}

async fn kill(world: &World, service: Service, when: KilledWhen) {
    drop(service);
    if when == KilledWhen::Submitted {
        world.forget_pool().await;
    }
}

async fn enrolment_survives(when: KilledWhen) {
    let world = World::create().await;
    world.hold_mining().await;
    let service = world.serve();
    let wallet = world.wallet("wallet.json");
    let acknowledged = world.enrol(&service, &wallet, 1);
    let id = enrolment_id(&acknowledged);
    if when == KilledWhen::Submitted {
        until(async || {
            service.client.enrolment(id).await.unwrap().status == EnrolmentStatus::Submitted
        })
        .await;
    }
    kill(&world, service, when).await;
    assert_eq!(
        world.chain.registry_state().await.unwrap().next_index,
        0,
        "nothing was mined before the kill"
    );

    let service = world.serve();
    world.resume_mining().await;
    let view = service
        .client
        .wait_for_enrolment(id, PATIENCE)
        .await
        .unwrap();
    assert_eq!(view.leaf_index, Some(0));
    let head = world.chain.head().await.unwrap().number;
    let batches = world.chain.registry_batches(0, head).await.unwrap();
    let appended = |batch: RegistryBatch| match batch.change {
        RegistryChange::Appended { leaves, .. } => leaves,
        RegistryChange::Revoked { .. } => Vec::new(),
    };
    let leaves: Vec<_> = batches.into_iter().flat_map(appended).collect();
    assert_eq!(leaves, [wallet.identity().commitment()], "appended once");
}

async fn claim_survives(when: KilledWhen) {
    let world = World::create().await;
    let service = world.serve();
    let wallet = world.wallet("wallet.json");
    world.resume_mining().await;
    let enrolled = world.enrol(&service, &wallet, 1);
    service
        .client
        .wait_for_enrolment(enrolment_id(&enrolled), PATIENCE)
        .await
        .unwrap();
    let epoch = world.next_epoch().await;
    let recipient = PrivateKeySigner::random().address();
    world.hold_mining().await;
    let draft = world.draft(&service, &wallet, epoch, recipient).await;
    service.client.claim(&draft.to_request()).await.unwrap();
    let nullifier = draft.proof.inputs.nullifier_hash;
    if when == KilledWhen::Submitted {
        until(async || {
            service.client.claim_status(nullifier).await.unwrap().status == ClaimStatus::Submitted
        })
        .await;
    }
    kill(&world, service, when).await;
    assert!(
        !world.chain.is_spent(epoch, nullifier).await.unwrap(),
        "nothing was paid before the kill"
    );

    let service = world.serve();
    world.resume_mining().await;
    assert_eq!(settled(&service, &draft).await.status, ClaimStatus::Final);
    // The same claim once more gives the same answer and no second payment.
    let again = service.client.claim(&draft.to_request()).await.unwrap();
    assert_eq!(again.status, ClaimStatus::Final);
    assert_paid_once(&world, epoch, recipient).await;
}

/// A member finds itself in the tree of the epoch after the service started anew.
async fn assert_served(world: &World, wallet: &Wallet, epoch: Epoch) {
    let service = world.serve();
    let checkpoint = world.chain.checkpoint_before(epoch).await.unwrap();
    let mut tree = TreeReader::new(&service.client, epoch, checkpoint.member_count);
    let commitment = wallet.identity().commitment();
    let place = tree.find(commitment, None).await.unwrap().unwrap();
    let path = tree.path(place).await.unwrap();
    assert_eq!(path.root_from(commitment), checkpoint.root);
    assert_eq!(service.stop(), Some(0));
}

fn count_in_log(world: &World, sentence: &str) -> usize {
    let log = std::fs::read_to_string(world.path().join("service.log")).unwrap();
    log.matches(sentence).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_trees_file_is_read_at_the_start_and_a_damaged_one_is_made_again() {
    const READ: &str = "the tree was read from its file";
    const MADE: &str = "the tree is made from the chain's events";
    let world = World::create().await;
    let service = world.serve();
    world.resume_mining().await;
    let wallet = world.wallet("wallet.json");
    let enrolled = world.enrol(&service, &wallet, 1);
    service
        .client
        .wait_for_enrolment(enrolment_id(&enrolled), PATIENCE)
        .await
        .unwrap();
    assert_eq!(service.stop(), Some(0));
    let epoch = world.next_epoch().await;
    assert_served(&world, &wallet, epoch).await;
    assert_eq!(
        (count_in_log(&world, READ), count_in_log(&world, MADE)),
        (1, 0)
    );
    let path = world.path().join("annona.tree");
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    assert_served(&world, &wallet, epoch).await;
    assert_eq!(
        (count_in_log(&world, READ), count_in_log(&world, MADE)),
        (1, 1)
    );
    assert_served(&world, &wallet, epoch).await;
    assert_eq!(
        (count_in_log(&world, READ), count_in_log(&world, MADE)),
        (2, 1)
    );
}

async fn assert_paid_once(world: &World, epoch: Epoch, recipient: annona_core::Address) {
    let account = world.chain.epoch_account(epoch).await.unwrap();
    assert_eq!(account.claimed, 1);
    let token = AnnonaToken::new(
        world.chain.deployment().token,
        world.chain.provider().clone(),
    );
    assert_eq!(
        token.balanceOf(recipient).call().await.unwrap(),
        account.amount.0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_signal_ends_the_service_in_order() {
    let world = World::create().await;
    assert_eq!(world.serve().stop(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_acknowledged_enrolment_survives_a_kill() {
    enrolment_survives(KilledWhen::Acknowledged).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_submitted_enrolment_survives_a_kill_and_a_node_that_forgets() {
    enrolment_survives(KilledWhen::Submitted).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_acknowledged_claim_survives_a_kill_and_is_paid_once() {
    claim_survives(KilledWhen::Acknowledged).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_submitted_claim_survives_a_kill_and_a_node_that_forgets_and_is_paid_once() {
    claim_survives(KilledWhen::Submitted).await;
}
