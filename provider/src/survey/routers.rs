//! Every router of the cluster, by the hosts that it takes.

use std::collections::{BTreeSet, HashMap};

use homelab_backends::objects::{Backend, Live, MANAGER, ObjectError, Objects, kinds};
use homelab_core::ingress::references::Middlewares;
use homelab_core::route::{Router, Settings, Truth, hosts, routers_of, settle};
use serde_json::Value;

use super::{each, is_forbidden, place_of};

/// The controller that an Ingress class of Traefik's names.
const CONTROLLER: &str = "traefik.io/ingress-controller";

/// Prefix of the annotations by which Traefik makes routers of an Ingress.
const TRAEFIK: &str = "traefik.ingress.kubernetes.io/router.";

/// A router, and whose object it is of.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    /// The router.
    pub(crate) router: Router,
    /// The owner in our mark, where the object carries one.
    pub(crate) owner: Option<String>,
}

/// One of Traefik's annotations that another manager owns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Foreign {
    /// The annotation.
    pub(crate) name: String,
    /// What it says.
    pub(crate) value: String,
    /// The manager.
    pub(crate) manager: String,
}

/// Routers by the hosts that they take.
#[derive(Debug, Default)]
pub(crate) struct Routers {
    known: Vec<Known>,
    by_host: HashMap<String, Vec<usize>>,
    everywhere: Vec<usize>,
    /// Traefik's annotations on Ingresses that are not ours alone, by namespace and name of the object.
    annotated: HashMap<(String, String), Vec<Foreign>>,
    /// Why not all of them could be seen; `None` where they could.
    pub(crate) unseen: Option<ObjectError>,
}

impl Routers {
    /// Those of the cluster or folder. `middlewares` are all that exist, or `None` where they are not known; `class` is the
    /// Ingress class of the house, which is Traefik's whatever the cluster says of it.
    pub(super) async fn list(
        objects: &dyn Objects,
        middlewares: Option<&Middlewares>,
        class: Option<&str>,
    ) -> Result<Self, ObjectError> {
        let mut unseen = None;
        let mut classes = match classes(objects).await {
            Ok(classes) => classes,
            // Then every Ingress is taken to be Traefik's, which may refuse too much and never too little. An identity that
            // may never look at classes is not told so each time.
            Err(error) => {
                unseen = Some(error).filter(|error| !is_forbidden(error));
                None
            }
        };
        if let Some(classes) = &mut classes {
            classes.extend(class.map(str::to_owned));
        }
        let settings = Settings { classes, ..Settings::default() };
        let (mut owners, mut routers, mut annotated) = (Vec::new(), Vec::new(), HashMap::new());
        let mut take = |live: Live| {
            let owner = live.mark().map(|mark| mark.owner);
            let made = routers_of(&live.object, &settings);
            owners.extend(made.iter().map(|_| owner.clone()));
            routers.extend(made);
            let foreign = foreign(&live);
            if !foreign.is_empty() {
                annotated.insert(place_of(&live), foreign);
            }
        };
        each(objects, kinds::INGRESS, &mut take).await?;
        match each(objects, kinds::INGRESS_ROUTE, &mut take).await {
            Ok(()) => {}
            Err(error) if is_forbidden(&error) => unseen = Some(error),
            Err(error) => return Err(error),
        }
        settle(&mut routers, middlewares, &settings);
        let known = routers.into_iter().zip(owners).map(|(router, owner)| Known { router, owner });
        // One that Traefik drops for certain takes nothing from anybody.
        let mut found = Self::of(known.filter(|known| known.router.is_live() != Truth::No));
        (found.unseen, found.annotated) = (unseen, annotated);
        Ok(found)
    }

    fn of(known: impl Iterator<Item = Known>) -> Self {
        let mut all = Self { known: known.collect(), ..Self::default() };
        for (position, one) in all.known.iter().enumerate() {
            match hosts_of(&one.router) {
                None => all.everywhere.push(position),
                Some(hosts) => {
                    for host in hosts {
                        all.by_host.entry(host).or_default().push(position);
                    }
                }
            }
        }
        all
    }

    /// Traefik's annotations on an Ingress that another manager owns and we do not.
    pub(crate) fn foreign(&self, namespace: &str, name: &str) -> &[Foreign] {
        self.annotated.get(&(namespace.to_owned(), name.to_owned())).map(Vec::as_slice).unwrap_or_default()
    }

    /// Those that may take a request for one of these hosts, each once.
    pub(crate) fn on(&self, hosts: &[String]) -> Vec<&Known> {
        let named = hosts.iter().filter_map(|host| self.by_host.get(&host.to_lowercase())).flatten();
        let positions: BTreeSet<usize> = named.chain(&self.everywhere).copied().collect();
        positions.into_iter().map(|position| &self.known[position]).collect()
    }
}

fn foreign(live: &Live) -> Vec<Foreign> {
    if live.object.get("kind").and_then(Value::as_str) != Some("Ingress") || live.mark().is_none() {
        return Vec::new();
    }
    let annotations = live.object.pointer("/metadata/annotations").and_then(Value::as_object);
    let of_traefik = annotations.into_iter().flatten().filter(|(name, _)| name.starts_with(TRAEFIK));
    of_traefik
        .filter_map(|(name, value)| {
            let managers = managers_of(live, name);
            let foreign = managers.iter().find(|_| !managers.contains(&MANAGER))?;
            let value = value.as_str().unwrap_or_default().to_owned();
            Some(Foreign { name: name.clone(), value, manager: (*foreign).to_owned() })
        })
        .collect()
}

/// Who owns an annotation.
fn managers_of<'a>(live: &'a Live, annotation: &str) -> Vec<&'a str> {
    let entries = live.object.pointer("/metadata/managedFields").and_then(Value::as_array);
    let owns = |entry: &&Value| {
        let annotations = entry.pointer("/fieldsV1/f:metadata/f:annotations");
        annotations.and_then(|all| all.get(format!("f:{annotation}"))).is_some()
    };
    let owners = entries.into_iter().flatten().filter(owns);
    owners.filter_map(|entry| entry.get("manager").and_then(Value::as_str)).collect()
}

/// Hosts outside of which the router takes nothing; `None` where it may take any.
pub(crate) fn hosts_of(router: &Router) -> Option<BTreeSet<String>> {
    hosts(router.rule.as_ref().ok()?)
}

/// The Ingress classes whose controller is Traefik; `None` where they cannot be seen or there are none: then every class is
/// taken for one.
async fn classes(objects: &dyn Objects) -> Result<Option<BTreeSet<String>>, ObjectError> {
    if objects.backend() == Backend::Folder {
        return Ok(None);
    }
    let mut classes = BTreeSet::new();
    each(objects, kinds::INGRESS_CLASS, &mut |live| {
        if live.object.pointer("/spec/controller").and_then(Value::as_str) == Some(CONTROLLER) {
            classes.insert(live.name().to_owned());
        }
    })
    .await?;
    Ok((!classes.is_empty()).then_some(classes))
}
