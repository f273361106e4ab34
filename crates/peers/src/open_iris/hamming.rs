//! Distances: the definitions are the same, but for a template's size and the constants of the
//! normalised score.

use annona_matcher::{MAX_ROTATION, MIN_SHARED_BITS, RawDistance, raw_distance, score};
use annona_template::COLUMNS;
use anyhow::{Context, ensure};
use serde_json::{Value, json};

use super::template::TheirTemplate;

/// Decimals to which open-iris's tests hold the matcher's results.
const DECIMALS: f64 = 1e4;
/// Largest difference of two scores: this project's are millionths, rounded up.
const MAX_DIFFERENCE: f64 = 1.1e-6;

/// Largest difference of two fractions of the same counts: decimals lose the last bit.
const LAST_BIT: f64 = 1e-12;

/// A test of open-iris's matcher, which compares a template with itself.
struct Case {
    turns: i32,
    is_normalised: bool,
    mean: f64,
    gradient: f64,
    by_halves: bool,
    expected: f64,
}

/// Compares the results that open-iris's tests hold.
///
/// # Errors
/// The first that does not agree, or data of another form.
pub(super) fn stored(theirs: &Value) -> anyhow::Result<Value> {
    let planes = &theirs["template"];
    let template = TheirTemplate::of(&planes["iris_codes"], &planes["mask_codes"])?;
    let list = theirs["matcher"].as_array().context("no cases")?;
    let cases: Vec<Case> = list
        .iter()
        .map(|case| case_of(case).with_context(|| format!("a case that cannot be read: {case}")))
        .collect::<anyhow::Result<_>>()?;
    ensure!(!cases.is_empty(), "no cases");
    for (number, case) in cases.iter().enumerate() {
        let ours = least(&template, &template, case)?;
        let rounded = (ours * DECIMALS).round() / DECIMALS;
        ensure!(
            rounded == case.expected,
            "case {number}: {ours} here, {} there",
            case.expected
        );
    }
    Ok(json!({ "cases": cases.len(), "equal": cases.len() }))
}

fn case_of(value: &Value) -> anyhow::Result<Case> {
    let number = |at: usize| value[at].as_f64().context("no number");
    let truth = |at: usize| value[at].as_bool().context("neither true nor false");
    let weights = value[5].as_str().unwrap_or("");
    let (all, ones) = (
        weights.matches('(').count(),
        weights.matches("np.ones(").count(),
    );
    ensure!(all == ones, "weights cannot be expressed, other than ones");
    let turns = number(0)? as i32;
    ensure!(turns <= MAX_ROTATION, "{turns} turns");
    Ok(Case {
        turns,
        is_normalised: truth(1)?,
        mean: number(2)?,
        gradient: number(3)?,
        by_halves: truth(4)?,
        expected: number(6)?,
    })
}

/// The least distance over the turns of a case, by open-iris's definition from this project's
/// counts.
fn least(probe: &TheirTemplate, gallery: &TheirTemplate, case: &Case) -> anyhow::Result<f64> {
    let mut least: f64 = 1.0;
    for turn in -case.turns..=case.turns {
        let halves = counts(probe, gallery, turn)?;
        let shared: u32 = halves.iter().map(|half| half.shared).sum();
        let different: u32 = halves.iter().map(|half| half.different).sum();
        if shared == 0 {
            continue;
        }
        let whole = RawDistance { different, shared };
        let distance = match (case.is_normalised, case.by_halves) {
            (false, _) => f64::from(different) / f64::from(shared),
            (true, false) => case.normalised(whole),
            (true, true) => {
                // Each half counts twice there, so that it is of a whole's size.
                let doubled = halves.map(|half| RawDistance {
                    different: 2 * half.different,
                    shared: 2 * half.shared,
                });
                let whole = RawDistance {
                    different: 2 * different,
                    shared: 2 * shared,
                };
                let weighted = doubled.map(|half| case.normalised(half) * f64::from(half.shared));
                let of_halves = (weighted[0] + weighted[1]) / f64::from(whole.shared);
                f64::midpoint(case.normalised(whole), of_halves)
            }
        };
        least = least.min(distance);
    }
    Ok(least)
}

impl Case {
    fn normalised(&self, raw: RawDistance) -> f64 {
        let Some(fraction) = raw.fraction() else {
            return self.mean;
        };
        let certainty = self.gradient * f64::from(raw.shared) + 0.5;
        (self.mean - (self.mean - fraction) * certainty).max(0.0)
    }
}

