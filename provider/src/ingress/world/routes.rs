//! Who else has routers on the host?
//!
//! Traefik decides among all routers that match a request, whoever wrote them. What the cluster has is compared with what
//! the objects will be: a router that this apply changes or removes counts as it will be, as far as that is known. Where it
//! is not (a resource of this stack that was not planned yet, or is left out by `-target`), the finding is a warning; the one
//! of the two that is planned later says it again, with the truth.

use homelab_backends::objects::{ObjectError, Objects};
use homelab_core::finding::{Finding, Severity, ingress as codes};
use homelab_core::ingress::render::{RenderedKind, render_all};
use homelab_core::ingress::{Door, Spec, chain, routes};
use homelab_core::route::{Guards, Router, Settings, judge, routers_of};
use homelab_cty::Path;
use homelab_plugin::Diagnostics;
use homelab_schema::provider::CheckLevel;
use serde_json::Value;

use super::super::{Ingress, TYPE};
use super::{Unseen, hosts_of};
use crate::findings::{Findings, Planning};
use crate::survey::{Age, Foreign, Listed, Routers, Survey};

impl Ingress {
    /// Compares the routers of the declaration with all others on its hosts. The answer is why not all of them could be
    /// seen.
    pub(in crate::ingress) async fn look_at_routes(
        &self,
        objects: &dyn Objects,
        spec: &Spec,
        planning: Planning,
        diagnostics: &mut Diagnostics,
    ) -> Option<Unseen> {
        let (survey, owner) = (self.runtime.survey(), self.owner(spec));
        let ours = routers(spec);
        survey.plans().note(&owner, ours.clone(), planning != Planning::Nothing);
        let guards = self.guards(spec, survey.middlewares(objects).await.ok().as_deref());
        let judged = Judged { spec, alone: judge(&ours, &[], &guards), ours, guards };
        let (class, hosts) = (spec.class.as_deref(), hosts_of(spec));
        let mut listed = survey.routers(objects, class, Age::Recent).await;
        let mut theirs = self.others(listed.as_deref(), &judged, &owner, &hosts, planning);
        if !judged.against(&theirs.refused).is_empty() {
            // Nobody is refused for a router that went a moment ago.
            listed = survey.routers(objects, class, Age::Now).await;
            theirs = self.others(listed.as_deref(), &judged, &owner, &hosts, planning);
        }
        if let Ok(listed) = &listed {
            self.look_at_annotations(listed, spec, planning, diagnostics);
        }
        let unseen = match &listed {
            Ok(all) => all.unseen.as_ref(),
            Err(error) => Some(error),
        };
        self.tell(&judged, &theirs, diagnostics);
        let lenient = matches!(self.runtime.checks().routes.into_known(), Some(CheckLevel::Warn | CheckLevel::Off));
        let severity = if lenient { Severity::Warning } else { Severity::Error };
        unseen.map(|error| Unseen { path: Path::root(), severity, error: error.clone() })
    }

    /// What others wrote onto our objects that Traefik reads: nothing of it is declared, so nothing of it is drift that an
    /// apply could repair.
    fn look_at_annotations(&self, listed: &Routers, spec: &Spec, planning: Planning, diagnostics: &mut Diagnostics) {
        let lenient = matches!(self.runtime.checks().routes.into_known(), Some(CheckLevel::Warn | CheckLevel::Off));
        for rendered in render_all(spec).into_iter().filter(|rendered| rendered.kind == RenderedKind::Ingress) {
            let declared = rendered.body.pointer("/metadata/annotations");
            for Foreign { name, value, manager } in listed.foreign(&spec.namespace, &rendered.name) {
                if declared.and_then(|all| all.get(name)).is_some() {
                    // A conflict of two managers about one field: the dry run says it.
                    continue;
                }
                let object = format!("Ingress {}/{}", spec.namespace, rendered.name);
                let door = rendered.door.and_then(|door| spec.doors.get(door));
                let mut finding = Finding::new(
                    codes::FOREIGN_ANNOTATION,
                    object.clone(),
                    format!("Field manager {manager:?} owns the annotation {name}: {value:?}."),
                )
                .summary(format!("{manager} decides about a route of {object}"))
                .expected("Traefik acts on it, and the declaration does not have it.");
                if let Some(door) = door {
                    finding = finding.at(routes::attribute_of(door, &format!(".metadata.annotations.{name}")));
                }
                if planning == Planning::Nothing || lenient {
                    finding.severity = Severity::Warning;
                }
                diagnostics.finding(&finding);
            }
        }
    }

    /// Everybody else's routers on the hosts, by what a conflict with them means. Where the cluster cannot be seen, what this
    /// run plans is all that is known.
    fn others(
        &self,
        listed: Result<&Routers, &ObjectError>,
        judged: &Judged<'_>,
        owner: &str,
        hosts: &[String],
        planning: Planning,
    ) -> Others {
        let survey = self.runtime.survey();
        let mut theirs = Others::default();
        for known in listed.into_iter().flat_map(|all| all.on(hosts)) {
            let is_replaced = judged.ours.iter().any(|router| router.source.is_same_object(&known.router.source));
            match &known.owner {
                _ if is_replaced => {}
                Some(other) if *other == owner || survey.plans().knows(other) => {}
                Some(other) if self.may_be_ours(other) => theirs.unsure.push(known.router.clone()),
                _ if planning == Planning::Nothing => theirs.standing.push(known.router.clone()),
                _ => theirs.refused.push(known.router.clone()),
            }
        }
        theirs.planned(&survey, owner, hosts, planning);
        theirs
    }

