//! `homelab secrets sync`: the operator fetches now.

use std::collections::BTreeMap;

use clap::Args;
use futures::StreamExt as _;
use homelab_backends::fleet::{Standing, ask_for_refresh};
use homelab_core::exit::Exit;

use super::wait::{Limits, Place, Which, finish};
use crate::configuration;
use crate::output::{Failure, Printer};

/// ExternalSecrets that are written at the same time.
const AT_A_TIME: usize = 8;

/// What can be typed after `secrets sync`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    limits: Limits,
}

pub(super) fn run(options: &Options, printer: &Printer) -> Result<Exit, Failure> {
    let timeout = options.limits.timeout()?;
    let cluster = options.limits.cluster()?;
    configuration::runtime()?.block_on(async {
        let Some(places) = options.which.places(&cluster, printer).await? else { return Ok(Exit::Incomplete) };
        let cluster = &cluster;
        let asked = futures::stream::iter(places)
            .map(|place| async move { (ask_for_refresh(cluster, &place).await, place) })
            .buffered(AT_A_TIME)
            .collect::<Vec<_>>();
        let (mut waiting, mut known): (Vec<_>, BTreeMap<Place, Standing>) = (Vec::new(), BTreeMap::new());
        for (asked, place) in printer.waiting("asking the operator to fetch", asked).await {
            match asked {
                Ok(one) => waiting.push(one),
                Err(standing) => {
                    known.insert(place, standing);
                }
            }
        }
        // Our own write is what failed then: there is nothing to wait for.
        finish(cluster, waiting, timeout, true, known, printer).await
    })
}
