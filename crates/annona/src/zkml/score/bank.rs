//! `annona zkml score bank`: a filter bank, and the commitment to it.

use std::path::PathBuf;
use std::process::ExitCode;

use annona_core::FieldElement;
use annona_files::{Audience, OutputFile, read_text};
use annona_zkml::{FilterBank, MAX_SCORE_BYTES, PrivateBank};
use anyhow::Context;
use clap::Args;

use super::CommitmentAnswer;

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

/// Commits to the weights of a file, for one test set.
pub(super) fn run(args: &BankArgs) -> anyhow::Result<ExitCode> {
    let mut file = OutputFile::create(&args.out, Audience::Owner)?;
    let text = read_text(&args.bank, MAX_SCORE_BYTES)?;
    let bank = FilterBank::from_json(&text)
        .with_context(|| format!("{} cannot be used", args.bank.display()))?;
    let bank = PrivateBank::new(bank, args.set_commitment, &mut rand::rng());
    file.put(bank.to_json().as_bytes())?;
    file.commit()?;
    CommitmentAnswer::print(bank.commitment(), "bank", args.json)
}
