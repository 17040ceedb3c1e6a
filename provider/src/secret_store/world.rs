//! What the plan and the apply ask the cluster: is the operator there, and is what the store logs in with.

use homelab_backends::objects::{ApplyRequest, Backend, Cause, Kind, ObjectError, Objects, kinds};
use homelab_backends::vault::MountKind;
use homelab_core::finding::{Finding, Severity, secret as codes};
use homelab_core::store::mount::{self, Engine};
use homelab_core::store::references::{self, Wanted, WantedKind};
use homelab_core::store::render;
use homelab_cty::Path;
use homelab_plugin::{Context, Diagnostics};
use homelab_schema::provider::CheckLevel;
use homelab_schema::secret_store::SecretStore as Declared;

use super::{SecretStore, TYPE, id_of};
use crate::Report;
use crate::adoption::try_out;
use crate::findings::{Findings, Planning};

impl SecretStore {
    /// Looks at the world for a plan: it may add diagnostics and changes no value.
    pub(super) async fn look(
        &self,
        cx: &Context,
        planned: &Declared,
        planning: Planning,
        diagnostics: &mut Diagnostics,
    ) {
        let objects = match self.runtime.objects(cx) {
            Ok(objects) => objects,
            Err(error) => {
                if planning != Planning::Nothing {
                    diagnostics.not_checked(Path::root(), "references and admission", &error);
                }
                return;
            }
        };
        let is_served = self.look_at_references(objects.as_ref(), planned, planning, false, diagnostics).await;
        if planning != Planning::Nothing && self.runtime.checks().preflight.known() != Some(&CheckLevel::Off) {
            self.look_at_mount(planned, diagnostics).await;
        }
        if is_served && planning != Planning::Nothing && !diagnostics.has_errors() {
            let level = self.runtime.checks().admission.into_known().unwrap_or(CheckLevel::Error);
            let Some(request) = self.request(planned) else { return };
            try_out(objects.as_ref(), &request, level, attribute, diagnostics).await;
        }
    }

    /// Whether everything that the store needs is there; answers whether it could be written at all. `insist` takes a cluster
    /// that fails to answer for an error: nothing is written without having looked.
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
                    "Objects go to {}: there is no cluster to ask whether what the store refers to exists.",
                    objects.place()
                );
                let finding = Finding::new(codes::NOT_CHECKED, objects.place(), observed)
                    .clears("Set references to \"off\" in the provider's checks block where that is meant.");
                diagnostics.finding(&finding);
            }
            return true;
        }
        let Some(id) = id_of(model) else { return false };
        // Without the operator's definitions nothing can be written, whatever `checks` says: only a create may hope that
        // they come in the same run.
        let missing = if planning == Planning::Create { Severity::Warning } else { Severity::Error };
        match objects.served_version(id.kind).await {
            Ok(_) => {}
            Err(ObjectError { cause: Cause::NoSuchKind { mut served, kind }, .. }) => {
                // The group is served in a version that we know, for other kinds: this one is not there at all.
                if served.iter().any(|version| kind.versions.contains(&version.as_str())) {
                    served.clear();
                }
                diagnostics.finding(&references::no_crd(model, &served).severity(missing).at(Path::attr("kind")));
                return false;
            }
            Err(error) => {
                diagnostics.unseen(Path::root(), "references", &error, insist);
                return false;
            }
        }
        if let Some(severity) = planning.severity(level) {
            for wanted in references::wanted(model) {
                look_at(objects, &wanted, severity, insist, diagnostics).await;
            }
        }
        true
    }

    /// Whether the engine is what the store takes it for, as far as the provider's own Vault tells. It may be another Vault.
    async fn look_at_mount(&self, model: &Declared, diagnostics: &mut Diagnostics) {
        // Without a `vault` block nobody wants to know; with one that is not known yet, nobody can.
        let Ok(vault) = self.runtime.vault() else { return };
        let namespace = self.runtime.vault_namespace();
        let Some(path) = mount::asked(model, namespace.as_deref()) else { return };
        let found = match vault.mount(path).await {
            Ok(found) => found.map(engine),
            Err(error) => {
                let summary = format!("Not checked: the engine at {path}");
                diagnostics.warning(Path::attr("vault").then_attr("path"), summary, format!("Failed to {error}."));
                return;
            }
        };
        if let Some(finding) = mount::judge(model, found.as_ref(), vault.address()) {
            diagnostics.finding(&finding);
        }
    }

    /// What is asked of the backend; `None` while a part of the object is unknown. The mark is one of a new creation.
    pub(super) fn request(&self, model: &Declared) -> Option<ApplyRequest> {
        let id = id_of(model)?;
        let mark = self.runtime.mark(TYPE, id.namespace.as_deref().unwrap_or("*"), &id.name);
        Some(ApplyRequest::new(id, render::render(model)?, mark))
    }
}

/// Whether one object that the store refers to is there. The values that come with a Secret are dropped here.
async fn look_at(
    objects: &dyn Objects,
    wanted: &Wanted,
    severity: Severity,
    insist: bool,
    diagnostics: &mut Diagnostics,
) {
    let id = kind_of(wanted.kind).object(&wanted.namespace, &wanted.name);
    match objects.get(&id).await {
        Ok(live) => {
            if let Some(finding) = wanted.missing(live.as_ref().map(|live| &live.object)) {
                diagnostics.finding(&finding.severity(severity));
            }
        }
        Err(error) => diagnostics.unseen(wanted.path.clone(), &id.to_string(), &error, insist),
    }
}

fn engine(kind: MountKind) -> Engine {
    match kind {
        MountKind::KvV1 => Engine::KvV1,
        MountKind::KvV2 => Engine::KvV2,
        MountKind::Database => Engine::Database,
        MountKind::Other(kind) => Engine::Other(kind),
    }
}

fn kind_of(kind: WantedKind) -> Kind {
    match kind {
        WantedKind::Secret => kinds::SECRET,
        WantedKind::ConfigMap => kinds::CONFIG_MAP,
        WantedKind::ServiceAccount => kinds::SERVICE_ACCOUNT,
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
        ("spec.retrySettings", "retry_settings"),
        ("spec.controller", "controller"),
        ("spec.conditions", "conditions"),
        ("spec.provider", "vault"),
        ("metadata.annotations", "annotations"),
        ("metadata.labels", "labels"),
        ("metadata.namespace", "namespace"),
        ("metadata.name", "name"),
    ];
    let field = field.unwrap_or_default().trim_start_matches('.');
    let found = known.iter().find(|(prefix, _)| field.starts_with(prefix));
    found.map_or_else(Path::root, |(_, attribute)| Path::attr(attribute))
}
