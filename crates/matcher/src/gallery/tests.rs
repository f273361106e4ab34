#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use annona_template::{COLUMNS, IrisTemplate};
use proptest::prelude::*;

use super::segment::{HEADER_BYTES, Tail};
use super::*;
use crate::decision::{Decision, DecisionRule};
use crate::kernel::Instructions;
use crate::pair::{Arrangement, best_arrangement, mirrored, mirrored_pair};
use crate::prefilter::{passes_prefilter, prefilter_excess};
use crate::search::SearchMode;
use crate::testing::{arb_template, recaptured, seeded, turned};

fn person(seed: u64) -> EyePair {
    EyePair {
        left: seeded(2 * seed),
        right: seeded(2 * seed + 1),
    }
}

pub(super) fn fill(gallery: &mut Gallery, people: std::ops::RangeInclusive<u64>) {
    for k in people {
        gallery.push(k, &person(k)).unwrap();
    }
}

fn crowd(people: u64) -> Gallery {
    let mut gallery = Gallery::new();
    fill(&mut gallery, 1..=people);
    gallery
}

fn decide(gallery: &Gallery, probe: &EyePair) -> Decision {
    let rule = DecisionRule::standard();
    rule.decide(&gallery.search(probe, rule.threshold_micros()))
}

/// The definition of a search: score everybody.
fn reference(gallery: &Gallery, probe: &EyePair, below: Option<u32>) -> SearchResult {
    scored(gallery, probe, below, |_| true)
}

/// The definition of a prefiltered search: score those who pass.
fn prefiltered_reference(gallery: &Gallery, probe: &EyePair, below: u32) -> SearchResult {
    let everybody = (1..=gallery.len()).filter_map(|sequence| gallery.eyes(sequence));
    let dropped = everybody.filter(|other| !passes(probe, other)).count();
    SearchResult {
        dropped: dropped as u64,
        ..scored(gallery, probe, Some(below), |other| passes(probe, other))
    }
}

fn passes(probe: &EyePair, other: &EyePair) -> bool {
    let mirror = mirrored_pair(probe);
    let arrangements = [
        [(&probe.left, &other.left), (&probe.right, &other.right)],
        [(&probe.left, &other.right), (&probe.right, &other.left)],
        [(&mirror.left, &other.right), (&mirror.right, &other.left)],
        [(&mirror.left, &other.left), (&mirror.right, &other.right)],
    ];
    arrangements.into_iter().any(|eyes| {
        let excess: i32 = eyes.iter().map(|(a, b)| prefilter_excess(a, b)).sum();
        let is_likely =
            |(a, b): &(&IrisTemplate, &IrisTemplate)| a.valid_bits() + b.valid_bits() >= 12_000;
        let expected = excess <= 0 || !eyes.iter().any(is_likely);
        assert_eq!(passes_prefilter(&eyes), expected);
        expected
    })
}

fn scored(
    gallery: &Gallery,
    probe: &EyePair,
    below: Option<u32>,
    is_scored: impl Fn(&EyePair) -> bool,
) -> SearchResult {
    let mut found = SearchResult::default();
    for sequence in 1..=gallery.len() {
        if gallery.deleted.contains(&sequence) {
            continue;
        }
        let other = gallery.eyes(sequence).unwrap();
        if !is_scored(&other) {
            continue;
        }
        let score = best_arrangement(probe, &mirrored_pair(probe), &other);
        if below.is_some_and(|below| score.micros >= below) {
            continue;
        }
        match score.eyes {
            crate::pair::EyesCompared::Neither => found.incomparable += 1,
            _ => found.similar += 1,
        }
        if found
            .best
            .is_none_or(|best| score.micros < best.score.micros)
        {
            found.best = Some(Candidate { sequence, score });
        }
        found.candidates.push(Candidate { sequence, score });
    }
    found
}

