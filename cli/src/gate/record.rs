//! `homelab gate record`: the settings of now, to be compared after an upgrade.

use clap::Args;
use homelab_core::exit::Exit;
use homelab_core::gate::{CheckName, Record, Weights};
use homelab_schema::upgrade_gate::Weight;

use super::capture::told;
use super::sources::Place;
use crate::output::{Failure, Printer};

#[derive(Debug, Args)]
pub(crate) struct Options {
    #[command(flatten)]
    place: Place,
}

pub(crate) fn run(options: &Options, printer: &Printer) -> Result<Exit, Failure> {
    let mut weights = Weights::all(Weight::Off);
    weights.set(CheckName::Survival, Weight::Error);
    let record = Record::of(&options.place.evidence(&weights, printer)?);
    printer.json(&record)?;
    Ok(told(&record.gaps, printer))
}
