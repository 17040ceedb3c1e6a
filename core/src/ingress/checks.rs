//! Judges a declaration by itself, without the cluster.
//!
//! Everything here is an error of what was written, so it stops a plan early; what depends on the cluster is in
//! [`super::references`]. Unknown values are never judged: they are judged when they are known.

use std::collections::BTreeMap;

use homelab_cty::Path;
use homelab_schema::Attr;
use homelab_schema::ingress::{Auth, Ingress, PathType, Service};
use homelab_schema::provider::Site;

use super::fill::full_host;
use super::{
    ENTRYPOINTS_ANNOTATION, MIDDLEWARES_ANNOTATION, OWN_PREFIX, PRIORITY_ANNOTATION, Spec, carve_out_object, chain,
    routes,
};
use crate::finding::{Code, Finding, ingress as codes};
use crate::names;

/// Annotations that the arguments of the resource stand for.
const RESERVED: [(&str, &str); 3] = [
    (MIDDLEWARES_ANNOTATION, "extra_middlewares"),
    (PRIORITY_ANNOTATION, "priority of a carve_out"),
    (ENTRYPOINTS_ANNOTATION, "entrypoint of the provider's site block"),
];

/// What is wrong with the configuration as it stands.
pub fn declaration(config: &Ingress) -> Vec<Finding> {
    let mut judge = Judge(Vec::new());
    judge.name(&config.name, &Path::attr("name"), names::is_object, names::OBJECT);
    judge.name(&config.namespace, &Path::attr("namespace"), names::is_label, names::LABEL);
    judge.name(&config.tls_secret_name, &Path::attr("tls_secret_name"), names::is_object, names::OBJECT);
    if let Some(host) = config.host.known().filter(|host| host.contains('.')) {
        judge.text(host, &Path::attr("host"), names::is_host, names::HOST);
    }
    judge.paths(&config.paths, config.path_type, &Path::root());
    judge.service(&config.service, &Path::attr("service"));
    judge.reason(config.auth, &config.reason, &Path::root(), &config.name);
    judge.annotations(&config.annotations);
    if let Some(extras) = config.extra_middlewares.known() {
        for (index, extra) in extras.iter().enumerate() {
            judge.middleware(extra, &Path::attr("extra_middlewares").then_index(index));
        }
    }
    for (label, carve_out) in config.carve_out.known().into_iter().flatten() {
        let path = Path::attr("carve_out").then_key(label);
        judge.text(label, &path, names::is_label, names::LABEL);
        let object = config.name.clone().map(|name| carve_out_object(&name, label));
        // Where the name of the resource is at fault, that is said already.
        if config.name.known().is_some_and(|name| names::is_object(name)) && names::is_label(label) {
            judge.name(&object, &path, names::is_object, names::OBJECT);
        }
        judge.paths(&carve_out.paths, carve_out.path_type, &path);
        judge.service(&carve_out.service, &path.then_attr("service"));
        judge.reason(carve_out.auth, &carve_out.reason, &path, &object);
        if let Some(priority) = carve_out.priority.known().filter(|priority| **priority < 1) {
            judge.malformed(&priority.to_string(), &path.then_attr("priority"), "a whole number from 1");
        }
    }
    judge.0
}

/// What is wrong with the plan, once the conventions of the house are in it ([`super::fill::fill`]).
pub fn planned(planned: &Ingress, site: &Site) -> Vec<Finding> {
    let mut findings = Vec::new();
    let subject = || subject(&planned.namespace, &planned.name);
    match &full_host(&planned.host, site) {
        Attr::Null => findings.push(
            Finding::new(codes::NO_HOST, subject(), "Neither a full `host` nor `root_domain` in `site` is given.")
                .at(Path::attr("host")),
        ),
        Attr::Known(host) if !names::is_host(host) => findings
            .push(malformed(host, names::HOST).summary(format!("{host:?} is no host name")).at(Path::attr("host"))),
        _ => {}
    }
    let doors = std::iter::once((&planned.auth, Path::attr("auth"))).chain(
        planned
            .carve_out
            .known()
            .into_iter()
            .flatten()
            .map(|(label, carve_out)| (&carve_out.auth, Path::attr("carve_out").then_key(label).then_attr("auth"))),
    );
    for (auth, path) in doors {
        let Some(auth) = auth.known() else { continue };
        if let Err(missing) = chain::chain(site, *auth, &[]) {
            findings.push(
                Finding::new(
                    codes::NO_GATE,
                    subject(),
                    format!(
                        "auth is {:?}, and {} is not set: nothing would be in front of the app.",
                        auth.as_str(),
                        missing.argument
                    ),
                )
                .clears(format!(
                    "Set {} in the provider block, or choose another auth and say why in reason.",
                    missing.argument
                ))
                .at(path),
            );
        }
    }
    if let Some(spec) = Spec::of(planned, site) {
        findings.extend(routes::check(&spec));
    }
    findings
}

fn subject(namespace: &Attr<String>, name: &Attr<String>) -> String {
    let text = |attribute: &Attr<String>| attribute.known().cloned().unwrap_or_else(|| "?".to_owned());
    format!("Ingress {}/{}", text(namespace), text(name))
}

