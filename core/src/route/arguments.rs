//! From a matcher as it is written to what it asks: names, numbers of arguments, and what each may be.

use super::matcher::Matcher;
use super::network::Network;
use super::pattern::Pattern;
use super::rule::{Condition, Syntax};

/// A matcher that Traefik knows.
pub(super) struct Known {
    pub(super) name: &'static str,
    pub(super) fewest: usize,
    pub(super) most: usize,
}

/// Matchers for HTTP, with the fewest and most arguments that they take.
const V3: &[(&str, usize, usize)] = &[
    ("ClientIP", 1, 1),
    ("Header", 2, 2),
    ("HeaderRegexp", 2, 2),
    ("Host", 1, 1),
    ("HostRegexp", 1, 1),
    ("Method", 1, 1),
    ("Path", 1, 1),
    ("PathPrefix", 1, 1),
    ("PathRegexp", 1, 1),
    ("Query", 1, 2),
    ("QueryRegexp", 1, 2),
];

/// More arguments than anybody writes; version 2 sets no limit.
const MANY: usize = 1000;

const V2: &[(&str, usize, usize)] = &[
    ("ClientIP", 1, MANY),
    ("Headers", 1, MANY),
    ("HeadersRegexp", 1, MANY),
    ("Host", 1, MANY),
    ("HostHeader", 1, MANY),
    ("HostRegexp", 1, MANY),
    ("Method", 1, MANY),
    ("Path", 1, MANY),
    ("PathPrefix", 1, MANY),
    ("Query", 1, MANY),
];

/// The matcher that this spelling names.
pub(super) fn known(spelling: &str, syntax: Syntax) -> Option<Known> {
    let table = match syntax {
        Syntax::V3 => V3,
        Syntax::V2 => V2,
    };
    let found = table.iter().find(|(name, ..)| is_spelling_of(spelling, name));
    found.map(|(name, fewest, most)| Known { name, fewest: *fewest, most: *most })
}

/// Traefik registers each matcher as documented, in lower case, in upper case, and with a capital first letter alone.
fn is_spelling_of(name: &str, known: &str) -> bool {
    let lower = known.to_ascii_lowercase();
    name == known
        || name == lower
        || name == known.to_ascii_uppercase()
        || (name.to_ascii_lowercase() == lower && name[..1] == known[..1] && name[1..] == lower[1..])
}

/// A matcher with its arguments.
pub(super) struct Call<'a> {
    pub(super) name: &'static str,
    pub(super) values: Vec<String>,
    pub(super) text: &'a str,
}

/// Which argument Traefik refuses, and what would have been expected.
pub(super) struct Wrong {
    pub(super) argument: usize,
    pub(super) expected: &'static str,
}