/// Bits of the gallery's upper and lower half that differ and that are shared, with the probe
/// turned by `turn`.
///
/// A template of open-iris has more columns than one here. But bits are counted column by column,
/// so each half is laid into a template of its own, 15 columns from its edge, and the probe's
/// columns that meet it at any turn into another.
fn counts(
    probe: &TheirTemplate,
    gallery: &TheirTemplate,
    turn: i32,
) -> anyhow::Result<[RawDistance; 2]> {
    let margin = MAX_ROTATION as usize;
    let (columns, half) = (gallery.columns, gallery.columns / 2);
    ensure!(
        probe.columns == columns && columns.is_multiple_of(2) && half + 2 * margin <= COLUMNS,
        "templates of {columns} columns cannot be expressed"
    );
    Ok([half, 0].map(|first| {
        let part = gallery.laid(first, half, margin);
        let around = probe.laid(first + columns - margin, half + 2 * margin, 0);
        raw_distance(&part, &around, -turn)
    }))
}

/// Compares results of open-iris's matcher on pairs of templates of this project's size.
///
/// # Errors
/// The first that does not agree, or data of another form.
pub(super) fn pairs(theirs: &Value) -> anyhow::Result<Value> {
    let pairs = theirs.as_array().context("no pairs")?;
    ensure!(!pairs.is_empty(), "no pairs");
    let (mut turns, mut scores) = (0, 0);
    for (number, pair) in pairs.iter().enumerate() {
        let context = || format!("pair {number}");
        turns += equal_counts(pair).with_context(context)?;
        scores += usize::from(equal_scores(pair).with_context(context)?);
    }
    ensure!(scores > 0, "no score was compared");
    Ok(json!({ "pairs": pairs.len(), "turns": turns, "scores": scores }))
}

fn templates(pair: &Value) -> anyhow::Result<[annona_template::IrisTemplate; 2]> {
    let one = |name: &str| {
        let template = TheirTemplate::of(&pair[name]["codes"], &pair[name]["masks"])?;
        ensure!(template.columns == COLUMNS, "{} columns", template.columns);
        Ok(template.laid(0, COLUMNS, 0))
    };
    Ok([one("probe")?, one("gallery")?])
}

/// Counts at each turn.
fn equal_counts(pair: &Value) -> anyhow::Result<usize> {
    let [probe, gallery] = templates(pair)?;
    let turns = pair["turns"].as_array().context("no turns")?;
    ensure!(turns.len() == 2 * MAX_ROTATION as usize + 1, "other turns");
    for counted in turns {
        let number = |at: usize| counted[at].as_i64().context("no count");
        let turn = i32::try_from(number(0)?)?;
        let ours = raw_distance(&probe, &gallery, turn);
        let theirs = [number(1)?, number(2)?];
        ensure!(
            [ours.different, ours.shared].map(i64::from) == theirs,
            "turned by {turn}: {ours:?} here, {theirs:?} there"
        );
    }
    Ok(turns.len())
}

