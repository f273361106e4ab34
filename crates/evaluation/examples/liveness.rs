//! Prints what every liveness check measured, for setting its limit: the share of
//! presentations it fails, and percentiles of its values.
//!
//!     cargo run --release -p annona-evaluation --example liveness -- PEOPLE SEED KIND

use annona_evaluation::attacks::{Presentation, PresentationCounts, presentations, run};
use annona_iris::pad::LivenessCheck;
use orb_sim::attack::Range;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let people = arguments.next().and_then(|a| a.parse().ok()).unwrap_or(10);
    let seed = arguments.next().and_then(|a| a.parse().ok()).unwrap_or(1);
    let wanted = arguments.next().unwrap_or_default();
    // Held-out parameters are not for setting limits.
    let kinds: Vec<Presentation> = presentations()
        .into_iter()
        .filter(|kind| !matches!(kind, Presentation::Attack(_, Range::HeldOut)))
        .filter(|kind| format!("{kind:?}").contains(&wanted))
        .collect();
    let trials = run(&kinds, people, seed);
    for kind in kinds {
        println!("{kind:?} {:?}", PresentationCounts::of(&trials, kind));
        for check in LivenessCheck::ALL {
            let mut values: Vec<f32> = trials
                .iter()
                .filter(|t| t.presentation == kind)
                .filter_map(|t| t.report.as_ref()?.value(check))
                .collect();
            values.sort_by(f32::total_cmp);
            let at = |share: f32| {
                let last = values.len().saturating_sub(1);
                values
                    .get((share * last as f32).round() as usize)
                    .copied()
                    .unwrap_or(f32::NAN)
            };
            let fails = values.iter().filter(|&&v| !check.limit().holds(v)).count();
            println!(
                "  {:28} n {:4} fails {:4} least {:8.3} 5% {:8.3} median {:8.3} 95% {:8.3} most {:8.3}",
                check.code(),
                values.len(),
                fails,
                at(0.0),
                at(0.05),
                at(0.5),
                at(0.95),
                at(1.0)
            );
        }
    }
}
