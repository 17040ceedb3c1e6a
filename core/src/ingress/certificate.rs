//! The certificate of a host: is it for that host, and for how long?
//!
//! Traefik never refuses a certificate that does not fit: it serves its own default one instead, and visitors get a warning
//! that looks like an attack. So a Secret is opened and read, not only looked up. What counts is what a browser takes: the
//! names in the extension for alternative names, a wildcard for one label, never the common name.
//!
//! The key beside the certificate is not looked at: nothing here needs it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use x509_parser::extensions::GeneralName;
use x509_parser::parse_x509_certificate;
use x509_parser::pem::Pem;
use x509_parser::time::ASN1Time;

use crate::finding::{Finding, ingress as codes};

/// A certificate with less than this left, in seconds, is about to expire: whoever renews it should have done so weeks ago.
const SOON: i64 = 7 * 24 * 60 * 60;

/// What a server shows of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// DNS names that it is for, in lower case.
    pub names: Vec<String>,
    /// First second of its life, Unix time.
    pub not_before: i64,
    /// Last second of its life, Unix time.
    pub not_after: i64,
}

impl Certificate {
    /// The certificate of a TLS Secret: the first one of `tls.crt`, as servers take it. `Err` says why there is none, as a
    /// sentence.
    pub fn of_secret(secret: &Value) -> Result<Self, String> {
        let encoded = secret.pointer("/data/tls.crt").and_then(Value::as_str).unwrap_or_default();
        if encoded.is_empty() {
            return Err("Its key tls.crt is empty.".to_owned());
        }
        let text = STANDARD.decode(encoded).map_err(|_| "Its key tls.crt is not base64.".to_owned())?;
        let is_certificate = |pem: &Pem| pem.label == "CERTIFICATE";
        let first = Pem::iter_from_buffer(&text).filter_map(Result::ok).find(is_certificate);
        let pem = first.ok_or_else(|| "There is no PEM certificate in its key tls.crt.".to_owned())?;
        Self::of_der(&pem.contents).ok_or_else(|| "The certificate in its key tls.crt cannot be read.".to_owned())
    }

    /// A certificate as servers send it; `None` where it cannot be read.
    pub fn of_der(der: &[u8]) -> Option<Self> {
        let (_, parsed) = parse_x509_certificate(der).ok()?;
        let alternatives = parsed.subject_alternative_name().ok()?;
        let names = alternatives.map(|found| found.value.general_names.as_slice()).unwrap_or_default().iter();
        let names = names.filter_map(|name| match name {
            GeneralName::DNSName(name) => Some(name.trim_end_matches('.').to_ascii_lowercase()),
            _ => None,
        });
        let validity = parsed.validity();
        Some(Self {
            names: names.collect(),
            not_before: validity.not_before.timestamp(),
            not_after: validity.not_after.timestamp(),
        })
    }

    /// Whether a browser accepts it for that host: one of its names is the host, or is a wildcard in place of exactly the
    /// first label of it.
    pub fn covers(&self, host: &str) -> bool {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        self.names.iter().any(|name| match name.strip_prefix("*.") {
            Some(parent) => host.split_once('.').is_some_and(|(label, rest)| !label.is_empty() && rest == parent),
            None => *name == host,
        })
    }

    /// What is wrong with it for these hosts, at the Unix time `now`; `object` is the Secret that it is in.
    pub fn judge(&self, object: &str, hosts: &[String], now: i64) -> Vec<Finding> {
        let mut findings = Vec::new();
        let uncovered: Vec<&str> = hosts.iter().filter(|host| !self.covers(host)).map(String::as_str).collect();
        if !uncovered.is_empty() {
            let names = if self.names.is_empty() {
                "It has no DNS names among its alternative names; browsers ignore the common name.".to_owned()
            } else {
                format!("It is for {}.", self.names.join(", "))
            };
            findings.push(
                Finding::new(codes::CERTIFICATE_NAME, object, names)
                    .summary(format!("the certificate in {object} does not cover {}", uncovered.join(", ")))
                    .expected("A wildcard stands for one label only. Traefik would serve its own default certificate."),
            );
        }
        if let Some(finding) = self.judge_time(object, now) {
            findings.push(finding);
        }
        findings
    }

    fn judge_time(&self, object: &str, now: i64) -> Option<Finding> {
        if now < self.not_before {
            let observed = format!("It is valid from {} on.", date(self.not_before));
            return Some(
                Finding::new(codes::CERTIFICATE_EXPIRED, object, observed)
                    .summary(format!("the certificate in {object} is not valid yet"))
                    .clears("Compare the clocks, or take the certificate that is valid now."),
            );
        }
        if now > self.not_after {
            let observed = format!("It was valid until {}.", date(self.not_after));
            return Some(
                Finding::new(codes::CERTIFICATE_EXPIRED, object, observed)
                    .summary(format!("the certificate in {object} has expired")),
            );
        }
        // Of a certificate that lives for days, the last quarter is what a working renewal never lets it come to.
        let soon = SOON.min((self.not_after - self.not_before) / 4);
        (self.not_after - now < soon).then(|| {
            let observed = format!("It is valid until {}.", date(self.not_after));
            Finding::new(codes::CERTIFICATE_EXPIRING, object, observed)
                .summary(format!("the certificate in {object} is about to expire"))
        })
    }
}

/// A point in time for people: `2026-03-09 12:00 UTC`.
fn date(timestamp: i64) -> String {
    let Ok(time) = ASN1Time::from_timestamp(timestamp) else { return format!("second {timestamp}") };
    let time = time.to_datetime();
    let (year, month, day) = (time.year(), u8::from(time.month()), time.day());
    format!("{year:04}-{month:02}-{day:02} {:02}:{:02} UTC", time.hour(), time.minute())
}

#[cfg(test)]
mod tests;
