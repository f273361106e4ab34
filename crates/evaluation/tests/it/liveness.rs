//! Each liveness check against the likeness that it is there for, and against living
//! eyes; each test names one check and fails when it is disabled.

use annona_evaluation::attacks::{Presentation, PresentationConclusion, PresentationCounts, run};
use annona_iris::pad::LivenessCheck;
use orb_sim::attack::{Range, Species};

const PRESENTED: usize = 6;
/// People who come a second time.
const IMPOSTORS: usize = 2;
const SEED: u64 = 11;

/// Presentations of a kind that the check fails, and those it could measure.
fn failed(check: LivenessCheck, kind: Presentation) -> (usize, usize) {
    let trials = run(&[kind], PRESENTED, SEED);
    let values: Vec<f32> = trials
        .iter()
        .filter_map(|trial| trial.report.as_ref()?.value(check))
        .collect();
    let fails = values.iter().filter(|&&v| !check.limit().holds(v)).count();
    (fails, values.len())
}

/// Most of the likenesses fail the check, whatever the others say, and of the living
/// eyes at most one.
fn catches(check: LivenessCheck, species: Species) {
    let (fails, measured) = failed(check, Presentation::Attack(species, Range::Tuning));
    assert!(measured > 0, "no {species:?} was measured");
    assert!(
        2 * fails > measured,
        "{} found {fails} of {measured} {species:?}",
        check.code()
    );
    let (fails, measured) = failed(check, Presentation::BonaFide);
    assert!(measured > 0, "no living eye was measured");
    assert!(
        fails <= 1,
        "{} found {fails} of {measured} living",
        check.code()
    );
}

#[test]
fn a_frame_handed_in_again_is_a_copy() {
    catches(LivenessCheck::FramesDiffer, Species::ReplayedFrame);
}

#[test]
fn exchanged_pixels_move_the_glint_the_wrong_way() {
    catches(LivenessCheck::GlintDisplacement, Species::MirroredFrames);
}

#[test]
fn a_prosthesis_has_a_pupil_that_does_not_answer() {
    catches(LivenessCheck::PupilAmplitude, Species::Prosthesis);
}

#[test]
fn a_screen_is_lit_from_no_side() {
    catches(LivenessCheck::Shading, Species::ScreenPicture);
}

#[test]
fn a_lens_rests_while_the_pupil_moves() {
    catches(LivenessCheck::TissueMotion, Species::TexturedLens);
}

#[test]
fn eyes_already_enrolled_are_found_swapped_and_in_a_mirror() {
    for species in [Species::SwappedEyes, Species::SeenInMirror] {
        let kind = Presentation::Attack(species, Range::HeldOut);
        let trials = run(&[kind], IMPOSTORS, SEED);
        let row = PresentationCounts::of(&trials, kind);
        assert_eq!(row.live, 0, "{species:?}: {row:?}");
        let known = trials
            .iter()
            .filter(|trial| trial.conclusion == PresentationConclusion::Known)
            .count();
        assert!(known > 0, "{species:?}: {row:?}");
    }
}
