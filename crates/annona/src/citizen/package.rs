//! `annona citizen package`: the irises that an orb encrypted for a visit, brought home.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use annona_client::{ApiClient, ClientError};
use annona_core::{CustodyRequest, EnrolmentDomain, OrbId, SignedEnrolment};
use annona_files::{Audience, create_folder, write_new};
use annona_http::SecretUrl;
use annona_zkml::CustodyPackage;
use anyhow::{Context, ensure};
use clap::Args;
use serde::Serialize;

use super::visit::VisitKey;
use crate::output::Format;

/// Form of the file with an orb's statement.
pub(super) const STATEMENT_FORMAT: &str = "annona-orb-statement-2";

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

/// The orb's statement, of which nothing is secret but that it is about this person.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StatementFile {
    format: &'static str,
    chain_id: u64,
    orb_registry: String,
    orb: String,
    commitment: String,
    iris_digest: String,
    image_digest: String,
    model_id: String,
    kind: &'static str,
    captured_at: u64,
    nonce: String,
    left_image_commitment: String,
    right_image_commitment: String,
    left_code_commitment: String,
    right_code_commitment: String,
    signature: String,
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
    let orb = package.orb(domain)?;
    let statement = statement(package.signed(), domain, orb)?;
    keep(out, &package, &statement)?;
    let confirmed = service
        .confirm_package(nonce, &visit.sign(CustodyRequest::Confirm))
        .await;
    match confirmed {
        // An earlier request deleted it, and its answer was lost.
        Err(error) if error.code() == Some("package-unknown") => {}
        outcome => outcome.map_err(|error| kept_but_not_deleted(out, error))?,
    }
    let answer = PackageAnswer {
        folder: out.clone(),
        orb: statement.orb,
        model_id: statement.model_id,
        left_image_commitment: statement.left_image_commitment,
        right_image_commitment: statement.right_image_commitment,
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

fn statement(
    signed: &SignedEnrolment,
    domain: &EnrolmentDomain,
    orb: OrbId,
) -> anyhow::Result<StatementFile> {
    let enrolment = &signed.enrolment;
    let eyes = signed.commitments.context("a package has commitments")?;
    Ok(StatementFile {
        format: STATEMENT_FORMAT,
        chain_id: domain.chain_id,
        orb_registry: domain.orb_registry.to_string(),
        orb: orb.to_string(),
        commitment: enrolment.commitment.to_string(),
        iris_digest: enrolment.iris_digest.to_string(),
        image_digest: enrolment.image_digest.to_string(),
        model_id: enrolment.model_id.to_string(),
        kind: enrolment.kind.code(),
        captured_at: enrolment.captured_at.0,
        nonce: enrolment.nonce.to_string(),
        left_image_commitment: eyes.left.image.to_string(),
        right_image_commitment: eyes.right.image.to_string(),
        left_code_commitment: eyes.left.code.to_string(),
        right_code_commitment: eyes.right.code.to_string(),
        signature: alloy::hex::encode_prefixed(signed.signature.as_bytes()),
    })
}

/// Writes the three files, each whole and for the owner alone (ZKML-9).
fn keep(out: &Path, package: &CustodyPackage, statement: &StatementFile) -> anyhow::Result<()> {
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
    let statement = serde_json::to_string_pretty(statement)?;
    write("statement.json", &(statement + "\n"))
}
