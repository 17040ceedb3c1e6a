//! What every call may know of its surroundings.

use tokio_util::sync::CancellationToken;

/// The surroundings of one call.
#[derive(Clone, Debug, Default)]
pub struct Context {
    /// Cancelled when Terraform sends `Stop` (Ctrl-C). Whatever waits must race against it and then answer with what
    /// it has: the call is still expected to return.
    ///
    /// There is one token per process: Terraform starts a process per run, so a call after `Stop` (the rest of the graph
    /// that core still walks) finds it cancelled and begins nothing.
    pub cancelled: CancellationToken,
    /// Whether the client keeps write-only values out of state (Terraform and OpenTofu from 1.11).
    pub write_only_allowed: bool,
    /// In a delete: whether this is the first half of a replacement (destroy, then create), whose private is that of
    /// the create's plan. A destroy of its own, and that of a deposed object, has what
    /// [`crate::Resource::plan_destroy`] noted.
    pub replacement: bool,
}
