//! From a declaration to a request: what it asks, or what is wrong with it and at which attribute.

use homelab_cty::{Attr, Path};
use homelab_schema::duration::GoDuration;
use homelab_schema::upgrade_gate::{FactKind, GateChecks, GateFact, UpgradeGate, Weight, url_problem};

use super::addons::{Addon, Pin};
use super::checks::CheckName;
use super::compat::Compat;
use super::day::Day;
use super::facts::{Fact, Facts, Kind};
use super::request::{ManifestSources, Request};
use super::version::{KubeVersion, Minor};
use super::waivers::{Waiver, is_waivable};

/// Something in a declaration that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The attribute.
    pub path: Path,
    /// What it is not, as a headline.
    pub summary: &'static str,
    /// Why, and what to write.
    pub detail: String,
}

fn refused(path: Path, summary: &'static str, detail: impl Into<String>) -> Refused {
    Refused { path, summary, detail: detail.into() }
}

/// What a declaration asks; `Ok(None)` while a part of it is unknown.
///
/// Each part is looked at by itself, so that every mistake is named at once.
pub fn request(declared: &UpgradeGate) -> Result<Option<Request>, Vec<Refused>> {
    let mut errors = Vec::new();
    let mut reader = Reader { errors: &mut errors, unknown: declared.evidence.is_unknown() };
    let target = reader.target(declared);
    let mut request = Request::new(target.clone().unwrap_or_else(placeholder));
    reader.window(declared, &mut request);
    reader.named_beside(declared, &mut request);
    reader.checks(declared, &mut request);
    reader.addons(declared, &mut request);
    reader.facts(declared, &mut request);
    reader.pins(declared, &mut request);
    reader.waivers(declared, &mut request);
    reader.prometheus(declared, &mut request);
    reader.manifests(declared, &mut request);
    if let Some(names) = reader.value(&declared.ignored_alerts) {
        request.ignored_alerts.clone_from(names);
    }
    if let Some(text) = reader.value(&declared.matrix) {
        match Compat::from_json(text) {
            Ok(matrix) => request = matrix.apply(request),
            Err(error) => {
                reader.errors.push(refused(Path::attr("matrix"), "Not a matrix of add-ons", format!("{error}.")));
            }
        }
    }
    let unknown = reader.unknown || target.is_none();
    if errors.is_empty() { Ok((!unknown).then_some(request)) } else { Err(errors) }
}

/// Stands where the target could not be read; what is made of it is never answered.
fn placeholder() -> KubeVersion {
    KubeVersion { line: Minor::of(0), patch: 0, pre_release: None, suffix: None }
}

struct Reader<'e> {
    errors: &'e mut Vec<Refused>,
    unknown: bool,
}

