//! Arguments that have to fit each other.

use std::collections::BTreeMap;
use std::net::IpAddr;

use homelab_cty::Path;
use homelab_schema::Attr;
use homelab_schema::ingress::{Ingress, Scheme, Service};
use homelab_schema::provider::Site;

use super::judge::Judge;
use super::{has_no_domain, subject};
use crate::finding::{Finding, ingress as codes};
use crate::ingress::{ENTRYPOINTS_ANNOTATION, MIDDLEWARES_ANNOTATION, OWN_PREFIX, PRIORITY_ANNOTATION, announce};
use crate::names;

/// Annotations that the arguments of the resource stand for.
const RESERVED: [(&str, &str); 3] = [
    (MIDDLEWARES_ANNOTATION, "extra_middlewares"),
    (PRIORITY_ANNOTATION, "priority of a carve_out"),
    (ENTRYPOINTS_ANNOTATION, "entrypoint"),
];

/// What the configuration alone shows.
pub(super) fn check(judge: &mut Judge, config: &Ingress) {
    service(judge, config);
    annotations(judge, config);
    schemes(judge, config);
    judge.name(
        &config.entrypoint,
        &Path::attr("entrypoint"),
        is_entrypoints,
        "names of entry points, separated by commas",
    );
}

fn is_entrypoints(text: &str) -> bool {
    let is_name = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
    text.split(',').all(|part| is_name(part.trim()))
}

fn service(judge: &mut Judge, config: &Ingress) {
    let at = Path::attr("service");
    judge.service(&config.service, &at);
    let unnamed = match &config.service {
        Attr::Null => true,
        Attr::Unknown => false,
        Attr::Known(service) => service.name.is_null(),
    };
    if let Some(name) = config.name.known().filter(|name| unnamed && names::is_object(name) && !names::is_label(name)) {
        let expected =
            format!("set, since the name of the resource is none that a Service can have ({})", names::LABEL);
        judge.malformed(name, &at.then_attr("name"), &expected);
    }
    let Some(target) = config.external_name.known() else { return };
    let is_target = |text: &str| names::is_host(text) && text.parse::<IpAddr>().is_err();
    let expected = "a full host name in lower case; an address needs a Service and an EndpointSlice of its own";
    judge.text(target, &Path::attr("external_name"), is_target, expected);
    let doors = config.carve_out.known().into_iter().flatten();
    let doors = doors.map(|(label, carve_out)| (&carve_out.service, Path::attr("carve_out").then_key(label)));
    for (service, door) in std::iter::once((&config.service, Path::root())).chain(doors) {
        // A carve-out that names another service leads elsewhere.
        let Some(service) = service.known().filter(|own| door == Path::root() || own.name.is_null()) else { continue };
        if let Some(port) = service.port.known().filter(|port| port.parse::<u16>().is_err()) {
            let at = door.then_attr("service").then_attr("port");
            judge.malformed(port, &at, "a number, since the Service that external_name makes has no named port");
        }
    }
}

/// One Service has one scheme.
fn schemes(judge: &mut Judge, config: &Ingress) {
    let app = match &config.service {
        Attr::Known(Service { name: Attr::Known(name), .. }) => Some(name.clone()),
        Attr::Null | Attr::Known(Service { name: Attr::Null, .. }) => config.name.known().cloned(),
        _ => None,
    };
    let mut known: BTreeMap<String, Scheme> = BTreeMap::new();
    let root = config.service.known().map(|service| (service, Path::attr("service")));
    let carve_outs = config.carve_out.known().into_iter().flatten().filter_map(|(label, carve_out)| {
        Some((carve_out.service.known()?, Path::attr("carve_out").then_key(label).then_attr("service")))
    });
    for (service, at) in root.into_iter().chain(carve_outs) {
        let name = match &service.name {
            Attr::Null => app.clone(),
            name => name.known().cloned(),
        };
        let (Some(name), Some(scheme)) = (name, service.scheme.known()) else { continue };
        let first = *known.entry(name.clone()).or_insert(*scheme);
        if first != *scheme {
            let observed = format!("Service {name} has the scheme {} elsewhere in this resource.", first.as_str());
            let fix = "Traefik knows one scheme a Service: set the same, or name another Service.";
            judge.contradiction(at.then_attr("scheme"), &name, observed, fix);
        }
    }
}

fn annotations(judge: &mut Judge, config: &Ingress) {
    let has_tile = !config.homepage.is_null();
    for name in config.annotations.known().into_iter().flat_map(BTreeMap::keys) {
        let instead = RESERVED.iter().find(|(reserved, _)| reserved == name).map(|(_, argument)| *argument);
        let own = name.starts_with(OWN_PREFIX).then_some("nothing: the provider writes it by itself");
        let tile = (has_tile && name.starts_with(announce::HOMEPAGE_PREFIX)).then_some("the homepage block");
        if let Some(instead) = instead.or(own).or(tile) {
            judge.0.push(reserved(name, instead));
        }
    }
}

fn reserved(name: &str, instead: &str) -> Finding {
    Finding::new(codes::RESERVED, name, format!("The annotation {name} follows from the declaration."))
        .summary(format!("annotation {name} is set by the resource itself"))
        .clears(format!("Use instead: {instead}."))
        .at(Path::attr("annotations").then_key(name))
}

/// What shows once the conventions of the house are known.
pub(super) fn planned(planned: &Ingress, site: &Site) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Attr::Known(domain) = announce::domain(site) {
        let of_house = announce::reserved(&domain);
        for name in planned.annotations.known().into_iter().flat_map(BTreeMap::keys) {
            let instead = of_house.iter().find(|(reserved, _)| reserved == name);
            findings.extend(instead.map(|(name, instead)| reserved(name, instead)));
        }
    }
    if planned.external_monitor.known().is_some() && has_no_domain(site) {
        findings.push(
            Finding::new(codes::NO_ANNOTATION_DOMAIN, subject(planned), "No monitor could find the annotation.")
                .at(Path::attr("external_monitor")),
        );
    }
    findings
}
