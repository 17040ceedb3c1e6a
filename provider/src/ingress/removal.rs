//! Removing what is not declared any more, or all of it.
//!
//! Open doors go first and what they referred to goes last. A Middleware goes only when nobody in the whole cluster names
//! it: Traefik drops every router that names a missing one, and with it the gate that the router had. That is asked twice,
//! before anything is touched (so that a removal that cannot be finished is not begun), and again once our own Ingresses
//! have let go.

use std::collections::BTreeSet;
use std::time::Duration;

use homelab_backends::objects::{DeleteRequest, FieldsRequest, ObjectError, Objects};
use homelab_backends::references::Referrer;
use homelab_core::finding::{Finding, ingress as codes};
use homelab_core::ingress::render::RenderedKind;
use homelab_cty::Path;
use homelab_plugin::Diagnostics;
use serde_json::json;

use super::Ingress;
use super::notes::manager;
use super::parts::Part;
use crate::Report;
use crate::deletion::{creation_of, delete};
use crate::findings::Findings;

/// How old an answer to "who names it" may be before anything is touched. The second question is always fresh.
const FIRST_LOOK: Duration = Duration::from_secs(30);

/// Whose objects are removed.
#[derive(Clone)]
pub(super) struct Removal<'a> {
    pub(super) objects: &'a dyn Objects,
    pub(super) namespace: &'a str,
    /// Name of the resource.
    pub(super) name: &'a str,
    /// Owner in the marks of its objects.
    pub(super) owner: &'a str,
    /// The creation that the notes remember; `None` for a state that was never applied.
    pub(super) creation: Option<String>,
}

impl Ingress {
    /// Whether the middlewares among `doomed` can go as far as others are concerned; `own` are the Ingresses that will have
    /// let go of them by then. `None` with an error.
    pub(super) async fn insist_unreferenced(
        &self,
        removal: &Removal<'_>,
        doomed: &[Part],
        own: &BTreeSet<Part>,
        diagnostics: &mut Diagnostics,
    ) -> Option<()> {
        let mut free = true;
        for part in doomed.iter().filter(|part| part.kind == RenderedKind::Middleware) {
            let named = self.named_by(removal, part, FIRST_LOOK, own).await;
            free &= say(removal, part, named, diagnostics);
        }
        free.then_some(())
    }

    /// Removes these in this order; answers those that are still there. Stops at the first that cannot be removed: what
    /// follows is more gated, or what it refers to.
    pub(super) async fn remove(
        &self,
        removal: &Removal<'_>,
        parts: &[Part],
        diagnostics: &mut Diagnostics,
    ) -> Vec<Part> {
        for (position, part) in parts.iter().enumerate() {
            let gone = if part.is_object() {
                self.remove_object(removal, part, diagnostics).await
            } else {
                self.release_field(removal, part, diagnostics).await
            };
            if !gone {
                return parts[position..].to_vec();
            }
        }
        Vec::new()
    }

    async fn remove_object(&self, removal: &Removal<'_>, part: &Part, diagnostics: &mut Diagnostics) -> bool {
        let id = part.id(removal.namespace);
        let kept = removal.creation.clone();
        let Ok(creation) = creation_of(removal.objects, &id, kept, removal.owner, diagnostics).await else {
            return false;
        };
        if part.kind == RenderedKind::Middleware {
            let named = self.named_by(removal, part, Duration::ZERO, &BTreeSet::new()).await;
            if !say(removal, part, named, diagnostics) {
                return false;
            }
        }
        let request = DeleteRequest::new(id, creation);
        let deleted = delete(removal.objects, &request, removal.owner, &self.runtime.claims(), diagnostics).await;
        let Ok(gone) = deleted else { return false };
        if gone && part.kind != RenderedKind::Ingress {
            // Nobody may take it for being there any more.
            self.runtime.survey().forget().await;
        }
        true
    }

    /// Lets go of our one field of somebody else's object.
    async fn release_field(&self, removal: &Removal<'_>, part: &Part, diagnostics: &mut Diagnostics) -> bool {
        let id = part.id(removal.namespace);
        let manager = manager(removal.namespace, removal.name);
        self.runtime.claims().note_write();
        match removal.objects.apply_fields(&FieldsRequest { id, fields: json!({}), manager }, false).await {
            Ok(_) => true,
            Err(error) => {
                diagnostics.object_error(Path::root(), &error);
                false
            }
        }
    }

    /// Who names the middleware, other than `own`. Nobody, where it is not there or is not ours to remove.
    async fn named_by(
        &self,
        removal: &Removal<'_>,
        part: &Part,
        max_age: Duration,
        own: &BTreeSet<Part>,
    ) -> Result<Vec<Referrer>, ObjectError> {
        let id = part.id(removal.namespace);
        let live = removal.objects.read(&id).await?;
        let ours = live.and_then(|live| live.mark()).filter(|mark| mark.owner == removal.owner);
        if ours.is_none_or(|mark| removal.creation.as_ref().is_some_and(|creation| *creation != mark.creation)) {
            return Ok(Vec::new());
        }
        let seen = self.runtime.seen();
        let all = seen.referrers(removal.objects, removal.namespace, &part.name, max_age).await?;
        let is_own = |referrer: &Referrer| {
            referrer.kind == RenderedKind::Ingress.as_str()
                && referrer.namespace == removal.namespace
                && own.contains(&Part::ingress(&referrer.name))
        };
        Ok(all.into_iter().filter(|referrer| !is_own(referrer)).collect())
    }
}

/// Says who holds a middleware; whether nobody does.
fn say(
    removal: &Removal<'_>,
    part: &Part,
    named: Result<Vec<Referrer>, ObjectError>,
    diagnostics: &mut Diagnostics,
) -> bool {
    let id = part.id(removal.namespace);
    match named {
        Ok(named) if named.is_empty() => true,
        Ok(named) => {
            let who: Vec<String> = named.iter().map(ToString::to_string).collect();
            let finding = Finding::new(codes::STILL_REFERENCED, id.to_string(), format!("It is named by {}.", who.join(", ")))
                .summary(format!("{id} cannot go yet"))
                .expected(
                    "Traefik drops every router that names a missing middleware: what it serves would be gone, or be served \
                     by a wider router without the gate.",
                );
            diagnostics.finding(&finding);
            false
        }
        Err(error) => {
            diagnostics.object_error(Path::root(), &error);
            false
        }
    }
}
