//! The words of a declaration that its objects do not show.
//!
//! Two declarations can render the same: a `service` block that says what is the default anyway, a member of the chain that
//! is named by another argument, how a part is probed. An import could not tell them apart, and its plan would never be
//! quite empty. So what cannot be read from the objects is written onto them, in one annotation of ours, and only where it
//! is not what would be read without it: most objects carry none.

use std::collections::BTreeMap;

use homelab_schema::Attr;
use homelab_schema::ingress::{CarveOut, DnsMode, Ingress, Probe, RateLimit, Scheme, Service};
use homelab_schema::provider::Site;
use serde::{Deserialize, Serialize};

/// Annotation with the words, as JSON.
pub const WORDS_ANNOTATION: &str = "terraform-provider-homelab/declared";

/// What cannot be read from the objects of a door. The default is what is read without the annotation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a word by itself")]
pub struct Words {
    /// The host as it is written, where that is short.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// The aliases as they are written, where one is short.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host_aliases: Option<Vec<String>>,
    /// Whether the app has no `service` block, or the carve-out one that says what the app's says.
    #[serde(skip_serializing_if = "is_false")]
    pub service: bool,
    /// The scheme of the service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheme: Option<String>,
    /// The groups, as they are written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_groups: Option<Vec<String>>,
    /// `enabled` of a `rate_limit` block without numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_limit: Option<bool>,
    /// The middleware of the `scale_to_zero` block, as it is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scale_to_zero: Option<String>,
    /// Whether there is a `homepage` block.
    #[serde(skip_serializing_if = "is_false")]
    pub homepage: bool,
    /// Whether there is an `external_monitor` block.
    #[serde(skip_serializing_if = "is_false")]
    pub external_monitor: bool,
    /// The kind of DNS records, where there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dns: Option<String>,
    /// Whether records of others may be overwritten.
    #[serde(skip_serializing_if = "is_false")]
    pub dns_overwrite: bool,
    /// Whether the routes are written as before this provider, where that is not as the site has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parity: Option<bool>,
    /// How the part is probed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub probe: Option<ProbeWords>,
}

/// How a part is probed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProbeWords {
    /// `skip`.
    #[serde(skip_serializing_if = "is_false")]
    pub skip: bool,
    /// `methods`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub methods: Option<Vec<String>>,
    /// `statuses`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statuses: Option<Vec<u16>>,
    /// `content_type`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// `body_contains`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body_contains: Option<String>,
    /// `headers`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub headers: Option<BTreeMap<String, String>>,
    /// `websocket`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub websocket: Option<bool>,
    /// `cors_origin`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cors_origin: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_false(flag: &bool) -> bool {
    !flag
}

impl Words {
    /// The words of the resource itself; what is unknown in it is left out.
    pub fn of_resource(declared: &Ingress, site: &Site) -> Self {
        let usual = site.parity.known().copied().unwrap_or_default();
        let is_short = |host: &String| !host.contains('.');
        let aliases = declared.host_aliases.known().filter(|aliases| aliases.iter().any(is_short));
        Self {
            host: declared.host.known().filter(|host| is_short(host)).cloned(),
            host_aliases: aliases.cloned(),
            service: declared.service.is_null(),
            scheme: scheme_of(&declared.service),
            allowed_groups: declared.allowed_groups.known().cloned(),
            rate_limit: plain_limit(&declared.rate_limit),
            scale_to_zero: declared.scale_to_zero.known().and_then(|block| block.middleware.known().cloned()),
            homepage: !declared.homepage.is_null(),
            external_monitor: !declared.external_monitor.is_null(),
            dns: declared.dns.known().filter(|dns| **dns != DnsMode::None).map(|dns| dns.as_str().to_owned()),
            dns_overwrite: declared.dns_overwrite.known() == Some(&true),
            parity: declared.parity.known().copied().filter(|parity| *parity != usual),
            probe: None,
        }
    }

    /// The words of a carve-out; `root` is service and port of the app.
    pub fn of_carve_out(declared: &CarveOut, root: &(String, String)) -> Self {
        let own = declared.service.known().and_then(|own| own.name.known().zip(own.port.known()));
        Self {
            service: own.is_some_and(|(name, port)| *name == root.0 && *port == root.1),
            scheme: scheme_of(&declared.service),
            allowed_groups: declared.allowed_groups.known().cloned(),
            rate_limit: plain_limit(&declared.rate_limit),
            probe: declared.probe.known().map(ProbeWords::of),
            ..Self::default()
        }
    }

    /// The words on an object; the default where there are none, or none that can be read.
    pub fn on(annotations: &BTreeMap<String, String>) -> Self {
        annotations.get(WORDS_ANNOTATION).and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    }

    /// The text of the annotation; `None` where there is nothing to say.
    pub fn text(&self) -> Option<String> {
        (*self != Self::default()).then(|| serde_json::to_string(self).unwrap_or_default())
    }

    /// The scheme of the service.
    pub fn scheme(&self) -> Attr<Scheme> {
        self.scheme.as_deref().and_then(|text| text.parse().ok()).into()
    }

    /// The kind of DNS records.
    pub fn dns(&self) -> Option<DnsMode> {
        self.dns.as_deref().and_then(|text| text.parse().ok())
    }
}

impl ProbeWords {
    fn of(declared: &Probe) -> Self {
        Self {
            skip: declared.skip.known() == Some(&true),
            methods: declared.methods.known().cloned(),
            statuses: declared.statuses.known().cloned(),
            content_type: declared.content_type.known().cloned(),
            body_contains: declared.body_contains.known().cloned(),
            headers: declared.headers.known().cloned(),
            websocket: declared.websocket.known().copied(),
            cors_origin: declared.cors_origin.known().cloned(),
        }
    }

    /// The block that they are of.
    pub fn block(&self) -> Probe {
        Probe {
            skip: Attr::Known(self.skip),
            methods: self.methods.clone().into(),
            statuses: self.statuses.clone().into(),
            content_type: self.content_type.clone().into(),
            body_contains: self.body_contains.clone().into(),
            headers: self.headers.clone().into(),
            websocket: self.websocket.into(),
            cors_origin: self.cors_origin.clone().into(),
        }
    }
}

fn scheme_of(service: &Attr<Service>) -> Option<String> {
    service.known().and_then(|service| service.scheme.known()).map(|scheme| scheme.as_str().to_owned())
}

/// `enabled` of a block that makes no middleware.
fn plain_limit(block: &Attr<RateLimit>) -> Option<bool> {
    let block = block.known()?;
    let has_numbers = !block.average.is_null() || !block.burst.is_null();
    block.enabled.known().copied().filter(|enabled| !enabled || !has_numbers)
}