impl Call<'_> {
    /// What it asks.
    pub(super) fn condition(self, syntax: Syntax) -> Result<Condition, Wrong> {
        if let Some(argument) = self.values.iter().position(String::is_empty) {
            return Err(Wrong { argument, expected: "an argument that is not empty" });
        }
        let matchers = match syntax {
            Syntax::V3 => vec![self.v3()?],
            Syntax::V2 => self.v2()?,
        };
        let conditions = matchers.into_iter().map(|matcher| Condition::Is { matcher, negated: false });
        conditions
            .reduce(|left, right| Condition::Either(Box::new(left), Box::new(right)))
            .ok_or(Wrong { argument: 0, expected: "an argument" })
    }

    fn value(&self, argument: usize) -> &str {
        self.values.get(argument).map_or("", String::as_str)
    }

    fn path(&self, argument: usize) -> Result<String, Wrong> {
        let path = self.value(argument);
        if path.starts_with('/') {
            return Ok(path.to_owned());
        }
        Err(Wrong { argument, expected: "a path that begins with a slash" })
    }

    fn host(&self, argument: usize) -> Result<String, Wrong> {
        let host = self.value(argument);
        if host.is_ascii() {
            return Ok(host.to_ascii_lowercase());
        }
        Err(Wrong { argument, expected: "a host in ASCII" })
    }

    fn pattern(&self, argument: usize) -> Result<Pattern, Wrong> {
        Pattern::new(self.value(argument)).map_err(|_| Wrong { argument, expected: "a regular expression" })
    }

    fn v3(&self) -> Result<Matcher, Wrong> {
        let first = || self.value(0).to_owned();
        Ok(match (self.name, self.values.len()) {
            ("Host", _) => Matcher::Host(self.host(0)?),
            ("HostRegexp", _) => {
                self.host(0)?;
                Matcher::HostRegexp(self.pattern(0)?)
            }
            ("Path", _) => Matcher::Path(self.path(0)?),
            ("PathPrefix", _) => Matcher::PathPrefix(self.path(0)?),
            ("PathRegexp", _) => Matcher::PathRegexp(self.pattern(0)?),
            ("Method", _) => Matcher::Method(self.value(0).to_uppercase()),
            ("Header", _) => Matcher::Header { name: canonical(self.value(0)), value: self.value(1).to_owned() },
            ("HeaderRegexp", _) => Matcher::HeaderRegexp { name: canonical(self.value(0)), pattern: self.pattern(1)? },
            // A pattern is only one where it is given; without it this is the same as Query.
            ("QueryRegexp", 2) => Matcher::QueryRegexp { name: first(), pattern: self.pattern(1)? },
            ("Query" | "QueryRegexp", _) => Matcher::Query { name: first(), value: self.value(1).to_owned() },
            ("ClientIP", _) => Matcher::ClientIp(
                Network::new(self.value(0)).map_err(|_| Wrong { argument: 0, expected: "an address or a network" })?,
            ),
            _ => Matcher::Unjudged(self.text.to_owned()),
        })
    }

    /// One matcher for each argument, of which any will do.
    fn v2(&self) -> Result<Vec<Matcher>, Wrong> {
        let each = 0..self.values.len();
        // Braces hold patterns of version 2, which follow rules of their own.
        let literal = |argument: usize| !self.value(argument).contains(['{', '}']);
        let unjudged = || Matcher::Unjudged(self.text.to_owned());
        match self.name {
            "Headers" | "HeadersRegexp" if !self.values.len().is_multiple_of(2) => {
                Err(Wrong { argument: self.values.len(), expected: "a value for each header" })
            }
            "Host" | "HostHeader" => each.map(|argument| self.host(argument).map(Matcher::Host)).collect(),
            "Method" => Ok(each.map(|argument| Matcher::Method(self.value(argument).to_uppercase())).collect()),
            "Path" => each
                .map(|argument| Ok(if literal(argument) { Matcher::Path(self.path(argument)?) } else { unjudged() }))
                .collect(),
            "PathPrefix" => each
                .map(|argument| {
                    Ok(if literal(argument) { Matcher::PathPrefix(self.path(argument)?) } else { unjudged() })
                })
                .collect(),
            "ClientIP" => each
                .map(|argument| {
                    let network = Network::new(self.value(argument));
                    network.map(Matcher::ClientIp).map_err(|_| Wrong { argument, expected: "an address or a network" })
                })
                .collect(),
            _ => Ok(vec![unjudged()]),
        }
    }
}

/// The name of a header as Go spells it: `X-Auth-Token`; names that are none are left as they are.
pub(super) fn canonical(name: &str) -> String {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if !name.bytes().all(is_token) {
        return name.to_owned();
    }
    let mut upper = true;
    name.chars()
        .map(|character| {
            let spelled = if upper { character.to_ascii_uppercase() } else { character.to_ascii_lowercase() };
            upper = character == '-';
            spelled
        })
        .collect()
}

/// Where a text in double quotes ends.
pub(super) fn end_of_quoted(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.char_indices().take_while(|(_, character)| *character != '\n').find_map(|(at, character)| {
        let ends = !escaped && character == '"';
        escaped = !escaped && character == '\\';
        ends.then_some(at)
    })
}

/// What a text in double quotes says; `None` where Go has no such escape, or it makes a byte that is no character.
pub(super) fn unquoted(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let kind = rest.chars().next()?;
        let (character, length) = match kind {
            'a' => ('\u{7}', 1),
            'b' => ('\u{8}', 1),
            'f' => ('\u{c}', 1),
            'n' => ('\n', 1),
            'r' => ('\r', 1),
            't' => ('\t', 1),
            'v' => ('\u{b}', 1),
            '\\' | '"' => (kind, 1),
            'x' => (ascii(rest.get(1..3)?, 16)?, 3),
            'u' => (char::from_u32(u32::from_str_radix(rest.get(1..5)?, 16).ok()?)?, 5),
            'U' => (char::from_u32(u32::from_str_radix(rest.get(1..9)?, 16).ok()?)?, 9),
            '0'..='7' => (ascii(rest.get(..3)?, 8)?, 3),
            _ => return None,
        };
        out.push(character);
        rest = &rest[length..];
    }
    out.push_str(rest);
    Some(out)
}

fn ascii(digits: &str, radix: u32) -> Option<char> {
    u8::from_str_radix(digits, radix).ok().filter(u8::is_ascii).map(char::from)
}
