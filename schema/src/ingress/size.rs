//! Sizes with a unit: `5g`.

use homelab_cty::Value;

/// Units, largest first.
const UNITS: [(char, u64); 3] = [('g', 1 << 30), ('m', 1 << 20), ('k', 1 << 10)];

/// The bytes that a size stands for: digits, perhaps with `k`, `m` or `g` (of 1024, 1024², 1024³ bytes, in either case)
/// after them. `None` for any other text, and above what a signed 64-bit number holds, since that is what Traefik reads.
pub fn bytes_of(text: &str) -> Option<u64> {
    let last = text.chars().last()?.to_ascii_lowercase();
    let unit = UNITS.iter().find(|(letter, _)| *letter == last).map(|(_, unit)| *unit);
    let digits = if unit.is_some() { &text[..text.len() - 1] } else { text };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let bytes = digits.parse::<u64>().ok()?.checked_mul(unit.unwrap_or(1))?;
    i64::try_from(bytes).is_ok().then_some(bytes)
}

/// The shortest text for a number of bytes: `5g` for 5368709120.
pub fn size_of(bytes: u64) -> String {
    match UNITS.iter().find(|(_, unit)| bytes > 0 && bytes.is_multiple_of(*unit)) {
        Some((letter, unit)) => format!("{}{letter}", bytes / unit),
        None => bytes.to_string(),
    }
}

/// Whether two sizes are the same number of bytes: `5g`, `5G`, `5120m`.
pub fn same_size(one: &Value, other: &Value) -> bool {
    let bytes = |value: &Value| value.as_str().and_then(bytes_of);
    bytes(one).is_some() && bytes(one) == bytes(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_a_number_with_a_unit_or_without() {
        let good = [
            ("5g", 5_368_709_120),
            ("5G", 5_368_709_120),
            ("1k", 1024),
            ("10M", 10_485_760),
            ("0", 0),
            ("007", 7),
            ("1023", 1023),
            ("9223372036854775807", 9_223_372_036_854_775_807),
        ];
        for (text, bytes) in good {
            assert_eq!(bytes_of(text), Some(bytes), "{text}");
        }
        for text in
            ["", "5x", "g", "5gb", "-1", "+1", "1.5g", " 5g", "5 g", "٥", "5Ⓖ", "9223372036854775808", "8589934592g"]
        {
            assert_eq!(bytes_of(text), None, "{text:?}");
        }
    }

    #[test]
    fn the_shortest_text_means_the_same() {
        for bytes in [0, 1, 1023, 1024, 1025, 1 << 20, 5 << 30, 1 << 40, (1 << 30) + 1024] {
            assert_eq!(bytes_of(&size_of(bytes)), Some(bytes));
        }
        assert_eq!(size_of(5 << 30), "5g");
        assert_eq!(size_of(5 << 20), "5m");
    }

    #[test]
    fn spellings_of_one_size_are_the_same() {
        let same = |one: &str, other: &str| same_size(&Value::from(one), &Value::from(other));
        assert!(same("5g", "5G") && same("5g", "5120m") && same("1024", "1k"));
        assert!(!same("5g", "5m") && !same("x", "x"));
        assert!(!same_size(&Value::Null, &Value::Null));
    }
}
