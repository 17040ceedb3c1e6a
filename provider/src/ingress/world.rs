//! What the plan and the apply ask the cluster: do references exist, and would it take the objects.

use std::collections::BTreeSet;
use std::sync::Arc;

use homelab_backends::objects::{ApplyRequest, Backend, Cause, Checked, ObjectError, ObjectId, Objects, kinds};
use homelab_core::finding::{Finding, Severity, ingress as codes};
use homelab_core::ingress::references::{self, Reference, Target};
use homelab_core::ingress::{Spec, render, routes};
use homelab_cty::Path;
use homelab_plugin::{Context, Diagnostics};
use homelab_schema::ingress::Ingress as Declared;
use homelab_schema::provider::CheckLevel;
use serde_json::Value;

use super::{Ingress, TYPE, id};
use crate::Report;
use crate::adoption::name_left_out;
use crate::findings::{Findings, Planning, code_of};
use crate::report::coded;

impl Ingress {
    /// Findings about routes, as bad as the provider's `checks` have it: what is exposed by them is never silent. On a
    /// resource that stays as it is they are warnings, since an error would block the plan that repairs it.
    pub(super) fn routes_as_asked(&self, findings: Vec<Finding>, planning: Planning) -> Vec<Finding> {
        let level = self.runtime.checks().routes.into_known();
        let is_lenient = planning == Planning::Nothing || matches!(level, Some(CheckLevel::Warn | CheckLevel::Off));
        let as_asked = |finding: Finding| {
            if is_lenient && is_about_routes(&finding) { finding.severity(Severity::Warning) } else { finding }
        };
        findings.into_iter().map(as_asked).collect()
    }

    /// Looks at the world for a plan: it may add diagnostics and changes no value.
    pub(super) async fn look(
        &self,
        cx: &Context,
        planned: &Declared,
        planning: Planning,
        diagnostics: &mut Diagnostics,
    ) {
        let Some(spec) = Spec::of(planned, &self.runtime.site()) else { return };
        let objects = match self.runtime.objects(cx) {
            Ok(objects) => objects,
            Err(error) => {
                if planning != Planning::Nothing {
                    diagnostics.not_checked(Path::root(), "references and admission", &error);
                }
                return;
            }
        };
        self.look_at_references(objects.as_ref(), &spec, planning, diagnostics).await;
        if planning != Planning::Nothing && !diagnostics.has_errors() {
            self.try_out(objects.as_ref(), &spec, diagnostics).await;
        }
    }

    /// Whether everything that the objects refer to is there. In an apply, before the first write, the last word.
    pub(super) async fn look_at_references(
        &self,
        objects: &dyn Objects,
        spec: &Spec,
        planning: Planning,
        diagnostics: &mut Diagnostics,
    ) {
        let level = self.runtime.checks().references.into_known();
        if objects.backend() == Backend::Folder {
            if planning != Planning::Nothing && level != Some(CheckLevel::Off) {
                let finding = Finding::new(
                    codes::NOT_CHECKED,
                    spec.host.clone(),
                    format!(
                        "Objects go to {}: there is no cluster to ask whether middlewares, services and certificates exist.",
                        objects.place()
                    ),
                )
                .clears("Set references to \"off\" in the provider's checks block where that is meant.");
                diagnostics.finding(&finding);
            }
            return;
        }
        // One sentence per cause: a cluster that is away is away for every reference.
        let mut unseen = BTreeSet::new();
        for reference in references::of(spec) {
            let Some(severity) = severity(planning, level, &reference) else { continue };
            let candidates = ids_of(&spec.namespace, &reference);
            let found = match find(objects, &candidates).await {
                Ok(found) => found,
                Err(error) => {
                    if unseen.insert(error.cause.to_string()) {
                        diagnostics.not_checked(reference.path.clone(), "references", &error);
                    }
                    continue;
                }
            };
            if let Some(finding) = references::judge(&spec.namespace, &reference, found.as_ref()) {
                let in_this_run = candidates.iter().any(|id| self.runtime.claims().is_planned(id));
                let severity = if in_this_run { Severity::Warning } else { severity };
                diagnostics.finding(&finding.severity(severity));
            }
        }
    }