#[test]
fn a_second_capture_finds_its_person() {
    let probe = EyePair {
        left: turned(&recaptured(&seeded(14), 200, 1), 4),
        right: turned(&recaptured(&seeded(15), 220, 2), -3),
    };
    let gallery = crowd(20);
    let found = gallery.nearest(&probe).unwrap();
    assert_eq!(found.sequence, 7);
    assert_eq!(found.score.left.unwrap().rotation, -4);
    assert_eq!(
        decide(&gallery, &probe),
        Decision::Duplicate { existing: found }
    );
}

#[test]
fn each_wrong_presentation_is_found() {
    let EyePair { left, right } = person(3);
    let pair = |left: &IrisTemplate, right: &IrisTemplate| EyePair {
        left: left.clone(),
        right: right.clone(),
    };
    let presentations = [
        (pair(&left, &right), Arrangement::Straight),
        (pair(&right, &left), Arrangement::Swapped),
        (
            pair(&mirrored(&right), &mirrored(&left)),
            Arrangement::Mirrored,
        ),
        (
            pair(&mirrored(&left), &mirrored(&right)),
            Arrangement::MirroredInPlace,
        ),
    ];
    for (probe, arrangement) in presentations {
        let Decision::Duplicate { existing } = decide(&crowd(20), &probe) else {
            panic!("{arrangement:?} is not found");
        };
        assert_eq!(
            (existing.sequence, existing.score.arrangement),
            (3, arrangement)
        );
    }
}

/// An eye captured again and turned by `columns`.
fn turned_again(seed: u64, columns: i32) -> IrisTemplate {
    turned(&recaptured(&seeded(seed), 200, 1), columns)
}

/// Tests ENROL-6.
#[test]
fn somebody_known_is_found_however_each_eye_is_turned() {
    let eyes = |turns: [i32; 2]| {
        let [left, right] = turns;
        (turned_again(6, left), turned_again(7, right))
    };
    // Head down, lying on a side, each eye its own way, just beyond what is upright.
    for turns in [
        [100, 100],
        [50, 50],
        [50, -50],
        [100, 0],
        [-83, 16],
        [-16, 37],
    ] {
        let (left, right) = eyes(turns);
        let (left_image, right_image) = (mirrored(&left), mirrored(&right));
        let presentations = [
            (Arrangement::Straight, left.clone(), right.clone()),
            (Arrangement::Swapped, right, left),
            (
                Arrangement::Mirrored,
                right_image.clone(),
                left_image.clone(),
            ),
            (Arrangement::MirroredInPlace, left_image, right_image),
        ];
        for (arrangement, left, right) in presentations {
            let probe = EyePair { left, right };
            let Decision::Duplicate { existing } = decide(&crowd(20), &probe) else {
                panic!("{arrangement:?} turned by {turns:?} is not found");
            };
            assert_eq!(
                (existing.sequence, existing.score.arrangement),
                (3, arrangement)
            );
            let found =
                [existing.score.left, existing.score.right].map(|eye| eye.unwrap().rotation);
            let mut expected = turns.map(|turn| -turn);
            if matches!(arrangement, Arrangement::Swapped | Arrangement::Mirrored) {
                expected.reverse();
            }
            let differ = found
                .iter()
                .zip(expected)
                .any(|(a, b)| (a - b).rem_euclid(200) != 0);
            assert!(!differ, "{arrangement:?}: {found:?} for {expected:?}");
        }
    }
}

/// Half an eye, and later the other half, meet only when one is turned by half a turn.
#[test]
fn halves_that_meet_only_turned_are_not_taken_for_another_eye() {
    let half = |seed, first: bool| {
        let mask = std::array::from_fn(|k| if (k < 100) == first { u32::MAX } else { 0 });
        IrisTemplate::from_columns(*seeded(seed).code(), mask)
    };
    let eyes = |first| EyePair {
        left: half(1, first),
        right: half(2, first),
    };
    let mut gallery = Gallery::new();
    gallery.push(1, &eyes(true)).unwrap();
    let Decision::Review { closest } = decide(&gallery, &eyes(false)) else {
        panic!("nobody looks");
    };
    assert_eq!(closest.score.eyes, crate::pair::EyesCompared::Neither);
    // The same half turned beyond what is upright is found.
    let probe = EyePair {
        left: turned(&half(1, true), 100),
        right: turned(&half(2, true), 100),
    };
    assert!(matches!(
        decide(&gallery, &probe),
        Decision::Duplicate { .. }
    ));
}

