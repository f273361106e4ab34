//! `annona zkml recapture prove`: a fresh capture held against the enrolled one.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use annona_evaluation::long_work::Supervisor;
use annona_files::{Audience, Exposure, OutputFile, Purpose, read_secret};
use annona_model::{Eye, ModelName};
use annona_zkml::{
    EncodingProver, EyeEvidence, IrisPackage, MAX_BELOW_MICROS, MAX_EVIDENCE_BYTES,
    MAX_PACKAGE_BYTES, OrbStatement, ProofContext, RECAPTURE_BELOW_MICROS, RecaptureError,
    RecaptureEvidence, RecaptureProver, bounds, pair_micros, pinned_recapture, recapture_circuit,
    recapture_circuit_name,
};
use anyhow::{Context, bail, ensure};
use clap::Args;

use super::{Eyes, RecaptureAnswer};
use crate::long_work::{Stop, stoppable};
use crate::output::{Format, note};
use crate::zkml::keys::{model_prover, test_prover};
use crate::zkml::prove::package_of;

/// Members by which earlier evidence is known.
const MEMBERS: &[&str] = &["format", "statement"];

/// Arguments of `annona zkml recapture prove`.
#[derive(Debug, Args)]
pub(crate) struct ProveArgs {
    /// Folder of the enrolment, from `annona citizen package`.
    #[arg(long, value_name = "FOLDER")]
    enrolled: PathBuf,
    /// Folder of the visit just now, from `annona citizen package`, with the orb's statement.
    #[arg(long, value_name = "FOLDER")]
    fresh: PathBuf,
    /// Eyes that are compared. One eye alone has to be more alike.
    #[arg(long, value_enum, default_value_t = Eyes::Both)]
    eye: Eyes,
    /// Value below which captures are of one person, in millionths, as the verifier asks for it.
    #[arg(long, value_name = "MILLIONTHS", default_value_t = RECAPTURE_BELOW_MICROS)]
    below: u32,
    /// Folder with the provers. A missing one is made under the UNSAFE test key: for p it takes
    /// minutes and 270 MB.
    #[arg(long, value_name = "FOLDER")]
    keys: PathBuf,
    /// Write the evidence to this file.
    #[arg(long, short, value_name = "FILE")]
    out: PathBuf,
    /// Print as JSON.
    #[arg(long)]
    json: bool,
}

/// Both captures of an eye, and the bound that is proved of their score.
struct Pair {
    enrolled: IrisPackage,
    fresh: IrisPackage,
    most: u32,
}

/// All that is needed to prove.
struct Captures {
    statement: OrbStatement,
    model: ModelName,
    eyes: [Option<Pair>; 2],
}

/// Proves; a first signal ends the work between two steps, a second at once.
pub(super) async fn run(args: ProveArgs) -> anyhow::Result<ExitCode> {
    let format = Format::from_flag(args.json);
    let (done, stop) = stoppable(move |stop| prove(&args, stop)).await?;
    let Some(answer) = done else {
        note("stopped: no evidence was written");
        return Ok(stop.exit_code(false));
    };
    format.print(&answer, || answer.text())?;
    Ok(ExitCode::SUCCESS)
}

/// Returns nothing when the work was stopped.
fn prove(args: &ProveArgs, stop: &Stop) -> anyhow::Result<Option<RecaptureAnswer>> {
    let purpose = Purpose::json_with("evidence of this command", MEMBERS);
    let mut out = OutputFile::replace(&args.out, Audience::Everybody, purpose)?;
    let steps = args.eye.places().iter().flatten().count() as u64;
    let progress = stop.begin("proof of a re-capture", 2 + 2 * steps);
    // Before keys are made, which takes minutes.
    let captures = Captures::read(args)?;
    progress.advance(1);
    if stop.is_stop_asked() {
        return Ok(None);
    }
    let model = captures.model;
    let encodings = model_prover(model, &args.keys)?;
    let recaptures = recapture_prover(model, &args.keys)?;
    progress.advance(1);
    let begun = Instant::now();
    let context = ProofContext::recapture(captures.statement.enrolment().commitment);
    let mut eyes = [None, None];
    for (place, pair) in captures.eyes.iter().enumerate() {
        let Some(pair) = pair else {
            continue;
        };
        if stop.is_stop_asked() {
            return Ok(None);
        }
        let encoding = encode(&encodings, &pair.fresh, &context)?;
        progress.advance(1);
        if stop.is_stop_asked() {
            return Ok(None);
        }
        let packages = [&pair.enrolled, &pair.fresh];
        let prepared = recaptures.prepare(packages, pair.most, &context)?;
        let recapture = recaptures.prove(&prepared, &mut rand::rng())?;
        progress.advance(1);
        eyes[place] = Some(EyeEvidence {
            encoding,
            recapture,
        });
    }
    let prove_secs = Some(begun.elapsed().as_secs_f64());
    let evidence = RecaptureEvidence::new(captures.statement, eyes)?;
    out.put(evidence.to_json().as_bytes())?;
    out.commit()?;
    Ok(Some(RecaptureAnswer {
        prove_secs,
        ..RecaptureAnswer::new(&evidence)
    }))
}

