//! Ephemeral `homelab_secret`: a Secret of the cluster, for one run.
//!
//! The protocol does not say whether Terraform plans or applies when it opens an ephemeral resource. A run that has begun
//! to write is an apply: then the Secret is waited for. Else its absence is answered at once with unknown values and a
//! warning, which a plan carries on with; a value that is really needed then fails where it is used. A Secret that is there is
//! taken at plan as it is; in an apply it has to be of the declaration that was just applied.

mod look;
#[cfg(test)]
mod tests;

use std::time::{Duration, Instant};

use async_trait::async_trait;
use homelab_backends::objects::{Backend, ObjectError, Objects, kinds};
use homelab_core::finding::{Finding, secret as codes};
use homelab_core::names;
use homelab_core::secret::handle::Handle;
use homelab_core::secret::values;
use homelab_cty::{Attr, Path};
use homelab_plugin::{Context, Diagnostics, Ephemeral, Opened, Private};
use homelab_schema::duration::GoDuration;
use homelab_schema::secret::Secret as Declared;

use self::look::{Found, at_both, at_secret};
use crate::findings::Findings;
use crate::{Report, Runtime};

/// How often is looked, and how soon a failure is believed.
const PACE: Pace = Pace { poll: Duration::from_millis(500), settle: Duration::from_secs(3) };

/// How often is looked, and how soon a failure is believed.
#[derive(Clone, Copy)]
struct Pace {
    /// Between two looks at a Secret that is awaited.
    poll: Duration,
    /// How long a failure has to stand: the operator tries again by itself.
    settle: Duration,
}

/// The ephemeral resource.
pub struct Secret {
    runtime: Runtime,
}

impl Secret {
    /// The ephemeral resource on that runtime.
    pub fn new(runtime: Runtime) -> Self {
        Self { runtime }
    }
}

/// Which Secret; `None` with an error, or while it is unknown.
fn wanted(config: &Declared, diagnostics: &mut Diagnostics) -> Option<Handle> {
    match (&config.handle, &config.namespace, &config.name) {
        (Attr::Known(text), Attr::Null, Attr::Null) => match text.parse() {
            Ok(handle) => Some(handle),
            Err(error) => {
                diagnostics.error(Path::attr("handle"), "Not a handle", format!("{error}."));
                None
            }
        },
        (Attr::Null, Attr::Known(namespace), Attr::Known(name)) => {
            let namespace_is_valid = names::is_label(namespace);
            if !namespace_is_valid || !names::is_object(name) {
                let (path, expected) =
                    if namespace_is_valid { ("name", names::OBJECT) } else { ("namespace", names::LABEL) };
                let finding = Finding::new(codes::MALFORMED, path, format!("{path} must be {expected}."));
                diagnostics.finding(&finding.at(Path::attr(path)));
                return None;
            }
            Some(Handle { namespace: namespace.clone(), name: name.clone(), source: None, keys: Vec::new() })
        }
        (Attr::Unknown, ..) | (_, Attr::Unknown, _) | (.., Attr::Unknown) => None,
        _ => {
            let path = if config.handle.is_null() { Path::root() } else { Path::attr("handle") };
            let observed = "Either `handle`, or `namespace` and `name`, says which Secret is meant.";
            diagnostics.finding(
                &Finding::new(codes::CONTRADICTION, "homelab_secret", observed).clears("Give one of both.").at(path),
            );
            None
        }
    }
}

fn timeout(config: &Declared, diagnostics: &mut Diagnostics) -> Duration {
    let text = config.timeout.known().map_or("2m", String::as_str);
    match text.parse::<GoDuration>().map(GoDuration::to_std) {
        Ok(Some(timeout)) => return timeout,
        Ok(None) => {
            diagnostics.finding(
                &Finding::new(codes::BAD_DURATION, text, format!("{text:?} is negative.")).at(Path::attr("timeout")),
            );
        }
        Err(error) => {
            diagnostics
                .finding(&Finding::new(codes::BAD_DURATION, text, format!("{error}.")).at(Path::attr("timeout")));
        }
    }
    Duration::ZERO
}

#[async_trait]
impl Ephemeral for Secret {
    type Model = Declared;

