use proptest::prelude::*;

use super::*;

fn number(text: &str) -> Number {
    text.parse().unwrap()
}

#[test]
fn spellings_of_one_number_are_equal() {
    for (one, other) in [
        ("1", "1.0"),
        ("1", "+1"),
        ("100", "1e2"),
        ("0.5", ".5"),
        ("0", "-0"),
        ("0", "0e99999"),
        ("1.50", "15e-1"),
        ("12", "12."),
        ("10000000000000000000000000", "1e25"),
    ] {
        assert_eq!(number(one), number(other), "{one} {other}");
    }
}

#[test]
fn text_that_is_no_number_is_refused() {
    for text in ["", ".", "-", "1e", "e1", "1.2.3", "0x10", "1_000", "inf", "NaN", "1e20001", "1e-20001", " 1", "１"] {
        assert!(text.parse::<Number>().is_err(), "{text}");
    }
    assert!("9".repeat(20_001).parse::<Number>().is_err());
}

#[test]
fn the_largest_and_the_smallest_come_back_from_their_text() {
    for text in ["1e20000", "-1e20000", "1e-20000", &"9".repeat(20_000), &format!("{}e19844", "7".repeat(156))] {
        let number = number(text);
        assert_eq!(number.to_string().parse::<Number>(), Ok(number));
    }
}

#[test]
fn an_error_does_not_repeat_a_whole_message() {
    let error = "x".repeat(10_000).parse::<Number>().unwrap_err();
    assert_eq!(error.0.len(), 64);
}

#[test]
fn floats_are_exact_or_shortest_as_asked() {
    assert_eq!(Number::from_f64(0.1).unwrap().to_string(), "0.1000000000000000055511151231257827021181583404541015625");
    assert_eq!(Number::shortest(0.1), Some(number("0.1")));
    assert_eq!(crate::Leaf::to_value(&0.1), crate::Value::Number(number("0.1")));
    assert_eq!(number("0.1").as_exact_f64(), None);
    assert_eq!(Number::from_f64(0.1).unwrap().as_exact_f64(), Some(0.1));
    assert_eq!(Number::from_f64(-2.5), Some(number("-2.5")));
    assert_eq!(Number::from_f64(1e300).unwrap().as_exact_f64(), Some(1e300));
    for not in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        assert_eq!(Number::from_f64(not), None);
        assert_eq!(Number::shortest(not), None);
    }
}

#[test]
fn integers_end_where_64_bits_end() {
    assert_eq!(number("9223372036854775807").as_i64(), Some(i64::MAX));
    assert_eq!(number("-9223372036854775808").as_i64(), Some(i64::MIN));
    assert_eq!(number("9223372036854775808").as_i64(), None);
    assert_eq!(number("1e18").as_i64(), Some(1_000_000_000_000_000_000));
    assert_eq!(number("1e19").as_i64(), None);
    assert_eq!(number("0.5").as_i64(), None);
    assert_eq!(Number::from(u64::MAX).to_string(), "18446744073709551615");
}

#[test]
fn digits_beyond_512_bits_are_rounded_as_cty_rounds_them() {
    // A third, as a long division gives it, and as 512 bits hold it: the texts differ, the number is one.
    let long = format!("0.{}", "3".repeat(400));
    let longer = format!("0.{}", "3".repeat(500));
    assert_eq!(number(&long), number(&longer));
    assert!(number(&long).to_string().len() <= 158);
    // Far below the last bit of 0.1.
    assert_eq!(number(&format!("0.1{}1", "0".repeat(200))), number("0.1"));
    // 2^512 - 1 is the greatest odd number that fits; 2^512 + 1 is halfway, to the even neighbour.
    let top = |more: u32| ((BigInt::from(1) << 512_u32) - 1_u32 + BigInt::from(more)).to_string();
    assert_eq!(number(&top(0)).to_string(), top(0));
    assert_eq!(number(&top(2)), number(&top(1)));
    assert_ne!(number(&top(0)), number(&top(1)));
}

#[test]
fn every_float_is_kept_however_many_digits_it_has() {
    for value in [f64::MIN_POSITIVE, 5e-324, f64::MAX, f64::EPSILON, 1.1e-300, -4.9e-320] {
        let number = Number::from_f64(value).unwrap();
        assert_eq!(number.as_exact_f64(), Some(value), "{value:e}");
        assert_eq!(number.to_string().parse::<Number>(), Ok(number));
    }
}

proptest! {
    #[test]
    fn floats_come_back(bits: u64) {
        let value = f64::from_bits(bits);
        prop_assume!(value.is_finite());
        let exact = Number::from_f64(value).unwrap();
        prop_assert_eq!(exact.as_exact_f64(), Some(value));
        prop_assert_eq!(Number::shortest(value).unwrap().to_f64().to_bits(), (value + 0.0).to_bits());
    }

    #[test]
    fn text_comes_back(text in "-?(0|[1-9][0-9]{0,180})(\\.[0-9]{0,180})?(e-?[0-9]{1,3})?") {
        let number = number(&text);
        prop_assert_eq!(number.to_string().parse::<Number>().unwrap(), number);
    }

    #[test]
    fn order_is_that_of_aligned_digits(
        a in "-?[0-9]{1,40}(\\.[0-9]{0,20})?(e-?[0-9]{1,2})?",
        b in "-?[0-9]{1,40}(\\.[0-9]{0,20})?(e-?[0-9]{1,2})?",
    ) {
        let (a, b) = (number(&a), number(&b));
        prop_assert_eq!(a.cmp(&b), a.cmp_aligned(&b));
        prop_assert_eq!(a == b, a.cmp(&b) == Ordering::Equal);
    }

    #[test]
    fn neighbours_are_in_order(digits: i64, exponent in -400_i64..400) {
        prop_assume!(digits != i64::MAX);
        let (low, high) = (format!("{digits}e{exponent}"), format!("{}e{exponent}", digits + 1));
        prop_assert!(number(&low) < number(&high));
    }
}
