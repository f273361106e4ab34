//! `annona registry rebuild`: the tree from events alone, held against the registry.

use std::path::PathBuf;
use std::sync::Arc;

use annona_engine::ports::ChainReader;
use annona_engine::{Membership, MembershipRules};
use annona_service::tree_file::{self, TreeFile};
use anyhow::{Context, bail};
use clap::Args;
use serde::Serialize;

use super::ChainArgs;
use crate::output::Format;

/// Arguments of `annona registry rebuild`.
#[derive(Debug, Args)]
pub(crate) struct RebuildArgs {
    #[command(flatten)]
    chain: ChainArgs,
    /// Write the tree to this file, which a service reads at its start (`tree` of its
    /// configuration).
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Print as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rebuilt {
    leaves: u64,
    root: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    out: Option<PathBuf>,
}

/// Reads all events, compares the roots, and writes the tree where it is asked for.
pub(super) async fn run(args: RebuildArgs) -> anyhow::Result<()> {
    if let Some(path) = &args.out {
        tree_file::check_place(path)?;
    }
    let chain = args.chain.open().await?;
    let membership = Arc::new(Membership::new(MembershipRules {
        calendar: chain.calendar().await?,
        confirmations: 0,
    }));
    membership
        .sync(&chain)
        .await
        .context("the registry's events do not lead to its roots")?;
    let (built, on_chain) = (membership.state(), chain.registry_state().await?);
    if built != on_chain {
        bail!(
            "the events lead to root {} after {} leaves, the registry has {} after {}; a batch may just have been mined: try again",
            built.root,
            built.next_index,
            on_chain.root,
            on_chain.next_index
        );
    }
    if let Some(path) = &args.out {
        TreeFile::new(path.clone(), chain.deployment(), Arc::clone(&membership)).write()?;
    }
    let rebuilt = Rebuilt {
        leaves: built.next_index,
        root: built.root.to_string(),
        out: args.out,
    };
    Format::from_flag(args.json).print(&rebuilt, || {
        format!(
            "rebuilt from events: {} leaves, root {}, as the registry has it",
            rebuilt.leaves, rebuilt.root
        )
    })
}
