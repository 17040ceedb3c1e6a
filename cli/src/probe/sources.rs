//! From flags to probes: by hand, out of a file, out of a folder, out of the cluster.

use std::collections::BTreeMap;

use homelab_backends::objects::{Objects, Scope, kinds};
use homelab_core::finding::{Finding, Severity, probe};
use homelab_core::ingress::declared::{Declared, declared};
use homelab_core::names;
use homelab_core::probe::Url;
use homelab_schema::Attr;
use homelab_schema::carveout_probe::{CarveoutProbe, ProbedDoor};
use homelab_schema::ingress::{Expect, ProbeTarget};
use homelab_schema::provider::Site;

use super::file;
use super::flags::{Doors, WallFlags};
use crate::configuration::{self, Configuration};
use crate::folder::or_default;
use crate::output::{Failure, Printer};

/// One probe, and what is known to be missing from it.
#[derive(Debug, Default)]
pub(super) struct Named {
    /// Its address in the configuration, or where its doors come from.
    pub(super) name: String,
    /// What it asks.
    pub(super) probe: CarveoutProbe,
    /// Doors that it should have and that nobody can ask.
    pub(super) gaps: Vec<Finding>,
}

/// Name of the probe that the flags describe.
pub(super) const COMMAND_LINE: &str = "the command line";

/// Every probe that the flags name, with the wall that they name.
pub(super) fn probes(
    doors: &Doors,
    wall: &WallFlags,
    configuration: Configuration,
    printer: &Printer,
) -> Result<Vec<Named>, Failure> {
    let mut found = Vec::new();
    let by_hand = by_hand(doors)?;
    if !by_hand.is_empty() {
        found.push(Named { name: COMMAND_LINE.to_owned(), probe: of_doors(by_hand), ..Named::default() });
    }
    for path in &doors.file {
        let name = if path.as_os_str() == "-" { "stdin".to_owned() } else { path.display().to_string() };
        found.push(Named { name, probe: file::read(path)?, ..Named::default() });
    }
    if !doors.ingress.is_empty() || hosts_of_cluster(doors).next().is_some() {
        found.extend(of_cluster(doors, &configuration, printer)?);
    }
    if !doors.are_named() {
        found = of_folder(configuration)?;
    }
    for named in &mut found {
        wall.apply(&mut named.probe)?;
    }
    Ok(found)
}

fn of_folder(configuration: Configuration) -> Result<Vec<Named>, Failure> {
    let site: Site = or_default(&configuration.provider.site);
    let Some(folder) = configuration.folder else {
        return Err(Failure::new("there is nothing to probe").hint(
            "name doors with --public and --gated, with --file, with --ingress or --host, or a folder that declares a \
             probe with --dir",
        ));
    };
    let dir = folder.dir().to_path_buf();
    let found = folder.probes(&site)?;
    if found.is_empty() {
        return Err(Failure::new(format!("{} declares no homelab_carveout_probe", dir.display()))
            .hint("add one, or name doors with --public, --gated, --file, --ingress or --host"));
    }
    Ok(found.into_iter().map(|(name, probe)| Named { name, probe, ..Named::default() }).collect())
}

/// A probe of these addresses, each called by itself.
pub(super) fn of_doors(doors: impl IntoIterator<Item = (String, Expect)>) -> CarveoutProbe {
    let door = |(url, expect): (String, Expect)| {
        (None, ProbedDoor { url: url.into(), expect: expect.into(), ..ProbedDoor::default() })
    };
    labelled(doors.into_iter().map(door))
}

/// A probe of these doors. One without a label is called by its address, without a query: that may be a credential. Two that
/// are called alike are told apart by a number, and none of them is lost.
pub(super) fn labelled(doors: impl IntoIterator<Item = (Option<String>, ProbedDoor)>) -> CarveoutProbe {
    let mut target: BTreeMap<String, ProbedDoor> = BTreeMap::new();
    for (label, door) in doors {
        let label = label.unwrap_or_else(|| {
            let url = door.url.known().map(String::as_str).unwrap_or_default();
            Url::parse(url).map_or_else(|_| url.split('?').next().unwrap_or_default().to_owned(), |url| url.shown())
        });
        if target.get(&label).is_some_and(|other| *other == door) {
            continue;
        }
        let labels =
            std::iter::once(label.clone()).chain((2..=target.len() + 1).map(|number| format!("{label} ({number})")));
        let free = labels.into_iter().find(|label| !target.contains_key(label));
        target.extend(free.map(|label| (label, door)));
    }
    CarveoutProbe { target: Attr::Known(target), ..CarveoutProbe::default() }
}

