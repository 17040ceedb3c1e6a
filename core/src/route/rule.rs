//! Traefik's rules: how they are read, and what priority follows.
//!
//! Without an explicit priority, Traefik orders routers by the length of their rule in bytes, longest first. That makes a
//! rule's spelling a decision about security, so it is computed, not estimated, and a text that is no rule is refused
//! rather than measured.
//!
//! The grammar is Go's, of which rules are a small part: a line feed after a closing parenthesis ends the rule, a comma may
//! stand before one, and texts are in backticks or in double quotes.

use std::fmt;

use super::Truth;
use super::arguments::{self, Call};
use super::matcher::Matcher;
use super::request::Seen;

/// A text that Traefik would not read as a rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct RuleError {
    /// Byte at which it stops to make sense.
    pub at: usize,
    /// What would have been expected there.
    pub expected: &'static str,
}

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not a Traefik rule: expected {} at byte {}", self.expected, self.at)
    }
}

/// Which names and meanings a rule uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Syntax {
    /// Traefik 3's.
    #[default]
    V3,
    /// Traefik 2's, which Traefik 3 still takes where a router asks for it.
    V2,
}

impl Syntax {
    /// As Traefik reads `ruleSyntax`: only `v2` is version 2; all else is the default.
    pub fn of(text: &str) -> Self {
        if text == "v2" { Self::V2 } else { Self::V3 }
    }
}

/// A rule that Traefik takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    text: String,
    condition: Condition,
}

/// What a rule asks of a request. Negations stand at the matchers alone, as Traefik has them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// A matcher, or its opposite.
    Is {
        /// What.
        matcher: Matcher,
        /// Whether it must not be met.
        negated: bool,
    },
    /// Both.
    Both(Box<Self>, Box<Self>),
    /// One of the two.
    Either(Box<Self>, Box<Self>),
}

impl Condition {
    /// The opposite, with negations pushed down to the matchers.
    #[must_use]
    pub(super) fn inverted(self) -> Self {
        match self {
            Self::Is { matcher, negated } => Self::Is { matcher, negated: !negated },
            Self::Both(left, right) => Self::Either(Box::new(left.inverted()), Box::new(right.inverted())),
            Self::Either(left, right) => Self::Both(Box::new(left.inverted()), Box::new(right.inverted())),
        }
    }

    /// Whether a request meets it.
    pub fn is_met(&self, seen: &Seen) -> Truth {
        match self {
            Self::Is { matcher, negated } => {
                let met = matcher.is_met(seen);
                if *negated { met.not() } else { met }
            }
            Self::Both(left, right) => match left.is_met(seen) {
                Truth::No => Truth::No,
                met => met.and(right.is_met(seen)),
            },
            Self::Either(left, right) => match left.is_met(seen) {
                Truth::Yes => Truth::Yes,
                met => met.or(right.is_met(seen)),
            },
        }
    }

    /// Every matcher in it, with whether it is negated, from left to right.
    pub fn matchers(&self) -> Vec<(&Matcher, bool)> {
        match self {
            Self::Is { matcher, negated } => vec![(matcher, *negated)],
            Self::Both(left, right) | Self::Either(left, right) => {
                let mut all = left.matchers();
                all.extend(right.matchers());
                all
            }
        }
    }
}

/// Deeper nesting than this is refused: nobody writes it, and it would only exhaust the stack.
const MAX_DEPTH: usize = 64;

impl Rule {
    /// Reads a rule. Fails where Traefik would refuse it, and drop its router.
    pub fn new(text: &str, syntax: Syntax) -> Result<Self, RuleError> {
        let mut parser = Parser { text, at: 0, depth: 0, syntax, ended: false };
        let condition = parser.or()?;
        parser.end()?;
        Ok(Self { text: text.to_owned(), condition })
    }

    /// As it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What it asks of a request.
    pub fn condition(&self) -> &Condition {
        &self.condition
    }

    /// The priority that it has unless its router sets one: its length in bytes.
    pub fn priority(&self) -> i64 {
        length(&self.text)
    }

