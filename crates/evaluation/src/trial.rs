//! Trial of the whole way: many people come twice, and everybody meets everybody.
//!
//! The first session enrols, the second one probes. Both are sessions of several frames an
//! eye, fused into one template. The caller may examine people on any thread: every
//! function here depends on its arguments alone.

use annona_iris::{Encoding, Eye, encode};
use annona_matcher::{DecisionRule, FusionRule, Gallery, GalleryError, Snapshot, fuse};
use annona_template::{EyePair, IrisTemplate};
use orb_sim::{CaptureConditions, Person, capture};
use rand::SeedableRng;
use rand_chacha::ChaCha12Rng;
use serde::Serialize;

use crate::confidence::clopper_pearson;

/// Parameters of a trial: the people who come, and how often each eye is photographed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrialPlan {
    /// Number of people.
    pub people: u64,
    /// Sessions of each person: the first enrols, the others probe.
    pub sessions: u64,
    /// Frames of each eye in a session.
    pub frames: u64,
    /// Seed of people and conditions.
    pub seed: u64,
}

/// Templates of one person by session; `None` where an eye gave no template.
pub struct TrialSubject {
    /// Templates of both eyes, by session.
    pub sessions: Vec<Option<EyePair>>,
}

/// Photographs person `number` of the plan in every session.
#[must_use]
pub fn examine(plan: &TrialPlan, number: u64) -> TrialSubject {
    let person = Person::from_seed(plan.seed.wrapping_mul(1_000_003).wrapping_add(number));
    let sessions = (0..plan.sessions)
        .map(|session| {
            let eye = |eye, stream| {
                let mut rng = ChaCha12Rng::seed_from_u64(plan.seed ^ 0x7214);
                rng.set_stream((number << 16) | (session << 1) | stream);
                template(&person, eye, plan.frames, &mut rng)
            };
            let (left, right) = (eye(Eye::Left, 0)?, eye(Eye::Right, 1)?);
            Some(EyePair { left, right })
        })
        .collect();
    TrialSubject { sessions }
}

fn template(person: &Person, eye: Eye, frames: u64, rng: &mut ChaCha12Rng) -> Option<IrisTemplate> {
    let accepted: Vec<Encoding> = (0..frames)
        .filter_map(|_| {
            let conditions = CaptureConditions::sample(rng);
            encode(&capture(person, eye, &conditions, rng), eye).ok()
        })
        .collect();
    fused(accepted)
}

/// One template of the frames of an eye, by [`fuse`]; of a single frame, its own.
fn fused(frames: Vec<Encoding>) -> Option<IrisTemplate> {
    let mut templates: Vec<IrisTemplate> = frames.into_iter().map(|f| f.template).collect();
    if templates.len() == 1 {
        return templates.pop();
    }
    let fused = fuse(&templates, &FusionRule::standard()).ok()?;
    Some(fused.template)
}

/// Decisions of the production rule, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DecisionCounts {
    /// Number of pairs compared.
    pub pairs: u64,
    /// Number of them called the same person.
    pub duplicate: u64,
    /// Number of them left to a person to look at.
    pub review: u64,
    /// Number of them called different people.
    pub unique: u64,
}

impl DecisionCounts {
    /// Counts the decisions of the production rule on `probe` and the people of `enrolled`
    /// behind `sequence`, in every arrangement of the eyes.
    fn of_search(probe: &EyePair, enrolled: &Snapshot, sequence: u64) -> Self {
        let rule = DecisionRule::standard();
        let below = |micros| enrolled.search_after(sequence, probe, micros);
        let alike = below(rule.review_below_micros);
        let duplicate = below(rule.duplicate_below_micros).similar;
        let pairs = enrolled.len() - sequence;
        let review = alike.similar + alike.incomparable - duplicate;
        Self {
            pairs,
            duplicate,
            review,
            unique: pairs - duplicate - review,
        }
    }

    fn remove(&mut self, part: &Self) {
        self.pairs -= part.pairs;
        self.duplicate -= part.duplicate;
        self.review -= part.review;
        self.unique -= part.unique;
    }

    /// Adds the counts of another part of the pairs.
    pub fn add(&mut self, other: &Self) {
        self.pairs += other.pairs;
        self.duplicate += other.duplicate;
        self.review += other.review;
        self.unique += other.unique;
    }
}

/// Everybody who enrolled, in the gallery of production.
pub struct EnrolledSubjects {
    gallery: Snapshot,
}

