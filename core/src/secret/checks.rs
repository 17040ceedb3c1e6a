//! Judges the declaration of an ExternalSecret by itself, without the cluster. Unknown values are never judged.

use std::collections::BTreeMap;

use homelab_cty::Path;
use homelab_schema::Attr;
use homelab_schema::duration::GoDuration;
use homelab_schema::external_secret::{CreationPolicy, DataFrom, DeletionPolicy, ExternalSecret, OnDestroy, Target};

use super::OWN_PREFIX;
use crate::finding::{Finding, secret as codes};
use crate::names;

/// What is wrong with the configuration as it stands.
pub fn declaration(config: &ExternalSecret) -> Vec<Finding> {
    let mut judge = Judge(Vec::new());
    judge.name(&config.name, &Path::attr("name"), names::is_object, names::OBJECT);
    judge.name(&config.namespace, &Path::attr("namespace"), names::is_label, names::LABEL);
    if let Some(store) = config.store.known() {
        judge.name(&store.name, &Path::attr("store").then_attr("name"), names::is_object, names::OBJECT);
    }
    judge.duration(&config.refresh_interval, &Path::attr("refresh_interval"));
    judge.own_annotations(&config.annotations);
    if let Some(target) = config.target.known() {
        judge.target(target, config.on_destroy);
    }
    for label in config.data.known().into_iter().flat_map(BTreeMap::keys) {
        judge.text(label, &Path::attr("data").then_key(label), names::is_secret_key, names::SECRET_KEY);
    }
    for (index, source) in config.data_from.known().into_iter().flatten().enumerate() {
        judge.source(source, &Path::attr("data_from").then_index(index));
    }
    let nothing = |empty: Option<bool>| empty == Some(true);
    if nothing(config.data.known().map(BTreeMap::is_empty)) && nothing(config.data_from.known().map(Vec::is_empty)) {
        judge.0.push(Finding::new(
            codes::NOTHING_TO_SYNC,
            subject(config),
            "Neither `data` nor `data_from` is declared.",
        ));
    }
    judge.0
}

/// How messages name the object.
pub fn subject(config: &ExternalSecret) -> String {
    let text = |attribute: &Attr<String>| attribute.known().cloned().unwrap_or_else(|| "?".to_owned());
    format!("ExternalSecret {}/{}", text(&config.namespace), text(&config.name))
}

struct Judge(Vec<Finding>);

impl Judge {
    fn text(&mut self, text: &str, path: &Path, is_valid: fn(&str) -> bool, expected: &str) {
        if !is_valid(text) {
            let finding = Finding::new(codes::MALFORMED, text, format!("{text:?} was given."));
            let finding = finding.summary(format!("{path} is not valid")).expected(format!("It must be {expected}."));
            self.0.push(finding.at(path.clone()));
        }
    }

    fn name(&mut self, name: &Attr<String>, path: &Path, is_valid: fn(&str) -> bool, expected: &str) {
        if let Some(name) = name.known() {
            self.text(name, path, is_valid, expected);
        }
    }

    fn duration(&mut self, text: &Attr<String>, path: &Path) {
        let Some(text) = text.known() else { return };
        let why = match text.parse::<GoDuration>() {
            Ok(duration) if duration.as_nanos() >= 0 => return,
            Ok(_) => format!("{text:?} is negative."),
            Err(error) => format!("{error}."),
        };
        let finding = Finding::new(codes::BAD_DURATION, text, why).summary(format!("{path} is not a duration"));
        self.0.push(finding.at(path.clone()));
    }

    fn contradiction(&mut self, path: Path, observed: &str, clears: &str) {
        self.0.push(Finding::new(codes::CONTRADICTION, path.to_string(), observed).clears(clears).at(path));
    }

    fn own_annotations(&mut self, annotations: &Attr<BTreeMap<String, String>>) {
        for name in annotations.known().into_iter().flat_map(BTreeMap::keys) {
            if name.starts_with(OWN_PREFIX) {
                let path = Path::attr("annotations").then_key(name);
                self.contradiction(path, "The provider writes this annotation by itself.", "Remove it.");
            }
        }
    }

    fn target(&mut self, target: &Target, on_destroy: Attr<OnDestroy>) {
        let path = Path::attr("target");
        self.name(&target.name, &path.then_attr("name"), names::is_object, names::OBJECT);
        let keys = target.template.known().and_then(|template| template.data.known());
        for key in keys.into_iter().flat_map(BTreeMap::keys) {
            let at = path.then_attr("template").then_attr("data").then_key(key);
            self.text(key, &at, names::is_secret_key, names::SECRET_KEY);
        }
        // Left out, the operator's default is Owner.
        let Some(creation) = target.creation_policy.known() else { return };
        let deletion = target.deletion_policy.known();
        let not_owned = matches!(creation, CreationPolicy::Merge | CreationPolicy::None);
        if not_owned && deletion == Some(&DeletionPolicy::Delete) {
            self.contradiction(
                path.then_attr("deletion_policy"),
                "The operator may only delete a Secret that it owns.",
                "Let creation_policy be Owner, or deletion_policy be Retain or Merge.",
            );
        }
        if *creation == CreationPolicy::None && deletion == Some(&DeletionPolicy::Merge) {
            self.contradiction(
                path.then_attr("deletion_policy"),
                "With creation_policy None there is no Secret that keys could be removed from.",
                "Let deletion_policy be Retain.",
            );
        }
        if *creation != CreationPolicy::Owner && on_destroy.known() == Some(&OnDestroy::DeleteSecret) {
            self.contradiction(
                Path::attr("on_destroy"),
                "Only a Secret that the operator owns goes with the ExternalSecret.",
                "Let creation_policy be Owner, or on_destroy be keep_secret.",
            );
        }
    }

    fn source(&mut self, source: &DataFrom, path: &Path) {
        match (&source.extract, &source.find) {
            (Attr::Known(_), Attr::Known(_)) => self.contradiction(
                path.clone(),
                "It has both `extract` and `find`.",
                "Write a data_from block for each.",
            ),
            (Attr::Null, Attr::Null) => {
                self.contradiction(path.clone(), "It has neither `extract` nor `find`.", "Add one of them.");
            }
            (_, Attr::Known(find)) if find.name_regexp.is_null() && find.tags.is_null() => self.contradiction(
                path.then_attr("find"),
                "Neither `name_regexp` nor `tags` says what to find.",
                "Add one of them; `name_regexp = \".*\"` finds everything below `path`.",
            ),
            _ => {}
        }
    }
}
