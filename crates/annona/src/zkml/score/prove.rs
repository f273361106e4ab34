//! `annona zkml score prove`: a proof of the errors that a bank makes.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use annona_evaluation::long_work::Supervisor;
use annona_files::{Audience, Exposure, OutputFile, Purpose, read_secret};
use annona_zkml::{
    MAX_SCORE_BYTES, PrivateBank, SCORE, SCORE_CIRCUIT, ScoreErrors, ScoreProver, TestSet,
    pinned_score,
};
use anyhow::Context;
use clap::Args;

use super::ScoreAnswer;
use crate::long_work::{Stop, stoppable};
use crate::output::{Format, note};
use crate::zkml::context::ContextArgs;
use crate::zkml::keys::test_prover;

/// Members by which an earlier score is known.
const MEMBERS: &[&str] = &["relation", "set_commitment", "bank_commitment"];

/// Steps of a score, for the bar of progress.
const STEPS: u64 = 3;

/// Arguments of `annona zkml score prove`.
#[derive(Debug, Args)]
pub(crate) struct ProveArgs {
    /// Test set that `annona zkml score set` wrote.
    #[arg(long, value_name = "FILE")]
    set: PathBuf,
    /// Bank that `annona zkml score bank` wrote.
    #[arg(long, value_name = "FILE")]
    bank: PathBuf,
    /// Most pairs of two eyes that may be taken for one; 84 pairs are compared.
    #[arg(long, value_name = "F")]
    false_matches: u32,
    /// Most pairs of one eye that may be taken for two; 7 pairs are compared.
    #[arg(long, value_name = "M")]
    false_non_matches: u32,
    /// Folder with the prover. A missing one is made under the UNSAFE test key, in seconds.
    #[arg(long, value_name = "FOLDER")]
    keys: PathBuf,
    /// Write the score to this file.
    #[arg(long, short, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    context: ContextArgs,
    /// Print as JSON.
    #[arg(long)]
    json: bool,
}

/// Proves; a first signal ends the work between two steps, a second at once.
pub(super) async fn run(args: ProveArgs) -> anyhow::Result<ExitCode> {
    let format = Format::from_flag(args.json);
    let (done, stop) = stoppable(move |stop| score(&args, stop)).await?;
    let Some(answer) = done else {
        note("stopped: no score was written");
        return Ok(stop.exit_code(false));
    };
    format.print(&answer, || answer.text())?;
    Ok(ExitCode::SUCCESS)
}

/// Returns nothing when the work was stopped.
fn score(args: &ProveArgs, stop: &Stop) -> anyhow::Result<Option<ScoreAnswer>> {
    let purpose = Purpose::json_with("a score of this command", MEMBERS);
    let mut out = OutputFile::replace(&args.out, Audience::Everybody, purpose)?;
    let progress = stop.begin("score of a bank", STEPS);
    let set = read_secret(&args.set, MAX_SCORE_BYTES, Exposure::Refuse)?;
    let set = TestSet::from_json(&set)
        .with_context(|| format!("{} cannot be used", args.set.display()))?;
    let bank = read_secret(&args.bank, MAX_SCORE_BYTES, Exposure::Refuse)?;
    let bank = PrivateBank::from_json(&bank)
        .with_context(|| format!("{} cannot be used", args.bank.display()))?;
    let most = ScoreErrors {
        false_matches: args.false_matches,
        false_non_matches: args.false_non_matches,
    };
    // Before a key is made.
    ScoreProver::check(&set, &bank, most)?;
    progress.advance(1);
    let expected = pinned_score().test_key_hash;
    let key = test_prover(&SCORE, SCORE_CIRCUIT, expected, &args.keys)?;
    let prover = ScoreProver::new(key);
    progress.advance(1);
    if stop.is_stop_asked() {
        return Ok(None);
    }
    let begun = Instant::now();
    let context = args.context.clone().into();
    let score = prover.prove(&set, &bank, most, context, &mut rand::rng())?;
    let prove_secs = Some(begun.elapsed().as_secs_f64());
    out.put(score.to_json().as_bytes())?;
    out.commit()?;
    Ok(Some(ScoreAnswer {
        prove_secs,
        ..ScoreAnswer::new(&score)
    }))
}
