//! Is everything there that the objects refer to?

use std::time::{SystemTime, UNIX_EPOCH};

use homelab_backends::objects::{Backend, Cause, ObjectError, ObjectId, Objects, kinds};
use homelab_core::finding::{Finding, Severity, ingress as codes};
use homelab_core::ingress::Spec;
use homelab_core::ingress::references::{self, Middlewares, Missing, Reference, Target};
use homelab_cty::Path;
use homelab_plugin::Diagnostics;
use homelab_schema::provider::CheckLevel;

use super::super::Ingress;
use super::hosts_of;
use crate::findings::{Findings, Planning};
use crate::survey::{Age, is_forbidden};

/// A reference that could not be looked up.
pub(in crate::ingress) struct Unseen {
    /// The attribute that refers.
    pub(in crate::ingress) path: Path,
    /// How bad it would be if it were missing.
    pub(in crate::ingress) severity: Severity,
    /// Why.
    pub(in crate::ingress) error: ObjectError,
}

impl Unseen {
    /// Whether an apply that goes on would write blindly. An identity that may never look is no reason to stop: it was told
    /// so at plan. A cluster that failed to answer is one, since the next run will see.
    pub(in crate::ingress) fn stops_an_apply(&self) -> bool {
        self.severity == Severity::Error && !is_forbidden(&self.error)
    }
}

impl Ingress {
    /// Whether everything that the objects refer to is there, and fits. In an apply, before the first write, the last word.
    /// The answer is what could not be seen, each cause once: a cluster that is away is away for every reference.
    pub(in crate::ingress) async fn look_at_references(
        &self,
        objects: &dyn Objects,
        spec: &Spec,
        planning: Planning,
        diagnostics: &mut Diagnostics,
    ) -> Vec<Unseen> {
        let level = self.runtime.checks().references.into_known();
        if objects.backend() == Backend::Folder {
            if planning != Planning::Nothing && level != Some(CheckLevel::Off) {
                diagnostics.finding(&no_cluster(spec, objects));
            }
            return Vec::new();
        }
        let mut unseen: Vec<Unseen> = Vec::new();
        for reference in references::of(spec) {
            let Some(severity) = severity(planning, level, &reference) else { continue };
            match self.judge(objects, spec, &reference, planning).await {
                Ok(findings) => {
                    let candidates = ids_of(&spec.namespace, &reference);
                    let in_this_run = candidates.iter().any(|id| self.runtime.claims().is_planned(id));
                    let severity = if in_this_run { Severity::Warning } else { severity };
                    for finding in findings {
                        diagnostics.finding(&finding.severity(severity));
                    }
                }
                Err(error) => match unseen.iter_mut().find(|known| known.error.cause == error.cause) {
                    Some(known) => known.severity = known.severity.max(severity),
                    None => unseen.push(Unseen { path: reference.path.clone(), severity, error }),
                },
            }
        }
        unseen
    }

    /// What is wrong with one reference. Nobody is refused for what only a list does not have.
    async fn judge(
        &self,
        objects: &dyn Objects,
        spec: &Spec,
        reference: &Reference,
        planning: Planning,
    ) -> Result<Vec<Finding>, ObjectError> {
        let (survey, namespace) = (self.runtime.survey(), spec.namespace.as_str());
        let confirm = planning != Planning::Nothing;
        let age = if confirm { Age::Now } else { Age::Recent };
        Ok(match &reference.target {
            Target::Middleware { joined } => {
                let missing = match survey.middlewares(objects).await {
                    Ok(listed) if !confirm => listed.names.missing(joined),
                    Ok(listed) => missing(objects, &listed.names, joined).await?,
                    Err(error) if is_forbidden(&error) => missing(objects, &Middlewares::default(), joined).await?,
                    Err(error) => return Err(error),
                };
                missing.map(|missing| references::judge_missing(reference, &missing)).into_iter().collect()
            }
            Target::Service { name, .. } => {
                let found = survey.service(objects, namespace, name, confirm).await?;
                let mut finding = references::judge(namespace, reference, found.as_ref());
                if confirm && finding.is_some() && found.is_some() {
                    // Its ports may be of a moment ago.
                    let live = objects.get(&kinds::SERVICE.object(namespace, name)).await?;
                    finding = references::judge(namespace, reference, live.as_ref().map(|live| &live.object));
                }
                finding.into_iter().collect()
            }
            Target::TlsSecret { name } => {
                let found = survey.certificate(objects, namespace, name, age).await?;
                match (references::judge(namespace, reference, found.as_ref()), found) {
                    (None, Some(secret)) => {
                        references::judge_certificate(namespace, reference, &secret, &hosts_of(spec), now())
                    }
                    (finding, _) => finding.into_iter().collect(),
                }
            }
        })
    }
}

/// What is missing for a router that names `joined`, given those that are known; the others are looked up by name.
async fn missing(objects: &dyn Objects, known: &Middlewares, joined: &str) -> Result<Option<Missing>, ObjectError> {
    let Some(mut missing) = known.missing(joined) else { return Ok(None) };
    let mut known = known.clone();
    loop {
        let Some(found) = find(objects, &missing.joined).await? else { return Ok(Some(missing)) };
        known.add_as(&missing.joined, &found);
        match known.missing(joined) {
            Some(next) => missing = next,
            None => return Ok(None),
        }
    }
}

/// The first Middleware that the joined name may stand for.
async fn find(objects: &dyn Objects, joined: &str) -> Result<Option<serde_json::Value>, ObjectError> {
    let mut unseen = None;
    for id in middlewares_of(joined) {
        match objects.get(&id).await {
            Ok(Some(live)) => return Ok(Some(live.object)),
            // Without Traefik's definitions there is no middleware either: the routers would be dropped.
            Ok(None) | Err(ObjectError { cause: Cause::NoSuchKind { .. }, .. }) => {}
            // The right namespace may be one of the others.
            Err(error) if is_forbidden(&error) => unseen = unseen.or(Some(error)),
            Err(error) => return Err(error),
        }
    }
    unseen.map_or(Ok(None), Err)
}

fn middlewares_of(joined: &str) -> Vec<ObjectId> {
    let candidates = references::candidates(joined).into_iter();
    candidates.map(|(namespace, name)| kinds::MIDDLEWARE.object(&namespace, &name)).collect()
}

/// A middleware that is missing takes the gate away with its router, so it is never silent.
fn severity(planning: Planning, level: Option<CheckLevel>, reference: &Reference) -> Option<Severity> {
    let is_middleware = matches!(reference.target, Target::Middleware { .. });
    planning.severity(level).or_else(|| is_middleware.then_some(Severity::Warning))
}

/// The objects that a reference may be.
fn ids_of(namespace: &str, reference: &Reference) -> Vec<ObjectId> {
    match &reference.target {
        Target::Middleware { joined } => middlewares_of(joined),
        Target::Service { name, .. } => vec![kinds::SERVICE.object(namespace, name)],
        Target::TlsSecret { name } => vec![kinds::SECRET.object(namespace, name)],
    }
}

fn no_cluster(spec: &Spec, objects: &dyn Objects) -> Finding {
    let observed = format!(
        "Objects go to {}: there is no cluster to ask whether middlewares, services and certificates exist.",
        objects.place()
    );
    Finding::new(codes::NOT_CHECKED, spec.host.clone(), observed)
        .clears("Set references to \"off\" in the provider's checks block where that is meant.")
}

/// The time of this machine, by which browsers beside it judge as well.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
