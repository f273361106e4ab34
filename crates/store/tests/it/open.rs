use annona_core::{Address, B256, UnixSeconds};
use annona_engine::SealedPackage;
use annona_engine::ports::{
    AdmitOutcome, ClaimRepository, EnrolmentRepository, NewEnrolment, OpenOutcome,
    OutboxRepository, PackageToKeep, Payload, PendingCounts,
};
use annona_store::conformance::{claim, intake, newcomer, payload_attempt, signed};
use annona_store::{DeploymentTag, OpenError, SqliteStore};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions};

use crate::{database, fresh, raw, tag};

#[tokio::test]
async fn what_was_written_is_there_after_closing() {
    let (store, directory) = fresh().await;
    store.record_enrolment(&newcomer(1, 1)).await.unwrap();
    store
        .insert_claim(&claim(1), &intake(UnixSeconds(5)))
        .await
        .unwrap();
    let payload = Payload::Claims {
        nullifiers: vec![claim(1).nullifier_hash],
    };
    let outcome = store
        .open_slot(&payload_attempt(signed(3, 0)), &payload)
        .await;
    assert!(matches!(outcome.unwrap(), OpenOutcome::Stored(_)));
    let open = store.open_slots().await.unwrap();
    store.close().await;

    let again = SqliteStore::open(&database(&directory), &tag()).await;
    let again = again.unwrap();
    again.ping().await.unwrap();
    assert_eq!(again.open_slots().await.unwrap(), open);
    assert_eq!(again.gallery_after(0, 10).await.unwrap().len(), 1);
    assert_eq!(
        again.pending_enrolments().await.unwrap(),
        PendingCounts {
            queued: 1,
            under_way: 0
        }
    );
}

#[tokio::test]
async fn a_closed_store_does_not_answer() {
    let (store, _directory) = fresh().await;
    store.ping().await.unwrap();
    store.close().await;
    assert!(store.ping().await.is_err());
}

#[tokio::test]
async fn a_database_of_an_older_schema_keeps_what_it_holds() {
    let (store, directory) = fresh().await;
    store
        .insert_claim(&claim(1), &intake(UnixSeconds(5)))
        .await
        .unwrap();
    let payload = Payload::Claims {
        nullifiers: vec![claim(1).nullifier_hash],
    };
    let slot = payload_attempt(signed(3, 0));
    store.open_slot(&slot, &payload).await.unwrap();
    let nullifier = claim(1).nullifier_hash;
    let attempts = store.attempts_to_pay(nullifier).await.unwrap();
    assert_eq!(attempts.len(), 1);
    store.close().await;
    let older = "ALTER TABLE claims RENAME COLUMN submission TO making;
                 ALTER TABLE claim_members RENAME COLUMN submission TO making;
                 DROP TRIGGER reviews_wiped; DROP TABLE upgraded_reviews;
                 DROP TABLE upgraded_entries; DROP TABLE model_upgrade;
                 DROP TABLE iris_commitments; DROP TABLE custody_packages;
                 DELETE FROM _sqlx_migrations WHERE version >= 2";
    let mut connection = raw(&database(&directory)).await;
    sqlx::raw_sql(older).execute(&mut connection).await.unwrap();

    let again = SqliteStore::open(&database(&directory), &tag()).await;
    let again = again.unwrap();
    assert_eq!(again.attempts_to_pay(nullifier).await.unwrap(), attempts);
}

#[tokio::test]
async fn another_deployment_is_refused() {
    let (store, directory) = fresh().await;
    store.close().await;
    let others = [
        DeploymentTag {
            chain_id: 1,
            ..tag()
        },
        DeploymentTag {
            registry: Address::ZERO,
            ..tag()
        },
        DeploymentTag {
            distributor: Address::ZERO,
            ..tag()
        },
        DeploymentTag {
            model_id: B256::ZERO,
            ..tag()
        },
    ];
    for other in others {
        match SqliteStore::open(&database(&directory), &other).await {
            Err(OpenError::OtherDeployment { expected, actual }) => {
                assert_eq!((*expected, *actual), (other, tag()));
            }
            result => panic!("{result:?}"),
        }
    }
    let store = SqliteStore::open(&database(&directory), &tag()).await;
    store.unwrap();
}

#[tokio::test]
async fn a_newer_schema_is_refused_and_left_alone() {
    let (store, directory) = fresh().await;
    store.close().await;
    let path = database(&directory);
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, \
                 execution_time) VALUES (9000, 'later', TRUE, x'00', 0)";
    let mut connection = raw(&path).await;
    sqlx::query(newer).execute(&mut connection).await.unwrap();
    let result = SqliteStore::open(&path, &tag()).await;
    assert!(
        matches!(result, Err(OpenError::Newer { version: 9000 })),
        "{result:?}"
    );
}

