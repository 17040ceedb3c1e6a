//! Host names.

use std::net::IpAddr;

use homelab_cty::Path;
use homelab_schema::Attr;
use homelab_schema::ingress::Ingress;
use homelab_schema::provider::Site;

use super::judge::{Judge, malformed, shown};
use super::{served, subject};
use crate::finding::{Finding, ingress as codes};
use crate::ingress::fill;
use crate::names;

/// Host and aliases as they are written.
pub(super) fn check(judge: &mut Judge, config: &Ingress) {
    if let Some(host) = config.host.known() {
        judge.0.extend(wrong(host, &Path::attr("host")));
    }
    let aliases = config.host_aliases.known().map_or(&[][..], Vec::as_slice);
    for (index, alias) in aliases.iter().enumerate() {
        let at = Path::attr("host_aliases").then_index(index);
        judge.0.extend(wrong(alias, &at));
        if config.host.known() == Some(alias) || aliases[..index].contains(alias) {
            judge.malformed(alias, &at, "another host than those before it");
        }
    }
}

/// Host and aliases as they will be served.
pub(super) fn planned(planned: &Ingress, site: &Site) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut seen: Vec<String> = Vec::new();
    let host = planned.host.known().cloned();
    let aliases = planned.host_aliases.known().into_iter().flatten().cloned();
    let aliases = aliases.enumerate().map(|(index, alias)| (Some(alias), Path::attr("host_aliases").then_index(index)));
    if planned.host.is_null() {
        findings.push(no_domain(planned, Path::attr("host")));
    }
    for (host, at) in std::iter::once((host, Path::attr("host"))).chain(aliases) {
        let Some(host) = host else { continue };
        match served(&host, site) {
            Attr::Null => findings.push(no_domain(planned, at)),
            Attr::Unknown => {}
            Attr::Known(full) => {
                // What the user wrote was judged already: here it is what became of a short name, or of none.
                let is_default = fill::default_host(planned, site).known() == Some(&host) && names_fit(planned);
                let is_new = is_default || (!host.contains('.') && names::is_label(&host));
                findings.extend(is_new.then(|| wrong(&full, &at)).flatten());
                if seen.contains(&full) && !host.contains('.') {
                    let finding = malformed(&full, "another host than those before it");
                    findings.push(finding.summary(format!("{at} is not valid")).at(at));
                }
                seen.push(full);
            }
        }
    }
    findings
}

fn names_fit(planned: &Ingress) -> bool {
    planned.name.known().is_some_and(|name| names::is_object(name))
}

fn no_domain(planned: &Ingress, at: Path) -> Finding {
    Finding::new(codes::NO_HOST, subject(planned), "Neither a full `host` nor `root_domain` in `site` is given.").at(at)
}

/// What is wrong with a host, full or short; `None` where nothing is.
fn wrong(host: &str, at: &Path) -> Option<Finding> {
    if host.contains('*') {
        return Some(
            Finding::new(codes::WILDCARD_HOST, host, format!("{host:?} stands for many hosts."))
                .clears("List the hosts: the first as host, the others as host_aliases.")
                .at(at.clone()),
        );
    }
    let fits = if host.contains('.') { names::is_host(host) } else { names::is_label(host) };
    if fits && host.parse::<IpAddr>().is_err() {
        return None;
    }
    let finding = malformed(host, names::HOST).summary(format!("{:?} is no host name", shown(host)));
    Some(match meant(host) {
        Some(meant) => finding.clears(format!("Write {meant:?}.")),
        None => finding,
    })
    .map(|finding| finding.at(at.clone()))
}

/// What was probably meant: the form that goes over the wire, in lower case, with other alphabets in Punycode, without a
/// dot at the end.
fn meant(host: &str) -> Option<String> {
    let ascii = idna::domain_to_ascii(host.trim().trim_end_matches('.')).ok()?;
    let fits = if ascii.contains('.') { names::is_host(&ascii) } else { names::is_label(&ascii) };
    (fits && ascii != host && ascii.parse::<IpAddr>().is_err()).then_some(ascii)
}
