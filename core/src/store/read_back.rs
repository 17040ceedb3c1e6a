//! Reads a store back into the words of the declaration.
//!
//! In a refresh only what the state declares is looked at, so that what others add is never drift. In an import nothing is
//! declared yet: what our own field manager wrote counts as declared; of an object of others everything does.

use std::collections::BTreeMap;

use homelab_cty::{Model, Path};
use homelab_schema::Attr;
use homelab_schema::duration;
use homelab_schema::external_secret::StoreKind;
use homelab_schema::secret_store::{SecretStore, StoreCondition};
use serde_json::Value;

use super::wire;
use crate::secret::OWN_PREFIX;

/// What a live store is that cannot be declared: its provider, as `aws`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is a store of provider {provider:?}, and a homelab_secret_store is one of Vault")]
pub struct OtherProvider {
    /// The provider, as the object names it; empty where it names none.
    pub provider: String,
}

/// Which object is read.
#[derive(Clone, Copy, Debug)]
pub struct Name<'a> {
    /// Its kind.
    pub kind: StoreKind,
    /// Its namespace; `None` for a ClusterSecretStore.
    pub namespace: Option<&'a str>,
    /// Its name.
    pub name: &'a str,
}

/// The declaration that `live` amounts to. `prior` is the last state, `None` in an import; `owned` is the part of `live` that
/// we wrote, where there is such a thing. Computed attributes are as in `prior`.
///
/// Fails where the store is none of Vault.
pub fn read_back(
    name: Name<'_>,
    prior: Option<&SecretStore>,
    live: &Value,
    owned: Option<&Value>,
) -> Result<SecretStore, OtherProvider> {
    // What is declared decides in a refresh; in an import, what is ours does.
    let source = if prior.is_some() { live } else { owned.unwrap_or(live) };
    let spec = source.get("spec").unwrap_or(&Value::Null);
    let provider = spec.get("provider").and_then(Value::as_object);
    let vault = provider.and_then(|provider| provider.get("vault"));
    if vault.is_none_or(Value::is_null) {
        let provider = provider.and_then(|provider| provider.keys().next()).cloned().unwrap_or_default();
        return Err(OtherProvider { provider });
    }
    let mut model = prior.cloned().unwrap_or_default();
    model.name = Attr::Known(name.name.to_owned());
    model.namespace = name.namespace.map(str::to_owned).into();
    model.kind = Attr::Known(name.kind);
    model.wait = model.wait.or(Attr::Known(true));
    model.force_destroy = model.force_destroy.or(Attr::Known(false));
    model.vault = block(vault, prior.map(|prior| &prior.vault));
    model.retry_settings = block(spec.get("retrySettings"), prior.map(|prior| &prior.retry_settings));
    model.conditions = conditions(spec.get("conditions"), prior.map(|prior| &prior.conditions));
    model.controller = text(spec.get("controller"), prior.map(|prior| &prior.controller));
    model.refresh_interval = interval(spec.get("refreshInterval"), prior.map(|prior| &prior.refresh_interval));
    let metadata = live.get("metadata").unwrap_or(&Value::Null);
    let ours = owned.and_then(|owned| owned.get("metadata")).unwrap_or(&Value::Null);
    model.annotations = texts("annotations", metadata, ours, prior.map(|prior| &prior.annotations));
    model.labels = texts("labels", metadata, ours, prior.map(|prior| &prior.labels));
    Ok(model)
}

fn block<M: Model>(live: Option<&Value>, prior: Option<&Attr<M>>) -> Attr<M> {
    let live = live.filter(|live| live.as_object().is_some_and(|members| !members.is_empty() || prior.is_some()));
    let before = match prior {
        Some(Attr::Known(before)) => Some(before.to_value()),
        Some(_) => return Attr::Null,
        None => None,
    };
    let Some(live) = live else { return Attr::Null };
    let value = wire::from_json(&M::block(), live, before.as_ref());
    M::from_value(&value, &Path::root()).ok().into()
}

fn conditions(live: Option<&Value>, prior: Option<&Attr<Vec<StoreCondition>>>) -> Attr<Vec<StoreCondition>> {
    let before = prior.and_then(Attr::known).map_or(&[] as &[StoreCondition], Vec::as_slice);
    let live = live.and_then(Value::as_array).into_iter().flatten().enumerate();
    let all = live.filter_map(|(index, one)| {
        let before = before.get(index).map(Model::to_value);
        let value = wire::from_json(&StoreCondition::block(), one, before.as_ref());
        StoreCondition::from_value(&value, &Path::root()).ok()
    });
    Attr::Known(all.collect())
}

fn text(live: Option<&Value>, prior: Option<&Attr<String>>) -> Attr<String> {
    match prior {
        Some(Attr::Null) => Attr::Null,
        _ => live.and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned).into(),
    }
}

/// Seconds, in the prior spelling where that is the same; zero is what nothing says.
fn interval(live: Option<&Value>, prior: Option<&Attr<String>>) -> Attr<String> {
    let seconds = live.and_then(Value::as_i64).unwrap_or(0);
    let found = duration::canonical(&format!("{seconds}s"));
    match prior {
        Some(Attr::Known(before)) if duration::canonical(before) == found => Attr::Known(before.clone()),
        Some(Attr::Null) => Attr::Null,
        _ if seconds == 0 => Attr::Null,
        _ => Attr::Known(found),
    }
}

fn texts(
    name: &str,
    live: &Value,
    ours: &Value,
    prior: Option<&Attr<BTreeMap<String, String>>>,
) -> Attr<BTreeMap<String, String>> {
    let is_declared = |key: &String| match prior {
        Some(prior) => prior.known().is_some_and(|prior| prior.contains_key(key)),
        None => ours.get(name).is_some_and(|ours| ours.get(key).is_some()) && !key.starts_with(OWN_PREFIX),
    };
    let members = live.get(name).and_then(Value::as_object).into_iter().flatten();
    let texts: BTreeMap<String, String> = members
        .filter(|(key, _)| is_declared(key))
        .filter_map(|(key, text)| Some((key.clone(), text.as_str()?.to_owned())))
        .collect();
    let was_given = prior.is_some_and(|prior| !prior.is_null());
    if texts.is_empty() && !was_given { Attr::Null } else { Attr::Known(texts) }
}
