//! What is wrong with a declaration by itself.
//!
//! All of this follows from what was written, so it stops a plan early; what depends on the cluster is in
//! [`super::references`]. Unknown values are never judged: they are judged when they are known.

mod arguments;
mod hosts;
mod judge;
mod limits;
#[cfg(test)]
mod tests;

use homelab_cty::Path;
use homelab_schema::Attr;
use homelab_schema::ingress::{CarveOut, Ingress, PathType};
use homelab_schema::provider::Site;

use self::judge::Judge;
use super::chain::{self, Missing, Parts};
use super::fill::full_host;
use super::{Spec, announce, carve_out_object, parts, routes};
use crate::finding::{Finding, Severity, ingress as codes};
use crate::names;

/// What is wrong with the configuration as it stands. Whether a reason may be missing depends on `parity`, of the resource
/// or else of the site: null where there is no site, or where validation does not see it.
pub fn declaration(config: &Ingress, parity_of_site: Attr<bool>) -> Vec<Finding> {
    let mut judge = Judge::default();
    judge.name(&config.name, &Path::attr("name"), names::is_object, names::OBJECT);
    judge.name(&config.namespace, &Path::attr("namespace"), names::is_label, names::LABEL);
    judge.name(&config.tls_secret_name, &Path::attr("tls_secret_name"), names::is_object, names::OBJECT);
    hosts::check(&mut judge, config);
    judge.paths(&config.paths, config.path_type, &Path::root());
    arguments::check(&mut judge, config);
    limits::check(&mut judge, config);
    for (label, carve_out) in config.carve_out.known().into_iter().flatten() {
        of_carve_out(&mut judge, config, label, carve_out);
    }
    if config.parity.or(parity_of_site).or(Attr::Known(false)) == Attr::Known(false) {
        judge.0.extend(reasons(config, Severity::Error));
    }
    judge.0
}

fn of_carve_out(judge: &mut Judge, config: &Ingress, label: &str, carve_out: &CarveOut) {
    let path = Path::attr("carve_out").then_key(label);
    judge.text(label, &path, names::is_label, names::LABEL);
    // Where the name of the resource is at fault, that is said already.
    if config.name.known().is_some_and(|name| names::is_object(name)) && names::is_label(label) {
        let object = config.name.clone().map(|name| carve_out_object(&name, label));
        judge.name(&object, &path, names::is_object, "together with the name of the resource at most 253 characters");
    }
    judge.paths(&carve_out.paths, carve_out.path_type, &path);
    judge.service(&carve_out.service, &path.then_attr("service"));
    judge.groups(&carve_out.allowed_groups, carve_out.auth, &path);
    judge.rate_limit(&carve_out.rate_limit, &path);
    judge.probe(&carve_out.probe, &path.then_attr("probe"));
    judge.priority(carve_out.priority, &path);
}

/// Every door without a gate that does not say why.
fn reasons(model: &Ingress, severity: Severity) -> Vec<Finding> {
    let mut judge = Judge::default();
    judge.reason(model.auth, &model.reason, &Path::root(), &model.name);
    for (label, carve_out) in model.carve_out.known().into_iter().flatten() {
        let object = model.name.clone().map(|name| carve_out_object(&name, label));
        judge.reason(carve_out.auth, &carve_out.reason, &Path::attr("carve_out").then_key(label), &object);
    }
    judge.0.into_iter().map(|finding| finding.severity(severity)).collect()
}

/// What is wrong with the plan, once the conventions of the house are in it ([`super::fill::fill`]).
pub fn planned(planned: &Ingress, site: &Site) -> Vec<Finding> {
    let mut findings = hosts::planned(planned, site);
    if planned.parity == Attr::Known(true) {
        findings.extend(reasons(planned, Severity::Warning));
        findings.extend(loose_prefixes(planned));
    }
    findings.extend(missing(planned, site, &parts::of_resource(planned), &Path::root(), false));
    for (label, carve_out) in planned.carve_out.known().into_iter().flatten() {
        let parts = parts::of_carve_out(planned, label, carve_out);
        findings.extend(missing(planned, site, &parts, &Path::attr("carve_out").then_key(label), true));
    }
    findings.extend(arguments::planned(planned, site));
    if let Some(spec) = Spec::of(planned, site) {
        findings.extend(of_routes(&spec));
    }
    findings
}