impl EnrolledSubjects {
    /// The first sessions of all subjects.
    ///
    /// # Errors
    /// [`GalleryError`], of a gallery in memory.
    pub fn new(subjects: &[TrialSubject]) -> Result<Self, GalleryError> {
        let mut gallery = Gallery::new();
        let enrolments = subjects.iter().filter_map(|s| s.sessions.first()?.as_ref());
        for (k, eyes) in enrolments.enumerate() {
            gallery.push(k as u64 + 1, eyes)?;
        }
        let gallery = gallery.snapshot();
        Ok(Self { gallery })
    }

    /// The later sessions of a person against the own enrolment (genuine), and
    /// against everybody else's (impostor).
    ///
    /// # Errors
    /// [`GalleryError`], of a gallery in memory.
    pub fn compare(
        &self,
        subject: &TrialSubject,
    ) -> Result<(DecisionCounts, DecisionCounts), GalleryError> {
        let (mut genuine, mut impostor) = (DecisionCounts::default(), DecisionCounts::default());
        let own = match subject.sessions.first() {
            Some(Some(eyes)) => {
                let mut own = Gallery::new();
                own.push(1, eyes)?;
                Some(own.snapshot())
            }
            _ => None,
        };
        for probe in subject.sessions.iter().skip(1).flatten() {
            let mut others = DecisionCounts::of_search(probe, &self.gallery, 0);
            if let Some(own) = &own {
                let own = DecisionCounts::of_search(probe, own, 0);
                others.remove(&own);
                genuine.add(&own);
            }
            impostor.add(&others);
        }
        Ok((genuine, impostor))
    }
}

/// A count of events among trials.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct TrialRate {
    /// Number of events seen.
    pub events: u64,
    /// Number of trials.
    pub trials: u64,
    /// Events a trial; zero of no trials.
    pub rate: f64,
    /// Ends of the 95 % interval after Clopper and Pearson (1934). It takes trials as
    /// independent; pairs that share people are not quite.
    pub interval: (f64, f64),
}

impl TrialRate {
    /// The rate of `events` in `trials`.
    #[must_use]
    pub fn new(events: u64, trials: u64) -> Self {
        Self {
            events,
            trials,
            rate: events as f64 / trials.max(1) as f64,
            interval: clopper_pearson(events, trials),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_interval_is_that_of_the_tables() {
        let near = |(a, b): (f64, f64), (c, d): (f64, f64)| {
            assert!((a - c).abs() < 2e-4 && (b - d).abs() < 2e-4, "{a} {b}");
        };
        near(TrialRate::new(0, 10).interval, (0.0, 0.3085));
        near(TrialRate::new(1, 10).interval, (0.0025, 0.4450));
        near(TrialRate::new(10, 10).interval, (0.6915, 1.0));
        near(TrialRate::new(5, 100).interval, (0.0164, 0.1128));
        let none = TrialRate::new(0, 1_000_000).interval.1;
        assert!((none / 3.689e-6 - 1.0).abs() < 1e-3, "{none}");
    }

    #[test]
    fn every_pair_of_people_is_counted_once_and_every_person_with_themselves() {
        let plan = TrialPlan {
            people: 3,
            sessions: 2,
            frames: 2,
            seed: 5,
        };
        let mut subjects: Vec<TrialSubject> = (0..plan.people).map(|k| examine(&plan, k)).collect();
        let count = |subjects: &[TrialSubject]| {
            let enrolled = EnrolledSubjects::new(subjects).unwrap();
            let (mut genuine, mut impostor) =
                (DecisionCounts::default(), DecisionCounts::default());
            for subject in subjects {
                let (own, others) = enrolled.compare(subject).unwrap();
                genuine.add(&own);
                impostor.add(&others);
            }
            (genuine, impostor)
        };
        let (genuine, impostor) = count(&subjects);
        assert_eq!((genuine.pairs, genuine.duplicate), (3, 3));
        assert_eq!((impostor.pairs, impostor.unique), (6, 6));
        // The same templates under another name are found.
        subjects[2].sessions[1] = subjects[0].sessions[0].clone();
        assert_eq!(count(&subjects).1.duplicate, 1);
        subjects[1].sessions[0] = None;
        assert_eq!(count(&subjects).0.pairs, 2);
    }

    #[test]
    fn without_frames_there_is_no_template() {
        assert!(fused(Vec::new()).is_none());
    }
}
