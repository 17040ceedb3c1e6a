//! What follows from the declaration of an ExternalSecret for others.

use std::collections::BTreeSet;

use homelab_schema::Attr;
use homelab_schema::duration::GoDuration;
use homelab_schema::external_secret::{ExternalSecret, MergePolicy, RefreshPolicy, Template};

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
    planned.ready = match prior {
        _ if !place.counts_generations => Attr::Null,
        Some(prior) if same_spec => prior.ready.or(Attr::Unknown),
        _ => Attr::Unknown,
    };
    // How often the store is asked changes nothing about the Secret that the handle names.
    let same_secret = prior.is_some_and(|prior| {
        let content = |model: &ExternalSecret| {
            let when = ExternalSecret { refresh_interval: Attr::Null, refresh_policy: Attr::Null, ..model.clone() };
            spec(&when)
        };
        content(prior).is_some() && content(prior) == content(planned)
    });
    planned.handle = if same_secret { kept(|prior| &prior.handle) } else { Attr::Unknown };
}

/// Whether the operator fetches this declaration only once: then a change of it never gets into a Secret that is there, and
/// waiting for it is in vain.
pub fn fetches_once(model: &ExternalSecret) -> bool {
    let interval = model.refresh_interval.known().and_then(|text| text.parse::<GoDuration>().ok());
    match model.refresh_policy.known() {
        Some(RefreshPolicy::CreatedOnce) => true,
        Some(RefreshPolicy::OnChange) => false,
        Some(RefreshPolicy::Periodic) | None => interval.is_some_and(|interval| interval.as_nanos() == 0),
    }
}

/// The handle, once all is known.
pub fn handle(model: &ExternalSecret) -> Option<Handle> {
    let name = secret_name(model).into_known()?;
    Some(Handle {
        namespace: model.namespace.known()?.clone(),
        source: model.name.known().filter(|own| **own != name).cloned(),
        keys: keys(model).into_known()?,
        name,
    })
}

fn secret_name(model: &ExternalSecret) -> Attr<String> {
    match &model.target {
        Attr::Null => model.name.clone(),
        Attr::Unknown => Attr::Unknown,
        Attr::Known(target) => target.name.clone().or(model.name.clone()),
    }
}

/// With a template of its own keys, these are all that the Secret has; else the labels of `data`. One that merges has both.
fn keys(model: &ExternalSecret) -> Attr<Vec<String>> {
    let none = Template::default();
    let template = match &model.target {
        Attr::Unknown => return Attr::Unknown,
        Attr::Null => &none,
        Attr::Known(target) => match &target.template {
            Attr::Unknown => return Attr::Unknown,
            Attr::Null => &none,
            Attr::Known(template) => template,
        },
    };
    let is_there = |known: Option<bool>| known == Some(true);
    if template.data.is_unknown() || template.from.is_unknown() || template.merge_policy.is_unknown() {
        return Attr::Unknown;
    }
    // What templates that stand elsewhere make is not known, but that they make all there is.
    let replaces = is_there(template.data.known().map(|data| !data.is_empty()))
        || is_there(template.from.known().map(|from| !from.is_empty()));
    let mut keys: BTreeSet<String> = template.data.known().into_iter().flatten().map(|(key, _)| key.clone()).collect();
    if !replaces || template.merge_policy.known() == Some(&MergePolicy::Merge) {
        if model.data.is_unknown() {
            return Attr::Unknown;
        }
        keys.extend(model.data.known().into_iter().flatten().map(|(label, _)| label.clone()));
    }
    Attr::Known(keys.into_iter().collect())
}
