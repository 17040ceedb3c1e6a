//! Regular expressions as Traefik reads them, which is as Go does.
//!
//! Ours are of another library, whose language is nearly the same. "Nearly" may not decide about a gate: what both read
//! alike is answered, and for the rest the answer is that it cannot be told. Both work on bytes alone as long as pattern
//! and text are ASCII, which hosts always are and paths mostly.

mod samples;

use std::fmt;

use regex::bytes::{Regex, RegexBuilder};

use super::Truth;

/// A regular expression in a rule.
#[derive(Clone)]
pub struct Pattern {
    text: String,
    compiled: Option<Regex>,
}

/// A text that Go refuses as a regular expression: a router with it is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAPattern;

impl Pattern {
    /// Reads it. Fails only where Go would fail too; what merely we cannot read matches as [`Truth::Unknown`].
    pub fn new(text: &str) -> Result<Self, NotAPattern> {
        let compiled = match dialect(text)? {
            Dialect::Shared => RegexBuilder::new(text).unicode(false).build().ok(),
            Dialect::Doubtful => None,
        };
        Ok(Self { text: text.to_owned(), compiled })
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it is found in `text`: unanchored, as Go does it.
    pub fn is_match(&self, text: &[u8]) -> Truth {
        match &self.compiled {
            // The vertical tab is white space for one library and not for the other.
            Some(regex) if text.is_ascii() && !text.contains(&0x0b) => regex.is_match(text).into(),
            _ => Truth::Unknown,
        }
    }

    /// Some texts that it matches; none where nothing can be told.
    pub(super) fn samples(&self) -> Vec<String> {
        if self.compiled.is_some() { samples::of(&self.text) } else { Vec::new() }
    }

    /// What every text begins with that it matches; empty where nothing can be told.
    pub(super) fn prefix(&self) -> String {
        if self.compiled.is_some() { samples::prefix(&self.text) } else { String::new() }
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Pattern {}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/{}/", self.text)
    }
}

enum Dialect {
    Shared,
    Doubtful,
}

/// Looks for what the two languages read differently, and for the plain mistakes that Go refuses.
fn dialect(text: &str) -> Result<Dialect, NotAPattern> {
    let mut scan = Scan { rest: text.as_bytes(), doubtful: !text.is_ascii(), depth: 0, repeatable: false };
    while let Some((first, rest)) = scan.rest.split_first() {
        scan.rest = rest;
        scan.step(*first)?;
    }
    if scan.depth > 0 {
        return Err(NotAPattern);
    }
    Ok(if scan.doubtful { Dialect::Doubtful } else { Dialect::Shared })
}

struct Scan<'a> {
    rest: &'a [u8],
    doubtful: bool,
    depth: usize,
    /// Whether something stands before that a `*` could repeat.
    repeatable: bool,
}

