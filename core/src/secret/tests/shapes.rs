//! What a declaration may have beside keys and a store: templates, rewrites, generators, `reload`; and what was found about it.

use std::collections::BTreeMap;

use homelab_schema::Attr;
use homelab_schema::external_secret::{
    DataEntry, DataFrom, DataKey, ExternalSecret, Generator, MergePolicy, RefreshPolicy, Rewrite, RewriteRegexp,
    RewriteTransform, StoreKind, StoreRef, Target, Template, TemplateFrom, TemplateItem, TemplateRef, Timeouts,
};
use serde_json::json;

use super::super::outputs::{self, Place};
use super::super::read_back::read_back;
use super::super::{RELOAD, checks, moved, references, render};
use super::{codes_of, known, photos};

#[test]
fn reload_marks_the_secret_wherever_the_operator_takes_its_annotations_from() {
    let plain = ExternalSecret { reload: Attr::Known(true), ..photos() };
    let object = render::render(&plain).unwrap();
    assert_eq!(object["metadata"]["annotations"], json!({RELOAD: "true"}));
    let template =
        Template { labels: Attr::Known(BTreeMap::from([("a".to_owned(), "b".to_owned())])), ..Template::default() };
    let target = Target { template: Attr::Known(template), ..Target::default() };
    let shaped = ExternalSecret { target: Attr::Known(target), ..plain.clone() };
    let with_template = render::render(&shaped).unwrap();
    assert_eq!(with_template["metadata"], json!({}));
    let metadata = json!({"annotations": {RELOAD: "true"}, "labels": {"a": "b"}});
    assert_eq!(with_template["spec"]["target"]["template"]["metadata"], metadata);

    // Somebody takes it away.
    let mut bare = object.clone();
    bare["metadata"]["annotations"] = json!({});
    assert_eq!(read_back("photos", "photos-db", Some(&plain), &bare, None).reload, Attr::Known(false));
    assert_eq!(read_back("photos", "photos-db", Some(&plain), &object, None), plain);
    // In an object of somebody else it is an annotation as any other.
    let theirs = read_back("photos", "photos-db", None, &object, Some(&object));
    assert_eq!(theirs.reload, Attr::Known(false));
    assert!(theirs.annotations.known().unwrap().contains_key(RELOAD));
}

#[test]
fn rewrites_generators_and_templates_from_elsewhere_are_written() {
    let regexp = RewriteRegexp { source: known("^a"), target: known("b") };
    let model = ExternalSecret {
        store: Attr::Null,
        refresh_policy: Attr::Known(RefreshPolicy::OnChange),
        data: Attr::Known(BTreeMap::new()),
        data_from: Attr::Known(vec![DataFrom {
            generator: Attr::Known(Generator { kind: known("Password"), name: known("p"), api_version: Attr::Null }),
            rewrite: Attr::Known(vec![
                Rewrite { regexp: Attr::Known(regexp), ..Rewrite::default() },
                Rewrite {
                    transform: Attr::Known(RewriteTransform { template: known("{{ .value | upper }}") }),
                    ..Rewrite::default()
                },
            ]),
            ..DataFrom::default()
        }]),
        target: Attr::Known(Target {
            immutable: Attr::Known(true),
            template: Attr::Known(Template {
                from: Attr::Known(vec![TemplateFrom {
                    config_map: Attr::Known(TemplateRef {
                        name: known("forms"),
                        item: Attr::Known(vec![TemplateItem { key: known("env"), template_as: Attr::Null }]),
                    }),
                    ..TemplateFrom::default()
                }]),
                ..Template::default()
            }),
            ..Target::default()
        }),
        ..photos()
    };
    assert_eq!(codes_of(&checks::declaration(&model)), []);
    let object = render::render(&model).unwrap();
    assert_eq!(
        object["spec"],
        json!({
            "refreshPolicy": "OnChange",
            "target": {"immutable": true, "template": {
                "templateFrom": [{"configMap": {"name": "forms", "items": [{"key": "env"}]}}]}},
            "dataFrom": [{
                "sourceRef": {"generatorRef": {"kind": "Password", "name": "p"}},
                "rewrite": [{"regexp": {"source": "^a", "target": "b"}}, {"transform": {"template": "{{ .value | upper }}"}}],
            }],
        })
    );
    // What it makes is not known, so no key of it is promised.
    let mut filled = model;
    outputs::fill(&mut filled, None, &Place::default());
    assert_eq!(filled.keys, Attr::Known(Vec::new()));
}

