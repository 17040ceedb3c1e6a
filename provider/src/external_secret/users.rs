//! Who uses the Secret: pods that must not lose it, and workloads that would not notice a change.

use std::time::Duration;

use homelab_backends::objects::{Backend, Objects};
use homelab_core::finding::Severity;
use homelab_core::secret::users::Going;
use homelab_core::secret::{references, users};
use homelab_cty::Path;
use homelab_plugin::{Context, Diagnostics};
use homelab_schema::external_secret::ExternalSecret as Declared;

use super::ExternalSecret;
use super::seen::WHILE;
use crate::Report;
use crate::findings::Findings;

impl ExternalSecret {
    /// Whether running pods use a Secret that goes with the ExternalSecret. At plan it is a warning: a destroy of everything
    /// takes the pods first.
    pub(super) async fn look_at_destroy(&self, cx: &Context, prior: &Declared, diagnostics: &mut Diagnostics) {
        let Ok(objects) = self.runtime.objects(cx) else { return };
        self.insist_unused(objects.as_ref(), prior, Going::Destroyed, Severity::Warning, WHILE, diagnostics).await;
    }

    /// Whether a destroy may take the Secret along; says why it may not.
    pub(super) async fn may_destroy(
        &self,
        objects: &dyn Objects,
        prior: &Declared,
        diagnostics: &mut Diagnostics,
    ) -> bool {
        self.insist_unused(objects, prior, Going::Destroyed, Severity::Error, Duration::ZERO, diagnostics).await
    }

    /// Whether a change may let the operator delete the Secret of the target's old name; says why it may not.
    pub(super) async fn may_rename(
        &self,
        objects: &dyn Objects,
        prior: &Declared,
        planned: &Declared,
        max_age: Duration,
        diagnostics: &mut Diagnostics,
    ) -> bool {
        let names = (prior.secret_name.known(), planned.secret_name.known());
        let goes = matches!(names, (Some(old), Some(new)) if old != new)
            && references::is_owner(prior)
            && references::is_owner(planned);
        if !goes {
            return true;
        }
        let prior = &Declared { force_destroy: planned.force_destroy, ..prior.clone() };
        self.insist_unused(objects, prior, Going::Renamed, Severity::Error, max_age, diagnostics).await
    }

    async fn insist_unused(
        &self,
        objects: &dyn Objects,
        prior: &Declared,
        going: Going,
        severity: Severity,
        max_age: Duration,
        diagnostics: &mut Diagnostics,
    ) -> bool {
        let goes = going == Going::Renamed || users::goes_with(prior);
        if !goes || prior.force_destroy.known() == Some(&true) || objects.backend() == Backend::Folder {
            return true;
        }
        let (Some(namespace), Some(name)) = (prior.namespace.known(), prior.secret_name.known()) else { return true };
        match self.runtime.secrets().pods(objects, namespace, max_age).await {
            Ok(pods) => match users::in_use(prior, name, &pods, going) {
                Some(finding) => {
                    diagnostics.finding(&finding.severity(severity));
                    severity != Severity::Error
                }
                None => true,
            },
            // What nobody may look at is nobody's to guard.
            Err(error) => {
                diagnostics.not_checked(
                    Path::attr("force_destroy"),
                    &format!("whether pods use the Secret {name}"),
                    &error,
                );
                true
            }
        }
    }

    /// Workloads that read the Secret at start and that nothing restarts, where `reload` is wanted.
    pub(super) async fn look_at_readers(&self, objects: &dyn Objects, model: &Declared, diagnostics: &mut Diagnostics) {
        if model.reload.known() != Some(&true) || objects.backend() == Backend::Folder {
            return;
        }
        let (Some(namespace), Some(name)) = (model.namespace.known(), model.secret_name.known()) else { return };
        match self.runtime.secrets().workloads(objects, namespace).await {
            Ok(workloads) => {
                if let Some(finding) = users::unnoticed(model, name, &workloads) {
                    diagnostics.finding(&finding);
                }
            }
            Err(error) => diagnostics.not_checked(Path::attr("reload"), "who reads the Secret", &error),
        }
    }
}
