//! What an ExternalSecret says, whoever wrote it and in whatever version.

use homelab_schema::duration::GoDuration;
use serde_json::Value;

use super::evidence::Place;

/// What the API server fills in where no interval is given.
const DEFAULT_INTERVAL: &str = "1h";
/// The annotation by which Reloader lets a Secret take part in its search mode.
const MATCH: &str = "reloader.stakater.com/match";
/// The annotation by which Reloader leaves a Secret alone.
const IGNORE: &str = "reloader.stakater.com/ignore";
/// Annotations by which other programs copy a Secret elsewhere: beginnings of their names.
const COPIED: [&str; 3] = ["replicator.v1.mittwald.de/", "reflector.v1.k8s.emberstack.com/", "kubed.appscode.com/"];

/// An ExternalSecret.
#[derive(Clone, Copy, Debug)]
pub struct Declared<'a> {
    object: &'a Value,
}

/// A store that one entry fetches from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct StoreRef {
    /// `SecretStore` or `ClusterSecretStore`.
    pub kind: String,
    /// Its name.
    pub name: String,
}

/// One entry of `data` or `dataFrom`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The store that it fetches from; `None` for a generator.
    pub store: Option<StoreRef>,
}

/// How often values are fetched again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refresh {
    /// Each time that so many nanoseconds are over.
    Every(GoDuration),
    /// When its declaration changes.
    OnChange,
    /// Never again.
    Once,
    /// The interval cannot be read.
    Unreadable,
}

impl<'a> Declared<'a> {
    /// What that object says.
    pub fn new(object: &'a Value) -> Self {
        Self { object }
    }

    /// Its namespace and name.
    pub fn place(&self) -> Place {
        let text = |member: &str| self.object["metadata"][member].as_str().unwrap_or_default().to_owned();
        (text("namespace"), text("name"))
    }

    /// As messages name it.
    pub fn subject(&self) -> String {
        let (namespace, name) = self.place();
        format!("ExternalSecret {namespace}/{name}")
    }

    /// The Secret that it writes; `None` where it writes none.
    pub fn target(&self) -> Option<String> {
        let target = &self.object["spec"]["target"];
        let name = target["name"].as_str().filter(|name| !name.is_empty()).map(str::to_owned);
        (target["creationPolicy"] != "None").then(|| name.unwrap_or_else(|| self.place().1))
    }

    /// Names of the keys that the declaration determines: those of the template where it has any, else those of `data`.
    pub fn keys(&self) -> Vec<String> {
        let spec = &self.object["spec"];
        let template = spec["target"]["template"]["data"].as_object().filter(|data| !data.is_empty());
        let data = || {
            let entries = spec["data"].as_array().into_iter().flatten();
            entries.filter_map(|entry| entry["secretKey"].as_str()).map(str::to_owned)
        };
        let mut keys: Vec<String> = match template {
            Some(template) if spec["target"]["template"]["mergePolicy"] == "Merge" => {
                template.keys().cloned().chain(data()).collect()
            }
            Some(template) => template.keys().cloned().collect(),
            // What a template takes from elsewhere is not known here.
            None if spec["target"]["template"]["templateFrom"].is_array() => Vec::new(),
            None => data().collect(),
        };
        keys.sort();
        keys.dedup();
        keys
    }

    /// Whether the Secret is its own: it makes it, or takes it over.
    pub fn is_owner(&self) -> bool {
        self.object["spec"]["target"]["creationPolicy"].as_str().is_none_or(|policy| policy == "Owner")
    }

    /// The store of entries that name none of their own.
    pub fn store(&self) -> Option<StoreRef> {
        store_ref(&self.object["spec"]["secretStoreRef"])
    }

    /// Every entry.
    pub fn entries(&self) -> Vec<Entry> {
        let list = |member: &str| self.object["spec"][member].as_array().cloned().unwrap_or_default();
        let store = |source: &Value| match &source["generatorRef"] {
            Value::Null => store_ref(&source["storeRef"]).or_else(|| self.store()),
            _ => None,
        };
        let entries = list("data").into_iter().chain(list("dataFrom"));
        entries.map(|entry| Entry { store: store(&entry["sourceRef"]) }).collect()
    }

    /// Every store that it fetches from, each once.
    pub fn stores(&self) -> Vec<StoreRef> {
        let mut stores: Vec<StoreRef> = self.entries().into_iter().filter_map(|entry| entry.store).collect();
        stores.sort();
        stores.dedup();
        stores
    }

    /// How often it fetches.
    pub fn refresh(&self) -> Refresh {
        let spec = &self.object["spec"];
        match spec["refreshPolicy"].as_str() {
            Some("CreatedOnce") => return Refresh::Once,
            Some("OnChange") => return Refresh::OnChange,
            _ => {}
        }
        match spec["refreshInterval"].as_str().unwrap_or(DEFAULT_INTERVAL).parse::<GoDuration>() {
            Ok(every) if every.as_nanos() <= 0 => Refresh::Once,
            Ok(every) => Refresh::Every(every),
            Err(_) => Refresh::Unreadable,
        }
    }

    /// Whether Reloader's search mode takes a change of the Secret for a reason to restart.
    pub fn is_matched_by_search(&self) -> bool {
        self.secret_annotation(MATCH) == Some("true")
    }

    /// Whether Reloader leaves the Secret alone.
    pub fn is_ignored_by_reloader(&self) -> bool {
        self.secret_annotation(IGNORE) == Some("true")
    }

    /// Whether another program copies the Secret elsewhere, so that its readers are not where it is.
    pub fn is_copied(&self) -> bool {
        let names = self.secret_annotations().as_object().into_iter().flat_map(|map| map.keys());
        names.into_iter().any(|name| COPIED.iter().any(|copied| name.starts_with(copied)))
    }

    fn secret_annotation(self, name: &str) -> Option<&'a str> {
        self.secret_annotations()[name].as_str()
    }

    /// The annotations that the operator gives the Secret: those of the template, else its own.
    fn secret_annotations(self) -> &'a Value {
        let template = &self.object["spec"]["target"]["template"];
        if template.is_object() {
            &template["metadata"]["annotations"]
        } else {
            &self.object["metadata"]["annotations"]
        }
    }
}

fn store_ref(value: &Value) -> Option<StoreRef> {
    let name = value["name"].as_str().filter(|name| !name.is_empty())?.to_owned();
    let kind = value["kind"].as_str().filter(|kind| !kind.is_empty()).unwrap_or("SecretStore").to_owned();
    Some(StoreRef { kind, name })
}
