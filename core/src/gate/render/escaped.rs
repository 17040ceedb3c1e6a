//! Text in HTML and XML.

use std::fmt::{self, Write};

/// Text in which nothing is markup: names come from the cluster, and anybody may name a pod. What XML has no place for, not
/// even escaped, is shown as the mark of an unreadable character.
pub(super) struct Escaped<'a>(pub(super) &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            match character {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                '\n' | '\t' => f.write_char(character)?,
                '\u{fffe}' | '\u{ffff}' => f.write_char('\u{fffd}')?,
                control if control.is_control() => f.write_char('\u{fffd}')?,
                other => f.write_char(other)?,
            }
        }
        Ok(())
    }
}

/// A sentence: what stands between a pair of backticks is code.
pub(super) struct Prose<'a>(pub(super) &'a str);

impl fmt::Display for Prose<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<&str> = self.0.split('`').collect();
        if parts.len().is_multiple_of(2) {
            // One of them has no partner.
            return Escaped(self.0).fmt(f);
        }
        for (index, part) in parts.into_iter().enumerate() {
            if index.is_multiple_of(2) { Escaped(part).fmt(f)? } else { write!(f, "<code>{}</code>", Escaped(part))? }
        }
        Ok(())
    }
}
