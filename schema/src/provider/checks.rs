//! What a plan may refuse.

use crate::prelude::*;

/// What a plan may refuse: `error` refuses, `warn` says so, `off` does not look. What would leave something exposed is never
/// below `warn`.
#[derive(Clone, Debug, Default, PartialEq, Model, JsonSchema)]
pub struct Checks {
    /// Middlewares, services, ports and certificates that are named but not there. Left out, a create warns at plan (they may
    /// be made in the same run) and fails in apply before the first write, and an update is refused at plan; `error`
    /// makes creates as strict. Environment: `HOMELAB_CHECKS_REFERENCES`.
    #[model(optional)]
    pub references: Attr<CheckLevel>,
    /// Routes that are ambiguous, shadowed, leaking or weaker than another. Environment: `HOMELAB_CHECKS_ROUTES`. Default:
    /// `error`.
    #[model(optional)]
    pub routes: Attr<CheckLevel>,
    /// DNS records of that name that are not ours. Left out, they refuse the plan, except that on a create the record of
    /// another resource of this provider is a warning (it may go in the same run) and refused in apply before the first
    /// write. Whatever is set here, a record of somebody else is only overwritten with `dns_overwrite`. Environment:
    /// `HOMELAB_CHECKS_DNS`.
    #[model(optional)]
    pub dns: Attr<CheckLevel>,
    /// Keys of the store that are named but not there. Left out, it is as for `references`. Environment:
    /// `HOMELAB_CHECKS_PREFLIGHT`.
    #[model(optional)]
    pub preflight: Attr<CheckLevel>,
    /// What the cluster's dry run refuses. Environment: `HOMELAB_CHECKS_ADMISSION`. Default: `error`.
    #[model(optional)]
    pub admission: Attr<CheckLevel>,
}

/// What a finding does to a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Leaf, JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub enum CheckLevel {
    /// It refuses the plan.
    Error,
    /// It is a warning.
    Warn,
    /// It is not looked for.
    Off,
}