    /// Asks the server whether it would take the objects: owners, fields of others, admission.
    async fn try_out(&self, objects: &dyn Objects, spec: &Spec, diagnostics: &mut Diagnostics) {
        let level = self.runtime.checks().admission.into_known().unwrap_or(CheckLevel::Error);
        let mark = self.runtime.mark(TYPE, &spec.namespace, &spec.name);
        for door in &spec.doors {
            let request =
                ApplyRequest::new(id(&spec.namespace, &door.object), render::render(spec, door), mark.clone());
            name_left_out(objects, &request, diagnostics).await;
            if level == CheckLevel::Off {
                continue;
            }
            match objects.check(&request).await {
                Ok(Checked::Passed) => {}
                Ok(Checked::Not { reason }) => {
                    diagnostics.warning(Path::root(), "Not checked: admission", format!("{}: {reason}.", request.id));
                }
                Err(error) if error.is_blind() => diagnostics.not_checked(Path::root(), "admission", &error),
                Err(error) if level == CheckLevel::Warn && matches!(error.cause, Cause::Admission { .. }) => {
                    diagnostics.warning(Path::root(), coded(code_of(&error.cause), error.summary()), error.detail());
                }
                Err(error) => diagnostics.object_error(attribute(&error, door), &error),
            }
        }
    }
}

/// The attribute that an error of the server is about.
pub(super) fn attribute(error: &ObjectError, door: &homelab_core::ingress::Door) -> Path {
    let field = match &error.cause {
        Cause::Conflict(conflicts) => conflicts.first().map(|conflict| conflict.field.as_str()),
        Cause::Invalid { fields, .. } => fields.first().map(String::as_str),
        Cause::OwnedBy(_) | Cause::ForeignFile { .. } => Some("metadata.name"),
        Cause::NamespaceMissing { .. } => Some("metadata.namespace"),
        _ => None,
    };
    field.map_or_else(Path::root, |field| routes::attribute_of(door, field))
}

fn is_about_routes(finding: &Finding) -> bool {
    [codes::AMBIGUOUS, codes::SHADOWED].contains(&finding.code)
}

/// A middleware that is missing takes the gate away with its router, so it is never silent.
fn severity(planning: Planning, level: Option<CheckLevel>, reference: &Reference) -> Option<Severity> {
    let is_middleware = matches!(reference.target, Target::Middleware { .. });
    planning.severity(level).or_else(|| is_middleware.then_some(Severity::Warning))
}

/// The objects that a reference may be.
fn ids_of(namespace: &str, reference: &Reference) -> Vec<ObjectId> {
    match &reference.target {
        Target::Middleware { joined } => {
            let candidates = references::candidates(joined).into_iter();
            candidates.map(|(namespace, name)| kinds::MIDDLEWARE.object(&namespace, &name)).collect()
        }
        Target::Service { name, .. } => vec![kinds::SERVICE.object(namespace, name)],
        Target::TlsSecret { name } => vec![kinds::SECRET.object(namespace, name)],
    }
}

/// The first of the candidates that is there.
async fn find(objects: &dyn Objects, candidates: &[ObjectId]) -> Result<Option<Value>, ObjectError> {
    for candidate in candidates {
        match objects.read(candidate).await {
            Ok(Some(live)) => return Ok(Some(live.object)),
            // Without Traefik's definitions there is no middleware either: the routers would be dropped.
            Ok(None) | Err(ObjectError { cause: Cause::NoSuchKind { .. }, .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

/// The objects, or an error that stops the call.
pub(super) fn reach(this: &Ingress, cx: &Context, diagnostics: &mut Diagnostics) -> Option<Arc<dyn Objects>> {
    match this.runtime.objects(cx) {
        Ok(objects) => Some(objects),
        Err(error) => {
            diagnostics.object_error(Path::root(), &error);
            None
        }
    }
}
