//! `homelab probe`: the verdicts of `homelab_carveout_probe` at the prompt.
//!
//! # Forces
//!
//! - Doors are declared once. So they are read from where they stand (a folder, a state, the objects of a cluster, a list)
//!   and only named by hand where they stand nowhere.
//! - The verdicts are the resource's: [`homelab_core::probe`] judges for both, and what flags say is laid over the declared
//!   probe before that.
//! - What could not be looked at is said and is never green: exit 3.

pub(crate) mod explain;
pub(crate) mod export;
pub(crate) mod file;
mod flags;
pub(crate) mod run;
mod sources;
mod state;
pub(crate) mod targets;

use homelab_core::exit::Exit;

use crate::args::{Probe, ProbeVerb};
use crate::output::{Failure, Printer};

pub(crate) fn run(options: Probe, printer: &Printer) -> Result<Exit, Failure> {
    match options.verb {
        ProbeVerb::Run(options) => run::run(&options, printer),
        ProbeVerb::Explain(options) => explain::run(&options, printer),
        ProbeVerb::Targets(options) => targets::run(&options, printer),
        ProbeVerb::Export(options) => export::run(&options, printer),
    }
}
