//! What is known of configurations: probes and what they look at, and ingresses that may not be applied yet.

use std::path::{Path, PathBuf};

use homelab_core::probe::coverage::Probing;
use homelab_core::probe::doors;
use homelab_schema::carveout_probe::CarveoutProbe;
use homelab_schema::ingress::ProbeTarget;
use homelab_schema::provider::Site;

use super::Options;
use crate::configuration::Configuration;
use crate::folder::or_default;
use crate::output::Failure;
use crate::probe::{file, state};

/// All of it.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// The probes.
    pub(super) probes: Vec<Probing>,
    /// The targets of ingresses, each with its address and where it was read.
    pub(super) ingresses: Vec<(String, Vec<ProbeTarget>)>,
    /// What could not be read, and why.
    pub(super) unread: Vec<String>,
    /// The first folder that could be read: its provider block names the cluster.
    pub(super) dir: Option<PathBuf>,
    /// Whether anybody said where probes are declared.
    has_source: bool,
}

impl Known {
    /// Reads all that is named. A part that only a run can tell is a gap, and so is one of many folders that cannot be read;
    /// else a source that cannot be read is a failure.
    pub(super) fn of(options: &Options) -> Result<Self, Failure> {
        let mut known = Self::default();
        for dir in &options.dir {
            match known.folder(dir) {
                Ok(()) => known.dir = known.dir.or_else(|| Some(dir.clone())),
                // A pattern of the shell names whatever lies there, and one of hundreds does not hide the others.
                Err(failure) if options.dir.len() > 1 => known.unread.push(failure.told().to_owned()),
                Err(failure) => return Err(failure),
            }
        }
        for path in &options.state {
            let state = state::read(path)?;
            known.has_source = true;
            let place = path.display().to_string();
            known.ingresses.extend(state.ingresses.into_iter().map(|(name, targets)| (at(&name, &place), targets)));
            for (name, probe) in state.probes {
                known.probe(at(&name, &place), &probe);
            }
        }
        for path in &options.file {
            known.has_source = true;
            known.probe(path.display().to_string(), &file::read(path)?);
        }
        Ok(known)
    }

    /// Whether nothing was named at all.
    pub(super) fn is_empty(&self) -> bool {
        !self.has_source
    }

    /// Whether there is no probe that is not known, as far as what was named goes.
    pub(super) fn is_complete(&self) -> bool {
        self.has_source && self.unread.is_empty()
    }

    fn folder(&mut self, dir: &Path) -> Result<(), Failure> {
        let Configuration { provider, folder } = Configuration::of_resources(Some(dir))?;
        let site: Site = or_default(&provider.site);
        let Some(mut folder) = folder else { return Ok(()) };
        self.has_source = true;
        let place = dir.display().to_string();
        for (name, targets) in folder.ingress_targets(&site) {
            match targets {
                Ok(targets) => self.ingresses.push((at(&name, &place), targets)),
                Err(failure) => self.unread.push(format!("{}: {}", at(&name, &place), failure.told())),
            }
        }
        for (name, probe) in folder.each_probe(&site) {
            match probe {
                Ok(probe) => self.probe(at(&name, &place), &probe),
                Err(failure) => self.unread.push(format!("{}: {}", at(&name, &place), failure.told())),
            }
        }
        Ok(())
    }

    fn probe(&mut self, name: String, probe: &CarveoutProbe) {
        match doors(probe) {
            Ok(doors) => self.probes.push(Probing { name, doors }),
            Err(findings) => {
                let why = findings.first().map(|finding| finding.observed.clone()).unwrap_or_default();
                self.unread.push(format!("{name}: {why}"));
            }
        }
    }
}

fn at(name: &str, place: &str) -> String {
    format!("{name} ({place})")
}
