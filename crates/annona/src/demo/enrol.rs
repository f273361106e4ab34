//! Enrolment stages of the demo: newcomers, refusals of duplicates, bad images and attacks, the
//! wait for the registry, and a recovery.

use std::time::Duration;

use annona_client::Wallet;
use annona_client::wire::EnrolmentStatus;
use annona_core::{B256, EnrolmentKind};
use annona_engine::ports::ChainReader;
use anyhow::{Context, bail, ensure};
use orb_sim::attack::{Attack, Range, Species};
use orb_sim::session::challenge;
use orb_sim::{Capture, CaptureConditions, Eye, EyeImages, Invitation, OrbError, Person, capture};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

use super::artifacts::Artifacts;
use super::citizens::Citizen;
use super::figures::Figures;
use super::progress::DemoProgress;
use super::world::World;
use crate::orb::{
    MAX_CAPTURES, Session, capture_person, is_suspicion, now, photograph, present, random_nonce,
};

/// People who come back under a new identity.
const RETURNING: usize = 3;

/// Times that somebody who was taken for an attack comes back.
const MAX_VISITS: u32 = 5;

/// Longest wait for a batch of commitments to be final.
const REGISTRY_TIMEOUT: Duration = Duration::from_secs(120);

/// Streams of randomness, so that one stage does not shift another.
const NEWCOMERS: u64 = 1;
const RETURNERS: u64 = 2;
const DEFECTS: u64 = 3;
const ATTACKS: u64 = 4;
const RECOVERIES: u64 = 5;
pub(super) const PROVED: u64 = 6;

pub(super) fn stream(seed: u64, number: u64) -> ChaCha20Rng {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    rng.set_stream(number);
    rng
}

fn invitation(citizen: &Wallet) -> Invitation {
    Invitation {
        commitment: citizen.identity().commitment(),
        nonce: random_nonce(),
        visit_key: None,
    }
}

/// 1. Everybody enrols who has not.
pub(crate) async fn newcomers(
    progress: &mut DemoProgress,
    world: &World,
    people: &mut [Citizen],
    artifacts: Option<&Artifacts>,
    figures: &mut Figures,
) -> anyhow::Result<()> {
    progress.chapter("enrolment: capture both eyes, make templates, sign, check uniqueness");
    let started = progress.start_clock();
    let mut rng = stream(figures.seed, NEWCOMERS);
    let is_new = |citizen: &Citizen| citizen.enrolment.is_none();
    let count = people.iter().filter(|it| is_new(it)).count();
    let steps = progress.steps(count, "people");
    for citizen in people.iter_mut().filter(|it| is_new(it)) {
        enrol_newcomer(world, citizen, &mut rng, artifacts, figures).await?;
        steps.tick();
    }
    let sentence = format!(
        "{} people admitted, {} captures taken again, {} times somebody was taken for an attack and came back",
        figures.enrolled, figures.retakes, figures.wrongly_suspected
    );
    progress.end_steps(&steps, &sentence);
    progress.stop_clock("enrolment", started);
    Ok(())
}

/// Enrols a citizen for the first time, and counts it.
pub(super) async fn enrol_newcomer(
    world: &World,
    citizen: &mut Citizen,
    rng: &mut ChaCha20Rng,
    artifacts: Option<&Artifacts>,
    figures: &mut Figures,
) -> anyhow::Result<()> {
    let session = enrol_one(world, citizen, EnrolmentKind::New, rng, figures).await?;
    figures.enrolled += 1;
    figures.retakes += session.retakes;
    match artifacts {
        Some(artifacts) => artifacts.keep_eyes(citizen.number, &session),
        None => Ok(()),
    }
}

/// Enrols a citizen. A capture in the grey zone is taken again, as the service asks. Somebody
/// who is taken for an attack comes back later, as living people do.
pub(super) async fn enrol_one(
    world: &World,
    citizen: &mut Citizen,
    kind: EnrolmentKind,
    rng: &mut ChaCha20Rng,
    figures: &mut Figures,
) -> anyhow::Result<Session> {
    let (mut reviews, mut visits) = (0, 0);
    loop {
        let mut session = match capture_person(&citizen.person, rng) {
            Err(error) if is_suspicion(&error) && visits < MAX_VISITS => {
                visits += 1;
                figures.wrongly_suspected += 1;
                continue;
            }
            outcome => outcome?,
        };
        session.retakes += reviews;
        let outcome = world
            .orb()
            .enrol(kind, &invitation(&citizen.wallet), &session.capture, now())
            .await;
        match outcome {
            Ok(view) => {
                citizen.enrolment = Some(view);
                return Ok(session);
            }
            Err(OrbError::Service(refusal))
                if refusal.code() == Some("enrolment-review") && reviews < MAX_CAPTURES =>
            {
                reviews += 1;
            }
            Err(error) => {
                return Err(error)
                    .with_context(|| format!("citizen {} was not admitted", citizen.number));
            }
        }
    }
}

