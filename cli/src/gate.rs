//! `homelab gate`: the verdicts of `homelab_upgrade_gate` at the prompt, and the evidence for them.
//!
//! # Forces
//!
//! - One engine judges here and in the provider; what the attributes of the resource say is said with flags here.
//! - What is asked ([`question`]) and where the evidence comes from ([`sources`]) are the same words for every verb.
//! - What could not be seen is said and is never green: exit 3.

pub(crate) mod capture;
pub(crate) mod check;
pub(crate) mod facts;
mod format;
mod monitoring;
mod night;
pub(crate) mod push;
pub(crate) mod question;
pub(crate) mod record;
pub(crate) mod report;
pub(crate) mod sources;

use homelab_core::exit::Exit;

use crate::args::{Gate, GateVerb};
use crate::output::{Failure, Printer};

pub(crate) fn run(options: Gate, printer: &Printer) -> Result<Exit, Failure> {
    match options.verb {
        GateVerb::Check(options) => check::run(&options, printer),
        GateVerb::Capture(options) => capture::run(&options, printer),
        GateVerb::Record(options) => record::run(&options, printer),
        GateVerb::Report(options) => report::run(&options, printer),
        GateVerb::Facts(options) => facts::run(&options, printer),
        GateVerb::Push(options) => push::run(&options, printer),
    }
}