#[test]
fn a_stranger_is_unique_and_an_empty_gallery_has_no_match() {
    assert_eq!(decide(&crowd(20), &person(99)), Decision::Unique);
    assert_eq!(Gallery::new().nearest(&person(1)), None);
    assert_eq!(decide(&Gallery::new(), &person(1)), Decision::Unique);
    assert!(Gallery::new().is_empty() && !crowd(1).is_empty());
}

#[test]
fn somebody_like_several_people_is_refused() {
    let mut gallery = crowd(10);
    for sequence in 11..=13 {
        gallery.push(sequence, &person(4)).unwrap();
    }
    assert!(matches!(
        decide(&gallery, &person(4)),
        Decision::Saturated { similar: 4, .. }
    ));
}

#[test]
fn sequence_numbers_have_no_gaps() {
    let mut gallery = crowd(2);
    for given in [0, 1, 2, 4] {
        assert!(matches!(
            gallery.push(given, &person(1)),
            Err(GalleryError::Sequence { expected: 3, .. })
        ));
    }
    assert_eq!(gallery.len(), 2);
}

/// Turns of a head held upright, and any others.
fn arb_turn() -> impl Strategy<Value = i32> {
    prop_oneof![-20..=20i32, -99..=100i32, Just(100)]
}

/// People who are strangers to each other, or the same in one of several ways.
fn arb_people() -> impl Strategy<Value = Vec<EyePair>> {
    let eye = || {
        let known = (0..4u64, 0..450u32, any::<u64>(), arb_turn(), 0..3u8).prop_map(
            |(seed, per_mille, noise, turn, presentation)| {
                let eye = turned(&recaptured(&seeded(seed), per_mille, noise), turn);
                match presentation {
                    0 => mirrored(&eye),
                    1 => IrisTemplate::from_columns(
                        *eye.code(),
                        std::array::from_fn(|k| if k < 100 { u32::MAX } else { noise as u32 }),
                    ),
                    _ => eye,
                }
            },
        );
        prop_oneof![3 => known, 1 => arb_template()]
    };
    let pair = (eye(), eye()).prop_map(|(left, right)| EyePair { left, right });
    prop::collection::vec(pair, 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    /// Tests ENROL-6.
    #[test]
    fn searches_find_what_scoring_everybody_finds(
        people in arb_people(),
        limit in prop_oneof![Just(385_000u32), Just(u32::MAX), 1..500_000u32],
        deleted in 1..40u64,
        after in 0..40u64,
    ) {
        let mut gallery = Gallery::new();
        let (probes, entries) = people.split_at(people.len() / 4 + 1);
        for (k, eyes) in entries.iter().enumerate() {
            gallery.push(k as u64 + 1, eyes).unwrap();
        }
        gallery.delete(deleted).unwrap();
        let expected: Vec<SearchResult> = probes
            .iter()
            .map(|probe| reference(&gallery, probe, Some(limit)))
            .collect();
        let prefiltered: Vec<SearchResult> = probes
            .iter()
            .map(|probe| prefiltered_reference(&gallery, probe, limit))
            .collect();
        let snapshot = gallery.snapshot();
        for instructions in Instructions::ALL {
            let search = |mode| snapshot.search_many(0, probes, limit, instructions, mode);
            prop_assert_eq!(&search(SearchMode::Exact), &expected);
            prop_assert_eq!(&search(SearchMode::Prefiltered), &prefiltered);
        }
        let mut start = Gallery::new();
        for (k, eyes) in entries.iter().take(after as usize).enumerate() {
            start.push(k as u64 + 1, eyes).unwrap();
        }
        if deleted <= start.len() {
            start.delete(deleted).unwrap();
        }
        for (probe, whole) in probes.iter().zip(&expected) {
            prop_assert_eq!(gallery.nearest(probe), reference(&gallery, probe, None).best);
            let rest = snapshot.search_after(after, probe, limit);
            prop_assert_eq!(&start.search(probe, limit).merge(rest), whole);
        }
    }
}

/// Entries of the small segments that these tests make.
const CAPACITY: u32 = 4;

pub(super) fn writer(folder: &Path) -> Gallery {
    Gallery::open_with(folder, Access::Write, CAPACITY).unwrap()
}

fn reader(folder: &Path) -> Gallery {
    Gallery::open_with(folder, Access::Read, CAPACITY).unwrap()
}

pub(super) fn segment(folder: &Path, first: u64) -> PathBuf {
    folder.join(format!("{first:012}.segment"))
}

fn assert_holds(gallery: &Gallery, people: u64) {
    assert_eq!(gallery.len(), people);
    for k in 1..=people {
        assert_eq!(gallery.eyes(k).unwrap(), person(k), "entry {k}");
        // Below a limit strangers are excluded, which the search for the nearest has to score.
        let found = gallery.search(&person(k), 100_000);
        assert_eq!(found.best.unwrap().sequence, k);
    }
    assert_eq!(gallery.eyes(0), None);
    assert_eq!(gallery.eyes(people + 1), None);
}

#[test]
fn entries_survive_reopening() {
    let folder = tempfile::tempdir().unwrap();
    fill(&mut writer(folder.path()), 1..=6);
    let mut again = writer(folder.path());
    assert_holds(&again, 6);
    let tails = again.segments.iter().map(|segment| segment.tail().unwrap());
    assert_eq!(tails.collect::<Vec<_>>(), [Tail::Clean, Tail::Clean]);
    fill(&mut again, 7..=9);
    assert_eq!(again.in_files(), 9);
    drop(again);
    assert_holds(&reader(folder.path()), 9);
}

#[test]
fn a_tail_torn_at_any_byte_is_dropped_and_rebuilt() {
    let folder = tempfile::tempdir().unwrap();
    fill(&mut writer(folder.path()), 1..=3);
    let path = segment(folder.path(), 1);
    let whole = std::fs::read(&path).unwrap();
    let last = HEADER_BYTES + 2 * ENTRY_BYTES;
    assert_eq!(whole.len(), last + ENTRY_BYTES);
    assert_eq!(reader(folder.path()).bytes_a_person(), ENTRY_BYTES);
    for length in last..whole.len() {
        std::fs::write(&path, &whole[..length]).unwrap();
        assert_eq!(reader(folder.path()).len(), 2, "cut at {length}");
        let mut gallery = writer(folder.path());
        assert_eq!(gallery.len(), 2, "cut at {length}");
        assert_eq!(std::fs::metadata(&path).unwrap().len(), last as u64);
        gallery.push(3, &person(3)).unwrap();
        drop(gallery);
        assert!(std::fs::read(&path).unwrap() == whole, "cut at {length}");
    }
}

#[test]
fn a_tail_whose_bytes_never_reached_the_disk_is_dropped() {
    let folder = tempfile::tempdir().unwrap();
    fill(&mut writer(folder.path()), 1..=3);
    let path = segment(folder.path(), 1);
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[HEADER_BYTES + ENTRY_BYTES..].fill(0);
    std::fs::write(&path, &bytes).unwrap();
    let mut gallery = writer(folder.path());
    assert_holds(&gallery, 1);
    fill(&mut gallery, 2..=3);
    assert_holds(&gallery, 3);
}

#[test]
fn a_flipped_bit_drops_the_entry_and_what_follows() {
    let folder = tempfile::tempdir().unwrap();
    fill(&mut writer(folder.path()), 1..=10);
    let path = segment(folder.path(), 5);
    let whole = std::fs::read(&path).unwrap();
    for byte in (0..ENTRY_BYTES)
        .step_by(97)
        .chain([0, 8, 11, ENTRY_BYTES - 1])
    {
        let mut bytes = whole.clone();
        bytes[HEADER_BYTES + ENTRY_BYTES + byte] ^= 1 << (byte % 8);
        std::fs::write(&path, &bytes).unwrap();
        assert_holds(&reader(folder.path()), 5);
        let mut gallery = writer(folder.path());
        assert_holds(&gallery, 5);
        fill(&mut gallery, 6..=10);
        drop(gallery);
        assert_holds(&writer(folder.path()), 10);
    }
}

#[test]
fn a_damaged_header_is_no_gallery_and_can_be_discarded() {
    let folder = tempfile::tempdir().unwrap();
    fill(&mut writer(folder.path()), 1..=2);
    let path = segment(folder.path(), 1);
    let whole = std::fs::read(&path).unwrap();
    for byte in 0..64 {
        let mut bytes = whole.clone();
        bytes[byte] ^= 4;
        std::fs::write(&path, &bytes).unwrap();
        let error = Gallery::open(folder.path(), Access::Read).unwrap_err();
        assert!(error.is_cured_by_rebuilding(), "byte {byte}: {error}");
    }
    std::fs::write(&path, &whole[..20]).unwrap();
    let error = Gallery::open(folder.path(), Access::Write).unwrap_err();
    assert!(error.is_cured_by_rebuilding(), "{error}");
    Gallery::discard(folder.path()).unwrap();
    assert_holds(&writer(folder.path()), 0);
}

#[test]
fn templates_of_another_model_or_score_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    fill(&mut writer(folder.path()), 1..=2);
    let path = segment(folder.path(), 1);
    let whole = std::fs::read(&path).unwrap();
    // The score version and the model, each with the checksum made right again.
    for byte in [24, 32, 63] {
        let mut bytes = whole.clone();
        bytes[byte] ^= 1;
        bytes[28..32].fill(0);
        let checksum = crc32fast::hash(&bytes[..64]);
        bytes[28..32].copy_from_slice(&checksum.to_le_bytes());
        std::fs::write(&path, &bytes).unwrap();
        let error = Gallery::open(folder.path(), Access::Write).unwrap_err();
        assert!(matches!(error, GalleryError::Model { .. }), "{error}");
    }
}

