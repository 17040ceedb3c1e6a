//! Durations as Go programs read and write them.
//!
//! Kubernetes controllers re-write the durations of their objects in Go's canonical form (`15m` becomes `15m0s`), and
//! with the text the ownership of the field goes over to them: the next apply of anything else is a conflict. So
//! durations leave us in canonical form, and two spellings of one duration are no difference. It stands in this crate
//! because attributes name [`same`] in their declaration.

use std::fmt;
use std::str::FromStr;

use homelab_cty::Value;

/// A duration of Go: whole nanoseconds, negative ones included, up to about 292 years.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GoDuration(i64);

/// Text that Go would not read as a duration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no duration: {why}")]
pub struct DurationError {
    /// What was given.
    pub text: String,
    /// What is wrong with it.
    pub why: &'static str,
}

const NANOSECOND: u64 = 1;
const MICROSECOND: u64 = 1_000 * NANOSECOND;
const MILLISECOND: u64 = 1_000 * MICROSECOND;
const SECOND: u64 = 1_000 * MILLISECOND;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;

/// Go's own limit: the magnitude of the most negative duration.
const LIMIT: u64 = 1 << 63;

const MISSING_UNIT: &str = "a number lacks its unit (ns, us, ms, s, m or h)";
const UNKNOWN_UNIT: &str = "a unit is none of ns, us, ms, s, m and h";
const NO_NUMBER: &str = "a number is missing";
const TOO_LONG: &str = "it is longer than 292 years";

impl GoDuration {
    /// The duration of so many nanoseconds.
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// Its nanoseconds.
    pub const fn as_nanos(self) -> i64 {
        self.0
    }

    /// As a duration of Rust; `None` where it is negative.
    pub fn to_std(self) -> Option<std::time::Duration> {
        u64::try_from(self.0).ok().map(std::time::Duration::from_nanos)
    }
}

impl FromStr for GoDuration {
    type Err = DurationError;

    /// Reads what Go's `time.ParseDuration` reads: a sign, then numbers with a unit each; a bare `0` as well.
    fn from_str(text: &str) -> Result<Self, DurationError> {
        let wrong = |why| DurationError { text: text.to_owned(), why };
        let (negative, mut rest) = match text.as_bytes().first() {
            Some(b'-') => (true, &text[1..]),
            Some(b'+') => (false, &text[1..]),
            _ => (false, text),
        };
        if rest == "0" {
            return Ok(Self(0));
        }
        if rest.is_empty() {
            return Err(wrong("it is empty"));
        }
        let mut total: u64 = 0;
        while !rest.is_empty() {
            let (part, after) = one_part(rest).map_err(wrong)?;
            total = total.checked_add(part).filter(|total| *total <= LIMIT).ok_or_else(|| wrong(TOO_LONG))?;
            rest = after;
        }
        match (negative, i64::try_from(total)) {
            (false, Ok(nanos)) => Ok(Self(nanos)),
            (true, Ok(nanos)) => Ok(Self(-nanos)),
            (true, Err(_)) => Ok(Self(i64::MIN)),
            (false, Err(_)) => Err(wrong(TOO_LONG)),
        }
    }
}

/// Reads one number with its unit; answers its nanoseconds and what follows.
fn one_part(text: &str) -> Result<(u64, &str), &'static str> {
    let (whole, rest) = digits(text);
    let (fraction, rest) = match rest.strip_prefix('.') {
        Some(rest) => digits(rest),
        None => ("", rest),
    };
    if whole.is_empty() && fraction.is_empty() {
        return Err(NO_NUMBER);
    }
    let end = rest.find(|character: char| character == '.' || character.is_ascii_digit()).unwrap_or(rest.len());
    let (name, rest) = rest.split_at(end);
    let unit = match name {
        "ns" => NANOSECOND,
        // Both spellings of the micro sign, as in Go.
        "us" | "\u{b5}s" | "\u{3bc}s" => MICROSECOND,
        "ms" => MILLISECOND,
        "s" => SECOND,
        "m" => MINUTE,
        "h" => HOUR,
        "" => return Err(MISSING_UNIT),
        _ => return Err(UNKNOWN_UNIT),
    };
    let whole = match whole {
        "" => 0,
        digits => digits.parse::<u64>().map_err(|_| TOO_LONG)?,
    };
    let nanos = whole.checked_mul(unit).filter(|nanos| *nanos <= LIMIT).ok_or(TOO_LONG)?;
    nanos.checked_add(fraction_of(fraction, unit)).filter(|nanos| *nanos <= LIMIT).ok_or(TOO_LONG).map(|n| (n, rest))
}

fn digits(text: &str) -> (&str, &str) {
    text.split_at(text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len()))
}

/// The part of `unit` that the digits after the point stand for. Go computes it in floating point and drops digits that
/// its integers cannot hold; so do we, since the aim is to read what Go would read.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the rounding of Go's own arithmetic is what is wanted; the product is below one unit and not negative"
)]
fn fraction_of(digits: &str, unit: u64) -> u64 {
    let mut value: u64 = 0;
    let mut scale = 1.0_f64;
    for digit in digits.bytes() {
        let next = value.checked_mul(10).and_then(|value| value.checked_add(u64::from(digit - b'0')));
        match next.filter(|next| *next <= LIMIT) {
            Some(next) => value = next,
            None => break,
        }
        scale *= 10.0;
    }
    (value as f64 * (unit as f64 / scale)) as u64
}

