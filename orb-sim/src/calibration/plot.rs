//! The distances as a picture.

use std::fmt::Write as _;

use super::report::Distances;
use super::targets;

const WIDTH: f32 = 760.0;
const PANEL: f32 = 260.0;
const LEFT: f32 = 60.0;
const RIGHT: f32 = 20.0;
const TOP: f32 = 40.0;
const BOTTOM: f32 = 46.0;
const BINS: usize = 120;
const GENUINE: &str = "#1f7a4d";
const IMPOSTOR: &str = "#b8442f";
const UNTURNED: &str = "#c9a227";
const REAL: &str = "#222222";

/// A rectangle of the page with its axes.
struct Panel {
    top: f32,
    x: (f32, f32),
    y: (f32, f32),
}

impl Panel {
    fn at(&self, x: f32, y: f32) -> (f32, f32) {
        let (right, bottom) = (WIDTH - RIGHT, self.top + PANEL - BOTTOM);
        let across = (x - self.x.0) / (self.x.1 - self.x.0);
        let up = (y - self.y.0) / (self.y.1 - self.y.0);
        (
            LEFT + across * (right - LEFT),
            bottom - up * (bottom - self.top - TOP),
        )
    }

    fn frame(&self, svg: &mut String, title: &str, below: &str, marks: &[f32]) {
        let (x0, y0) = self.at(self.x.0, self.y.0);
        let (x1, _) = self.at(self.x.1, self.y.0);
        let top = self.top;
        put(
            svg,
            format_args!(
                "<text x=\"{LEFT}\" y=\"{:.1}\" font-weight=\"bold\">{title}</text>\n<line x1=\"{x0:.1}\" y1=\"{y0:.1}\" x2=\"{x1:.1}\" y2=\"{y0:.1}\" stroke=\"#444\"/>\n<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{below}</text>",
                top + 22.0,
                0.5 * (x0 + x1),
                y0 + 34.0,
            ),
        );
        for mark in marks {
            let (x, y) = self.at(*mark, self.y.0);
            put(
                svg,
                format_args!(
                    "<text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{mark}</text>",
                    y + 16.0
                ),
            );
        }
    }

    fn curve(&self, svg: &mut String, points: &[(f32, f32)], colour: &str) {
        let path: Vec<String> = points
            .iter()
            .map(|(x, y)| {
                let (x, y) = self.at(*x, *y);
                format!("{x:.1},{y:.1}")
            })
            .collect();
        put(
            svg,
            format_args!(
                "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.6\"/>",
                path.join(" ")
            ),
        );
    }

    fn dot(&self, svg: &mut String, (x, y): (f32, f32), radius: f32, style: &str) {
        let (x, y) = self.at(x, y);
        put(
            svg,
            format_args!("<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius}\" {style}/>"),
        );
    }

    fn note(&self, svg: &mut String, line: u8, colour: &str, words: &str) {
        put(
            svg,
            format_args!(
                "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\" fill=\"{colour}\">{words}</text>",
                WIDTH - RIGHT,
                self.top + 22.0 + 16.0 * f32::from(line)
            ),
        );
    }
}

pub(super) fn svg(distances: &Distances) -> String {
    let height = 2.0 * PANEL;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"{WIDTH}\" height=\"{height}\" fill=\"white\"/>\n"
    );
    histograms(&mut svg, distances);
    slope(&mut svg, distances);
    svg.push_str("</svg>\n");
    svg
}

fn histograms(svg: &mut String, distances: &Distances) {
    let genuine: Vec<f32> = distances.genuine.iter().map(|(d, _)| *d).collect();
    let rows = [
        (&genuine, GENUINE, "one eye"),
        (
            &distances.impostor,
            IMPOSTOR,
            "different eyes, best of 31 rotations",
        ),
        (&distances.unturned, UNTURNED, "different eyes, rotation 0"),
    ];
    let panel = Panel {
        top: 0.0,
        x: (0.0, 0.6),
        y: (0.0, 1.05),
    };
    panel.frame(
        svg,
        "Raw distance",
        "share of bits that differ",
        &[0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6],
    );
    for (line, (values, colour, words)) in (0u8..).zip(rows) {
        panel.curve(svg, &histogram(values, panel.x.1), colour);
        panel.note(svg, line, colour, &format!("{words} ({})", values.len()));
    }
}

/// Counts by distance, the highest as one.
fn histogram(values: &[f32], greatest: f32) -> Vec<(f32, f32)> {
    let mut counts = [0u32; BINS];
    for value in values {
        counts[((value / greatest * BINS as f32) as usize).min(BINS - 1)] += 1;
    }
    let peak = counts.iter().max().copied().unwrap_or(1).max(1) as f32;
    let middle = |bin: usize| (bin as f32 + 0.5) / BINS as f32 * greatest;
    (0..BINS)
        .map(|bin| (middle(bin), counts[bin] as f32 / peak))
        .collect()
}

fn slope(svg: &mut String, distances: &Distances) {
    let panel = Panel {
        top: PANEL,
        x: (0.0, 0.22),
        y: (0.05, 0.40),
    };
    panel.frame(
        svg,
        "Distance of one eye against dilation",
        "change of the pupil ratio between the two captures",
        &[0.0, 0.05, 0.10, 0.15, 0.20],
    );
    panel.note(svg, 0, GENUINE, "pairs, and their mean");
    panel.note(svg, 1, REAL, "mean on real eyes");
    for level in [0.1, 0.2, 0.3, 0.4] {
        let (x, y) = panel.at(panel.x.0, level);
        put(
            svg,
            format_args!(
                "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{level}</text>",
                x - 6.0,
                y + 4.0
            ),
        );
    }
    let thinned = distances.genuine.len().div_ceil(2_500).max(1);
    for (distance, change) in distances.genuine.iter().step_by(thinned) {
        let style = format!("fill=\"{GENUINE}\" fill-opacity=\"0.18\"");
        if *change < panel.x.1 && *distance < panel.y.1 {
            panel.dot(svg, (*change, *distance), 1.6, &style);
        }
    }
    let mut means = Vec::new();
    for ((from, to), target) in targets::DILATION {
        let pairs: Vec<&(f32, f32)> = distances
            .genuine
            .iter()
            .filter(|(_, change)| (from..to).contains(change))
            .collect();
        let count = pairs.len().max(1) as f32;
        let change = pairs.iter().map(|(_, c)| c).sum::<f32>() / count;
        let distance = pairs.iter().map(|(d, _)| d).sum::<f32>() / count;
        if pairs.is_empty() {
            continue;
        }
        means.push((change, distance));
        panel.dot(
            svg,
            (change, target.real.0),
            5.0,
            &format!("fill=\"none\" stroke=\"{REAL}\" stroke-width=\"2\""),
        );
    }
    panel.curve(svg, &means, GENUINE);
}

fn put(svg: &mut String, line: std::fmt::Arguments<'_>) {
    writeln!(svg, "{line}").expect("writing to a String cannot fail");
}
