//! Measures the whole way from an eye to a decision on simulated captures: renders,
//! encodes from pixels, compares all pairs, prints the error rates. Each seed is a table of its
//! own, with other people; the plot shows the first.
//!
//! `scores [--eyes 200] [--captures 4] [--seeds 90210,31337] [--json FILE] [--plot FILE.svg]`

use std::collections::BTreeMap;
use std::error::Error;
use std::time::Instant;

use annona_evaluation::plot::{GENUINE, IMPOSTOR, Page, Panel};
use annona_iris::{Eye, encode};
use annona_matcher::{
    Candidate, Decision, DecisionRule, EyesCompared, PairScore, Score, SearchResult, pair_score,
    score,
};
use annona_template::{EyePair, IrisTemplate};
use orb_sim::{CaptureConditions, Person, capture};
use rand::SeedableRng;
use rand_chacha::ChaCha12Rng;
use serde_json::{Value, json};

#[path = "scores/statistics.rs"]
mod statistics;

use statistics::{Distribution, ErrorRates};

/// False match rates at which the false non-match rate is reported.
const FALSE_MATCH_RATES: [f64; 3] = [1e-3, 1e-4, 1e-5];

struct Options {
    people: u64,
    captures: u64,
    seeds: Vec<u64>,
    json: Option<String>,
    plot: Option<String>,
}

/// The templates of one person's captures; `None` where one was refused.
struct Captured {
    left: Vec<Option<IrisTemplate>>,
    right: Vec<Option<IrisTemplate>>,
}

#[derive(Default)]
struct Enrolment {
    images: usize,
    refusals: BTreeMap<&'static str, usize>,
    encode_millis: f64,
    defective: BTreeMap<(&'static str, &'static str), usize>,
}

#[derive(Default)]
struct Scores {
    genuine: Vec<f64>,
    impostor: Vec<f64>,
    /// Pairs that share too few bits for a score, and pairs of which one eye does.
    incomparable: usize,
    one_eye_only: usize,
}

/// Number of pairs by kind (genuine, impostor) and decision.
type Decisions = BTreeMap<&'static str, BTreeMap<&'static str, usize>>;

fn main() -> Result<(), Box<dyn Error>> {
    let options = options()?;
    let mut reports = Vec::new();
    for (place, &seed) in options.seeds.iter().enumerate() {
        let plot = options.plot.as_ref().filter(|_| place == 0);
        reports.push(measure(&options, seed, plot)?);
    }
    let report = serde_json::to_string_pretty(&json!({ "seeds": reports }))?;
    println!("{report}");
    if let Some(path) = &options.json {
        std::fs::write(path, report + "\n")?;
    }
    Ok(())
}

/// Measures the people of one seed.
fn measure(options: &Options, seed: u64, plot: Option<&String>) -> Result<Value, Box<dyn Error>> {
    let mut enrolment = Enrolment::default();
    let people: Vec<Captured> = (0..options.people)
        .map(|k| photograph(k, seed, options.captures, &mut enrolment))
        .collect();
    photograph_defects(options.people, seed, &mut enrolment);

    let started = Instant::now();
    let (normalised, raw, compared) = single_eye_scores(&people);
    let micros_each = started.elapsed().as_secs_f64() * 1e6 / compared as f64;
    let (pairs, decisions) = pair_scores(&people);
    if let Some(path) = plot {
        let rows = [
            ("one eye, raw distance", &raw),
            ("one eye, normalised score", &normalised),
            ("both eyes, mean of the scores", &pairs),
        ];
        std::fs::write(path, histograms(&rows))?;
    }
    Ok(json!({
        "people": options.people,
        "eyes": 2 * options.people,
        "captures": options.captures,
        "seed": seed,
        "images": enrolment.images,
        "failed_to_acquire": enrolment.refusals.values().sum::<usize>(),
        "refusals": enrolment.refusals,
        "defective_images": defects(&enrolment),
        "ms_per_image": enrolment.encode_millis / enrolment.images as f64,
        "micros_per_comparison": micros_each,
        "eye_normalised": summary(&normalised),
        "eye_raw": summary(&raw),
        "both_eyes_normalised": summary(&pairs),
        "decisions": decisions,
    }))
}

