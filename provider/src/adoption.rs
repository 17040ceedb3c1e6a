//! What a plan asks the server about an object, and says of one that is there already and will be taken over.

use homelab_backends::objects::{ApplyRequest, Cause, Checked, Live, ObjectError, Objects, left_out};
use homelab_core::finding::{Finding, provider as codes};
use homelab_cty::Path;
use homelab_plugin::Diagnostics;
use homelab_schema::provider::CheckLevel;

use crate::findings::{Findings, code_of};
use crate::report::{Report, coded};

/// Asks whether the object would be taken: owners, fields of others, admission. `level` is how bad a refusal by admission
/// is; with [`CheckLevel::Off`] nothing is tried. `attribute` blames one for an error.
pub(crate) async fn try_out(
    objects: &dyn Objects,
    request: &ApplyRequest,
    level: CheckLevel,
    attribute: impl Fn(&ObjectError) -> Path,
    diagnostics: &mut Diagnostics,
) {
    if level == CheckLevel::Off {
        return look_and_name(objects, request, diagnostics).await;
    }
    let error = match objects.check(request).await {
        Ok(Checked::Passed) => return,
        Ok(Checked::Adopts(live)) => return name_left_out(&live, request, diagnostics),
        Ok(Checked::Not { reason }) => {
            let detail = format!("{}: {reason}.", request.id);
            diagnostics.warning(Path::root(), "Not checked: admission", detail);
            return look_and_name(objects, request, diagnostics).await;
        }
        Err(error) => error,
    };
    if error.is_blind() {
        return diagnostics.not_checked(Path::root(), "admission", &error);
    }
    look_and_name(objects, request, diagnostics).await;
    if level == CheckLevel::Warn && matches!(error.cause, Cause::Admission { .. }) {
        diagnostics.warning(Path::root(), coded(code_of(&error.cause), error.summary()), error.detail());
    } else {
        diagnostics.object_error(attribute(&error), &error);
    }
}

/// The same for an object that the check did not bring along. What cannot be read is for the check to say.
async fn look_and_name(objects: &dyn Objects, request: &ApplyRequest, diagnostics: &mut Diagnostics) {
    if let Ok(Some(live)) = objects.read(&request.id).await {
        name_left_out(&live, request, diagnostics);
    }
}

/// Names what the first apply removes from an object that we have never written to.
fn name_left_out(live: &Live, request: &ApplyRequest, diagnostics: &mut Diagnostics) {
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
