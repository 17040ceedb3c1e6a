//! What the tests of resources share: a runtime on a folder, and the part of the server that stands before an author.

use std::sync::Mutex;

use homelab_cty::{Block, Model, Path, Value};
use homelab_plugin::{Context, Diagnostics, Plan, PlanRequest, Private, Resource, State};
use homelab_schema::provider::{Checks, Kubernetes, Middlewares, ProviderConfig, Site};
use tempfile::TempDir;

use crate::Runtime;

/// A runtime that writes to a folder of its own.
pub(crate) struct House {
    pub(crate) runtime: Runtime,
    pub(crate) folder: TempDir,
    conventions: Mutex<Site>,
}

impl House {
    /// The house with its usual conventions.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let house = Self { runtime: Runtime::new(), folder, conventions: Mutex::new(site()) };
        house.new_run();
        house
    }

    /// What Terraform does with each command, and once more between plan and apply: another process.
    pub(crate) fn new_run(&self) {
        let conventions = self.conventions.lock().expect("no test has failed here").clone();
        self.configure(conventions);
    }

    /// A new run with these conventions.
    pub(crate) fn configure(&self, site: Site) {
        *self.conventions.lock().expect("no test has failed here") = site.clone();
        let folder = self.folder.path().display().to_string();
        self.runtime.configure(ProviderConfig {
            kubernetes: Kubernetes { gitops_dir: folder.into(), ..Kubernetes::default() }.into(),
            site: site.into(),
            checks: Checks::default().into(),
            ..ProviderConfig::default()
        });
    }

    /// The text of a file, `None` where there is none.
    pub(crate) fn file(&self, name: &str) -> Option<String> {
        std::fs::read_to_string(self.folder.path().join(name)).ok()
    }

    /// Rewrites a file as somebody else would.
    pub(crate) fn edit(&self, name: &str, from: &str, to: &str) {
        let text = self.file(name).expect("a file");
        assert!(text.contains(from), "{text}");
        std::fs::write(self.folder.path().join(name), text.replace(from, to)).expect("a written file");
    }

    /// Names of all files, sorted.
    pub(crate) fn files(&self, namespace: &str) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.folder.path().join(namespace)) else { return Vec::new() };
        let mut names: Vec<String> =
            entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

/// The usual conventions.
pub(crate) fn site() -> Site {
    let known = |text: &str| text.to_owned().into();
    Site {
        root_domain: known("example.net"),
        ingress_class: known("traefik"),
        entrypoint: known("websecure"),
        middlewares: Middlewares { gate: known("traefik-forward-auth"), ..Middlewares::default() }.into(),
        ..Site::default()
    }
}

/// A call that is not cancelled.
pub(crate) fn cx() -> Context {
    Context::default()
}

/// Plans as the server lets an author plan: from the configuration with its defaults.
pub(crate) async fn plan<R: Resource>(
    resource: &R,
    config: &R::Model,
    prior: Option<&State<R::Model>>,
    diagnostics: &mut Diagnostics,
) -> Plan<R::Model> {
    let base = with_defaults(&R::Model::block(), &config.to_value());
    let planned = R::Model::from_value(&base, &Path::root()).expect("a model");
    let nothing = Private::new();
    let private = prior.map_or(&nothing, |state| &state.private);
    let request = PlanRequest { config, prior: prior.map(|state| &state.model), private, planned };
    resource.plan(&cx(), request, diagnostics).await
}

/// The configuration with defaults; computed attributes that the user left out are unknown.
fn with_defaults(block: &Block, config: &Value) -> Value {
    let Value::Map(members) = config else { return config.clone() };
    let mut filled = members.clone();
    for (name, attribute) in &block.attributes {
        if config.member(name).is_null() && attribute.mode.is_computed() {
            filled.insert(name.clone(), attribute.default.clone().unwrap_or(Value::UNKNOWN));
        }
    }
    for (name, nested) in &block.blocks {
        let inside = |value: &Value| with_defaults(&nested.block, value);
        let value = match config.member(name) {
            Value::List(blocks) => Value::List(blocks.iter().map(inside).collect()),
            Value::Map(blocks) if nested.nesting == homelab_cty::Nesting::Map => {
                Value::Map(blocks.iter().map(|(label, block)| (label.clone(), inside(block))).collect())
            }
            other => inside(other),
        };
        filled.insert(name.clone(), value);
    }
    Value::Map(filled)
}
