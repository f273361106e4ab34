//! `annona model status`: the change that is under way, and who is left under the old model.

use std::path::PathBuf;

use annona_core::{B256, UnixSeconds};
use annona_engine::ports::{EntryLeft, ModelRepository, ModelUpgrade, UpgradeCounts};
use annona_model::ModelName;
use annona_proofs::VerifyingKey;
use annona_store::SqliteStore;
use anyhow::Context;
use clap::Args;
use serde::Serialize;

use super::date::day_of;
use crate::load_config;
use crate::orb::now;
use crate::output::Format;

/// Highest number of people who are named.
const MAX_NAMED: u32 = 1_000;
/// People whose commitments are shown to a reader; the JSON has more.
const SHOWN: usize = 10;

/// Arguments of `annona model status`.
#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    /// Configuration of the service whose database holds the templates, such as annona.toml.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Name people who are left behind this sequence number; a thousand at a time.
    #[arg(long, value_name = "SEQUENCE", default_value_t = 0)]
    after: u64,
    /// Print as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    old_model_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    upgrade: Option<Upgrade>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Upgrade {
    model_id: String,
    key_hash: String,
    published_at: u64,
    old_until: u64,
    is_over: bool,
    upgraded: u64,
    left: u64,
    left_uncommitted: u64,
    people_left: Vec<PersonLeft>,
}

/// A person whose templates are of the old model.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PersonLeft {
    sequence: u64,
    commitment: String,
    can_change_at_home: bool,
}

impl PersonLeft {
    fn new(entry: &EntryLeft, is_over: bool) -> Self {
        Self {
            sequence: entry.sequence,
            commitment: entry.commitment.to_string(),
            can_change_at_home: entry.is_committed && !is_over,
        }
    }
}

/// Reads the database of a service.
pub(super) async fn run(args: StatusArgs) -> anyhow::Result<()> {
    let config = load_config(&args.config)?;
    let (store, _) = super::open(&config).await?;
    let upgrade = match store.model_upgrade().await? {
        Some(upgrade) => Some(describe(&store, &upgrade, args.after).await?),
        None => None,
    };
    store.close().await;
    let status = Status {
        old_model_id: B256::from(ModelName::P.model().id()).to_string(),
        upgrade,
    };
    Format::from_flag(args.json).print(&status, || status.text())
}

async fn describe(
    store: &SqliteStore,
    upgrade: &ModelUpgrade,
    after: u64,
) -> anyhow::Result<Upgrade> {
    let key = VerifyingKey::from_bytes(&upgrade.verifying_key)
        .context("the key in the database is none")?;
    let UpgradeCounts {
        upgraded,
        left,
        left_uncommitted,
    } = store.upgrade_counts().await?;
    let is_over = now() > upgrade.old_until;
    let people = store.entries_left(after, MAX_NAMED).await?;
    Ok(Upgrade {
        model_id: upgrade.model_id.to_string(),
        key_hash: key.hash().to_string(),
        published_at: upgrade.published_at.0,
        old_until: upgrade.old_until.0,
        is_over,
        upgraded,
        left,
        left_uncommitted,
        people_left: people
            .iter()
            .map(|entry| PersonLeft::new(entry, is_over))
            .collect(),
    })
}

impl Status {
    fn text(&self) -> String {
        let Some(upgrade) = &self.upgrade else {
            return format!(
                "templates are made by model {}; no change is under way",
                self.old_model_id
            );
        };
        format!("from model {}\n{}", self.old_model_id, upgrade.text())
    }
}

impl Upgrade {
    fn text(&self) -> String {
        let day = day_of(UnixSeconds(self.old_until));
        let date = if self.is_over {
            format!(
                "people could change from home until the end of {day} (UTC); those left need a visit to an orb"
            )
        } else {
            format!("people can change from home until the end of {day} (UTC)")
        };
        let mut text = format!(
            "to model   {}\nkey        {}\n{date}\n{} people have templates of the new model, {} are left; of these, {} can change at an orb only",
            self.model_id,
            self.key_hash,
            self.upgraded,
            self.left,
            if self.is_over {
                self.left
            } else {
                self.left_uncommitted
            }
        );
        for person in self.people_left.iter().take(SHOWN) {
            text += &format!("\n  entry {}: {}", person.sequence, person.commitment);
        }
        if self.left > SHOWN as u64 {
            text += "\n  --json names a thousand, --after SEQUENCE those behind";
        }
        text
    }
}
