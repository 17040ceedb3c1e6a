//! Writing the objects of a resource.

use std::collections::BTreeSet;

use homelab_backends::objects::{ApplyRequest, Cause, FieldsRequest, Live, Mark, ObjectError, Objects};
use homelab_core::ingress::Spec;
use homelab_core::ingress::render::{Rendered, RenderedKind, render_all};
use homelab_plugin::Diagnostics;

use super::Ingress;
use super::notes::{Hashes, hash_of, manager};
use super::parts::Part;
use super::try_out::attribute;
use crate::findings::code_of;
use crate::report::coded;

/// What became of a write.
#[derive(Default)]
pub(super) struct Written {
    /// Hashes of what was written.
    pub(super) hashes: Hashes,
    /// What could not be written; nothing after it was tried.
    pub(super) failed: Option<Part>,
    order: Vec<Part>,
}

impl Written {
    /// What was written, and what failed: its answer may be all that got lost.
    pub(super) fn may_exist(&self) -> impl Iterator<Item = Part> {
        self.order.iter().chain(&self.failed).cloned()
    }
}

impl Ingress {
    /// Writes all objects, up to the first that fails; the error names those that were written. `known` are probably there.
    pub(super) async fn write(
        &self,
        objects: &dyn Objects,
        spec: &Spec,
        mark: &Mark,
        known: &BTreeSet<Part>,
        diagnostics: &mut Diagnostics,
    ) -> Written {
        let manager = manager(&spec.namespace, &spec.name);
        let mut done = Written::default();
        for rendered in render_all(spec) {
            let part = Part::of(&rendered);
            let request = apply_request(spec, &rendered, mark, !known.contains(&part));
            self.runtime.claims().note_write();
            match write_one(objects, &rendered, &request, &manager).await {
                Ok(live) => {
                    if let Some(hash) = hash_of(&part, &live, objects.backend(), &manager) {
                        done.hashes.insert(part.key(), hash);
                    }
                    done.order.push(part);
                }
                Err(error) => {
                    let mut detail = error.detail();
                    if !done.order.is_empty() {
                        let names: Vec<String> =
                            done.order.iter().map(|part| format!("{} {}", part.kind.as_str(), part.name)).collect();
                        detail = format!(
                            "{detail}\n\nWritten before that, and kept: {} in {}. The next apply goes on from there.",
                            names.join(", "),
                            spec.namespace
                        );
                    }
                    let summary = coded(code_of(&error.cause), error.summary());
                    diagnostics.error(attribute(&error, spec, &rendered), summary, detail);
                    done.failed = Some(part);
                    return done;
                }
            }
        }
        done
    }
}

async fn write_one(
    objects: &dyn Objects,
    rendered: &Rendered,
    request: &ApplyRequest,
    manager: &str,
) -> Result<Live, ObjectError> {
    if rendered.kind != RenderedKind::ServiceField {
        return objects.apply(request).await.map(|applied| applied.live);
    }
    let held = objects.apply_fields(&fields_request(request, manager), false).await?;
    held.ok_or_else(|| absent(objects, request))
}

/// What is asked of the backend for an object.
pub(super) fn apply_request(spec: &Spec, rendered: &Rendered, mark: &Mark, is_new: bool) -> ApplyRequest {
    let id = Part::of(rendered).id(&spec.namespace);
    let mut request = ApplyRequest::new(id, rendered.body.clone(), mark.clone());
    request.is_new = is_new;
    request
}

/// The same for fields of somebody else's object.
pub(super) fn fields_request(request: &ApplyRequest, manager: &str) -> FieldsRequest {
    FieldsRequest { id: request.id.clone(), fields: request.object.clone(), manager: manager.to_owned() }
}

/// The error of a field whose object is not there.
pub(super) fn absent(objects: &dyn Objects, request: &ApplyRequest) -> ObjectError {
    let tried = format!("write fields of {} at {}", request.id, objects.place());
    ObjectError::new(tried, Cause::NotFound(Box::new(request.id.clone())))
}
