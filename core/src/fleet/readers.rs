//! Who reads Secrets, and whether a change reaches them while they run.
//!
//! An environment variable is read when a container starts, and never again. A volume follows its Secret within a minute or
//! so, but for a mount of a single file of it (`subPath`), which never follows. What is neither (the password of an image
//! registry, the certificate of an Ingress) is read when it is needed.

use std::collections::BTreeMap;

use serde_json::Value;

use super::reloader::{Flags, Reloading};

/// How a Secret is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum How {
    /// Once, when a container starts.
    AtStart,
    /// Again after each change, or whenever it is needed.
    Live,
}

/// One place where a Secret is read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Use {
    /// Name of the Secret, in the namespace of the reader.
    pub secret: String,
    /// How.
    pub how: How,
    /// Where: `env DB_PASSWORD of container app`.
    pub place: String,
}

/// An object that reads Secrets, or that is Reloader itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Reader {
    /// Its kind.
    pub kind: String,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// What it reads.
    pub uses: Vec<Use>,
    /// Whether it runs on for as long as nobody restarts it. A job of a schedule reads anew each time, and a pod that
    /// something else made is restarted by that.
    pub lives_on: bool,
    /// What it says to Reloader.
    pub reloading: Reloading,
    /// How Reloader was started, where this is Reloader.
    pub reloader: Option<Flags>,
}

/// Kinds that keep pods running.
const LASTING: [&str; 3] = ["Deployment", "StatefulSet", "DaemonSet"];
/// Members that hold the name of a Secret as text, in kinds that are no workloads.
const NAMES: [&str; 5] = ["secretName", "secret", "caSecret", "certSecret", "existingSecret"];

impl Reader {
    /// What that object reads; `None` where it reads no Secret and is not Reloader.
    pub fn of(object: &Value) -> Option<Self> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let (kind, metadata) = (text(&object["kind"]), &object["metadata"]);
        let template = template(object, &kind);
        let (mut uses, mut reloader) = (Vec::new(), None);
        match template {
            Some(template) => {
                pod(&template["spec"], &mut uses);
                if kind == "Deployment" {
                    reloader = Flags::of(&template["spec"]);
                }
            }
            None => named(object, "", &mut uses),
        }
        uses.sort();
        uses.dedup();
        if uses.is_empty() && reloader.is_none() {
            return None;
        }
        let nobody_made_it = metadata["ownerReferences"].as_array().is_none_or(Vec::is_empty);
        let of_template = template.map_or(&Value::Null, |template| &template["metadata"]["annotations"]);
        Some(Self {
            lives_on: LASTING.contains(&kind.as_str()) || (kind == "Pod" && nobody_made_it),
            namespace: text(&metadata["namespace"]),
            name: text(&metadata["name"]),
            reloading: Reloading::of(&metadata["annotations"], of_template),
            kind,
            uses,
            reloader,
        })
    }

    /// What a store of the cluster reads: its references say in which namespace, so that it is a reader in each of them.
    pub fn of_cluster_store(object: &Value) -> Vec<Self> {
        let mut uses = Vec::new();
        placed(object, &mut uses);
        let reader = |(namespace, secret): (String, String)| Self {
            kind: "ClusterSecretStore".to_owned(),
            namespace,
            name: object["metadata"]["name"].as_str().unwrap_or_default().to_owned(),
            uses: vec![Use { secret, how: How::Live, place: "spec".to_owned() }],
            lives_on: false,
            reloading: Reloading::default(),
            reloader: None,
        };
        uses.into_iter().map(reader).collect()
    }

    /// Where it reads that Secret only at its start; empty where it does not, or where it does not live on.
    pub fn reads_only_at_start(&self, secret: &str) -> Vec<&str> {
        let at_start = |one: &&Use| self.lives_on && one.secret == secret && one.how == How::AtStart;
        self.uses.iter().filter(at_start).map(|one| one.place.as_str()).collect()
    }

    /// Whether it reads that Secret in any way.
    pub fn reads(&self, secret: &str) -> bool {
        self.uses.iter().any(|one| one.secret == secret)
    }

    /// As messages name it.
    pub fn subject(&self) -> String {
        if self.kind == "ClusterSecretStore" {
            return format!("{} {}", self.kind, self.name);
        }
        format!("{} {}/{}", self.kind, self.namespace, self.name)
    }
}

