//! Judges the declaration of an ExternalSecret by itself, without the cluster. Unknown values are never judged.

use std::collections::BTreeMap;

use homelab_cty::Path;
use homelab_schema::Attr;
use homelab_schema::duration::GoDuration;
use homelab_schema::external_secret::{
    CreationPolicy, DataEntry, DataFrom, DeletionPolicy, ExternalSecret, OnDestroy, StoreRef, Target, Template,
};

use super::{OWN_PREFIX, go_template};
use crate::finding::{Finding, secret as codes};
use crate::names;

/// What is wrong with the configuration as it stands.
pub fn declaration(config: &ExternalSecret) -> Vec<Finding> {
    let mut judge = Judge(Vec::new());
    judge.name(&config.name, &Path::attr("name"), names::is_object, names::OBJECT);
    judge.name(&config.namespace, &Path::attr("namespace"), names::is_label, names::LABEL);
    judge.store(&config.store, &Path::attr("store"));
    judge.duration(&config.refresh_interval, &Path::attr("refresh_interval"));
    if let Some(timeouts) = config.timeouts.known() {
        for (name, timeout) in
            [("create", &timeouts.create), ("update", &timeouts.update), ("delete", &timeouts.delete)]
        {
            judge.duration(timeout, &Path::attr("timeouts").then_attr(name));
        }
    }
    judge.own_annotations(&config.annotations);
    if let Some(target) = config.target.known() {
        judge.target(target, config.on_destroy);
        judge.template(target.template.known(), config);
    }
    for (label, entry) in config.data.known().into_iter().flatten() {
        judge.entry(label, entry);
    }
    judge.some_store(config);
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

    fn store(&mut self, store: &Attr<StoreRef>, path: &Path) {
        if let Some(store) = store.known() {
            self.name(&store.name, &path.then_attr("name"), names::is_object, names::OBJECT);
        }
    }

    fn entry(&mut self, label: &str, entry: &DataEntry) {
        let path = Path::attr("data").then_key(label);
        self.text(label, &path, names::is_secret_key, names::SECRET_KEY);
        self.store(&entry.source, &path.then_attr("source"));
    }

    /// Whatever is fetched needs a store.
    fn some_store(&mut self, config: &ExternalSecret) {
        if !config.store.is_null() {
            return;
        }
        let entries = config.data.known().into_iter().flatten();
        let entry =
            entries.filter(|(_, entry)| entry.source.is_null()).map(|(label, _)| Path::attr("data").then_key(label));
        let sources = config.data_from.known().into_iter().flatten().enumerate();
        let source = sources
            .filter(|(_, source)| source.source.is_null() && source.generator.is_null())
            .map(|(index, _)| Path::attr("data_from").then_index(index));
        if let Some(path) = entry.chain(source).next() {
            self.contradiction(path, "Nothing says which store it is fetched from.", "Add a `store` block.");
        }
    }

    fn template(&mut self, template: Option<&Template>, config: &ExternalSecret) {
        let Some(template) = template else { return };
        let path = Path::attr("target").then_attr("template");
        // What `data_from` fetches is not known here.
        let only_data = config.data_from.known().is_none_or(Vec::is_empty) && !config.data_from.is_unknown();
        let fetched = config.data.known().filter(|_| only_data && !config.data.is_unknown());
        for (map, texts) in
            [("data", &template.data), ("labels", &template.labels), ("annotations", &template.annotations)]
        {
            for (key, text) in texts.known().into_iter().flatten() {
                let is_there = |name: &str| fetched.is_none_or(|fetched| fetched.contains_key(name));
                if let Err(why) = go_template::check(text, &is_there) {
                    let at = path.then_attr(map).then_key(key);
                    let finding = Finding::new(codes::BAD_TEMPLATE, key, format!("{why}."));
                    self.0.push(finding.summary(format!("{at} does not parse")).at(at));
                }
            }
        }
        for (index, from) in template.from.known().into_iter().flatten().enumerate() {
            let at = path.then_attr("from").then_index(index);
            let given = [!from.literal.is_null(), !from.config_map.is_null(), !from.secret.is_null()];
            if given.iter().filter(|given| **given).count() != 1 {
                self.contradiction(
                    at,
                    "It needs exactly one of `config_map`, `secret` and `literal`.",
                    "Write a `from` block for each.",
                );
            }
        }
    }

    fn source(&mut self, source: &DataFrom, path: &Path) {
        let given = [
            ("extract", !source.extract.is_null()),
            ("find", !source.find.is_null()),
            ("generator", !source.generator.is_null()),
        ];
        let given: Vec<&str> = given.iter().filter(|(_, given)| *given).map(|(name, _)| *name).collect();
        match given[..] {
            [] => self.contradiction(
                path.clone(),
                "It has neither `extract`, `find` nor `generator`.",
                "Add one of them.",
            ),
            [_] => {}
            [one, other, ..] => self.contradiction(
                path.clone(),
                &format!("It has both `{one}` and `{other}`."),
                "Write a data_from block for each.",
            ),
        }
        if let Some(find) = source.find.known()
            && find.name_regexp.is_null()
            && find.tags.is_null()
        {
            self.contradiction(
                path.then_attr("find"),
                "Neither `name_regexp` nor `tags` says what to find.",
                "Add one of them; `name_regexp = \".*\"` finds everything below `path`.",
            );
        }
        if !source.generator.is_null() && !source.source.is_null() {
            self.contradiction(
                path.then_attr("source"),
                "A generator is no store.",
                "Remove `source`, or fetch with `extract` or `find`.",
            );
        }
        self.store(&source.source, &path.then_attr("source"));
        for (index, rewrite) in source.rewrite.known().into_iter().flatten().enumerate() {
            let at = path.then_attr("rewrite").then_index(index);
            let given = [!rewrite.regexp.is_null(), !rewrite.transform.is_null(), !rewrite.merge.is_null()];
            if given.iter().filter(|given| **given).count() != 1 {
                self.contradiction(
                    at.clone(),
                    "It needs exactly one of `regexp`, `transform` and `merge`.",
                    "Write a `rewrite` block for each; they apply in order.",
                );
            }
            let transform = rewrite.transform.known().and_then(|transform| transform.template.known());
            if let Some(Err(why)) = transform.map(|text| go_template::check(text, &|name| name == "value")) {
                let at = at.then_attr("transform").then_attr("template");
                let finding = Finding::new(codes::BAD_TEMPLATE, "rewrite", format!("{why}."));
                self.0.push(finding.summary(format!("{at} does not parse")).at(at));
            }
        }
    }
}