#[test]
fn what_a_template_lacks_and_what_is_said_twice_is_refused() {
    let template = Template {
        data: Attr::Known(BTreeMap::from([("URL".to_owned(), "{{ .DB_PASWORD }}".to_owned())])),
        from: Attr::Known(vec![TemplateFrom::default()]),
        ..Template::default()
    };
    let generator = Generator { kind: known("Password"), name: known("p"), api_version: Attr::Null };
    let elsewhere = Attr::Known(StoreRef { name: known("x"), kind: Attr::Known(StoreKind::SecretStore) });
    let model = ExternalSecret {
        target: Attr::Known(Target { template: Attr::Known(template.clone()), ..Target::default() }),
        timeouts: Attr::Known(Timeouts { create: known("15 minutes"), ..Timeouts::default() }),
        ..photos()
    };
    let mut found = codes_of(&checks::declaration(&model));
    found.sort();
    let expected = [
        ("HL2002", "timeouts.create"),
        ("HL2004", "target.template.from[0]"),
        ("HL2412", "target.template.data[\"URL\"]"),
    ];
    assert_eq!(found, expected.map(|(code, path)| (code, path.to_owned())));
    // What `data_from` fetches may have any name.
    let sources = vec![
        DataFrom { extract: Attr::Known(DataKey { key: known("a"), ..DataKey::default() }), ..DataFrom::default() },
        DataFrom {
            generator: Attr::Known(generator),
            source: elsewhere,
            rewrite: Attr::Known(vec![Rewrite::default()]),
            ..DataFrom::default()
        },
    ];
    let model = ExternalSecret { data_from: Attr::Known(sources), store: Attr::Null, ..model };
    let mut found = codes_of(&checks::declaration(&model));
    found.sort();
    let expected = [
        ("HL2002", "timeouts.create"),
        ("HL2004", "data[\"DB_PASSWORD\"]"),
        ("HL2004", "data_from[1].rewrite[0]"),
        ("HL2004", "data_from[1].source"),
        ("HL2004", "target.template.from[0]"),
    ];
    assert_eq!(found, expected.map(|(code, path)| (code, path.to_owned())));
}

#[test]
fn ready_is_kept_as_long_as_nothing_is_fetched_anew() {
    let cluster = Place { api_version: None, counts_generations: true };
    let state = ExternalSecret { ready: Attr::Known(true), ..photos() };
    let mut same = photos();
    outputs::fill(&mut same, Some(&state), &cluster);
    assert_eq!(same.ready, Attr::Known(true));
    let mut changed = ExternalSecret { refresh_interval: known("1h"), ..photos() };
    outputs::fill(&mut changed, Some(&state), &cluster);
    assert!(changed.ready.is_unknown());
    outputs::fill(&mut changed, Some(&state), &Place::default());
    assert!(changed.ready.is_null(), "a folder is never ready");
    for (interval, policy, once) in [
        ("0s", Attr::Null, true),
        ("1h", Attr::Null, false),
        ("0s", Attr::Known(RefreshPolicy::OnChange), false),
        ("1h", Attr::Known(RefreshPolicy::CreatedOnce), true),
    ] {
        let model = ExternalSecret { refresh_interval: known(interval), refresh_policy: policy, ..photos() };
        assert_eq!(outputs::fetches_once(&model), once, "{interval} {policy:?}");
    }
}

#[test]
fn a_template_that_merges_keeps_the_fetched_keys() {
    let data = BTreeMap::from([("URL".to_owned(), "x".to_owned())]);
    let template =
        Template { data: Attr::Known(data), merge_policy: Attr::Known(MergePolicy::Merge), ..Template::default() };
    let target = Target { template: Attr::Known(template), ..Target::default() };
    let mut model = ExternalSecret { target: Attr::Known(target), ..photos() };
    outputs::fill(&mut model, None, &Place::default());
    assert_eq!(model.keys, Attr::Known(vec!["DB_PASSWORD".to_owned(), "URL".to_owned()]));
}

