//! Completes a declaration from the conventions of the house.
//!
//! What the user wrote stands; what was left out comes from the provider's `site` block; what is unknown there stays
//! unknown here. The prior state is never looked at, so that an argument that was removed is gone.

use homelab_cty::Path;
use homelab_schema::ingress::{Auth, DnsMode, Ingress};
use homelab_schema::provider::Site;
use homelab_schema::{Attr, Model as _, Value};

use super::{chain, outputs, parts, routes};

/// Fills `planned`, which is `config` with its defaults, from `site`, and computes every output that follows from them.
/// `dns_records` follow from more: they are left unknown unless there are none, for `crate::dns` to say.
pub fn fill(config: &Ingress, planned: &mut Ingress, site: &Site) {
    // A configured host stays as it is written, also a short one: Terraform insists on that.
    planned.host = match &config.host {
        Attr::Null => default_host(planned, site),
        configured => configured.clone(),
    };
    planned.ingress_class = config.ingress_class.clone().or(site.ingress_class.clone());
    planned.entrypoint = config.entrypoint.clone().or(site.entrypoint.clone());
    planned.tls_secret_name = config.tls_secret_name.clone().or(site.tls_secret_name.clone());
    planned.parity = config.parity.or(site.parity).or(Attr::Known(false));
    planned.anti_ai_scraping = config.anti_ai_scraping.or(planned.auth.map(Auth::is_open));
    blocks(config, planned, site);
    carve_outs(config, planned);
    planned.middlewares = chain::chain(site, &parts::of_resource(planned))
        .map_or(Attr::Null, |links| links.map(|links| links.into_iter().map(|link| link.reference).collect()));
    let longest = hosts(planned, site).map(|hosts| hosts.into_iter().max_by_key(String::len).unwrap_or_default());
    match planned.parity {
        // Nothing is chosen: what is not declared goes by the length of its rule.
        Attr::Known(true) => {}
        Attr::Unknown => routes::fill_priorities(config, planned, &Attr::Unknown),
        _ => routes::fill_priorities(config, planned, &longest),
    }
    outputs::fill(planned, site);
}

/// Nulls what stayed unknown, for a state that was read: an object can be so far from every declaration that what follows
/// from one cannot be said, and a state has no unknowns.
pub fn settle(read: &mut Ingress) {
    let mut value = read.to_value();
    settle_value(&mut value);
    if let Ok(settled) = Ingress::from_value(&value, &Path::root()) {
        *read = settled;
    }
}

fn settle_value(value: &mut Value) {
    match value {
        Value::Unknown(_) => *value = Value::Null,
        Value::Map(members) => members.values_mut().for_each(settle_value),
        Value::List(elements) => elements.iter_mut().for_each(settle_value),
        _ => {}
    }
}

/// What blocks leave out.
fn blocks(config: &Ingress, planned: &mut Ingress, site: &Site) {
    if let (Attr::Known(config), Attr::Known(service)) = (&config.service, &mut planned.service) {
        service.name = config.name.clone().or(planned.name.clone());
    }
    if let (Attr::Known(config), Attr::Known(wake)) = (&config.scale_to_zero, &mut planned.scale_to_zero) {
        let of_site = match &site.middlewares {
            Attr::Null => Attr::Null,
            Attr::Unknown => Attr::Unknown,
            Attr::Known(named) => named.scale_to_zero.clone(),
        };
        wake.middleware = config.middleware.clone().or(of_site);
    }
    if let (Attr::Known(config), Attr::Known(tile)) = (&config.homepage, &mut planned.homepage) {
        tile.name = config.name.clone().or(planned.name.clone());
    }
    if let (Attr::Known(config), Attr::Known(monitor)) = (&config.external_monitor, &mut planned.external_monitor) {
        // Without records nothing is said, which is not the same as saying no.
        let follows = match planned.dns {
            Attr::Unknown => Attr::Unknown,
            Attr::Null | Attr::Known(DnsMode::None) => Attr::Null,
            Attr::Known(_) => Attr::Known(true),
        };
        monitor.enabled = config.enabled.or(follows);
    }
}

fn carve_outs(config: &Ingress, planned: &mut Ingress) {
    let root_service = match &planned.service {
        Attr::Known(service) => service.name.clone(),
        Attr::Null => planned.name.clone(),
        Attr::Unknown => Attr::Unknown,
    };
    let (Attr::Known(configs), Attr::Known(carve_outs)) = (&config.carve_out, &mut planned.carve_out) else { return };
    for (label, carve_out) in carve_outs.iter_mut() {
        let Some(config) = configs.get(label) else { continue };
        if let (Attr::Known(config), Attr::Known(service)) = (&config.service, &mut carve_out.service) {
            service.name = config.name.clone().or(root_service.clone());
        }
        carve_out.anti_ai_scraping = config.anti_ai_scraping.or(carve_out.auth.map(Auth::is_open));
        carve_out.priority = config.priority;
    }
}

/// The host of a resource that names none: its own name below the root domain, also where that has a dot.
pub(super) fn default_host(planned: &Ingress, site: &Site) -> Attr<String> {
    match (&planned.name, &site.root_domain) {
        (Attr::Known(name), Attr::Known(domain)) => Attr::Known(format!("{name}.{domain}")),
        (_, Attr::Null) => Attr::Null,
        _ => Attr::Unknown,
    }
}

/// The host that is served: a full name as it is, a short one below the root domain. Null where there is no root domain to
/// put it below; [`super::checks::planned`] refuses that.
pub fn full_host(host: &Attr<String>, site: &Site) -> Attr<String> {
    match host {
        Attr::Known(host) if !host.contains('.') => site.root_domain.clone().map(|domain| format!("{host}.{domain}")),
        other => other.clone(),
    }
}

/// All full host names, the app's own first. Null where one of them has no domain.
pub fn hosts(planned: &Ingress, site: &Site) -> Attr<Vec<String>> {
    if planned.host_aliases.is_unknown() {
        return Attr::Unknown;
    }
    let aliases = planned.host_aliases.known().into_iter().flatten().cloned().map(Attr::Known);
    let mut all = Vec::new();
    for host in std::iter::once(planned.host.clone()).chain(aliases) {
        match full_host(&host, site) {
            Attr::Null => return Attr::Null,
            Attr::Unknown => return Attr::Unknown,
            Attr::Known(host) => all.push(host),
        }
    }
    Attr::Known(all)
}
