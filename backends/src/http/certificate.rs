//! How long a certificate still lasts.
//!
//! A verified certificate may end tomorrow: renewal has stopped, and nobody looks until browsers refuse it. When it is soon
//! depends on how long it lasts at all: whoever issues certificates for ninety days renews them with thirty left, and for six
//! days with two. A renewal begins when a third is left, so one that did not happen is told when half of that is gone, and
//! for those that last for years two weeks before the end.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use homelab_core::ingress::certificate::Certificate;

const DAY: Duration = Duration::from_hours(24);
const TWO_WEEKS: Duration = Duration::from_hours(14 * 24);

/// Full days until the end of the certificate `der`, where that is soon after `now`; `None` also where it cannot be read.
pub(super) fn ends_soon(der: &[u8], now: SystemTime) -> Option<u32> {
    let certificate = Certificate::of_der(der)?;
    let end = UNIX_EPOCH.checked_add(Duration::from_secs(certificate.not_after.try_into().ok()?))?;
    let left = end.duration_since(now).ok()?;
    let lasts = Duration::from_secs(certificate.not_after.checked_sub(certificate.not_before)?.try_into().ok()?);
    (left < TWO_WEEKS.min(lasts / 6)).then(|| u32::try_from(left.as_secs() / DAY.as_secs()).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use jiff::civil::DateTime;
    use jiff::tz::TimeZone;

    use super::*;

    fn certificate(begin: (i32, u8, u8), end: (i32, u8, u8)) -> Vec<u8> {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut parameters = rcgen::CertificateParams::new(vec!["photos.example.net".to_owned()]).unwrap();
        parameters.not_before = rcgen::date_time_ymd(begin.0, begin.1, begin.2);
        parameters.not_after = rcgen::date_time_ymd(end.0, end.1, end.2);
        parameters.self_signed(&key).unwrap().der().to_vec()
    }

    fn day(text: &str) -> SystemTime {
        let time = text.parse::<DateTime>().unwrap().to_zoned(TimeZone::UTC).unwrap();
        UNIX_EPOCH + Duration::from_secs(time.timestamp().as_second().try_into().unwrap())
    }

    #[test]
    fn soon_depends_on_how_long_it_lasts() {
        let table = [
            // Ninety days: a sixth is fifteen, and two weeks are less.
            ((2026, 9, 1), (2026, 11, 30), "2026-11-16", None),
            ((2026, 9, 1), (2026, 11, 30), "2026-11-16T00:00:01", Some(13)),
            ((2026, 9, 1), (2026, 11, 30), "2026-11-29T12:00:00", Some(0)),
            // Six days: one.
            ((2026, 11, 20), (2026, 11, 26), "2026-11-24T23:00:00", None),
            ((2026, 11, 20), (2026, 11, 26), "2026-11-25T01:00:00", Some(0)),
            // Ten years.
            ((2020, 1, 1), (2030, 1, 1), "2029-12-01", None),
            ((2020, 1, 1), (2030, 1, 1), "2029-12-25", Some(7)),
            // It has ended: verification says so.
            ((2020, 1, 1), (2021, 1, 1), "2026-01-01", None),
        ];
        for (begin, end, now, expected) in table {
            assert_eq!(ends_soon(&certificate(begin, end), day(now)), expected, "{end:?} at {now}");
        }
    }
}
