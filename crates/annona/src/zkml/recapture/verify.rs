//! `annona zkml recapture verify`: evidence of a re-capture, held against the verifier's records.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use annona_bindings::Deployment;
use annona_core::{Address, B256, Commitment, FieldElement, OrbId, parse_address};
use annona_files::read_text;
use annona_model::ModelName;
use annona_zkml::{
    EncodingVerifier, MAX_BELOW_MICROS, MAX_EVIDENCE_BYTES, RECAPTURE_BELOW_MICROS,
    RecaptureEvidence, RecaptureExpectation, RecaptureVerifier,
};
use anyhow::{Context, bail, ensure};
use clap::Args;

use super::{Eyes, RecaptureAnswer};
use crate::orb::now;
use crate::output::{Format, note};
use crate::zkml::keys::read_verifying_key;

/// Greatest age of a capture unless another is named, in seconds: that of an enrolment (ENROL-4).
const MAX_AGE_SECS: u64 = 300;

/// Arguments of `annona zkml recapture verify`.
#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// Evidence to check.
    evidence: PathBuf,
    /// Deployment file, such as deployment.json: chain and orb registry of the orb's signature.
    #[arg(long, value_name = "FILE")]
    deployment: PathBuf,
    /// Address of an orb that is active by the registry; once for each.
    #[arg(long, value_name = "0x…", required = true, value_parser = parse_address)]
    orb: Vec<Address>,
    /// Commitment that the person showed the orb; of a recovery the new one.
    #[arg(long, value_name = "0x…")]
    account: Commitment,
    /// Commitment to the enrolled code, from your records; for both eyes two, the left one first.
    #[arg(long, value_name = "0x…", required = true, num_args = 1..=2)]
    code_commitment: Vec<FieldElement>,
    /// Eyes that are asked for. One eye alone has to be more alike.
    #[arg(long, value_enum, default_value_t = Eyes::Both)]
    eye: Eyes,
    /// Nonce that the orb must have signed, 32 bytes; without it the time of capture is all that
    /// tells this visit from another.
    #[arg(long, value_name = "0x…")]
    nonce: Option<B256>,
    /// Greatest age of the capture in seconds.
    #[arg(long, value_name = "SECS", default_value_t = MAX_AGE_SECS)]
    max_age: u64,
    /// Value below which captures are of one person, in millionths.
    #[arg(long, value_name = "MILLIONTHS", default_value_t = RECAPTURE_BELOW_MICROS)]
    below: u32,
    /// Model of both codes: p, p2, s18 or ci.
    #[arg(long, default_value_t = ModelName::P)]
    model: ModelName,
    /// Verifying key of re-captures (arkworks, uncompressed) in place of the UNSAFE test key.
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// Verifying key of encodings in place of the UNSAFE test key.
    #[arg(long, value_name = "FILE")]
    encoding_key: Option<PathBuf>,
    /// Print as JSON.
    #[arg(long)]
    json: bool,
}

/// Checks the evidence.
pub(super) fn run(args: &VerifyArgs) -> anyhow::Result<ExitCode> {
    let expected = expectation(args)?;
    let path = &args.evidence;
    let evidence = RecaptureEvidence::from_json(&read_text(path, MAX_EVIDENCE_BYTES)?)
        .with_context(|| format!("{} holds no evidence of a re-capture", path.display()))?;
    let encodings = encoding_verifier(args.model, args.encoding_key.as_deref())?;
    let recaptures = recapture_verifier(args.model, args.key.as_deref())?;
    recaptures.verify_evidence(&evidence, &encodings, &expected)?;
    let answer = RecaptureAnswer::new(&evidence);
    Format::from_flag(args.json).print(&answer, || {
        format!("the orb saw the enrolled person\n{}", answer.text())
    })?;
    Ok(ExitCode::SUCCESS)
}

fn expectation(args: &VerifyArgs) -> anyhow::Result<RecaptureExpectation> {
    ensure!(
        (1..=MAX_BELOW_MICROS).contains(&args.below),
        "--below is a number of millionths from 1 to {MAX_BELOW_MICROS}"
    );
    let enrolled = match (args.eye, args.code_commitment.as_slice()) {
        (Eyes::Both, [left, right]) => [Some(*left), Some(*right)],
        (Eyes::Left, [left]) => [Some(*left), None],
        (Eyes::Right, [right]) => [None, Some(*right)],
        (_, given) => bail!(
            "--eye both takes two values of --code-commitment, the left one first, and one eye takes one; {} were named",
            given.len()
        ),
    };
    Ok(RecaptureExpectation {
        domain: Deployment::load(&args.deployment)?.enrolment_domain(),
        active_orbs: args.orb.iter().copied().map(OrbId).collect(),
        account: args.account,
        nonce: args.nonce,
        enrolled,
        below_micros: args.below,
        now: now(),
        max_age_secs: args.max_age,
    })
}

fn encoding_verifier(model: ModelName, key: Option<&Path>) -> anyhow::Result<EncodingVerifier> {
    let Some(path) = key else {
        note("warning: encodings are checked under the UNSAFE test key: anybody can forge them");
        return Ok(EncodingVerifier::unsafe_test(model));
    };
    Ok(EncodingVerifier::new(model, &read_verifying_key(path)?))
}

fn recapture_verifier(model: ModelName, key: Option<&Path>) -> anyhow::Result<RecaptureVerifier> {
    let Some(path) = key else {
        note("warning: re-captures are checked under the UNSAFE test key: anybody can forge them");
        return Ok(RecaptureVerifier::unsafe_test(model));
    };
    Ok(RecaptureVerifier::new(model, &read_verifying_key(path)?))
}