/// The addresses of `--public` and `--gated`, with those that are paths on each host.
fn by_hand(doors: &Doors) -> Result<Vec<(String, Expect)>, Failure> {
    let hosts = doors.host.iter().map(|host| base(host)).collect::<Result<Vec<_>, _>>()?;
    let mut found: Vec<(String, Expect)> = Vec::new();
    for (list, expect) in [(&doors.public, Expect::Public), (&doors.gated, Expect::Gated)] {
        for url in list {
            let urls = match url.strip_prefix('/') {
                None => vec![url.clone()],
                Some(_) if hosts.is_empty() => {
                    return Err(Failure::new(format!("{url:?} is a path, and there is no host for it"))
                        .hint("name the host with --host, or write the whole address"));
                }
                Some(_) => hosts.iter().map(|base| format!("{base}{url}")).collect(),
            };
            for url in urls {
                if found.iter().any(|(other, declared)| *other == url && *declared != expect) {
                    return Err(Failure::new(format!("{url} is named both with --public and with --gated")));
                }
                found.push((url, expect));
            }
        }
    }
    Ok(found)
}

/// `https://photos.example.net` of a host or of an address without a path.
fn base(host: &str) -> Result<String, Failure> {
    let text = if host.contains("://") { host.to_owned() } else { format!("https://{host}") };
    let base = text.strip_suffix('/').unwrap_or(&text);
    let wrong = |why: &str| {
        Failure::new(format!("--host: {host:?} {why}"))
            .hint("write a host such as photos.example.net, or its address such as http://photos.example.net:8080")
    };
    let url = Url::parse(base).map_err(|error| wrong(&error.to_string()))?;
    if url.target() != "/" {
        return Err(wrong("has a path: name paths with --public and --gated"));
    }
    Ok(base.to_owned())
}

/// The hosts whose doors the cluster is to tell: those for which no path is named.
fn hosts_of_cluster(doors: &Doors) -> impl Iterator<Item = &String> {
    let has_path = doors.public.iter().chain(&doors.gated).any(|url| url.starts_with('/'));
    doors.host.iter().filter(move |_| !has_path)
}

fn of_cluster(doors: &Doors, configuration: &Configuration, printer: &Printer) -> Result<Vec<Named>, Failure> {
    let mut wanted: Vec<(&str, &str)> = Vec::new();
    for text in &doors.ingress {
        let parts = text.split_once('/').filter(|(space, name)| names::is_label(space) && names::is_object(name));
        wanted.push(parts.ok_or_else(|| {
            Failure::new(format!("--ingress: {text:?} is no name of an ingress")).hint("write it as <namespace>/<name>")
        })?);
    }
    let hosts = hosts_of_cluster(doors).map(|host| base(host)).collect::<Result<Vec<_>, _>>()?;
    let cluster = configuration.cluster()?;
    let mut spaces: Vec<&str> = wanted.iter().map(|(space, _)| *space).collect();
    spaces.sort_unstable();
    spaces.dedup();
    let scopes: Vec<Scope<'_>> =
        if hosts.is_empty() { spaces.into_iter().map(Scope::Namespace).collect() } else { vec![Scope::All] };
    let listing = async {
        let mut all = Vec::new();
        for scope in scopes {
            all.extend(cluster.list(kinds::INGRESS, scope).await?);
        }
        Ok(all)
    };
    let found = configuration::runtime()?.block_on(printer.waiting("listing ingresses", listing)).map_err(
        |error: homelab_backends::objects::ObjectError| Failure::new(format!("failed to {error}")).hint(error.hint()),
    )?;
    let all = declared(found.iter().map(|live| &live.object));
    let wall = configuration.provider.site.known().and_then(|site| site.wall.known());
    let guests = wall.and_then(|wall| wall.guest_client_id.known().cloned()).unwrap_or_default();
    let mut named = Vec::new();
    for (space, name) in wanted {
        let Some(one) = all.iter().find(|one| one.namespace == space && one.name == name) else {
            return Err(Failure::new(format!("the cluster has no Ingress of a homelab_ingress {space}/{name}")).hint(
                "what others wrote says nothing of what must be true of it: name its doors with --public and --gated",
            ));
        };
        named.push(of_ingress(one, one.doors.iter().filter_map(|door| door.target(space, &guests)).collect()));
    }
    for host in hosts {
        named.extend(on_host(&all, &host, &guests)?);
    }
    Ok(named)
}

