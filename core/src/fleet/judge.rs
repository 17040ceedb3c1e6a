//! From what was seen to what is said about it.

use std::collections::BTreeMap;

use serde_json::Value;

use super::conflicts::{self, Conflict};
use super::declared::{Declared, Refresh};
use super::evidence::{Evidence, Place, Seen};
use super::readers::Reader;
use super::reloader::{Flags, Marks};
use super::report::{Coverage, Member, Report, Unseen};
use super::status::{self, Readiness};
use super::stores::{Rotation, Stores};
use super::versions::{self, CURRENT};
use crate::finding::{Finding, secret as codes};
use crate::secret::ready;

/// Where the rules about versions come from.
const VERSIONS: &str = "homelab secrets hops; facts of External Secrets 0.16 and 0.17";

/// What is said about a fleet. `now` is in seconds since 1970; `ours` is the field manager of homelab, which settles
/// conflicts by itself.
pub fn judge(evidence: &Evidence, now: i64, ours: &str) -> Report {
    let stores = Stores::of(evidence);
    // Stores have credentials of their own, in Secrets.
    let of_stores: Vec<Reader> = evidence
        .stores
        .items
        .iter()
        .filter_map(Reader::of)
        .chain(evidence.cluster_stores.items.iter().flat_map(Reader::of_cluster_store))
        .collect();
    let scene = Scene { evidence, readers: Readers::of(evidence, &of_stores), stores, now, ours };
    let mut findings = Vec::new();
    let mut secrets: Vec<Member> =
        evidence.secrets.items.iter().map(|object| scene.member(object, &mut findings)).collect();
    secrets.sort_by(|left, right| (&left.namespace, &left.name).cmp(&(&right.namespace, &right.name)));
    scene.stores(&mut findings);
    scene.stored(&mut findings);
    scene.shared_targets(&mut findings);
    scene.reloader(&secrets, &mut findings);
    findings.extend(evidence.keys.findings.values().flatten().cloned());
    findings.sort_by(|left, right| {
        let key = |one: &Finding| (std::cmp::Reverse(one.severity), one.code.id, one.object.clone());
        key(left).cmp(&key(right))
    });
    let (seen, mut unseen) = coverage(evidence);
    unseen.extend(scene.readers.doubt.clone());
    Report { secrets, findings, seen, unseen }
}

/// What of each kind was looked at, and what was not.
fn coverage(evidence: &Evidence) -> (Vec<Coverage>, Vec<Unseen>) {
    fn of<T>(seen: &Seen<T>, rows: &mut Vec<Coverage>, gaps: &mut Vec<Unseen>) {
        // What could not be seen at all was not looked at; what was seen in part is in both lists.
        if seen.is_complete() || !seen.items.is_empty() {
            rows.push(Coverage { kind: seen.kind.clone(), objects: seen.objects });
        }
        gaps.extend(seen.gaps.iter().map(|why| Unseen { kind: seen.kind.clone(), why: why.clone() }));
    }
    let (mut rows, mut gaps) = (Vec::new(), Vec::new());
    of(&evidence.secrets, &mut rows, &mut gaps);
    of(&evidence.stores, &mut rows, &mut gaps);
    of(&evidence.cluster_stores, &mut rows, &mut gaps);
    of(&evidence.definitions, &mut rows, &mut gaps);
    of(&evidence.events, &mut rows, &mut gaps);
    for readers in &evidence.readers {
        of(readers, &mut rows, &mut gaps);
    }
    match &evidence.keys.gap {
        Some(why) => gaps.push(Unseen { kind: "keys of the store".to_owned(), why: why.clone() }),
        None => rows.push(Coverage { kind: "keys of the store".to_owned(), objects: Some(evidence.keys.asked) }),
    }
    (rows, gaps)
}

/// Who reads which Secret.
struct Readers<'a> {
    by_namespace: BTreeMap<&'a str, Vec<&'a Reader>>,
    /// Whether everybody was seen.
    complete: bool,
    reloader: Option<Flags>,
    doubt: Option<Unseen>,
}

