//! Order statistics of a few values.

/// The value that `share` of the others lie below, 0 to 1: of two in question the
/// lower one. Reorders the values; 0 when there are none.
pub(crate) fn quantile(values: &mut [f32], share: f32) -> f32 {
    if values.is_empty() {
        return 0.0;
    }
    let k = (share * (values.len() - 1) as f32) as usize;
    *values.select_nth_unstable_by(k, f32::total_cmp).1
}

/// The middle value; of an even count the upper of the middle two. Reorders the
/// values; 0 when there are none.
pub(crate) fn upper_median(values: &mut [f32]) -> f32 {
    if values.is_empty() {
        return 0.0;
    }
    let k = values.len() / 2;
    *values.select_nth_unstable_by(k, f32::total_cmp).1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_an_even_count_is_the_upper_middle() {
        assert_eq!(upper_median(&mut [4.0, 1.0, 3.0, 2.0]), 3.0);
        assert_eq!(upper_median(&mut [3.0, 1.0, 2.0]), 2.0);
        assert_eq!(upper_median(&mut []), 0.0);
    }

    #[test]
    fn quantiles_run_from_the_least_to_the_largest() {
        let mut values = [5.0, 1.0, 4.0, 2.0, 3.0];
        assert_eq!(quantile(&mut values, 0.0), 1.0);
        assert_eq!(quantile(&mut values, 0.75), 4.0);
        assert_eq!(quantile(&mut values, 1.0), 5.0);
    }
}