/// What ingresses declare on a host.
fn on_host(all: &[Declared], base: &str, guests: &str) -> Result<Vec<Named>, Failure> {
    let authority = |url: &str| Url::parse(url).ok().map(|url| url.host().to_owned());
    let host = authority(base);
    let mut found = Vec::new();
    for one in all {
        let here = |target: &ProbeTarget| authority(&target.url) == host;
        let targets: Vec<ProbeTarget> =
            one.doors.iter().filter_map(|door| door.target(&one.namespace, guests)).filter(here).collect();
        if !targets.is_empty() {
            found.push(of_ingress(one, targets));
        }
    }
    if found.is_empty() {
        return Err(Failure::new(format!("no homelab_ingress of the cluster declares a door on {base}"))
            .hint("name the doors with paths, as in --public /share --gated /"));
    }
    Ok(found)
}

fn of_ingress(one: &Declared, targets: Vec<ProbeTarget>) -> Named {
    let (space, name) = (&one.namespace, &one.name);
    let gone = |object: &String| {
        let observed = format!("Ingress {space}/{object} is not there, so that nobody can tell its paths.");
        Finding::new(probe::UNKNOWN, format!("Ingress {space}/{object}"), observed)
            .summary("an Ingress that is declared is gone")
            .expected(format!("homelab_ingress {space}/{name} declares it."))
            .clears("Apply the ingress again, or remove the carve-out from it.")
            .severity(Severity::Error)
    };
    Named {
        name: format!("homelab_ingress {space}/{name}"),
        probe: CarveoutProbe { targets: Attr::Known(targets), ..CarveoutProbe::default() },
        gaps: one.gone.iter().map(gone).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn doors(host: &[&str], public: &[&str], gated: &[&str]) -> Doors {
        let own = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
        Doors { host: own(host), public: own(public), gated: own(gated), ..Doors::default() }
    }

    #[test]
    fn paths_are_of_every_host_and_addresses_of_none() {
        let doors =
            doors(&["a.example.net", "http://b.example.net:8080/"], &["/share", "https://c.example.net/x"], &["/"]);
        let found = by_hand(&doors).unwrap();
        let found: Vec<(&str, Expect)> = found.iter().map(|(url, expect)| (url.as_str(), *expect)).collect();
        assert_eq!(
            found,
            [
                ("https://a.example.net/share", Expect::Public),
                ("http://b.example.net:8080/share", Expect::Public),
                ("https://c.example.net/x", Expect::Public),
                ("https://a.example.net/", Expect::Gated),
                ("http://b.example.net:8080/", Expect::Gated),
            ]
        );
        assert_eq!(hosts_of_cluster(&doors).count(), 0, "paths were named");
    }

    #[test]
    fn hosts_without_paths_are_for_the_cluster_to_tell() {
        let doors = doors(&["a.example.net"], &["https://c.example.net/x"], &[]);
        assert_eq!(hosts_of_cluster(&doors).count(), 1);
        assert_eq!(by_hand(&doors).unwrap().len(), 1);
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for (doors, said) in [
            (doors(&[], &["/share"], &[]), "there is no host"),
            (doors(&["a.example.net/x"], &["/share"], &[]), "has a path"),
            (doors(&["a b"], &["/"], &[]), "needs a host name"),
            (doors(&["a.example.net"], &["/"], &["/"]), "both with --public and with --gated"),
        ] {
            let said_ = by_hand(&doors).unwrap_err().to_string();
            assert!(said_.contains(said), "{said_}");
        }
    }
}