impl<'a> Readers<'a> {
    fn of(evidence: &'a Evidence, of_stores: &'a [Reader]) -> Self {
        let all = || evidence.readers.iter().flat_map(|seen| &seen.items).chain(of_stores);
        let mut by_namespace: BTreeMap<&str, Vec<&Reader>> = BTreeMap::new();
        for reader in all() {
            by_namespace.entry(&reader.namespace).or_default().push(reader);
        }
        let running: Vec<&Reader> = all().filter(|reader| reader.reloader.is_some()).collect();
        let flags = running.iter().filter_map(|reader| reader.reloader.as_ref());
        let reloader = flags.cloned().reduce(|left, right| Flags {
            everything: left.everything || right.everything,
            renamed: left.renamed || right.renamed,
        });
        let doubt = running.iter().find(|reader| reader.reloader.as_ref().is_some_and(|flags| flags.renamed));
        let doubt = doubt.map(|reader| Unseen {
            kind: "annotations of Reloader".to_owned(),
            why: format!("{} is started with annotations of other names", reader.subject()),
        });
        let stores = evidence.stores.is_complete() && evidence.cluster_stores.is_complete();
        let complete = stores && evidence.readers.iter().all(Seen::is_complete);
        Self { by_namespace, complete, reloader, doubt }
    }

    fn in_namespace(&self, namespace: &str) -> impl Iterator<Item = &'a Reader> {
        self.by_namespace.get(namespace).into_iter().flatten().copied()
    }
}

struct Scene<'a> {
    evidence: &'a Evidence,
    readers: Readers<'a>,
    stores: Stores<'a>,
    now: i64,
    ours: &'a str,
}

