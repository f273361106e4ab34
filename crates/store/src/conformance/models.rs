//! Contract of `ModelRepository`.

use annona_core::UnixSeconds;
use annona_engine::ports::{
    Admission, AdmitOutcome, EntryLeft, ModelUpgrade, NewEnrolment, NewEntry, PublishOutcome,
    ReviewDecision, ReviewOutcome, Store, UpgradeCounts, UpgradeOutcome, UpgradedTemplates,
};
use annona_engine::{CodeCommitments, RevocationReason};

use super::fixtures::{
    NOW, admit, committed, enrolment_id, entry, iris_commitments, newcomer, review, templates, word,
};

fn upgrade() -> ModelUpgrade {
    ModelUpgrade {
        model_id: word("next model", 1),
        verifying_key: vec![7; 700],
        old_until: UnixSeconds(NOW.0 + 1_000),
        published_at: NOW,
    }
}

/// Templates by the new model; the codes are those of `seed`.
fn upgraded(seed: u64) -> UpgradedTemplates {
    let codes = iris_commitments(5_000 + seed);
    UpgradedTemplates {
        model_id: upgrade().model_id,
        templates: templates(700 + seed),
        codes: CodeCommitments {
            left: codes.left.code,
            right: codes.right.code,
        },
    }
}

async fn publish<S: Store>(store: &S) {
    let outcome = store.publish_model_upgrade(&upgrade()).await.unwrap();
    assert_eq!(outcome, PublishOutcome::Published);
}

/// Tests ZKML-18.
pub async fn a_change_is_published_once_and_its_date_moves_on<S: Store>(store: S) {
    assert_eq!(store.model_upgrade().await.unwrap(), None);
    publish(&store).await;
    assert_eq!(store.model_upgrade().await.unwrap(), Some(upgrade()));
    for (old_until, kept) in [(NOW.0 + 500, NOW.0 + 1_000), (NOW.0 + 2_000, NOW.0 + 2_000)] {
        let again = ModelUpgrade {
            old_until: UnixSeconds(old_until),
            ..upgrade()
        };
        let outcome = store.publish_model_upgrade(&again).await.unwrap();
        let old_until = UnixSeconds(kept);
        assert_eq!(outcome, PublishOutcome::DateKept { old_until });
        let stored = store.model_upgrade().await.unwrap();
        let expected = ModelUpgrade {
            old_until,
            ..upgrade()
        };
        assert_eq!(stored, Some(expected));
    }
    for other in [
        ModelUpgrade {
            model_id: word("next model", 2),
            ..upgrade()
        },
        ModelUpgrade {
            verifying_key: vec![8; 700],
            ..upgrade()
        },
    ] {
        let outcome = store.publish_model_upgrade(&other).await.unwrap();
        assert_eq!(outcome, PublishOutcome::OtherUnderWay);
    }
}

/// Tests ZKML-20.
pub async fn an_entry_is_upgraded_once<S: Store>(store: S) {
    admit(&store, 3).await;
    publish(&store).await;
    let first = store.upgrade_entry(2, &upgraded(2), NOW).await.unwrap();
    assert_eq!(first, UpgradeOutcome::Upgraded);
    for (sequence, codes) in [(2, 2), (2, 9), (3, 2)] {
        let again = store.upgrade_entry(sequence, &upgraded(codes), NOW).await;
        assert_eq!(again.unwrap(), UpgradeOutcome::Used, "{sequence} {codes}");
    }
    let next = store.upgrade_entry(1, &upgraded(1), NOW).await.unwrap();
    assert_eq!(next, UpgradeOutcome::Upgraded);
    let entries = store.upgraded_after(0, 10).await.unwrap();
    let places: Vec<_> = entries
        .iter()
        .map(|it| (it.position, it.sequence))
        .collect();
    assert_eq!(places, [(1, 2), (2, 1)]);
    assert_eq!(entries[0].templates, upgraded(2).templates);
    assert_eq!(store.upgraded_after(1, 10).await.unwrap().len(), 1);
    let gallery = store.gallery_after(0, 10).await.unwrap();
    let known: Vec<_> = gallery.iter().map(|it| it.is_upgraded).collect();
    assert_eq!(known, [true, true, false]);
    assert_eq!(gallery[1].templates, upgraded(2).templates);
    assert_eq!(gallery[2].templates, templates(3));
    let account = newcomer(2, 2).record.commitment();
    let account = store.upgrade_account(account).await.unwrap().unwrap();
    assert_eq!((account.sequence, account.counts), (2, true));
    assert_eq!(account.upgraded, Some(upgraded(2).codes));
    assert_eq!(account.record, newcomer(2, 2).record);
    let nobody = newcomer(8, 8).record.commitment();
    assert_eq!(store.upgrade_account(nobody).await.unwrap(), None);
}