fn malformed(text: &str, expected: &str) -> Finding {
    Finding::new(codes::MALFORMED, text, format!("{text:?} was given.")).expected(format!("It must be {expected}."))
}

struct Judge(Vec<Finding>);

impl Judge {
    fn malformed(&mut self, text: &str, path: &Path, expected: &str) {
        self.0.push(malformed(text, expected).summary(format!("{path} is not valid")).at(path.clone()));
    }

    fn text(&mut self, text: &str, path: &Path, is_valid: fn(&str) -> bool, expected: &str) {
        if !is_valid(text) {
            self.malformed(text, path, expected);
        }
    }

    fn name(&mut self, name: &Attr<String>, path: &Path, is_valid: fn(&str) -> bool, expected: &str) {
        if let Some(name) = name.known() {
            self.text(name, path, is_valid, expected);
        }
    }

    fn service(&mut self, service: &Attr<Service>, path: &Path) {
        if let Some(service) = service.known() {
            self.name(&service.name, &path.then_attr("name"), names::is_label, names::LABEL);
            self.name(&service.port, &path.then_attr("port"), names::is_port, names::PORT);
        }
    }

    fn paths(&mut self, paths: &Attr<Vec<String>>, path_type: Attr<PathType>, door: &Path) {
        let (Some(paths), at) = (paths.known(), door.then_attr("paths")) else { return };
        if paths.is_empty() {
            self.malformed("[]", &at, "at least one path");
        }
        // Left out, it is a prefix: validation sees the configuration without its defaults.
        let prefix = matches!(path_type, Attr::Null | Attr::Known(PathType::Prefix));
        let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
        for (index, path) in paths.iter().enumerate() {
            let at = at.then_index(index);
            self.text(path, &at, is_path, "a path that starts with `/`, without spaces, quotes, `?`, `#` and `//`");
            // Below a prefix, `/p` and `/p/` name the same requests.
            let key = if prefix { path.trim_end_matches('/') } else { path };
            if let Some(first) = seen.insert(key, index) {
                self.malformed(path, &at, &format!("another path than {:?}, which stands before it", paths[first]));
            }
        }
    }

    fn middleware(&mut self, text: &str, path: &Path) {
        let (name, provider) = text.split_once('@').unwrap_or((text, "kubernetescrd"));
        let valid = !provider.is_empty() && !provider.contains('@');
        let valid = valid && if provider == "kubernetescrd" { is_joined(name) } else { !name.is_empty() };
        if !valid || text.contains([',', ' ']) {
            self.malformed(text, path, "`<namespace>-<name>`, or `<name>@<provider>` for one of another provider");
        }
    }

    fn reason(&mut self, auth: Attr<Auth>, reason: &Attr<String>, door: &Path, name: &Attr<String>) {
        let Some(auth) = auth.known().filter(|auth| auth.is_open()) else { return };
        let given = match reason {
            Attr::Unknown => true,
            Attr::Null => false,
            Attr::Known(reason) => !reason.trim().is_empty(),
        };
        if given {
            return;
        }
        let what = match auth {
            Auth::App => "what gates the app instead",
            _ => "why it is open to everybody",
        };
        let name = name.known().cloned().unwrap_or_default();
        self.0.push(
            Finding::new(
                codes::NO_REASON,
                format!("Ingress {name}"),
                format!("auth is {:?}, and reason is not set.", auth.as_str()),
            )
            .clears(format!("Say in reason {what}, or let auth be required (the default)."))
            .at(door.then_attr("reason")),
        );
    }

    fn annotations(&mut self, annotations: &Attr<BTreeMap<String, String>>) {
        for name in annotations.known().into_iter().flat_map(BTreeMap::keys) {
            let instead = RESERVED.iter().find(|(reserved, _)| reserved == name).map(|(_, argument)| *argument);
            let own = name.starts_with(OWN_PREFIX).then_some("nothing: the provider writes it by itself");
            if let Some(instead) = instead.or(own) {
                self.reserved(codes::RESERVED, name, instead);
            }
        }
    }

    fn reserved(&mut self, code: Code, name: &str, instead: &str) {
        self.0.push(
            Finding::new(code, name, format!("The annotation {name} follows from the declaration."))
                .summary(format!("annotation {name} is set by the resource itself"))
                .clears(format!("Use instead: {instead}."))
                .at(Path::attr("annotations").then_key(name)),
        );
    }
}

/// `<namespace>-<name>`, both of the characters that names have.
fn is_joined(name: &str) -> bool {
    names::is_object(name) && name.contains('-')
}

/// A path that means in Traefik what it says: backticks would end the rule, and Traefik cleans `//` and dot segments
/// before it matches, so that a rule with them never would.
fn is_path(path: &str) -> bool {
    path.starts_with('/')
        && !path.contains("//")
        && !path.split('/').any(|segment| segment == "." || segment == "..")
        && path.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '`' | '"' | '?' | '#' | '\\'))
}
