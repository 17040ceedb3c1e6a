//! The Prometheus of a verb: named by its flag, else by the provider block or the environment.

use std::path::Path;

use clap::Args;
use homelab_backends::gate::prometheus::Settings;
use homelab_schema::Attr;
use homelab_schema::provider::{Prometheus, ProviderConfig, with_environment};
use homelab_schema::upgrade_gate::{GatePrometheus, url_problem};

use crate::configuration::Configuration;
use crate::output::Failure;

/// What every verb takes that judges, or looks for one that does.
#[derive(Debug, Args)]
pub(crate) struct Monitoring {
    /// Ask this Prometheus too: alerts, requests of deprecated APIs over the window, etcd, hosts. Left out, the one of the
    /// provider block or of `HOMELAB_PROMETHEUS_URL` is asked; a token comes from there or from `HOMELAB_PROMETHEUS_TOKEN`
    #[arg(long, value_name = "URL", conflicts_with = "evidence")]
    prometheus: Option<String>,
}

impl Monitoring {
    /// The one to ask, where there is one.
    pub(super) fn settings(&self, dir: Option<&Path>) -> Result<Option<Settings>, Failure> {
        let declared = Configuration::of(dir)?.provider.prometheus;
        let block = match &self.prometheus {
            None => declared,
            Some(url) => {
                if let Some(problem) = url_problem(url) {
                    return Err(Failure::new(format!("--prometheus: it {problem}"))
                        .hint("write an address such as https://prometheus.example.net"));
                }
                match declared {
                    Attr::Known(block) if block.url.known().is_some_and(|own| same(own, url)) => Attr::Known(block),
                    _ => named(url)?,
                }
            }
        };
        Settings::of(&block, &Attr::<GatePrometheus>::Null).map_err(|cause| Failure::new(cause.to_string()))
    }
}

fn same(left: &str, right: &str) -> bool {
    left.trim_end_matches('/') == right.trim_end_matches('/')
}

/// The block that a provider would make of that address and the environment.
fn named(url: &str) -> Result<Attr<Prometheus>, Failure> {
    let block = Prometheus { url: Attr::Known(url.to_owned()), ..Prometheus::default() };
    let config = ProviderConfig { prometheus: Attr::Known(block), ..ProviderConfig::default() };
    match with_environment(&config, |name| std::env::var(name).ok().filter(|_| name.starts_with("HOMELAB_PROMETHEUS_")))
    {
        Ok(config) => Ok(config.prometheus),
        Err(errors) => {
            let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
            Err(Failure::new(lines.join("\n")))
        }
    }
}