#[test]
fn an_immutable_secret_takes_no_key_and_a_long_name_is_known_by_its_hash() {
    let own = json!({"name": "photos-db", "namespace": "photos", "ownerReferences": [{"kind": "ExternalSecret", "name": "photos-db"}]});
    let mut model = photos();
    outputs::fill(&mut model, None, &Place::default());
    let judge = |secret: serde_json::Value| references::secret(&model, &secret).map(|finding| finding.code.id);
    assert_eq!(judge(json!({"metadata": own, "immutable": true, "data": {}})), Some("HL2413"));
    assert_eq!(judge(json!({"metadata": own, "immutable": true, "data": {"DB_PASSWORD": ""}})), None);
    assert_eq!(judge(json!({"metadata": own, "data": {}})), None);

    let hashed = json!({"managedFields": [{"manager": "externalsecrets.external-secrets.io/sha3/0123"}]});
    assert_eq!(judge(json!({"metadata": hashed})), Some("HL2103"));
    let long = ExternalSecret { name: known(&"a".repeat(120)), ..photos() };
    assert_eq!(references::secret(&long, &json!({"metadata": hashed})), None);
}

#[test]
fn every_store_is_looked_at_where_it_is_named() {
    let other = |name: &str| Attr::Known(StoreRef { name: known(name), kind: Attr::Known(StoreKind::SecretStore) });
    let entry = DataEntry { key: known("a"), source: other("one"), ..DataEntry::default() };
    let model = ExternalSecret {
        data: Attr::Known(BTreeMap::from([("A".to_owned(), entry)])),
        data_from: Attr::Known(vec![DataFrom { source: other("two"), ..DataFrom::default() }]),
        ..photos()
    };
    let found: Vec<(String, String)> =
        references::stores(&model).into_iter().map(|(store, path)| (store.name, path.to_string())).collect();
    let expected =
        [("vault-kv", "store.name"), ("one", "data[\"A\"].source.name"), ("two", "data_from[0].source.name")];
    assert_eq!(found, expected.map(|(name, path)| (name.to_owned(), path.to_owned())));
    let (store, path) = references::stores(&model).into_iter().next().unwrap();
    let object =
        json!({"status": {"conditions": [{"type": "Ready", "status": "False", "message": "unable to log in"}]}});
    let said = references::store_not_valid(&store, "photos", &object, &path).unwrap();
    assert_eq!((said.code.id, said.observed.as_str()), ("HL2406", "The operator says: unable to log in."));
    assert_eq!(references::store_not_valid(&store, "photos", &json!({}), &path), None);
}

#[test]
fn a_manifest_of_any_shape_is_taken_over() {
    // As a dynamic value of Terraform has it: what one element has and another lacks is null.
    let object = json!({
        "apiVersion": "external-secrets.io/v1beta1", "kind": "ExternalSecret",
        "metadata": {"name": "photos-db", "namespace": "photos", "annotations": null, "labels": null},
        "spec": {
            "refreshInterval": "1h", "secretStoreRef": {"name": "vault-kv", "kind": "ClusterSecretStore"},
            "target": {"name": "env", "creationPolicy": "Owner", "immutable": null, "template": null},
            "data": [
                {"secretKey": "A", "remoteRef": {"key": "a", "property": null, "version": "2"}, "sourceRef": null},
                {"secretKey": "B", "remoteRef": {"key": "b", "property": "b", "version": null},
                 "sourceRef": {"storeRef": {"name": "other", "kind": null}, "generatorRef": null}},
            ],
            "dataFrom": [
                {"extract": {"key": "all"}, "find": null, "rewrite": null, "sourceRef": null},
                {"extract": null, "find": {"name": {"regexp": ".*"}, "path": null, "tags": null},
                 "rewrite": [{"regexp": {"source": "a", "target": "b"}, "merge": null, "transform": null}]},
            ],
        },
    });
    let manifest = json!({"manifest": {"type": ["object", {}], "value": object}});
    let model = moved::from_state("kubernetes_manifest", &manifest).unwrap().unwrap();
    let data = model.data.known().unwrap();
    assert_eq!((&data["A"].version, &data["A"].source), (&known("2"), &Attr::Null));
    assert_eq!(data["B"].source.known().map(|store| &store.name), Some(&known("other")));
    let sources = model.data_from.known().unwrap();
    assert!(sources[0].find.is_null() && sources[1].extract.is_null());
    assert_eq!(sources[1].rewrite.known().map(Vec::len), Some(1));
    let target = model.target.known().unwrap();
    assert!(target.immutable.is_null() && target.template.is_null());
    assert_eq!(codes_of(&checks::declaration(&model)), []);

    let state = json!({"yaml_body": object.to_string(), "override_namespace": "elsewhere"});
    let model = moved::from_state("kubectl_manifest", &state).unwrap().unwrap();
    assert_eq!(model.namespace, known("elsewhere"));
}
