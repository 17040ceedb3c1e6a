//! DNS records of an ingress: after its objects on the way in, before them on the way out.
//!
//! A name that leads nowhere for a moment is worse than one that is not there yet, so records come last and go first. What
//! the records are follows from the declaration and the provider block alone ([`wanted`]); what is in the zone gives
//! diagnostics at plan, and drift of our own records at refresh. Nothing here depends on where objects go: a folder of
//! manifests has records as well as a cluster.

use std::collections::BTreeSet;

use homelab_backends::dns::{DnsCause, DnsError};
use homelab_backends::objects::Cause;
use homelab_core::dns::changes::{Clash, Verdict, judge, ours, removal};
use homelab_core::dns::clash::{Moment, finding, severity};
use homelab_core::dns::mark::Mark;
use homelab_core::dns::wanted::{names_of, of_model, outside_zone, place, problems, wanted};
use homelab_core::dns::{Found, Record, is_in_zone};
use homelab_core::finding::{Code, provider as codes};
use homelab_cty::{Attr, Path};
use homelab_plugin::{Context, Diagnostics, Private, Read, State};
use homelab_schema::ingress::{DnsMode, DnsRecord, Ingress as Declared};

use super::notes::Notes;
use super::{Ingress, TYPE, known};
use crate::findings::{Findings, Planning, code_of};
use crate::report::coded;

/// A creation that no mark has: of a state that was never applied.
const NEVER: &str = "0000000000000000";

/// Private note of the plan of a create: the names of its records. By it the destroy of a replacement knows which records the
/// create takes over.
const NAMES: &str = "dns";

/// What a resource wants in the zone, and as whom.
struct Wish {
    wanted: Vec<Record>,
    /// Names that may still have records of ours, wanted ones among them.
    former: BTreeSet<String>,
    mark: Mark,
    overwrite: bool,
}

impl Wish {
    fn names(&self) -> BTreeSet<String> {
        self.wanted.iter().map(|record| record.name.clone()).chain(self.former.iter().cloned()).collect()
    }

    fn judge(&self, found: &[Found]) -> Verdict {
        judge(&self.wanted, &self.former, found, &self.mark, self.overwrite)
    }
}

impl Ingress {
    /// Fills `dns_records`, and says what is missing for them.
    pub(super) fn fill_records(&self, filled: &mut Declared) {
        filled.dns_records = wanted(filled, &self.runtime.site(), &self.runtime.dns_block());
    }

    /// Looks at the zone for a plan: it may add diagnostics and changes no value.
    pub(super) async fn plan_records(
        &self,
        cx: &Context,
        planned: &Declared,
        prior: Option<&Declared>,
        private: &Private,
        planning: Planning,
        diagnostics: &mut Diagnostics,
    ) {
        diagnostics.findings(&problems(planned, &self.runtime.site(), &self.runtime.dns_block()));
        let wish = self.wish(planned, prior, private);
        if wish.wanted.is_empty() || diagnostics.has_errors() {
            return;
        }
        let (moment, is_quiet) = match planning {
            Planning::Nothing => (Moment::PlanOfNothing, true),
            // Another name is a replacement: core plans its create once more, after it has seen that.
            Planning::Update if prior.and_then(super::object_of) == super::object_of(planned) => {
                (Moment::PlanOfUpdate, false)
            }
            Planning::Update | Planning::Create => (Moment::PlanOfCreate, false),
        };
        let is_free = |found: &[Found]| wish.judge(found).clashes.is_empty();
        let found = async {
            let dns = self.runtime.dns()?;
            let zone = dns.zone(&cx.cancelled).await?;
            Ok((zone, dns.records_expecting(&wish.names(), &cx.cancelled, is_free).await?))
        };
        let (zone, found) = match found.await {
            Ok(seen) => seen,
            Err(error) if is_quiet || is_cancelled(&error) => return,
            Err(error) if error.is_blind() => {
                diagnostics.warning(Path::attr("dns"), "Not checked: DNS records", error.detail());
                return;
            }
            Err(error) => return dns_error(&error, diagnostics),
        };
        for (index, host) in planned.hosts.known().into_iter().flatten().enumerate() {
            // Where the block has no name of the zone, only the API knows it.
            if !is_in_zone(host, &zone.name) {
                diagnostics.finding(&outside_zone(host, &zone.name).at(place(index)));
            }
        }
        self.say_clashes(&wish, &wish.judge(&found).clashes, planned, moment, diagnostics);
    }

