//! Change of the model in the demo: a person who has the irises at home proves new codes of them, and
//! visits no orb for it.
//!
//! Every step is a command of this program, as people and operators give it.

use std::path::{Path, PathBuf};

use annona_core::UnixSeconds;
use annona_model::ModelName;
use annona_zkml::unsafe_test_verifying_key;
use anyhow::{Context, bail, ensure};
use serde_json::Value;
use tokio::process::Command;

use super::figures::Figures;
use super::progress::DemoProgress;
use super::world::World;
use crate::model::day_of;
use crate::orb::now;

/// Model that the demo changes to.
const NEXT: ModelName = ModelName::P2;

/// Time that people have to change.
const DAYS: u64 = 90;

/// Sessions after which somebody who is taken for an attack gives up.
const MAX_VISITS: u64 = 5;

/// Files of the change in the demo's folder.
const PARAMETERS: &str = "next-model.json";
const KEY: &str = "next-model.UNSAFE-TEST.vk";
const WALLET: &str = "upgrade.wallet.json";
const HOME: &str = "irises";

/// Changes the service to another model. One person follows from home, and is then known under
/// the new model; a packet without codes by it is refused.
pub(super) async fn at_home(
    progress: &mut DemoProgress,
    world: &World,
    keys: &Path,
    figures: &mut Figures,
) -> anyhow::Result<()> {
    progress
        .chapter("another model: new codes are proved at home, and nobody visits an orb for it");
    let started = progress.start_clock();
    figures.upgrades_offered += 1;
    let commands = Commands::new(world, keys, figures.seed)?;
    commands.enrol_and_take_home().await?;
    let published = commands.publish().await?;
    progress.say(&format!(
        "   published: model {NEXT}, {}",
        text(&published, "modelId")?
    ));
    let refused = commands.newcomer_without_codes().await?;
    progress.say(&format!(
        "   a newcomer with codes by the old model alone: refused, {refused}"
    ));
    let proving = progress.start_clock();
    commands.upgrade().await?;
    progress.say(&format!(
        "   at home: both codes proved from the irises that the orb had signed, and taken; {:.1} s with the start of the program",
        proving.elapsed().as_secs_f64()
    ));
    let refused = commands.come_again().await?;
    progress.say(&format!(
        "   the same person at the orb with a fresh identity: refused, {refused}"
    ));
    let status = commands.status().await?;
    let count = |name: &str| status["upgrade"][name].as_u64();
    ensure!(count("upgraded") == Some(1), "the status says {status}");
    let left = count("left").context("the status counts those who are left")?;
    progress.say(&format!(
        "   1 person has changed, {left} are left and are searched under the old model"
    ));
    figures.upgrades_taken += 1;
    progress.stop_clock("upgrade", started);
    Ok(())
}

/// Commands of this program in the demo's folder.
struct Commands {
    binary: PathBuf,
    folder: PathBuf,
    service: String,
    keys: PathBuf,
    /// Seed of the simulated person.
    person: u64,
}

impl Commands {
    fn new(world: &World, keys: &Path, seed: u64) -> anyhow::Result<Self> {
        Ok(Self {
            binary: std::env::current_exe()?,
            folder: world.folder().to_owned(),
            service: world.service().base().to_owned(),
            keys: std::path::absolute(keys)?,
            person: !seed,
        })
    }

    /// Enrols the person by a visit code, and fetches the irises that the orb encrypted for it.
    async fn enrol_and_take_home(&self) -> anyhow::Result<()> {
        self.run(&["citizen", "new", "--wallet", WALLET]).await?;
        let mut session = 0;
        let secret = loop {
            let secret = format!("upgrade-{session}.visit");
            let deployment = ["--deployment", "deployment.json", "--wallet", WALLET];
            let visit = [&["citizen", "visit", "--secret", &secret], &deployment[..]].concat();
            let visit = self.run(&visit).await?;
            let code = ["--qr-text", text(&visit, "text")?];
            session += 1;
            match self.visit_once(self.person, session, &code).await {
                Err(_) if session < MAX_VISITS => {}
                outcome => break outcome.map(|_| secret)?,
            }
        };
        let package = ["citizen", "package", "--secret", &secret];
        let place = ["--service", &self.service, "--out", HOME];
        self.run(&[&package[..], &place].concat()).await?;
        Ok(())
    }

