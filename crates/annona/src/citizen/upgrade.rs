//! `annona citizen upgrade`: codes by another model, proved from the irises that an orb handed over.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use annona_client::ApiClient;
use annona_client::wire::TemplateUpgradeRequest;
use annona_core::{B256, Commitment};
use annona_evaluation::long_work::Supervisor;
use annona_files::{Exposure, read_secret};
use annona_http::SecretUrl;
use annona_model::{Eye, ModelName};
use annona_zkml::{IrisPackage, MAX_PACKAGE_BYTES, OrbStatement, ProvedCodes, pinned};
use anyhow::{Context, ensure};
use clap::Args;
use orb_sim::upgraded_codes;
use serde::Serialize;

use crate::long_work::{Stop, stoppable};
use crate::output::{Format, note};
use crate::zkml::model_prover;

/// Longest statement that is read.
const MAX_STATEMENT_BYTES: u64 = 1 << 16;

/// Arguments of `annona citizen upgrade`.
#[derive(Debug, Args)]
pub(crate) struct UpgradeArgs {
    /// Folder with your irises and the orb's statement, from `annona citizen package`.
    #[arg(long, value_name = "FOLDER")]
    package: PathBuf,
    /// Address of the service.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080")]
    service: SecretUrl,
    /// Folder with the provers. A missing one is made under the UNSAFE test key, which takes
    /// minutes and 230 MB.
    #[arg(long, value_name = "FOLDER")]
    keys: PathBuf,
    /// Print as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct UpgradeAnswer {
    commitment: String,
    model: &'static str,
    model_id: String,
}

/// Irises of both eyes, and the commitment that an orb signed with them.
struct Package {
    left: IrisPackage,
    right: IrisPackage,
    commitment: Commitment,
}

/// Proves both codes by the service's new model and sends them. A first signal ends the work before
/// anything is sent.
pub(super) async fn run(args: UpgradeArgs) -> anyhow::Result<ExitCode> {
    let package = Package::read(&args.package)?;
    let commitment = package.commitment;
    let service = ApiClient::new(args.service.expose())?;
    let (model_id, key_hash) = service.model_upgrade().await?.parse()?;
    let model = known_model(model_id, key_hash)?;
    let keys = args.keys.clone();
    let (proved, stop) = stoppable(move |stop| prove(&package, model, &keys, stop)).await?;
    let Some(proved) = proved else {
        note("stopped: nothing was sent");
        return Ok(stop.exit_code(false));
    };
    let request = TemplateUpgradeRequest {
        commitment: commitment.to_string(),
        codes: upgraded_codes(&proved),
    };
    let upgraded = service.upgrade_templates(&request).await?;
    let answer = UpgradeAnswer {
        commitment: upgraded.commitment,
        model: model.name(),
        model_id: upgraded.model_id,
    };
    Format::from_flag(args.json).print(&answer, || {
        format!(
            "the service knows you by model {} now ({}), without a visit; keep the package for the next one\ncommitment {}",
            answer.model, answer.model_id, answer.commitment
        )
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Returns the model that a service changes to, if this program can prove codes by it.
fn known_model(model_id: B256, key_hash: B256) -> anyhow::Result<ModelName> {
    let model = ModelName::with_id(model_id.0).with_context(|| {
        format!("this version does not know model {model_id}, to which the service changes: get a newer one")
    })?;
    let own = pinned(model).test_key_hash;
    ensure!(
        key_hash == own,
        "the service asks for proofs under the key {key_hash}, and this version proves under {own}"
    );
    Ok(model)
}

/// Returns nothing when the work was stopped.
fn prove(
    package: &Package,
    model: ModelName,
    keys: &Path,
    stop: &Stop,
) -> anyhow::Result<Option<ProvedCodes>> {
    let progress = stop.begin("codes by the new model", 2);
    let prover = model_prover(model, keys)?;
    progress.advance(1);
    if stop.is_stop_asked() {
        return Ok(None);
    }
    let eyes = [&package.left, &package.right];
    let proved = prover.prove_upgrade(eyes, package.commitment, &mut rand::rng())?;
    progress.advance(1);
    Ok((!stop.is_stop_asked()).then_some(proved))
}

impl Package {
    /// Reads what `annona citizen package` wrote, and compares irises and statement (ZKML-16).
    fn read(folder: &Path) -> anyhow::Result<Self> {
        let statement = read_statement(&folder.join("statement.json"))?;
        let signed = statement.commitments();
        let eye = |eye: Eye| -> anyhow::Result<IrisPackage> {
            let path = folder.join(format!("{}.package", eye.name()));
            let text = read_secret(&path, MAX_PACKAGE_BYTES, Exposure::Refuse)?;
            let package = IrisPackage::from_json(&text)
                .with_context(|| format!("{} cannot be used", path.display()))?;
            let signed = match eye {
                Eye::Left => signed.left.image,
                Eye::Right => signed.right.image,
            };
            let is_signed = signed == package.image_commitment();
            ensure!(
                package.eye() == eye && is_signed,
                "{} is not the {} iris that the orb committed to",
                path.display(),
                eye.name()
            );
            Ok(package)
        };
        Ok(Self {
            left: eye(Eye::Left)?,
            right: eye(Eye::Right)?,
            commitment: statement.enrolment().commitment,
        })
    }
}

fn read_statement(path: &Path) -> anyhow::Result<OrbStatement> {
    let text = read_secret(path, MAX_STATEMENT_BYTES, Exposure::Refuse)?;
    OrbStatement::from_json(&text).with_context(|| {
        format!(
            "{} is no statement from `annona citizen package`",
            path.display()
        )
    })
}
