//! Numbers of arbitrary precision.
//!
//! cty keeps a number as a binary float of 512 bits, and writes it as the shortest decimal text that reads back as that
//! float. Kept here is that text, as digits and exponent, because every question a provider asks of a number is a
//! decimal one. Up to 153 digits the two are the same thing: no two such decimals share a float. Longer ones are rounded
//! the way cty rounds them, so that two numbers are equal here exactly when they are equal there.

mod binary;

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use num_bigint::{BigInt, BigUint, Sign};

/// A decimal number of arbitrary precision: `digits × 10^exponent`, normalised, so that equal numbers are equal.
#[derive(Clone, PartialEq, Eq)]
pub struct Number {
    digits: BigInt,
    exponent: i64,
}

/// Text that is no decimal number, or one beyond what Terraform can hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no number")]
pub struct ParseNumberError(pub String);

/// Exponents beyond this are refused: nothing that Terraform sends comes near, and aligning two such numbers would
/// take the memory of the machine.
const MAX_EXPONENT: i64 = 20_000;
/// Digits of a text that is read: what is accepted must be accepted again as it is written, which is as the digits that
/// rounding leaves (156 at most) with as many zeros as the exponent says.
const MAX_DIGITS: usize = 20_200;

impl Number {
    /// Takes the zeros off the end, then rounds to cty's precision.
    fn new(digits: BigInt, exponent: i64) -> Self {
        let (digits, exponent) = without_zeros(digits, exponent);
        let (sign, magnitude) = digits.into_parts();
        let (magnitude, exponent) = binary::round(magnitude, exponent);
        let (digits, exponent) = without_zeros(BigInt::from_biguint(sign, magnitude), exponent);
        Self { digits, exponent }
    }

    /// The exact value of a binary float; `None` for infinities and NaN.
    ///
    /// This is what a float *in a message* means. For a number that a program computed, take [`Number::shortest`].
    pub fn from_f64(value: f64) -> Option<Self> {
        const FRACTION_BITS: u32 = 52;
        if !value.is_finite() {
            return None;
        }
        let bits = value.to_bits();
        let fraction = bits & ((1 << FRACTION_BITS) - 1);
        let biased = (bits >> FRACTION_BITS) & 0x7ff;
        // Subnormal numbers have no implied leading bit, and the exponent of the smallest normal ones.
        let mantissa = if biased == 0 { fraction } else { fraction | 1 << FRACTION_BITS };
        if mantissa == 0 {
            return Some(Self::from(0_i64));
        }
        let exponent = i64::try_from(biased.max(1)).ok()? - 1075 + i64::from(mantissa.trailing_zeros());
        let mantissa = BigInt::from(mantissa >> mantissa.trailing_zeros());
        let mantissa = if value.is_sign_negative() { -mantissa } else { mantissa };
        Some(if exponent >= 0 {
            Self::new(mantissa << exponent, 0)
        } else {
            // m / 2^k is m × 5^k / 10^k.
            Self::new(mantissa * BigInt::from(5).pow(u32::try_from(-exponent).ok()?), exponent)
        })
    }

    /// The shortest decimal number that reads back as this float, `0.1` for `0.1`; `None` for infinities and NaN.
    ///
    /// A computed float has to go this way. Its exact value, `0.1000000000000000055…`, is neither what a user writes
    /// nor what Terraform stores: it would print the float as `0.1` into the state and read another number from there.
    pub fn shortest(value: f64) -> Option<Self> {
        value.is_finite().then(|| value.to_string().parse().ok()).flatten()
    }

    /// The value as `i64`, where it is a whole number in range.
    pub fn as_i64(&self) -> Option<i64> {
        if !(0..=19).contains(&self.exponent) || self.digits.bits() > 64 {
            return None;
        }
        let digits = i64::try_from(&self.digits).ok()?;
        digits.checked_mul(10_i64.checked_pow(u32::try_from(self.exponent).ok()?)?)
    }

    /// Whether it is a whole number.
    pub fn is_integer(&self) -> bool {
        self.exponent >= 0
    }

    /// The nearest `f64`.
    pub fn to_f64(&self) -> f64 {
        match self.as_i64().and_then(|integer| i32::try_from(integer).ok()) {
            Some(small) => f64::from(small),
            None => format!("{}e{}", self.digits, self.exponent).parse().unwrap_or(f64::NAN),
        }
    }

    /// The value as `f64`, where that is exact.
    pub fn as_exact_f64(&self) -> Option<f64> {
        let nearest = self.to_f64();
        (Self::from_f64(nearest).as_ref() == Some(self)).then_some(nearest)
    }

    /// Bounds of the binary logarithm of the magnitude, in ten thousandths. Zero has none.
    fn log2(&self) -> (i64, i64) {
        let bits = i64::try_from(self.digits.bits()).unwrap_or(i64::MAX / 100_000);
        // 3.3219 < log2(10) < 3.3220
        let lift = [self.exponent * 33_219, self.exponent * 33_220];
        let [low, high] = if self.exponent < 0 { [lift[1], lift[0]] } else { lift };
        ((bits - 1) * 10_000 + low, bits * 10_000 + high)
    }

