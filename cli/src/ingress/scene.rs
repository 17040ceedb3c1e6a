//! What is looked at: every object that has to do with routes, of a cluster or of a folder of manifests.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use futures::StreamExt as _;
use futures::future::join_all;
use homelab_backends::kube::Kube;
use homelab_backends::objects::{Cause, Kind, Live, ObjectError, Objects, Scope, kinds};
use homelab_core::exit::Class;
use homelab_core::finding::Finding;
use homelab_core::ingress::chain;
use homelab_core::ingress::references::{Middlewares, PROVIDER};
use homelab_core::route::{self, Guards, Router, Services, Settings, Source};
use homelab_schema::provider::Site;
use schemars::JsonSchema;
use serde::{Deserialize as _, Serialize};
use serde_json::Value;
use tokio::sync::OnceCell;

use super::certificates;
use crate::args::IngressScene;
use crate::configuration::{self, Configuration};
use crate::output::{Failure, Printer, line};

/// Everything that decides about routes.
const KINDS: [Kind; 5] =
    [kinds::INGRESS, kinds::INGRESS_ROUTE, kinds::MIDDLEWARE, kinds::SERVICE, kinds::INGRESS_CLASS];
/// The controller that a class of Traefik's names.
const CONTROLLER: &str = "traefik.io/ingress-controller";
/// Namespaces that are listed at the same time.
const AT_A_TIME: usize = 8;
/// Deeper folders are not walked into: a link may lead round in a circle.
const DEEPEST: usize = 32;

/// A kind that was looked at.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct Seen {
    /// The kind, with its group where it is not one of Kubernetes itself.
    kind: String,
    /// How many objects of it there are; null where the cluster does not know the kind.
    objects: Option<usize>,
}

/// A kind that could not be looked at.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct Unseen {
    /// The kind, with its group where it is not one of Kubernetes itself.
    kind: String,
    /// Why, in the words of whoever refused.
    why: String,
}

/// The routers that there are, and what is known about them.
pub(crate) struct Scene {
    /// Every router, with what keeps it from being served.
    pub(crate) routers: Vec<Router>,
    /// What middlewares do.
    pub(crate) guards: Guards,
    /// What was looked at.
    pub(crate) seen: Vec<Seen>,
    /// What could not be looked at.
    pub(crate) unseen: Vec<Unseen>,
    /// What is wrong with the certificates that Ingresses name; nothing where they were not asked for.
    pub(crate) certificates: Vec<Finding>,
    /// The objects themselves.
    pub(crate) objects: Vec<Live>,
    owners: BTreeMap<String, String>,
}

impl Scene {
    /// Looks; at certificates only where they are asked for, since it is a read for each.
    pub(crate) fn of(options: &IngressScene, certificates: bool, printer: &Printer) -> Result<Self, Failure> {
        let configuration = Configuration::of_resources(options.dir.as_deref())?;
        let mut found = if let Some(folder) = &options.manifests {
            Found::in_folder(folder)?
        } else {
            let cluster = configuration.cluster()?;
            let look = Found::in_cluster(&cluster, certificates);
            configuration::runtime()?.block_on(printer.waiting("listing routes", look))
        };
        found.objects.sort_by_cached_key(|live| {
            (live.object["kind"].to_string(), live.namespace().map(str::to_owned), live.name().to_owned())
        });
        Ok(found.scene(options.class.clone().unwrap_or_default(), configuration.provider.site.known()))
    }

    /// Whose the object of a router is; `None` where it carries nobody's mark.
    pub(crate) fn owner(&self, source: &Source) -> Option<&str> {
        self.owners.get(&source.to_string()).map(String::as_str)
    }

    /// What the gaps ask of the reader.
    pub(crate) fn gaps(&self) -> impl Iterator<Item = Class> {
        self.unseen.iter().map(|_| Class::Unmeasured)
    }
}