#[tokio::test]
async fn a_schema_of_another_making_is_refused() {
    let (store, directory) = fresh().await;
    store.close().await;
    let path = database(&directory);
    let mut connection = raw(&path).await;
    sqlx::query("UPDATE _sqlx_migrations SET checksum = x'00'")
        .execute(&mut connection)
        .await
        .unwrap();
    let result = SqliteStore::open(&path, &tag()).await;
    assert!(matches!(result, Err(OpenError::Migration(_))), "{result:?}");
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = database(&directory);
    std::fs::write(&path, [7; 8_192]).unwrap();
    let result = SqliteStore::open(&path, &tag()).await;
    assert!(matches!(result, Err(OpenError::Backend(_))), "{result:?}");
    let result = SqliteStore::open(directory.path(), &tag()).await;
    assert!(matches!(result, Err(OpenError::Backend(_))), "{result:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_can_open_a_new_database_at_once() {
    for _ in 0..10 {
        let directory = tempfile::tempdir().unwrap();
        let opening: Vec<_> = (0..6)
            .map(|_| {
                let path = database(&directory);
                tokio::spawn(async move { SqliteStore::open(&path, &tag()).await })
            })
            .collect();
        for handle in opening {
            handle.await.unwrap().unwrap().ping().await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_stores_on_one_file_admit_one_of_two() {
    let (first, directory) = fresh().await;
    let second = SqliteStore::open(&database(&directory), &tag()).await;
    let stores = [first.clone(), second.unwrap()];
    for round in 1..=30 {
        let handles = [0, 1].map(|index: usize| {
            let store = stores[index].clone();
            let new = newcomer(2 * round + index as u64, round);
            tokio::spawn(async move { store.record_enrolment(&new).await.unwrap() })
        });
        let mut outcomes = Vec::new();
        for handle in handles {
            outcomes.push(handle.await.unwrap());
        }
        assert!(outcomes.contains(&AdmitOutcome::Recorded), "{outcomes:?}");
        assert!(
            outcomes.contains(&AdmitOutcome::GalleryConflict),
            "{outcomes:?}"
        );
    }
    assert_eq!(first.gallery_after(0, 100).await.unwrap().len(), 30);
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_can_read_a_new_database() {
    use std::os::unix::fs::PermissionsExt;

    let (store, directory) = fresh().await;
    store.record_enrolment(&newcomer(1, 1)).await.unwrap();
    let mut files = 0;
    for entry in std::fs::read_dir(directory.path()).unwrap() {
        let mode = entry.unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        files += 1;
    }
    assert!(files >= 2, "the database and its log");
}

#[cfg(unix)]
#[tokio::test]
async fn a_database_that_others_can_read_is_closed_to_them_when_it_is_opened() {
    use std::os::unix::fs::PermissionsExt;

    let (store, directory) = fresh().await;
    store.record_enrolment(&newcomer(1, 1)).await.unwrap();
    let files = || std::fs::read_dir(directory.path()).unwrap();
    for entry in files() {
        let shared = std::fs::Permissions::from_mode(0o644);
        std::fs::set_permissions(entry.unwrap().path(), shared).unwrap();
    }
    let again = SqliteStore::open(&database(&directory), &tag())
        .await
        .unwrap();
    for entry in files() {
        let mode = entry.unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    drop((store, again));
}

/// Tests ENROL-20.
#[tokio::test]
async fn of_an_enrolment_both_eyes_are_committed_to_or_neither() {
    const INSERT: &str = "INSERT INTO iris_commitments \
        (enrolment_id, eye, image_commitment, code_commitment) VALUES ";
    let (store, directory) = fresh().await;
    let new = newcomer(1, 1);
    store.record_enrolment(&new).await.unwrap();
    let options = SqliteConnectOptions::new().filename(database(&directory));
    let mut connection = options.foreign_keys(true).connect().await.unwrap();
    let mut insert = async |rows: &str| {
        let sql = [INSERT, rows].concat();
        let query = sqlx::query(AssertSqlSafe(sql)).bind(new.record.id.0.to_vec());
        query.execute(&mut connection).await.is_ok()
    };
    let eye = |eye: &str, first: &str| {
        let word = |last: &str| format!("x'{first}{}{last}'", "00".repeat(30));
        format!("(?1, '{eye}', {}, {})", word("01"), word("02"))
    };
    let (left, right) = (eye("left", "11"), eye("right", "22"));
    assert!(!insert(&left).await, "the right eye is missing");
    assert!(!insert(&right).await, "the left eye is missing");
    assert!(!insert(&format!("{left}, {}", eye("third", "22"))).await);
    assert!(
        !insert(&format!("{left}, {}", eye("right", "11"))).await,
        "twice"
    );
    assert!(
        !insert(&format!("{left}, {}", eye("right", "2222"))).await,
        "33 bytes"
    );
    assert!(insert(&format!("{left}, {right}")).await);
}

/// Tests ENROL-22: a wiped package is overwritten, and whoever gets the disk later does not find it.
#[tokio::test]
async fn what_is_wiped_is_in_no_file() {
    const MARK: &[u8] = b"ciphertext of a pair of irises, ";
    let (store, directory) = fresh().await;
    let new = NewEnrolment {
        package: Some(PackageToKeep {
            package: SealedPackage {
                visit_key: [2; 33],
                sealed: MARK.repeat(1_000),
            },
            keep_until: UnixSeconds(1_000),
        }),
        ..newcomer(1, 1)
    };
    store.record_enrolment(&new).await.unwrap();
    store.close().await;
    let marks = || -> usize {
        let files = std::fs::read_dir(directory.path()).unwrap();
        let read = files.map(|file| std::fs::read(file.unwrap().path()).unwrap());
        let count = |file: Vec<u8>| file.windows(MARK.len()).filter(|it| *it == MARK).count();
        read.map(count).sum()
    };
    assert!(marks() > 900, "{}", marks());
    let again = SqliteStore::open(&database(&directory), &tag()).await;
    let again = again.unwrap();
    let nonce = new.record.enrolment.nonce;
    assert!(again.wipe_package(nonce).await.unwrap());
    again.close().await;
    assert_eq!(marks(), 0);
}
