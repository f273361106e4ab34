//! Trials of living people and attacks before the orb, and the conclusions.
//!
//! Terms of ISO/IEC 30107-3: the attack presentation classification error rate
//! (APCER) of a species is the share of its presentations taken for living eyes,
//! the bona fide presentation classification error rate (BPCER) the share of living
//! people taken for attacks. Presentations that gave no verdict because too few
//! frames could be used are counted apart (non-response), for both kinds.

use std::collections::BTreeMap;

use annona_iris::Eye;
use annona_iris::pad::{
    AcceptedCapture, CaptureRefusal, LivenessCheck, LivenessReport, LivenessVerdict,
};
use annona_matcher::{Decision, DecisionRule, Gallery};
use annona_template::EyePair;
use orb_sim::Person;
use orb_sim::attack::{Attack, Range, Species};
use orb_sim::session::{Sitting, challenge, watch};
use rand::SeedableRng;
use rand_chacha::ChaCha12Rng;
use rayon::prelude::*;

/// Kind of presentation to the orb.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Presentation {
    /// A living person; both eyes are judged, as the orb does.
    BonaFide,
    /// An attack; one eye is judged, which favours the forger. Of living eyes already
    /// enrolled both are, and then compared with the enrolment.
    Attack(Species, Range),
}

/// Result of one presentation to the orb.
#[derive(Clone, Debug)]
pub struct PresentationTrial {
    /// Kind of presentation that was made.
    pub presentation: Presentation,
    /// Conclusion about the eyes that were presented.
    pub conclusion: PresentationConclusion,
    /// Measurements of the eye that decided, when there were enough frames.
    pub report: Option<LivenessReport>,
}

/// Name of the comparison with those enrolled, beside those of the checks.
const KNOWN: &str = "already-enrolled";
const EYES: [Eye; 2] = [Eye::Left, Eye::Right];

/// Conclusion of the orb, or of the search for duplicates, about a presentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PresentationConclusion {
    /// A living eye.
    Live,
    /// An attack, by the check named.
    Attack(LivenessCheck),
    /// Living eyes of somebody already enrolled, or so like theirs that a person looks.
    Known,
    /// No verdict: too few usable frames.
    NoVerdict,
}

/// All kinds of presentations.
#[must_use]
pub fn presentations() -> Vec<Presentation> {
    let mut all = vec![Presentation::BonaFide];
    for range in [Range::Tuning, Range::HeldOut] {
        // Nothing about living eyes has parameters to hold out.
        let drawn = Species::ALL
            .into_iter()
            .filter(|species| range == Range::HeldOut || !species.is_living());
        all.extend(drawn.map(|species| Presentation::Attack(species, range)));
    }
    all
}

/// Makes `people` presentations of each of `kinds`, on all cores.
pub fn run(kinds: &[Presentation], people: usize, seed: u64) -> Vec<PresentationTrial> {
    (0..people * kinds.len())
        .into_par_iter()
        .map(|number| nth(kinds, seed, number as u64))
        .collect()
}

/// Presentation `number` of a series that takes the `kinds` in turn, from one person to
/// the next. It depends on nothing but these arguments.
pub fn nth(kinds: &[Presentation], seed: u64, number: u64) -> PresentationTrial {
    let each = kinds.len() as u64;
    let mut rng = ChaCha12Rng::seed_from_u64(seed);
    rng.set_stream(number);
    let kind = kinds[(number % each) as usize];
    present(kind, seed, number / each, &mut rng)
}

fn person(seed: u64, number: u64) -> Person {
    Person::from_seed(
        seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .wrapping_add(number),
    )
}

fn present(
    presentation: Presentation,
    seed: u64,
    number: u64,
    rng: &mut ChaCha12Rng,
) -> PresentationTrial {
    let someone = person(seed, number);
    let asked = challenge(rng);
    let seen = match presentation {
        Presentation::Attack(species, range) if species.is_living() => {
            let people = (&someone, &someone);
            let attack = Attack::prepare(species, range, people, &asked, rng);
            let seen = EYES.map(|eye| watch(&attack, eye, &asked).outcome);
            return compare(presentation, seen, &someone, rng);
        }
        Presentation::BonaFide => {
            let sitting = Sitting::new(&someone, &asked, rng);
            EYES.map(|eye| watch(&sitting, eye, &asked).outcome)
                .to_vec()
        }
        Presentation::Attack(species, range) => {
            let forger = person(!seed, number);
            let attack = Attack::prepare(species, range, (&someone, &forger), &asked, rng);
            let eye = if number.is_multiple_of(2) {
                Eye::Left
            } else {
                Eye::Right
            };
            vec![watch(&attack, eye, &asked).outcome]
        }
    };
    conclude(presentation, seen)
}

/// Sessions in which somebody tries to enrol before the attack.
const ENROLMENT_SESSIONS: usize = 4;

