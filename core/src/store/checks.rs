//! Judges the declaration of a store by itself, without the cluster. Unknown values are never judged.

mod login;

use std::collections::BTreeMap;

use homelab_cty::Path;
use homelab_schema::Attr;
use homelab_schema::duration::GoDuration;
use homelab_schema::external_secret::StoreKind;
use homelab_schema::secret_store::{CaProvider, SecretStore, StoreCondition, StoreTimeouts, VaultStore};

use super::{kind_of, render};
use crate::finding::{Code, Finding, secret as codes};
use crate::names;
use crate::secret::OWN_PREFIX;

/// What is wrong with the configuration as it stands.
pub fn declaration(config: &SecretStore) -> Vec<Finding> {
    let home = config.namespace.known().cloned();
    let mut judge = Judge { kind: kind_of(config), home, found: Vec::new() };
    judge.name(&config.name, &Path::attr("name"), names::is_object, names::OBJECT);
    judge.name(&config.namespace, &Path::attr("namespace"), names::is_label, names::LABEL);
    judge.place(config);
    judge.refresh_interval(&config.refresh_interval);
    judge.own_annotations(&config.annotations);
    judge.conditions(config.conditions.known().map_or(&[], Vec::as_slice));
    if let Some(settings) = config.retry_settings.known() {
        let at = Path::attr("retry_settings");
        judge.duration(&settings.retry_interval, &at.then_attr("retry_interval"));
        if settings.max_retries.known().is_some_and(|times| *times < 0) {
            let found =
                Finding::new(codes::CONTRADICTION, "max_retries", "A request cannot be repeated less than 0 times.");
            judge.found.push(found.clears("Write 0 or more.").at(at.then_attr("max_retries")));
        }
    }
    if let Some(timeouts) = config.timeouts.known() {
        judge.timeouts(timeouts);
    }
    if let Some(vault) = config.vault.known() {
        judge.vault(vault);
    }
    judge.found
}

struct Judge {
    /// The kind of the store; `None` while it is unknown.
    kind: Option<StoreKind>,
    /// Its namespace, where it has one that is known.
    home: Option<String>,
    found: Vec<Finding>,
}

impl Judge {
    fn say(&mut self, code: Code, path: &Path, observed: impl Into<String>, clears: &str) {
        let finding = Finding::new(code, path.to_string(), observed).at(path.clone());
        self.found.push(if clears.is_empty() { finding } else { finding.clears(clears) });
    }

    fn contradiction(&mut self, path: &Path, observed: impl Into<String>, clears: &str) {
        self.say(codes::CONTRADICTION, path, observed, clears);
    }

    fn name(&mut self, name: &Attr<String>, path: &Path, is_valid: fn(&str) -> bool, expected: &str) {
        if let Some(text) = name.known().filter(|text| !is_valid(text)) {
            let finding = Finding::new(codes::MALFORMED, text, format!("{text:?} was given."));
            let finding = finding.summary(format!("{path} is not valid")).expected(format!("It must be {expected}."));
            self.found.push(finding.at(path.clone()));
        }
    }

    fn duration(&mut self, text: &Attr<String>, path: &Path) {
        let Some(text) = text.known() else { return };
        let why = match text.parse::<GoDuration>() {
            Ok(duration) if duration.as_nanos() >= 0 => return,
            Ok(_) => format!("{text:?} is negative."),
            Err(error) => format!("{error}."),
        };
        let finding = Finding::new(codes::BAD_DURATION, text, why).summary(format!("{path} is not a duration"));
        self.found.push(finding.at(path.clone()));
    }

    /// A SecretStore lives in a namespace, a ClusterSecretStore in none.
    fn place(&mut self, config: &SecretStore) {
        let path = Path::attr("namespace");
        match (self.kind, &config.namespace) {
            (Some(StoreKind::ClusterSecretStore), Attr::Known(namespace)) => self.contradiction(
                &path,
                format!("A ClusterSecretStore belongs to no namespace, and {namespace:?} was given."),
                "Remove it, or let `kind` be SecretStore. Which namespaces may use the store is said by `conditions`.",
            ),
            (Some(StoreKind::SecretStore), Attr::Null) => self.contradiction(
                &path,
                "A SecretStore belongs to a namespace, and none was given.",
                "Name one, or let `kind` be ClusterSecretStore.",
            ),
            _ => {}
        }
    }

