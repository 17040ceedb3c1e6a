//! Annotations by which others learn of an app: the dashboard, the external monitor, the controllers of DNS records.
//!
//! They stand on the app's own Ingress alone: a carve-out is a part of the same app, and would be a second tile and a
//! second monitor.

use std::collections::BTreeMap;

use homelab_schema::Attr;
use homelab_schema::ingress::{DnsMode, ExternalMonitor, Homepage, Ingress};
use homelab_schema::provider::Site;

/// Prefix of the dashboard's annotations.
pub(super) const HOMEPAGE_PREFIX: &str = "gethomepage.dev/";

/// The domain of the annotations of the house; null where the site names neither it nor a root domain.
pub(super) fn domain(site: &Site) -> Attr<String> {
    site.annotation_domain.clone().or(site.root_domain.clone())
}

/// The annotation that tells the monitor whether to watch.
pub(super) fn monitor(domain: &str) -> String {
    format!("uptime.{domain}/external-monitor")
}

/// The annotation with the monitor's name of the app.
pub(super) fn monitor_name(domain: &str) -> String {
    format!("uptime.{domain}/external-monitor-name")
}

/// The annotation with the kind of DNS records.
pub(super) fn dns_type(domain: &str) -> String {
    format!("cloudflare.{domain}/dns-type")
}

/// The names that the resource itself writes, given the domain: what each is to be set with instead.
pub(super) fn reserved(domain: &str) -> [(String, &'static str); 3] {
    [
        (monitor(domain), "the external_monitor block"),
        (monitor_name(domain), "name of the external_monitor block"),
        (dns_type(domain), "dns"),
    ]
}

/// All annotations of this kind that a declaration makes; `None` while something in them is unknown.
pub(super) fn of(planned: &Ingress, site: &Site) -> Option<BTreeMap<String, String>> {
    let mut all = BTreeMap::new();
    match &planned.homepage {
        Attr::Unknown => return None,
        Attr::Null => {}
        Attr::Known(tile) => all.extend(tile_of(tile)?),
    }
    let dns = *planned.dns.as_ref().or(Attr::Known(&DnsMode::None)).known()?;
    let watched = match &planned.external_monitor {
        Attr::Unknown => return None,
        Attr::Null => (*dns != DnsMode::None).then_some(true),
        Attr::Known(monitor) => super::optional(&monitor.enabled)?,
    };
    let name = match &planned.external_monitor {
        Attr::Known(ExternalMonitor { name, .. }) => optional(name)?,
        _ => None,
    };
    if watched.is_none() && name.is_none() && *dns == DnsMode::None {
        return Some(all);
    }
    // Without any domain there is nobody who would read them.
    let Some(domain) = optional(&domain(site))? else { return Some(all) };
    all.extend(watched.map(|watched| (monitor(&domain), watched.to_string())));
    all.extend(name.map(|name| (monitor_name(&domain), name)));
    let text = match dns {
        DnsMode::Proxied => Some("proxied"),
        DnsMode::NonProxied => Some("non-proxied"),
        DnsMode::Internal => Some("internal"),
        DnsMode::None => None,
    };
    all.extend(text.map(|text| (dns_type(&domain), text.to_owned())));
    Some(all)
}

fn tile_of(tile: &Homepage) -> Option<BTreeMap<String, String>> {
    let mut all = BTreeMap::from([(format!("{HOMEPAGE_PREFIX}enabled"), tile.enabled.known()?.to_string())]);
    let texts = [
        ("name", &tile.name),
        ("group", &tile.group),
        ("icon", &tile.icon),
        ("href", &tile.href),
        ("description", &tile.description),
    ];
    for (name, text) in texts {
        all.extend(optional(text)?.map(|text| (format!("{HOMEPAGE_PREFIX}{name}"), text)));
    }
    Some(all)
}

#[expect(clippy::option_option, reason = "three states: not known yet, left out, given")]
fn optional(text: &Attr<String>) -> Option<Option<String>> {
    super::optional(text)
}

/// The tile that annotations amount to; `None` without one.
pub(super) fn read_tile(annotations: &BTreeMap<String, String>) -> Option<Homepage> {
    let text = |name: &str| Attr::from(annotations.get(&format!("{HOMEPAGE_PREFIX}{name}")).cloned());
    let enabled = text("enabled").into_known()?;
    Some(Homepage {
        enabled: Attr::Known(enabled == "true"),
        name: text("name"),
        group: text("group"),
        icon: text("icon"),
        href: text("href"),
        description: text("description"),
    })
}

/// The monitor that annotations amount to: null where they say what follows from `dns` anyway and no block was declared.
pub(super) fn read_monitor(
    annotations: &BTreeMap<String, String>,
    domain: &str,
    dns: DnsMode,
    has_block: bool,
) -> Attr<ExternalMonitor> {
    let enabled = annotations.get(&monitor(domain)).map(|text| text == "true");
    let name = annotations.get(&monitor_name(domain)).cloned();
    let follows = (dns != DnsMode::None).then_some(true);
    if has_block || name.is_some() || (enabled.is_some() && enabled != follows) {
        Attr::Known(ExternalMonitor { enabled: enabled.into(), name: name.into() })
    } else {
        Attr::Null
    }
}

/// The kind of records that annotations name.
pub(super) fn read_dns(annotations: &BTreeMap<String, String>, domain: &str) -> Option<DnsMode> {
    match annotations.get(&dns_type(domain))?.as_str() {
        "proxied" => Some(DnsMode::Proxied),
        "non-proxied" => Some(DnsMode::NonProxied),
        "internal" => Some(DnsMode::Internal),
        _ => None,
    }
}
