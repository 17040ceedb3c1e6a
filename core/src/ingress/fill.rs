//! Completes a declaration from the conventions of the house.
//!
//! What the user wrote stands; what was left out comes from the provider's `site` block; what is unknown there stays
//! unknown here. The prior state is never looked at, so that an argument that was removed is gone.

use homelab_schema::Attr;
use homelab_schema::ingress::Ingress;
use homelab_schema::provider::Site;

use super::{chain, outputs, routes};

/// Fills `planned`, which is `config` with its defaults, from `site`, and computes every output that follows.
pub fn fill(config: &Ingress, planned: &mut Ingress, site: &Site) {
    // A configured host stays as it is written, also a short one: Terraform insists on that.
    planned.host = match &config.host {
        Attr::Null => full_host(&planned.name, site),
        configured => configured.clone(),
    };
    planned.ingress_class = config.ingress_class.clone().or(site.ingress_class.clone());
    planned.tls_secret_name = config.tls_secret_name.clone().or(site.tls_secret_name.clone());
    let root_service = match (&config.service, &mut planned.service) {
        (Attr::Known(config), Attr::Known(service)) => {
            service.name = config.name.clone().or(planned.name.clone());
            service.name.clone()
        }
        _ => Attr::Unknown,
    };
    if let (Attr::Known(configs), Attr::Known(carve_outs)) = (&config.carve_out, &mut planned.carve_out) {
        for (label, carve_out) in carve_outs.iter_mut() {
            let Some(config) = configs.get(label) else { continue };
            if let (Attr::Known(config), Attr::Known(service)) = (&config.service, &mut carve_out.service) {
                service.name = config.name.clone().or(root_service.clone());
            }
            carve_out.priority = config.priority;
        }
    }
    planned.middlewares = middlewares(planned, site);
    routes::fill_priorities(config, planned, &full_host(&planned.host, site));
    outputs::fill(planned, site);
}

/// The host that is served: a full name as it is, a short one below the root domain. Null where there is no root domain to
/// put it below; [`super::checks::planned`] refuses that.
pub fn full_host(host: &Attr<String>, site: &Site) -> Attr<String> {
    match host {
        Attr::Known(host) if !host.contains('.') => site.root_domain.clone().map(|domain| format!("{host}.{domain}")),
        other => other.clone(),
    }
}

fn middlewares(planned: &Ingress, site: &Site) -> Attr<Vec<String>> {
    let extras = match &planned.extra_middlewares {
        Attr::Null => Vec::new(),
        Attr::Unknown => return Attr::Unknown,
        Attr::Known(extras) => extras.clone(),
    };
    match planned.auth {
        Attr::Known(auth) => chain::chain(site, auth, &extras).unwrap_or(Attr::Null),
        _ => Attr::Unknown,
    }
}
