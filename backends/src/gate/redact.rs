//! Values of flags and settings as evidence may hold them.
//!
//! Evidence is written to files and sent to others. Most flags that sound secret name a file, and the judge compares their
//! values; so what stays is told by what a value is, and everything else under such a name is left out.

/// What stands where a value was.
const LEFT_OUT: &str = "(left out)";

/// Words in a name under which a secret itself may stand.
const SECRET_WORDS: [&str; 8] = ["password", "passwd", "secret", "token", "credential", "bearer", "apikey", "header"];

/// The value of the flag or setting `name`, without what is secret in it.
pub(super) fn value(name: &str, value: &str) -> String {
    let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    if SECRET_WORDS.iter().any(|word| plain.contains(word)) && !is_harmless(&plain, value) {
        return LEFT_OUT.to_owned();
    }
    without_password(value)
}

/// A switch, a path, a number or a duration is no secret, nor is what the proxy's headers are called.
fn is_harmless(plain: &str, value: &str) -> bool {
    let switch = matches!(value, "" | "true" | "false");
    let path = value.starts_with('/') && !value.contains(char::is_whitespace);
    let duration = value.len() <= 12
        && value.starts_with(|c: char| c.is_ascii_digit())
        && value.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | 'h' | 'm' | 's' | 'n' | 'u'));
    switch || path || duration || plain.starts_with("requestheader")
}

/// `https://user:password@host` without what stands before the host.
fn without_password(value: &str) -> String {
    let mut text = String::new();
    let mut rest = value;
    while let Some((before, after)) = rest.split_once("://") {
        text.push_str(before);
        text.push_str("://");
        let end = after.find(['/', ',', ' ']).unwrap_or(after.len());
        rest = match after[..end].rfind('@') {
            Some(at) => &after[at + 1..],
            None => after,
        };
    }
    text + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_left_out_and_paths_stay() {
        for (name, given, written) in [
            ("etcd-keyfile", "/etc/kubernetes/pki/etcd.key", "/etc/kubernetes/pki/etcd.key"),
            ("enable-bootstrap-token-auth", "true", "true"),
            ("token-auth-file", "/etc/kubernetes/tokens", "/etc/kubernetes/tokens"),
            ("authentication-token-webhook-cache-ttl", "10s", "10s"),
            ("storage_driver_password", "hunter2", LEFT_OUT),
            ("auth-token", "jwt,pub-key=x", LEFT_OUT),
            ("staticPodURLHeader.Authorization", "Bearer 1", LEFT_OUT),
            ("requestheader-username-headers", "X-Remote-User", "X-Remote-User"),
            ("oidc-issuer-url", "https://sso.example.net/a", "https://sso.example.net/a"),
            (
                "etcd-servers",
                "https://u:p@a.example.net:2379,https://b.example.net",
                "https://a.example.net:2379,https://b.example.net",
            ),
            ("proxy", "http://user:p@ss@proxy.example.net", "http://proxy.example.net"),
        ] {
            assert_eq!(value(name, given), written, "{name}");
        }
    }
}
