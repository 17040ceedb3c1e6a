//! What the plan and the apply ask the cluster: is the operator there, is the store, is the Secret ours.

use homelab_backends::objects::{ApplyRequest, Backend, Cause, ObjectError, Objects, kinds};
use homelab_core::finding::{Finding, Severity, secret as codes};
use homelab_core::secret::{RESPELLED, references, render};
use homelab_cty::Path;
use homelab_plugin::{Context, Diagnostics};
use homelab_schema::external_secret::ExternalSecret as Declared;
use homelab_schema::provider::CheckLevel;

use super::preflight::id_of as store_id;
use super::seen::WHILE;
use super::{ExternalSecret, TYPE, id_of};
use crate::Report;
use crate::adoption::try_out;
use crate::findings::{Findings, Planning};

impl ExternalSecret {
    /// Looks at the world for a plan: it may add diagnostics and changes no value.
    pub(super) async fn look(
        &self,
        cx: &Context,
        prior: Option<&Declared>,
        planned: &Declared,
        planning: Planning,
        diagnostics: &mut Diagnostics,
    ) {
        if self.runtime.claims().is_applying() {
            // The apply that follows this plan asks all of it once more, before the write and with it.
            return;
        }
        let objects = match self.runtime.objects(cx) {
            Ok(objects) => objects,
            Err(error) => {
                if planning != Planning::Nothing {
                    diagnostics.not_checked(Path::root(), "references and admission", &error);
                }
                return;
            }
        };
        let objects_ref = objects.as_ref();
        let is_served = self.look_at_references(objects_ref, planned, planning, false, diagnostics).await;
        self.look_at_store_keys(objects_ref, planned, planning, false, diagnostics).await;
        self.look_at_readers(objects_ref, planned, diagnostics).await;
        if let Some(prior) = prior {
            self.may_rename(objects_ref, prior, planned, WHILE, diagnostics).await;
        }
        if is_served && planning != Planning::Nothing && !diagnostics.has_errors() {
            self.try_out(objects.as_ref(), planned, diagnostics).await;
        }
    }

    /// Whether everything that the ExternalSecret needs is there; answers whether it could be written at all. `insist` takes a
    /// cluster that fails to answer for an error: nothing is written without having looked.
    pub(super) async fn look_at_references(
        &self,
        objects: &dyn Objects,
        model: &Declared,
        planning: Planning,
        insist: bool,
        diagnostics: &mut Diagnostics,
    ) -> bool {
        let level = self.runtime.checks().references.into_known();
        if objects.backend() == Backend::Folder {
            if planning != Planning::Nothing && level != Some(CheckLevel::Off) {
                let observed = format!(
                    "Objects go to {}: there is no cluster to ask whether the store exists and whose the Secret is.",
                    objects.place()
                );
                let finding = Finding::new(codes::NOT_CHECKED, objects.place(), observed)
                    .clears("Set references to \"off\" in the provider's checks block where that is meant.");
                diagnostics.finding(&finding);
            }
            return true;
        }
        // Without the operator's definitions nothing can be written, whatever `checks` says: only a create may hope that
        // they come in the same run.
        let missing = if planning == Planning::Create { Severity::Warning } else { Severity::Error };
        match objects.served_version(kinds::EXTERNAL_SECRET).await {
            Ok(_) => {}
            Err(ObjectError { cause: Cause::NoSuchKind { mut served, kind }, .. }) => {
                // The group is served in a version that we know, for other kinds: this one is not there at all.
                if served.iter().any(|version| kind.versions.contains(&version.as_str())) {
                    served.clear();
                }
                diagnostics.finding(&references::no_crd(model, &served).severity(missing));
                return false;
            }
            Err(error) => {
                diagnostics.unseen(Path::root(), "references", &error, insist);
                return false;
            }
        }
        if let Some(severity) = planning.severity(level) {
            self.look_at_stores(objects, model, severity, insist, diagnostics).await;
            if planning != Planning::Nothing {
                self.look_at_secret(objects, model, insist, diagnostics).await;
            }
        }
        true
    }