    /// Compares by making the exponents one.
    fn cmp_aligned(&self, other: &Self) -> Ordering {
        let shared = self.exponent.min(other.exponent);
        let scaled = |number: &Self| {
            let lift = u32::try_from(number.exponent - shared).unwrap_or(u32::MAX);
            &number.digits * BigInt::from(10).pow(lift)
        };
        scaled(self).cmp(&scaled(other))
    }
}

fn without_zeros(mut digits: BigInt, mut exponent: i64) -> (BigInt, i64) {
    if let Ok(mut small) = i64::try_from(&digits) {
        if small == 0 {
            return (digits, 0);
        }
        if small % 10 != 0 {
            return (digits, exponent);
        }
        while small % 10 == 0 {
            small /= 10;
            exponent += 1;
        }
        return (BigInt::from(small), exponent);
    }
    let ten = BigInt::from(10);
    // An odd number has no zero at its end: this spares the division in nearly all cases.
    while !digits.bit(0) && (&digits % &ten).sign() == Sign::NoSign {
        digits /= &ten;
        exponent += 1;
    }
    (digits, exponent)
}

impl From<i64> for Number {
    fn from(value: i64) -> Self {
        Self::new(BigInt::from(value), 0)
    }
}

impl From<u64> for Number {
    fn from(value: u64) -> Self {
        Self::new(BigInt::from(value), 0)
    }
}

impl FromStr for Number {
    type Err = ParseNumberError;

    /// Reads `12`, `-1.5`, `6e3`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || ParseNumberError(text.chars().take(64).collect());
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().map_err(|_| wrong())?),
            None => (text, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let (sign, whole) = match whole.strip_prefix('-') {
            Some(rest) => (Sign::Minus, rest),
            None => (Sign::Plus, whole.strip_prefix('+').unwrap_or(whole)),
        };
        let digits_only = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if (whole.is_empty() && fraction.is_empty()) || !digits_only(whole) || !digits_only(fraction) {
            return Err(wrong());
        }
        if fraction.len() + whole.len() > MAX_DIGITS {
            return Err(wrong());
        }
        let scale = i64::try_from(fraction.len()).map_err(|_| wrong())?;
        let digits = format!("{whole}{fraction}");
        let kept = digits.trim_end_matches('0');
        let zeros = i64::try_from(digits.len() - kept.len()).map_err(|_| wrong())?;
        if kept.is_empty() {
            return Ok(Self { digits: BigInt::from(0), exponent: 0 });
        }
        let exponent = exponent.checked_sub(scale).and_then(|exponent| exponent.checked_add(zeros));
        let exponent = exponent.filter(|exponent| exponent.abs() <= MAX_EXPONENT).ok_or_else(wrong)?;
        let magnitude: BigUint = kept.parse().map_err(|_| wrong())?;
        let number = Self::new(BigInt::from_biguint(sign, magnitude), exponent);
        // Rounding takes digits off the end, and so lifts the exponent.
        if number.exponent.abs() <= MAX_EXPONENT { Ok(number) } else { Err(wrong()) }
    }
}

impl fmt::Display for Number {
    /// Plain decimal, never in scientific notation.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.digits.to_string();
        let (sign, digits) = match text.strip_prefix('-') {
            Some(rest) => ("-", rest),
            None => ("", text.as_str()),
        };
        if self.exponent >= 0 {
            let zeros = usize::try_from(self.exponent).unwrap_or(0);
            return write!(f, "{sign}{digits}{}", "0".repeat(zeros));
        }
        let places = usize::try_from(-self.exponent).unwrap_or(0);
        if digits.len() > places {
            let (whole, fraction) = digits.split_at(digits.len() - places);
            write!(f, "{sign}{whole}.{fraction}")
        } else {
            write!(f, "{sign}0.{}{digits}", "0".repeat(places - digits.len()))
        }
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        let sign = self.digits.sign();
        if self.exponent == other.exponent {
            return self.digits.cmp(&other.digits);
        }
        if sign != other.digits.sign() || sign == Sign::NoSign {
            return sign.cmp(&other.digits.sign());
        }
        // Magnitudes that are far apart need no common exponent, which could be thousands of digits away.
        let ((low, high), (other_low, other_high)) = (self.log2(), other.log2());
        let magnitude = if low > other_high {
            Ordering::Greater
        } else if high < other_low {
            Ordering::Less
        } else {
            return self.cmp_aligned(other);
        };
        if sign == Sign::Minus { magnitude.reverse() } else { magnitude }
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Hash for Number {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.digits.hash(state);
        self.exponent.hash(state);
    }
}

#[cfg(test)]
mod tests;