    fn tell(&self, judged: &Judged<'_>, theirs: &Others, diagnostics: &mut Diagnostics) {
        let lenient = matches!(self.runtime.checks().routes.into_known(), Some(CheckLevel::Warn | CheckLevel::Off));
        for mut finding in judged.against(&theirs.refused) {
            finding.severity = if lenient { Severity::Warning } else { finding.severity };
            diagnostics.finding(&finding);
        }
        for finding in judged.against(&theirs.standing) {
            diagnostics.finding(&finding.severity(Severity::Warning));
        }
        for finding in judged.against(&theirs.unsure) {
            let clears =
                format!("{} Nothing is to do where this run changes or removes the other one.", finding.clears);
            diagnostics.finding(&finding.clears(clears).severity(Severity::Warning));
        }
    }

    /// What the middlewares of the cluster do, and those that the declaration makes or calls its gates.
    fn guards(&self, spec: &Spec, listed: Option<&Listed>) -> Guards {
        let made: Vec<Value> = render_all(spec)
            .into_iter()
            .filter(|rendered| rendered.kind == RenderedKind::Middleware)
            .map(|rendered| object(spec, "traefik.io/v1alpha1", "Middleware", rendered.name, rendered.body))
            .collect();
        let guards = listed.map(|listed| listed.guards.clone()).unwrap_or_default().and(Guards::of(&made));
        let site = self.runtime.site();
        let Some(named) = site.middlewares.known() else { return guards };
        let gates = [&named.gate, &named.public_gate].into_iter().filter_map(|gate| gate.known());
        gates.fold(guards, |guards, gate| guards.with_gate(chain::reference(gate)))
    }

    /// Whether the mark may be that of another resource of this stack. Without a name for the stack that cannot be told.
    fn may_be_ours(&self, owner: &str) -> bool {
        owner.starts_with(self.runtime.owner(TYPE, "", "").trim_end_matches('/'))
    }
}

/// The declaration as Traefik will have it.
struct Judged<'a> {
    spec: &'a Spec,
    ours: Vec<Router>,
    guards: Guards,
    /// What is wrong with them by themselves, which the checks of the declaration say.
    alone: Vec<Finding>,
}

impl Judged<'_> {
    /// What is wrong because of these, at the attributes of ours.
    fn against(&self, theirs: &[Router]) -> Vec<Finding> {
        if theirs.is_empty() {
            return Vec::new();
        }
        let found = judge(&self.ours, theirs, &self.guards).into_iter();
        let new = found.filter(|finding| !self.alone.contains(finding));
        new.map(|finding| at_its_attribute(self.spec, finding)).collect()
    }
}

/// Routers of others on the host, by what a conflict with them means.
#[derive(Default)]
struct Others {
    /// This run makes the conflict: it is refused.
    refused: Vec<Router>,
    /// The conflict is there already and this run changes nothing about it: an error would block the plan that repairs it.
    standing: Vec<Router>,
    /// Of resources of this stack that this run may yet change.
    unsure: Vec<Router>,
}

impl Others {
    /// Adds what the other resources of this run will have.
    fn planned(&mut self, survey: &Survey, owner: &str, hosts: &[String], planning: Planning) {
        let is_here = |router: &Router| {
            crate::survey::hosts_of(router)
                .is_none_or(|theirs| hosts.iter().any(|host| theirs.contains(&host.to_lowercase())))
        };
        for planned in survey.plans().others(owner, is_here) {
            let is_standing = planning == Planning::Nothing && !planned.changes;
            if is_standing { &mut self.standing } else { &mut self.refused }.extend(planned.routers);
        }
    }
}

/// The routers that Traefik will make of the declaration.
fn routers(spec: &Spec) -> Vec<Router> {
    let ingresses = render_all(spec).into_iter().filter(|rendered| rendered.kind == RenderedKind::Ingress);
    ingresses
        .flat_map(|rendered| {
            let object = object(spec, "networking.k8s.io/v1", "Ingress", rendered.name, rendered.body);
            routers_of(&object, &Settings::default())
        })
        .collect()
}

/// A rendered object as the cluster will have it.
fn object(spec: &Spec, version: &str, kind: &str, name: String, mut body: Value) -> Value {
    body["apiVersion"] = Value::from(version);
    body["kind"] = Value::from(kind);
    body["metadata"]["name"] = Value::from(name);
    body["metadata"]["namespace"] = Value::from(spec.namespace.as_str());
    body
}

/// The finding at the attribute of ours that it is about: of a carve-out its paths, else the host.
fn at_its_attribute(spec: &Spec, finding: Finding) -> Finding {
    // The longest name first: that of a carve-out starts with that of the resource.
    let mut doors: Vec<&Door> = spec.doors.iter().collect();
    doors.sort_by_key(|door| std::cmp::Reverse(door.object.len()));
    let names = |text: &str, door: &Door| text.contains(&format!("Ingress {}/{} ", spec.namespace, door.object));
    let door = doors
        .iter()
        .find(|door| finding.object == format!("Ingress {}/{}", spec.namespace, door.object))
        .or_else(|| doors.iter().find(|door| names(&finding.observed, door)));
    match door.filter(|door| door.label.is_some()) {
        Some(door) => finding.at(door.at("paths")),
        None => finding.at(Path::attr("host")),
    }
}