/// The normalised score, where each turn has enough bits for this project: open-iris asks for one.
fn equal_scores(pair: &Value) -> anyhow::Result<bool> {
    let [probe, gallery] = templates(pair)?;
    let turns = -MAX_ROTATION..=MAX_ROTATION;
    let raws: Vec<RawDistance> = turns
        .map(|turn| raw_distance(&probe, &gallery, turn))
        .collect();
    let fractions = raws.iter().filter_map(RawDistance::fraction);
    let raw = fractions.fold(1.0, f64::min);
    let number = |name: &str| pair[name].as_f64().context("no distance");
    let theirs = number("raw")?;
    ensure!(
        (raw - theirs).abs() < LAST_BIT,
        "a least distance of {raw} here, of {theirs} there"
    );
    if raws.iter().any(|raw| raw.shared < MIN_SHARED_BITS) {
        return Ok(false);
    }
    let ours = score(&probe, &gallery).context("not comparable")?.value();
    let theirs = number("normalised")?;
    ensure!(
        (ours - theirs).abs() < MAX_DIFFERENCE,
        "a score of {ours} here, of {theirs} there"
    );
    Ok(true)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::open_iris::array::testing::{bytes, mixed};

    const SHAPE: [usize; 3] = [16, 256, 2];

    fn bit(seed: usize, filter: usize, at: usize) -> u8 {
        (mixed(seed << 32 | filter << 20 | at) & 1) as u8
    }

    /// The masks of both parts are one.
    fn mask_bit(seed: usize, filter: usize, at: usize) -> u8 {
        bit(seed + 100, filter, at / 2)
    }

    fn planes(seed: usize) -> [Value; 2] {
        let plane = |bit: fn(usize, usize, usize) -> u8| {
            let of_filter = |filter| bytes(&SHAPE, |at| bit(seed, filter, at));
            json!([of_filter(0), of_filter(1)])
        };
        [plane(bit), plane(mask_bit)]
    }

    fn template(seed: usize) -> TheirTemplate {
        let [codes, masks] = planes(seed);
        TheirTemplate::of(&codes, &masks).unwrap()
    }

    /// open-iris's definition, bit by bit: the probe's columns move by `turn`.
    fn reference(turn: i32) -> [RawDistance; 2] {
        let mut halves = [RawDistance {
            different: 0,
            shared: 0,
        }; 2];
        for filter in 0..2 {
            for at in 0..SHAPE.iter().product() {
                let (radius, column, part) = (at / 512, at / 2 % 256, at % 2);
                let from = (column as i32 - turn).rem_euclid(256) as usize;
                let probe = 2 * (256 * radius + from) + part;
                if mask_bit(1, filter, probe) & mask_bit(2, filter, at) == 1 {
                    let half = &mut halves[usize::from(column < 128)];
                    half.shared += 1;
                    let differ = bit(1, filter, probe) ^ bit(2, filter, at);
                    half.different += u32::from(differ);
                }
            }
        }
        halves
    }

    #[test]
    fn laid_out_templates_count_as_the_whole_does() {
        let (probe, gallery) = (template(1), template(2));
        for turn in [-15, -1, 0, 7, 15] {
            assert_eq!(counts(&probe, &gallery, turn).unwrap(), reference(turn));
        }
    }

    #[test]
    fn a_stored_distance_is_equal_or_named() {
        let [codes, masks] = planes(1);
        let case = |weights: &str, expected: f64| {
            json!({
                "template": { "iris_codes": codes, "mask_codes": masks },
                "matcher": [[15, true, 0.45, 0.00005, true, weights, expected]],
            })
        };
        // About 4,096 bits are shared, so that equal templates get no nought.
        let ours = least(
            &template(1),
            &template(1),
            &case_of(&case("", 0.0)["matcher"][0]).unwrap(),
        );
        let rounded = (ours.unwrap() * DECIMALS).round() / DECIMALS;
        assert!(rounded > 0.0);
        assert!(stored(&case("[np.ones([16, 256, 2])]", rounded)).is_ok());
        assert!(stored(&case("[np.ones([16, 256, 2])]", rounded + 0.0001)).is_err());
        assert!(stored(&case("[np.zeros([16, 256, 2])]", rounded)).is_err());
    }

    #[test]
    fn masks_of_each_part_cannot_be_expressed() {
        let [codes, _] = planes(1);
        assert!(TheirTemplate::of(&codes, &codes).is_err());
    }

    #[test]
    fn one_wrong_count_is_noticed() {
        let plane = |seed: usize| bytes(&[16, 200, 2], |at| bit(seed, 0, at));
        let mask = bytes(&[16, 200, 2], |_| 1);
        let one = |seed| json!({ "codes": [plane(seed), plane(seed)], "masks": [mask, mask] });
        let mut pair = json!({ "probe": one(1), "gallery": one(2) });
        let [probe, gallery] = templates(&pair).unwrap();
        let turns = (-15..=15).map(|turn| {
            let raw = raw_distance(&probe, &gallery, turn);
            json!([turn, raw.different, raw.shared])
        });
        pair["turns"] = turns.collect();
        let least = (-15..=15).filter_map(|turn| raw_distance(&probe, &gallery, turn).fraction());
        pair["raw"] = json!(least.fold(1.0, f64::min));
        pair["normalised"] = json!(score(&probe, &gallery).unwrap().value());
        assert!(pairs(&json!([pair])).is_ok());
        for (name, at) in [("turns", Some(3)), ("raw", None), ("normalised", None)] {
            let mut broken = pair.clone();
            match at {
                Some(turn) => {
                    broken[name][turn][1] = json!(broken[name][turn][1].as_u64().unwrap() + 1);
                }
                None => broken[name] = json!(broken[name].as_f64().unwrap() + 3e-6),
            }
            assert!(pairs(&json!([broken])).is_err(), "{name}");
        }
    }
}
