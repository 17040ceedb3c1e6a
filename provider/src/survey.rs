//! What this run has seen of the cluster as a whole.
//!
//! What a plan asks about references and routers is the same for a thousand resources, so it is listed once for all of them:
//! Middlewares, Services, Ingresses and `IngressRoute`s, each in all namespaces. What a list says to be there is believed
//! for [`MAX_AGE`], which is nothing against the time between a plan and its apply; what it does not have is looked up by
//! name before anybody is refused for it, since it may have been made a moment ago, by the same run. Where LIST is
//! forbidden, everything is looked up by name.
//!
//! Of Secrets only the certificates that somebody refers to are read, one by one, and nothing but the certificate is kept.

mod planned;
mod routers;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use homelab_backends::objects::{Cause, Kind, Live, ObjectError, Objects, Scope, kinds};
use homelab_backends::shared::Shared;
use homelab_core::ingress::references::Middlewares;
use homelab_core::route::Guards;
use serde_json::{Value, json};

pub(crate) use self::planned::Plans;
pub(crate) use self::routers::{Foreign, Routers, hosts_of};

/// How long what was seen is believed.
const MAX_AGE: Duration = Duration::from_secs(30);

/// How old an answer may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Age {
    /// What the run has seen already will do.
    Recent,
    /// It is asked for after the call.
    Now,
}

impl Age {
    fn limit(self) -> Duration {
        match self {
            Self::Recent => MAX_AGE,
            Self::Now => Duration::ZERO,
        }
    }
}

/// Seen by one configuration. Cloning shares it.
#[derive(Clone, Default)]
pub(crate) struct Survey(Arc<Seen>);

/// A Secret without its key, where it is there.
type Certificate = Arc<Shared<Option<Value>, ObjectError>>;

#[derive(Default)]
struct Seen {
    middlewares: Shared<Listed, ObjectError>,
    services: Shared<HashMap<(String, String), Value>, ObjectError>,
    certificates: Mutex<HashMap<(String, String), Certificate>>,
    routers: Shared<Routers, ObjectError>,
    plans: Plans,
}

/// The Middlewares of the cluster.
#[derive(Debug, Default)]
pub(crate) struct Listed {
    /// Which are there, and which of them name others.
    pub(crate) names: Middlewares,
    /// What they do.
    pub(crate) guards: Guards,
}

impl Survey {
    /// The Middlewares of the cluster. Fails where they may not be listed.
    pub(crate) async fn middlewares(&self, objects: &dyn Objects) -> Result<Arc<Listed>, ObjectError> {
        let list = || async {
            let mut listed = Listed::default();
            each(objects, kinds::MIDDLEWARE, &mut |live| {
                listed.names.add(&live.object);
                listed.guards.add(&live.object);
            })
            .await?;
            Ok(listed)
        };
        self.0.middlewares.get(MAX_AGE, list).await
    }

    /// A Service, as far as its type and its ports go; `None` where it is not there. `confirm` looks twice before it says
    /// that.
    pub(crate) async fn service(
        &self,
        objects: &dyn Objects,
        namespace: &str,
        name: &str,
        confirm: bool,
    ) -> Result<Option<Value>, ObjectError> {
        let id = kinds::SERVICE.object(namespace, name);
        let list = || async {
            let mut listed = HashMap::new();
            each(objects, kinds::SERVICE, &mut |live| {
                listed.insert(place_of(&live), ports_of(&live));
            })
            .await?;
            Ok(listed)
        };
        match self.0.services.get(MAX_AGE, list).await {
            Ok(listed) => match listed.get(&(namespace.to_owned(), name.to_owned())) {
                Some(found) => Ok(Some(found.clone())),
                None if !confirm => Ok(None),
                None => Ok(objects.get(&id).await?.map(|live| live.object)),
            },
            Err(error) if is_forbidden(&error) => Ok(objects.read(&id).await?.map(|live| live.object)),
            Err(error) => Err(error),
        }
    }

    /// Every router of the cluster, where `class` is the Ingress class of the house. Fails where Ingresses may not be listed.
    pub(crate) async fn routers(
        &self,
        objects: &dyn Objects,
        class: Option<&str>,
        age: Age,
    ) -> Result<Arc<Routers>, ObjectError> {
        // Where Middlewares cannot be seen, every one that is named is taken to be there.
        let middlewares = self.middlewares(objects).await.ok();
        let names = middlewares.as_ref().map(|listed| &listed.names);
        self.0.routers.get(age.limit(), || Routers::list(objects, names, class)).await
    }

    /// Forgets what lists said: this run has removed something that somebody may refer to.
    pub(crate) async fn forget(&self) {
        self.0.middlewares.forget().await;
        self.0.services.forget().await;
    }

    /// What this run plans.
    pub(crate) fn plans(&self) -> &Plans {
        &self.0.plans
    }

    /// A Secret without its key; `None` where it is not there.
    pub(crate) async fn certificate(
        &self,
        objects: &dyn Objects,
        namespace: &str,
        name: &str,
        age: Age,
    ) -> Result<Option<Value>, ObjectError> {
        let shared = {
            let mut all = self.0.certificates.lock().unwrap_or_else(PoisonError::into_inner);
            all.entry((namespace.to_owned(), name.to_owned())).or_default().clone()
        };
        let id = kinds::SECRET.object(namespace, name);
        let read = || async { Ok(objects.get(&id).await?.map(|live| without_key(&live.object))) };
        Ok(shared.get(age.limit(), read).await?.as_ref().clone())
    }
}

/// Takes all objects of a kind, one by one; none where the cluster does not know it.
async fn each(objects: &dyn Objects, kind: Kind, take: &mut (dyn FnMut(Live) + Send)) -> Result<(), ObjectError> {
    match objects.each(kind, Scope::All, take).await {
        Err(ObjectError { cause: Cause::NoSuchKind { .. }, .. }) => Ok(()),
        taken => taken,
    }
}

/// Whether the identity may not see this, as opposed to a cluster that does not answer.
pub(crate) fn is_forbidden(error: &ObjectError) -> bool {
    matches!(error.cause, Cause::Forbidden { .. })
}

fn place_of(live: &Live) -> (String, String) {
    (live.namespace().unwrap_or_default().to_owned(), live.name().to_owned())
}

/// A thousand Services are kept: only what is asked of them.
fn ports_of(live: &Live) -> Value {
    let part = |path: &str| live.object.pointer(path).cloned().unwrap_or_default();
    json!({"spec": {"type": part("/spec/type"), "ports": part("/spec/ports")}})
}

fn without_key(secret: &Value) -> Value {
    let part = |path: &str| secret.pointer(path).cloned().unwrap_or_default();
    json!({"type": part("/type"), "data": {"tls.crt": part("/data/tls.crt")}})
}
