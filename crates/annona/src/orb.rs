//! Commands of `annona orb`, the enrolment of one person, and capture sessions with simulated
//! people.

mod attacks;
mod calibrate;
mod trial;
mod visit_code;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use annona_bindings::Deployment;
use annona_client::ApiClient;
use annona_client::wire::EnrolmentView;
use annona_core::{B256, Commitment, EnrolmentDomain, EnrolmentKind, UnixSeconds};
use annona_http::SecretUrl;
use annona_iris::pad::Challenge;
use annona_model::ModelName;
use annona_service::account_keys;
use annona_zkml::EncodingProver;
use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use image::GrayImage;
use orb_sim::session::{Sitting, Subject, challenge, watch_both};
use orb_sim::{
    Capture, CaptureConditions, Eye, EyeImages, Invitation, Orb, OrbError, Person, Visit, capture,
};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use tokio::sync::oneshot;

use crate::output::Format;
use crate::zkml::model_prover;
use attacks::AttacksArgs;
use calibrate::CalibrateArgs;
use trial::TrialArgs;

/// Sessions that the orb holds with a person before it gives up.
pub(crate) const MAX_CAPTURES: u32 = 5;
/// Of them, sessions that ended with an attack: one may be an error.
const MAX_SUSPICIONS: u32 = 2;

/// Commands of `annona orb`.
#[derive(Debug, Subcommand)]
pub(crate) enum OrbCommand {
    /// Enrol a person: capture both eyes, make the templates, sign, submit.
    ///
    /// The images come from two files (--left, --right) or from the simulated
    /// orb (--simulate SEED, where a seed stands for a person). Image files are read
    /// upright by their orientation tag; pictures of an eye on its side, and stretched, cut or
    /// damaged ones are refused. They have no liveness check.
    ///
    /// The citizen is named by the visit code on the screen of the phone (--qr IMAGE, a
    /// photograph of it, or --qr-text TEXT, what a scanner read), which is good for 90
    /// seconds and says whether the person is new or recovers a lost identity. Without a
    /// phone, --commitment names the one that `annona citizen new` prints, and --recover
    /// asks for a recovery.
    ///
    /// annona orb enrol --deployment deployment.json --key-file orb.key --simulate 7 --qr photo.jpg
    #[command(verbatim_doc_comment)]
    Enrol(Box<EnrolArgs>),
    /// Measure the simulated eye against the statistics of real sensors; fail when one is out of
    /// its range.
    Calibrate(CalibrateArgs),
    /// Measure the error rates of the production rule, with confidence intervals: simulated
    /// people come twice, and everybody is compared with everybody.
    Trial(TrialArgs),
    /// Measure liveness checks: show attacks and living people to the simulated orb.
    ///
    /// APCER is the share of attacks taken for living eyes, BPCER the share of
    /// living people taken for attacks (ISO/IEC 30107-3), each with its exact 95 %
    /// confidence interval. Rows marked held-out use parameters on which no limit
    /// was set.
    Attacks(AttacksArgs),
}

/// Arguments of `annona orb enrol`.
#[derive(Debug, Args)]
pub(crate) struct EnrolArgs {
    /// Address of the service.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080")]
    service: SecretUrl,
    /// Deployment file, such as deployment.json.
    #[arg(long, value_name = "FILE")]
    deployment: PathBuf,
    /// File with the orb's device key, 64 hexadecimal digits that only you can read; its address
    /// must be in the orb registry.
    #[arg(long, value_name = "FILE")]
    key_file: PathBuf,
    #[command(flatten)]
    citizen: CitizenArgs,
    /// Near-infrared image of the left eye (PNG, JPEG, BMP, PNM).
    #[arg(
        long,
        value_name = "IMAGE",
        requires = "right",
        conflicts_with = "simulate"
    )]
    left: Option<PathBuf>,
    /// Near-infrared image of the right eye (PNG, JPEG, BMP, PNM).
    #[arg(long, value_name = "IMAGE", requires = "left")]
    right: Option<PathBuf>,
    /// Photograph the simulated person of this seed, such as 7; each session is a new one.
    #[arg(long, value_name = "SEED")]
    simulate: Option<u64>,
    /// Seed of the session: light, gaze and noise are the same each time.
    #[arg(long, value_name = "SEED", requires = "simulate")]
    session: Option<u64>,
    /// Prove both codes, for a service that asks for it: the proof says that they came from the
    /// published model and the irises that the orb commits to. The prover is in this folder, or
    /// is made there under the UNSAFE test key, which takes minutes and 230 MB. A service that
    /// changes to another model gets proved codes by it as well.
    #[arg(long, value_name = "FOLDER")]
    encoding_keys: Option<PathBuf>,
    /// Print the enrolment as JSON.
    #[arg(long)]
    json: bool,
}

