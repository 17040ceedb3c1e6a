//! Times as Kubernetes writes them.

const DAY: i64 = 86_400;

/// Seconds since 1970 of a time such as `2026-11-21T17:00:00Z`, the one form that Kubernetes writes in a status; fractions
/// of a second are dropped. `None` for anything else.
pub fn seconds(text: &str) -> Option<i64> {
    let (date, clock) = text.strip_suffix('Z')?.split_once('T')?;
    let [year, month, day] = numbers(date, '-')?;
    let clock = clock.split_once('.').map_or(clock, |(whole, _)| whole);
    let [hour, minute, second] = numbers(clock, ':')?;
    let fits = (1..=12).contains(&month) && (1..=31).contains(&day) && hour < 24 && minute < 60 && second <= 60;
    fits.then(|| days(year, month, day) * DAY + hour * 3_600 + minute * 60 + second)
}

fn numbers(text: &str, between: char) -> Option<[i64; 3]> {
    let mut parts = text.split(between).map(|part| {
        let is_number = !part.is_empty() && part.len() <= 4 && part.bytes().all(|byte| byte.is_ascii_digit());
        if is_number { part.parse().ok() } else { None }
    });
    let three = [parts.next()??, parts.next()??, parts.next()??];
    parts.next().is_none().then_some(three)
}

/// Days since 1970-01-01 in the calendar that everybody uses. Years are counted from March on, so that the leap day is the
/// last of its year.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_kubernetes_are_read_and_others_are_not() {
        for (text, expected) in [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("2000-02-29T12:00:00Z", Some(951_825_600)),
            ("2026-11-21T00:00:00Z", Some(1_795_219_200)),
            ("2026-11-21T00:00:00.123456Z", Some(1_795_219_200)),
            ("2024-12-31T23:59:59Z", Some(1_735_689_599)),
            ("2026-11-21T00:00:00+01:00", None),
            ("2026-13-21T00:00:00Z", None),
            ("2026-11-21", None),
            ("-001-01-01T00:00:00Z", None),
            ("", None),
        ] {
            assert_eq!(seconds(text), expected, "{text}");
        }
    }
}