/// Judges living eyes of somebody who enrolled in another session, as the orb and then the
/// search for duplicates do.
fn compare(
    presentation: Presentation,
    seen: [Result<AcceptedCapture, CaptureRefusal>; 2],
    person: &Person,
    rng: &mut ChaCha12Rng,
) -> PresentationTrial {
    let enrolled = (0..ENROLMENT_SESSIONS).find_map(|_| {
        let asked = challenge(rng);
        let sitting = Sitting::new(person, &asked, rng);
        pair(&EYES.map(|eye| watch(&sitting, eye, &asked).outcome))
    });
    let offered = pair(&seen);
    let mut trial = conclude(presentation, Vec::from(seen));
    if trial.conclusion == PresentationConclusion::Live {
        let known = enrolled.zip(offered).map(|(old, new)| is_known(&old, &new));
        trial.conclusion = match known {
            Some(true) => PresentationConclusion::Known,
            Some(false) => PresentationConclusion::Live,
            None => PresentationConclusion::NoVerdict,
        };
    }
    trial
}

/// Templates of the best frames, when both eyes were accepted.
fn pair(seen: &[Result<AcceptedCapture, CaptureRefusal>; 2]) -> Option<EyePair> {
    let [Ok(left), Ok(right)] = seen else {
        return None;
    };
    Some(EyePair {
        left: left.best.encoding.template.clone(),
        right: right.best.encoding.template.clone(),
    })
}

/// Returns whether the production rule keeps `new` from being enrolled beside `old`: as a
/// duplicate, or until a review.
fn is_known(old: &EyePair, new: &EyePair) -> bool {
    let rule = DecisionRule::standard();
    let mut gallery = Gallery::new();
    if gallery.push(1, old).is_err() {
        return false;
    }
    let found = gallery.snapshot().search(new, rule.threshold_micros());
    rule.decide(&found) != Decision::Unique
}

/// An attack when one eye is; no verdict when one eye gave none.
fn conclude(
    presentation: Presentation,
    seen: Vec<Result<AcceptedCapture, CaptureRefusal>>,
) -> PresentationTrial {
    let mut conclusion = PresentationConclusion::Live;
    let mut report = None;
    for outcome in seen {
        match outcome {
            Ok(accepted) => {
                if report.is_none() {
                    report = Some(accepted.report);
                }
            }
            Err(CaptureRefusal::NotLive {
                verdict,
                report: measured,
            }) => {
                if let LivenessVerdict::Attack { check, .. } = verdict {
                    conclusion = PresentationConclusion::Attack(check);
                }
                report = Some(measured);
                break;
            }
            Err(_) => conclusion = PresentationConclusion::NoVerdict,
        }
    }
    PresentationTrial {
        presentation,
        conclusion,
        report,
    }
}

/// Counts of one kind of presentation.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PresentationCounts {
    /// Number of presentations made.
    pub presented: usize,
    /// Number of them taken for living eyes.
    pub live: usize,
    /// Number of them taken for attacks.
    pub attacks: usize,
    /// Number of them without a verdict.
    pub without_verdict: usize,
    /// Number of those taken for attacks by what refused them: the check that failed first,
    /// or the comparison.
    pub by_check: BTreeMap<&'static str, usize>,
}

impl PresentationCounts {
    /// Counts the trials of one kind.
    #[must_use]
    pub fn of(trials: &[PresentationTrial], presentation: Presentation) -> Self {
        let mut row = Self::default();
        for trial in trials.iter().filter(|t| t.presentation == presentation) {
            row.presented += 1;
            match trial.conclusion {
                PresentationConclusion::Live => row.live += 1,
                PresentationConclusion::NoVerdict => row.without_verdict += 1,
                PresentationConclusion::Known => {
                    row.attacks += 1;
                    *row.by_check.entry(KNOWN).or_default() += 1;
                }
                PresentationConclusion::Attack(check) => {
                    row.attacks += 1;
                    *row.by_check.entry(check.code()).or_default() += 1;
                }
            }
        }
        row
    }

    /// Errors and presentations that had a verdict.
    #[must_use]
    pub fn errors(&self, presentation: Presentation) -> (usize, usize) {
        let wrong = match presentation {
            Presentation::BonaFide => self.attacks,
            Presentation::Attack(..) => self.live,
        };
        (wrong, self.live + self.attacks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trial_is_the_same_alone_and_among_others() {
        let kinds = &presentations()[..3];
        let all = run(kinds, 1, 5);
        let shown = |t: &PresentationTrial| {
            format!("{:?} {:?} {:?}", t.presentation, t.conclusion, t.report)
        };
        for (number, trial) in all.iter().enumerate().rev() {
            assert_eq!(trial.presentation, kinds[number]);
            assert_eq!(shown(&nth(kinds, 5, number as u64)), shown(trial));
        }
    }
}
