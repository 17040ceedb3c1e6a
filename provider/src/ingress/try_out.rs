//! The dry run: would the cluster take the objects?

use homelab_backends::objects::{Cause, ObjectError, Objects};
use homelab_core::ingress::render::{Rendered, RenderedKind, render_all};
use homelab_core::ingress::{Spec, routes};
use homelab_cty::Path;
use homelab_plugin::Diagnostics;
use homelab_schema::provider::CheckLevel;

use super::notes::manager;
use super::write::{apply_request, fields_request};
use super::{Ingress, TYPE};
use crate::Report;
use crate::adoption::try_out;
use crate::findings::Planning;

impl Ingress {
    /// Asks the server whether it would take the objects: owners, fields of others, admission.
    pub(super) async fn try_out(
        &self,
        objects: &dyn Objects,
        spec: &Spec,
        planning: Planning,
        diagnostics: &mut Diagnostics,
    ) {
        let level = self.runtime.checks().admission.into_known().unwrap_or(CheckLevel::Error);
        let mark = self.runtime.mark(TYPE, &spec.namespace, &spec.name);
        for rendered in render_all(spec) {
            let request = apply_request(spec, &rendered, &mark, planning == Planning::Create);
            let blame = |error: &ObjectError| attribute(error, spec, &rendered);
            if rendered.kind != RenderedKind::ServiceField {
                try_out(objects, &request, level, blame, diagnostics).await;
                continue;
            }
            let manager = manager(&spec.namespace, &spec.name);
            match objects.apply_fields(&fields_request(&request, &manager), true).await {
                // Whether the Service is there is for the references to say.
                Ok(_) => {}
                Err(error) if error.is_blind() => diagnostics.not_checked(Path::root(), "admission", &error),
                Err(error) => diagnostics.object_error(blame(&error), &error),
            }
        }
    }
}

/// The attribute that an error of the server is about.
pub(super) fn attribute(error: &ObjectError, spec: &Spec, rendered: &Rendered) -> Path {
    let door = rendered.door.and_then(|index| spec.doors.get(index));
    let field = match &error.cause {
        Cause::Conflict(conflicts) => conflicts.first().map(|conflict| conflict.field.as_str()),
        Cause::Invalid { fields, .. } => fields.first().map(String::as_str),
        Cause::OwnedBy(_) | Cause::ForeignFile { .. } => Some("metadata.name"),
        Cause::NamespaceMissing { .. } => return Path::attr("namespace"),
        _ => None,
    };
    match rendered.kind {
        RenderedKind::Ingress => match (field, door) {
            (Some(field), Some(door)) => routes::attribute_of(door, field),
            _ => Path::root(),
        },
        RenderedKind::Service => Path::attr("external_name"),
        RenderedKind::ServiceField => Path::attr("service").then_attr("scheme"),
        RenderedKind::Middleware => {
            let argument = spec.own.iter().find(|own| own.name == rendered.name).map(|own| own.argument);
            let path = match (argument, door) {
                (Some(argument), Some(door)) => door.at(argument),
                (Some(argument), None) => Path::attr(argument),
                (None, _) => return Path::root(),
            };
            // Terraform points into a block, never at it.
            let part = ["average", "burst"].into_iter().find(|part| field.is_some_and(|field| field.ends_with(part)));
            part.map_or(path.clone(), |part| path.then_attr(part))
        }
    }
}
