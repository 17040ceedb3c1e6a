//! The doors that are declared: by what is in the cluster, and by configurations that may not be applied yet.

use std::collections::BTreeSet;

use homelab_backends::kube::Place as Cluster;
use homelab_core::ingress::declared::declared;
use homelab_core::probe::Url;
use homelab_core::probe::coverage::{Declaration, Opened, Place, opened};
use homelab_core::route::{Request, Router};
use homelab_schema::ingress::Expect;

use super::Options;
use super::known::Known;
use crate::args::IngressScene;
use crate::configuration::Configuration;
use crate::ingress::scene::{Scene, Seen, Unseen};
use crate::output::{Failure, Printer};

/// A declared door.
#[derive(Debug)]
pub(super) struct Wanted<'a> {
    /// Who declares it.
    pub(super) by: String,
    /// What it is called there.
    pub(super) label: String,
    /// Its address; empty where nobody can tell.
    pub(super) url: String,
    /// What is compared with probes.
    pub(super) declaration: Declaration<'a>,
    /// Whether the object that would say where it is does not exist.
    pub(super) is_gone: bool,
}

impl Wanted<'_> {
    /// What it is declared to be, as a word.
    pub(super) fn expect(&self) -> &'static str {
        match self.declaration.expect {
            Some(Expect::Public) => "public",
            Some(Expect::Gated) => "gated",
            None => "guest",
        }
    }
}

/// What is in the cluster, where one is configured.
pub(super) struct World(Option<(Scene, Opened)>);

impl World {
    /// Looks. What is configured and can only be known in a run is a gap of `known`.
    pub(super) fn of(options: &Options, known: &mut Known, printer: &Printer) -> Result<Self, Failure> {
        let dir = known.dir.clone();
        let configuration = Configuration::of_resources(dir.as_deref())?;
        let place = Cluster::of(&configuration.provider.kubernetes).map_err(|cause| Failure::new(cause.to_string()))?;
        let manifests = match (&options.manifests, place) {
            (Some(folder), _) => Some(folder.clone()),
            (None, Cluster::Cluster(_)) => None,
            (None, Cluster::Folder(folder)) => Some(folder),
            (None, Cluster::Unknown(arguments)) => {
                known
                    .unread
                    .push(format!("the cluster: {} can only be known in a Terraform run", arguments.join(", ")));
                return Ok(Self(None));
            }
            (None, Cluster::None) if known.is_empty() => {
                // Nothing at all to look at: say what a cluster needs.
                return Err(configuration.cluster().err().unwrap_or_else(|| Failure::new("no cluster is configured")));
            }
            (None, Cluster::None) => return Ok(Self(None)),
        };
        let scene = IngressScene { manifests, class: options.class.clone(), dir };
        let scene = Scene::of(&scene, false, printer)?;
        let opened = others(&scene);
        Ok(Self(Some((scene, opened))))
    }

    /// Every door, those of the cluster first.
    pub(super) fn wanted<'a>(&'a self, known: &Known) -> Vec<Wanted<'a>> {
        let mut found = self.0.as_ref().map(|(scene, opened)| of_scene(scene, opened)).unwrap_or_default();
        // What is applied stands in both.
        let there: BTreeSet<(String, &'static str)> =
            found.iter().map(|wanted| (wanted.url.clone(), wanted.expect())).collect();
        for (by, targets) in &known.ingresses {
            for target in targets {
                let expect = target.guest_client_id.is_none().then_some(target.expect);
                let wanted = at(by, &target.label, &target.url, expect, false);
                if !there.contains(&(wanted.url.clone(), wanted.expect())) {
                    found.push(wanted);
                }
            }
        }
        found
    }

    /// The kinds that were looked at.
    pub(super) fn seen(&self) -> &[Seen] {
        self.0.as_ref().map(|(scene, _)| scene.seen.as_slice()).unwrap_or_default()
    }

    /// The kinds that could not be looked at.
    pub(super) fn unseen(&self) -> &[Unseen] {
        self.0.as_ref().map(|(scene, _)| scene.unseen.as_slice()).unwrap_or_default()
    }

    /// Open routes of others on hosts on which nothing is gated.
    pub(super) fn open_elsewhere(&self) -> usize {
        self.0.as_ref().map(|(_, opened)| opened.elsewhere).unwrap_or_default()
    }
}

fn of_scene<'a>(scene: &'a Scene, opened: &Opened) -> Vec<Wanted<'a>> {
    let mut found = Vec::new();
    for one in declared(scene.objects.iter().map(|live| &live.object)) {
        let by = format!("homelab_ingress {}/{}", one.namespace, one.name);
        for door in &one.doors {
            let expect = (!door.is_guest).then_some(door.expect);
            found.push(at(&by, &door.label, &door.url, expect, door.words.skip));
        }
        for object in &one.gone {
            let declaration = Declaration { place: Place::Unknown, expect: Some(Expect::Public), skipped: false };
            let label = format!("Ingress {object} is gone");
            found.push(Wanted { by: by.clone(), label, url: String::new(), declaration, is_gone: true });
        }
    }
    for (position, request) in &opened.doors {
        let Some(router) = scene.routers.get(*position) else { continue };
        let place = Place::Behind(&scene.routers, *position);
        let declaration = Declaration { place, expect: Some(Expect::Public), skipped: false };
        let owner = scene.owner(&router.source).map(|owner| format!(" of {owner}")).unwrap_or_default();
        found.push(Wanted {
            by: format!("{}{owner}", router.source),
            label: router.rule_text.replace('\n', " "),
            url: request.as_ref().map(|request| address(router, request)).unwrap_or_default(),
            declaration,
            is_gone: false,
        });
    }
    found
}

/// What is open and of no declaration of ours.
fn others(scene: &Scene) -> Opened {
    let ours = declared(scene.objects.iter().map(|live| &live.object));
    let ours: BTreeSet<(&str, &str)> = ours
        .iter()
        .flat_map(|one| one.doors.iter().map(|door| (one.namespace.as_str(), door.object.as_str())))
        .collect();
    opened(&scene.routers, &scene.guards, |source| {
        source.kind.as_str() == "Ingress" && ours.contains(&(source.namespace.as_str(), source.name.as_str()))
    })
}

fn at(by: &str, label: &str, url: &str, expect: Option<Expect>, skipped: bool) -> Wanted<'static> {
    let (place, url) = match Url::parse(url) {
        // As in results: a query is not shown.
        Ok(parsed) => (Place::At(parsed.clone()), parsed.shown()),
        Err(_) => (Place::Unknown, url.to_owned()),
    };
    let declaration = Declaration { place, expect, skipped };
    Wanted { by: by.to_owned(), label: label.to_owned(), url, declaration, is_gone: false }
}

/// Where a request for it would go. An entry point may ask for TLS, which no object shows: only Traefik's plain one is taken
/// to be plain.
fn address(router: &Router, request: &Request) -> String {
    let plain = !router.tls && router.entrypoints == ["web"];
    let scheme = if plain { "http" } else { "https" };
    let path = request.target.split('?').next().unwrap_or_default();
    format!("{scheme}://{}{path}", request.host)
}
