//! Reading our own blocks out of a folder of Terraform files, without a Terraform.
//!
//! # Forces
//!
//! - What is said here must be what a plan would say: variables, locals and their files are read by Terraform's rules, and
//!   the targets of an ingress are computed by the provider's own code.
//! - What only a run can know is never guessed: see [`values`].
//! - A misspelt argument is an error with file and line, not an argument that was left out.

mod ingress;
mod source;
#[cfg(test)]
mod tests;
mod values;
mod variables;

use std::path::{Path, PathBuf};
use std::rc::Rc;

use hcl::eval::Context;
use homelab_cty::{Attr, Leaf, Model, Path as ValuePath, Value};
use homelab_schema::carveout_probe::CarveoutProbe;
use homelab_schema::ingress::ProbeTarget;
use homelab_schema::provider::Site;

use self::source::{Located, Source};
use crate::output::Failure;

/// What Terraform itself reads out of a resource.
const OF_RESOURCES: [&str; 7] =
    ["count", "for_each", "provider", "depends_on", "lifecycle", "provisioner", "connection"];
/// What Terraform itself reads out of a provider block.
const OF_PROVIDERS: [&str; 2] = ["alias", "version"];

/// The parsed files of one folder (not of its subfolders, as Terraform does it).
#[derive(Debug)]
pub(crate) struct Folder {
    dir: PathBuf,
    blocks: Vec<Located>,
    context: Context<'static>,
    /// The conventions of the house, once the provider block was read: ingresses cannot be completed without.
    site: Site,
}

impl Folder {
    /// Reads all `*.tf` files of `dir`.
    pub(crate) fn read(dir: &Path) -> Result<Self, Failure> {
        Self::read_with(dir, &|name| std::env::var(name).ok())
    }

    fn read_with(dir: &Path, environment: variables::Environment) -> Result<Self, Failure> {
        let unreadable = |error: std::io::Error| {
            Failure::new(format!("failed to read the folder {}: {error}", dir.display()))
                .hint("name the folder that holds the Terraform files, with --dir")
        };
        let mut files: Vec<PathBuf> = std::fs::read_dir(dir)
            .map_err(unreadable)?
            .filter_map(|entry| entry.ok().map(|entry| entry.path()))
            .filter(|path| path.extension().is_some_and(|extension| extension == "tf"))
            .collect();
        files.sort();
        if files.is_empty() {
            return Err(Failure::new(format!("{} holds no .tf file", dir.display()))
                .hint("name the folder that holds the Terraform files, with --dir"));
        }
        let mut blocks = Vec::new();
        for file in files {
            let (source, body) = Source::parse(&file)?;
            let located = |block| Located { source: Rc::clone(&source), block };
            blocks.extend(body.into_blocks().map(located));
        }
        let context = variables::context(dir, &blocks, environment)?;
        Ok(Self { dir: dir.to_path_buf(), blocks, context, site: Site::default() })
    }

    /// The block of the provider `homelab`: the one without an alias, else the only one; `None` where there is none.
    pub(crate) fn provider<M: Model>(&self) -> Result<Option<M>, Failure> {
        let ours: Vec<&Located> =
            self.blocks.iter().filter(|block| block.kind() == "provider" && block.label(0) == "homelab").collect();
        let plain = ours.iter().find(|block| !block.block.body.has_attribute("alias"));
        let chosen = match (plain, ours.as_slice()) {
            (Some(plain), _) => plain,
            (None, []) => return Ok(None),
            (None, [only]) => only,
            (None, several) => {
                let places: Vec<String> = several.iter().map(|block| block.place()).collect();
                return Err(Failure::new(format!(
                    "every provider \"homelab\" block has an alias: {}",
                    places.join(", ")
                ))
                .hint("only the one without an alias, or a single one, can be chosen here"));
            }
        };
        let what = "provider \"homelab\"";
        chosen.check_names(what, &M::block(), &OF_PROVIDERS)?;
        let value = self.block_value(&chosen.block.body, &M::block())?;
        chosen.model(what, &value).map(Some)
    }

    /// The folder, for messages.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Every `homelab_carveout_probe` with its address, in the order of the files. `site` completes the ingresses that
    /// they refer to.
    pub(crate) fn probes(mut self, site: &Site) -> Result<Vec<(String, CarveoutProbe)>, Failure> {
        self.each_probe(site).into_iter().map(|(address, probe)| Ok((address, probe?))).collect()
    }

    /// As [`Folder::probes`], where one that cannot be read does not hide the others.
    pub(crate) fn each_probe(&mut self, site: &Site) -> Vec<(String, Result<CarveoutProbe, Failure>)> {
        self.site = site.clone();
        let address = |block: &Located| format!("homelab_carveout_probe.{}", block.label(1));
        self.of_type("homelab_carveout_probe")
            .map(|block| (address(block), self.probe(block, &address(block))))
            .collect()
    }

    fn probe(&self, block: &Located, address: &str) -> Result<CarveoutProbe, Failure> {
        let mut value = self.resource_value::<CarveoutProbe>(block, address)?;
        ingress::with_defaults(&mut value, &CarveoutProbe::block());
        let model: CarveoutProbe = block.model(address, &value)?;
        if model.targets.is_unknown() || model.target.is_unknown() {
            let place = block.place_of(&ValuePath::attr("targets"));
            return Err(Failure::new(format!("{place}: the targets of {address} are known to a Terraform run alone"))
                .hint(
                    "refer to homelab_ingress.<name>.probe_targets of the same folder, or write `target` blocks; \
                     --public and --gated need no folder",
                ));
        }
        Ok(model)
    }

    /// Every `homelab_ingress` with its address and what a probe takes of it, in the order of the files. `site` completes
    /// them; one that cannot be read does not hide the others.
    pub(crate) fn ingress_targets(&mut self, site: &Site) -> Vec<(String, Result<Vec<ProbeTarget>, Failure>)> {
        self.site = site.clone();
        let names: Vec<String> = self.of_type("homelab_ingress").map(|block| block.label(1).to_owned()).collect();
        let targets = |name: String| {
            let address = format!("homelab_ingress.{name}");
            let wrong = |error| Failure::new(format!("failed to read the targets of {address}: {error}"));
            let read = |value| Vec::from_value(&value, &ValuePath::attr("probe_targets")).map_err(wrong);
            let targets = self.probe_targets(&name).and_then(read);
            (address, targets)
        };
        names.into_iter().map(targets).collect()
    }

    /// The resources of a type that a run would have: not those with `count = 0`.
    fn of_type<'a>(&'a self, type_name: &'a str) -> impl Iterator<Item = &'a Located> {
        self.blocks.iter().filter(move |block| {
            let zero =
                block.block.body.get_attribute("count").is_some_and(|count| count.value.to_string().trim() == "0");
            block.kind() == "resource" && block.label(0) == type_name && !zero
        })
    }

    fn resource_value<M: Model>(&self, block: &Located, address: &str) -> Result<Value, Failure> {
        block.check_names(address, &M::block(), &OF_RESOURCES)?;
        self.block_value(&block.block.body, &M::block())
    }
}

/// A block that may be absent, or not known, as one of which nothing is said.
pub(crate) fn or_default<M: Default + Clone>(block: &Attr<M>) -> M {
    block.known().cloned().unwrap_or_default()
}