/// Arguments that name the citizen before the orb: a visit code, or a commitment.
#[derive(Debug, Args)]
struct CitizenArgs {
    /// Photograph or screenshot of the visit code on the citizen's phone (PNG, JPEG, BMP, PNM).
    /// The code has to be of this chain and orb registry, signed, and at most 90 seconds old.
    #[arg(long, value_name = "IMAGE", group = "citizen")]
    qr: Option<PathBuf>,
    /// Text of the visit code, as a scanner reads it: ANNONA-VISIT-1:...
    #[arg(long, value_name = "TEXT", group = "citizen")]
    qr_text: Option<String>,
    /// The citizen's commitment, from `annona citizen new`; the nonce is then drawn here.
    #[arg(long, value_name = "0x…", group = "citizen", required_unless_present_any = ["qr", "qr_text"])]
    commitment: Option<Commitment>,
    /// Recover a person who is enrolled already and has lost that identity: revoke its leaf, and
    /// append the commitment instead. A visit code says this by itself.
    #[arg(long, conflicts_with_all = ["qr", "qr_text"])]
    recover: bool,
}

impl CitizenArgs {
    /// Reads what the citizen asks for, at this moment: a visit code is good for a short time.
    fn read(&self, domain: &EnrolmentDomain) -> anyhow::Result<(EnrolmentKind, Invitation)> {
        let text = match (&self.qr, &self.qr_text) {
            (Some(image), _) => Some(visit_code::read_image(image)?),
            (None, text) => text.clone(),
        };
        if let Some(text) = text {
            let visit = Visit::read(&text, domain, now())?;
            return Ok((visit.kind, visit.invitation));
        }
        let commitment = self.commitment;
        let invitation = Invitation {
            commitment: commitment.context("name the citizen: --qr, --qr-text or --commitment")?,
            nonce: random_nonce(),
            visit_key: None,
        };
        let kind = if self.recover {
            EnrolmentKind::Recovery
        } else {
            EnrolmentKind::New
        };
        Ok((kind, invitation))
    }
}

/// Runs a command of the orb.
pub(crate) async fn run(command: OrbCommand) -> anyhow::Result<ExitCode> {
    match command {
        OrbCommand::Enrol(args) => enrol(*args).await,
        OrbCommand::Calibrate(args) => calibrate::run(args).await,
        OrbCommand::Trial(args) => trial::run(args).await,
        OrbCommand::Attacks(args) => attacks::run(args).await,
    }
}

