//! `homelab doctor`: what is reachable, as whom, in which version, and what may not be done that a resource needs.

mod cluster;
mod monitoring;
mod store;
mod zone;

use homelab_backends::kube::Place;
use homelab_core::exit::{Class, Exit, Order};
use schemars::JsonSchema;
use serde::Serialize;

use crate::args::Doctor;
use crate::configuration::{self, Configuration};
use crate::output::{Failure, Printer, Text, line};

/// What `doctor` answers.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Report {
    /// Version of this form.
    version: u32,
    /// The exit code that goes with it.
    exit: u8,
    /// Each service of the provider block.
    services: Vec<Service>,
}

/// One service.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Service {
    /// The block of the provider configuration.
    name: &'static str,
    /// Whether it can be used.
    state: State,
    /// Where it is, or why it cannot be reached, in the words of whoever refused.
    detail: String,
    /// Who we are to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    identity: Option<String>,
    /// Its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    /// What a resource needs and we may not do.
    lacks: Vec<String>,
    /// What is worth knowing and wrong for nobody: what is not installed, what is not verified.
    notes: Vec<String>,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
}

/// Whether a service can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    /// It answers, and we may do everything that the resources need.
    Ok,
    /// It answers, but refuses something that a resource needs.
    Limited,
    /// It does not answer, or not us.
    Unusable,
    /// The configuration does not name it.
    Unset,
}

impl State {
    fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Limited => "limited",
            Self::Unusable => "error",
            Self::Unset => "unset",
        }
    }

    fn class(self) -> Class {
        match self {
            Self::Ok | Self::Unset => Class::Note,
            Self::Limited => Class::Act,
            Self::Unusable => Class::Unmeasured,
        }
    }
}

impl Service {
    fn new(name: &'static str, state: State, detail: impl Into<String>) -> Self {
        Self {
            name,
            state,
            detail: detail.into(),
            identity: None,
            version: None,
            lacks: Vec::new(),
            notes: Vec::new(),
            hint: None,
        }
    }

    /// With what to do about it; nothing where that is empty.
    fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into()).filter(|hint| !hint.is_empty());
        self
    }
}

pub(crate) fn run(options: &Doctor, printer: &Printer) -> Result<Exit, Failure> {
    let Configuration { provider, .. } = Configuration::of(options.dir.as_deref())?;
    let place = Place::of(&provider.kubernetes).map_err(|cause| Failure::new(cause.to_string()))?;
    let examined = async {
        tokio::join!(
            cluster::examine(place),
            store::examine(&provider.vault),
            zone::examine(&provider.dns),
            monitoring::examine(&provider.prometheus),
        )
    };
    let asking = "asking the cluster, the store of secrets, the DNS zone and Prometheus";
    let (cluster, store, zone, monitoring) = configuration::runtime()?.block_on(printer.waiting(asking, examined));
    let services = vec![cluster, store, zone, monitoring];
    let exit = exit(&services);
    printer.report(&Report { version: 1, exit: exit.code(), services })?;
    if exit == Exit::Incomplete && options.dir.is_none() {
        printer.talk("\nOnly the environment was read. --dir reads the provider block of a folder.");
    }
    Ok(exit)
}

/// A caller that configured nothing has measured nothing, which is not "all is well".
fn exit(services: &[Service]) -> Exit {
    if services.iter().all(|service| service.state == State::Unset) {
        return Exit::Incomplete;
    }
    Exit::of(services.iter().map(|service| service.state.class()), Order::Usual)
}

impl Text for Report {
    fn text(&self, out: &mut String) {
        for service in &self.services {
            line!(out, "{:8} {}: {}", service.state.name(), service.name, service.detail);
            for (what, value) in [("identity", &service.identity), ("version", &service.version)] {
                if let Some(value) = value {
                    line!(out, "         {what}: {value}");
                }
            }
            for lack in &service.lacks {
                line!(out, "         may not {lack}");
            }
            for note in &service.notes {
                line!(out, "         note: {note}");
            }
            if let Some(hint) = &service.hint {
                line!(out, "         hint: {hint}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_service_decides_and_nothing_at_all_is_a_gap() {
        use State::{Limited, Ok, Unset, Unusable};
        for (states, expected) in [
            ([Ok, Ok], Exit::Clean),
            ([Ok, Unset], Exit::Clean),
            ([Unset, Unset], Exit::Incomplete),
            ([Unusable, Ok], Exit::Incomplete),
            ([Unusable, Limited], Exit::Act),
        ] {
            let services = states.map(|state| Service::new("x", state, ""));
            assert_eq!(exit(&services), expected, "{states:?}");
        }
    }
}
