use std::path::Path;
use std::process::Stdio;

use annona_engine::ports::{AdmitOutcome, EnrolmentRepository};
use annona_store::SqliteStore;
use annona_store::conformance::newcomer;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStderr, Command};

use crate::{database, fresh, number, raw, tag};

/// Names the database to a writer process.
const DATABASE: &str = "ANNONA_TEST_DATABASE";
/// Names the first seed of a writer process.
const FIRST_SEED: &str = "ANNONA_TEST_FIRST_SEED";
/// Acknowledgements to wait for before the writers are killed.
const ACKNOWLEDGED: usize = 40;

/// Not a test: the other process of the one below, which admits newcomers and says so
/// until it is killed.
#[tokio::test]
async fn writer_process() {
    let (Ok(path), Ok(seed)) = (std::env::var(DATABASE), std::env::var(FIRST_SEED)) else {
        return;
    };
    let store = SqliteStore::open(Path::new(&path), &tag()).await.unwrap();
    let mut sequence = 0;
    for seed in seed.parse::<u64>().unwrap().. {
        loop {
            let page = store.gallery_after(sequence, 100).await.unwrap();
            sequence = page.last().map_or(sequence, |entry| entry.sequence);
            let new = newcomer(seed, sequence + 1);
            match store.record_enrolment(&new).await.unwrap() {
                AdmitOutcome::Recorded => break,
                AdmitOutcome::GalleryConflict => {}
                other => panic!("{other:?}"),
            }
        }
        eprintln!("{seed}");
    }
}

fn spawn_writer(path: &Path, first_seed: u64) -> (Child, Lines<BufReader<ChildStderr>>) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "crash::writer_process", "--nocapture"])
        .env(DATABASE, path)
        .env(FIRST_SEED, first_seed.to_string())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let stderr = child.stderr.take().unwrap();
    (child, BufReader::new(stderr).lines())
}

#[tokio::test]
async fn what_two_processes_acknowledged_survives_their_being_killed() {
    let directory = tempfile::tempdir().unwrap();
    let path = database(&directory);
    let (mut first, mut first_says) = spawn_writer(&path, 1_000);
    let (mut second, mut second_says) = spawn_writer(&path, 900_000);
    let mut acknowledged: Vec<u64> = Vec::new();
    for lines in [&mut first_says, &mut second_says] {
        for _ in 0..ACKNOWLEDGED / 2 {
            let line = lines.next_line().await.unwrap();
            acknowledged.push(line.unwrap().parse().unwrap());
        }
    }
    first.kill().await.unwrap();
    second.kill().await.unwrap();

    let store = SqliteStore::open(&path, &tag()).await.unwrap();
    for seed in acknowledged {
        let record = store.enrolment(newcomer(seed, 0).record.id).await.unwrap();
        assert!(record.is_some(), "{seed} was acknowledged");
    }
    let mut connection = raw(&path).await;
    let people = number(&mut connection, "SELECT count(*) FROM enrolments").await;
    let entries = number(&mut connection, "SELECT count(*) FROM gallery").await;
    let last = number(&mut connection, "SELECT max(sequence) FROM gallery").await;
    assert_eq!((people, people), (entries, last));
    let check: String = sqlx::query_scalar("PRAGMA integrity_check")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(check, "ok");
}

#[tokio::test]
async fn an_uncommitted_transaction_leaves_nothing() {
    let (store, directory) = fresh().await;
    store.record_enrolment(&newcomer(1, 1)).await.unwrap();
    store.close().await;
    let path = database(&directory);
    let mut connection = raw(&path).await;
    for sql in [
        "BEGIN IMMEDIATE",
        "UPDATE enrolments SET state = 'review'",
        "DELETE FROM gallery",
    ] {
        sqlx::query(sql).execute(&mut connection).await.unwrap();
    }
    drop(connection);

    let store = SqliteStore::open(&path, &tag()).await.unwrap();
    assert_eq!(store.queued_enrolments(10).await.unwrap().len(), 1);
    assert_eq!(store.gallery_after(0, 10).await.unwrap().len(), 1);
}

/// A request that is cancelled drops its future at any await.
#[tokio::test]
async fn a_write_that_is_cut_off_happens_whole_or_not_at_all() {
    let (store, directory) = fresh().await;
    let mut cut_off = 0;
    for (sequence, round) in (1..).zip(0..120_u64) {
        let new = newcomer(round, sequence);
        let task = tokio::spawn({
            let (store, new) = (store.clone(), new.clone());
            async move { store.record_enrolment(&new).await }
        });
        for _ in 0..round {
            tokio::task::yield_now().await;
        }
        task.abort();
        cut_off += u32::from(task.await.is_err());
        let recorded = store.record_enrolment(&new).await.unwrap();
        assert!(
            matches!(
                recorded,
                AdmitOutcome::Recorded | AdmitOutcome::AlreadyRecorded(_)
            ),
            "{recorded:?}"
        );
    }
    assert!(cut_off > 0, "no write was cut off");
    let mut connection = raw(&database(&directory)).await;
    let people = number(&mut connection, "SELECT count(*) FROM enrolments").await;
    let entries = number(&mut connection, "SELECT count(*) FROM gallery").await;
    assert_eq!((people, entries), (120, 120));
}