/// Tests ZKML-20.
pub async fn an_entry_that_does_not_count_is_not_upgraded<S: Store>(store: S) {
    admit(&store, 2).await;
    publish(&store).await;
    let commitment = newcomer(1, 1).record.commitment();
    let gone = [commitment];
    let revoked = store.request_revocations(&gone, RevocationReason::Operator, NOW);
    revoked.await.unwrap();
    let outcome = store.upgrade_entry(1, &upgraded(1), NOW).await.unwrap();
    assert_eq!(outcome, UpgradeOutcome::NotCounting);
    let account = store.upgrade_account(commitment).await.unwrap().unwrap();
    assert_eq!((account.counts, account.upgraded), (false, None));
    let rogue = newcomer(2, 2).record.orb;
    store.strike_off(rogue, NOW).await.unwrap();
    let outcome = store.upgrade_entry(2, &upgraded(2), NOW).await.unwrap();
    assert_eq!(outcome, UpgradeOutcome::NotCounting);
}

/// Tests ZKML-21.
pub async fn who_is_left_is_counted_and_named<S: Store>(store: S) {
    admit(&store, 3).await;
    let outcome = store.record_enrolment(&committed(newcomer(4, 4), 4)).await;
    assert_eq!(outcome.unwrap(), AdmitOutcome::Recorded);
    publish(&store).await;
    store.upgrade_entry(2, &upgraded(2), NOW).await.unwrap();
    let gone = [newcomer(3, 3).record.commitment()];
    let revoked = store.request_revocations(&gone, RevocationReason::Operator, NOW);
    revoked.await.unwrap();
    assert_eq!(
        store.upgrade_counts().await.unwrap(),
        UpgradeCounts {
            upgraded: 1,
            left: 2,
            left_uncommitted: 1,
        }
    );
    let left = |seed: u64, is_committed| EntryLeft {
        sequence: seed,
        commitment: newcomer(seed, seed).record.commitment(),
        is_committed,
    };
    let all = store.entries_left(0, 10).await.unwrap();
    assert_eq!(all, [left(1, false), left(4, true)]);
    assert_eq!(store.entries_left(1, 10).await.unwrap(), [left(4, true)]);
    assert_eq!(store.entries_left(0, 1).await.unwrap(), [left(1, false)]);
}

/// Tests ENROL-24.
pub async fn a_newcomer_joins_with_templates_of_the_new_model<S: Store>(store: S) {
    publish(&store).await;
    let with_codes = |seed: u64, codes: u64| NewEnrolment {
        admission: Admission::Admit(NewEntry {
            upgraded: Some(upgraded(codes)),
            ..entry(seed, seed)
        }),
        ..newcomer(seed, seed)
    };
    let outcome = store.record_enrolment(&with_codes(1, 1)).await.unwrap();
    assert_eq!(outcome, AdmitOutcome::Recorded);
    let gallery = store.gallery_after(0, 10).await.unwrap();
    assert!(gallery[0].is_upgraded);
    assert_eq!(gallery[0].templates, upgraded(1).templates);
    assert_eq!(store.upgraded_after(0, 10).await.unwrap()[0].sequence, 1);
    let outcome = store.record_enrolment(&with_codes(2, 1)).await.unwrap();
    assert_eq!(outcome, AdmitOutcome::IrisCommitmentUsed);
    assert_eq!(store.gallery_after(0, 10).await.unwrap().len(), 1);
}

/// Tests ENROL-24.
pub async fn a_review_keeps_templates_of_both_models_until_it_is_decided<S: Store>(store: S) {
    publish(&store).await;
    let with_codes = |seed: u64| {
        let mut new = review(seed, &[]);
        if let Admission::Review { upgraded: kept, .. } = &mut new.admission {
            *kept = Some(upgraded(seed));
        }
        new
    };
    for seed in [1, 2] {
        let outcome = store.record_enrolment(&with_codes(seed)).await.unwrap();
        assert_eq!(outcome, AdmitOutcome::Recorded);
    }
    let open = store.open_review(enrolment_id(1)).await.unwrap().unwrap();
    assert_eq!(open.upgraded, Some(upgraded(1)));
    let admitted = ReviewDecision::Admit(NewEntry {
        upgraded: open.upgraded,
        ..entry(1, 1)
    });
    let decided = store.decide_review(enrolment_id(1), &admitted, NOW).await;
    assert_eq!(decided.unwrap(), ReviewOutcome::Decided);
    let gallery = store.gallery_after(0, 10).await.unwrap();
    assert_eq!(gallery[0].templates, upgraded(1).templates);
    let later = UnixSeconds(NOW.0 + 10_000);
    assert_eq!(store.wipe_old_reviews(later).await.unwrap(), 1);
    assert!(store.open_review(enrolment_id(2)).await.unwrap().is_none());
}