    /// Whether a request meets it.
    pub fn is_met(&self, seen: &Seen) -> Truth {
        self.condition.is_met(seen)
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The priority that Traefik gives to a router with this rule: its length in bytes. Fails where the text is no rule of
/// Traefik 3.
pub fn priority(rule: &str) -> Result<i64, RuleError> {
    Rule::new(rule, Syntax::V3).map(|rule| rule.priority())
}

/// The rule that Traefik makes of an Ingress path.
pub fn of_path(host: &str, path: &str, exact: bool) -> String {
    let matcher = if exact { "Path" } else { "PathPrefix" };
    format!("Host(`{host}`) && {matcher}(`{path}`)")
}

/// The length of a text as a priority.
pub fn length(text: &str) -> i64 {
    i64::try_from(text.len()).unwrap_or(i64::MAX)
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
    syntax: Syntax,
    /// Whether a rule could end here, so that a line feed ends it.
    ended: bool,
}

impl Parser<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn wrong(&self, expected: &'static str) -> RuleError {
        RuleError { at: self.at, expected }
    }

    fn spaces(&mut self) {
        let rest = self.rest();
        let blank = |character: char| matches!(character, ' ' | '\t' | '\r') || (character == '\n' && !self.ended);
        self.at += rest.len() - rest.trim_start_matches(blank).len();
    }

    fn take(&mut self, token: &str) -> bool {
        self.spaces();
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
            self.ended = token == ")";
        }
        found
    }

    fn end(&mut self) -> Result<(), RuleError> {
        self.spaces();
        if self.rest().trim_start_matches([' ', '\t', '\r', '\n']).is_empty() {
            return Ok(());
        }
        Err(self.wrong("`&&`, `||` or the end"))
    }

    fn or(&mut self) -> Result<Condition, RuleError> {
        let mut all = self.and()?;
        while self.take("||") {
            all = Condition::Either(Box::new(all), Box::new(self.and()?));
        }
        Ok(all)
    }

    fn and(&mut self) -> Result<Condition, RuleError> {
        let mut all = self.not()?;
        while self.take("&&") {
            all = Condition::Both(Box::new(all), Box::new(self.not()?));
        }
        Ok(all)
    }

    fn not(&mut self) -> Result<Condition, RuleError> {
        let mut negated = false;
        while self.take("!") {
            negated = !negated;
        }
        let condition = if self.take("(") {
            self.depth += 1;
            if self.depth > MAX_DEPTH {
                return Err(self.wrong("fewer nested parentheses"));
            }
            let inside = self.or()?;
            self.depth -= 1;
            if !self.take(")") {
                return Err(self.wrong("`)`"));
            }
            inside
        } else {
            self.matcher()?
        };
        Ok(if negated { condition.inverted() } else { condition })
    }

    fn matcher(&mut self) -> Result<Condition, RuleError> {
        self.spaces();
        let (start, rest) = (self.at, self.rest());
        let end = rest.find(|character: char| !character.is_ascii_alphanumeric()).unwrap_or(rest.len());
        let Some(known) = arguments::known(&rest[..end], self.syntax) else {
            return Err(self.wrong("a matcher such as Host, Path or PathPrefix"));
        };
        self.at += end;
        self.ended = true;
        if !self.take("(") {
            return Err(self.wrong("`(`"));
        }
        let (mut values, mut places) = (Vec::new(), Vec::new());
        loop {
            self.spaces();
            places.push(self.at);
            values.push(self.literal()?);
            if !self.take(",") {
                break;
            }
            self.spaces();
            if self.rest().starts_with(')') {
                break;
            }
        }
        if values.len() < known.fewest {
            return Err(self.wrong("another argument"));
        }
        if values.len() > known.most {
            return Err(self.wrong("fewer arguments"));
        }
        if !self.take(")") {
            return Err(self.wrong("`,` or `)`"));
        }
        let call = Call { name: known.name, values, text: &self.text[start..self.at] };
        call.condition(self.syntax).map_err(|wrong| RuleError {
            at: places.get(wrong.argument).copied().unwrap_or(start),
            expected: wrong.expected,
        })
    }

    /// A text in backticks, taken as it stands, or in double quotes with backslash escapes.
    fn literal(&mut self) -> Result<String, RuleError> {
        let rest = self.rest();
        let (length, text) = match rest.chars().next() {
            Some('`') => {
                let end = rest[1..].find('`').ok_or_else(|| self.wrong("a text that ends"))?;
                (end + 2, rest[1..=end].replace('\r', ""))
            }
            Some('"') => {
                let quoted = &rest[1..];
                let end = arguments::end_of_quoted(quoted).ok_or_else(|| self.wrong("a text that ends"))?;
                let text = arguments::unquoted(&quoted[..end]).ok_or_else(|| self.wrong("a text with Go's escapes"))?;
                (end + 2, text)
            }
            _ => return Err(self.wrong("a text in backticks or double quotes")),
        };
        self.at += length;
        self.ended = true;
        Ok(text)
    }
}

#[cfg(test)]
mod tests;
