//! `homelab secrets`: all ExternalSecrets at once, and the way of their operator from one release to another.
//!
//! # Forces
//!
//! - A dead secret is silent until the workload restarts: so it is asked about from outside of any one declaration, and what
//!   could not be looked at is said and never green.
//! - What is wrong, and why, is decided in [`homelab_core::fleet`], which the data source asks too.
//! - Only `sync` writes, and only an annotation that means nothing else.

pub(crate) mod audit;
pub(crate) mod hops;
pub(crate) mod sync;
pub(crate) mod wait;

use clap::{Args, Subcommand};
use homelab_core::exit::Exit;

use crate::output::{Failure, Printer};

#[derive(Debug, Args)]
pub(crate) struct Secrets {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Every ExternalSecret: which are not there and why, who reads them, and what will go wrong next
    #[command(after_help = "Examples:\n  homelab secrets audit\n  homelab secrets audit --namespace photos --output \
                            json\n\nExit codes: 0 nothing to act on, 2 something is, 3 not everything could be looked at.")]
    Audit(audit::Options),
    /// Wait until the operator has fetched what is declared now
    #[command(after_help = "Examples:\n  homelab secrets wait photos/db photos/mail\n  homelab secrets wait --all \
                            --timeout 2m\n\nExit codes: 0 all are synced, 2 one is not, 3 one could not be looked at.")]
    Wait(wait::Options),
    /// Have the operator fetch now, and wait until it has
    #[command(after_help = "Examples:\n  homelab secrets sync photos/db\n  homelab secrets sync --namespace \
                            photos\n\nIt changes the annotation `force-sync`, and nothing else.\n\nExit codes: 0 all were \
                            fetched, 2 one was not, 3 one could not be looked at.")]
    Sync(sync::Options),
    /// The releases of the operator from one to another, in order, and what has to be done before which of them
    #[command(
        after_help = "Examples:\n  homelab secrets hops --from 0.12.1 --to 0.20.4\n  homelab secrets hops --from \
                            0.16.2 --to 0.17.0 --live\n\nExit codes: 0 nothing stands in the way, 2 something does, 3 not \
                            everything could be looked at."
    )]
    Hops(hops::Options),
}

pub(crate) fn run(secrets: &Secrets, printer: &Printer) -> Result<Exit, Failure> {
    match &secrets.verb {
        Verb::Audit(options) => audit::run(options, printer),
        Verb::Wait(options) => wait::run(options, printer),
        Verb::Sync(options) => sync::run(options, printer),
        Verb::Hops(options) => hops::run(options, printer),
    }
}