    /// The last word before the first write: `None` with an error where a record of somebody else is in the way.
    pub(super) async fn insist_on_records(
        &self,
        cx: &Context,
        filled: &Declared,
        prior: Option<&Declared>,
        private: &Private,
        diagnostics: &mut Diagnostics,
    ) -> Option<()> {
        let problems = problems(filled, &self.runtime.site(), &self.runtime.dns_block());
        diagnostics.findings(&problems);
        if !problems.is_empty() {
            return None;
        }
        let wish = self.wish(filled, prior, private);
        if wish.wanted.is_empty() {
            return Some(());
        }
        let decide = |found: &[Found]| {
            let clashes = wish.judge(found).clashes;
            if clashes.is_empty() { Ok(()) } else { Err(clashes) }
        };
        let checked = async { self.runtime.dns()?.check(&wish.names(), &cx.cancelled, decide).await };
        match checked.await {
            Ok(Ok(())) => Some(()),
            Ok(Err(clashes)) => {
                self.say_clashes(&wish, &clashes, filled, Moment::Apply, diagnostics);
                None
            }
            Err(error) => {
                dns_error(&error, diagnostics);
                None
            }
        }
    }

    /// Makes the zone as `state` has it, whose objects are written; records of `prior` that it does not have go. `None` with
    /// an error.
    pub(super) async fn apply_records(
        &self,
        cx: &Context,
        state: &State<Declared>,
        prior: Option<&Declared>,
        diagnostics: &mut Diagnostics,
    ) -> Option<()> {
        let wish = self.wish(&state.model, prior, &state.private);
        let names = wish.names();
        if names.is_empty() {
            return Some(());
        }
        self.runtime.claims().note_write();
        let decide = |found: &[Found]| {
            let Verdict { changes, clashes } = wish.judge(found);
            if clashes.is_empty() { Ok(changes) } else { Err(clashes) }
        };
        let written = async { self.runtime.dns()?.converge(&names, &wish.mark.text(), &cx.cancelled, decide).await };
        match written.await {
            Ok(Ok(_)) => Some(()),
            Ok(Err(clashes)) => {
                self.say_clashes(&wish, &clashes, &state.model, Moment::Apply, diagnostics);
                None
            }
            Err(error) => {
                let kept = "The objects of the ingress are written and kept; the next apply makes the records.";
                let summary = coded(code_of_dns(&error.cause), error.summary());
                diagnostics.error(Path::attr("dns"), summary, format!("{}\n\n{kept}", error.detail()));
                None
            }
        }
    }

    /// What a change answers, with its records made. Where that fails, and where the change itself did, `dns_records` says
    /// what is in the zone, as far as that can be seen.
    pub(super) async fn then_records(
        &self,
        cx: &Context,
        prior: &State<Declared>,
        mut state: State<Declared>,
        diagnostics: &mut Diagnostics,
    ) -> State<Declared> {
        let is_whole = !diagnostics.has_errors();
        if is_whole && self.apply_records(cx, &state, Some(&prior.model), diagnostics).await.is_some() {
            return state;
        }
        let names = if is_whole { records_at(&state.model) } else { BTreeSet::new() };
        let names: BTreeSet<String> = names.into_iter().chain(records_at(&prior.model)).collect();
        state.model.dns_records = prior.model.dns_records.clone();
        if names.is_empty() {
            return state;
        }
        let (mark, has_creation) = self.mark_of(&prior.model, &prior.private);
        let found = async { self.runtime.dns()?.records(&names, &cx.cancelled).await };
        if let Ok(found) = found.await {
            let ours = ours(&names, &found, &mark, has_creation);
            state.model.dns_records = Attr::Known(ours.iter().map(as_found).collect());
        }
        state
    }

