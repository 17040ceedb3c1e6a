//! Removing one object: whose it is when the state cannot say, and what is said of each outcome.

use homelab_backends::objects::{DeleteRequest, Deletion, ObjectId, Objects};
use homelab_cty::Path;
use homelab_plugin::Diagnostics;

use crate::claims::Claims;
use crate::report::Report;

/// The creation that a delete has to match: the one of the state or, of a state that was never applied by us (tainted,
/// or moved), the one in the object's own mark if its owner is `owner`. An error when the server could not be asked.
pub(crate) async fn creation_of(
    objects: &dyn Objects,
    id: &ObjectId,
    kept: Option<String>,
    owner: &str,
    diagnostics: &mut Diagnostics,
) -> Result<Option<String>, NotRemoved> {
    if kept.is_some() {
        return Ok(kept);
    }
    match objects.get(id).await {
        Ok(live) => {
            let ours = live.and_then(|live| live.mark()).filter(|mark| mark.owner == owner);
            Ok(ours.map(|mark| mark.creation))
        }
        Err(error) => {
            diagnostics.object_error(Path::root(), &error);
            Err(NotRemoved)
        }
    }
}

/// The object is still there and still ours, and the diagnostics say why.
pub(crate) struct NotRemoved;

/// Removes the object, or lets go of it where it is somebody else's by now; true if it was removed or was gone.
pub(crate) async fn delete(
    objects: &dyn Objects,
    request: &DeleteRequest,
    owner: &str,
    claims: &Claims,
    diagnostics: &mut Diagnostics,
) -> Result<bool, NotRemoved> {
    let id = &request.id;
    claims.note_write();
    let gone = match objects.delete(request).await {
        Ok(Deletion::Deleted | Deletion::Absent) => true,
        Ok(Deletion::Released { reason }) => {
            // A newer creation of the same resource has it: that is how a replacement takes over.
            if !reason.ends_with(owner) {
                diagnostics.warning(Path::root(), format!("{id} is left in place"), format!("{id}: {reason}."));
            }
            false
        }
        Ok(Deletion::Terminating { finalizers }) => {
            let detail = format!(
                "Its deletion has begun, and waits for finalizers {}. Run again when their controllers are done.",
                finalizers.join(", ")
            );
            diagnostics.error(Path::root(), format!("{id} is still being deleted"), detail);
            return Err(NotRemoved);
        }
        Err(error) => {
            diagnostics.object_error(Path::root(), &error);
            return Err(NotRemoved);
        }
    };
    claims.release(id);
    Ok(gone)
}
