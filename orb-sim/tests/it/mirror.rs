//! Holds the matcher's mirror image of an eye against a mirrored photograph.

use annona_iris::{Eye, encode};
use annona_matcher::{mirrored, score};
use orb_sim::{CaptureConditions, Person, capture};

use crate::rng;

const PEOPLE: u64 = 12;

#[test]
fn the_template_of_a_mirrored_photograph_is_the_mirrored_template() {
    let mut compared = 0;
    for k in 0..PEOPLE {
        let mut rng = rng(700 + k);
        let conditions = CaptureConditions::sample(&mut rng);
        let person = Person::from_seed(70_000 + k);
        let image = capture(&person, Eye::Left, &conditions, &mut rng);
        let seen_in_a_mirror = image::imageops::flip_horizontal(&image);
        let (Ok(straight), Ok(flipped)) = (
            encode(&image, Eye::Left),
            encode(&seen_in_a_mirror, Eye::Right),
        ) else {
            continue;
        };
        let same = score(&mirrored(&straight.template), &flipped.template).unwrap();
        assert!(same.value() < 0.2, "person {k}: {same:?}");
        let unmirrored = score(&straight.template, &flipped.template);
        assert!(unmirrored.is_none_or(|s| s.value() > 0.36), "person {k}");
        compared += 1;
    }
    assert!(compared > PEOPLE / 2, "only {compared} could be encoded");
}
