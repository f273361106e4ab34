//! Confidence intervals of counts.

/// The exact 95 % confidence interval of a share (C. J. Clopper and E. S. Pearson,
/// Biometrika 26 (1934) 404-413): the probabilities at which so few, and so many,
/// events have a chance of 2.5 %.
#[must_use]
pub fn clopper_pearson(events: u64, trials: u64) -> (f64, f64) {
    const TAIL: f64 = 0.025;
    let low = if events == 0 {
        0.0
    } else {
        bisect(|p| 1.0 - at_most(events - 1, trials, p) < TAIL)
    };
    let high = if events >= trials {
        1.0
    } else {
        bisect(|p| at_most(events, trials, p) > TAIL)
    };
    (low, high)
}

/// The greatest probability for which `holds`, which holds below some point only.
fn bisect(holds: impl Fn(f64) -> bool) -> f64 {
    const STEPS: usize = 100;
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..STEPS {
        let middle = 0.5 * (low + high);
        if holds(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    low
}

/// Chance of at most `k` events in `n` trials of probability `p`.
fn at_most(k: u64, n: u64, p: f64) -> f64 {
    if p <= 0.0 {
        return 1.0;
    }
    if p >= 1.0 {
        return f64::from(u8::from(k >= n));
    }
    let n = n as f64;
    let (log_p, log_q) = (libm::log(p), libm::log1p(-p));
    let ways = |i: f64| libm::lgamma(n + 1.0) - libm::lgamma(i + 1.0) - libm::lgamma(n - i + 1.0);
    let sum: f64 = (0..=k)
        .map(|i| i as f64)
        .map(|i| libm::exp(ways(i) + i * log_p + (n - i) * log_q))
        .sum();
    sum.min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_is_that_of_clopper_and_pearson() {
        // Of none in n the upper end is 1 - 0.025^(1/n).
        let (low, high) = clopper_pearson(0, 100);
        assert!(low == 0.0 && (high - (1.0 - 0.025_f64.powf(0.01))).abs() < 1e-9);
        let (low, high) = clopper_pearson(100, 100);
        assert!(high == 1.0 && (low - 0.025_f64.powf(0.01)).abs() < 1e-9);
        // A published value: 10 of 100 lie between 4.90 % and 17.62 %.
        let (low, high) = clopper_pearson(10, 100);
        assert!((low - 0.0490).abs() < 1e-4 && (high - 0.1762).abs() < 1e-4);
    }
}
