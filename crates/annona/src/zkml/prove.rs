//! `annona zkml prove`: a package of one eye or one of each, kept or made of images, and the
//! proof of their encoding.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use annona_evaluation::long_work::Supervisor;
use annona_files::{Audience, Exposure, OutputFile, Purpose, read_secret};
use annona_model::{Eye, ModelName};
use annona_zkml::{
    EncodingProof, EncodingProver, IrisPackage, MAX_PACKAGE_BYTES, ProofPair, circuit,
    circuit_name, pinned,
};
use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use serde::Serialize;

use super::ProofAnswer;
use super::context::ContextArgs;
use super::keys::{read_iris, test_prover};
use crate::long_work::{Stop, stoppable};
use crate::output::{Format, note};

/// Members by which an earlier proof is known.
const MEMBERS: &[&str] = &["relation", "model_id", "public_inputs"];

/// Members by which an earlier proof of both eyes is known.
const PAIR_MEMBERS: &[&str] = &["format", "left", "right"];

/// Eyes that a command is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Eyes {
    Left,
    Right,
    /// Left and right: two packages and one file of two proofs.
    Both,
}

impl Eyes {
    const fn count(self) -> usize {
        match self {
            Self::Left | Self::Right => 1,
            Self::Both => 2,
        }
    }
}

/// A package to read, or to make of an image.
struct Source<'a> {
    package: &'a Path,
    image: Option<&'a Path>,
    /// Eye that it must be of.
    eye: Option<Eye>,
}

