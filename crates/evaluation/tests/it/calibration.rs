//! A small calibration, so that a change of the eye or of the optics shows here first.

use annona_evaluation::calibration::{CalibrationPlan, CalibrationReport, examine};

/// Standard errors by which a line of so few people may miss its range.
const ERRORS: f32 = 3.0;
/// Observations from which on the standard error of a line means something.
const ENOUGH: usize = 8;

#[test]
fn a_small_calibration_is_near_real_eyes() {
    let plan = CalibrationPlan {
        people: 24,
        captures: 6,
        seed: 77,
    };
    let subjects: Vec<_> = (0..plan.people).map(|k| examine(&plan, k)).collect();
    let report = CalibrationReport::new(&subjects);
    let taken = report.accepted + report.refused;
    assert!(report.refused * 50 <= taken, "{} refused", report.refused);
    for line in &report.lines {
        // So few people say little of the ends of a distribution.
        let is_tail = line.name.contains(", 1 %") || line.name.contains("99 %");
        if is_tail || line.observations < ENOUGH {
            continue;
        }
        let slack = line.tolerance + ERRORS * line.standard_error;
        let near = line.real.0 - slack <= line.measured && line.measured <= line.real.1 + slack;
        assert!(near, "{line:?}");
    }
    let slopes = report
        .lines
        .iter()
        .filter(|line| line.name.contains("pupil changed") && line.observations >= ENOUGH);
    assert!(slopes.count() >= 4, "too few pairs for the slope");
}