impl Reader<'_> {
    /// A known value; that it is unknown is remembered.
    fn value<'a, T>(&mut self, attr: &'a Attr<T>) -> Option<&'a T> {
        self.unknown |= attr.is_unknown();
        attr.known()
    }

    fn text(&mut self, attr: &Attr<String>) -> String {
        self.value(attr).cloned().unwrap_or_default()
    }

    fn optional(&mut self, attr: &Attr<String>) -> Option<String> {
        self.value(attr).cloned()
    }

    fn refuse(&mut self, path: Path, summary: &'static str, detail: impl Into<String>) {
        self.errors.push(refused(path, summary, detail));
    }

    fn target(&mut self, declared: &UpgradeGate) -> Option<KubeVersion> {
        match self.value(&declared.target_version)?.parse() {
            Ok(target) => Some(target),
            Err(error) => {
                let detail = format!("{error}. Kubernetes versions are written in full, because a patch decides too.");
                self.refuse(Path::attr("target_version"), "Not a Kubernetes version", detail);
                None
            }
        }
    }

    fn window(&mut self, declared: &UpgradeGate, request: &mut Request) {
        let Some(text) = self.value(&declared.deprecated_api_window) else { return };
        if let Some(window) = text.parse::<GoDuration>().ok().and_then(GoDuration::to_std) {
            request.window_seconds = window.as_secs();
        } else {
            let detail = format!("{text:?} is no duration of zero or more. One looks like 24h or 1h30m.");
            self.refuse(Path::attr("deprecated_api_window"), "Not a duration", detail);
        }
    }

    /// It asks nothing by itself; who looks reads it again. What is wrong with it is said here.
    fn prometheus(&mut self, declared: &UpgradeGate, request: &mut Request) {
        let Some(block) = self.value(&declared.prometheus) else { return };
        request.weights.turn_on(CheckName::Alerts);
        let path = |name: &'static str| Path::attr("prometheus").then_attr(name);
        if let Some(problem) = self.value(&block.url).and_then(|url| url_problem(url)) {
            let detail = format!("It {problem}. One looks like https://prometheus.example.net.");
            self.refuse(path("url"), "Not an address of Prometheus", detail);
        }
        if let Some(text) = self.value(&block.timeout) {
            let limit = text.parse::<GoDuration>().ok().and_then(GoDuration::to_std);
            if limit.is_none_or(|limit| limit.is_zero()) {
                let detail = format!("{text:?} is no duration that is longer than 0. One looks like 10s.");
                self.refuse(path("timeout"), "Not a duration", detail);
            }
        }
        for file in [&block.token_file, &block.ca_cert_file] {
            self.value(file);
        }
        if !declared.evidence.is_null() {
            let detail = "Recorded evidence holds what Prometheus said when it was captured. Leave one of evidence and \
                          prometheus out.";
            self.refuse(Path::attr("prometheus"), "Two sources of evidence", detail);
        }
    }

    /// Checks that are made by themselves where their source was named.
    fn named_beside(&mut self, declared: &UpgradeGate, request: &mut Request) {
        if self.value(&declared.host_evidence).is_some_and(|files| !files.is_empty()) {
            request.weights.turn_on(CheckName::Hosts);
            request.weights.turn_on(CheckName::Certificates);
        }
        if self.value(&declared.settings_before).is_some() {
            request.weights.turn_on(CheckName::Survival);
        }
    }

    fn checks(&mut self, declared: &UpgradeGate, request: &mut Request) {
        let Some(checks) = self.value(&declared.checks) else { return };
        for (name, weight) in weights(checks) {
            if let Some(weight) = self.value(weight) {
                request.weights.set(name, *weight);
            }
        }
    }

    fn manifests(&mut self, declared: &UpgradeGate, request: &mut Request) {
        let Some(manifests) = self.value(&declared.manifests) else { return };
        let helm = self.value(&manifests.helm).copied().unwrap_or_default();
        let folder = self.optional(&manifests.folder);
        if declared.evidence.known().is_some() {
            let detail = "Recorded evidence is judged as it was recorded, and manifests are in it or not. Leave out either \
                          evidence or manifests.";
            self.refuse(Path::attr("manifests"), "Evidence is recorded already", detail);
        } else if !helm && folder.is_none() && !manifests.folder.is_unknown() && !manifests.helm.is_unknown() {
            let detail = "Set helm = true, or folder to the path of a folder with manifests.";
            self.refuse(Path::attr("manifests"), "Nothing to look through", detail);
        }
        request.manifests = Some(ManifestSources { helm, folder });
        request.weights.turn_on(CheckName::Manifests);
    }

    fn addons(&mut self, declared: &UpgradeGate, request: &mut Request) {
        for (name, addon) in self.value(&declared.addon).into_iter().flatten() {
            let images = self.value(&addon.images).cloned().unwrap_or_default();
            let path = || Path::attr("addon").then_key(name).then_attr("images");
            if addon.images.known().is_some() && images.is_empty() {
                self.refuse(path(), "No image", "Name at least one image, such as example/operator.");
            }
            for image in images.iter().filter(|image| image.contains([':', '@']) || image.trim().is_empty()) {
                let detail = format!("{image:?} is to be the name of an image alone, without a tag or a digest.");
                self.refuse(path(), "Not the name of an image", detail);
            }
            let namespace = self.optional(&addon.namespace);
            request.addons.push(Addon { name: name.clone(), images, namespace, required: true, ..Addon::default() });
        }
    }

    fn facts(&mut self, declared: &UpgradeGate, request: &mut Request) {
        let mut rows = Vec::new();
        for (index, fact) in self.value(&declared.fact).into_iter().flatten().enumerate() {
            let path = Path::attr("fact").then_index(index);
            let before = (self.errors.len(), self.unknown);
            self.unknown = false;
            let row = self.fact(&path, fact);
            let complete = self.errors.len() == before.0 && !self.unknown;
            self.unknown |= before.1;
            if !complete {
                continue;
            }
            match Facts::compiled().with(vec![row.clone()]) {
                Ok(_) => rows.push(row),
                Err(error) => self.refuse(path, "Not a fact", format!("{error}.")),
            }
        }
        match std::mem::take(&mut request.facts).with(rows) {
            Ok(facts) => request.facts = facts,
            Err(error) => self.refuse(Path::attr("fact"), "Overlapping facts", format!("{error}.")),
        }
    }

    fn fact(&mut self, path: &Path, fact: &GateFact) -> Fact {
        let line = |reader: &mut Self, name: &'static str, attr: &Attr<String>| -> Option<Minor> {
            match reader.value(attr)?.parse() {
                Ok(line) => Some(line),
                Err(error) => {
                    reader.refuse(path.clone().then_attr(name), "Not a release line", format!("{error}."));
                    None
                }
            }
        };
        let kubernetes_min = line(self, "kubernetes_min", &fact.kubernetes_min);
        let kubernetes_max = line(self, "kubernetes_max", &fact.kubernetes_max);
        Fact {
            subject: self.text(&fact.subject).into(),
            floor: self.text(&fact.floor).into(),
            kubernetes_min,
            kubernetes_max,
            kind: match self.value(&fact.kind) {
                Some(FactKind::Refuses) => Kind::Refuses,
                Some(FactKind::Eol) => Kind::Eol,
                Some(FactKind::Untested) | None => Kind::Untested,
            },
            upgrade_from: self.optional(&fact.upgrade_from).map(Into::into),
            ends: self.optional(&fact.ends).map(Into::into),
            source: self.text(&fact.source).into(),
            checked_on: self.optional(&fact.checked_on).map(Into::into),
        }
    }

    fn day(&mut self, path: Path, attr: &Attr<String>) -> Option<Day> {
        match self.value(attr)?.parse() {
            Ok(day) => Some(day),
            Err(error) => {
                self.refuse(path, "Not a day", format!("{error}."));
                None
            }
        }
    }

    fn pins(&mut self, declared: &UpgradeGate, request: &mut Request) {
        for (name, pin) in self.value(&declared.pin).into_iter().flatten() {
            let path = Path::attr("pin").then_key(name);
            let reason = self.text(&pin.reason);
            if let Some(expires) = self.day(path.then_attr("expires"), &pin.expires) {
                request.pins.push(Pin { addon: name.clone(), reason, expires: Some(expires) });
            }
        }
    }

    fn waivers(&mut self, declared: &UpgradeGate, request: &mut Request) {
        for (name, waiver) in self.value(&declared.waiver).into_iter().flatten() {
            let path = Path::attr("waiver").then_key(name);
            let code = self.text(&waiver.code);
            let known = crate::finding::by_id(&code).is_some() && code.starts_with("HL4");
            if waiver.code.known().is_some() && !known {
                let detail = format!("{code:?} is no code of the gate. One looks like HL4212.");
                self.refuse(path.clone().then_attr("code"), "Not a code", detail);
            } else if !is_waivable(&code) {
                let detail = format!("{code} cannot be waived: it would not start, was not seen, or stops on purpose.");
                self.refuse(path.clone().then_attr("code"), "Not to be waived", detail);
            }
            let (object, owner) = (self.text(&waiver.object), self.text(&waiver.owner));
            let reason = self.text(&waiver.reason);
            if let Some(expires) = self.day(path.then_attr("expires"), &waiver.expires) {
                request.waivers.push(Waiver { code, object, owner, reason, expires });
            }
        }
    }
}

