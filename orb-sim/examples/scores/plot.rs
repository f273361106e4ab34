//! Histograms of genuine and impostor scores as SVG.

use std::fmt::Write as _;

use crate::Scores;

const WIDTH: f64 = 760.0;
const ROW_HEIGHT: f64 = 220.0;
const LEFT: f64 = 50.0;
const RIGHT: f64 = 20.0;
const TOP: f64 = 34.0;
const BOTTOM: f64 = 42.0;
const GREATEST_SCORE: f64 = 0.6;
const BINS: usize = 120;
const GENUINE: &str = "#1f7a4d";
const IMPOSTOR: &str = "#b8442f";

/// One histogram: a title, its scores, and thresholds to mark.
pub(crate) struct Row<'a> {
    pub(crate) title: &'a str,
    pub(crate) scores: &'a Scores,
    pub(crate) marks: &'a [f64],
}

/// The rows below each other, on one axis.
pub(crate) fn histograms(rows: &[Row<'_>]) -> String {
    let height = ROW_HEIGHT * rows.len() as f64;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
         font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"{WIDTH}\" height=\"{height}\" fill=\"white\"/>\n"
    );
    for (k, row) in rows.iter().enumerate() {
        draw_row(&mut svg, row, k as f64 * ROW_HEIGHT);
    }
    svg.push_str("</svg>\n");
    svg
}

fn draw_row(svg: &mut String, row: &Row<'_>, top: f64) {
    let base = top + ROW_HEIGHT - BOTTOM;
    text(
        svg,
        LEFT,
        top + 20.0,
        "start",
        "#222",
        &format!("<tspan font-weight=\"bold\">{}</tspan>", row.title),
    );
    let counts = |n: usize, what: &str| format!("{what} ({n})");
    text(
        svg,
        WIDTH - RIGHT - 170.0,
        top + 20.0,
        "end",
        GENUINE,
        &counts(row.scores.genuine.len(), "genuine"),
    );
    text(
        svg,
        WIDTH - RIGHT,
        top + 20.0,
        "end",
        IMPOSTOR,
        &counts(row.scores.impostor.len(), "impostor"),
    );
    area(svg, &row.scores.genuine, top, GENUINE);
    area(svg, &row.scores.impostor, top, IMPOSTOR);
    for (k, mark) in row.marks.iter().enumerate() {
        let x = x_of(*mark);
        let (shift, anchor) = if k % 2 == 0 {
            (-3.0, "end")
        } else {
            (3.0, "start")
        };
        line(
            svg,
            (x, top + TOP),
            (x, base),
            "#333\" stroke-dasharray=\"4 3",
        );
        text(
            svg,
            x + shift,
            top + TOP + 10.0,
            anchor,
            "#333",
            &format!("{mark:.3}"),
        );
    }
    line(svg, (LEFT, base), (WIDTH - RIGHT, base), "#444");
    for tick in 0..=6 {
        let value = f64::from(tick) / 10.0;
        let x = x_of(value);
        line(svg, (x, base), (x, base + 4.0), "#444");
        text(
            svg,
            x,
            base + 18.0,
            "middle",
            "#444",
            &format!("{value:.1}"),
        );
    }
}

/// The share of scores by bin, the fullest bin as high as the row.
fn area(svg: &mut String, scores: &[f64], top: f64, colour: &str) {
    let mut bins = [0usize; BINS];
    for score in scores {
        let bin = (score / GREATEST_SCORE * BINS as f64) as usize;
        bins[bin.min(BINS - 1)] += 1;
    }
    let fullest = bins.iter().copied().max().unwrap_or(0).max(1) as f64;
    let base = top + ROW_HEIGHT - BOTTOM;
    let mut path = format!("M{:.1} {base:.1}", x_of(0.0));
    for (k, count) in bins.iter().enumerate() {
        let y = base - (ROW_HEIGHT - TOP - BOTTOM) * *count as f64 / fullest;
        let (from, to) = (bin_edge(k), bin_edge(k + 1));
        // Writing to a String cannot fail.
        let _ = write!(path, "L{from:.1} {y:.1}L{to:.1} {y:.1}");
    }
    let _ = writeln!(
        svg,
        "<path d=\"{path}L{:.1} {base:.1}Z\" fill=\"{colour}\" fill-opacity=\"0.45\" stroke=\"{colour}\"/>",
        x_of(GREATEST_SCORE)
    );
}

fn bin_edge(k: usize) -> f64 {
    x_of(k as f64 * GREATEST_SCORE / BINS as f64)
}

fn x_of(score: f64) -> f64 {
    LEFT + (WIDTH - LEFT - RIGHT) * score / GREATEST_SCORE
}

fn line(svg: &mut String, from: (f64, f64), to: (f64, f64), colour: &str) {
    let _ = writeln!(
        svg,
        "<line x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\" stroke=\"{colour}\"/>",
        from.0, from.1, to.0, to.1
    );
}

fn text(svg: &mut String, x: f64, y: f64, anchor: &str, colour: &str, content: &str) {
    let _ = writeln!(
        svg,
        "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" fill=\"{colour}\">{content}</text>"
    );
}