async fn enrol(args: EnrolArgs) -> anyhow::Result<ExitCode> {
    let deployment = Deployment::load(&args.deployment)?;
    // Before the capture, which may take longer than a visit code is good for.
    let (kind, invitation) = args.citizen.read(&deployment.enrolment_domain())?;
    let service = ApiClient::new(args.service.expose())?;
    let (prover, next_prover) = match args.encoding_keys.clone() {
        Some(folder) => (
            Some(load_prover(ModelName::P, folder.clone()).await?),
            next_prover(&service, folder).await?,
        ),
        None => (None, None),
    };
    let orb = Orb::new(
        account_keys::read(&args.key_file)?,
        service,
        deployment.enrolment_domain(),
    )
    .proving(prover)
    .changing_to(next_prover);
    let capture = match (&args.left, &args.right, args.simulate) {
        (Some(left), Some(right), None) => Capture::from_images(&EyeImages {
            left: open(left)?,
            right: open(right)?,
        })?,
        (None, None, Some(seed)) => {
            let person = Person::from_seed(seed);
            let mut rng = match args.session {
                Some(session) => ChaCha20Rng::seed_from_u64(session),
                None => ChaCha20Rng::from_rng(&mut rand::rng()),
            };
            capture_person(&person, &mut rng)?.capture
        }
        _ => bail!(
            "name two images with --left and --right, or a simulated person with --simulate SEED"
        ),
    };
    let view = orb.enrol(kind, &invitation, &capture, now()).await?;
    Format::from_flag(args.json).print(&view, || describe(&view))?;
    Ok(ExitCode::SUCCESS)
}

