//! From the errors of the HTTP stack to causes.
//!
//! The stack wraps an error in several others, and the one that says what happened is somewhere in that chain. The chain is
//! walked once, here, so that "refused", "expired" and "unknown authority" are told apart everywhere.

use std::error::Error;
use std::io;
use std::time::Duration;

use crate::objects::Cause;

/// The cause of a request that got no answer from `address`; `connect` and `read` are the limits that were in force.
pub(crate) fn no_answer(error: &(dyn Error + 'static), address: &str, connect: Duration, read: Duration) -> Cause {
    let address = address.to_owned();
    let chain = chain(error);
    for error in &chain {
        if let Some(tls) = error.downcast_ref::<rustls::Error>() {
            return tls_cause(tls, address);
        }
        if let Some(kube::Error::Auth(auth)) = error.downcast_ref::<kube::Error>() {
            return auth_cause(auth);
        }
        if let Some(auth) = error.downcast_ref::<kube::client::AuthError>() {
            return auth_cause(auth);
        }
    }
    for error in &chain {
        let io = error.downcast_ref::<io::Error>();
        if io.is_some_and(|io| io.kind() == io::ErrorKind::TimedOut) {
            use hyper_util::client::legacy::Error as Client;
            let connecting = chain.iter().any(|error| error.downcast_ref::<Client>().is_some_and(Client::is_connect));
            return Cause::TimedOut { address, after: if connecting { connect } else { read } };
        }
    }
    Cause::Unreachable { address, words: words(&chain) }
}

/// The cause of a client that could not even be made.
pub(crate) fn no_client(error: &kube::Error) -> Cause {
    match error {
        kube::Error::Auth(auth) => auth_cause(auth),
        kube::Error::RustlsTls(tls) => configuration("client_certificate", shorten(&tls.to_string())),
        kube::Error::ProxyProtocolUnsupported { .. } | kube::Error::ProxyProtocolDisabled { .. } => {
            configuration("proxy_url", "must begin with http://, https:// or socks5://".to_owned())
        }
        other => configuration("host", shorten(&other.to_string())),
    }
}

/// At most 600 characters of a foreign message, cut between characters.
pub(crate) fn shorten(text: &str) -> String {
    const LIMIT: usize = 600;
    let text = text.trim();
    match text.char_indices().nth(LIMIT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn auth_cause(error: &kube::client::AuthError) -> Cause {
    use kube::client::AuthError;
    match error {
        // Its output is its credential, and the library's rendering of the command holds the environment that it was
        // given; only what it said on stderr may be repeated.
        AuthError::AuthExecRun { out, .. } => {
            let said = String::from_utf8_lossy(&out.stderr);
            configuration("exec", format!("the program ended with {}: {}", out.status, shorten(&said)))
        }
        AuthError::AuthExecParse(_) => configuration("exec", "the program printed no credential".to_owned()),
        AuthError::ReadTokenFile(error, path) => {
            configuration("token_file", format!("{} cannot be read: {error}", path.display()))
        }
        AuthError::InvalidBearerToken(_) => configuration("token", "holds characters that no token has".to_owned()),
        other => configuration("exec", shorten(&other.to_string())),
    }
}

fn configuration(argument: &str, words: String) -> Cause {
    Cause::Configuration { argument: format!("kubernetes.{argument}"), words, hint: String::new() }
}

fn tls_cause(error: &rustls::Error, address: String) -> Cause {
    use rustls::CertificateError as Certificate;
    let words = error.to_string();
    match error {
        rustls::Error::InvalidCertificate(
            Certificate::Expired
            | Certificate::ExpiredContext { .. }
            | Certificate::NotValidYet
            | Certificate::NotValidYetContext { .. },
        ) => Cause::CertificateExpired { address, words },
        rustls::Error::InvalidCertificate(Certificate::UnknownIssuer | Certificate::BadSignature) => {
            Cause::UnknownAuthority { address, words }
        }
        rustls::Error::AlertReceived(rustls::AlertDescription::CertificateExpired) => {
            Cause::Unauthorized { words: "the server says that our client certificate has expired".to_owned() }
        }
        rustls::Error::AlertReceived(
            rustls::AlertDescription::BadCertificate
            | rustls::AlertDescription::UnknownCA
            | rustls::AlertDescription::CertificateUnknown
            | rustls::AlertDescription::CertificateRequired,
        ) => Cause::Unauthorized { words: format!("the server refuses our client certificate: {words}") },
        _ => Cause::Tls { address, words },
    }
}

/// An error and everything below it. An [`io::Error`] hides what it wraps from `source`, so that is looked for as well.
fn chain<'a>(error: &'a (dyn Error + 'static)) -> Vec<&'a (dyn Error + 'static)> {
    let mut chain: Vec<&'a (dyn Error + 'static)> = Vec::new();
    let mut next = Some(error);
    // The limit is for a chain that would contain itself; real ones have about six links.
    while let Some(error) = next.filter(|_| chain.len() < 32) {
        chain.push(error);
        let wrapped = error.downcast_ref::<io::Error>().and_then(|io| io.get_ref());
        next = match wrapped {
            Some(inner) => Some(inner as &(dyn Error + 'static)),
            None => error.source(),
        };
    }
    chain
}

/// The last words of the chain, which are the system's own.
fn words(chain: &[&(dyn Error + 'static)]) -> String {
    chain.last().map(|error| shorten(&error.to_string())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn cause_of(error: impl Into<Box<dyn Error + Send + Sync>>) -> Cause {
        let wrapped = io::Error::other(io::Error::other(error));
        no_answer(&wrapped, "https://192.0.2.1:6443", SECOND, 2 * SECOND)
    }

    #[test]
    fn certificates_are_told_apart() {
        use rustls::CertificateError as Certificate;
        let of = |certificate| cause_of(rustls::Error::InvalidCertificate(certificate));
        assert!(matches!(of(Certificate::Expired), Cause::CertificateExpired { .. }));
        assert!(matches!(of(Certificate::UnknownIssuer), Cause::UnknownAuthority { .. }));
        assert!(matches!(of(Certificate::NotValidForName), Cause::Tls { .. }));
    }

    #[test]
    fn a_refused_connection_keeps_the_words_of_the_system() {
        let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
        let words = "connection refused".to_owned();
        assert_eq!(cause_of(refused), Cause::Unreachable { address: "https://192.0.2.1:6443".to_owned(), words });
    }

    #[test]
    fn a_silent_server_is_a_timeout() {
        let cause = cause_of(io::Error::from(io::ErrorKind::TimedOut));
        assert!(matches!(cause, Cause::TimedOut { after, .. } if after == 2 * SECOND));
    }

    #[test]
    fn long_words_are_cut_between_characters() {
        assert_eq!(shorten(&"ä".repeat(700)).chars().count(), 601);
        assert_eq!(shorten(" kurz "), "kurz");
    }
}