    fn name(&self) -> &'static str {
        "homelab_secret"
    }

    async fn validate(&self, _cx: &Context, config: &Declared, diagnostics: &mut Diagnostics) {
        wanted(config, diagnostics);
        timeout(config, diagnostics);
    }

    async fn open(&self, cx: &Context, config: Declared, diagnostics: &mut Diagnostics) -> Option<Opened<Declared>> {
        let handle = wanted(&config, diagnostics)?;
        let timeout = timeout(&config, diagnostics);
        if diagnostics.has_errors() {
            return None;
        }
        let objects = match self.runtime.objects(cx) {
            Ok(objects) => objects,
            Err(error) => {
                diagnostics.object_error(Path::root(), &error);
                return None;
            }
        };
        if objects.backend() == Backend::Folder {
            diagnostics.error(
                Path::root(),
                "There is no cluster to read a Secret from",
                format!("Objects go to {}. A Secret can only be read from a cluster.", objects.place()),
            );
            return None;
        }
        let id = kinds::SECRET.object(&handle.namespace, &handle.name);
        let is_applying = self.runtime.claims().is_applying();
        let wanted = Wanted { handle: &handle, by_handle: !config.handle.is_null(), is_applying, timeout, pace: PACE };
        let found = match wanted.until_there(objects.as_ref()).await {
            Ok(found) => found,
            Err(error) => {
                diagnostics.object_error(Path::root(), &error);
                return None;
            }
        };
        let mut model = config;
        model.namespace = Attr::Known(handle.namespace.clone());
        model.name = Attr::Known(handle.name.clone());
        let path = if wanted.by_handle { Path::attr("handle") } else { Path::attr("name") };
        let observed = match found {
            Found::Complete(live, trouble) => {
                if let Some(why) = trouble {
                    let observed = format!("{id} has what was fetched last. {why}");
                    diagnostics.finding(&Finding::new(codes::SECRET_NOT_READY, id.to_string(), observed).at(path));
                }
                values::fill(&mut model, &live.object);
                return Some(opened(model));
            }
            Found::Behind(live, why) if !is_applying => {
                let observed = format!("{id} is there, and is of an older declaration. {why}");
                diagnostics.finding(&Finding::new(codes::SECRET_NOT_READY, id.to_string(), observed).at(path));
                values::fill(&mut model, &live.object);
                return Some(opened(model));
            }
            Found::Behind(_, why) => format!("{id} is still of an older declaration. {why}"),
            Found::Absent => format!("{id} is not there."),
            Found::Lacks(keys) => format!("{id} is there, but has no {}.", keys.join(" and no ")),
            Found::Failed(why) if is_applying => {
                let object = format!("ExternalSecret {}/{}", handle.namespace, handle.source());
                diagnostics.finding(&Finding::new(codes::SYNC_FAILED, object, why).at(path));
                return None;
            }
            Found::Failed(why) => format!("{id} cannot be made. {why}"),
        };
        if is_applying {
            let observed = format!("{observed} It was waited for {} s.", timeout.as_secs());
            diagnostics.finding(&Finding::new(codes::SECRET_TIMEOUT, id.to_string(), observed).at(path));
            return None;
        }
        let finding = Finding::new(codes::SECRET_ABSENT, id.to_string(), observed);
        diagnostics.finding(&finding.expected("Its values are unknown until it is.").at(path));
        model.data = Attr::Unknown;
        model.data_base64 = Attr::Unknown;
        model.r#type = Attr::Unknown;
        Some(opened(model))
    }
}

/// What is looked for, and for how long.
struct Wanted<'a> {
    handle: &'a Handle,
    /// Whether its maker is known too.
    by_handle: bool,
    is_applying: bool,
    timeout: Duration,
    pace: Pace,
}

impl Wanted<'_> {
    async fn look(&self, objects: &dyn Objects) -> Result<Found, ObjectError> {
        if self.by_handle { at_both(objects, self.handle).await } else { at_secret(objects, self.handle).await }
    }

    /// Looks until it is there as it should be, or until there is no more sense in waiting; a plan looks once.
    async fn until_there(&self, objects: &dyn Objects) -> Result<Found, ObjectError> {
        let began = Instant::now();
        let mut failing_since: Option<Instant> = None;
        loop {
            let looked = self.look(objects).await;
            let is_over = !self.is_applying || began.elapsed() >= self.timeout;
            let found = match looked {
                Ok(found) => found,
                Err(error) if error.may_pass() && !is_over => {
                    tokio::time::sleep(self.pace.poll).await;
                    continue;
                }
                Err(error) => return Err(error),
            };
            match &found {
                Found::Complete(..) => return Ok(found),
                _ if is_over => return Ok(found),
                Found::Failed(_) if failing_since.get_or_insert_with(Instant::now).elapsed() >= self.pace.settle => {
                    return Ok(found);
                }
                Found::Failed(_) => {}
                _ => failing_since = None,
            }
            tokio::time::sleep(self.pace.poll).await;
        }
    }
}

fn opened(model: Declared) -> Opened<Declared> {
    Opened { model, private: Private::new(), renew_at: None }
}