    /// Notes for the plan of a create which names it will have records at.
    pub(super) fn note_records(planned: &Declared, private: &mut Private) {
        let names = names_of(planned);
        if !names.is_empty() {
            private.set(NAMES, &names);
        }
    }

    /// Removes the records of a state; `None` with an error. Those that another creation or somebody else has by now stay.
    ///
    /// In the first half of a replacement those stay as well that the create of it will take over.
    pub(super) async fn remove_records(
        &self,
        cx: &Context,
        prior: &Declared,
        private: &Private,
        diagnostics: &mut Diagnostics,
    ) -> Option<()> {
        let mut names = records_at(prior);
        if cx.replacement
            && Notes::of(private).object() == super::object_of(prior)
            && let Some(kept) = private.get::<BTreeSet<String>>(NAMES)
        {
            names.retain(|name| !kept.contains(name));
        }
        if names.is_empty() {
            return Some(());
        }
        self.runtime.claims().note_write();
        let (mark, has_creation) = self.mark_of(prior, private);
        let decide = |found: &[Found]| Ok::<_, Vec<Clash>>(removal(&names, found, &mark, has_creation));
        let removed = async {
            let dns = self.runtime.dns()?;
            let expected = of_model(prior).iter().filter(|record| names.contains(&record.name)).count();
            let is_whole = |found: &[Found]| ours(&names, found, &mark, has_creation).len() >= expected;
            dns.records_expecting(&names, &cx.cancelled, is_whole).await?;
            dns.converge(&names, &mark.text(), &cx.cancelled, decide).await
        };
        match removed.await {
            Ok(_) => Some(()),
            Err(error) => {
                dns_error(&error, diagnostics);
                None
            }
        }
    }

    /// What a refresh answers, with `dns_records` as they are in the zone. Only records that carry our mark count: one that
    /// lost it would be left behind by a destroy, so the next apply has to mark it again.
    pub(super) async fn with_records(
        &self,
        cx: &Context,
        before: &State<Declared>,
        read: Read<Declared>,
        diagnostics: &mut Diagnostics,
    ) -> Read<Declared> {
        let after = match &read {
            Read::State(state) => state.clone(),
            Read::Unchanged => before.clone(),
            Read::Gone => return Read::Gone,
        };
        let names =
            if before.model.dns_records.is_null() { records_at(&after.model) } else { records_at(&before.model) };
        let records = if diagnostics.has_errors() {
            return read;
        } else if names.is_empty() {
            // An import has to say that there are none.
            if matches!(read, Read::Unchanged) {
                return read;
            }
            Vec::new()
        } else {
            let (mark, has_creation) = self.mark_of(&after.model, &after.private);
            let as_found = |found: &[Found]| -> Vec<DnsRecord> {
                ours(&names, found, &mark, has_creation).iter().map(as_found).collect()
            };
            let is_as_before = |found: &[Found]| same(&as_found(found), before.model.dns_records.known());
            let found = async { self.runtime.dns()?.records_expecting(&names, &cx.cancelled, is_as_before).await };
            match found.await {
                Ok(found) => as_found(&found),
                Err(error) => {
                    dns_error(&error, diagnostics);
                    return Read::Unchanged;
                }
            }
        };
        if same(&records, before.model.dns_records.known()) {
            return match read {
                Read::State(mut state) => {
                    state.model.dns_records = before.model.dns_records.clone();
                    Read::State(state)
                }
                other => other,
            };
        }
        let model = Declared { dns_records: Attr::Known(records), ..after.model };
        Read::State(State { model, private: after.private })
    }

