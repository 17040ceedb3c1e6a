//! What the plan and the apply ask the cluster: do references exist, and would it take the objects.

mod references;
mod routes;

use std::sync::Arc;

use homelab_backends::objects::Objects;
use homelab_core::finding::{Finding, Severity, ingress as codes};
use homelab_core::ingress::Spec;
use homelab_cty::Path;
use homelab_plugin::{Context, Diagnostics};
use homelab_schema::ingress::Ingress as Declared;
use homelab_schema::provider::CheckLevel;

pub(super) use self::references::Unseen;
use super::Ingress;
use crate::Report;
use crate::findings::Planning;

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
        if self.runtime.claims().is_applying() {
            // The apply that follows this plan asks all of it once more, with the write itself.
            return;
        }
        let Some(spec) = Spec::of(planned, &self.runtime.site()) else { return };
        let objects = match self.runtime.objects(cx) {
            Ok(objects) => objects,
            Err(error) => {
                if planning != Planning::Nothing {
                    diagnostics.not_checked(Path::root(), "references, routes of others and admission", &error);
                }
                return;
            }
        };
        for unseen in self.look_at_references(objects.as_ref(), &spec, planning, diagnostics).await {
            diagnostics.not_checked(unseen.path, "references", &unseen.error);
        }
        let unseen = self.look_at_routes(objects.as_ref(), &spec, planning, diagnostics).await;
        if let Some(unseen) = unseen.filter(|_| planning != Planning::Nothing) {
            diagnostics.not_checked(unseen.path, "routers of others on the host", &unseen.error);
        }
        if planning != Planning::Nothing && !diagnostics.has_errors() {
            self.try_out(objects.as_ref(), &spec, planning, diagnostics).await;
        }
    }
}

/// Every host that is served.
fn hosts_of(spec: &Spec) -> Vec<String> {
    spec.hosts().cloned().collect()
}

fn is_about_routes(finding: &Finding) -> bool {
    [codes::AMBIGUOUS, codes::SHADOWED, codes::WEAKER_DUPLICATE, codes::LEAKING_PREFIX].contains(&finding.code)
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
