//! `annona zkml score verify`: a score held against the key, and against expectations.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use annona_core::FieldElement;
use annona_files::read_text;
use annona_zkml::{MAX_SCORE_BYTES, ScoreProof, ScoreVerifier, unsafe_test_score_key};
use anyhow::{Context, bail};
use clap::Args;

use super::ScoreAnswer;
use crate::output::{Format, note};
use crate::zkml::keys::read_verifying_key;
use crate::zkml::word;

/// Arguments of `annona zkml score verify`.
#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// Score to check.
    score: PathBuf,
    /// Commitment to the test set that is expected.
    #[arg(long, value_name = "0x…")]
    set_commitment: Option<FieldElement>,
    /// Commitment to the bank that is expected.
    #[arg(long, value_name = "0x…")]
    bank_commitment: Option<FieldElement>,
    /// Most false matches that you accept.
    #[arg(long, value_name = "F")]
    false_matches: Option<u32>,
    /// Most false non-matches that you accept.
    #[arg(long, value_name = "M")]
    false_non_matches: Option<u32>,
    /// Verifying key (arkworks, uncompressed) in place of the UNSAFE test key.
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// Print as JSON.
    #[arg(long)]
    json: bool,
}

/// Checks a score and its subject.
pub(super) fn run(args: &VerifyArgs) -> anyhow::Result<ExitCode> {
    let path = &args.score;
    let score = ScoreProof::from_json(&read_text(path, MAX_SCORE_BYTES)?)
        .with_context(|| format!("{} holds no score", path.display()))?;
    verifier(args.key.as_deref())?.verify(&score)?;
    expect(args, &score)?;
    let answer = ScoreAnswer::new(&score);
    Format::from_flag(args.json)
        .print(&answer, || format!("the score holds\n{}", answer.text()))?;
    Ok(ExitCode::SUCCESS)
}

fn verifier(key: Option<&Path>) -> anyhow::Result<ScoreVerifier> {
    let Some(path) = key else {
        note("warning: checked under the UNSAFE test key: anybody can forge such scores");
        return Ok(ScoreVerifier::new(&unsafe_test_score_key()));
    };
    Ok(ScoreVerifier::new(&read_verifying_key(path)?))
}

/// Compares the subject of a score with what was asked for.
fn expect(args: &VerifyArgs, score: &ScoreProof) -> anyhow::Result<()> {
    let statement = &score.statement;
    for (part, expected, actual) in [
        ("test set", args.set_commitment, statement.set_commitment),
        ("bank", args.bank_commitment, statement.bank_commitment),
    ] {
        if expected.is_some_and(|it| it != actual) {
            bail!("the score holds, but for another {part}: {}", word(actual));
        }
    }
    for (kind, most, stated) in [
        (
            "false matches",
            args.false_matches,
            statement.most.false_matches,
        ),
        (
            "false non-matches",
            args.false_non_matches,
            statement.most.false_non_matches,
        ),
    ] {
        if most.is_some_and(|most| stated > most) {
            bail!("the score holds, but for up to {stated} {kind}");
        }
    }
    Ok(())
}
