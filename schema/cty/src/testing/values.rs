//! Random types and values.

use super::Random;
use crate::{Bound, Number, Refinement, Type, Value};

/// What texts are made of: plain, combining, decomposed, joined, right to left, beyond the first plane.
const FRAGMENTS: &[&str] = &[
    "a",
    "Z",
    "0",
    " ",
    "-",
    "/",
    "\"",
    "\\",
    "\n",
    "\0",
    "\u{7f}",
    "<",
    "&",
    "\u{e9}",
    "e\u{301}",
    "\u{301}",
    "\u{323}",
    "\u{1100}\u{1161}\u{11a8}",
    "\u{ac01}",
    "\u{fb01}",
    "\u{212b}",
    "\u{5d0}\u{5bc}",
    "\u{fffd}",
    "\u{feff}",
    "\u{2028}",
    "\u{1f468}\u{200d}\u{1f469}",
    "\u{1f1e9}",
    "\u{1d15e}",
    "\u{10ffff}",
    "\u{65e5}\u{672c}",
    "host.example.net",
];

/// Numbers at which an encoding changes its width.
const EDGES: &[i64] = &[
    0,
    127,
    128,
    -32,
    -33,
    255,
    256,
    -128,
    -129,
    65_535,
    65_536,
    -32_769,
    4_294_967_295,
    4_294_967_296,
    i64::MAX,
    i64::MIN,
];

/// Makes random types and values.
#[derive(Clone, Debug)]
pub struct Generator {
    /// The source of chance.
    pub random: Random,
    /// Whether parts of values may be unknown.
    pub unknown: bool,
}

impl Generator {
    /// A generator of types and values that may be unknown in part.
    pub fn new(seed: u64) -> Self {
        Self { random: Random::new(seed), unknown: true }
    }

    /// A type that nests at most `depth` levels; with `dynamic`, parts of it may be open.
    pub fn ty(&mut self, depth: usize, dynamic: bool) -> Type {
        if depth == 0 {
            if dynamic && self.random.one_in(6) {
                return Type::Dynamic;
            }
            return self.random.pick(&[Type::Bool, Type::Number, Type::String]).clone();
        }
        // The elements of a collection are of one type, so an open type inside one would have to be decided for all of
        // them at once: go-cty panics on a mixture. Objects and tuples have no such bond.
        match self.random.below(7) {
            0 => Type::list(self.ty(depth - 1, false)),
            1 => Type::set(self.ty(depth - 1, false)),
            2 => Type::map(self.ty(depth - 1, false)),
            3 => Type::Tuple((0..self.random.below(4)).map(|_| self.ty(depth - 1, dynamic)).collect()),
            4 | 5 => {
                let count = self.random.below(5);
                Type::Object((0..count).map(|_| (self.name(), self.ty(depth - 1, dynamic))).collect())
            }
            _ => self.ty(depth - 1, dynamic),
        }
    }

    fn name(&mut self) -> String {
        if self.random.one_in(12) {
            return self.text();
        }
        format!("{}{}", self.random.pick(&["a", "b", "host", "name_"]), self.random.below(20))
    }

    /// Any text, in NFC.
    pub fn text(&mut self) -> String {
        let mut count = self.random.below(6);
        if self.random.one_in(200) {
            count = self.random.below(400);
        }
        let text: String = (0..count).map(|_| *self.random.pick(FRAGMENTS)).collect();
        crate::value::normalise(&text)
    }

    /// Any number.
    pub fn number(&mut self) -> Number {
        let parsed = |text: String| text.parse().unwrap_or_else(|_| Number::from(0_i64));
        match self.random.below(8) {
            0 => Number::from(i64::from(self.random.bits().to_le_bytes()[0]) - 128),
            1 => Number::from(self.random.bits().cast_signed()),
            2 => Number::from(self.random.bits()),
            3 => Number::from(*self.random.pick(EDGES)),
            4 => Number::from_f64(self.float()).unwrap_or_else(|| Number::from(1_i64)),
            5 => parsed(format!("{}.{}", self.random.below(1000), self.random.below(100_000))),
            6 => {
                let most = if self.random.one_in(4) { 250 } else { 30 };
                let digits: String = (0..=self.random.below(most)).map(|_| self.digit()).collect();
                let range = if self.random.one_in(8) { 600 } else { 60 };
                let exponent = self.random.below(range).cast_signed() - range.cast_signed() / 2;
                parsed(format!("{}{digits}e{exponent}", self.random.pick(&["", "-"])))
            }
            _ => Number::shortest(self.float()).unwrap_or_else(|| Number::from(2_i64)),
        }
    }