    fn wish(&self, model: &Declared, prior: Option<&Declared>, private: &Private) -> Wish {
        let overwrite = model.dns_overwrite == Attr::Known(true)
            || self.runtime.dns_block().known().is_some_and(|block| block.overwrite == Attr::Known(true));
        let former = prior.map(records_at).unwrap_or_default();
        Wish { wanted: of_model(model), former, mark: self.mark_of(model, private).0, overwrite }
    }

    /// Our mark, and whether it is of a creation that the notes know.
    fn mark_of(&self, model: &Declared, private: &Private) -> (Mark, bool) {
        let owner = self.runtime.owner(TYPE, known(&model.namespace), known(&model.name));
        let creation = Notes::of(private).creation();
        (Mark::new(&owner, creation.as_deref().unwrap_or(NEVER)), creation.is_some())
    }

    fn say_clashes(
        &self,
        wish: &Wish,
        clashes: &[Clash],
        model: &Declared,
        moment: Moment,
        diagnostics: &mut Diagnostics,
    ) {
        let level = self.runtime.checks().dns.into_known();
        let hosts = model.hosts.known().map(Vec::as_slice).unwrap_or_default();
        for clash in clashes {
            if let Some(severity) = severity(clash, moment, level) {
                diagnostics.finding(&finding(clash, &wish.wanted, hosts).severity(severity));
            }
        }
    }
}

/// Names at which a state may have records: also a host whose records somebody else removed.
fn records_at(model: &Declared) -> BTreeSet<String> {
    let mut names = names_of(model);
    if matches!(model.dns, Attr::Known(DnsMode::Proxied | DnsMode::NonProxied)) {
        names.extend(model.hosts.known().into_iter().flatten().map(|host| host.to_ascii_lowercase()));
    }
    names
}

fn as_found(found: &Found) -> DnsRecord {
    DnsRecord {
        name: found.name.clone(),
        r#type: found.kind.clone(),
        content: found.content.clone(),
        proxied: found.proxied,
        ttl: i64::from(found.ttl),
    }
}

/// Whether the records mean the same as those of the state, in whatever order.
fn same(found: &[DnsRecord], state: Option<&Vec<DnsRecord>>) -> bool {
    let spelled = |records: &[DnsRecord]| -> BTreeSet<DnsRecord> {
        records
            .iter()
            .map(|record| {
                let kind = homelab_core::dns::Kind::of(&record.r#type);
                let content = kind
                    .map_or_else(|| record.content.clone(), |kind| homelab_core::dns::spelled(kind, &record.content));
                DnsRecord { content, ..record.clone() }
            })
            .collect()
    };
    state.is_some_and(|state| spelled(found) == spelled(state))
}

fn dns_error(error: &DnsError, diagnostics: &mut Diagnostics) {
    diagnostics.error(Path::attr("dns"), coded(code_of_dns(&error.cause), error.summary()), error.detail());
}

fn is_cancelled(error: &DnsError) -> bool {
    matches!(error.cause, DnsCause::Link(Cause::Cancelled))
}

fn code_of_dns(cause: &DnsCause) -> Option<Code> {
    Some(match cause {
        DnsCause::Link(cause) => return code_of(cause),
        DnsCause::BadToken { .. } => codes::UNAUTHENTICATED,
        DnsCause::Forbidden { .. } => codes::FORBIDDEN,
        DnsCause::Throttled { .. } => codes::UNREACHABLE,
        DnsCause::OutsideZone { .. } => homelab_core::finding::ingress::DNS_OUTSIDE_ZONE,
        DnsCause::Invalid { .. } | DnsCause::Full { .. } => codes::REFUSED,
        DnsCause::NoZone { .. } => codes::BAD_CONFIGURATION,
        _ => return None,
    })
}
