use std::fmt::Write as _;
use std::time::Duration;

/// Rows of a table of the slowest.
const ROWS: usize = 10;

/// Durations by name, to show the longest of them.
#[derive(Debug, Default)]
pub(crate) struct Slowest(Vec<(String, Duration)>);

impl Slowest {
    /// Adds a duration.
    pub(crate) fn add(&mut self, name: String, took: Duration) {
        self.0.push((name, took));
    }

    /// The ten longest, the longest first; nothing when there are none.
    pub(crate) fn table(&self, of: &str) -> String {
        let mut rows: Vec<_> = self.0.iter().collect();
        rows.sort_by_key(|(_, took)| std::cmp::Reverse(*took));
        rows.truncate(ROWS);
        let mut text = String::new();
        if rows.is_empty() {
            return text;
        }
        text.push_str(&format!("\nslowest {of}:\n"));
        for (name, took) in rows {
            // Writing to a string does not fail.
            let _ = writeln!(text, "slow {:8.1} s  {name}", took.as_secs_f64());
        }
        text
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_ten_longest_are_shown_the_longest_first() {
        let mut slowest = Slowest::default();
        for secs in 1..=12 {
            slowest.add(format!("step {secs}"), Duration::from_secs(secs));
        }
        let table = slowest.table("steps");
        let rows: Vec<&str> = table.lines().skip(2).collect();
        assert_eq!(rows.len(), ROWS);
        assert_eq!(rows[0], "slow     12.0 s  step 12");
        assert_eq!(rows[9], "slow      3.0 s  step 3");
        assert_eq!(Slowest::default().table("tests"), "");
    }
}
