//! Dates of arguments and answers: the end of a day in UTC.

use annona_core::UnixSeconds;
use anyhow::{Context, ensure};
use jiff::Span;
use jiff::civil::Date;

const DAY_SECS: u64 = 86_400;
const FIRST_DAY: Date = Date::constant(1970, 1, 1);

/// Reads a date such as 2027-03-31 and returns the last second of that day in UTC.
///
/// # Errors
/// Another form, a day that its month does not have, or a year outside 1970 to 9999.
pub(super) fn parse_last_second(text: &str) -> anyhow::Result<UnixSeconds> {
    let expected = "a date is written as 2027-03-31";
    // The parser knows other forms of a date as well.
    let is_form = text.len() == 10
        && text.bytes().enumerate().all(|(place, byte)| match place {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    ensure!(is_form, expected);
    let day = text.parse::<Date>();
    let day = day.with_context(|| format!("{text} is no day of the calendar"))?;
    let days = u64::try_from((day - FIRST_DAY).get_days()).context(expected)?;
    Ok(UnixSeconds(days * DAY_SECS + DAY_SECS - 1))
}

/// Writes the day of a time in UTC, as 2027-03-31; a time after the year 9999 as its last day.
pub(crate) fn day_of(time: UnixSeconds) -> String {
    let days = i64::try_from(time.0 / DAY_SECS).unwrap_or(i64::MAX);
    let days = Span::new().try_days(days);
    let day = days.and_then(|days| FIRST_DAY.checked_add(days));
    day.unwrap_or(Date::MAX).to_string()
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
            ("9999-12-31", 253_402_300_799),
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