/// Loads the prover of the model that a service changes to, if it changes to one.
async fn next_prover(
    service: &ApiClient,
    folder: PathBuf,
) -> anyhow::Result<Option<Arc<EncodingProver>>> {
    let (id, _) = match service.model_upgrade().await {
        Ok(upgrade) => upgrade.parse()?,
        Err(error) if error.code() == Some("model-upgrade-unknown") => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let model = ModelName::with_id(id.0).with_context(|| {
        format!(
            "this version does not know model {id}, to which the service changes: get a newer one"
        )
    })?;
    load_prover(model, folder).await.map(Some)
}

/// Loads the prover of a model, or makes it, on a thread of its own: a signal that ends the
/// process does not wait for it, as it does for the runtime's threads.
pub(crate) async fn load_prover(
    model: ModelName,
    folder: PathBuf,
) -> anyhow::Result<Arc<EncodingProver>> {
    let (sender, receiver) = oneshot::channel();
    std::thread::spawn(move || {
        // A receiver that is gone waits no longer.
        let _gone = sender.send(model_prover(model, &folder));
    });
    let prover = receiver.await.context("the prover could not be made")??;
    Ok(Arc::new(prover))
}

fn describe(view: &EnrolmentView) -> String {
    format!(
        "enrolled: {} is admitted ({:?}).\nIt is paid from the epoch after the one in which it is appended; see `annona citizen status`.",
        view.commitment, view.status
    )
}

fn open(path: &Path) -> anyhow::Result<GrayImage> {
    let bytes =
        std::fs::read(path).with_context(|| format!("cannot read the image {}", path.display()))?;
    annona_iris::read_image(&bytes)
        .with_context(|| format!("cannot use the image {}", path.display()))
}

/// A successful capture session.
pub(crate) struct Session {
    pub(crate) images: EyeImages,
    pub(crate) capture: Capture,
    /// Captures that were not good enough before this one.
    pub(crate) retakes: u32,
}

/// Holds sessions with a person until both eyes are seen alive, as an orb would.
pub(crate) fn capture_person(person: &Person, rng: &mut ChaCha20Rng) -> Result<Session, OrbError> {
    let (mut retakes, mut suspicions) = (0, 0);
    loop {
        let asked = challenge(rng);
        let sitting = Sitting::new(person, &asked, rng);
        match present(&sitting, &asked) {
            Ok((capture, images)) => {
                return Ok(Session {
                    images,
                    capture,
                    retakes,
                });
            }
            Err(error) => {
                retakes += 1;
                suspicions += u32::from(is_suspicion(&error));
                if retakes >= MAX_CAPTURES || suspicions >= MAX_SUSPICIONS {
                    return Err(error);
                }
            }
        }
    }
}

/// Holds one session with the subject before the orb.
pub(crate) fn present(
    subject: &impl Subject,
    asked: &Challenge,
) -> Result<(Capture, EyeImages), OrbError> {
    let [left, right] = watch_both(subject, asked);
    Capture::from_sessions(left.outcome, right.outcome)
}

/// Returns whether the orb takes the subject before it for an attack.
pub(crate) fn is_suspicion(error: &OrbError) -> bool {
    matches!(error, OrbError::Session { refusal, .. } if !refusal.is_worth_a_retry())
}

/// One photograph of each eye, each under conditions of its own.
pub(crate) fn photograph(person: &Person, rng: &mut ChaCha20Rng) -> EyeImages {
    let mut eye = |eye: Eye| {
        let conditions = CaptureConditions::sample(rng);
        capture(person, eye, &conditions, rng)
    };
    EyeImages {
        left: eye(Eye::Left),
        right: eye(Eye::Right),
    }
}

pub(crate) fn random_nonce() -> B256 {
    B256::from(rand::random::<[u8; 32]>())
}

pub(crate) fn now() -> UnixSeconds {
    UnixSeconds(
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |elapsed| elapsed.as_secs()),
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use clap::Parser;
    use serde_json::Value;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        citizen: CitizenArgs,
    }

    fn parse(arguments: &[&str]) -> Result<CitizenArgs, clap::Error> {
        Line::try_parse_from([&["orb"], arguments].concat()).map(|line| line.citizen)
    }

    /// A code that the app's own code made, years ago, and where it is for.
    fn old_code() -> (String, EnrolmentDomain) {
        let vectors = include_str!("../../../orb-sim/tests/vectors/visit-codes.json");
        let vectors: Value = serde_json::from_str(vectors).unwrap();
        let code = &vectors["codes"][0];
        let domain = EnrolmentDomain {
            chain_id: code["chainId"].as_u64().unwrap(),
            orb_registry: code["orbRegistry"].as_str().unwrap().parse().unwrap(),
        };
        (code["text"].as_str().unwrap().to_owned(), domain)
    }

    fn refusal(text: &str, domain: &EnrolmentDomain) -> String {
        let citizen = parse(&["--qr-text", text]).unwrap();
        citizen.read(domain).unwrap_err().to_string()
    }

    #[test]
    fn a_citizen_is_named_in_one_way() {
        let commitment = format!("0x{:064x}", 9);
        let by_commitment = ["--commitment", &commitment];
        for named in [
            &by_commitment[..],
            &["--commitment", &commitment, "--recover"],
            &["--qr", "code.png"],
            &["--qr-text", "ANNONA-VISIT-1:"],
        ] {
            assert!(parse(named).is_ok(), "{named:?}");
        }
        for not_named in [
            &[][..],
            &["--recover"],
            &["--qr", "code.png", "--recover"],
            &["--qr-text", "a", "--recover"],
            &["--qr", "code.png", "--qr-text", "a"],
            &["--qr", "code.png", "--commitment", &commitment],
        ] {
            assert!(parse(not_named).is_err(), "{not_named:?}");
        }
        let (_, domain) = old_code();
        let citizen = parse(&["--commitment", &commitment, "--recover"]).unwrap();
        let (kind, first) = citizen.read(&domain).unwrap();
        assert_eq!(kind, EnrolmentKind::Recovery);
        assert_eq!(first.commitment.to_string(), commitment);
        assert_ne!(citizen.read(&domain).unwrap().1.nonce, first.nonce);
    }

    #[test]
    fn a_visit_code_that_does_not_serve_is_refused_with_the_reason() {
        let (text, domain) = old_code();
        assert!(refusal(&text, &domain).contains("s old"));
        let elsewhere = EnrolmentDomain {
            chain_id: 1,
            ..domain
        };
        assert!(refusal(&text, &elsewhere).contains("chain 31337"));
        let other = EnrolmentDomain {
            orb_registry: annona_core::Address::repeat_byte(1),
            ..domain
        };
        assert!(refusal(&text, &other).contains("orb registry"));
        let last = text.len() - 20;
        let letter = if text.as_bytes()[last] == b'A' {
            "B"
        } else {
            "A"
        };
        let changed = [&text[..last], letter, &text[last + 1..]].concat();
        assert!(refusal(&changed, &domain).contains("not signed"));
        assert!(refusal("hello", &domain).contains("no visit code"));
    }
}
