//! One person, one picture, any way up: whatever is done to the pictures of an enrolled
//! person, none gives a second member.

mod form;
mod pixels;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use annona_iris::{Eye, IrisError, encode, encode_bytes};
use annona_matcher::{Decision, DecisionRule, Gallery};
use annona_template::{EyePair, IrisTemplate};
use image::GrayImage;
use orb_sim::{CaptureConditions, Person, capture};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha12Rng;
use rayon::prelude::*;

use form::Form;
use pixels::{Change, KINDS};

const PEOPLE: u64 = 4;
/// People of the gallery whose pictures are not changed.
const OTHERS: u64 = 8;
const CHANGES: u64 = 200;
const CHANGES_OF_A_SOAK: u64 = 20_000;

/// Pictures of both eyes of some people, and everybody's templates.
struct Town {
    pictures: Vec<[GrayImage; 2]>,
    gallery: Gallery,
}

fn town() -> &'static Town {
    static TOWN: OnceLock<Town> = OnceLock::new();
    TOWN.get_or_init(|| {
        let mut gallery = Gallery::new();
        let mut pictures = Vec::new();
        for number in 0..PEOPLE + OTHERS {
            let (images, eyes) = photographed(number);
            gallery.push(number + 1, &eyes).unwrap();
            pictures.push(images);
        }
        pictures.truncate(PEOPLE as usize);
        Town { pictures, gallery }
    })
}

/// The first usable photographs of a person.
fn photographed(number: u64) -> ([GrayImage; 2], EyePair) {
    let person = Person::from_seed(510_000 + number);
    let mut rng = ChaCha12Rng::seed_from_u64(number);
    let mut usable = |eye: Eye| {
        let taken = (0..9).find_map(|_| {
            let conditions = CaptureConditions::sample(&mut rng);
            let image = capture(&person, eye, &conditions, &mut rng);
            let template = encode(&image, eye).ok()?.template;
            Some((image, template))
        });
        taken.unwrap()
    };
    let (left, right) = (usable(Eye::Left), usable(Eye::Right));
    let eyes = EyePair {
        left: left.1,
        right: right.1,
    };
    ([left.0, right.0], eyes)
}

/// The way of a picture from a file to a template, as the orb's command goes it.
fn template(file: &[u8], eye: Eye) -> Result<IrisTemplate, IrisError> {
    Ok(encode_bytes(file, eye)?.template)
}

/// Outcome of one person's changed pictures.
fn outcome(
    changes: &[Change],
    form: Form,
    pictures: &[GrayImage; 2],
    rng: &mut ChaCha12Rng,
) -> &'static str {
    let mut file = |picture: &GrayImage| {
        let changed = changes
            .iter()
            .fold(picture.clone(), |picture, change| change.of(&picture, rng));
        form.file(&changed)
    };
    let files = pictures.each_ref().map(&mut file);
    let eyes = template(&files[0], Eye::Left).and_then(|left| {
        Ok(EyePair {
            left,
            right: template(&files[1], Eye::Right)?,
        })
    });
    match eyes {
        Err(refusal) => refusal.code(),
        Ok(eyes) => decided(&eyes),
    }
}

fn decided(eyes: &EyePair) -> &'static str {
    let rule = DecisionRule::standard();
    let found = town().gallery.search(eyes, rule.threshold_micros());
    match rule.decide(&found) {
        Decision::Duplicate { existing } if existing.sequence > PEOPLE => "somebody else",
        decision => decision.code(),
    }
}

/// Draws one to three changes and a form, and says what became of them.
fn attempt(number: u64) -> (String, &'static str) {
    let mut rng = ChaCha12Rng::seed_from_u64(0x0c4a_9e5d);
    rng.set_stream(number);
    let pictures = &town().pictures[(number % PEOPLE) as usize];
    let mut changes = vec![Change::draw(number as usize, &mut rng)];
    for _ in 0..number / KINDS as u64 % 3 {
        let kind = rng.random_range(0..KINDS);
        changes.push(Change::draw(kind, &mut rng));
    }
    let form = Form::draw(&mut rng);
    let outcome = outcome(&changes, form, pictures, &mut rng);
    (format!("{number}: {changes:?} {form:?}"), outcome)
}

fn is_soak() -> bool {
    std::env::var("TEST_SOAK").is_ok_and(|value| value == "1")
}

#[test]
fn no_change_of_file_or_geometry_makes_a_second_member() {
    let count = if is_soak() {
        CHANGES_OF_A_SOAK
    } else {
        CHANGES
    };
    let outcomes: Vec<(String, &str)> = (0..count).into_par_iter().map(attempt).collect();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, outcome) in &outcomes {
        *counts.entry(outcome).or_default() += 1;
    }
    println!("{counts:#?}");
    let second: Vec<&String> = outcomes
        .iter()
        .filter(|(_, outcome)| matches!(*outcome, "unique" | "somebody else"))
        .map(|(change, _)| change)
        .collect();
    assert!(
        second.is_empty(),
        "{} of {count}: {second:#?}",
        second.len()
    );
    // A test of refusals alone would hold of a pipeline that refuses everything.
    assert!(counts["duplicate"] * 8 > outcomes.len(), "{counts:?}");
}