/// 2. People who are enrolled come again; two images are useless.
pub(crate) async fn refusals(
    progress: &mut DemoProgress,
    world: &World,
    people: &[Citizen],
    figures: &mut Figures,
) -> anyhow::Result<()> {
    progress.chapter("refusals: three come again with a fresh identity, two images are useless");
    let started = progress.start_clock();
    let mut rng = stream(figures.seed, RETURNERS);
    for citizen in people.iter().take(RETURNING) {
        figures.duplicates_offered += 1;
        let refusal = offer_again(world, citizen, &mut rng).await?;
        progress.say(&format!("   citizen {} again: {refusal}", citizen.number));
        figures.duplicates_refused += 1;
    }
    let mut rng = stream(figures.seed, DEFECTS);
    let newcomer = Person::from_seed(figures.seed ^ u64::MAX);
    for (name, conditions) in [
        ("blank image", CaptureConditions::blank(&mut rng)),
        (
            "badly blurred image",
            CaptureConditions::badly_defocused(&mut rng),
        ),
    ] {
        figures.bad_images_offered += 1;
        let images = with_bad_left_eye(&newcomer, &conditions, &mut rng);
        match Capture::from_images(&images) {
            Err(OrbError::Eye {
                eye: Eye::Left,
                reason,
            }) => {
                figures.bad_images_refused += 1;
                progress.say(&format!(
                    "   {name}: refused, {} ({})",
                    reason,
                    reason.code()
                ));
            }
            Err(other) => bail!("the {name} was refused for another reason: {other}"),
            Ok(_) => progress.say(&format!("   {name}: NOT refused")),
        }
    }
    attacks(progress, people, figures);
    progress.stop_clock("refusals", started);
    Ok(())
}

/// Likenesses of a citizen's eyes come before the orb.
fn attacks(progress: &DemoProgress, people: &[Citizen], figures: &mut Figures) {
    let mut rng = stream(figures.seed, ATTACKS);
    let forger = Person::from_seed(figures.seed ^ u64::MAX);
    for species in [
        Species::Prosthesis,
        Species::ReplayedSession,
        Species::ScreenPicture,
    ] {
        figures.attacks_offered += 1;
        let asked = challenge(&mut rng);
        let pair = (&people[0].person, &forger);
        let attack = Attack::prepare(species, Range::Tuning, pair, &asked, &mut rng);
        let name = species.name();
        match present(&attack, &asked) {
            Err(OrbError::Session { refusal, .. }) => {
                figures.attacks_refused += 1;
                progress.say(&format!(
                    "   {name}: refused, {refusal} ({})",
                    refusal.code()
                ));
            }
            Err(other) => progress.say(&format!("   {name}: refused for another reason: {other}")),
            Ok(_) => progress.say(&format!("   {name}: NOT refused")),
        }
    }
}

async fn offer_again(
    world: &World,
    citizen: &Citizen,
    rng: &mut ChaCha20Rng,
) -> anyhow::Result<String> {
    let fresh = world.new_wallet(&format!("again-{}", citizen.number))?;
    let session = loop {
        match capture_person(&citizen.person, rng) {
            Err(error) if is_suspicion(&error) => {}
            outcome => break outcome?,
        }
    };
    match world
        .orb()
        .enrol(
            EnrolmentKind::New,
            &invitation(&fresh),
            &session.capture,
            now(),
        )
        .await
    {
        Err(OrbError::Service(refusal)) if refusal.code() == Some("enrolment-duplicate") => {
            Ok(format!("refused, {refusal}"))
        }
        Err(other) => Err(other).context("a returning person was refused for another reason"),
        Ok(_) => bail!("citizen {} was admitted twice", citizen.number),
    }
}

fn with_bad_left_eye(
    person: &Person,
    conditions: &CaptureConditions,
    rng: &mut ChaCha20Rng,
) -> EyeImages {
    let left = capture(person, Eye::Left, conditions, rng);
    EyeImages {
        left,
        ..photograph(person, rng)
    }
}

/// 3. Everybody's leaf in the registry is final.
pub(crate) async fn wait_for_registry(
    progress: &mut DemoProgress,
    world: &World,
    people: &[Citizen],
) -> anyhow::Result<()> {
    progress.chapter("registry: commitments appended in batches");
    let started = progress.start_clock();
    let steps = progress.steps(people.len(), "members");
    for citizen in people {
        wait_until_member(world, citizen).await?;
        steps.tick();
    }
    let root = world.chain().registry_state().await?.root;
    progress.end_steps(&steps, &format!("{} members, root {root}", people.len()));
    progress.stop_clock("registry", started);
    Ok(())
}

async fn wait_until_member(world: &World, citizen: &Citizen) -> anyhow::Result<()> {
    let view = citizen
        .enrolment
        .as_ref()
        .context("every citizen was admitted")?;
    let id: B256 = view
        .id
        .parse()
        .context("the service named an enrolment in another form")?;
    let view = world
        .service()
        .wait_for_enrolment(id, REGISTRY_TIMEOUT)
        .await?;
    ensure!(
        view.status == EnrolmentStatus::Final,
        "citizen {} is no member: {:?}",
        citizen.number,
        view.status
    );
    Ok(())
}

/// 4b. Somebody has lost the phone and comes to the orb with another one: the old leaf is
/// revoked, the new one appended. Returns the lost wallet.
pub(crate) async fn recovery(
    progress: &mut DemoProgress,
    world: &World,
    citizen: &mut Citizen,
    figures: &mut Figures,
) -> anyhow::Result<Wallet> {
    progress.chapter("recovery: a lost phone, the same eyes, a fresh identity");
    let started = progress.start_clock();
    let fresh = world.new_wallet(&format!("recovered-{}", citizen.number))?;
    let lost = std::mem::replace(&mut citizen.wallet, fresh);
    let mut rng = stream(figures.seed, RECOVERIES);
    enrol_one(world, citizen, EnrolmentKind::Recovery, &mut rng, figures).await?;
    wait_until_member(world, citizen).await?;
    let registry = world.chain().registry_state().await?;
    progress.say(&format!(
        "   citizen {}: old leaf revoked, new one appended, root {}",
        citizen.number, registry.root
    ));
    figures.recovered += 1;
    progress.stop_clock("recovery", started);
    Ok(lost)
}