    fn refresh_interval(&mut self, text: &Attr<String>) {
        let path = Path::attr("refresh_interval");
        let before = self.found.len();
        self.duration(text, &path);
        if let Some(text) = text.known()
            && self.found.len() == before
            && render::seconds(text).is_none()
        {
            let finding = Finding::new(codes::BAD_DURATION, text, format!("{text:?} has a part of a second."));
            let finding = finding.summary(format!("{path} is not in whole seconds"));
            self.found.push(finding.clears("Stores are looked at in whole seconds: write `10s` or `5m`.").at(path));
        }
    }

    fn own_annotations(&mut self, annotations: &Attr<BTreeMap<String, String>>) {
        for name in annotations.known().into_iter().flat_map(BTreeMap::keys) {
            if name.starts_with(OWN_PREFIX) {
                let path = Path::attr("annotations").then_key(name);
                self.contradiction(&path, "The provider writes this annotation by itself.", "Remove it.");
            }
        }
    }

    fn conditions(&mut self, conditions: &[StoreCondition]) {
        let path = Path::attr("conditions");
        if !conditions.is_empty() && self.kind == Some(StoreKind::SecretStore) {
            self.contradiction(
                &path,
                "A SecretStore serves its own namespace alone.",
                "Remove them, or let `kind` be ClusterSecretStore.",
            );
        }
        for (index, condition) in conditions.iter().enumerate() {
            let path = path.then_index(index);
            let empty = |list: &Attr<Vec<String>>| match list {
                Attr::Null => true,
                Attr::Unknown => false,
                Attr::Known(list) => list.is_empty(),
            };
            let (names, regexes) = (&condition.namespaces, &condition.namespace_regexes);
            if empty(names) && empty(regexes) && condition.namespace_selector.is_null() {
                self.contradiction(
                    &path,
                    "It fits no namespace.",
                    "Give `namespaces`, `namespace_regexes` or `namespace_selector`; without `conditions` all may use the store.",
                );
            }
            for name in names.known().into_iter().flatten() {
                let at = path.then_attr("namespaces");
                self.name(&Attr::Known(name.clone()), &at, names::is_label, names::LABEL);
            }
            for regex in regexes.known().into_iter().flatten() {
                if let Err(error) = regex_syntax::parse(regex) {
                    let at = path.then_attr("namespace_regexes");
                    let why =
                        error.to_string().lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
                    self.say(codes::MALFORMED, &at, format!("{regex:?} is no regular expression: {why}."), "");
                }
            }
        }
    }

    fn timeouts(&mut self, timeouts: &StoreTimeouts) {
        let path = Path::attr("timeouts");
        for (name, text) in [("create", &timeouts.create), ("update", &timeouts.update), ("delete", &timeouts.delete)] {
            self.duration(text, &path.then_attr(name));
        }
    }

    fn vault(&mut self, vault: &VaultStore) {
        let path = Path::attr("vault");
        self.server(&vault.server, &path.then_attr("server"));
        if let Some(mount) =
            vault.path.known().filter(|mount| mount.starts_with('/') || mount.ends_with('/') || mount.is_empty())
        {
            let observed = format!("{mount:?} was given.");
            self.say(
                codes::MALFORMED,
                &path.then_attr("path"),
                observed,
                "Write the mount without slashes at its ends, such as `secret`.",
            );
        }
        self.authorities(vault, &path);
        for name in vault.headers.known().into_iter().flat_map(BTreeMap::keys) {
            let lower = name.to_ascii_lowercase();
            if matches!(lower.as_str(), "x-vault-token" | "authorization" | "cookie") {
                let at = path.then_attr("headers").then_key(name);
                self.say(codes::STORE_SECRET, &at, "This header logs in, so its value is a secret.", "");
            }
        }
        if let Some(auth) = vault.auth.known() {
            self.login(auth, &path.then_attr("auth"));
        }
        if let Some(tls) = vault.tls.known() {
            let path = path.then_attr("tls");
            self.key_ref(&tls.cert_secret_ref, &path.then_attr("cert_secret_ref"));
            self.key_ref(&tls.key_secret_ref, &path.then_attr("key_secret_ref"));
        }
    }

