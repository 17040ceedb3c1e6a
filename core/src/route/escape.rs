//! What Go's URL code and Traefik make of a path before it is compared with rules.
//!
//! Step by step as they do it, because the result of a shortcut differs exactly where somebody tries to get past a gate:
//! encoded dots, encoded slashes, and characters that should have been encoded.

/// The path that rules are compared with; `None` where the request is refused.
pub(super) fn routing_path(raw: &str) -> Option<Vec<u8>> {
    if !raw.starts_with('/') || raw.contains('#') {
        return None;
    }
    let path = unescaped(raw.as_bytes(), false)?;
    // Where the usual encoding of the path is what was sent, nothing is there to normalize.
    let usual = escaped(&path);
    let normal = if usual == raw { usual } else { with_plain_letters(raw) };
    let encoded = if is_well_encoded(&normal) { normal } else { escaped(&path) };
    let clean = cleaned(&encoded);
    decoded_but_reserved(&clean)
}

/// A name or value of a query; `None` where its escapes are broken.
pub(super) fn query_text(text: &str) -> Option<Vec<u8>> {
    unescaped(text.as_bytes(), true)
}

/// A path as it can be sent so that rules see `path`; the caller checks that they do.
pub(super) fn sendable(path: &str) -> String {
    let mut out = String::new();
    let mut rest = path.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        match byte {
            // An escape that stays one is part of what rules see.
            b'%' if escape_at(rest).is_some_and(is_reserved) => out.push('%'),
            _ if is_plain(*byte) || b"/:;,@&=+$!'()*[]".contains(byte) => out.push(char::from(*byte)),
            _ => push_escape(*byte, &mut out),
        }
        rest = after;
    }
    out
}

fn unescaped(text: &[u8], plus_is_space: bool) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((byte, after)) = rest.split_first() {
        if *byte == b'%' {
            out.push(escape_at(rest)?);
            rest = &rest[3..];
            continue;
        }
        out.push(if plus_is_space && *byte == b'+' { b' ' } else { *byte });
        rest = after;
    }
    Some(out)
}

/// The byte that an escape at the start of `text` stands for.
fn escape_at(text: &[u8]) -> Option<u8> {
    let digit = |at: usize| char::from(*text.get(at)?).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    Some(digit(1)? * 16 + digit(2)?)
}

fn push_escape(byte: u8, out: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    out.push('%');
    out.push(char::from(DIGITS[usize::from(byte >> 4)]));
    out.push(char::from(DIGITS[usize::from(byte & 15)]));
}

/// Characters that mean the same with and without an escape.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte)
}

/// Characters whose escape means something else than they do.
fn is_reserved(byte: u8) -> bool {
    b":/?#[]@!$&'()*+,;=%".contains(&byte)
}

/// The usual encoding of a path.
fn escaped(path: &[u8]) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path {
        if is_plain(*byte) || b"$&+,/:;=@".contains(byte) {
            out.push(char::from(*byte));
        } else {
            push_escape(*byte, &mut out);
        }
    }
    out
}

/// With the escapes of plain characters resolved, and capital digits in all others.
fn with_plain_letters(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        match escape_at(&rest.as_bytes()[at..]) {
            Some(byte) if is_plain(byte) => out.push(char::from(byte)),
            Some(byte) => push_escape(byte, &mut out),
            // Not reached: what is no escape was refused before.
            None => out.push('%'),
        }
        rest = rest.get(at + 3..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

/// Whether every character may stand in a path as it does.
fn is_well_encoded(path: &str) -> bool {
    path.bytes().all(|byte| is_plain(byte) || b"!$&'()*+,;=:@[]%/".contains(&byte))
}

/// Without dot segments and empty segments; a slash at the end stays.
fn cleaned(path: &str) -> String {
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(segments.pop()),
            _ => segments.push(segment),
        }
    }
    let mut out = format!("/{}", segments.join("/"));
    if path.ends_with('/') && !out.ends_with('/') {
        out.push('/');
    }
    out
}

fn decoded_but_reserved(path: &str) -> Option<Vec<u8>> {
    // What was joined is read once more as a path, which changes its encoding where that was unusual.
    let read = unescaped(path.as_bytes(), false)?;
    let encoded = if is_well_encoded(path) { path.to_owned() } else { escaped(&read) };
    let mut out = Vec::with_capacity(encoded.len());
    let mut rest = encoded.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        if *byte == b'%' {
            let decoded = escape_at(rest)?;
            if is_reserved(decoded) {
                out.extend_from_slice(&rest[..3]);
            } else {
                out.push(decoded);
            }
            rest = &rest[3..];
            continue;
        }
        out.push(*byte);
        rest = after;
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_cleaned_and_decoded_before_rules_see_them() {
        let table = [
            ("/public", Some("/public")),
            ("//public", Some("/public")),
            ("/public/../x", Some("/x")),
            ("/public/%2e%2e/x", Some("/x")),
            ("/public/..", Some("/")),
            ("/public/.", Some("/public")),
            ("/public/./", Some("/public/")),
            ("/a//b/", Some("/a/b/")),
            ("/../..", Some("/")),
            ("/foo%20bar", Some("/foo bar")),
            ("/public%2fx", Some("/public%2Fx")),
            ("/%70ublic", Some("/public")),
            ("/a%25b", Some("/a%25b")),
            ("/a^b", Some("/a^b")),
            ("/a^%2Fb", Some("/a^/b")),
            ("/b%c3%bccher", Some("/b\u{fc}cher")),
            ("/a!b", Some("/a!b")),
            ("/a%21b", Some("/a%21b")),
            ("/a#b", None),
            ("/%zz", None),
            ("/%2", None),
            ("public", None),
            ("*", None),
        ];
        for (raw, expected) in table {
            assert_eq!(routing_path(raw), expected.map(|path| path.as_bytes().to_vec()), "{raw}");
        }
    }

    #[test]
    fn what_can_be_sent_is_seen_as_wanted() {
        for path in ["/", "/a b", "/a%2Fb", "/a!b", "/\u{fc}", "/a^b", "/a(b)[c]", "/a\"b", "/x/"] {
            assert_eq!(routing_path(&sendable(path)), Some(path.as_bytes().to_vec()), "{path}");
        }
        for path in ["/a//b", "/a/../b", "/50%", "/%41"] {
            assert_ne!(routing_path(&sendable(path)), Some(path.as_bytes().to_vec()), "{path} is never seen");
        }
    }
}