#[test]
fn tombstones_survive_reopening_and_a_torn_one_counts_as_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let mut gallery = writer(folder.path());
    fill(&mut gallery, 1..=5);
    gallery.delete(2).unwrap();
    gallery.delete(4).unwrap();
    drop(gallery);
    let file = folder.path().join("tombstones");
    let whole = std::fs::read(&file).unwrap();
    for length in whole.len() / 2..=whole.len() {
        std::fs::write(&file, &whole[..length]).unwrap();
        let gallery = reader(folder.path());
        assert_ne!(gallery.nearest(&person(2)).unwrap().sequence, 2);
        let fourth_is_gone = gallery.nearest(&person(4)).unwrap().sequence != 4;
        assert_eq!(fourth_is_gone, length == whole.len());
    }
    for byte in 0..whole.len() / 2 {
        let mut damaged = whole.clone();
        damaged[byte] ^= 1;
        std::fs::write(&file, &damaged).unwrap();
        let deleted = reader(folder.path()).deleted;
        assert_eq!(*deleted, BTreeSet::from([4]), "byte {byte}");
    }
    std::fs::write(&file, &whole[..whole.len() - 1]).unwrap();
    let mut gallery = writer(folder.path());
    gallery.delete(4).unwrap();
    drop(gallery);
    assert_eq!(std::fs::read(&file).unwrap(), whole);
}