    async fn publish(&self) -> anyhow::Result<Value> {
        std::fs::write(self.folder.join(PARAMETERS), NEXT.parameters())?;
        let key = unsafe_test_verifying_key(NEXT).to_bytes();
        std::fs::write(self.folder.join(KEY), key)?;
        let until = day_of(UnixSeconds(now().0 + DAYS * 86_400));
        let files = ["--parameters", PARAMETERS, "--key", KEY];
        let terms = ["--old-until", &until, "--config", "annona.toml"];
        let published = [&["model", "upgrade"], &files[..], &terms].concat();
        self.run(&published).await
    }

    async fn upgrade(&self) -> anyhow::Result<Value> {
        let keys = self.keys.to_string_lossy();
        let place = ["--service", &self.service, "--package", HOME];
        let upgrade = [&["citizen", "upgrade", "--keys", &keys], &place[..]].concat();
        self.run(&upgrade).await
    }

    async fn newcomer_without_codes(&self) -> anyhow::Result<String> {
        let commitment = format!("0x{:064x}", 0x0a22_u64);
        let newcomer = self.person.wrapping_add(1);
        let citizen = ["--commitment", &commitment];
        let refused = self.visit_orb(newcomer, &citizen).await;
        refusal(refused, "upgraded-codes-required")
    }

    /// Comes again with a fresh identity, with codes by both models.
    async fn come_again(&self) -> anyhow::Result<String> {
        let commitment = format!("0x{:064x}", 0x0a23_u64);
        let keys = self.keys.to_string_lossy();
        let arguments = ["--commitment", &commitment, "--encoding-keys", &keys];
        let refused = self.visit_orb(self.person, &arguments).await;
        refusal(refused, "enrolment-duplicate")
    }

    async fn status(&self) -> anyhow::Result<Value> {
        self.run(&["model", "status", "--config", "annona.toml"])
            .await
    }

    /// Captures a simulated person, in another session when it is taken for an attack.
    async fn visit_orb(&self, person: u64, citizen: &[&str]) -> anyhow::Result<Value> {
        let mut session = 0;
        loop {
            session += 1;
            match self.visit_once(person, session, citizen).await {
                Err(error) if session < MAX_VISITS && !is_refusal(&error) => {}
                outcome => return outcome,
            }
        }
    }

    async fn visit_once(
        &self,
        person: u64,
        session: u64,
        citizen: &[&str],
    ) -> anyhow::Result<Value> {
        let (person, session) = (person.to_string(), session.to_string());
        let orb = ["--deployment", "deployment.json", "--key-file", "orb.key"];
        let who = ["--simulate", &person, "--session", &session];
        let service = ["orb", "enrol", "--service", &self.service];
        self.run(&[&service[..], &orb, &who, citizen].concat())
            .await
    }

    /// Runs a command with --json to its end, and returns its answer.
    async fn run(&self, arguments: &[&str]) -> anyhow::Result<Value> {
        let mut command = Command::new(&self.binary);
        command.args(arguments).arg("--json");
        command.current_dir(&self.folder).kill_on_drop(true);
        let output = command.output().await?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            let name = arguments.get(..2).unwrap_or(arguments).join(" ");
            bail!("annona {name}: {}", said.trim());
        }
        Ok(serde_json::from_slice(&output.stdout)?)
    }
}

/// Returns whether the service refused, and not the orb.
fn is_refusal(error: &anyhow::Error) -> bool {
    let said = error.to_string();
    ["upgraded-codes-required", "enrolment-duplicate"]
        .iter()
        .any(|code| said.contains(code))
}

/// Returns the reason of a refusal with this code; anything else goes on.
fn refusal(outcome: anyhow::Result<Value>, code: &str) -> anyhow::Result<String> {
    let said = match outcome {
        Ok(_) => bail!("a person was admitted who must be refused with {code}"),
        Err(error) => error.to_string(),
    };
    ensure!(
        said.contains(code),
        "a person was refused for another reason: {said}"
    );
    let reason = said
        .split_once("error: ")
        .map_or(&*said, |(_, reason)| reason);
    Ok(reason.lines().last().unwrap_or_default().to_owned())
}

fn text<'a>(answer: &'a Value, name: &str) -> anyhow::Result<&'a str> {
    answer[name]
        .as_str()
        .with_context(|| format!("the answer has no {name}"))
}