    async fn look_at_stores(
        &self,
        objects: &dyn Objects,
        model: &Declared,
        severity: Severity,
        insist: bool,
        diagnostics: &mut Diagnostics,
    ) {
        let Some(namespace) = model.namespace.known() else { return };
        for (store, path) in references::stores(model) {
            let id = store_id(&store, namespace);
            let (seen, claims) = (self.runtime.secrets(), self.runtime.claims());
            let found = if insist { seen.settled_store(objects, &id).await } else { seen.store(objects, &id).await };
            // What this run makes or repairs is no reason to refuse.
            let is_in_hand = claims.is_planned(&id) || claims.is_changed(&id);
            let severity = if is_in_hand { Severity::Warning } else { severity };
            match found.as_deref() {
                Ok(Some(object)) => {
                    if let Some(finding) = references::store_not_valid(&store, namespace, object, &path) {
                        diagnostics.finding(&finding.severity(severity));
                    }
                }
                Ok(None) | Err(ObjectError { cause: Cause::NoSuchKind { .. }, .. }) => {
                    diagnostics.finding(&references::no_store(&store, namespace, &path).severity(severity));
                }
                Err(error) => diagnostics.unseen(path, &id.to_string(), error, insist),
            }
        }
    }

    /// Whether the operator would write over a Secret of somebody else, or could not write to it. The values that come with it
    /// are dropped here.
    async fn look_at_secret(
        &self,
        objects: &dyn Objects,
        model: &Declared,
        insist: bool,
        diagnostics: &mut Diagnostics,
    ) {
        let (Some(namespace), Some(name)) = (model.namespace.known(), model.secret_name.known()) else { return };
        let id = kinds::SECRET.object(namespace, name);
        match objects.get(&id).await {
            Ok(secret) => {
                if let Some(finding) = secret.and_then(|secret| references::secret(model, &secret.object)) {
                    diagnostics.finding(&finding);
                }
            }
            Err(error) => diagnostics.unseen(Path::attr("target"), &format!("whose {id} is"), &error, insist),
        }
    }

    /// Asks the server whether it would take the object: owners, fields of others, admission.
    async fn try_out(&self, objects: &dyn Objects, model: &Declared, diagnostics: &mut Diagnostics) {
        let level = self.runtime.checks().admission.into_known().unwrap_or(CheckLevel::Error);
        let Some(request) = self.request(model) else { return };
        try_out(objects, &request, level, attribute, diagnostics).await;
    }

    /// What is asked of the backend; `None` while a part of the object is unknown. The mark is one of a new creation.
    pub(super) fn request(&self, model: &Declared) -> Option<ApplyRequest> {
        let id = id_of(model)?;
        let mark = self.runtime.mark(TYPE, id.namespace.as_deref().unwrap_or_default(), &id.name);
        let mut request = ApplyRequest::new(id, render::render(model)?, mark);
        request.respelled = vec![RESPELLED.to_owned()];
        Some(request)
    }
}

/// The attribute that an error of the server is about.
pub(super) fn attribute(error: &ObjectError) -> Path {
    let field = match &error.cause {
        Cause::Conflict(conflicts) => conflicts.first().map(|conflict| conflict.field.as_str()),
        Cause::Invalid { fields, .. } => fields.first().map(String::as_str),
        Cause::OwnedBy(_) | Cause::ForeignFile { .. } => Some("metadata.name"),
        Cause::NamespaceMissing { .. } => Some("metadata.namespace"),
        _ => None,
    };
    let known = [
        ("spec.refreshInterval", "refresh_interval"),
        ("spec.refreshPolicy", "refresh_policy"),
        ("spec.secretStoreRef", "store"),
        ("spec.target", "target"),
        ("spec.dataFrom", "data_from"),
        ("spec.data", "data"),
        ("metadata.annotations", "annotations"),
        ("metadata.labels", "labels"),
        ("metadata.namespace", "namespace"),
        ("metadata.name", "name"),
    ];
    let field = field.unwrap_or_default().trim_start_matches('.');
    let found = known.iter().find(|(prefix, _)| field.starts_with(prefix));
    found.map_or_else(Path::root, |(_, attribute)| Path::attr(attribute))
}