#[test]
fn one_process_writes_and_the_next_may_when_it_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let first = writer(folder.path());
    let second = Gallery::open(folder.path(), Access::Write);
    assert!(matches!(second, Err(GalleryError::InUse { .. })));
    drop(first);
    assert!(writer(folder.path()).is_writer());
}

#[test]
fn readers_follow_while_the_writer_appends() {
    let folder = tempfile::tempdir().unwrap();
    let mut writing = writer(folder.path());
    let mut readers = [reader(folder.path()), reader(folder.path())];
    for k in 1..=11 {
        writing.push(k, &person(k)).unwrap();
        let before = readers[0].snapshot();
        readers[(k % 2) as usize].refresh().unwrap();
        assert_holds(&readers[(k % 2) as usize], k);
        assert_eq!(
            before.len(),
            readers[0].len() - u64::from(k % 2 == 0) * 2.min(k)
        );
    }
    writing.delete(3).unwrap();
    readers[0].refresh().unwrap();
    assert_ne!(readers[0].nearest(&person(3)).unwrap().sequence, 3);
}

#[test]
fn a_reader_fills_up_in_memory_until_the_files_have_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut writing = writer(folder.path());
    fill(&mut writing, 1..=2);
    let mut reading = reader(folder.path());
    fill(&mut reading, 3..=7);
    assert_holds(&reading, 7);
    fill(&mut writing, 3..=5);
    reading.refresh().unwrap();
    assert_eq!((reading.in_files(), reading.len()), (5, 7));
    assert_holds(&reading, 7);
    fill(&mut writing, 6..=9);
    reading.refresh().unwrap();
    assert_eq!(reading.in_files(), 9);
    assert_holds(&reading, 9);
}