impl Scan<'_> {
    fn step(&mut self, byte: u8) -> Result<(), NotAPattern> {
        match byte {
            b'\\' => self.escape()?,
            b'[' => self.class()?,
            b'(' => {
                self.depth += 1;
                self.repeatable = false;
                self.group();
            }
            b')' => {
                self.depth = self.depth.checked_sub(1).ok_or(NotAPattern)?;
                self.repeatable = true;
            }
            b'*' | b'+' | b'?' => self.repeated()?,
            b'{' => match self.counted() {
                Some(within_limits) if within_limits => self.repeated()?,
                Some(_) => return Err(NotAPattern),
                // A lone brace is itself for Go, and a mistake for us.
                None => self.doubtful = true,
            },
            b'|' => self.repeatable = false,
            // Go repeats assertions too; what that means is not worth modelling.
            _ => self.repeatable = true,
        }
        Ok(())
    }

    fn repeated(&mut self) -> Result<(), NotAPattern> {
        if !self.repeatable {
            return Err(NotAPattern);
        }
        if self.rest.first() == Some(&b'?') {
            self.rest = &self.rest[1..];
        }
        // `a**` is refused by Go and read by us.
        self.repeatable = false;
        Ok(())
    }

    /// After `{`: whether it is a count within Go's limit; `None` where it is no count. Takes it if it is.
    fn counted(&mut self) -> Option<bool> {
        let end = self.rest.iter().position(|byte| *byte == b'}')?;
        let inside = std::str::from_utf8(&self.rest[..end]).ok()?;
        let (least, most) = inside.split_once(',').unwrap_or((inside, inside));
        let number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<u64>().ok());
        let least = number(least)??;
        let most = if most.is_empty() { least } else { number(most)?? };
        self.rest = &self.rest[end + 1..];
        Some(least <= 1000 && most <= 1000 && least <= most)
    }

    fn escape(&mut self) -> Result<(), NotAPattern> {
        let Some((byte, rest)) = self.rest.split_first() else { return Err(NotAPattern) };
        self.rest = rest;
        // Word ends, octal digits, quoting, classes by Unicode property: read differently, or not at all.
        self.doubtful |= matches!(byte, b'<' | b'>' | b'0'..=b'9' | b'Q' | b'E' | b'C' | b'p' | b'P' | b'u' | b'U')
            || (matches!(byte, b'b' | b'B') && rest.first() == Some(&b'{'));
        self.repeatable = true;
        Ok(())
    }

    /// After `[`, up to its end.
    fn class(&mut self) -> Result<(), NotAPattern> {
        if self.rest.first() == Some(&b'^') {
            self.rest = &self.rest[1..];
        }
        let mut first = true;
        loop {
            let Some((byte, rest)) = self.rest.split_first() else { return Err(NotAPattern) };
            self.rest = rest;
            match byte {
                b']' if !first => break,
                b'\\' => self.escape()?,
                b'[' if rest.first() == Some(&b':') => {
                    let end = rest.windows(2).position(|pair| pair == b":]").ok_or(NotAPattern)?;
                    self.rest = &rest[end + 2..];
                }
                // Operators on sets, which Go does not have.
                b'[' => self.doubtful = true,
                b'&' | b'~' | b'-' if rest.first() == Some(byte) => self.doubtful = true,
                _ => {}
            }
            first = false;
        }
        self.repeatable = true;
        Ok(())
    }

    /// After `(`: flags that the two do not share.
    fn group(&mut self) {
        let Some(flags) = self.rest.strip_prefix(b"?") else { return };
        let known = |byte: &u8| matches!(byte, b'i' | b'm' | b's' | b'U' | b'-');
        let end = flags.iter().position(|byte| !known(byte)).unwrap_or(flags.len());
        match flags.get(end) {
            Some(b':' | b')') => self.rest = &flags[end..],
            Some(b'P' | b'<') if end == 0 => {
                let name = flags.iter().position(|byte| *byte == b'>').map_or(flags.len(), |at| at + 1);
                self.rest = &flags[name..];
            }
            _ => {
                self.doubtful = true;
                self.rest = flags;
            }
        }
        if self.rest.first() == Some(&b':') {
            self.rest = &self.rest[1..];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_both_languages_share_is_answered() {
        let table: [(&str, &str, Truth); 12] = [
            ("^/api/v[0-9]+/", "/api/v12/x", Truth::Yes),
            ("^/api/v[0-9]+/", "/api/vx/", Truth::No),
            (r"^[a-zA-Z0-9-]+\.example\.net$", "a-b.example.net", Truth::Yes),
            (r"^[a-zA-Z0-9-]+\.example\.net$", "a.b.example.net", Truth::No),
            ("admin", "/x/admin/y", Truth::Yes),
            ("(?i)ADMIN", "/admin", Truth::Yes),
            (r"^/\d{2,4}$", "/123", Truth::Yes),
            (r"^(?:a|b(?P<n>c))*$", "abca", Truth::Yes),
            ("a*?b", "aab", Truth::Yes),
            ("", "x", Truth::Yes),
            ("[]a]$", "]", Truth::Yes),
            ("[[:alpha:]_]", "_", Truth::Yes),
        ];
        for (pattern, text, expected) in table {
            assert_eq!(Pattern::new(pattern).unwrap().is_match(text.as_bytes()), expected, "{pattern} on {text}");
        }
    }

    #[test]
    fn what_they_read_differently_is_not_answered() {
        for pattern in [r"\pL", "[a&&b]", "[a--b]", r"\Qa.b\E", "a{,2}", "a{", r"\<a", "(?x)a b", "ü", "[[a]]"] {
            assert_eq!(Pattern::new(pattern).unwrap().is_match(b"a"), Truth::Unknown, "{pattern}");
        }
        assert_eq!(Pattern::new("^.$").unwrap().is_match("ü".as_bytes()), Truth::Unknown);
    }

    #[test]
    fn what_go_refuses_is_refused() {
        for pattern in ["(", ")", "a)", "[a", "*a", "a**", "a{2}{3}", "a{1001}", "a{3,2}", "\\", "(?P<n>a", "|*"] {
            assert_eq!(Pattern::new(pattern), Err(NotAPattern), "{pattern}");
        }
    }
}
