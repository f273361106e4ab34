//! `annona zkml score`: errors of a hidden filter bank over a committed test set.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use annona_core::FieldElement;
use annona_evaluation::long_work::Supervisor;
use annona_files::{Audience, Exposure, OutputFile, Purpose, read_secret, read_text};
use annona_model::{ModelName, NormalisedIris};
use annona_zkml::{
    FilterBank, MAX_SCORE_BYTES, PrivateBank, SCORE, SCORE_CIRCUIT, ScoreErrors, ScoreProof,
    ScoreProver, ScoreVerifier, TestSet, pinned_score, unsafe_test_score_key,
};
use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use serde::Serialize;

use super::context::ContextArgs;
use super::keys::{read_iris, read_verifying_key, test_prover};
use super::word;
use crate::long_work::{Stop, stoppable};
use crate::output::{Format, note};

/// Members by which an earlier score is known.
const MEMBERS: &[&str] = &["relation", "set_commitment", "bank_commitment"];

/// Steps of a score, for the bar of progress.
const STEPS: u64 = 3;

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

/// Arguments of `annona zkml score set`.
#[derive(Debug, Args)]
pub(crate) struct SetArgs {
    /// Near-infrared images (PNG, JPEG, BMP, PNM), two of each eye one after the other.
    #[arg(required = true, value_name = "IMAGE")]
    images: Vec<PathBuf>,
    /// Write the test set to this new file, readable by you alone.
    #[arg(long, short, value_name = "FILE")]
    out: PathBuf,
    /// Print as JSON.
    #[arg(long)]
    json: bool,
}

/// Arguments of `annona zkml score bank`.
#[derive(Debug, Args)]
pub(crate) struct BankArgs {
    /// Filter bank (JSON): weights and threshold.
    bank: PathBuf,
    /// Commitment to the test set, as `annona zkml score set` printed it.
    #[arg(long, value_name = "0x…")]
    set_commitment: FieldElement,
    /// Write the bank with its salt to this new file, readable by you alone.
    #[arg(long, short, value_name = "FILE")]
    out: PathBuf,
    /// Print as JSON.
    #[arg(long)]
    json: bool,
}

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

/// Runs a command.
pub(crate) async fn run(command: ScoreCommand) -> anyhow::Result<ExitCode> {
    match command {
        ScoreCommand::Set(args) => set(&args),
        ScoreCommand::Bank(args) => bank(&args),
        ScoreCommand::Prove(args) => prove(args).await,
        ScoreCommand::Verify(args) => verify(&args),
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

fn set(args: &SetArgs) -> anyhow::Result<ExitCode> {
    let mut file = OutputFile::create(&args.out, Audience::Owner)?;
    let irises: Vec<NormalisedIris> = args
        .images
        .iter()
        .map(|it| read_iris(it, ModelName::Ci))
        .collect::<Result<_, _>>()?;
    let set = TestSet::new(&irises, &mut rand::rng())?;
    file.put(set.to_json().as_bytes())?;
    file.commit()?;
    CommitmentAnswer::print(set.commitment(), "test set", args.json)
}

fn bank(args: &BankArgs) -> anyhow::Result<ExitCode> {
    let mut file = OutputFile::create(&args.out, Audience::Owner)?;
    let text = read_text(&args.bank, MAX_SCORE_BYTES)?;
    let bank = FilterBank::from_json(&text)
        .with_context(|| format!("{} cannot be used", args.bank.display()))?;
    let bank = PrivateBank::new(bank, args.set_commitment, &mut rand::rng());
    file.put(bank.to_json().as_bytes())?;
    file.commit()?;
    CommitmentAnswer::print(bank.commitment(), "bank", args.json)
}

/// Proves; a first signal ends the work between two steps, a second at once.
async fn prove(args: ProveArgs) -> anyhow::Result<ExitCode> {
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

fn verify(args: &VerifyArgs) -> anyhow::Result<ExitCode> {
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