    fn server(&mut self, server: &Attr<String>, path: &Path) {
        let Some(text) = server.known() else { return };
        let rest = ["https://", "http://"].iter().find_map(|scheme| text.strip_prefix(scheme));
        let Some(rest) = rest else {
            return self.say(codes::BAD_SERVER, path, format!("{text:?} does not begin with http:// or https://."), "");
        };
        let (authority, below) = rest.split_once('/').map_or((rest, ""), |(authority, below)| (authority, below));
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
            _ => (authority, None),
        };
        if authority.contains('@') {
            // Not repeated: it may hold a password.
            self.say(
                codes::STORE_SECRET,
                path,
                "The address holds a user name or a password.",
                "Remove it from the address.",
            );
        } else if host.is_empty() || host.chars().any(char::is_whitespace) {
            self.say(codes::BAD_SERVER, path, format!("{text:?} names no host."), "");
        } else if port.is_some_and(|port| port.parse::<u16>().map_or(true, |port| port == 0)) {
            self.say(codes::BAD_SERVER, path, format!("The port of {text:?} is none."), "");
        } else if !below.is_empty() {
            let observed = format!("{text:?} has a path. The controller adds `/v1/` and the mount by itself.");
            self.say(codes::BAD_SERVER, path, observed, "");
        }
    }

    fn authorities(&mut self, vault: &VaultStore, path: &Path) {
        let bundle = path.then_attr("ca_bundle");
        if let Some(text) = vault.ca_bundle.known() {
            if text.contains("PRIVATE KEY") {
                self.say(codes::STORE_SECRET, &bundle, "It holds a private key.", "Give the certificates alone.");
            } else if !text.contains("-----BEGIN CERTIFICATE-----") {
                self.say(
                    codes::MALFORMED,
                    &bundle,
                    "It holds no certificate in PEM form.",
                    "Give the text of a PEM file, as `file(\"ca.pem\")`; it is encoded by the provider.",
                );
            }
            if vault.ca_provider.known().is_some() {
                self.contradiction(&bundle, "Both `ca_bundle` and `ca_provider` are given.", "Keep one of them.");
            }
        }
        if let Some(provider) = vault.ca_provider.known() {
            self.ca_provider(provider, &path.then_attr("ca_provider"));
        }
        let is_plain = vault.server.known().is_some_and(|server| server.starts_with("http://"));
        for (name, given) in [
            ("ca_bundle", vault.ca_bundle.known().is_some()),
            ("ca_provider", vault.ca_provider.known().is_some()),
            ("tls", vault.tls.known().is_some()),
        ] {
            if is_plain && given {
                let observed = "The server is reached without TLS, so it would not be looked at.";
                self.contradiction(&path.then_attr(name), observed, "Remove it, or let `server` begin with https://.");
            }
        }
    }

    fn ca_provider(&mut self, provider: &CaProvider, path: &Path) {
        self.name(&provider.name, &path.then_attr("name"), names::is_object, names::OBJECT);
        let namespace = path.then_attr("namespace");
        self.name(&provider.namespace, &namespace, names::is_label, names::LABEL);
        match (self.kind, &provider.namespace) {
            (Some(StoreKind::ClusterSecretStore), Attr::Null) => self.contradiction(
                &namespace,
                "A ClusterSecretStore belongs to no namespace, so there is none to look in.",
                "Name the namespace of the object.",
            ),
            (Some(StoreKind::SecretStore), Attr::Known(_)) => self.contradiction(
                &namespace,
                "A SecretStore reads certificate authorities from its own namespace alone; the operator refuses any other.",
                "Remove it.",
            ),
            _ => {}
        }
    }
}