impl Scene<'_> {
    /// One ExternalSecret, and what is wrong with it.
    fn member(&self, object: &Value, findings: &mut Vec<Finding>) -> Member {
        let declared = Declared::new(object);
        let (namespace, name) = declared.place();
        let rotations = self.stores.rotations(object);
        let target = declared.target();
        let mut member = Member {
            secret: target.clone().unwrap_or_default(),
            stores: declared.stores().iter().map(|store| format!("{} {}", store.kind, store.name)).collect(),
            state: "ready",
            reason: String::new(),
            message: String::new(),
            since: String::new(),
            rotates: !rotations.is_empty(),
            readers: None,
            namespace,
            name,
        };
        self.readiness(object, &mut member, findings);
        self.dangling(declared, findings);
        findings.extend(old_declared(object, &declared.subject(), self.newest()));
        findings.extend(conflicts::to_come(object, self.ours).map(|conflict| told(&declared.subject(), &conflict)));
        if let (Some(rotation), Refresh::Once) = (rotations.first(), declared.refresh()) {
            let observed = format!("It is fetched once, and {rotation}.");
            findings.push(Finding::new(codes::ROTATES_AND_FETCHED_ONCE, declared.subject(), observed));
        }
        if let Some(secret) = target {
            self.readers_of(&secret, declared, &rotations, &mut member, findings);
        }
        member
    }

    fn readiness(&self, object: &Value, member: &mut Member, findings: &mut Vec<Finding>) {
        let subject = format!("ExternalSecret {}/{}", member.namespace, member.name);
        match Readiness::of(object) {
            Readiness::Ready => {
                if let Some((reason, message, since)) = status::hollow(object) {
                    let observed = format!("The operator calls it ready, and has fetched nothing: {reason}: {message}");
                    findings.push(Finding::new(codes::NOT_READY, &subject, observed));
                    (member.state, member.reason, member.message, member.since) = ("not_ready", reason, message, since);
                } else if status::has_synced_generation(object) == Some(false) {
                    let observed = "It is ready as of an older generation: the operator has not fetched for this one.";
                    findings.push(Finding::new(codes::NOT_REFRESHED, &subject, observed));
                } else if let Some((last, every)) = status::stopped(object, self.now) {
                    let observed = format!("It was refreshed last at {last}, and should be every {every}.");
                    findings.push(Finding::new(codes::NOT_REFRESHED, &subject, observed));
                }
            }
            Readiness::NotReady { reason, message, since } => {
                // The condition says what was tried; the event, in the store's words, why it failed.
                let words = ready::trouble(object, &self.evidence.events.items).unwrap_or_default();
                let message =
                    if words.is_empty() || words == message { message } else { format!("{message}: {words}") };
                let at = if since.is_empty() { String::new() } else { format!(" since {since}") };
                let observed = format!("Not ready{at}: {reason}: {message}");
                findings.push(Finding::new(codes::NOT_READY, &subject, observed));
                (member.state, member.reason, member.message, member.since) = ("not_ready", reason, message, since);
            }
            Readiness::Unsaid { since } => {
                let observed = format!(
                    "It is there since {since}, and the operator has said nothing about it: no condition Ready."
                );
                findings.push(
                    Finding::new(codes::NOT_READY, &subject, observed).clears(
                        "Is the operator running, and is it the one that `spec.controller` of the store names?",
                    ),
                );
                (member.state, member.since) = ("unsaid", since);
            }
        }
    }

    fn dangling(&self, declared: Declared<'_>, findings: &mut Vec<Finding>) {
        let (namespace, _) = declared.place();
        for store in declared.stores() {
            let subject = match store.kind.as_str() {
                "ClusterSecretStore" => format!("ClusterSecretStore {}", store.name),
                kind => format!("{kind} {namespace}/{}", store.name),
            };
            if !self.stores.may_have_missed() && self.stores.get(&namespace, &store).is_none() {
                let finding = Finding::new(codes::DANGLING_STORE, declared.subject(), "It would never become ready.");
                findings.push(finding.summary(format!("{subject} does not exist")));
            }
        }
    }

    /// Who reads the Secret, who has to be restarted when it changes, and whether there is anybody at all.
    fn readers_of(
        &self,
        secret: &str,
        declared: Declared<'_>,
        rotations: &[Rotation],
        member: &mut Member,
        findings: &mut Vec<Finding>,
    ) {
        let marks = Marks { matched: declared.is_matched_by_search(), ignored: declared.is_ignored_by_reloader() };
        let everything = self.readers.reloader.as_ref().is_some_and(|flags| flags.everything);
        let reading: Vec<&Reader> =
            self.readers.in_namespace(&member.namespace).filter(|reader| reader.reads(secret)).collect();
        if self.readers.complete {
            member.readers = Some(reading.iter().map(|reader| reader.subject()).collect());
        }
        let mut quiet = Vec::new();
        for reader in &reading {
            let places = reader.reads_only_at_start(secret);
            let taken = everything && !reader.reloading.refuses() && !marks.ignored;
            if places.is_empty() || taken || reader.reloading.asks_for(secret, marks) {
                continue;
            }
            match rotations.first() {
                Some(rotation) => {
                    let observed = format!("It reads Secret {secret} in {}, and {rotation}.", places.join(", "));
                    let clears = format!(
                        "Annotate it with `secret.reloader.stakater.com/reload: {secret}`, or mount the Secret as a \
                         volume and read it again."
                    );
                    findings.push(Finding::new(codes::READS_AT_START, reader.subject(), observed).clears(clears));
                }
                None => quiet.push(reader.subject()),
            }
        }
        if !quiet.is_empty() && declared.refresh() != Refresh::Once {
            let observed = format!("Secret {secret} is read only at the start of {}.", quiet.join(", "));
            findings.push(Finding::new(codes::CHANGES_UNSEEN, declared.subject(), observed));
        }
        if reading.is_empty() && self.readers.complete && !declared.is_copied() {
            let kinds: Vec<&str> = self.evidence.readers.iter().map(|seen| seen.kind.as_str()).collect();
            let observed = format!("Secret {secret} is named by no store and by none of {}.", kinds.join(", "));
            findings.push(Finding::new(codes::UNUSED, declared.subject(), observed));
        }
    }

    /// Stores that are not ready, or declared in an old version.
    fn stores(&self, findings: &mut Vec<Finding>) {
        let all = self.evidence.stores.items.iter().chain(&self.evidence.cluster_stores.items);
        for store in all {
            let text = |member: &str| store["metadata"][member].as_str().unwrap_or_default();
            let subject = match text("namespace") {
                "" => format!("ClusterSecretStore {}", text("name")),
                namespace => format!("SecretStore {namespace}/{}", text("name")),
            };
            match Readiness::of(store) {
                Readiness::Ready => {}
                Readiness::NotReady { reason, message, since } => {
                    let observed = format!("Not ready since {since}: {reason}: {message}");
                    findings.push(Finding::new(codes::STORE_NOT_READY, &subject, observed));
                }
                Readiness::Unsaid { since } => {
                    let observed = format!("It is there since {since}, and the operator has said nothing about it.");
                    findings.push(Finding::new(codes::STORE_NOT_READY, &subject, observed));
                }
            }
            findings.extend(old_declared(store, &subject, self.newest()));
        }
    }

    /// Definitions that list an old version as stored.
    fn stored(&self, findings: &mut Vec<Finding>) {
        for definition in &self.evidence.definitions.items {
            let old = definition.old_stored();
            if !old.is_empty() {
                let subject = format!("CustomResourceDefinition {}", definition.name);
                let observed = format!("status.storedVersions lists {}.", old.join(", "));
                findings.push(Finding::new(codes::OLD_STORED, subject, observed).source(VERSIONS));
            }
        }
    }

    /// The newest version that the cluster serves, by its definitions.
    fn newest(&self) -> &str {
        let of_secrets = self.evidence.definitions.items.iter().find(|one| one.name.starts_with("externalsecrets."));
        of_secrets.map_or(CURRENT, |definition| versions::newest(&definition.served))
    }

    /// Two ExternalSecrets that both own one Secret write over each other for ever.
    fn shared_targets(&self, findings: &mut Vec<Finding>) {
        let mut owners: BTreeMap<Place, Vec<String>> = BTreeMap::new();
        for object in &self.evidence.secrets.items {
            let declared = Declared::new(object);
            let (namespace, name) = declared.place();
            if let Some(secret) = declared.target().filter(|_| declared.is_owner()) {
                owners.entry((namespace, secret)).or_default().push(name);
            }
        }
        for ((namespace, secret), mut names) in owners {
            if names.len() > 1 {
                names.sort();
                let observed = format!("ExternalSecrets {} of this namespace all own it.", names.join(", "));
                findings.push(Finding::new(codes::SHARED_TARGET, format!("Secret {namespace}/{secret}"), observed));
            }
        }
    }

    /// Whether somebody relies on a Reloader that is not there. Only a look at every Deployment of the cluster can say so.
    fn reloader(&self, members: &[Member], findings: &mut Vec<Finding>) {
        if self.readers.reloader.is_some() || !self.readers.complete || self.evidence.is_partial {
            return;
        }
        let mut relying: Vec<String> = Vec::new();
        for member in members.iter().filter(|member| member.rotates) {
            let asks = |reader: &&Reader| {
                !reader.reads_only_at_start(&member.secret).is_empty()
                    && reader.reloading.asks_for(&member.secret, Marks { matched: true, ignored: false })
            };
            relying.extend(self.readers.in_namespace(&member.namespace).filter(asks).map(Reader::subject));
        }
        relying.sort();
        relying.dedup();
        if !relying.is_empty() {
            let observed = format!("{} ask Reloader for a restart.", relying.join(", "));
            findings.push(Finding::new(codes::NO_RELOADER, "Reloader", observed));
        }
    }
}

