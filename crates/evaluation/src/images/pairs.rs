//! Scores of all pairs of the templates, and their lines in a file.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io::{self, Write};

use annona_iris::Eye;
use annona_matcher::{Score, passes_prefilter, score};
use annona_template::IrisTemplate;
use rayon::prelude::*;

use super::encoded::{EncodedImage, EncodedImages};
use super::notable::NotablePairs;
use crate::error_rates::{Labelled, PairKind, ScoreTally};
use crate::long_work::Supervisor;
use crate::prefiltering::PrefilterTally;

/// Rows whose scores are held at once.
const ROWS_AT_ONCE: usize = 128;
/// First line of a scores file.
pub const SCORES_HEADER: &str = "i,j,genuine,score,raw,bits,shift";

/// Scores of the template `first` with all later ones.
fn row(templates: &[&IrisTemplate], first: usize) -> Vec<Option<Score>> {
    let later = templates[first + 1..].iter();
    later.map(|other| score(templates[first], other)).collect()
}

/// Calls `take(first, scores with all later ones)` in order; `false` when stopped
/// before the last.
fn all_pairs<E>(
    stage: &'static str,
    templates: &[&IrisTemplate],
    supervisor: &dyn Supervisor,
    mut take: impl FnMut(usize, Vec<Option<Score>>) -> Result<(), E>,
) -> Result<bool, E> {
    let count = templates.len() as u64;
    let progress = supervisor.begin(stage, count * count.saturating_sub(1) / 2);
    for from in (0..templates.len()).step_by(ROWS_AT_ONCE) {
        if supervisor.is_stop_asked() {
            return Ok(false);
        }
        let until = (from + ROWS_AT_ONCE).min(templates.len());
        let rows: Vec<Vec<Option<Score>>> = (from..until)
            .into_par_iter()
            .map(|first| {
                let scores = row(templates, first);
                progress.advance(scores.len() as u64);
                scores
            })
            .collect();
        for (first, scores) in (from..).zip(rows) {
            take(first, scores)?;
        }
    }
    Ok(true)
}

/// Counts of the pairs that were compared.
pub struct ComparedPairs {
    /// Scores by kind of pair.
    pub tally: ScoreTally,
    /// Outcomes of the prefilter.
    pub prefiltered: PrefilterTally,
    /// True if all pairs are counted; false when stopped before the last.
    pub complete: bool,
}

/// Counts of the pairs of captures of both eyes that were compared.
pub struct ComparedCaptures {
    /// Number of captures of which both eyes gave a template.
    pub captures: usize,
    /// Their pairs.
    pub pairs: ComparedPairs,
}

/// Compares every image with every later one, notes pairs that stand out in `notable`, and
/// writes a line a pair to `lines`.
///
/// # Errors
/// [`io::Error`] of `lines`.
pub fn compare_single_eyes(
    encoded: &EncodedImages,
    notable: &mut NotablePairs,
    mut lines: Option<&mut dyn Write>,
    supervisor: &dyn Supervisor,
) -> io::Result<ComparedPairs> {
    let images = &encoded.templates;
    let templates: Vec<&IrisTemplate> = images.iter().map(|image| &image.template).collect();
    let mut tally = ScoreTally::new();
    let mut prefiltered = PrefilterTally::default();
    let complete = all_pairs("pairs", &templates, supervisor, |first, scores| {
        let a = &images[first];
        let passing: Vec<bool> = images[first + 1..]
            .par_iter()
            .map(|b| passes_prefilter(&[(&a.template, &b.template)]))
            .collect();
        let others = images[first + 1..].iter();
        for (b, (score, passes)) in others.zip(scores.into_iter().zip(passing)) {
            let same = a.subject == b.subject && a.eye == b.eye;
            let kind = kind_of(same);
            tally.record(Labelled {
                kind,
                micros: score.map(|s| s.micros),
            });
            prefiltered.record(kind, score.map(|s| s.micros), passes);
            notable.record(a, b, score.map(|s| s.micros));
            if let Some(lines) = &mut lines {
                writeln!(
                    lines,
                    "{},{},{}",
                    a.index,
                    b.index,
                    score_fields(kind, score)
                )?;
            }
        }
        Ok::<_, io::Error>(())
    })?;
    Ok(ComparedPairs {
        tally,
        prefiltered,
        complete,
    })
}

