//! What follows from the declaration of an ExternalSecret for others.

use std::collections::BTreeSet;

use homelab_schema::Attr;
use homelab_schema::external_secret::ExternalSecret;

use super::handle::Handle;
use super::render;

/// What a plan may know besides the configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Version that objects are written with, where it does not have to be discovered: in a folder.
    pub api_version: Option<String>,
    /// Whether objects have a generation: in a cluster.
    pub counts_generations: bool,
}

/// Fills the computed attributes of a plan. What only the cluster knows stays unknown, or as it was where nothing that
/// changes it is planned.
pub fn fill(planned: &mut ExternalSecret, prior: Option<&ExternalSecret>, place: &Place) {
    planned.secret_name = secret_name(planned);
    planned.keys = keys(planned);
    let spec = |model: &ExternalSecret| render::render(model).map(|object| object["spec"].clone());
    let same_spec = prior.is_some_and(|prior| spec(prior).is_some() && spec(prior) == spec(planned));
    let kept = |attribute: fn(&ExternalSecret) -> &Attr<String>| {
        prior.map_or(Attr::Unknown, |prior| attribute(prior).clone().or(Attr::Unknown))
    };
    planned.api_version = match &place.api_version {
        Some(version) => Attr::Known(version.clone()),
        // Discovered in the refresh: a change of it alone is nothing to apply.
        None => kept(|prior| &prior.api_version),
    };
    planned.revision = match prior {
        _ if !place.counts_generations => Attr::Null,
        Some(prior) if same_spec => prior.revision.or(Attr::Unknown),
        _ => Attr::Unknown,
    };
    // How often the store is asked changes nothing about the Secret that the handle names.
    let same_secret = prior.is_some_and(|prior| {
        let content = |model: &ExternalSecret| spec(&ExternalSecret { refresh_interval: Attr::Null, ..model.clone() });
        content(prior).is_some() && content(prior) == content(planned)
    });
    planned.handle = if same_secret { kept(|prior| &prior.handle) } else { Attr::Unknown };
}

/// The handle, once all is known.
pub fn handle(model: &ExternalSecret) -> Option<Handle> {
    Some(Handle {
        namespace: model.namespace.known()?.clone(),
        name: secret_name(model).into_known()?,
        keys: keys(model).into_known()?,
    })
}

fn secret_name(model: &ExternalSecret) -> Attr<String> {
    match &model.target {
        Attr::Null => model.name.clone(),
        Attr::Unknown => Attr::Unknown,
        Attr::Known(target) => target.name.clone().or(model.name.clone()),
    }
}

/// With a template of its own keys, these are all that the Secret has; else the labels of `data`.
fn keys(model: &ExternalSecret) -> Attr<Vec<String>> {
    let template = match &model.target {
        Attr::Unknown => return Attr::Unknown,
        Attr::Known(target) => match &target.template {
            Attr::Unknown => return Attr::Unknown,
            Attr::Known(template) => template.data.clone(),
            Attr::Null => Attr::Null,
        },
        Attr::Null => Attr::Null,
    };
    let keys: BTreeSet<String> = match (template, &model.data) {
        (Attr::Unknown, _) | (Attr::Null, Attr::Unknown) => return Attr::Unknown,
        (Attr::Known(template), _) if !template.is_empty() => template.into_keys().collect(),
        (_, data) => data.known().into_iter().flatten().map(|(label, _)| label.clone()).collect(),
    };
    Attr::Known(keys.into_iter().collect())
}
