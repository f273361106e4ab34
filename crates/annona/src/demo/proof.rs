//! First enrolment of the demo: the service takes nobody whose codes are not proved, and the orb
//! proves those of one person.

use std::path::PathBuf;

use annona_core::EnrolmentKind;
use annona_model::ModelName;
use anyhow::bail;
use orb_sim::OrbError;

use super::artifacts::Artifacts;
use super::citizens::Citizen;
use super::enrol::{PROVED, enrol_newcomer, enrol_one, stream};
use super::figures::Figures;
use super::progress::DemoProgress;
use super::world::World;
use crate::orb::load_prover;

/// 0. The first person enrols: not without a proof of both codes, and with it.
pub(crate) async fn first_person(
    progress: &mut DemoProgress,
    world: &mut World,
    citizen: &mut Citizen,
    keys: PathBuf,
    artifacts: Option<&Artifacts>,
    figures: &mut Figures,
) -> anyhow::Result<()> {
    progress.chapter("proof of encoding: the service asks for one, of the first person alone");
    let started = progress.start_clock();
    figures.proofs_asked_for += 1;
    let mut rng = stream(figures.seed, PROVED);
    match enrol_one(world, citizen, EnrolmentKind::New, &mut rng, figures).await {
        Ok(_) => bail!("a person was admitted without the proof that the service asks for"),
        Err(error) => progress.say(&format!("   without a proof: refused, {}", refusal(error)?)),
    }
    world.set_prover(Some(load_prover(ModelName::P, keys).await?));
    let proving = progress.start_clock();
    enrol_newcomer(world, citizen, &mut rng, artifacts, figures).await?;
    world.set_prover(None);
    figures.proofs_taken += 1;
    progress.say(&format!(
        "   with one: admitted; capture, proofs of both codes and their check took {:.1} s",
        proving.elapsed().as_secs_f64()
    ));
    progress.say(
        "   proved: both codes are the published model's codes of the irises that the orb signed\n   \
         not proved: that these are irises of living eyes, found and unrolled rightly; the orb's software stands for that",
    );
    progress.stop_clock("proof", started);
    Ok(())
}

/// Returns the service's answer to a packet without proofs; any other failure goes on.
fn refusal(error: anyhow::Error) -> anyhow::Result<String> {
    match error.downcast_ref::<OrbError>() {
        Some(OrbError::Service(refusal)) if refusal.code() == Some("encoding-proof-required") => {
            Ok(refusal.to_string())
        }
        _ => Err(error.context("a packet without proofs was refused for another reason")),
    }
}
