//! Names that Kubernetes accepts. Each check answers what a name must be, as a fragment after "must be".

/// A name as most objects have it: a DNS subdomain of at most 253 characters.
pub const OBJECT: &str = "lower-case letters, digits, `-` and `.`, starting and ending with a letter or digit, at most 253 \
                          characters";
/// A name as namespaces and Services have it: a DNS label of at most 63 characters.
pub const LABEL: &str =
    "lower-case letters, digits and `-`, starting and ending with a letter or digit, at most 63 characters";
/// A host name.
pub const HOST: &str = "a full host name in lower case, such as app.example.net";
/// A key of a Secret.
pub const SECRET_KEY: &str = "letters, digits, `-`, `_` and `.`, at most 253 characters";
/// A number or name of a port.
pub const PORT: &str =
    "a number from 1 to 65535, or a name of at most 15 lower-case letters, digits and `-` with a letter";

/// Whether it is a DNS label.
pub fn is_label(text: &str) -> bool {
    let end = |character: Option<char>| character.is_some_and(|character| character.is_ascii_alphanumeric());
    text.len() <= 63
        && end(text.chars().next())
        && end(text.chars().last())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

/// Whether it is a DNS subdomain, as names of objects are.
pub fn is_object(text: &str) -> bool {
    // Kubernetes limits the whole, not each label, in names of objects.
    let end = |character: Option<char>| character.is_some_and(|character| character.is_ascii_alphanumeric());
    text.len() <= 253
        && text.split('.').all(|part| {
            end(part.chars().next())
                && end(part.chars().last())
                && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        })
}

/// Whether it is a host name with a domain, without a wildcard.
pub fn is_host(text: &str) -> bool {
    text.len() <= 253 && text.contains('.') && text.split('.').all(is_label)
}

/// Whether it may be a key of a Secret.
pub fn is_secret_key(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 253
        && text != "."
        && !text.starts_with("..")
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

/// Whether it is the number or the name of a port.
pub fn is_port(text: &str) -> bool {
    if text.chars().all(|c| c.is_ascii_digit()) {
        // A leading zero would come back without it.
        return !text.starts_with('0') && text.parse::<u16>().is_ok_and(|port| port > 0);
    }
    text.len() <= 15
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        && text.chars().any(|c| c.is_ascii_lowercase())
        && !text.starts_with('-')
        && !text.ends_with('-')
        && !text.contains("--")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_judged_as_kubernetes_judges_them() {
        type Judge = fn(&str) -> bool;
        let long = "a".repeat(64);
        let table: [(Judge, &[&str], &[&str]); 5] = [
            (is_label, &["a", "a-b", "0a"], &["", "-a", "a-", "A", "a.b", "a_b", &long]),
            (is_object, &["a", "a.b", &long, "a-b.c-d"], &["", ".", "a..b", "a.", "-a.b", "A"]),
            (is_host, &["a.example.net"], &["a", "*.example.net", "a.example.net.", "A.example.net", "a..b"]),
            (is_secret_key, &["A_b-c.d", ".netrc"], &["", ".", "..", "..a", "a/b", "a b"]),
            (
                is_port,
                &["1", "65535", "http", "a1-b"],
                &["", "0", "080", "65536", "-1", "HTTP", "a--b", "-", "longer-than-15-c"],
            ),
        ];
        for (judge, good, bad) in table {
            for text in good {
                assert!(judge(text), "{text:?}");
            }
            for text in bad {
                assert!(!judge(text), "{text:?}");
            }
        }
    }
}
