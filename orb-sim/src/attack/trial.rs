//! Trials: living people and attacks before the orb, and what it said.
//!
//! Terms of ISO/IEC 30107-3: the attack presentation classification error rate
//! (APCER) of a species is the share of its presentations taken for living eyes,
//! the bona fide presentation classification error rate (BPCER) the share of living
//! people taken for attacks. Presentations that gave no verdict because too few
//! frames could be used are counted apart (non-response), for both kinds.

use super::{Attack, Range, Species};
use crate::anatomy::Person;
use crate::session::{Sitting, challenge, watch};
use annona_iris::Eye;
use annona_iris::liveness::{Check, Refusal, Report};
use rand::SeedableRng;
use rand_chacha::ChaCha12Rng;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What stands before the orb.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Presentation {
    /// A living person; both eyes are judged, as the orb does.
    BonaFide,
    /// An attack; one eye is judged, which favours the forger.
    Attack(Species, Range),
}

/// What one presentation came to.
#[derive(Clone, Debug)]
pub struct Trial {
    /// What stood there.
    pub presentation: Presentation,
    /// What the orb concluded.
    pub conclusion: Conclusion,
    /// Measurements of the eye that decided, when there were enough frames.
    pub report: Option<Report>,
}

/// What the orb concluded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conclusion {
    /// A living eye.
    Live,
    /// An attack, by the check named.
    Attack(Check),
    /// No verdict: too few usable frames.
    NoVerdict,
}

/// All kinds of presentations.
pub fn presentations() -> Vec<Presentation> {
    let mut all = vec![Presentation::BonaFide];
    for range in [Range::Tuning, Range::HeldOut] {
        all.extend(Species::ALL.map(|species| Presentation::Attack(species, range)));
    }
    all
}

/// Makes `people` presentations of each of `kinds`, on `threads` threads. The same
/// seed gives the same trials whatever the number of threads.
pub fn run(kinds: &[Presentation], people: usize, seed: u64, threads: usize) -> Vec<Trial> {
    let next = AtomicUsize::new(0);
    let trials = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(|| {
                loop {
                    let k = next.fetch_add(1, Ordering::Relaxed);
                    if k >= people * kinds.len() {
                        return;
                    }
                    let (person, kind) = (k / kinds.len(), k % kinds.len());
                    let mut rng = ChaCha12Rng::seed_from_u64(seed);
                    rng.set_stream(k as u64);
                    let trial = present(kinds[kind], seed, person as u64, &mut rng);
                    if let Ok(mut trials) = trials.lock() {
                        trials.push((k, trial));
                    }
                }
            });
        }
    });
    let mut trials = trials.into_inner().unwrap_or_default();
    trials.sort_by_key(|(k, _)| *k);
    trials.into_iter().map(|(_, trial)| trial).collect()
}

fn person(seed: u64, number: u64) -> Person {
    Person::from_seed(
        seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .wrapping_add(number),
    )
}

fn present(presentation: Presentation, seed: u64, number: u64, rng: &mut ChaCha12Rng) -> Trial {
    let someone = person(seed, number);
    let asked = challenge(rng);
    let seen = match presentation {
        Presentation::BonaFide => {
            let sitting = Sitting::new(&someone, &asked, rng);
            [Eye::Left, Eye::Right]
                .map(|eye| watch(&sitting, eye, &asked).outcome)
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

/// An attack when one eye is; no verdict when one eye gave none.
fn conclude(
    presentation: Presentation,
    seen: Vec<Result<annona_iris::liveness::Accepted, Refusal>>,
) -> Trial {
    let mut conclusion = Conclusion::Live;
    let mut report = None;
    for outcome in seen {
        match outcome {
            Ok(accepted) => {
                if report.is_none() {
                    report = Some(accepted.report);
                }
            }
            Err(Refusal::NotLive {
                verdict,
                report: measured,
            }) => {
                if let annona_iris::liveness::Verdict::Attack { check, .. } = verdict {
                    conclusion = Conclusion::Attack(check);
                }
                report = Some(measured);
                break;
            }
            Err(_) => conclusion = Conclusion::NoVerdict,
        }
    }
    Trial {
        presentation,
        conclusion,
        report,
    }
}

/// Counts of one kind of presentation.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    /// Presentations made.
    pub presented: usize,
    /// Taken for living eyes.
    pub live: usize,
    /// Taken for attacks.
    pub attacks: usize,
    /// Without verdict.
    pub without_verdict: usize,
    /// Checks by which they were taken for attacks.
    pub by_check: BTreeMap<&'static str, usize>,
}

impl Row {
    /// Counts the trials of one kind.
    #[must_use]
    pub fn of(trials: &[Trial], presentation: Presentation) -> Self {
        let mut row = Self::default();
        for trial in trials.iter().filter(|t| t.presentation == presentation) {
            row.presented += 1;
            match trial.conclusion {
                Conclusion::Live => row.live += 1,
                Conclusion::NoVerdict => row.without_verdict += 1,
                Conclusion::Attack(check) => {
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
    fn trials_do_not_depend_on_the_number_of_threads() {
        let codes = |threads| -> Vec<String> {
            run(&presentations()[..3], 1, 5, threads)
                .iter()
                .map(|t| format!("{:?} {:?}", t.conclusion, t.report))
                .collect()
        };
        assert_eq!(codes(1), codes(2));
    }
}
