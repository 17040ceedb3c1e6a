//! What a plan says about an object that is there already and will be taken over.

use homelab_backends::objects::{ApplyRequest, Objects, left_out};
use homelab_core::finding::{Finding, provider as codes};
use homelab_plugin::Diagnostics;

use crate::Findings;

/// Names what the first apply removes from an object that we have never written to. What cannot be read is for the check
/// that follows to say.
pub(crate) async fn name_left_out(objects: &dyn Objects, request: &ApplyRequest, diagnostics: &mut Diagnostics) {
    let Ok(Some(live)) = objects.read(&request.id).await else { return };
    if live.mark().is_some() {
        return;
    }
    let fields = left_out(&live.object, &request.object);
    if fields.is_empty() {
        return;
    }
    let observed = format!("{} is there already, and the apply takes it over.", request.id);
    let finding = Finding::new(codes::LEFT_OUT, request.id.to_string(), observed)
        .expected(format!("It removes what was written to it and is not declared: {}.", fields.join(", ")));
    diagnostics.finding(&finding);
}