/// Arguments of `annona zkml prove`.
#[derive(Debug, Args)]
pub(crate) struct ProveArgs {
    /// Package of the eye; of both, the left one first. With --image it is made, readable by you
    /// alone, and an existing file is never overwritten: its salts are all that opens the
    /// commitments.
    #[arg(long, value_name = "FILE", required = true, num_args = 1..=2)]
    package: Vec<PathBuf>,
    /// Near-infrared image of the eye (PNG, JPEG, BMP, PNM) to make the package of; of both, the
    /// left one first.
    #[arg(long, value_name = "IMAGE", requires = "eye", num_args = 1..=2)]
    image: Vec<PathBuf>,
    /// Eye that the image shows, or that the package must be of; both for one file with the
    /// proofs of both eyes.
    #[arg(long, value_enum)]
    eye: Option<Eyes>,
    /// Model that encodes: p, p2 (its successor), s18 (for phones) or ci (for tests, and useless
    /// for recognition).
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
#[serde(untagged)]
enum ProveAnswer {
    One(Box<OneAnswer>),
    Both {
        left: Box<OneAnswer>,
        right: Box<OneAnswer>,
    },
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct OneAnswer {
    #[serde(flatten)]
    proof: ProofAnswer,
    eye: &'static str,
    prove_secs: f64,
}

impl OneAnswer {
    fn text(&self) -> String {
        format!(
            "eye               {}\n{}\nproved in {:.1} s",
            self.eye,
            self.proof.text(),
            self.prove_secs
        )
    }
}

impl ProveAnswer {
    fn text(&self) -> String {
        match self {
            Self::One(answer) => answer.text(),
            Self::Both { left, right } => format!("{}\n\n{}", left.text(), right.text()),
        }
    }
}

/// Proves; a first signal ends the work between two steps, a second at once.
pub(crate) async fn run(args: ProveArgs) -> anyhow::Result<ExitCode> {
    let format = Format::from_flag(args.json);
    let (done, stop) = stoppable(move |stop| prove(&args, stop)).await?;
    let Some(answer) = done else {
        note("stopped: no proof was written");
        return Ok(stop.exit_code(false));
    };
    format.print(&answer, || answer.text())?;
    Ok(ExitCode::SUCCESS)
}

/// Returns nothing when the work was stopped.
fn prove(args: &ProveArgs, stop: &Stop) -> anyhow::Result<Option<ProveAnswer>> {
    let sources = sources(args)?;
    let members = if sources.len() == 1 {
        MEMBERS
    } else {
        PAIR_MEMBERS
    };
    let purpose = Purpose::json_with("a proof of this command", members);
    let out = OutputFile::replace(&args.out, Audience::Everybody, purpose)?;
    let steps = 2 * (1 + sources.len() as u64);
    let progress = stop.begin("proof of encoding", steps);
    let mut packages = Vec::with_capacity(sources.len());
    for source in &sources {
        let package = package(source, args.model)?;
        // Before a key is made, which takes minutes.
        package.code_commitment(args.model)?;
        packages.push(package);
    }
    progress.advance(1);
    if stop.is_stop_asked() {
        return Ok(None);
    }
    let (circuit, name) = (circuit(args.model), circuit_name(args.model));
    let expected = pinned(args.model).test_key_hash;
    let key = test_prover(&circuit, name, expected, &args.keys)?;
    let prover = EncodingProver::new(args.model, key);
    progress.advance(1);
    let context = args.context.clone().into();
    let mut proved = Vec::with_capacity(packages.len());
    for package in &packages {
        if stop.is_stop_asked() {
            return Ok(None);
        }
        let begun = Instant::now();
        let prepared = prover.prepare(package, &context)?;
        progress.advance(1);
        if stop.is_stop_asked() {
            return Ok(None);
        }
        let proof = prover.prove(&prepared, &mut rand::rng())?;
        progress.advance(1);
        let answer = OneAnswer {
            proof: ProofAnswer::new(&proof),
            eye: package.eye().name(),
            prove_secs: begun.elapsed().as_secs_f64(),
        };
        proved.push((proof, answer));
    }
    Ok(Some(write(out, proved)?))
}

fn write(
    mut out: OutputFile<'_>,
    proved: Vec<(EncodingProof, OneAnswer)>,
) -> anyhow::Result<ProveAnswer> {
    let mut proved = proved.into_iter();
    let (text, answer) = match (proved.next(), proved.next()) {
        (Some((proof, answer)), None) => (proof.to_json(), ProveAnswer::One(answer.into())),
        (Some((left_proof, left)), Some((right_proof, right))) => (
            ProofPair::new(left_proof, right_proof)?.to_json(),
            ProveAnswer::Both {
                left: left.into(),
                right: right.into(),
            },
        ),
        (None, _) => bail!("no eye was named"),
    };
    out.put(text.as_bytes())?;
    out.commit()?;
    Ok(answer)
}

/// Puts each package beside its image and its eye.
fn sources(args: &ProveArgs) -> anyhow::Result<Vec<Source<'_>>> {
    let count = args.eye.map_or(1, Eyes::count);
    let images = args.image.len();
    if args.package.len() != count || (images != 0 && images != count) {
        bail!(
            "name {} for --package, and as many images or none for --image: --eye both takes two, the left one first, and everything else one",
            if count == 1 { "one file" } else { "two files" }
        );
    }
    let eyes = match args.eye {
        None => [None, None],
        Some(Eyes::Left) => [Some(Eye::Left), None],
        Some(Eyes::Right) => [Some(Eye::Right), None],
        Some(Eyes::Both) => [Some(Eye::Left), Some(Eye::Right)],
    };
    let sources = args.package.iter().zip(eyes).enumerate();
    Ok(sources
        .map(|(place, (package, eye))| Source {
            package,
            image: args.image.get(place).map(PathBuf::as_path),
            eye,
        })
        .collect())
}

/// Makes the package of the image, for its owner alone, or reads the one that is there (ZKML-9).
fn package(source: &Source<'_>, model: ModelName) -> anyhow::Result<IrisPackage> {
    let Some(image) = source.image else {
        return read_package(source);
    };
    let eye = source.eye.context("say which eye the image shows: --eye")?;
    let mut file = OutputFile::create(source.package, Audience::Owner)?;
    let package = IrisPackage::new(eye, read_iris(image, model)?, &mut rand::rng());
    file.put(package.to_json().as_bytes())?;
    file.commit()?;
    Ok(package)
}

/// Reads a package, which must be of the eye that it is named for.
fn read_package(source: &Source<'_>) -> anyhow::Result<IrisPackage> {
    let text = read_secret(source.package, MAX_PACKAGE_BYTES, Exposure::Refuse)
        .context("without --image, --package names a package that was made before")?;
    package_of(&text, source.package, source.eye)
}

/// Takes the package that was read from `path`, which must be of the eye that it stands for
/// (ZKML-11).
pub(super) fn package_of(text: &str, path: &Path, eye: Option<Eye>) -> anyhow::Result<IrisPackage> {
    let package = IrisPackage::from_json(text)
        .with_context(|| format!("{} cannot be used", path.display()))?;
    let held = package.eye();
    match eye {
        Some(asked) if asked != held => bail!(
            "the package {} is of the {} eye, and stands for the {} one",
            path.display(),
            held.name(),
            asked.name()
        ),
        _ => Ok(package),
    }
}