fn encode(
    prover: &EncodingProver,
    fresh: &IrisPackage,
    context: &ProofContext,
) -> anyhow::Result<annona_zkml::EncodingProof> {
    let prepared = prover.prepare(fresh, context)?;
    Ok(prover.prove(&prepared, &mut rand::rng())?)
}

/// Loads or makes the re-capture prover of a model under its **unsafe** test key.
fn recapture_prover(model: ModelName, folder: &Path) -> anyhow::Result<RecaptureProver> {
    let expected = pinned_recapture(model).test_key_hash;
    let (circuit, name) = (recapture_circuit(model), recapture_circuit_name(model));
    let key = test_prover(&circuit, name, expected, folder)?;
    Ok(RecaptureProver::new(model, key))
}

impl Captures {
    /// Reads both folders and compares the eyes as at an enrolment.
    fn read(args: &ProveArgs) -> anyhow::Result<Self> {
        ensure!(
            (1..=MAX_BELOW_MICROS).contains(&args.below),
            "--below is a number of millionths from 1 to {MAX_BELOW_MICROS}"
        );
        let path = args.fresh.join("statement.json");
        let text = read_secret(&path, MAX_EVIDENCE_BYTES, Exposure::Refuse)?;
        let statement = OrbStatement::from_json(&text)
            .with_context(|| format!("{} cannot be used", path.display()))?;
        let id = statement.enrolment().model_id;
        let model = ModelName::with_id(id.0)
            .with_context(|| format!("the orb encoded by a model that is not known here: {id}"))?;
        let committed = [statement.commitments().left, statement.commitments().right];
        let (mut pairs, mut scores) = ([None, None], [None, None]);
        for (place, eye) in args.eye.places().into_iter().enumerate() {
            let Some(eye) = eye else {
                continue;
            };
            let enrolled = read_package(&args.enrolled, eye)?;
            let fresh = read_package(&args.fresh, eye)?;
            let actual = fresh.commitments(model)?;
            ensure!(
                actual == committed[place],
                "{} is not the {} eye that the orb signed in {}",
                package_path(&args.fresh, eye).display(),
                eye.name(),
                path.display()
            );
            let score = RecaptureProver::score(model, &enrolled, &fresh)?;
            scores[place] = Some(score.ok_or(RecaptureError::Incomparable { eye })?);
            pairs[place] = Some((enrolled, fresh));
        }
        let Some(bounds) = bounds(scores, args.below) else {
            let micros = scores.map(|score| score.map(|it| it.micros));
            bail!(
                "the eyes do not match: their value is {} millionths, and below {} is asked for",
                pair_micros(micros).unwrap_or_default(),
                args.below
            );
        };
        let mut bounds = bounds.into_iter();
        let eyes = pairs.map(|pair| {
            let most = bounds.next().flatten();
            pair.zip(most).map(|((enrolled, fresh), most)| Pair {
                enrolled,
                fresh,
                most,
            })
        });
        Ok(Self {
            statement,
            model,
            eyes,
        })
    }
}

fn package_path(folder: &Path, eye: Eye) -> PathBuf {
    folder.join(format!("{}.package", eye.name()))
}

fn read_package(folder: &Path, eye: Eye) -> anyhow::Result<IrisPackage> {
    let path = package_path(folder, eye);
    let text = read_secret(&path, MAX_PACKAGE_BYTES, Exposure::Refuse)?;
    package_of(&text, &path, Some(eye))
}