/// The rows below each other; the last one with the thresholds of the standard rule.
fn histograms(rows: &[(&str, &Scores); 3]) -> String {
    let mut page = Page::new(3);
    for (number, (title, scores)) in (0u8..).zip(rows) {
        let panel = Panel {
            number,
            x: (0.0, 0.6),
            y: (0.0, 1.05),
        };
        panel.frame(&mut page, title, "", &[0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6]);
        let kinds = [
            ("genuine", &scores.genuine, GENUINE),
            ("impostor", &scores.impostor, IMPOSTOR),
        ];
        for (line, (kind, values, colour)) in (0u8..).zip(kinds) {
            panel.histogram(&mut page, values.iter().map(|v| *v as f32), colour);
            panel.note(
                &mut page,
                line,
                colour,
                &format!("{kind} ({})", values.len()),
            );
        }
        if number == 2 {
            let rule = DecisionRule::standard();
            let marks = [rule.duplicate_below_micros, rule.review_below_micros];
            for (line, micros) in (0u8..).zip(marks) {
                panel.threshold(&mut page, micros as f32 / 1e6, line);
            }
        }
    }
    page.into_svg()
}

fn photograph(number: u64, seed: u64, captures: u64, enrolment: &mut Enrolment) -> Captured {
    let person = Person::from_seed(seed.wrapping_mul(1_000_003).wrapping_add(number));
    let mut eye = |eye: Eye, stream: u64| {
        (0..captures)
            .map(|sample| {
                let mut rng = ChaCha12Rng::seed_from_u64(seed ^ 0x5c0e);
                rng.set_stream((number << 32) | (sample << 1) | stream);
                let conditions = CaptureConditions::sample(&mut rng);
                let image = capture(&person, eye, &conditions, &mut rng);
                let started = Instant::now();
                let result = encode(&image, eye);
                enrolment.encode_millis += started.elapsed().as_secs_f64() * 1e3;
                enrolment.images += 1;
                result
                    .map(|encoding| encoding.template)
                    .inspect_err(|e| *enrolment.refusals.entry(e.code()).or_default() += 1)
                    .ok()
            })
            .collect()
    };
    Captured {
        left: eye(Eye::Left, 0),
        right: eye(Eye::Right, 1),
    }
}

/// Blank and badly defocused captures: each has to be refused.
fn photograph_defects(people: u64, seed: u64, enrolment: &mut Enrolment) {
    type Draw = fn(&mut ChaCha12Rng) -> CaptureConditions;
    let kinds: [(&str, Draw); 2] = [
        ("blank", |rng| CaptureConditions::blank(rng)),
        ("defocused", |rng| CaptureConditions::badly_defocused(rng)),
    ];
    for number in 0..people {
        let person = Person::from_seed(seed.wrapping_mul(1_000_003).wrapping_add(number));
        for (stream, (kind, conditions)) in kinds.into_iter().enumerate() {
            let mut rng = ChaCha12Rng::seed_from_u64(seed ^ 0xbad);
            rng.set_stream((number << 1) | stream as u64);
            let conditions = conditions(&mut rng);
            let image = capture(&person, Eye::Left, &conditions, &mut rng);
            let outcome = encode(&image, Eye::Left).map_or_else(|e| e.code(), |_| "accepted");
            *enrolment.defective.entry((kind, outcome)).or_default() += 1;
        }
    }
}

fn defects(enrolment: &Enrolment) -> Value {
    let mut kinds: BTreeMap<&str, BTreeMap<&str, usize>> = BTreeMap::new();
    for ((kind, outcome), count) in &enrolment.defective {
        kinds.entry(kind).or_default().insert(outcome, *count);
    }
    json!(kinds)
}

