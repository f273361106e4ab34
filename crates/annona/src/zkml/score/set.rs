//! `annona zkml score set`: a test set, and the commitment to it.

use std::path::PathBuf;
use std::process::ExitCode;

use annona_files::{Audience, OutputFile};
use annona_model::{ModelName, NormalisedIris};
use annona_zkml::TestSet;
use clap::Args;

use super::CommitmentAnswer;
use crate::zkml::keys::read_iris;

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

/// Unrolls the irises of the images and commits to them.
pub(super) fn run(args: &SetArgs) -> anyhow::Result<ExitCode> {
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