/// Findings about routes, on every host: a priority is the same on all of them, and a length is not.
fn of_routes(spec: &Spec) -> Vec<Finding> {
    let mut findings = routes::check(spec);
    for alias in spec.aliases.clone() {
        let on_alias = Spec { host: alias, ..spec.clone() };
        for finding in routes::check(&on_alias) {
            let is_known = findings.iter().any(|known| (known.code, &known.path) == (finding.code, &finding.path));
            findings.extend((!is_known).then_some(finding));
        }
    }
    findings
}

/// What a door needs and the site does not name: without it nothing would be in front of the app.
fn missing(planned: &Ingress, site: &Site, parts: &Parts, door: &Path, is_carve_out: bool) -> Vec<Finding> {
    let mut findings = Vec::new();
    for missing in chain::missing(site, parts) {
        let finding = match missing {
            Missing::Middleware { argument: "auth", setting } => Finding::new(
                codes::NO_GATE,
                subject(planned),
                format!(
                    "auth is {:?}, and {setting} is not set: nothing would be in front of the app.",
                    parts.auth.known().map_or("?", |auth| auth.as_str())
                ),
            )
            .clears(format!("Set {setting} in the provider block, or choose another auth and say why in reason."))
            .at(door.then_attr("auth")),
            // What a carve-out shares with the app is said once.
            Missing::Middleware { argument, .. } if is_carve_out && argument != "anti_ai_scraping" => continue,
            Missing::Middleware { argument, setting } => Finding::new(
                codes::NO_MIDDLEWARE,
                subject(planned),
                format!("{argument} is set, and {setting} is not: nothing would do it."),
            )
            .clears(format!("Set {setting} in the provider block, or remove {argument}."))
            .at(door.then_attr(argument)),
            Missing::Group { key } => {
                let finding = Finding::new(
                    codes::NO_GROUP,
                    subject(planned),
                    format!("site.groups has no middleware for {key:?}: nothing would enforce the list."),
                )
                .clears(format!(
                    "Name the Middleware that lets pass members of {} under {key:?} in groups of the provider's site \
                     block, or remove allowed_groups.",
                    if key.contains('+') { "any of these groups" } else { "that group" }
                ));
                let inherited = is_carve_out && planned.allowed_groups == parts.groups;
                if inherited && planned.auth == parts.auth {
                    continue;
                }
                finding.at(if inherited { Path::attr("allowed_groups") } else { door.then_attr("allowed_groups") })
            }
        };
        findings.push(finding);
    }
    findings
}

/// In parity mode a prefix is Traefik's own: where it opens a door, it opens more than it says.
fn loose_prefixes(planned: &Ingress) -> Vec<Finding> {
    let mut findings = Vec::new();
    let root = (&planned.paths, planned.path_type, planned.auth, Path::root());
    let carve_outs = planned.carve_out.known().into_iter().flatten().map(|(label, carve_out)| {
        (&carve_out.paths, carve_out.path_type, carve_out.auth, Path::attr("carve_out").then_key(label))
    });
    for (paths, path_type, auth, door) in std::iter::once(root).chain(carve_outs) {
        let is_open = auth.known().is_some_and(|auth| auth.is_open());
        if !is_open || path_type != Attr::Known(PathType::Prefix) {
            continue;
        }
        for (index, path) in paths.known().into_iter().flatten().enumerate().filter(|(_, path)| !path.ends_with('/')) {
            findings.push(
                Finding::new(
                    codes::LOOSE_PREFIX,
                    subject(planned),
                    format!("Traefik's prefix is by characters: {path} also opens {path}x and {path}admin."),
                )
                .at(door.then_attr("paths").then_index(index)),
            );
        }
    }
    findings
}

fn subject(model: &Ingress) -> String {
    let text = |attribute: &Attr<String>| attribute.known().cloned().unwrap_or_else(|| "?".to_owned());
    format!("Ingress {}/{}", text(&model.namespace), text(&model.name))
}

/// The domain that annotations of the house are below, as far as the plan needs one.
fn has_no_domain(site: &Site) -> bool {
    announce::domain(site).is_null()
}

/// A host as it will be served.
fn served(host: &str, site: &Site) -> Attr<String> {
    full_host(&Attr::Known(host.to_owned()), site)
}