/// Appends what was looked at and what was not.
pub(crate) fn coverage_text(seen: &[Seen], unseen: &[Unseen], out: &mut String) {
    let one = |seen: &Seen| match seen.objects {
        Some(count) => format!("{count} {}", seen.kind),
        None => format!("{} (not installed)", seen.kind),
    };
    line!(out, "looked at: {}", seen.iter().map(one).collect::<Vec<_>>().join(", "));
    for Unseen { kind, why } in unseen {
        line!(out, "not looked at: {kind}: {why}");
    }
}

/// Objects as they were found.
#[derive(Default)]
struct Found {
    objects: Vec<Live>,
    seen: Vec<Seen>,
    unseen: Vec<Unseen>,
    certificates: Vec<Finding>,
    /// Whether what is not here may be elsewhere: a folder rarely holds everything that a cluster has.
    partial: bool,
}

impl Found {
    async fn in_cluster(cluster: &Kube, certificates: bool) -> Self {
        let spaces = OnceCell::new();
        let lists = KINDS.iter().map(|kind| async { (*kind, everywhere(cluster, *kind, &spaces).await) });
        let mut found = Self::default();
        for (kind, (list, partly)) in join_all(lists).await {
            let name = kind.to_string();
            found.unseen.extend(partly);
            match list {
                Ok(list) => {
                    found.seen.push(Seen { kind: name, objects: Some(list.len()) });
                    found.objects.extend(list);
                }
                Err(ObjectError { cause: Cause::NoSuchKind { .. }, .. }) => {
                    found.seen.push(Seen { kind: name, objects: None });
                }
                Err(error) => found.unseen.push(Unseen { kind: name, why: error.to_string() }),
            }
        }
        if certificates {
            let ingresses = found.objects.iter().filter(|live| live.object["kind"] == "Ingress");
            let (findings, unseen) = certificates::look(cluster, ingresses).await;
            found.certificates = findings;
            found.unseen.extend(unseen.map(|error| Unseen { kind: "Secret".to_owned(), why: error.to_string() }));
        }
        found
    }

    fn in_folder(folder: &Path) -> Result<Self, Failure> {
        let mut files = Vec::new();
        walk(folder, DEEPEST, &mut files)?;
        files.sort();
        let mut objects = Vec::new();
        for file in &files {
            objects.extend(read(file)?.into_iter().flat_map(members).map(|object| Live { object }));
        }
        let count = |kind: &Kind| objects.iter().filter(|live| live.object["kind"] == kind.kind).count();
        let seen = KINDS.iter().map(|kind| Seen { kind: kind.to_string(), objects: Some(count(kind)) }).collect();
        Ok(Self { objects, seen, partial: true, ..Self::default() })
    }

    fn has_seen(&self, kind: Kind) -> bool {
        !self.partial && !self.unseen.iter().any(|unseen| unseen.kind == kind.to_string())
    }

    fn scene(self, class: String, site: Option<&Site>) -> Scene {
        let all = || self.objects.iter().map(|live| &live.object);
        let classes: BTreeSet<String> = self
            .objects
            .iter()
            .filter(|live| live.object["kind"] == "IngressClass" && live.object["spec"]["controller"] == CONTROLLER)
            .map(|live| live.name().to_owned())
            .collect();
        let classes = self.has_seen(kinds::INGRESS_CLASS).then_some(classes);
        let settings = Settings { class, classes, ..Settings::default() };
        let mut routers: Vec<Router> = all().flat_map(|object| route::routers_of(object, &settings)).collect();
        let middlewares = self.has_seen(kinds::MIDDLEWARE).then(|| Middlewares::of(all()));
        route::settle(&mut routers, middlewares.as_ref(), &settings);
        if self.has_seen(kinds::SERVICE) {
            Services::of(all()).settle(&mut routers);
        }
        let owner = |live: &Live| {
            let ours = live.mark().map(|mark| format!("resource {}", mark.owner));
            ours.or_else(|| live.owner().map(|owner| owner.to_string()))
        };
        let owners = self.objects.iter().filter_map(|live| {
            let kind = live.object["kind"].as_str().unwrap_or_default();
            let name = format!("{kind} {}/{}", live.namespace().unwrap_or_default(), live.name());
            Some((name, owner(live)?))
        });
        let owners = owners.collect();
        let guards = gates_of(site).into_iter().fold(Guards::of(all()), Guards::with_gate);
        let Self { objects, seen, unseen, certificates, .. } = self;
        Scene { routers, guards, seen, unseen, certificates, objects, owners }
    }
}

