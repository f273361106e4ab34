//! Picture of the score distributions.

use image::{Rgb, RgbImage};

use super::report::ImagesReport;
use crate::drawing::{Canvas, Colour, FAINT, INK};
use crate::error_rates::{MaxFalseMatchRate, PairKind, ScoreTally};

const SIZE: (u32, u32) = (1_280, 800);
/// The field of the curves: left, top, width, height in pixels.
const FIELD: (i32, i32, i32, i32) = (110, 150, 1_130, 560);
const GENUINE: Colour = Rgb([22, 128, 92]);
const IMPOSTOR: Colour = Rgb([196, 72, 48]);
const THRESHOLD: Colour = Rgb([60, 84, 180]);
/// Scores shown, in millionths: from 0 to here.
const SHOWN_MICROS: u32 = 600_000;
/// Width of a bar in millionths; one bar a pixel column or two.
const BIN_MICROS: usize = 2_500;

/// A bar's height on a logarithmic axis of pair shares, from `floor` decades below 1.
fn height(pairs: u64, all: u64, floor: f64) -> i32 {
    if pairs == 0 {
        return 0;
    }
    let share = pairs as f64 / all as f64;
    let risen = 1.0 - (share.log10() / -floor).min(1.0);
    // Even a single pair is seen.
    ((risen * f64::from(FIELD.3)) as i32).max(3)
}

/// Draws both distributions over the score, as shares of all pairs of their kind
/// a bar on a logarithmic axis, with the thresholds.
#[must_use]
pub fn draw(report: &ImagesReport, tally: &ScoreTally) -> RgbImage {
    let mut canvas = Canvas::new(SIZE.0, SIZE.1);
    let most = report.rates.genuine.max(report.rates.impostor).max(10);
    let floor = (most as f64).log10().ceil();
    header(&mut canvas, report);
    grid(&mut canvas, floor);
    for (kind, colour) in [(PairKind::Impostor, IMPOSTOR), (PairKind::Genuine, GENUINE)] {
        bars(&mut canvas, tally, kind, colour, floor);
    }
    thresholds(&mut canvas, report);
    canvas.into_picture()
}

fn column_of(score: f64) -> i32 {
    FIELD.0 + (score * 1e6 / f64::from(SHOWN_MICROS) * f64::from(FIELD.2)) as i32
}

fn header(canvas: &mut Canvas, report: &ImagesReport) {
    let rates = &report.rates;
    let part = if report.complete {
        ""
    } else {
        " (stopped early)"
    };
    let title = format!(
        "Scores of all pairs: {} images, {} failed to acquire{part}",
        report.images, report.failed_to_acquire
    );
    canvas.text(&title, FIELD.0, 16, INK);
    let legend = [
        (GENUINE, format!("genuine, {} pairs", rates.genuine)),
        (IMPOSTOR, format!("impostor, {} pairs", rates.impostor)),
    ];
    for (k, (colour, text)) in legend.iter().enumerate() {
        let x = FIELD.0 + 330 * k as i32;
        canvas.fill((x, 52), (20, 14), *colour, 0.7);
        canvas.text(text, x + 30, 49, INK);
    }
    let percent =
        |rate: Option<f64>| rate.map_or("-".to_owned(), |r| format!("{:.3} %", 100.0 * r));
    let mut figures = format!("EER {}   FNMR", percent(rates.eer));
    for rate in MaxFalseMatchRate::REPORTED.map(MaxFalseMatchRate::name) {
        let fnmr = rates.fnmr.get(&rate).copied().flatten();
        figures += &format!("  {} at FMR {rate}", percent(fnmr));
    }
    canvas.text(&figures, FIELD.0, 82, INK);
}

fn grid(canvas: &mut Canvas, floor: f64) {
    let (left, top, width, height) = FIELD;
    let bottom = top + height;
    for decade in 0..=floor as i32 {
        let y = top + (f64::from(decade) / floor * f64::from(height)) as i32;
        canvas.fill((left, y), (width, 1), FAINT, 1.0);
        let name = if decade == 0 {
            "1".to_owned()
        } else {
            format!("1e-{decade}")
        };
        canvas.text_before(&name, left - 10, y - 9, INK);
    }
    for tenth in 0..=SHOWN_MICROS / 50_000 {
        let score = f64::from(tenth) * 0.05;
        let x = column_of(score);
        canvas.fill((x, top), (1, height), FAINT, 1.0);
        canvas.text(&format!("{score:.2}"), x - 20, bottom + 10, INK);
    }
    canvas.fill((left, bottom), (width, 2), INK, 1.0);
    canvas.text("share of pairs", 10, top - 34, INK);
    canvas.text(
        "score (0: equal codes, about 0.45: different eyes)",
        left + width / 2 - 250,
        bottom + 40,
        INK,
    );
}

fn bars(canvas: &mut Canvas, tally: &ScoreTally, kind: PairKind, colour: Colour, floor: f64) {
    let all = tally.pairs(kind).all.max(1);
    let bottom = FIELD.1 + FIELD.3;
    for (bin, pairs) in tally.histogram(kind, BIN_MICROS).into_iter().enumerate() {
        let edge = |bin: usize| column_of((bin * BIN_MICROS) as f64 / 1e6);
        if edge(bin + 1) > FIELD.0 + FIELD.2 {
            break;
        }
        let rise = height(pairs, all, floor);
        let width = edge(bin + 1) - edge(bin);
        canvas.fill((edge(bin), bottom - rise), (width, rise), colour, 0.55);
        if rise > 0 {
            canvas.fill((edge(bin), bottom - rise), (width, 2), colour, 1.0);
        }
    }
}

/// The thresholds, their names staggered because they lie close together.
fn thresholds(canvas: &mut Canvas, report: &ImagesReport) {
    for (k, rate) in MaxFalseMatchRate::REPORTED
        .map(MaxFalseMatchRate::name)
        .iter()
        .enumerate()
    {
        let Some(threshold) = report.rates.threshold.get(rate).copied().flatten() else {
            continue;
        };
        if threshold * 1e6 > f64::from(SHOWN_MICROS) {
            continue;
        }
        let x = column_of(threshold);
        let y = FIELD.1 + 8 + 24 * k as i32;
        canvas.fill((x, y), (2, FIELD.1 + FIELD.3 - y), THRESHOLD, 0.8);
        let name = format!("FMR {rate}: {threshold:.4}");
        canvas.text_before(&name, x - 6, y, THRESHOLD);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heights_are_logarithms_of_shares() {
        assert_eq!(height(0, 100, 4.0), 0);
        assert_eq!(height(100, 100, 4.0), FIELD.3);
        assert_eq!(height(1, 100, 4.0), FIELD.3 / 2);
        assert_eq!(height(1, 100_000, 4.0), 3);
    }

    #[test]
    fn scores_lie_on_their_columns() {
        assert_eq!(column_of(0.0), FIELD.0);
        assert_eq!(column_of(0.3), FIELD.0 + FIELD.2 / 2);
    }
}
