//! `annona zkml score`: errors of a hidden filter bank over a committed test set.

mod bank;
mod prove;
mod set;
mod verify;

use std::process::ExitCode;

use annona_core::FieldElement;
use annona_zkml::{SCORE, ScoreProof, pinned_score};
use clap::Subcommand;
use serde::Serialize;

use super::word;
use crate::output::Format;
use bank::BankArgs;
use prove::ProveArgs;
use set::SetArgs;
use verify::VerifyArgs;

/// Commands of `annona zkml score`, in the order of their use.
#[derive(Debug, Subcommand)]
pub(crate) enum ScoreCommand {
    /// Commit to a test set: 14 images, two of each of seven eyes in turn.
    Set(SetArgs),
    /// Commit to a filter bank, after the test set that it is for.
    Bank(BankArgs),
    /// Prove that the bank makes no more errors over the test set than you state.
    Prove(ProveArgs),
    /// Check a score, and that it is about what you expect.
    Verify(VerifyArgs),
}

/// Runs a command.
pub(crate) async fn run(command: ScoreCommand) -> anyhow::Result<ExitCode> {
    match command {
        ScoreCommand::Set(args) => set::run(&args),
        ScoreCommand::Bank(args) => bank::run(&args),
        ScoreCommand::Prove(args) => prove::run(args).await,
        ScoreCommand::Verify(args) => verify::run(&args),
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct CommitmentAnswer {
    commitment: String,
}

impl CommitmentAnswer {
    fn print(commitment: FieldElement, of: &str, as_json: bool) -> anyhow::Result<ExitCode> {
        let answer = Self {
            commitment: word(commitment),
        };
        let text = || format!("{of} commitment  {}", answer.commitment);
        Format::from_flag(as_json).print(&answer, text)?;
        Ok(ExitCode::SUCCESS)
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ScoreAnswer {
    set_commitment: String,
    bank_commitment: String,
    false_matches: u32,
    false_non_matches: u32,
    pairs_of_two_eyes: u32,
    pairs_of_one_eye: u32,
    purpose: String,
    account: String,
    epoch: u64,
    is_unsafe_test_key: bool,
    prove_secs: Option<f64>,
}

impl ScoreAnswer {
    fn new(score: &ScoreProof) -> Self {
        let (statement, pairs) = (&score.statement, SCORE.pair_counts());
        Self {
            set_commitment: word(statement.set_commitment),
            bank_commitment: word(statement.bank_commitment),
            false_matches: statement.most.false_matches,
            false_non_matches: statement.most.false_non_matches,
            pairs_of_two_eyes: pairs.1,
            pairs_of_one_eye: pairs.0,
            purpose: statement.context.purpose.to_string(),
            account: statement.context.account.to_string(),
            epoch: statement.context.epoch,
            is_unsafe_test_key: score.key_hash == pinned_score().test_key_hash,
            prove_secs: None,
        }
    }

    fn text(&self) -> String {
        format!(
            "test set commitment  {}\nbank commitment      {}\nfalse matches        at most {} of {}\nfalse non-matches    at most {} of {}\nfor                  {}, account {}, epoch {}",
            self.set_commitment,
            self.bank_commitment,
            self.false_matches,
            self.pairs_of_two_eyes,
            self.false_non_matches,
            self.pairs_of_one_eye,
            self.purpose,
            self.account,
            self.epoch
        )
    }
}
