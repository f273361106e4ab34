//! Dates of arguments and answers: the end of a day in UTC.

use annona_core::UnixSeconds;
use anyhow::{Context, ensure};

const DAY_SECS: u64 = 86_400;
/// Days from 0000-03-01 to 1970-01-01 in the Gregorian calendar.
const EPOCH_DAYS: u64 = 719_468;
/// Days of 400 years.
const ERA_DAYS: u64 = 146_097;

/// Reads a date such as 2027-03-31 and returns the last second of that day in UTC.
///
/// # Errors
/// Another form, a day that its month does not have, or a year outside 1970 to 9999.
pub(super) fn parse_last_second(text: &str) -> anyhow::Result<UnixSeconds> {
    let expected = "a date is written as 2027-03-31";
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts.as_slice() else {
        anyhow::bail!(expected);
    };
    let is_form = [(*year, 4), (*month, 2), (*day, 2)]
        .iter()
        .all(|(part, length)| {
            part.len() == *length && part.bytes().all(|digit| digit.is_ascii_digit())
        });
    ensure!(is_form, expected);
    let number = |part: &str| part.parse::<u64>().context(expected);
    let (year, month, day) = (number(year)?, number(month)?, number(day)?);
    ensure!(
        year >= 1970 && (1..=12).contains(&month) && day >= 1,
        expected
    );
    let days = days_since_epoch(year, month, day);
    let date = (year, month, day);
    ensure!(civil_date(days) == date, "{text} is no day of the calendar");
    Ok(UnixSeconds(days * DAY_SECS + DAY_SECS - 1))
}

/// Writes the day of a time in UTC, as 2027-03-31.
pub(crate) fn day_of(time: UnixSeconds) -> String {
    let (year, month, day) = civil_date(time.0 / DAY_SECS);
    format!("{year:04}-{month:02}-{day:02}")
}

/// Counts days of a calendar whose years begin with March, so that leap days come last.
const fn days_since_epoch(year: u64, month: u64, day: u64) -> u64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year / 400, year % 400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * ERA_DAYS + day_of_era - EPOCH_DAYS
}

/// Returns year, month and day.
const fn civil_date(days_since_epoch: u64) -> (u64, u64, u64) {
    let days = days_since_epoch + EPOCH_DAYS;
    let (era, day_of_era) = (days / ERA_DAYS, days % ERA_DAYS);
    let leap_corrected =
        day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096;
    let year_of_era = leap_corrected / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era + 400 * era;
    (if month <= 2 { year + 1 } else { year }, month, day)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_date_is_the_end_of_its_day() {
        for (text, end) in [
            ("1970-01-01", 86_399),
            ("2000-02-29", 951_868_799),
            ("2027-03-31", 1_806_537_599),
            ("2100-12-31", 4_133_980_799),
        ] {
            let parsed = parse_last_second(text).unwrap();
            assert_eq!(parsed, UnixSeconds(end), "{text}");
            assert_eq!(day_of(parsed), text);
        }
    }

    #[test]
    fn days_that_are_none_are_refused() {
        for text in [
            "",
            "2027",
            "2027-3-31",
            "2027-02-29",
            "2100-02-29",
            "2027-00-01",
            "2027-13-01",
            "2027-04-31",
            "2027-04-00",
            "1969-12-31",
            "27-04-01",
            "2027-04-01-",
            "+027-04-01",
        ] {
            assert!(parse_last_second(text).is_err(), "{text}");
        }
    }
}