fn old_declared(object: &Value, subject: &str, newest: &str) -> Option<Finding> {
    let uses = versions::old_uses(object, newest);
    if uses.is_empty() {
        return None;
    }
    let words: Vec<String> = uses.iter().map(|old| format!("{} by {}", old.version, old.by)).collect();
    let observed = format!("It was written last as {}.", words.join(", "));
    Some(Finding::new(codes::OLD_DECLARED, subject, observed).source(VERSIONS))
}

fn told(subject: &str, conflict: &Conflict) -> Finding {
    let Conflict { manager, interval, canonical, taken_by, is_guess } = conflict;
    match taken_by {
        Some(operator) if *is_guess => {
            let observed = format!(
                "spec.refreshInterval is {interval} and belongs to {operator:?}. If field manager {manager:?} declares \
                 an interval, its next apply is refused; if it leaves it to the default, nothing happens."
            );
            Finding::new(codes::CONFLICT_POSSIBLE, subject, observed)
        }
        Some(operator) => {
            let observed = format!(
                "spec.refreshInterval is {interval} and belongs to {operator:?}: the next apply of field manager \
                 {manager:?} is refused, unless it says exactly that."
            );
            Finding::new(codes::CONFLICT_TO_COME, subject, observed)
        }
        None => {
            let observed = format!(
                "spec.refreshInterval is {interval}, written by field manager {manager:?}: at its next write the \
                 operator makes it {canonical}, and takes the field with it."
            );
            Finding::new(codes::CONFLICT_TO_COME, subject, observed)
        }
    }
    .clears(format!("Let its declaration say {canonical:?}, or take it over with homelab_external_secret."))
}
