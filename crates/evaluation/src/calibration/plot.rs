//! Picture of the distances.

use super::distances::Distances;
use super::targets;
use crate::plot::{GENUINE, IMPOSTOR, Page, Panel};

const UNTURNED: &str = "#c9a227";
const REAL: &str = "#222222";
/// Pairs shown as dots; more make the file large and the cloud black.
const MOST_DOTS: usize = 1_500;

pub(super) fn svg(distances: &Distances) -> String {
    let mut page = Page::new(2);
    histograms(&mut page, distances);
    slope(&mut page, distances);
    page.into_svg()
}

fn histograms(page: &mut Page, distances: &Distances) {
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
        number: 0,
        x: (0.0, 0.6),
        // The highest bin is one: above it there is room for the legend.
        y: (0.0, 1.3),
    };
    panel.frame(
        page,
        "Raw distance",
        "share of bits that differ",
        &[0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6],
    );
    for (line, (values, colour, words)) in (0u8..).zip(rows) {
        panel.histogram(page, values.iter().copied(), colour);
        panel.note(page, line, colour, &format!("{words} ({})", values.len()));
    }
}

fn slope(page: &mut Page, distances: &Distances) {
    let panel = Panel {
        number: 1,
        x: (0.0, 0.22),
        y: (0.05, 0.40),
    };
    panel.frame(
        page,
        "Distance of one eye against dilation",
        "change of the pupil ratio between the two captures",
        &[0.0, 0.05, 0.1, 0.15, 0.2],
    );
    panel.levels(page, &[0.1, 0.2, 0.3, 0.4]);
    panel.note(page, 0, GENUINE, "pairs, and their mean");
    panel.note(page, 1, REAL, "mean on real eyes");
    let thinned = distances.genuine.len().div_ceil(MOST_DOTS).max(1);
    let style = format!("fill=\"{GENUINE}\" fill-opacity=\"0.22\"");
    for (distance, change) in distances.genuine.iter().step_by(thinned) {
        if *change < panel.x.1 && *distance < panel.y.1 {
            panel.dot(page, (*change, *distance), 1.6, &style);
        }
    }
    let mut means = Vec::new();
    for ((from, to), target) in targets::DILATION {
        let pairs: Vec<&(f32, f32)> = distances
            .genuine
            .iter()
            .filter(|(_, change)| (from..to).contains(change))
            .collect();
        if pairs.is_empty() {
            continue;
        }
        let count = pairs.len() as f32;
        let change = pairs.iter().map(|(_, c)| c).sum::<f32>() / count;
        let distance = pairs.iter().map(|(d, _)| d).sum::<f32>() / count;
        means.push((change, distance));
        let ring = format!("fill=\"none\" stroke=\"{REAL}\" stroke-width=\"2\"");
        panel.dot(page, (change, target.real.0), 5.0, &ring);
    }
    panel.curve(page, &means, GENUINE);
}
