//! `annona citizen package`: the irises that an orb encrypted for a visit, brought home.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use annona_client::{ApiClient, ClientError};
use annona_core::CustodyRequest;
use annona_files::{Audience, create_folder, write_new};
use annona_http::SecretUrl;
use annona_zkml::{CustodyPackage, OrbStatement};
use anyhow::{Context, ensure};
use clap::Args;
use serde::Serialize;

use super::visit::VisitKey;
use crate::output::Format;

/// Arguments of `annona citizen package`.
#[derive(Debug, Args)]
pub(crate) struct PackageArgs {
    /// Secret of the visit, from `annona citizen visit`.
    #[arg(long, value_name = "FILE", default_value = "visit.secret")]
    secret: PathBuf,
    /// Address of the service.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080")]
    service: SecretUrl,
    /// New folder for irises, salts and statement, which only you can read.
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
    /// Print as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PackageAnswer {
    folder: PathBuf,
    orb: String,
    model_id: String,
    left_image_commitment: String,
    right_image_commitment: String,
}

/// Fetches, opens and keeps the package, and only then has it deleted.
pub(super) async fn run(args: &PackageArgs) -> anyhow::Result<ExitCode> {
    let out = &args.out;
    ensure!(
        out.symlink_metadata().is_err(),
        "{} exists already: name a new folder",
        out.display()
    );
    let visit = VisitKey::read(&args.secret)?;
    let nonce = visit.visit.nonce;
    let service = ApiClient::new(args.service.expose())?;
    let collected = service
        .collect_package(nonce, &visit.sign(CustodyRequest::Collect))
        .await?;
    let sealed = collected
        .parse()
        .context("the service's package cannot be read")?;
    let package = CustodyPackage::open(&sealed, &visit.secret()?, &visit.visit)?;
    let domain = &visit.visit.domain;
    let statement = OrbStatement::new(*domain, *package.signed())?;
    keep(out, &package, &statement)?;
    let confirmed = service
        .confirm_package(nonce, &visit.sign(CustodyRequest::Confirm))
        .await;
    match confirmed {
        // An earlier request deleted it, and its answer was lost.
        Err(error) if error.code() == Some("package-unknown") => {}
        outcome => outcome.map_err(|error| kept_but_not_deleted(out, error))?,
    }
    let eyes = statement.commitments();
    let answer = PackageAnswer {
        folder: out.clone(),
        orb: statement.orb().to_string(),
        model_id: statement.enrolment().model_id.to_string(),
        left_image_commitment: eyes.left.image.to_string(),
        right_image_commitment: eyes.right.image.to_string(),
    };
    Format::from_flag(args.json).print(&answer, || answer.text())?;
    Ok(ExitCode::SUCCESS)
}

fn kept_but_not_deleted(out: &Path, error: ClientError) -> anyhow::Error {
    anyhow::Error::new(error).context(format!(
        "the package is in {}, and the service's copy was not deleted: it is deleted after a week",
        out.display()
    ))
}

impl PackageAnswer {
    fn text(&self) -> String {
        format!(
            "wrote left.package, right.package and statement.json into {}: whoever reads them knows your eyes\norb                     {}, which the orb registry has to list as active\nleft image commitment   {}\nright image commitment  {}\nThe service's copy is deleted. `annona zkml prove --eye both --package …` proves the codes of these irises.",
            self.folder.display(),
            self.orb,
            self.left_image_commitment,
            self.right_image_commitment
        )
    }
}

/// Writes the three files, each whole and for the owner alone (ZKML-9).
fn keep(out: &Path, package: &CustodyPackage, statement: &OrbStatement) -> anyhow::Result<()> {
    create_folder(out, Audience::Owner)?;
    let write = |name: &str, text: &str| -> anyhow::Result<()> {
        Ok(write_new(
            &out.join(name),
            Audience::Owner,
            text.as_bytes(),
        )?)
    };
    let [left, right] = package.eyes();
    write("left.package", &left.to_json())?;
    write("right.package", &right.to_json())?;
    write("statement.json", &statement.to_json())
}
