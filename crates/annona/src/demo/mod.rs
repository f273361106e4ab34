//! The whole story on one machine, on real parts: a chain, the contracts, the
//! service as a process of its own, simulated people in front of a simulated orb.

mod artifacts;
mod citizens;
mod enrol;
mod figures;
mod invitation;
mod pay;
mod progress;
mod proof;
mod refuse;
mod upgrade;
mod world;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use annona_api::AppFolder;
use annona_audit::{AuditProgress, AuditVerdict};
use annona_core::Epoch;
use anyhow::{Context, ensure};
use clap::Args;

use crate::audit;
use crate::orb::now;
use crate::output::{Lines, note};
use crate::outputs::JsonOutput;
use crate::signals::until_signal;
use artifacts::Artifacts;
use figures::Figures;
use progress::DemoProgress;
use world::{Proofs, World};

/// Arguments of `annona demo`.
#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// Number of people who enrol, 3 to 2,000.
    #[arg(long, default_value_t = 12, value_parser = clap::value_parser!(u32).range(3..=2_000))]
    people: u32,
    /// Seed of the people's eyes and of every capture; if none is given, a random one is used
    /// and printed.
    #[arg(long)]
    seed: Option<u64>,
    /// Write all figures to this file as JSON; "-" is standard output.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Keep paid claims (claims/*.json, in the form of npm @semaphore-protocol/proof 3.15),
    /// captured eyes (eyes/*.png with *.template) and the deployment file in this folder.
    #[arg(long, value_name = "DIR")]
    artifacts: Option<PathBuf>,
    /// Leave the chain and the service running at the end, until Ctrl-C.
    #[arg(long)]
    keep: bool,
    /// Leave out the people and their payments: start the chain, the contracts and the service,
    /// and leave them running, until Ctrl-C.
    #[arg(long, conflicts_with_all = ["people", "json", "artifacts", "encoding_keys"])]
    empty: bool,
    /// Folder of the built citizen's app, which the demo's service then serves; without this,
    /// app/dist below the current folder, if the app is built there.
    #[arg(long, value_name = "DIR")]
    app: Option<PathBuf>,
    /// Folder with the prover of the first person's codes (`annona zkml prove --keys`). A missing
    /// one is made there, which takes a minute; without this option it is made for this demo alone.
    #[arg(long, value_name = "FOLDER")]
    encoding_keys: Option<PathBuf>,
    /// Change to another model at the end: a person proves new codes at home, from the irises that
    /// the orb handed over. It takes a minute or two more.
    #[arg(long, conflicts_with = "empty")]
    upgrade: bool,
    /// Anvil binary; after `cargo xtask setup` it is found without this option.
    #[arg(long, value_name = "FILE", env = annona_chain::devnet::ANVIL_VARIABLE)]
    anvil: Option<PathBuf>,
}

/// Folder in which `npm run build` in app/ leaves the app.
const BUILT_APP: &str = "app/dist";

impl DemoArgs {
    /// Folder of the app to serve: the one that was named, which must hold it, or the usual one
    /// where it is there.
    fn app_folder(&self) -> anyhow::Result<Option<PathBuf>> {
        let folder = match &self.app {
            Some(folder) => folder.clone(),
            None if Path::new(BUILT_APP).join("index.html").is_file() => BUILT_APP.into(),
            None => return Ok(None),
        };
        AppFolder::open(&folder)?;
        Ok(Some(std::path::absolute(folder)?))
    }
}

/// Runs the demo; exit code 1 when anything turns out differently than it must.
pub(crate) async fn run(args: DemoArgs) -> anyhow::Result<ExitCode> {
    let lines = Arc::new(Lines::default());
    let telling = lines.during(tell(&args, &lines));
    match until_signal(telling).await? {
        Ok(code) => Ok(code),
        // With the demo's future the world was dropped, which ended its processes.
        Err(signal) => {
            note("\nstopped; the chain and the service were ended, their folder is removed");
            Ok(signal.exit_code())
        }
    }
}

