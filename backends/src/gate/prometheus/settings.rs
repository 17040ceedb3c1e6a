//! From the declared blocks to settings.

use std::path::PathBuf;
use std::time::Duration;

use homelab_schema::Attr;
use homelab_schema::duration::GoDuration;
use homelab_schema::provider::Prometheus as Block;
use homelab_schema::upgrade_gate::GatePrometheus;
use secrecy::SecretString;

use crate::objects::{Cause, NotConfigured};

/// Which Prometheus, and as whom.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Scheme, host, port and perhaps a path, without a slash at the end.
    pub address: String,
    /// Where the bearer token comes from, where one is sent.
    pub token: Option<Token>,
    /// PEM file with the authorities to trust instead of the system's.
    pub ca_cert_file: Option<PathBuf>,
    /// Limit of one request.
    pub timeout: Duration,
}

/// Where a bearer token comes from.
#[derive(Clone, Debug)]
pub enum Token {
    /// This one.
    Text(SecretString),
    /// The content of this file, read for each look.
    File(PathBuf),
}

impl Settings {
    /// The provider's block, to which the environment was applied, with what a gate says of its own over it. `None` where
    /// neither names a Prometheus.
    ///
    /// A token of the provider's block goes to the provider's address alone: a gate that names another one says by
    /// `token_file` what to send there.
    pub fn of(block: &Attr<Block>, own: &Attr<GatePrometheus>) -> Result<Option<Self>, Cause> {
        let none = GatePrometheus::default();
        let own = match own {
            Attr::Unknown => return Err(unknown(vec!["prometheus".to_owned()])),
            own => own.known().unwrap_or(&none),
        };
        let provider = match block {
            Attr::Null => None,
            Attr::Unknown if own.url.known().is_some() => None,
            Attr::Unknown => return Err(unknown(vec!["prometheus".to_owned()])),
            Attr::Known(block) => Some(block),
        };
        let Some(address) = address(&own.url).or_else(|| address(&provider?.url)) else {
            let not_yet = own.url.is_unknown() || provider.is_some_and(|block| block.url.is_unknown());
            return if not_yet { Err(unknown(vec!["prometheus.url".to_owned()])) } else { Ok(None) };
        };
        if !address.starts_with("https://") && !address.starts_with("http://") {
            return Err(wrong("url", "must begin with https:// or http://", ""));
        }
        // Only where the two are one server does the provider's identity belong there.
        let provider = provider.filter(|block| self::address(&block.url).as_ref() == Some(&address));
        Ok(Some(Self {
            token: token(own, provider)?,
            ca_cert_file: filled(&own.ca_cert_file).or_else(|| filled(&provider?.ca_cert_file)).map(PathBuf::from),
            timeout: timeout(filled(&own.timeout).or_else(|| filled(&provider?.timeout)))?,
            address,
        }))
    }
}

fn token(own: &GatePrometheus, provider: Option<&Block>) -> Result<Option<Token>, Cause> {
    if let Some(file) = filled(&own.token_file) {
        return Ok(Some(Token::File(PathBuf::from(file))));
    }
    let Some(block) = provider else { return Ok(None) };
    if block.token.is_unknown() || block.token_file.is_unknown() {
        return Err(unknown(vec!["prometheus.token".to_owned()]));
    }
    if let Some(token) = block.token.known().filter(|token| !token.expose().is_empty()) {
        return Ok(Some(Token::Text(SecretString::from(token.expose().as_str()))));
    }
    Ok(filled(&block.token_file).map(|file| Token::File(PathBuf::from(file))))
}

fn timeout(text: Option<String>) -> Result<Duration, Cause> {
    let Some(text) = text else { return Ok(Duration::from_secs(30)) };
    let duration: Result<GoDuration, _> = text.parse();
    match duration.map(GoDuration::to_std) {
        Ok(Some(duration)) if !duration.is_zero() => Ok(duration),
        Ok(_) => Err(wrong("timeout", "must be longer than 0", "")),
        Err(error) => Err(wrong("timeout", &error.to_string(), "Write it like 30s.")),
    }
}

fn address(url: &Attr<String>) -> Option<String> {
    filled(url).map(|url| url.trim_end_matches('/').to_owned())
}

fn filled(text: &Attr<String>) -> Option<String> {
    text.known().filter(|text| !text.is_empty()).cloned()
}

fn unknown(arguments: Vec<String>) -> Cause {
    Cause::NotConfigured(NotConfigured::Unknown(arguments))
}

pub(super) fn wrong(argument: &str, words: &str, hint: &str) -> Cause {
    Cause::Configuration { argument: format!("prometheus.{argument}"), words: words.to_owned(), hint: hint.to_owned() }
}

#[cfg(test)]
mod tests {
    use homelab_schema::Sensitive;

    use super::*;

    fn text(text: &str) -> Attr<String> {
        Attr::Known(text.to_owned())
    }

    fn provider() -> Attr<Block> {
        Attr::Known(Block {
            url: text("https://prometheus.example.net/"),
            token: Attr::Known(Sensitive::from("t0ken".to_owned())),
            timeout: text("5s"),
            ..Block::default()
        })
    }

    #[test]
    fn nobody_names_one_and_then_there_is_none() {
        assert!(Settings::of(&Attr::Null, &Attr::Null).unwrap().is_none());
        let empty = Attr::Known(GatePrometheus::default());
        assert!(Settings::of(&Attr::Null, &empty).unwrap().is_none());
        assert!(Settings::of(&Attr::Unknown, &Attr::Null).is_err(), "not known yet is not nobody");
        let later = Attr::Known(GatePrometheus { url: Attr::Unknown, ..GatePrometheus::default() });
        assert!(Settings::of(&Attr::Null, &later).is_err());
    }

    #[test]
    fn a_token_goes_to_the_server_that_it_was_given_for() {
        let own = |url: &str, token_file: Attr<String>| {
            Attr::Known(GatePrometheus { url: text(url), token_file, ..GatePrometheus::default() })
        };
        let of = |own: &Attr<GatePrometheus>| Settings::of(&provider(), own).unwrap().unwrap();
        let same = of(&own("https://prometheus.example.net", Attr::Null));
        assert!(matches!(same.token, Some(Token::Text(_))), "{same:?}");
        assert_eq!(same.timeout, Duration::from_secs(5));
        assert!(!format!("{same:?}").contains("t0ken"));
        let other = of(&own("https://other.example.net", Attr::Null));
        assert!(other.token.is_none(), "{other:?}");
        let file = of(&own("https://other.example.net", text("token")));
        assert!(matches!(file.token, Some(Token::File(_))), "{file:?}");
        assert!(matches!(of(&Attr::Null).token, Some(Token::Text(_))));
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        let of = |url: &str, timeout: &str| {
            let own = GatePrometheus { url: text(url), timeout: text(timeout), ..GatePrometheus::default() };
            Settings::of(&Attr::Null, &Attr::Known(own)).unwrap_err().to_string()
        };
        assert!(of("prometheus:9090", "1s").contains("prometheus.url"));
        assert!(of("http://192.0.2.1", "soon").contains("prometheus.timeout"));
        assert!(of("http://192.0.2.1", "0s").contains("longer than 0"));
    }
}
