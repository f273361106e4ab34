//! Command `annona registry bench`: people a second from the queue to a final leaf, without the
//! uniqueness check.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use alloy::providers::ext::AnvilApi;
use annona_chain::{EvmReader, EvmWriter, SenderKeys};
use annona_core::{
    Address, B256, Commitment, Enrolment, EnrolmentKind, Epoch, OrbId, hash_to_field, keccak256,
};
use annona_engine::ports::{
    Admission, AdmitOutcome, ChainPorts, ChainReader, EnrolmentRepository, NewEnrolment, NewEntry,
    OrbAllowance,
};
use annona_engine::{
    BatchPolicy, EnrolmentId, EnrolmentRecord, EnrolmentState, Membership, Outbox, Sequencer,
    SequencerParts, SequencerRules, SettlementRules,
};
use annona_keys::UnsafeKeys;
use annona_proofs::RegistryScope;
use annona_rpc::connect;
use annona_service::assemble::SystemClock;
use annona_service::prover::LocalProver;
use annona_service::sandbox::{self, Account};
use annona_store::{DeploymentTag, SqliteStore};
use annona_template::{COLUMNS, EyePair, IrisTemplate};
use anyhow::ensure;
use clap::Args;
use serde::Serialize;

use crate::orb::now;
use crate::output::Format;
use crate::scratch::Scratch;

/// Blocks on top of a final one.
const CONFIRMATIONS: u64 = 1;

/// Arguments of `annona registry bench`.
#[derive(Debug, Args)]
pub(crate) struct BenchArgs {
    /// Number of people of each batch to measure, 1 to 1,024, separated by commas.
    #[arg(long, value_delimiter = ',', default_values_t = [16, 256, 1024], value_parser = clap::value_parser!(u32).range(1..=1024))]
    people: Vec<u32>,
    /// Folder with the circuits' keys; test keys that are missing are made there.
    #[arg(long, value_name = "FOLDER")]
    keys: PathBuf,
    /// Print as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    people: u32,
    seconds: f64,
    people_per_second: f64,
}

/// The parts of the service that a person passes on the way from the queue to the tree.
struct Bench {
    store: SqliteStore,
    chain: EvmReader,
    outbox: Outbox,
    sequencer: Sequencer,
    admitted: u64,
}

/// Registers made-up people on a chain of its own and prints how many a second.
pub(super) async fn run(args: BenchArgs) -> anyhow::Result<()> {
    let mut folder = Scratch::new("bench", None)?;
    let anvil = sandbox::start_chain()?;
    folder.watch(anvil.child().id())?;
    let provider = connect(&anvil.endpoint())?;
    let deployment = sandbox::deploy_contracts(&anvil, &provider, Vec::new()).await?;
    let reader = EvmReader::open(provider.clone(), deployment.clone()).await?;
    let settlement = SettlementRules {
        calendar: reader.calendar().await?,
        confirmations: CONFIRMATIONS,
        fees: sandbox::FEES,
    };
    let keys = SenderKeys {
        sequencer: Account::Sequencer.key(&anvil),
        relay: vec![Account::Relay.key(&anvil)],
    };
    let writer = Arc::new(EvmWriter::new(reader.clone(), keys));
    let chain = ChainPorts {
        reader: Arc::new(reader.clone()),
        writer,
    };
    let tag = DeploymentTag {
        chain_id: deployment.chain_id,
        registry: deployment.registry,
        distributor: deployment.distributor,
        model_id: B256::ZERO,
    };
    let store = SqliteStore::open(&folder.path().join("annona.sqlite"), &tag).await?;
    let scope = RegistryScope {
        chain_id: deployment.chain_id,
        registry: deployment.registry,
    };
    let parts = SequencerParts {
        store: Arc::new(store.clone()),
        chain: chain.clone(),
        membership: Arc::new(Membership::new(settlement.membership())),
        prover: Arc::new(LocalProver::new(scope, args.keys, UnsafeKeys::Refuse)?),
        clock: Arc::new(SystemClock),
    };
    let rules = SequencerRules {
        policy: BatchPolicy {
            max_wait_secs: 0,
            epoch_margin_secs: 0,
            recovery_share_percent: 10,
        },
        settlement,
    };
    let mut bench = Bench {
        outbox: Outbox::new(Arc::new(store.clone()), chain, settlement),
        sequencer: Sequencer::new(parts, rules),
        store,
        chain: reader,
        admitted: 0,
    };
    let mut rows = Vec::new();
    for people in args.people {
        // The first batch of a circuit loads its key.
        bench.register(people).await?;
        let started = Instant::now();
        bench.register(people).await?;
        let seconds = started.elapsed().as_secs_f64();
        rows.push(Row {
            people,
            seconds,
            people_per_second: f64::from(people) / seconds,
        });
        provider.evm_mine(None).await?;
    }
    bench.store.close().await;
    Format::from_flag(args.json).print(&rows, || table(&rows))
}

fn table(rows: &[Row]) -> String {
    let mut text = "| people of a batch | s from the queue to a final leaf | people/s |\n\
                    | ---: | ---: | ---: |"
        .to_owned();
    for row in rows {
        text += &format!(
            "\n| {} | {:.2} | {:.1} |",
            row.people, row.seconds, row.people_per_second
        );
    }
    text
}

impl Bench {
    /// From the queue, which is filled here, to leaves that are final.
    async fn register(&mut self, people: u32) -> anyhow::Result<()> {
        for _ in 0..people {
            self.admitted += 1;
            let outcome = self
                .store
                .record_enrolment(&newcomer(self.admitted))
                .await?;
            ensure!(outcome == AdmitOutcome::Recorded, "{outcome:?}");
        }
        let submitted = self.sequencer.step().await?;
        ensure!(
            submitted == people as usize,
            "{submitted} people were submitted instead of {people}"
        );
        let provider = self.chain.provider();
        while self.outbox.step().await?.open > 0 {
            provider.evm_mine(None).await?;
        }
        let leaves = self.chain.registry_state().await?.next_index;
        ensure!(leaves == self.admitted, "{leaves} leaves");
        Ok(())
    }
}

/// Nobody: eyes of noise, and a commitment that no secret is known for.
fn newcomer(number: u64) -> NewEnrolment {
    let word = |what: &str| keccak256([what.as_bytes(), &number.to_be_bytes()].concat());
    let commitment = hash_to_field(word("commitment")).to_u256();
    let eye = || IrisTemplate::from_columns([number; COLUMNS], [u32::MAX; COLUMNS]);
    NewEnrolment {
        record: EnrolmentRecord {
            id: EnrolmentId(word("id")),
            orb: OrbId(Address::ZERO),
            enrolment: Enrolment {
                commitment: Commitment::try_from(commitment).expect("a hash is not 0"),
                iris_digest: B256::ZERO,
                image_digest: B256::ZERO,
                model_id: B256::ZERO,
                kind: EnrolmentKind::New,
                captured_at: now(),
                nonce: word("nonce"),
            },
            received_at: now(),
            state: EnrolmentState::Queued,
        },
        commitments: None,
        package: None,
        admission: Admission::Admit(NewEntry {
            sequence: number,
            templates: EyePair {
                left: eye(),
                right: eye(),
            },
            upgraded: None,
            past: Vec::new(),
        }),
        allowance: OrbAllowance {
            epoch: Epoch(0),
            people: u32::MAX,
        },
    }
}