fn kind_of(same: bool) -> PairKind {
    if same {
        PairKind::Genuine
    } else {
        PairKind::Impostor
    }
}

/// `genuine,score,raw,bits,shift`; without a score `nan,nan,0,0`, so that every
/// field is still a number.
fn score_fields(kind: PairKind, score: Option<Score>) -> String {
    let genuine = u8::from(kind == PairKind::Genuine);
    match score {
        Some(s) => format!(
            "{genuine},{:.6},{:.6},{},{}",
            s.value(),
            s.raw(),
            s.bits,
            s.rotation
        ),
        None => format!("{genuine},nan,nan,0,0"),
    }
}

/// Both eyes of one person in one capture.
struct BothEyes<'a> {
    subject: usize,
    left: &'a IrisTemplate,
    right: &'a IrisTemplate,
}

/// Captures of which both eyes gave a template, in manifest order of the first
/// eye; of several images of an eye with one sample name, the first.
fn captures_of_both_eyes(images: &[EncodedImage]) -> Vec<BothEyes<'_>> {
    type Eyes<'a> = [Option<&'a IrisTemplate>; 2];
    let mut captures: BTreeMap<(usize, &str), (usize, Eyes)> = BTreeMap::new();
    for image in images {
        let key = (image.subject, image.sample.as_str());
        let (_, eyes) = captures.entry(key).or_insert((image.index, [None; 2]));
        let side = usize::from(image.eye == Eye::Right);
        eyes[side].get_or_insert(&image.template);
    }
    let mut whole: Vec<(usize, BothEyes)> = captures
        .into_iter()
        .filter_map(|((subject, _), (index, [left, right]))| {
            let (left, right) = (left?, right?);
            Some((
                index,
                BothEyes {
                    subject,
                    left,
                    right,
                },
            ))
        })
        .collect();
    whole.sort_by_key(|(index, _)| *index);
    whole.into_iter().map(|(_, both)| both).collect()
}

/// Compares every capture of both eyes with every later one: the mean of both
/// scores, or none when either eye has none.
pub fn compare_both_eyes(encoded: &EncodedImages, supervisor: &dyn Supervisor) -> ComparedCaptures {
    let captures = captures_of_both_eyes(&encoded.templates);
    let lefts: Vec<&IrisTemplate> = captures.iter().map(|both| both.left).collect();
    let rights: Vec<&IrisTemplate> = captures.iter().map(|both| both.right).collect();
    let mut tally = ScoreTally::new();
    let mut prefiltered = PrefilterTally::default();
    let Ok(complete) = all_pairs("pairs of both eyes", &lefts, supervisor, |first, scores| {
        let right_scores: Vec<Option<Score>> = rights[first + 1..]
            .par_iter()
            .map(|other| score(rights[first], other))
            .collect();
        let this = &captures[first];
        let passing: Vec<bool> = captures[first + 1..]
            .par_iter()
            .map(|other| passes_prefilter(&[(this.left, other.left), (this.right, other.right)]))
            .collect();
        let others = captures[first + 1..].iter().zip(passing);
        for ((other, passes), (left, right)) in others.zip(scores.into_iter().zip(right_scores)) {
            let kind = kind_of(this.subject == other.subject);
            let micros = (left.zip(right)).map(|(l, r)| u32::midpoint(l.micros, r.micros));
            tally.record(Labelled { kind, micros });
            prefiltered.record(kind, micros, passes);
        }
        Ok::<_, Infallible>(())
    });
    ComparedCaptures {
        captures: captures.len(),
        pairs: ComparedPairs {
            tally,
            prefiltered,
            complete,
        },
    }
}
