//! Ephemeral `homelab_secret`: a Secret of the cluster, for one run.
//!
//! The protocol does not say whether Terraform plans or applies when it opens an ephemeral resource. A run that has begun
//! to write is an apply: then the Secret is waited for. Else its absence is answered at once with unknown values and a
//! warning, which a plan carries on with; a value that is really needed then fails where it is used.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use homelab_backends::objects::{Backend, Live, ObjectError, ObjectId, Objects, kinds};
use homelab_core::finding::{Finding, secret as codes};
use homelab_core::names;
use homelab_core::secret::handle::Handle;
use homelab_core::secret::values;
use homelab_cty::{Attr, Path};
use homelab_plugin::{Context, Diagnostics, Ephemeral, Opened, Private};
use homelab_schema::duration::GoDuration;
use homelab_schema::secret::Secret as Declared;

use crate::findings::Findings;
use crate::{Report, Runtime};

/// Between two looks at a Secret that is awaited.
const POLL: Duration = Duration::from_millis(500);

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

/// What was found of a Secret.
enum Found {
    /// It is there, with every key.
    Complete(Live),
    /// It is not there.
    Absent,
    /// These keys are missing in it.
    Lacks(Vec<String>),
}

async fn look(objects: &dyn Objects, id: &ObjectId, keys: &[String]) -> Result<Found, ObjectError> {
    Ok(match objects.get(id).await? {
        None => Found::Absent,
        Some(live) => match values::missing(&live.object, keys) {
            missing if missing.is_empty() => Found::Complete(live),
            missing => Found::Lacks(missing),
        },
    })
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
            Some(Handle { namespace: namespace.clone(), name: name.clone(), keys: Vec::new() })
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
        let began = Instant::now();
        let is_applying = self.runtime.claims().is_applying();
        let found = loop {
            match look(objects.as_ref(), &id, &handle.keys).await {
                Ok(found @ Found::Complete(_)) => break found,
                Ok(found) if !is_applying || began.elapsed() >= timeout => break found,
                Ok(_) => tokio::time::sleep(POLL).await,
                Err(error) => {
                    diagnostics.object_error(Path::root(), &error);
                    return None;
                }
            }
        };
        let mut model = config;
        model.namespace = Attr::Known(handle.namespace.clone());
        model.name = Attr::Known(handle.name.clone());
        let observed = match found {
            Found::Complete(live) => {
                values::fill(&mut model, &live.object);
                return Some(opened(model));
            }
            Found::Absent => format!("{id} is not there."),
            Found::Lacks(keys) => format!("{id} is there, but has no {}.", keys.join(" and no ")),
        };
        let path = if model.handle.is_null() { Path::attr("name") } else { Path::attr("handle") };
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

fn opened(model: Declared) -> Opened<Declared> {
    Opened { model, private: Private::new(), renew_at: None }
}