/// Scores of all pairs of captures by eye: normalised, raw, and how many. The
/// left and the right eye of a person count as different eyes.
fn single_eye_scores(people: &[Captured]) -> (Scores, Scores, usize) {
    let captures: Vec<(usize, &IrisTemplate)> = people
        .iter()
        .flat_map(|person| [&person.left, &person.right])
        .enumerate()
        .flat_map(|(eye, all)| all.iter().flatten().map(move |template| (eye, template)))
        .collect();
    let (mut normalised, mut raw) = (Scores::default(), Scores::default());
    let mut compared = 0;
    for (k, (eye, template)) in captures.iter().enumerate() {
        for (other_eye, other) in &captures[k + 1..] {
            compared += 1;
            let Some(found): Option<Score> = score(template, other) else {
                normalised.incomparable += 1;
                raw.incomparable += 1;
                continue;
            };
            let genuine = eye == other_eye;
            normalised.push(genuine, found.value());
            raw.push(genuine, found.raw());
        }
    }
    (normalised, raw, compared)
}

/// Scores of all pairs of captures of both eyes, and what the standard rule decides
/// on each.
fn pair_scores(people: &[Captured]) -> (Scores, Decisions) {
    let captures: Vec<(usize, EyePair)> = people
        .iter()
        .enumerate()
        .flat_map(|(number, person)| {
            person
                .left
                .iter()
                .zip(&person.right)
                .filter_map(move |(left, right)| {
                    let (left, right) = (left.clone()?, right.clone()?);
                    Some((number, EyePair { left, right }))
                })
        })
        .collect();
    let mut scores = Scores::default();
    let mut decisions = Decisions::new();
    for (k, (number, eyes)) in captures.iter().enumerate() {
        for (other, other_eyes) in &captures[k + 1..] {
            let found = pair_score(eyes, other_eyes);
            let kind = if number == other {
                "genuine"
            } else {
                "impostor"
            };
            *decisions
                .entry(kind)
                .or_default()
                .entry(decision(found))
                .or_default() += 1;
            match found.eyes {
                EyesCompared::Both => scores.push(number == other, found.value()),
                EyesCompared::LeftOnly | EyesCompared::RightOnly => scores.one_eye_only += 1,
                EyesCompared::Neither => scores.incomparable += 1,
            }
        }
    }
    (scores, decisions)
}

impl Scores {
    fn push(&mut self, genuine: bool, value: f64) {
        if genuine {
            &mut self.genuine
        } else {
            &mut self.impostor
        }
        .push(value);
    }
}

fn summary(scores: &Scores) -> Value {
    let rates = ErrorRates::new(&scores.genuine, &scores.impostor);
    let at: BTreeMap<String, Value> = FALSE_MATCH_RATES
        .iter()
        .map(|&rate| {
            let (threshold, missed) = rates.false_non_match_at(rate);
            (
                format!("{rate:e}"),
                json!({ "threshold": threshold, "fnmr": missed }),
            )
        })
        .collect();
    json!({
        "genuine": Distribution::of(&scores.genuine).to_json(),
        "impostor": Distribution::of(&scores.impostor).to_json(),
        "incomparable": scores.incomparable,
        "one_eye_only": scores.one_eye_only,
        "eer": rates.equal_error_rate(),
        "fnmr_at_fmr": at,
    })
}

/// The standard rule's decision about a pair.
fn decision(score: PairScore) -> &'static str {
    let found = SearchResult {
        best: Some(Candidate { sequence: 0, score }),
        similar: 1,
        incomparable: 0,
        ..SearchResult::default()
    };
    match DecisionRule::standard().decide(&found) {
        Decision::Unique => "unique",
        Decision::Review { .. } => "review",
        Decision::Duplicate { .. } => "duplicate",
        Decision::Saturated { .. } => "saturated",
    }
}

fn options() -> Result<Options, Box<dyn Error>> {
    let mut options = Options {
        people: 100,
        captures: 4,
        seeds: vec![90_210],
        json: None,
        plot: None,
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let value = arguments
            .next()
            .ok_or_else(|| format!("{name} needs a value"))?;
        match name.as_str() {
            "--eyes" => options.people = value.parse::<u64>()?.div_ceil(2),
            "--captures" => options.captures = value.parse()?,
            "--seeds" => {
                options.seeds = value.split(',').map(str::parse).collect::<Result<_, _>>()?;
            }
            "--json" => options.json = Some(value),
            "--plot" => options.plot = Some(value),
            other => return Err(format!("{other} is not an option").into()),
        }
    }
    Ok(options)
}
