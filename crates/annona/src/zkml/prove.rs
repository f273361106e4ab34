//! `annona zkml prove`: a package, kept or made of an image, and the proof of its encoding.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use annona_evaluation::long_work::Supervisor;
use annona_files::{Audience, Exposure, OutputFile, Purpose, read_secret};
use annona_iris::{normalise, read_image};
use annona_keys::ProverFile;
use annona_model::{Eye, ModelName};
use annona_proofs::{KeyOrigin, ProverKey};
use annona_zkml::{
    EncodingProof, EncodingProver, IrisPackage, MAX_PACKAGE_BYTES, circuit, circuit_name, pinned,
};
use anyhow::{Context, bail};
use clap::Args;
use serde::Serialize;

use super::context::ContextArgs;
use super::{ProofAnswer, name_of};
use crate::iris::EyeName;
use crate::long_work::{Stop, stoppable};
use crate::output::{Format, note};

/// Members by which an earlier proof is known.
const MEMBERS: &[&str] = &["relation", "model_id", "public_inputs"];

/// Steps of a proof, for the bar of progress.
const STEPS: u64 = 4;

/// Arguments of `annona zkml prove`.
#[derive(Debug, Args)]
pub(crate) struct ProveArgs {
    /// Package of the eye. With --image it is made, readable by you alone, and an existing file
    /// is never overwritten: its salts are all that opens the commitments.
    #[arg(long, value_name = "FILE")]
    package: PathBuf,
    /// Near-infrared image of one eye (PNG, JPEG, BMP, PNM) to make the package of.
    #[arg(long, value_name = "IMAGE", requires = "eye")]
    image: Option<PathBuf>,
    /// Eye that the image shows, or that the package must be of.
    #[arg(long, value_enum)]
    eye: Option<EyeName>,
    /// Model that encodes: p, s18 (for phones) or ci (for tests, and useless for recognition).
    #[arg(long, default_value_t = ModelName::P)]
    model: ModelName,
    /// Folder with the provers. A missing one is made under the UNSAFE test key: for p it takes
    /// minutes and 230 MB.
    #[arg(long, value_name = "FOLDER")]
    keys: PathBuf,
    /// Write the proof to this file.
    #[arg(long, short, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    context: ContextArgs,
    /// Print as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ProveAnswer {
    #[serde(flatten)]
    proof: ProofAnswer,
    eye: &'static str,
    prove_secs: f64,
}

/// Proves; a first signal ends the work between two steps, a second at once.
pub(crate) async fn run(args: ProveArgs) -> anyhow::Result<ExitCode> {
    let format = Format::from_flag(args.json);
    let (done, stop) = stoppable(move |stop| prove(&args, stop)).await?;
    let Some(answer) = done else {
        note("stopped: no proof was written");
        return Ok(stop.exit_code(false));
    };
    format.print(&answer, || {
        format!(
            "{}\nproved in {:.1} s",
            answer.proof.text(),
            answer.prove_secs
        )
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Returns nothing when the work was stopped.
fn prove(args: &ProveArgs, stop: &Stop) -> anyhow::Result<Option<ProveAnswer>> {
    let purpose = Purpose::json_with("a proof of this command", MEMBERS);
    let out = OutputFile::replace(&args.out, Audience::Everybody, purpose)?;
    let progress = stop.begin("proof of encoding", STEPS);
    let package = package(args)?;
    // Before a key is made, which takes minutes.
    package.code_commitment(args.model)?;
    progress.advance(1);
    if stop.is_stop_asked() {
        return Ok(None);
    }
    let prover = EncodingProver::new(args.model, key(args.model, &args.keys)?);
    progress.advance(1);
    if stop.is_stop_asked() {
        return Ok(None);
    }
    let begun = Instant::now();
    let prepared = prover.prepare(&package, &args.context.clone().into())?;
    progress.advance(1);
    if stop.is_stop_asked() {
        return Ok(None);
    }
    let proof = prover.prove(&prepared, &mut rand::rng())?;
    let prove_secs = begun.elapsed().as_secs_f64();
    write(out, &proof)?;
    Ok(Some(ProveAnswer {
        proof: ProofAnswer::new(&proof),
        eye: name_of(package.eye()),
        prove_secs,
    }))
}

fn write(mut out: OutputFile<'_>, proof: &EncodingProof) -> anyhow::Result<()> {
    out.put(proof.to_json().as_bytes())?;
    Ok(out.commit()?)
}

/// Makes the package of the image, for its owner alone, or reads the one that is there (ZKML-9).
fn package(args: &ProveArgs) -> anyhow::Result<IrisPackage> {
    let Some(image) = &args.image else {
        return read_package(args);
    };
    let eye = args.eye.context("say which eye the image shows: --eye")?;
    let mut file = OutputFile::create(&args.package, Audience::Owner)?;
    let bytes = std::fs::read(image).with_context(|| format!("cannot read {}", image.display()))?;
    let iris = read_image(&bytes)
        .and_then(|image| normalise(&image, args.model.model()))
        .with_context(|| format!("no iris can be taken of {}", image.display()))?;
    let package = IrisPackage::new(eye.into(), iris, &mut rand::rng());
    file.put(package.to_json().as_bytes())?;
    file.commit()?;
    Ok(package)
}

fn read_package(args: &ProveArgs) -> anyhow::Result<IrisPackage> {
    let path = &args.package;
    let text = read_secret(path, MAX_PACKAGE_BYTES, Exposure::Refuse)
        .context("without --image, --package names a package that was made before")?;
    let package = IrisPackage::from_json(&text)
        .with_context(|| format!("{} cannot be used", path.display()))?;
    let held = package.eye();
    match args.eye.map(Eye::from) {
        Some(asked) if asked != held => bail!(
            "the package {} is of the {} eye, and --eye asks for the {} one",
            path.display(),
            name_of(held),
            name_of(asked)
        ),
        _ => Ok(package),
    }
}

/// Loads the prover of the test key, or makes it where it is missing or of other rows.
fn key(model: ModelName, folder: &Path) -> anyhow::Result<ProverKey> {
    let name = circuit_name(model);
    let file = ProverFile::new(folder, name, KeyOrigin::UnsafeTest);
    let expected = pinned(model).test_key_hash;
    note(format_args!(
        "warning: {name} is proved under its UNSAFE test key: anybody can forge such proofs"
    ));
    if let Ok(key) = file.load(expected) {
        return Ok(key);
    }
    note(format_args!(
        "making the prover {}: once, and at full size for minutes",
        file.path().display()
    ));
    let key = file.make_test_key(&circuit(model))?;
    if key.hash() == expected {
        Ok(key)
    } else {
        bail!("the key of {name} that was made is not the pinned one: the rows have changed")
    }
}
