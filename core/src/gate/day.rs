//! Days, because facts, pins, waivers and certificates end on one. No clock: whoever asks says what day it is.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A day of the Gregorian calendar, between 1970 and 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Day {
    year: u32,
    month: u32,
    of_month: u32,
}

/// Text that is no day.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no day; one looks like 2026-11-21")]
pub struct ParseDayError(String);

impl Day {
    /// The day of that number since 1970-01-01, in the numbering of Unix time divided by 86,400.
    pub fn of_unix(days: u32) -> Self {
        // From a March-based year, in which the leap day is the last one (Howard Hinnant's civil_from_days).
        let since = days + 719_468;
        let era = since / 146_097;
        let day_of_era = since % 146_097;
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted = (5 * day_of_year + 2) / 153;
        let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
        let year = year_of_era + era * 400 + u32::from(month <= 2);
        Self { year, month, of_month: day_of_year - (153 * shifted + 2) / 5 + 1 }
    }

    /// Its number since 1970-01-01.
    pub fn unix(self) -> u32 {
        let year = if self.month <= 2 { self.year - 1 } else { self.year };
        let (era, year_of_era) = (year / 400, year % 400);
        let shifted = if self.month > 2 { self.month - 3 } else { self.month + 9 };
        let day_of_year = (153 * shifted + 2) / 5 + self.of_month - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        era * 146_097 + day_of_era - 719_468
    }

    /// That many days later.
    #[must_use]
    pub fn plus(self, days: u32) -> Self {
        Self::of_unix(self.unix().saturating_add(days).min(2_932_896))
    }

    /// Whether text is a day, as `const` so that a table of facts can be checked while it is compiled.
    pub(super) const fn is_day(text: &str) -> bool {
        let bytes = text.as_bytes();
        if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
            return false;
        }
        let mut at = 0;
        while at < 10 {
            if at != 4 && at != 7 && !bytes[at].is_ascii_digit() {
                return false;
            }
            at += 1;
        }
        let month = two(bytes, 5);
        let day = two(bytes, 8);
        let year = two(bytes, 0) * 100 + two(bytes, 2);
        year >= 1970 && month >= 1 && month <= 12 && day >= 1 && day <= days_of(year, month)
    }
}

const fn two(bytes: &[u8], at: usize) -> u32 {
    (bytes[at] - b'0') as u32 * 10 + (bytes[at + 1] - b'0') as u32
}

const fn days_of(year: u32, month: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

impl FromStr for Day {
    type Err = ParseDayError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if !Self::is_day(text) {
            return Err(ParseDayError(text.to_owned()));
        }
        let bytes = text.as_bytes();
        Ok(Self { year: two(bytes, 0) * 100 + two(bytes, 2), month: two(bytes, 5), of_month: two(bytes, 8) })
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.of_month)
    }
}

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Day {
    fn schema_name() -> Cow<'static, str> {
        "Day".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "description": "A day, such as 2026-11-21."})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_and_written() {
        for (text, unix) in
            [("1970-01-01", 0), ("2000-02-29", 11_016), ("2026-11-21", 20_778), ("9999-12-31", 2_932_896)]
        {
            let day: Day = text.parse().unwrap();
            assert_eq!(day.unix(), unix, "{text}");
            assert_eq!(Day::of_unix(unix).to_string(), text);
        }
        for unix in (0..60_000).step_by(7) {
            assert_eq!(Day::of_unix(unix).unix(), unix);
            assert_eq!(Day::of_unix(unix).to_string().parse::<Day>().unwrap(), Day::of_unix(unix));
        }
        let day: Day = "2026-12-31".parse().unwrap();
        assert_eq!(day.plus(1).to_string(), "2027-01-01");
    }

    #[test]
    fn what_is_none_is_refused() {
        for text in [
            "",
            "2026-11-31",
            "2026-13-01",
            "2025-02-29",
            "1969-12-31",
            "2026-1-01",
            "21.11.2026",
            "2026-00-10",
            "2026-11-2x",
        ] {
            assert!(text.parse::<Day>().is_err(), "{text}");
        }
    }
}
