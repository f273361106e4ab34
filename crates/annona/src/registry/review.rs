//! Commands `annona registry reviews` and `annona registry review`, for an operator's decisions on
//! enrolments.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use annona_bindings::Deployment;
use annona_core::B256;
use annona_engine::{EnrolmentId, EnrolmentState, OpenReview, ReviewService, ReviewVerdict};
use annona_matcher::{Access, DecisionRule, Gallery};
use annona_service::assemble::{SystemClock, open_store};
use annona_store::SqliteStore;
use clap::Args;
use serde::Serialize;

use crate::load_config;
use crate::output::Format;

/// Arguments of `annona registry reviews`.
#[derive(Debug, Args)]
pub(crate) struct ReviewsArgs {
    /// Configuration of the service whose database holds the reviews, such as annona.toml.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Print as JSON.
    #[arg(long)]
    json: bool,
}

/// Arguments of `annona registry review`.
#[derive(Debug, Args)]
pub(crate) struct ReviewArgs {
    /// Id of the enrolment, from `annona registry reviews`.
    #[arg(value_name = "0x…")]
    id: B256,
    #[command(flatten)]
    verdict: VerdictArgs,
    /// Configuration of the service whose database holds the reviews, such as annona.toml.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Print as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct VerdictArgs {
    /// Let the person join: they are none of the entries listed.
    #[arg(long)]
    admit: bool,
    /// Recover the person: they are this entry of the list, and its commitment is replaced.
    #[arg(long, value_name = "ENTRY")]
    replace: Option<u64>,
    /// Refuse the person: they are enrolled already, or do not exist.
    #[arg(long)]
    refuse: bool,
}

impl VerdictArgs {
    const fn verdict(&self) -> ReviewVerdict {
        match self.replace {
            Some(sequence) => ReviewVerdict::Replace { sequence },
            None if self.admit => ReviewVerdict::Admit,
            None => ReviewVerdict::Refuse,
        }
    }
}

/// An enrolment under review.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ReviewRow {
    id: String,
    orb: String,
    kind: &'static str,
    received_at: u64,
    keep_until: u64,
    alike: Vec<AlikeRow>,
}

/// An entry of the gallery that the person may be.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AlikeRow {
    entry: u64,
    score: f64,
    orb: String,
    received_at: u64,
    /// True if its commitment is a member or about to be one.
    counts: bool,
}

#[derive(Serialize)]
struct Decided {
    id: String,
    decision: &'static str,
}

impl From<&OpenReview> for ReviewRow {
    fn from(open: &OpenReview) -> Self {
        let record = &open.review.record;
        let alike = open.review.matches.iter().filter_map(|one| {
            let mut statuses = open.statuses.iter();
            let status = statuses.find(|status| status.sequence == one.sequence)?;
            Some(AlikeRow {
                entry: one.sequence,
                score: f64::from(one.micros) / 1e6,
                orb: status.enrolment.orb.to_string(),
                received_at: status.enrolment.received_at.0,
                counts: status.counts,
            })
        });
        Self {
            id: record.id.0.to_string(),
            orb: record.orb.to_string(),
            kind: record.enrolment.kind.code(),
            received_at: record.received_at.0,
            keep_until: open.review.keep_until.0,
            alike: alike.collect(),
        }
    }
}

async fn open(path: &Path, gallery: Gallery) -> anyhow::Result<(SqliteStore, ReviewService)> {
    let config = load_config(path)?;
    let deployment = Deployment::load(&config.service.deployment)?;
    let store = open_store(&config, &deployment).await?;
    let reviews = ReviewService::new(
        Arc::new(store.clone()),
        Arc::new(SystemClock),
        DecisionRule::standard(),
        gallery,
    );
    Ok((store, reviews))
}

/// Lists the reviews.
pub(super) async fn list(args: ReviewsArgs) -> anyhow::Result<()> {
    let (store, reviews) = open(&args.config, Gallery::new()).await?;
    let open = reviews.open().await?;
    store.close().await;
    let rows: Vec<ReviewRow> = open.iter().map(ReviewRow::from).collect();
    Format::from_flag(args.json).print(&rows, || describe(&rows))
}

fn describe(rows: &[ReviewRow]) -> String {
    if rows.is_empty() {
        return "nothing to decide".to_owned();
    }
    let mut text = String::new();
    for row in rows {
        text += &format!(
            "{}\n  {} at orb {}, Unix time {}\n",
            row.id, row.kind, row.orb, row.received_at
        );
        for alike in &row.alike {
            let counts = if alike.counts {
                ""
            } else {
                ", no longer a member"
            };
            text += &format!(
                "  like entry {} by {:.3}: orb {}, Unix time {}{counts}\n",
                alike.entry, alike.score, alike.orb, alike.received_at
            );
        }
        if row.alike.is_empty() {
            text += "  like nobody; too little of the eyes is seen\n";
        }
    }
    text.trim_end().to_owned()
}

/// Decides on an enrolment under review.
pub(super) async fn decide(args: ReviewArgs) -> anyhow::Result<()> {
    let config = load_config(&args.config)?;
    // The service writes the files; what they lack comes from the database.
    let gallery = Gallery::open(&config.service.gallery(), Access::Read).unwrap_or_default();
    let (store, reviews) = open(&args.config, gallery).await?;
    let record = reviews
        .decide(EnrolmentId(args.id), args.verdict.verdict())
        .await?;
    store.close().await;
    let answer = Decided {
        id: args.id.to_string(),
        decision: match record.state {
            EnrolmentState::Duplicate => "refused",
            _ => "admitted",
        },
    };
    Format::from_flag(args.json).print(&answer, || format!("{} is {}", answer.id, answer.decision))
}