    /// Any float; most of them of a size that people use, since the digits of the others take long to print.
    fn float(&mut self) -> f64 {
        let any = f64::from_bits(self.random.bits());
        if self.random.one_in(8) || !any.is_finite() {
            return any;
        }
        let (whole, fraction) = (self.random.below(2_000_000), self.random.below(1 << 30));
        let part = |number: usize| f64::from(u32::try_from(number).unwrap_or(0));
        part(whole) - 1_000_000.0 + part(fraction) / part(1 << 30)
    }

    fn digit(&mut self) -> char {
        *self.random.pick(&['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'])
    }

    /// A value of `ty`: now and then null, and unknown where that is asked for.
    pub fn value(&mut self, ty: &Type) -> Value {
        if self.random.one_in(12) {
            return Value::Null;
        }
        if self.unknown && self.random.one_in(6) {
            return self.unknown(ty);
        }
        self.known(ty)
    }

    /// A value of `ty` that is itself neither null nor unknown, though its parts may be.
    pub fn known(&mut self, ty: &Type) -> Value {
        match ty {
            Type::Dynamic => {
                let depth = self.random.below(3);
                let actual = self.ty(depth, false);
                let value = self.value(&actual);
                Value::dynamic(actual, value)
            }
            Type::Bool => Value::Bool(self.random.one_in(2)),
            Type::Number => Value::Number(self.number()),
            Type::String => Value::String(self.text()),
            Type::List(element) => Value::List(self.elements(element)),
            Type::Set(element) => Value::set(self.elements(element)),
            Type::Map(element) => {
                let elements = self.elements(element);
                Value::Map(elements.into_iter().map(|element| (self.text(), element)).collect())
            }
            Type::Tuple(types) => Value::List(types.iter().map(|ty| self.value(ty)).collect()),
            Type::Object(attributes) => {
                Value::Map(attributes.iter().map(|(name, ty)| (name.clone(), self.value(ty))).collect())
            }
        }
    }

    fn elements(&mut self, ty: &Type) -> Vec<Value> {
        let simple = matches!(ty, Type::Bool | Type::Number | Type::String);
        let count = if simple && self.random.one_in(40) { self.random.below(100) } else { self.random.below(4) };
        (0..count).map(|_| self.value(ty)).collect()
    }

    /// An unknown value of `ty`, half of the time with something known of it.
    pub fn unknown(&mut self, ty: &Type) -> Value {
        let mut refinement = Refinement::default();
        if *ty == Type::Dynamic || self.random.one_in(2) {
            return Value::UNKNOWN;
        }
        refinement.null = self.random.one_in(2).then_some(false);
        match ty {
            Type::String if self.random.one_in(2) => {
                // Longer prefixes are cut on their way, so they do not come back as they were.
                refinement.string_prefix = Some(self.text()).filter(|prefix| !prefix.is_empty() && prefix.len() <= 256);
            }
            Type::Number => {
                let (a, b) = (self.number(), self.number());
                if a < b {
                    let inclusive = [self.random.one_in(2), self.random.one_in(2)];
                    refinement.lower = Some(Bound { limit: a, inclusive: inclusive[0] });
                    refinement.upper = Some(Bound { limit: b, inclusive: inclusive[1] });
                    match self.random.below(3) {
                        0 => refinement.lower = None,
                        1 => refinement.upper = None,
                        _ => {}
                    }
                }
            }
            Type::List(_) | Type::Set(_) | Type::Map(_) => {
                let least = i64::try_from(self.random.below(5)).unwrap_or(0);
                let most = least + 1 + i64::try_from(self.random.below(5)).unwrap_or(0);
                refinement.min_length = (least > 0 && self.random.one_in(2)).then_some(least);
                refinement.max_length = self.random.one_in(2).then_some(most);
            }
            _ => {}
        }
        Value::refined(refinement)
    }
}