/// All objects of a kind. Where the whole cluster may not be listed, those of every namespace that may be, and what may not.
async fn everywhere(
    cluster: &Kube,
    kind: Kind,
    spaces: &OnceCell<Vec<String>>,
) -> (Result<Vec<Live>, ObjectError>, Option<Unseen>) {
    let all = cluster.list(kind, Scope::All).await;
    if !kind.namespaced || !matches!(all, Err(ObjectError { cause: Cause::Forbidden { .. }, .. })) {
        return (all, None);
    }
    let names = || async {
        let spaces = cluster.list(kinds::NAMESPACE, Scope::All).await.unwrap_or_default();
        spaces.iter().map(|live| live.name().to_owned()).collect()
    };
    let spaces: &Vec<String> = spaces.get_or_init(names).await;
    let lists = futures::stream::iter(spaces)
        .map(|space| async move { (space, cluster.list(kind, Scope::Namespace(space)).await) })
        .buffered(AT_A_TIME);
    let lists: Vec<(&String, Result<Vec<Live>, ObjectError>)> = lists.collect().await;
    let (mut found, mut refused, mut any) = (Vec::new(), Vec::new(), false);
    for (space, list) in lists {
        match list {
            Ok(list) => {
                any = true;
                found.extend(list);
            }
            Err(_) => refused.push(space.as_str()),
        }
    }
    if !any {
        // As it is said of the whole: a list of all namespaces says no more.
        return (all, None);
    }
    let why =
        format!("it may not be listed in {} of {} namespaces: {}", refused.len(), spaces.len(), refused.join(", "));
    let unseen = (!refused.is_empty()).then(|| Unseen { kind: kind.to_string(), why });
    (Ok(found), unseen)
}

/// The gates that the provider block names, by full name.
fn gates_of(site: Option<&Site>) -> Vec<String> {
    let Some(middlewares) = site.and_then(|site| site.middlewares.known()) else { return Vec::new() };
    let named = [&middlewares.gate, &middlewares.public_gate].into_iter().filter_map(|gate| gate.known());
    named.map(|name| chain::reference(name)).filter(|name| name.ends_with(PROVIDER)).collect()
}

fn walk(folder: &Path, deepest: usize, files: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let failed = |error: std::io::Error| {
        Failure::new(format!("failed to read the folder {}: {error}", folder.display()))
            .hint("name a folder of manifests with --manifests")
    };
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if path.is_dir() && !hidden && deepest > 0 {
            walk(&path, deepest - 1, files)?;
        } else if path.extension().is_some_and(|kind| ["yaml", "yml", "json"].iter().any(|known| kind == *known)) {
            files.push(path);
        }
    }
    Ok(())
}

/// The documents of a file.
fn read(file: &Path) -> Result<Vec<Value>, Failure> {
    let failed = |why: String| {
        Failure::new(format!("failed to read {}: {why}", file.display()))
            .hint("manifests are YAML or JSON as the cluster takes it; templates have to be rendered first")
    };
    let text = fs::read_to_string(file).map_err(|error| failed(error.to_string()))?;
    serde_norway::Deserializer::from_str(&text)
        .map(|document| Value::deserialize(document).map_err(|error| failed(error.to_string())))
        .collect()
}

/// The objects in a document: those of a `List`, or itself.
fn members(document: Value) -> Vec<Value> {
    match document.get("items").and_then(Value::as_array) {
        Some(items) if document["kind"].as_str().is_some_and(|kind| kind.ends_with("List")) => items.clone(),
        _ if document["kind"].is_string() => vec![document],
        // Values of a chart, a kustomization: no objects.
        _ => Vec::new(),
    }
}
