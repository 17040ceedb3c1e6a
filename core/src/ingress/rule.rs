//! Traefik's rules: how they are written, and what priority follows.
//!
//! Without an explicit priority, Traefik orders routers by the length of their rule in bytes, longest first. That makes a
//! rule's spelling a decision about security, so it is computed, not estimated, and a text that is no rule is refused
//! rather than measured.

use std::fmt;

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

/// Matchers of Traefik 3 for HTTP, with the fewest and most arguments that they take.
const MATCHERS: &[(&str, usize, usize)] = &[
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

/// Deeper nesting than this is refused: nobody writes it, and it would only exhaust the stack.
const MAX_DEPTH: usize = 64;

/// The priority that Traefik gives to a router with this rule: its length in bytes. Fails where the text is no rule of
/// Traefik 3.
pub fn priority(rule: &str) -> Result<i64, RuleError> {
    let mut parser = Parser { text: rule, at: 0, depth: 0 };
    parser.or()?;
    parser.spaces();
    if parser.at < rule.len() {
        return Err(parser.wrong("`&&`, `||` or the end"));
    }
    Ok(length(rule))
}

/// The rule that Traefik makes of an Ingress path.
pub fn of_path(host: &str, path: &str, exact: bool) -> String {
    let matcher = if exact { "Path" } else { "PathPrefix" };
    format!("Host(`{host}`) && {matcher}(`{path}`)")
}

/// The length of a text as a priority.
pub(super) fn length(text: &str) -> i64 {
    i64::try_from(text.len()).unwrap_or(i64::MAX)
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
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
        self.at += rest.len() - rest.trim_start_matches([' ', '\t', '\n', '\r']).len();
    }

    fn take(&mut self, token: &str) -> bool {
        self.spaces();
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    fn or(&mut self) -> Result<(), RuleError> {
        self.and()?;
        while self.take("||") {
            self.and()?;
        }
        Ok(())
    }

    fn and(&mut self) -> Result<(), RuleError> {
        self.not()?;
        while self.take("&&") {
            self.not()?;
        }
        Ok(())
    }

    fn not(&mut self) -> Result<(), RuleError> {
        while self.take("!") {}
        if !self.take("(") {
            return self.matcher();
        }
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.wrong("fewer nested parentheses"));
        }
        self.or()?;
        self.depth -= 1;
        if self.take(")") { Ok(()) } else { Err(self.wrong("`)`")) }
    }

    fn matcher(&mut self) -> Result<(), RuleError> {
        self.spaces();
        let rest = self.rest();
        let end = rest.find(|character: char| !character.is_ascii_alphanumeric()).unwrap_or(rest.len());
        let name = &rest[..end];
        let known = MATCHERS.iter().find(|(known, ..)| is_spelling_of(name, known));
        let Some((_, fewest, most)) = known.copied() else {
            return Err(self.wrong("a matcher such as Host, Path or PathPrefix"));
        };
        self.at += end;
        if !self.take("(") {
            return Err(self.wrong("`(`"));
        }
        let mut count = 0;
        loop {
            self.literal()?;
            count += 1;
            if self.take(",") {
                continue;
            }
            break;
        }
        if count < fewest {
            return Err(self.wrong("another argument"));
        }
        if count > most {
            return Err(self.wrong("fewer arguments"));
        }
        if self.take(")") { Ok(()) } else { Err(self.wrong("`,` or `)`")) }
    }

    /// A text in backticks, taken as it stands, or in double quotes with backslash escapes.
    fn literal(&mut self) -> Result<(), RuleError> {
        self.spaces();
        let rest = self.rest();
        let inside = match rest.chars().next() {
            Some('`') => rest[1..].find('`').map(|end| end + 2),
            Some('"') => {
                let mut escaped = false;
                rest[1..]
                    .char_indices()
                    .find(|(_, character)| {
                        let ends = !escaped && *character == '"';
                        escaped = !escaped && *character == '\\';
                        ends
                    })
                    .map(|(end, _)| end + 2)
            }
            _ => return Err(self.wrong("a text in backticks or double quotes")),
        };
        match inside {
            Some(length) => {
                self.at += length;
                Ok(())
            }
            None => Err(self.wrong("a text that ends")),
        }
    }
}

/// Traefik registers each matcher as documented, in lower case, in upper case, and with a capital first letter alone.
fn is_spelling_of(name: &str, known: &str) -> bool {
    let lower = known.to_ascii_lowercase();
    name == known
        || name == lower
        || name == known.to_ascii_uppercase()
        || (name.to_ascii_lowercase() == lower && name[..1] == known[..1] && name[1..] == lower[1..])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_priority_of_a_rule_is_its_length() {
        let table = [
            ("Path(`/px`)", 11),
            ("PathPrefix(`/`)", 15),
            ("Host(`g.example.net`) && Path(`/px`)", 36),
            ("Host(`g.example.net`) && PathPrefix(`/`)", 40),
            ("Host(\"a\") || (Host(`b`) && !Path(`/x`))", 39),
            ("HostRegexp(`^[a-z]+\\.example\\.net$`)", 36),
            ("Query(`a`, `b`)||Query(`c`)", 27),
            ("host(`a`)", 9),
            ("PATHPREFIX(`/`) && Pathprefix(`/`)", 34),
            ("Host(`b\u{fc}cher.example.net`)", 27),
        ];
        for (rule, expected) in table {
            assert_eq!(priority(rule), Ok(expected), "{rule}");
        }
    }

    #[test]
    fn what_is_no_rule_is_refused_where_it_stops_to_be_one() {
        let table = [
            ("", 0),
            ("Host", 4),
            ("Host()", 5),
            ("Host(`a`", 8),
            ("Host(`a)", 5),
            ("Host(`a`, `b`)", 13),
            ("Header(`a`)", 10),
            ("Hosts(`a`)", 0),
            ("hOST(`a`)", 0),
            ("Host(`a`) &&", 12),
            ("Host(`a`) & Path(`/`)", 10),
            ("(Host(`a`)", 10),
            ("Host(`a`))", 9),
            ("Host(a)", 5),
        ];
        for (rule, at) in table {
            assert_eq!(priority(rule).map_err(|error| error.at), Err(at), "{rule}");
        }
        let deep = format!("{}Host(`a`){}", "(".repeat(5000), ")".repeat(5000));
        assert!(priority(&deep).is_err());
    }

    proptest! {
        #[test]
        fn rendered_rules_are_rules(host in "[a-z]{1,9}\\.example\\.net", path in "/[a-z0-9/_.-]{0,20}", exact: bool) {
            let rule = of_path(&host, &path, exact);
            prop_assert_eq!(priority(&rule), Ok(length(&rule)));
        }

        #[test]
        fn no_text_panics(text in "[HostPah(`\"\\\\ü,)&|! ]{0,40}") {
            let _ = priority(&text);
        }
    }
}
