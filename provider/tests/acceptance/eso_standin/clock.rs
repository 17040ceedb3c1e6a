//! The stand-in's clock, which may be wrong.

use std::time::{SystemTime, UNIX_EPOCH};

/// Now, to the second, on a clock that is `skew` seconds ahead.
pub(super) fn time(skew: i64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    written(now.saturating_add_signed(skew))
}

/// The same as a `MicroTime`.
pub(super) fn micro(skew: i64) -> String {
    time(skew).replace('Z', ".000000Z")
}

/// Seconds since 1970 as RFC 3339 in UTC.
fn written(seconds: u64) -> String {
    let (day, rest) = (seconds / 86400, seconds % 86400);
    // Years that begin in March: the leap day is the last one.
    let days = day + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = era * 400 + year + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", rest / 3600, rest / 60 % 60, rest % 60)
}

#[test]
fn its_clock_shows_the_time() {
    for (seconds, text) in [
        (0, "1970-01-01T00:00:00Z"),
        (951_782_400, "2000-02-29T00:00:00Z"),
        (1_767_225_599, "2025-12-31T23:59:59Z"),
        (1_798_761_600, "2027-01-01T00:00:00Z"),
    ] {
        assert_eq!(written(seconds), text);
    }
}
