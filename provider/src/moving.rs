//! Taking over the state of another provider's resource, for every resource alike.

use homelab_core::manifest::{self, MoveError};
use homelab_cty::Path;
use homelab_plugin::{Diagnostics, MoveFrom, Private, State};
use serde_json::Value;

/// What `from_state` makes of the source's state. `None` without an error where the source is none that we know; it starts
/// without notes, and the next read fills in what the source did not have.
pub(crate) fn taken_over<M>(
    request: &MoveFrom<'_>,
    from_state: impl FnOnce(&str, &Value) -> Result<Option<M>, MoveError>,
    diagnostics: &mut Diagnostics,
) -> Option<State<M>> {
    if !manifest::is_known_provider(request.provider, request.type_name) {
        return None;
    }
    match from_state(request.type_name, request.state) {
        Ok(model) => model.map(|model| State { model, private: Private::new() }),
        Err(error) => {
            let detail = format!("Failed to take over the state of a {}: {error}.", request.type_name);
            diagnostics.error(Path::root(), "State cannot be taken over", detail);
            None
        }
    }
}
