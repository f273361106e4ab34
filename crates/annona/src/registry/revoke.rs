//! `annona registry revoke`: leaves queued for revocation, singly or by the orb behind them.

use std::path::PathBuf;

use annona_bindings::Deployment;
use annona_core::{Address, Commitment, OrbId, parse_address};
use annona_engine::RevocationReason;
use annona_engine::ports::RevocationRepository;
use annona_service::assemble::open_store;
use clap::Args;
use serde::Serialize;

use crate::load_config;
use crate::orb::now;
use crate::output::Format;

/// Arguments of `annona registry revoke`.
#[derive(Debug, Args)]
pub(crate) struct RevokeArgs {
    /// Commitments to revoke, each 0x and 64 hexadecimal digits.
    #[arg(
        value_name = "0x…",
        required_unless_present = "orb",
        conflicts_with = "orb"
    )]
    commitments: Vec<Commitment>,
    /// Strike this orb off: refuse it, and revoke all leaves that it vouched for. Do not
    /// wait for the orb registry; propose the change there as well.
    #[arg(long, value_name = "ADDRESS", value_parser = parse_address)]
    orb: Option<Address>,
    /// Configuration of the service whose database holds the queue, such as annona.toml.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Print as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Requested {
    commitments: usize,
    requested: u64,
}

#[derive(Serialize)]
struct StruckOff {
    orb: String,
    withdrawn: u64,
    revocations: u64,
}

/// Writes the requests down, for the service to carry out.
pub(super) async fn run(args: RevokeArgs) -> anyhow::Result<()> {
    let config = load_config(&args.config)?;
    config.require_database()?;
    let deployment = Deployment::load(&config.service.deployment)?;
    let store = open_store(&config, &deployment).await?;
    let format = Format::from_flag(args.json);
    if let Some(orb) = args.orb {
        let struck = store.strike_off(OrbId(orb), now()).await?;
        store.close().await;
        let answer = StruckOff {
            orb: orb.to_string(),
            withdrawn: struck.withdrawn,
            revocations: struck.revocations,
        };
        return format.print(&answer, || {
            format!(
                "orb {orb} is struck off: {} enrolments withdrawn, {} leaves queued for revocation now",
                struck.withdrawn, struck.revocations
            )
        });
    }
    let requested = store
        .request_revocations(&args.commitments, RevocationReason::Operator, now())
        .await?;
    store.close().await;
    let answer = Requested {
        commitments: args.commitments.len(),
        requested,
    };
    format.print(&answer, || {
        format!(
            "{requested} of {} queued or withdrawn now; the others were before",
            answer.commitments
        )
    })
}