/// The attributes of `checks`, each with the check that it is about. Taking the block apart field by field lets the compiler
/// say when one is forgotten.
fn weights(checks: &GateChecks) -> [(CheckName, &Attr<Weight>); CheckName::ALL.len()] {
    let GateChecks {
        path,
        skew,
        removed_apis,
        manifests,
        crds,
        addons,
        nodes,
        runtime,
        hosts,
        control_plane,
        certificates,
        survival,
        etcd,
        drain,
        webhooks,
        alerts,
        kill_switch,
    } = checks;
    [
        (CheckName::Path, path),
        (CheckName::Skew, skew),
        (CheckName::RemovedApis, removed_apis),
        (CheckName::Manifests, manifests),
        (CheckName::Crds, crds),
        (CheckName::Addons, addons),
        (CheckName::Nodes, nodes),
        (CheckName::Runtime, runtime),
        (CheckName::Hosts, hosts),
        (CheckName::ControlPlane, control_plane),
        (CheckName::Certificates, certificates),
        (CheckName::Survival, survival),
        (CheckName::Etcd, etcd),
        (CheckName::Drain, drain),
        (CheckName::Webhooks, webhooks),
        (CheckName::Alerts, alerts),
        (CheckName::KillSwitch, kill_switch),
    ]
}

#[cfg(test)]
mod tests;
