//! A declaration of which everything is known, in the shape that it is rendered from.

use std::collections::BTreeMap;

use homelab_cty::Path;
use homelab_schema::Attr;
use homelab_schema::ingress::{Auth, CarveOut, Ingress, PathType, RateLimit, Scheme, Service, bytes_of};
use homelab_schema::provider::Site;

use super::chain::{self, Link};
use super::own::{self, Does, OwnMiddleware, Wish};
use super::routes::{Route, expand};
use super::words::Words;
use super::{announce, carve_out_object, fill, optional, parts, routes};

/// Port of a service that the declaration says nothing of.
pub(super) const DEFAULT_PORT: &str = "80";

/// A declaration of which everything is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spec {
    /// Name of the resource.
    pub name: String,
    /// Namespace of its objects.
    pub namespace: String,
    /// Full host name.
    pub host: String,
    /// Further full host names, with the same routes.
    pub aliases: Vec<String>,
    /// Ingress class; `None` where neither resource nor site names one.
    pub class: Option<String>,
    /// Traefik's entry point; `None` leaves it to Traefik.
    pub entrypoint: Option<String>,
    /// Secret with the certificate.
    pub tls: Option<String>,
    /// Middlewares that the user added to every chain, at its end.
    pub extras: Vec<String>,
    /// The user's annotations, for all Ingresses.
    pub annotations: BTreeMap<String, String>,
    /// Annotations of the app's own Ingress, by which others learn of it.
    pub announced: BTreeMap<String, String>,
    /// The user's labels, for all objects.
    pub labels: BTreeMap<String, String>,
    /// Host name of something outside the cluster, where the app's Service is ours and leads there.
    pub external_name: Option<String>,
    /// Middlewares that the resource makes for itself.
    pub own: Vec<OwnMiddleware>,
    /// Whether routes are written as before this provider.
    pub parity: bool,
    /// The app itself first, then its carve-outs by label.
    pub doors: Vec<Door>,
}

/// A part of the host that is served in one way: the app itself, or a carve-out. One Ingress object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Door {
    /// Label of the carve-out; `None` for the app itself.
    pub label: Option<String>,
    /// Name of the Ingress.
    pub object: String,
    /// Declared paths.
    pub paths: Vec<String>,
    /// How they match.
    pub path_type: PathType,
    /// Whether they are written as they are declared: see [`Door::routes`].
    pub parity: bool,
    /// What is in front.
    pub auth: Auth,
    /// Why it is open.
    pub reason: Option<String>,
    /// Name of the Service.
    pub service: String,
    /// Number or name of its port.
    pub port: String,
    /// How Traefik speaks to the Service, where this door says so.
    pub scheme: Option<Scheme>,
    /// Priority of its routers; `None` leaves each to the length of its rule.
    pub priority: Option<i64>,
    /// Middlewares in the order in which a request meets them.
    pub chain: Vec<String>,
    /// The argument that put each member of `chain` there, position by position.
    pub origins: Vec<Path>,
    /// What of the declaration the objects do not show.
    pub words: Words,
}

impl Door {
    /// The paths as the object has them. In parity mode a declared prefix stays Traefik's prefix, by characters.
    pub fn routes(&self) -> Vec<Route> {
        let path_type = match self.path_type {
            PathType::Prefix if self.parity => PathType::ImplementationSpecific,
            declared => declared,
        };
        expand(&self.paths, path_type)
    }

    /// The attribute of this door in the resource.
    pub fn at(&self, attribute: &str) -> Path {
        match &self.label {
            Some(label) => Path::attr("carve_out").then_key(label).then_attr(attribute),
            None => Path::attr(attribute),
        }
    }
}

impl Spec {
    /// The declaration, after [`fill::fill`]; `None` while anything in it that shapes an object is unknown, or a middleware
    /// that it needs is not named ([`super::checks::planned`] says so).
    pub fn of(ingress: &Ingress, site: &Site) -> Option<Self> {
        let name = ingress.name.known()?.clone();
        let namespace = ingress.namespace.known()?.clone();
        let hosts = fill::hosts(ingress, site).into_known()?;
        let (host, aliases) = hosts.split_first()?;
        let mut spec = Self {
            host: host.clone(),
            aliases: aliases.to_vec(),
            class: optional(&ingress.ingress_class)?,
            entrypoint: optional(&ingress.entrypoint)?,
            tls: optional(&ingress.tls_secret_name)?,
            extras: optional(&ingress.extra_middlewares)?.unwrap_or_default(),
            annotations: optional(&ingress.annotations)?.unwrap_or_default(),
            announced: announce::of(ingress, site)?,
            labels: optional(&ingress.labels)?.unwrap_or_default(),
            external_name: optional(&ingress.external_name)?,
            own: Vec::new(),
            parity: optional(&ingress.parity)?.unwrap_or_default(),
            doors: Vec::new(),
            name,
            namespace,
        };
        spec.add_root(ingress, site)?;
        for (label, carve_out) in ingress.carve_out.known()? {
            spec.add_carve_out(ingress, label, carve_out, site)?;
        }
        spec.add_shared(ingress)?;
        if !spec.parity {
            let host = spec.longest_host().to_owned();
            routes::set_priorities(&host, &mut spec.doors);
        }
        Some(spec)
    }

    /// All full host names, the app's own first.
    pub fn hosts(&self) -> impl Iterator<Item = &String> {
        std::iter::once(&self.host).chain(&self.aliases)
    }

