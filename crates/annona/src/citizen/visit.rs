//! `annona citizen visit`: a visit code as a phone makes it, and the secret that stays here.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use annona_bindings::Deployment;
use annona_client::Wallet;
use annona_core::{
    Address, B256, Commitment, CustodyRequest, EnrolmentDomain, EnrolmentKind, parse_address,
};
use annona_files::{Audience, Exposure, OutputFile, read_secret};
use annona_zkml::{CustodyVisit, VisitSecret};
use anyhow::{Context, ensure};
use clap::Args;
use orb_sim::visit_text;
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use serde::{Deserialize, Serialize};

use crate::orb::{now, random_nonce};
use crate::output::Format;

/// Form of the file with a visit's secret.
const FORMAT: &str = "annona-visit-1";
/// Longest such file that is read.
const MAX_BYTES: u64 = 4_096;

/// Arguments of `annona citizen visit`.
#[derive(Debug, Args)]
pub(crate) struct VisitArgs {
    /// Wallet file, from `annona citizen new`.
    #[arg(long, value_name = "FILE", default_value = "wallet.json")]
    wallet: PathBuf,
    /// Deployment file, such as deployment.json.
    #[arg(long, value_name = "FILE")]
    deployment: PathBuf,
    /// File for the secret of the visit, which only you can read; an existing one is never
    /// overwritten.
    #[arg(long, value_name = "FILE", default_value = "visit.secret")]
    secret: PathBuf,
    /// Recover: you are enrolled already and have lost that identity.
    #[arg(long)]
    recover: bool,
    /// Print as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct VisitAnswer {
    text: String,
    nonce: String,
    secret: PathBuf,
}

/// Makes a code that is good from now on.
pub(super) fn run(args: &VisitArgs) -> anyhow::Result<ExitCode> {
    let file = OutputFile::create(&args.secret, Audience::Owner)?;
    let wallet = Wallet::open(&args.wallet)?;
    let domain = Deployment::load(&args.deployment)?.enrolment_domain();
    let secret = VisitKey::draw(domain, wallet.identity().commitment())?;
    let kind = if args.recover {
        EnrolmentKind::Recovery
    } else {
        EnrolmentKind::New
    };
    secret.write(file)?;
    let VisitKey { visit, key } = &secret;
    let answer = VisitAnswer {
        text: visit_text(kind, &domain, visit.commitment, visit.nonce, now(), key)?,
        nonce: visit.nonce.to_string(),
        secret: args.secret.clone(),
    };
    Format::from_flag(args.json).print(&answer, || {
        format!(
            "{}\nShow it to an orb within 90 seconds (`annona orb enrol --qr-text …`). The secret is in {}: with it you fetch your irises (`annona citizen package`).",
            answer.text,
            answer.secret.display()
        )
    })?;
    Ok(ExitCode::SUCCESS)
}

/// A visit with its key.
pub(super) struct VisitKey {
    pub(super) visit: CustodyVisit,
    key: SigningKey,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct VisitFile {
    format: String,
    chain_id: u64,
    orb_registry: String,
    commitment: String,
    nonce: B256,
    key: B256,
}

impl VisitKey {
    fn draw(domain: EnrolmentDomain, commitment: Commitment) -> anyhow::Result<Self> {
        let key = SigningKey::from_slice(&rand::random::<[u8; 32]>());
        Ok(Self {
            visit: CustodyVisit {
                domain,
                commitment,
                nonce: random_nonce(),
            },
            key: key.context("the key that was drawn is none: try again")?,
        })
    }

    fn write(&self, mut file: OutputFile<'_>) -> anyhow::Result<()> {
        let CustodyVisit {
            domain,
            commitment,
            nonce,
        } = &self.visit;
        let contents = VisitFile {
            format: FORMAT.to_owned(),
            chain_id: domain.chain_id,
            orb_registry: domain.orb_registry.to_string(),
            commitment: commitment.to_string(),
            nonce: *nonce,
            key: B256::from_slice(&self.key.to_bytes()),
        };
        file.put((serde_json::to_string_pretty(&contents)? + "\n").as_bytes())?;
        Ok(file.commit()?)
    }

    /// Reads what `annona citizen visit` wrote.
    pub(super) fn read(path: &Path) -> anyhow::Result<Self> {
        let text = read_secret(path, MAX_BYTES, Exposure::Refuse)?;
        Self::parse(&text).with_context(|| {
            format!(
                "{} is not the secret of a visit, from `annona citizen visit`",
                path.display()
            )
        })
    }

    fn parse(text: &str) -> anyhow::Result<Self> {
        // The parser's message could quote the key.
        let file: Option<VisitFile> = serde_json::from_str(text).ok();
        let file = file.context("a member is missing, unknown or malformed")?;
        ensure!(file.format == FORMAT, "its format is another one");
        let orb_registry: Address = parse_address(&file.orb_registry)?;
        let key = SigningKey::from_slice(file.key.as_slice()).ok();
        Ok(Self {
            visit: CustodyVisit {
                domain: EnrolmentDomain {
                    chain_id: file.chain_id,
                    orb_registry,
                },
                commitment: file.commitment.parse()?,
                nonce: file.nonce,
            },
            key: key.context("its key is none")?,
        })
    }

    /// Signs a request about the package of this visit.
    pub(super) fn sign(&self, request: CustodyRequest) -> [u8; 64] {
        let message = request.message(&self.visit.domain, self.visit.nonce);
        let signature: Signature = self.key.sign(&message);
        signature.to_bytes().into()
    }

    /// Returns the secret by which the package is opened.
    pub(super) fn secret(&self) -> anyhow::Result<VisitSecret> {
        Ok(VisitSecret::from_bytes(&self.key.to_bytes().into())?)
    }
}