async fn tell(args: &DemoArgs, lines: &Arc<Lines>) -> anyhow::Result<ExitCode> {
    let seed = args
        .seed
        .unwrap_or_else(|| u64::from(rand::random::<u32>()));
    let json = JsonOutput::begin(
        args.json.as_deref(),
        "figures of the demo",
        figures::MEMBERS,
    )?;
    let artifacts = args.artifacts.as_deref().map(Artifacts::open).transpose()?;
    let mut progress = DemoProgress::begin(args.people, seed, json.is_stdout(), Arc::clone(lines));
    let mut figures = Figures::new(args.people, seed);
    let app = args.app_folder()?;
    // Nobody is proved where nobody enrols.
    let proofs = if args.empty {
        Proofs::Optional
    } else {
        Proofs::Required
    };
    let creating = World::create(args.anvil.as_deref(), app.as_deref(), proofs);
    let title = "set up the chain, the contracts and the service";
    let mut world = progress.stage(title, creating).await?;

    if args.empty {
        return stay(&world, &progress, app.is_some()).await;
    }
    let told = chapters(
        args,
        artifacts.as_ref(),
        &mut progress,
        &mut world,
        app.as_deref(),
        &mut figures,
    )
    .await;
    figures.seconds = progress.seconds();
    progress.say(&figures.table());
    json.put(&figures)?;
    told?;
    let complaints = figures.complaints();
    for complaint in &complaints {
        note(format_args!("not as told: {complaint}"));
    }
    if args.keep {
        return stay(&world, &progress, app.is_some()).await;
    }
    Ok(if complaints.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Says how to go on, and leaves everything running until a signal ends it.
async fn stay(world: &World, progress: &DemoProgress, has_app: bool) -> anyhow::Result<ExitCode> {
    progress.say(&world.how_to_go_on()?);
    if has_app {
        let address = world.service().base();
        progress.say(&invitation::to_the_app(address, progress.is_on_terminal())?);
    }
    std::future::pending().await
}

async fn chapters(
    args: &DemoArgs,
    artifacts: Option<&Artifacts>,
    progress: &mut DemoProgress,
    world: &mut World,
    app: Option<&Path>,
    figures: &mut Figures,
) -> anyhow::Result<()> {
    if let Some(artifacts) = artifacts {
        artifacts.keep_deployment(world.deployment())?;
    }
    let mut people = citizens::make(args.people, figures.seed, world)?;
    let keys = args.encoding_keys.clone();
    let keys = keys.unwrap_or_else(|| world.folder().join("encoding-keys"));
    let first = people.first_mut().context("the demo has people")?;
    let folder = keys.clone();
    proof::first_person(progress, world, first, folder, artifacts, figures).await?;
    world.ask_for(Proofs::Optional, app).await?;
    enrol::newcomers(progress, world, &mut people, artifacts, figures).await?;
    enrol::refusals(progress, world, &people, figures).await?;
    enrol::wait_for_registry(progress, world, &people).await?;

    let first = world.next_epoch(progress).await?;
    pay::everybody(progress, world, &people, first, artifacts, figures).await?;
    refuse::second_claim(progress, world, &people[0], first, figures).await?;
    let lost = enrol::recovery(progress, world, last_of(&mut people)?, figures).await?;
    let second = world.next_epoch(progress).await?;
    let what = "claim with the lost identity";
    refuse::outsider(progress, world, &lost, what, second, figures).await?;
    refuse::changed_recipient(progress, world, &people[0], second, figures).await?;
    refuse::stranger(progress, world, second, figures).await?;
    pay::everybody(progress, world, &people, second, artifacts, figures).await?;
    check_nullifiers(&people, world, first, second)?;
    pay::check_balances(progress, world, &people, figures).await?;
    if args.upgrade {
        upgrade::at_home(progress, world, &keys, figures).await?;
    }
    audit_chain(progress, world, figures).await
}

fn last_of(people: &mut [citizens::Citizen]) -> anyhow::Result<&mut citizens::Citizen> {
    people.last_mut().context("the demo has people")
}

/// The promise that nobody can link the payments of a person.
fn check_nullifiers(
    people: &[citizens::Citizen],
    world: &World,
    first: Epoch,
    second: Epoch,
) -> anyhow::Result<()> {
    for citizen in people {
        ensure!(
            citizen.nullifier(world, first) != citizen.nullifier(world, second),
            "a nullifier was the same in two epochs"
        );
    }
    Ok(())
}

async fn audit_chain(
    progress: &mut DemoProgress,
    world: &World,
    figures: &mut Figures,
) -> anyhow::Result<()> {
    progress.chapter("audit, from the chain alone");
    let started = progress.start_clock();
    let tell = |event: AuditProgress<'_>| {
        if let AuditProgress::Checked(check) = event {
            progress.say(&audit::line(check));
        }
    };
    let report = annona_audit::audit(world.provider(), world.deployment(), now(), tell)
        .await
        .context("the audit could not be made")?;
    progress.say(&audit::summary(&report));
    progress.stop_clock("audit", started);
    figures.audit.passed = report.passed();
    figures.audit.failed = report.failed();
    figures.audit.not_checked = report.not_checked();
    ensure!(
        report.verdict() == AuditVerdict::Passed,
        "the audit has failures, or could not see all"
    );
    Ok(())
}