    /// The host with the longest name. Priorities are made for it: rules without one go by their length, and are the
    /// longer the longer the host is, while a priority is the same on all hosts.
    fn longest_host(&self) -> &str {
        self.hosts().max_by_key(|host| host.len()).map_or("", String::as_str)
    }

    /// The doors in the order in which they are written: gated before open, so that nothing is open that a later object
    /// was to gate; among the open ones the app itself first, because it names the others.
    pub fn doors_in_order(&self) -> Vec<&Door> {
        let mut doors: Vec<&Door> = self.doors.iter().collect();
        doors.sort_by_key(|door| (door.auth.is_open(), door.label.is_some()));
        doors
    }

    /// Whether a Service is ours: it leads outside, and we make it.
    pub fn owns_service(&self, name: &str) -> bool {
        self.external_name.is_some() && self.doors.first().is_some_and(|root| root.service == name)
    }

    fn add_root(&mut self, ingress: &Ingress, site: &Site) -> Option<()> {
        let (service, port, scheme) = match &ingress.service {
            Attr::Null => (self.name.clone(), DEFAULT_PORT.to_owned(), None),
            Attr::Unknown => return None,
            Attr::Known(own) => backend(own)?,
        };
        let links = chain::chain(site, &parts::of_resource(ingress)).ok()?.into_known()?;
        let root = Door {
            label: None,
            object: self.name.clone(),
            paths: ingress.paths.known()?.clone(),
            path_type: *ingress.path_type.known()?,
            parity: self.parity,
            auth: *ingress.auth.known()?,
            reason: optional(&ingress.reason)?,
            service,
            port,
            scheme,
            priority: None,
            origins: links.iter().map(|link| origin(link, None, false)).collect(),
            chain: references(links),
            words: Words::of_resource(ingress, site),
        };
        self.doors.push(root);
        self.add_limiter(&ingress.rate_limit, None)
    }

    fn add_carve_out(&mut self, ingress: &Ingress, label: &str, carve_out: &CarveOut, site: &Site) -> Option<()> {
        let root = self.doors.first().map(|root| (root.service.clone(), root.port.clone()))?;
        let (service, port, scheme) = match &carve_out.service {
            Attr::Null => (root.0.clone(), root.1.clone(), None),
            Attr::Unknown => return None,
            Attr::Known(own) => backend(own)?,
        };
        let links = chain::chain(site, &parts::of_carve_out(ingress, label, carve_out)).ok()?.into_known()?;
        let has_limit = !carve_out.rate_limit.is_null();
        self.doors.push(Door {
            label: Some(label.to_owned()),
            object: carve_out_object(&self.name, label),
            paths: carve_out.paths.known()?.clone(),
            path_type: *carve_out.path_type.known()?,
            parity: self.parity,
            auth: *carve_out.auth.known()?,
            reason: optional(&carve_out.reason)?,
            service,
            port,
            scheme,
            priority: optional(&carve_out.priority)?,
            origins: links.iter().map(|link| origin(link, Some(label), has_limit)).collect(),
            chain: references(links),
            words: Words::of_carve_out(carve_out, &root),
        });
        self.add_limiter(&carve_out.rate_limit, Some(self.doors.len() - 1))
    }

    /// The rate limit of the last door, where it is its own.
    fn add_limiter(&mut self, block: &Attr<RateLimit>, door: Option<usize>) -> Option<()> {
        if let Attr::Known(Wish::Own(average, burst)) = own::wish(block) {
            let name = own::rate_limit(&self.doors.last()?.object);
            // Where one of the two is left out, that was refused already.
            let does = Does::RateLimit { average: optional(&average)??, burst: optional(&burst)?? };
            self.own.push(OwnMiddleware { name, does, door, argument: "rate_limit" });
        }
        Some(())
    }

    fn add_shared(&mut self, ingress: &Ingress) -> Option<()> {
        if let Some(text) = optional(&ingress.content_security_policy)? {
            let (name, argument) = (own::policy(&self.name), "content_security_policy");
            self.own.push(OwnMiddleware { name, does: Does::Policy(text), door: None, argument });
        }
        if let Some(size) = optional(&ingress.max_body_size)? {
            let (name, argument) = (own::body(&self.name), "max_body_size");
            self.own.push(OwnMiddleware { name, does: Does::Body(bytes_of(&size)?), door: None, argument });
        }
        Some(())
    }
}

fn backend(service: &Service) -> Option<(String, String, Option<Scheme>)> {
    Some((service.name.known()?.clone(), service.port.known()?.clone(), optional(&service.scheme)?))
}

fn references(links: Vec<Link>) -> Vec<String> {
    links.into_iter().map(|link| link.reference).collect()
}

/// Where a member of a chain was declared. Carve-outs have some arguments of their own, and share the rest.
fn origin(link: &Link, label: Option<&str>, has_limit: bool) -> Path {
    let path = match label {
        Some(label)
            if ["auth", "anti_ai_scraping", "allowed_groups"].contains(&link.argument) || is_own(link, has_limit) =>
        {
            Path::attr("carve_out").then_key(label).then_attr(link.argument)
        }
        _ => Path::attr(link.argument),
    };
    match link.index {
        Some(index) => path.then_index(index),
        None => path,
    }
}

fn is_own(link: &Link, has_limit: bool) -> bool {
    has_limit && link.argument == "rate_limit"
}