#[test]
fn a_reader_forgets_only_what_the_files_have_of_many() {
    let folder = tempfile::tempdir().unwrap();
    let mut writing = writer(folder.path());
    fill(&mut writing, 1..=2);
    let mut reading = reader(folder.path());
    fill(&mut reading, 3..=300);
    // More than the first part in memory holds, and less than two of them.
    fill(&mut writing, 3..=140);
    reading.refresh().unwrap();
    assert_eq!((reading.in_files(), reading.len()), (140, 300));
    assert_holds(&reading, 300);
}

#[test]
fn a_reader_notices_that_the_files_were_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let mut writing = writer(folder.path());
    fill(&mut writing, 1..=6);
    let mut reading = reader(folder.path());
    let kept = reading.snapshot();
    writing.clear().unwrap();
    for k in 1..=3 {
        writing.push(k, &person(50 + k)).unwrap();
    }
    reading.refresh().unwrap();
    assert_eq!(reading.len(), 3);
    assert_eq!(reading.eyes(2).unwrap(), person(52));
    // A search that was under way keeps what it has mapped.
    assert_eq!(kept.nearest(&person(6)).unwrap().sequence, 6);
}

#[test]
fn a_writer_that_stops_goes_on_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    let mut gallery = writer(folder.path());
    fill(&mut gallery, 1..=2);
    gallery.stop_writing();
    fill(&mut gallery, 3..=300);
    assert_eq!((gallery.in_files(), gallery.len()), (2, 300));
    assert_eq!(gallery.nearest(&person(299)).unwrap().sequence, 299);
    assert!(writer(folder.path()).is_writer());
}

#[test]
fn templates_that_see_nothing_are_looked_at() {
    let blind = IrisTemplate::from_columns([0; COLUMNS], [0; COLUMNS]);
    let mut gallery = crowd(3);
    let probe = EyePair {
        left: blind.clone(),
        right: blind,
    };
    assert!(matches!(decide(&gallery, &probe), Decision::Review { .. }));
    gallery.push(4, &probe).unwrap();
    assert!(matches!(
        decide(&gallery, &person(9)),
        Decision::Review { closest } if closest.sequence == 4
    ));
}