/// The template of its pods, or the pod itself.
fn template<'a>(object: &'a Value, kind: &str) -> Option<&'a Value> {
    match kind {
        "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" | "Job" => Some(&object["spec"]["template"]),
        "CronJob" => Some(&object["spec"]["jobTemplate"]["spec"]["template"]),
        "Pod" => Some(object),
        _ => None,
    }
}

fn pod(spec: &Value, uses: &mut Vec<Use>) {
    let elements = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let mut add = |secret: &Value, how: How, place: String| {
        if let Some(secret) = secret.as_str().filter(|secret| !secret.is_empty()) {
            uses.push(Use { secret: secret.to_owned(), how, place });
        }
    };
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut volumes: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for volume in elements(&spec["volumes"]) {
        let name = text(&volume["name"]);
        let place = || format!("volume {name}");
        add(&volume["secret"]["secretName"], How::Live, place());
        let projected = elements(&volume["projected"]["sources"]);
        for source in &projected {
            add(&source["secret"]["name"], How::Live, place());
        }
        add(&volume["csi"]["nodePublishSecretRef"]["name"], How::Live, place());
        let in_it = std::iter::once(&volume["secret"]["secretName"]);
        let in_it = in_it.chain(projected.iter().map(|source| &source["secret"]["name"]));
        volumes.insert(name.clone(), in_it.filter_map(Value::as_str).map(str::to_owned).collect());
    }
    for puller in elements(&spec["imagePullSecrets"]) {
        add(&puller["name"], How::Live, "imagePullSecrets".to_owned());
    }
    for container in
        ["initContainers", "containers", "ephemeralContainers"].iter().flat_map(|list| elements(&spec[*list]))
    {
        let who = format!("container {}", text(&container["name"]));
        for variable in elements(&container["env"]) {
            let place = format!("env {} of {who}", text(&variable["name"]));
            add(&variable["valueFrom"]["secretKeyRef"]["name"], How::AtStart, place);
        }
        for source in elements(&container["envFrom"]) {
            add(&source["secretRef"]["name"], How::AtStart, format!("envFrom of {who}"));
        }
        for mount in elements(&container["volumeMounts"]) {
            let single = ["subPath", "subPathExpr"]
                .iter()
                .any(|path| mount[*path].as_str().is_some_and(|path| !path.is_empty()));
            let name = text(&mount["name"]);
            for secret in volumes.get(&name).into_iter().flatten().filter(|_| single) {
                add(&Value::from(secret.as_str()), How::AtStart, format!("subPath of volume {name} in {who}"));
            }
        }
    }
}

/// Secrets that an object of another kind names: texts by the names of their members, and references that say what they are.
fn named(value: &Value, at: &str, uses: &mut Vec<Use>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                if at.is_empty() && matches!(name.as_str(), "metadata" | "status") {
                    continue;
                }
                let place = if at.is_empty() { name.clone() } else { format!("{at}.{name}") };
                let secrets = referred(name, member).into_iter().filter(|secret| !secret.is_empty());
                uses.extend(secrets.map(|secret| Use { secret, how: How::Live, place: place.clone() }));
                named(member, &place, uses);
            }
        }
        Value::Array(elements) => {
            for (index, element) in elements.iter().enumerate() {
                named(element, &format!("{at}[{index}]"), uses);
            }
        }
        _ => {}
    }
}

/// The Secrets that one member names.
fn referred(name: &str, member: &Value) -> Vec<String> {
    let lower = name.to_ascii_lowercase();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    if NAMES.contains(&name) {
        text(member).into_iter().collect()
    } else if lower.ends_with("secretref") || lower.ends_with("secretkeyref") {
        text(&member["name"]).into_iter().collect()
    } else if matches!(name, "secrets" | "imagePullSecrets") {
        member.as_array().into_iter().flatten().filter_map(|one| text(&one["name"])).collect()
    } else {
        Vec::new()
    }
}

/// References to Secrets that say in which namespace.
fn placed(value: &Value, found: &mut Vec<(String, String)>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                if let (Some(namespace), Some(secret)) = (member["namespace"].as_str(), referred(name, member).pop()) {
                    found.push((namespace.to_owned(), secret));
                }
                placed(member, found);
            }
        }
        Value::Array(elements) => elements.iter().for_each(|element| placed(element, found)),
        _ => {}
    }
}