impl fmt::Display for GoDuration {
    /// Writes Go's canonical form: `1h0m0s`, `15m0s`, `1.5s`, `20ms`, `0s`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.0.unsigned_abs();
        if self.0 < 0 {
            f.write_str("-")?;
        }
        match nanos {
            0 => f.write_str("0s"),
            1..MICROSECOND => write!(f, "{nanos}ns"),
            MICROSECOND..MILLISECOND => write!(f, "{}\u{b5}s", Decimal(nanos, MICROSECOND)),
            MILLISECOND..SECOND => write!(f, "{}ms", Decimal(nanos, MILLISECOND)),
            _ => {
                let (hours, minutes) = (nanos / HOUR, nanos % HOUR / MINUTE);
                if hours > 0 {
                    write!(f, "{hours}h")?;
                }
                if hours > 0 || minutes > 0 {
                    write!(f, "{minutes}m")?;
                }
                write!(f, "{}s", Decimal(nanos % MINUTE, SECOND))
            }
        }
    }
}

/// `.0 / .1` as a decimal without trailing zeros; `.1` is a power of ten.
struct Decimal(u64, u64);

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, part) = (self.0 / self.1, self.0 % self.1);
        if part == 0 {
            return write!(f, "{whole}");
        }
        let width = usize::try_from(self.1.ilog10()).unwrap_or(0);
        let digits = format!("{part:0width$}");
        write!(f, "{whole}.{}", digits.trim_end_matches('0'))
    }
}

/// The canonical form of a duration, and any other text as it is.
pub fn canonical(text: &str) -> String {
    text.parse::<GoDuration>().map_or_else(|_| text.to_owned(), |duration| duration.to_string())
}

/// Whether two values are one duration, however spelled; for `#[model(same = …)]`.
pub fn same(a: &Value, b: &Value) -> bool {
    match (a.as_str(), b.as_str()) {
        (Some(a_text), Some(b_text)) => match (a_text.parse::<GoDuration>(), b_text.parse::<GoDuration>()) {
            (Ok(a), Ok(b)) => a == b,
            _ => a_text == b_text,
        },
        _ => a == b,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_and_writes_as_go_does() {
        // Left: what Go's time.ParseDuration accepts; right: what its String() answers.
        let table = [
            ("0", "0s"),
            ("-0", "0s"),
            ("0h", "0s"),
            ("15m", "15m0s"),
            ("1h", "1h0m0s"),
            ("1h0m0s", "1h0m0s"),
            ("+5s", "5s"),
            ("-5s", "-5s"),
            ("1.5s", "1.5s"),
            (".5s", "500ms"),
            ("5.s", "5s"),
            ("1h30m", "1h30m0s"),
            ("90m", "1h30m0s"),
            ("1m0.5s", "1m0.5s"),
            ("1ns", "1ns"),
            ("1100ns", "1.1\u{b5}s"),
            ("1us", "1\u{b5}s"),
            ("1\u{b5}s", "1\u{b5}s"),
            ("1\u{3bc}s", "1\u{b5}s"),
            ("2200us", "2.2ms"),
            ("20ms", "20ms"),
            ("0.3333333333333333333h", "20m0s"),
            ("9223372036854775807ns", "2562047h47m16.854775807s"),
            ("-9223372036854775808ns", "-2562047h47m16.854775808s"),
            ("720h", "720h0m0s"),
        ];
        for (text, canonical_form) in table {
            let duration: GoDuration = text.parse().unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(duration.to_string(), canonical_form, "{text}");
        }
    }

    #[test]
    fn refuses_what_go_refuses() {
        for text in [
            "",
            "-",
            "3",
            ".",
            ".s",
            "+.s",
            "1d",
            "1 h",
            "h",
            "1h 2m",
            "1.2.3s",
            "1e3s",
            "3000000h",
            "9223372036854775808ns",
        ] {
            assert!(text.parse::<GoDuration>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn spellings_of_one_duration_are_the_same_and_others_are_not() {
        let same_as = |a: &str, b: &str| same(&Value::string(a), &Value::string(b));
        assert!(same_as("1h", "60m"));
        assert!(same_as("1h", "1h0m0s"));
        assert!(!same_as("1h", "1h1s"));
        assert!(same_as("soon", "soon"));
        assert!(!same_as("soon", "later"));
        assert!(!same_as("1h", "later"));
        assert_eq!(canonical("15m"), "15m0s");
        assert_eq!(canonical("soon"), "soon");
    }

    proptest! {
        #[test]
        fn the_canonical_form_reads_back_and_is_stable(nanos in any::<i64>()) {
            let duration = GoDuration::from_nanos(nanos);
            let text = duration.to_string();
            prop_assert_eq!(text.parse::<GoDuration>(), Ok(duration));
            prop_assert_eq!(canonical(&text), text);
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,24}") {
            let _ = text.parse::<GoDuration>();
        }

        #[test]
        fn texts_close_to_durations_do_not_panic(text in "[-+]?([0-9]{0,20}\\.?[0-9]{0,20}(ns|us|ms|s|m|h|x)?){0,3}") {
            if let Ok(duration) = text.parse::<GoDuration>() {
                prop_assert!(same(&Value::string(&text), &Value::string(duration.to_string())));
            }
        }
    }
}
