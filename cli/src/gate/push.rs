//! `homelab gate push`: the two gauges of the older gate, for its alert.

use clap::Args;
use homelab_backends::pushgateway::Pushgateway;
use homelab_core::exit::Exit;
use homelab_core::gate::render::{self, Nightly, State};
use schemars::JsonSchema;
use serde::Serialize;

use super::night::Night;
use crate::configuration;
use crate::output::{Failure, Printer, Text, line};

/// What can be typed after `gate push`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    #[command(flatten)]
    night: Night,
    /// Where the Pushgateway is, such as <http://pushgateway.monitoring:9091>
    #[arg(long, value_name = "URL")]
    pushgateway: String,
    /// The job that the gauges are kept under; other metrics of the same job stay as they are
    #[arg(long, value_name = "NAME", default_value = "k8s-upgrade")]
    job: String,
}

/// What `gate push` answers.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Answer {
    /// Version of this form.
    version: u32,
    /// The exit code that goes with it.
    exit: u8,
    /// Where the cluster stands.
    state: State,
    /// The same as one line.
    headline: String,
    /// The value of `k8s_upgrade_blocked`.
    blocked: u8,
    /// The value of `k8s_upgrade_held`.
    held: u8,
    /// Where both were pushed to.
    pushed_to: String,
}

pub(super) fn run(options: &Options, printer: &Printer) -> Result<Exit, Failure> {
    // What is wrong with the address is known before the cluster is looked at.
    let pushgateway = Pushgateway::new(&options.pushgateway, &options.job).map_err(|error| {
        Failure::new(error.to_string()).hint("an address looks like http://pushgateway.monitoring:9091")
    })?;
    let night = options.night.judge(None, printer)?;
    let gauges = render::gauges(&night);
    let metrics = gauges.to_string();
    let push = pushgateway.push(&metrics);
    configuration::runtime()?.block_on(printer.waiting("pushing two gauges", push)).map_err(|error| {
        Failure::new(format!("failed to push to {}: {error}", pushgateway.place()))
            .hint(format!("nothing was told to the Pushgateway; the verdict itself was: {}", night.headline))
    })?;
    let exit = night.exit();
    let Nightly { state, headline, .. } = night;
    let (blocked, held) = (gauges.blocked, gauges.held);
    let pushed_to = pushgateway.place().to_owned();
    printer.report(&Answer { version: 1, exit: exit.code(), state, headline, blocked, held, pushed_to })?;
    Ok(exit)
}

impl Text for Answer {
    fn text(&self, out: &mut String) {
        line!(out, "{}", self.headline);
        let Self { blocked, held, pushed_to, .. } = self;
        line!(out, "pushed k8s_upgrade_blocked {blocked} and k8s_upgrade_held {held} to {pushed_to}");
    }
}
