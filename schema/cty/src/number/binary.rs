//! Rounding to cty's precision: the shortest decimal that reads back as the same 512-bit float.

use num_bigint::BigUint;

/// Bits of cty's floats.
const PRECISION: u64 = 512;

/// No two decimals of this many digits share a float of [`PRECISION`] bits: `10^153 < 2^511`.
const SAFE_DIGITS: u32 = 153;

/// As many digits always tell two neighbouring floats apart: `10^155 > 2^513`.
const ENOUGH_DIGITS: u32 = 156;

/// Rounds `digits × 10^exponent`. What has few enough digits comes back as it is.
pub(super) fn round(digits: BigUint, exponent: i64) -> (BigUint, i64) {
    // 508 bits are at most 153 digits.
    if digits.bits() <= 508 || digits < ten_to(SAFE_DIGITS) {
        return (digits, exponent);
    }
    let float = Float::nearest(&digits, exponent);
    let mut shortest = (digits, exponent);
    for count in SAFE_DIGITS..=ENOUGH_DIGITS {
        shortest = float.decimal(count);
        if Float::nearest(&shortest.0, shortest.1) == float {
            break;
        }
    }
    shortest
}

fn ten_to(exponent: u32) -> BigUint {
    BigUint::from(10_u32).pow(exponent)
}

/// `numerator / denominator` of `digits × 10^exponent`.
fn ratio(digits: &BigUint, exponent: i64) -> (BigUint, BigUint) {
    let power = ten_to(u32::try_from(exponent.unsigned_abs()).unwrap_or(u32::MAX));
    if exponent >= 0 { (digits * power, BigUint::from(1_u32)) } else { (digits.clone(), power) }
}

/// `numerator × 2^shift / denominator`, rounded down, and whether that was exact.
fn shifted_quotient(numerator: &BigUint, denominator: &BigUint, shift: i64) -> (BigUint, bool) {
    let places = shift.unsigned_abs();
    let (numerator, denominator) = if shift >= 0 {
        (numerator << places, denominator.clone())
    } else {
        (numerator.clone(), denominator << places)
    };
    let quotient = &numerator / &denominator;
    let exact = &quotient * &denominator == numerator;
    (quotient, exact)
}

fn bits(number: &BigUint) -> i64 {
    i64::try_from(number.bits()).unwrap_or(i64::MAX)
}

/// `mantissa × 2^exponent` with a mantissa of exactly [`PRECISION`] bits.
#[derive(PartialEq, Eq)]
struct Float {
    mantissa: BigUint,
    exponent: i64,
}

impl Float {
    /// The float nearest to `digits × 10^exponent`, halves to even. `digits` is not zero.
    fn nearest(digits: &BigUint, exponent: i64) -> Self {
        let (numerator, denominator) = ratio(digits, exponent);
        // Two or three bits more than needed: they and the remainder decide the rounding.
        let shift = bits(&denominator) - bits(&numerator) + 2 + i64::try_from(PRECISION).unwrap_or(0);
        let (quotient, exact) = shifted_quotient(&numerator, &denominator, shift);
        let spare = quotient.bits() - PRECISION;
        let mut mantissa = &quotient >> spare;
        let rest = &quotient - (&mantissa << spare);
        let half = BigUint::from(1_u32) << (spare - 1);
        if rest > half || (rest == half && (!exact || mantissa.bit(0))) {
            mantissa += 1_u32;
        }
        let mut exponent = i64::try_from(spare).unwrap_or(0) - shift;
        if mantissa.bits() > PRECISION {
            mantissa >>= 1;
            exponent += 1;
        }
        Self { mantissa, exponent }
    }

    /// The decimal of `count` digits (or one zero more) that is nearest to it, halves to even.
    fn decimal(&self, count: u32) -> (BigUint, i64) {
        // The decimal exponent of the last digit: an estimate from the bits, one too small at most.
        let magnitude = bits(&self.mantissa) + self.exponent;
        let mut last = (magnitude * 30_103).div_euclid(100_000) - i64::from(count);
        loop {
            let (numerator, denominator) = ratio(&self.mantissa, -last);
            let (quotient, exact) = shifted_quotient(&numerator, &denominator, self.exponent + 1);
            let half = quotient.bit(0);
            let mut rounded: BigUint = &quotient >> 1;
            if rounded >= ten_to(count) {
                last += 1;
                continue;
            }
            if half && (!exact || rounded.bit(0)) {
                rounded += 1_u32;
            }
            return (rounded, last);
        }
    }
}
