//! `annona zkml verify`: whether a proof holds, and is about what is expected.

use std::path::PathBuf;
use std::process::ExitCode;

use annona_core::{B256, FieldElement};
use annona_files::read_text;
use annona_model::ModelName;
use annona_zkml::{EncodingProof, EncodingVerifier, MAX_PROOF_BYTES, Purpose};
use anyhow::bail;
use clap::Args;

use super::keys::read_verifying_key;
use super::{Proofs, word};
use crate::output::{Format, note};

/// Arguments of `annona zkml verify`.
#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// Proof to check.
    proof: PathBuf,
    /// Model that must have encoded: p, s18 or ci.
    #[arg(long)]
    model: Option<ModelName>,
    /// Verifying key (arkworks, uncompressed) in place of the UNSAFE test key.
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// Commitment to the iris that is expected, as an orb signed it; for both eyes two, the left
    /// one first.
    #[arg(long, value_name = "0x…", num_args = 1..=2)]
    image_commitment: Vec<FieldElement>,
    /// Commitment to the code that is expected; for both eyes two, the left one first.
    #[arg(long, value_name = "0x…", num_args = 1..=2)]
    code_commitment: Vec<FieldElement>,
    /// Purpose that is expected.
    #[arg(long, value_name = "WORD")]
    purpose: Option<Purpose>,
    /// Account that is expected; 32 bytes.
    #[arg(long, value_name = "0x…")]
    account: Option<B256>,
    /// Epoch that is expected.
    #[arg(long)]
    epoch: Option<u64>,
    /// Print as JSON.
    #[arg(long)]
    json: bool,
}

/// Checks a proof, or both.
pub(crate) fn run(args: &VerifyArgs) -> anyhow::Result<ExitCode> {
    let path = &args.proof;
    let file = Proofs::read(&read_text(path, MAX_PROOF_BYTES)?, path)?;
    let proofs = file.all();
    let images = for_each(&proofs, "--image-commitment", &args.image_commitment)?;
    let codes = for_each(&proofs, "--code-commitment", &args.code_commitment)?;
    for (place, proof) in proofs.iter().enumerate() {
        let model = args.model.unwrap_or(proof.statement.model);
        verifier(args, model)?.verify(proof)?;
        expect(args, [images[place], codes[place]], proof)?;
    }
    let holds = match file {
        Proofs::One(_) => "the proof holds",
        Proofs::Both(_) => "the proofs of both eyes hold",
    };
    let answer = file.answer();
    Format::from_flag(args.json).print(&answer, || format!("{holds}\n{}", answer.text()))?;
    Ok(ExitCode::SUCCESS)
}

/// Gives each proof the value that is expected of it: none, or as many as there are proofs.
fn for_each(
    proofs: &[&EncodingProof],
    option: &str,
    values: &[FieldElement],
) -> anyhow::Result<Vec<Option<FieldElement>>> {
    match values.len() {
        0 => Ok(vec![None; proofs.len()]),
        count if count == proofs.len() => Ok(values.iter().copied().map(Some).collect()),
        count => bail!(
            "the file holds {} proofs, and {option} names {count} values",
            proofs.len()
        ),
    }
}

fn verifier(args: &VerifyArgs, model: ModelName) -> anyhow::Result<EncodingVerifier> {
    let Some(path) = &args.key else {
        note("warning: checked under the UNSAFE test key: anybody can forge such proofs");
        return Ok(EncodingVerifier::unsafe_test(model));
    };
    Ok(EncodingVerifier::new(model, &read_verifying_key(path)?))
}

/// Compares what the proof is about with what was asked for (ZKML-6).
fn expect(
    args: &VerifyArgs,
    [image, code]: [Option<FieldElement>; 2],
    proof: &EncodingProof,
) -> anyhow::Result<()> {
    let (statement, context) = (&proof.statement, &proof.context);
    let words = |value: Option<FieldElement>| value.map(word);
    for (part, expected, actual) in [
        (
            "image commitment",
            words(image),
            word(statement.image_commitment),
        ),
        (
            "code commitment",
            words(code),
            word(statement.code_commitment),
        ),
        (
            "purpose",
            args.purpose.as_ref().map(ToString::to_string),
            context.purpose.to_string(),
        ),
        (
            "account",
            args.account.map(|it| it.to_string()),
            context.account.to_string(),
        ),
        (
            "epoch",
            args.epoch.map(|it| it.to_string()),
            context.epoch.to_string(),
        ),
    ] {
        if expected.as_ref().is_some_and(|it| *it != actual) {
            bail!(
                "the proof holds, but for another {part}: {actual}, and not {}",
                expected.unwrap_or_default()
            );
        }
    }
    Ok(())
}
