//! `homelab secrets wait`: until the operator has done what is declared.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use clap::Args;
use homelab_backends::fleet::{Standing, Waiting, everything, wait};
use homelab_backends::kube::Kube;
use homelab_core::exit::{Class, Exit, Order};
use homelab_core::names;
use homelab_schema::duration::GoDuration;
use schemars::JsonSchema;
use serde::Serialize;

use crate::configuration::{self, Configuration};
use crate::output::{Failure, Printer, Text, line};

/// Whoever waits longer has forgotten about it.
const LONGEST: Duration = Duration::from_hours(1);

/// Namespace and name.
pub(super) type Place = (String, String);

/// Which ExternalSecrets are meant.
#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub(super) struct Which {
    /// ExternalSecrets, each as <namespace>/<name>
    #[arg(value_name = "NAMESPACE/NAME", conflicts_with_all = ["all", "namespace"])]
    names: Vec<String>,
    /// All of the cluster
    #[arg(long, conflicts_with = "namespace")]
    all: bool,
    /// All of this namespace; may be repeated
    #[arg(long, value_name = "NAMESPACE")]
    namespace: Vec<String>,
}

/// How long, and where.
#[derive(Debug, Args)]
pub(super) struct Limits {
    /// How long to wait at most, such as 90s or 5m; not more than an hour
    #[arg(long, value_name = "DURATION", default_value = "5m")]
    timeout: String,
    /// Read the provider block from the Terraform files of this folder; else from the environment alone
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// What can be typed after `secrets wait`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    limits: Limits,
    /// End at the first failure of each instead of waiting for the operator's next try
    #[arg(long)]
    fail_fast: bool,
}

/// What `secrets wait` and `secrets sync` answer.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Answer {
    /// Version of this form.
    version: u32,
    /// The exit code that goes with it.
    exit: u8,
    /// Each ExternalSecret, by namespace and name.
    secrets: Vec<Secret>,
}

/// One ExternalSecret.
#[derive(Debug, Serialize, JsonSchema)]
struct Secret {
    /// Its namespace.
    namespace: String,
    /// Its name.
    name: String,
    /// `synced`; `frozen`: it is fetched once, and was; `failed`, as the operator says; `late`: the time was over; `absent`;
    /// `unseen`: it could not be looked at.
    state: &'static str,
    /// Why, in the words of whoever said so.
    message: String,
}

pub(super) fn run(options: &Options, printer: &Printer) -> Result<Exit, Failure> {
    let timeout = options.limits.timeout()?;
    let cluster = options.limits.cluster()?;
    configuration::runtime()?.block_on(async {
        let Some(places) = options.which.places(&cluster, printer).await? else { return Ok(Exit::Incomplete) };
        let waiting = places.into_iter().map(Waiting::for_present).collect();
        finish(&cluster, waiting, timeout, options.fail_fast, BTreeMap::new(), printer).await
    })
}

/// Waits, and prints how all of them stand; `known` are those for which there is nothing to wait.
pub(super) async fn finish(
    cluster: &Kube,
    waiting: Vec<Waiting>,
    timeout: Duration,
    fail_fast: bool,
    mut known: BTreeMap<Place, Standing>,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let (done, all) = (AtomicUsize::new(0), waiting.len());
    let look = wait(cluster, waiting, timeout, fail_fast, &done);
    known.extend(printer.counting("waiting for the operator", &done, all, look).await);
    let exit = Exit::of(known.values().map(class), Order::Usual);
    printer.report(&Answer { version: 1, exit: exit.code(), secrets: known.into_iter().map(secret).collect() })?;
    Ok(exit)
}

impl Which {
    /// Those that are meant, each once; `None` where they could not be listed, which has been said then.
    pub(super) async fn places(&self, cluster: &Kube, printer: &Printer) -> Result<Option<Vec<Place>>, Failure> {
        if self.names.is_empty() {
            return Ok(match everything(cluster, &self.namespace).await {
                Ok(places) => Some(places),
                Err(error) => {
                    printer.error(&Failure::new(format!("failed to {error}")).hint(error.hint()));
                    None
                }
            });
        }
        let mut places = self.names.iter().map(|text| place(text)).collect::<Result<Vec<_>, _>>()?;
        places.sort();
        places.dedup();
        Ok(Some(places))
    }
}

fn place(text: &str) -> Result<Place, Failure> {
    match text.split_once('/') {
        Some((namespace, name)) if names::is_label(namespace) && names::is_object(name) => {
            Ok((namespace.to_owned(), name.to_owned()))
        }
        _ => Err(Failure::new(format!("{text:?} is no name of an ExternalSecret"))
            .hint("write it as <namespace>/<name>, or take --all or --namespace")),
    }
}

impl Limits {
    pub(super) fn timeout(&self) -> Result<Duration, Failure> {
        let wrong = |why: String| {
            Failure::new(format!("--timeout: {why}"))
                .hint("write a duration such as 90s or 5m, of not more than an hour")
        };
        let timeout: GoDuration = self.timeout.parse().map_err(|error| wrong(format!("{error}")))?;
        let timeout = timeout.to_std().filter(|timeout| !timeout.is_zero() && *timeout <= LONGEST);
        timeout.ok_or_else(|| wrong(format!("{} is too short or too long", self.timeout)))
    }

    pub(super) fn cluster(&self) -> Result<Kube, Failure> {
        Configuration::of_resources(self.dir.as_deref())?.cluster()
    }
}

fn class(standing: &Standing) -> Class {
    match standing {
        Standing::Synced => Class::Note,
        Standing::Unseen(_) => Class::Unmeasured,
        Standing::Frozen(_) | Standing::Failed(_) | Standing::Late(_) | Standing::Absent => Class::Act,
    }
}

fn secret(((namespace, name), standing): (Place, Standing)) -> Secret {
    let (state, message) = match standing {
        Standing::Synced => ("synced", String::new()),
        Standing::Frozen(words) => ("frozen", words),
        Standing::Failed(words) => ("failed", words),
        Standing::Late(words) => ("late", words),
        Standing::Absent => ("absent", "There is no such ExternalSecret.".to_owned()),
        Standing::Unseen(words) => ("unseen", words),
    };
    Secret { namespace, name, state, message }
}

impl Text for Answer {
    fn text(&self, out: &mut String) {
        if self.secrets.is_empty() {
            line!(out, "there is no ExternalSecret");
        }
        for Secret { namespace, name, state, message } in &self.secrets {
            line!(out, "{state:6}  {namespace}/{name}");
            for words in message.lines() {
                line!(out, "        {words}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_apart_and_wrong_ones_are_refused() {
        assert_eq!(place("photos/db").ok(), Some(("photos".to_owned(), "db".to_owned())));
        for text in ["db", "", "/db", "photos/", "a/b/c", "Photos/db", "photos/d b"] {
            assert!(place(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_timeout_is_bounded() {
        let of = |timeout: &str| Limits { timeout: timeout.to_owned(), dir: None }.timeout();
        assert_eq!(of("90s").ok(), Some(Duration::from_secs(90)));
        assert_eq!(of("1h").ok(), Some(LONGEST));
        for text in ["0s", "-1m", "61m", "soon", ""] {
            assert!(of(text).is_err(), "{text}");
        }
    }
}
