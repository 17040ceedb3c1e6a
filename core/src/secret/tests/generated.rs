//! Generated declarations: whatever can be declared is written and read back.

use std::collections::BTreeMap;

use homelab_schema::Attr;
use homelab_schema::external_secret::{
    ConflictPolicy, ConversionStrategy, CreationPolicy, DataEntry, DataFrom, DataKey, DecodingStrategy, DeletionPolicy,
    EngineVersion, ExternalSecret, Find, Generator, MergePolicy, MergeStrategy, MetadataPolicy, PriorityPolicy,
    RefreshPolicy, Rewrite, RewriteMerge, RewriteRegexp, RewriteTransform, StoreKind, StoreRef, Target, Template,
    TemplateFrom, TemplateItem, TemplateRef, TemplateScope, TemplateTarget,
};
use proptest::prelude::*;
use serde_json::json;

use super::super::handle::Handle;
use super::super::read_back::read_back;
use super::super::render;
use super::{known, photos};

fn choice<T: Clone + std::fmt::Debug + 'static>(all: &'static [T]) -> impl Strategy<Value = Attr<T>> {
    prop::option::of(prop::sample::select(all)).prop_map(Attr::from)
}

fn word() -> impl Strategy<Value = Attr<String>> {
    prop::option::of("[a-z]{1,6}").prop_map(Attr::from)
}

fn texts() -> impl Strategy<Value = Attr<BTreeMap<String, String>>> {
    prop::option::of(prop::collection::btree_map("[a-z]{1,4}", "[ -~]{0,6}", 1..3)).prop_map(Attr::from)
}

prop_compose! {
    fn data_key()(
        key in "[a-z/]{1,8}",
        property in word(),
        version in word(),
        decoding_strategy in choice(DecodingStrategy::ALL),
        conversion_strategy in choice(ConversionStrategy::ALL),
        metadata_policy in choice(MetadataPolicy::ALL),
    ) -> DataKey {
        DataKey { key: known(&key), property, version, decoding_strategy, conversion_strategy, metadata_policy }
    }
}

prop_compose! {
    fn find()(
        path in word(),
        name_regexp in "[a-z^$.*]{1,6}",
        tags in texts(),
        decoding_strategy in choice(DecodingStrategy::ALL),
        conversion_strategy in choice(ConversionStrategy::ALL),
    ) -> Find {
        Find { path, name_regexp: known(&name_regexp), tags, decoding_strategy, conversion_strategy }
    }
}

fn store_ref() -> impl Strategy<Value = Attr<StoreRef>> {
    let of = |(name, kind): (String, StoreKind)| StoreRef { name: known(&name), kind: Attr::Known(kind) };
    prop::option::of(("[a-z]{1,6}", prop::sample::select(StoreKind::ALL)).prop_map(of)).prop_map(Attr::from)
}

prop_compose! {
    fn entry()(of in data_key(), source in store_ref()) -> DataEntry {
        DataEntry {
            key: of.key,
            property: of.property,
            version: of.version,
            decoding_strategy: of.decoding_strategy,
            conversion_strategy: of.conversion_strategy,
            metadata_policy: of.metadata_policy,
            source,
        }
    }
}

prop_compose! {
    fn merge()(
        strategy in choice(MergeStrategy::ALL),
        into in word(),
        priority in prop::option::of(prop::collection::vec("[a-z]{1,4}", 0..3)),
        priority_policy in choice(PriorityPolicy::ALL),
        conflict_policy in choice(ConflictPolicy::ALL),
    ) -> RewriteMerge {
        RewriteMerge { strategy, into, priority: priority.into(), priority_policy, conflict_policy }
    }
}

fn rewrite() -> impl Strategy<Value = Rewrite> {
    prop_oneof![
        ("[a-z]{0,4}", "[a-z$]{0,4}").prop_map(|(source, target)| Rewrite {
            regexp: Attr::Known(RewriteRegexp { source: known(&source), target: known(&target) }),
            ..Rewrite::default()
        }),
        "[a-z]{0,4}".prop_map(|template| Rewrite {
            transform: Attr::Known(RewriteTransform { template: known(&template) }),
            ..Rewrite::default()
        }),
        merge().prop_map(|merge| Rewrite { merge: Attr::Known(merge), ..Rewrite::default() }),
    ]
}

fn source() -> impl Strategy<Value = DataFrom> {
    let rewrites = || prop::collection::vec(rewrite(), 0..3).prop_map(Attr::Known);
    prop_oneof![
        (data_key(), store_ref(), rewrites()).prop_map(|(extract, source, rewrite)| DataFrom {
            extract: Attr::Known(extract),
            source,
            rewrite,
            ..DataFrom::default()
        }),
        (find(), store_ref(), rewrites()).prop_map(|(find, source, rewrite)| DataFrom {
            find: Attr::Known(find),
            source,
            rewrite,
            ..DataFrom::default()
        }),
        ("[A-Z]{1,4}", "[a-z]{1,4}", word(), rewrites()).prop_map(|(kind, name, api_version, rewrite)| DataFrom {
            generator: Attr::Known(Generator { kind: known(&kind), name: known(&name), api_version }),
            rewrite,
            ..DataFrom::default()
        }),
    ]
}

fn template_from() -> impl Strategy<Value = TemplateFrom> {
    let item = ("[a-z]{1,4}", choice(TemplateScope::ALL))
        .prop_map(|(key, template_as)| TemplateItem { key: known(&key), template_as });
    let reference = ("[a-z]{1,4}", prop::collection::vec(item, 1..3))
        .prop_map(|(name, item)| TemplateRef { name: known(&name), item: Attr::Known(item) });
    let reference = prop::option::of(reference).boxed();
    (choice(TemplateTarget::ALL), prop::option::of("[a-z]{0,4}"), reference.clone(), reference).prop_map(
        |(target, literal, config_map, secret)| TemplateFrom {
            target,
            literal: literal.into(),
            config_map: config_map.into(),
            secret: secret.into(),
        },
    )
}

prop_compose! {
    fn template()(
        r#type in word(),
        engine_version in choice(EngineVersion::ALL),
        merge_policy in choice(MergePolicy::ALL),
        labels in texts(),
        annotations in texts(),
        data in texts(),
        from in prop::collection::vec(template_from(), 0..3),
    ) -> Template {
        Template { r#type, engine_version, merge_policy, labels, annotations, data, from: Attr::Known(from) }
    }
}

prop_compose! {
    fn target()(
        name in "[a-z]{1,6}",
        creation_policy in choice(CreationPolicy::ALL),
        deletion_policy in choice(DeletionPolicy::ALL),
        immutable in prop::option::of(any::<bool>()),
        template in prop::option::of(template()),
    ) -> Target {
        Target { name: known(&name), creation_policy, deletion_policy, immutable: immutable.into(), template: template.into() }
    }
}

prop_compose! {
    fn declaration()(
        kind in prop::sample::select(StoreKind::ALL),
        minutes in prop::option::of(0_u32..3000),
        target in prop::option::of(target()),
        data in prop::collection::btree_map("[A-Z_]{1,6}", entry(), 1..4),
        data_from in prop::collection::vec(source(), 0..3),
        labels in texts(),
        annotations in texts(),
        refresh_policy in choice(RefreshPolicy::ALL),
        reload in any::<bool>(),
    ) -> ExternalSecret {
        ExternalSecret {
            refresh_policy,
            reload: Attr::Known(reload),
            store: Attr::Known(StoreRef { name: known("vault-kv"), kind: Attr::Known(kind) }),
            refresh_interval: minutes.map(|minutes| homelab_schema::duration::canonical(&format!("{minutes}m"))).into(),
            target: target.into(),
            data: Attr::Known(data),
            data_from: Attr::Known(data_from),
            labels,
            annotations,
            ..photos()
        }
    }
}

/// Within the lists, a value that is the server's default says as much as none.
fn without_defaults(mut model: ExternalSecret) -> ExternalSecret {
    fn clear<T: PartialEq>(attribute: &mut Attr<T>, default: &T) {
        if attribute.known() == Some(default) {
            *attribute = Attr::Null;
        }
    }
    fn each<T>(attribute: &mut Attr<T>, change: impl FnOnce(&mut T)) {
        if let Attr::Known(value) = attribute {
            change(value);
        }
    }
    each(&mut model.data, |data| {
        for entry in data.values_mut() {
            clear(&mut entry.decoding_strategy, &DecodingStrategy::None);
            clear(&mut entry.conversion_strategy, &ConversionStrategy::Default);
            clear(&mut entry.metadata_policy, &MetadataPolicy::None);
        }
    });
    each(&mut model.data_from, |sources| {
        for source in sources {
            each(&mut source.extract, |key| {
                clear(&mut key.decoding_strategy, &DecodingStrategy::None);
                clear(&mut key.conversion_strategy, &ConversionStrategy::Default);
                clear(&mut key.metadata_policy, &MetadataPolicy::None);
            });
            each(&mut source.find, |find| {
                clear(&mut find.decoding_strategy, &DecodingStrategy::None);
                clear(&mut find.conversion_strategy, &ConversionStrategy::Default);
            });
            for rewrite in source.rewrite.known().cloned().unwrap_or_default().iter().enumerate() {
                let mut changed = rewrite.1.clone();
                each(&mut changed.merge, |merge| {
                    clear(&mut merge.strategy, &MergeStrategy::Extract);
                    clear(&mut merge.conflict_policy, &ConflictPolicy::Error);
                    clear(&mut merge.priority_policy, &PriorityPolicy::Strict);
                });
                each(&mut source.rewrite, |all| all[rewrite.0] = changed);
            }
        }
    });
    each(&mut model.target, |target| {
        each(&mut target.template, |template| {
            each(&mut template.from, |all| {
                for from in all {
                    clear(&mut from.target, &TemplateTarget::Data);
                    for reference in [&mut from.config_map, &mut from.secret] {
                        each(reference, |reference| {
                            each(&mut reference.item, |items| {
                                for item in items {
                                    clear(&mut item.template_as, &TemplateScope::Values);
                                }
                            });
                        });
                    }
                }
            });
        });
    });
    model
}

proptest! {
    #[test]
    fn what_is_written_reads_back(model in declaration()) {
        let object = render::render(&model).expect("all is known");
        prop_assert_eq!(&read_back("photos", "photos-db", Some(&model), &object, None), &model);
        let mut ours = object;
        ours["metadata"]["annotations"]["terraform-provider-homelab/owner"] = json!("x");
        let imported = read_back("photos", "photos-db", None, &ours, Some(&ours));
        prop_assert_eq!(imported, without_defaults(model));
    }

    #[test]
    fn what_is_accepted_as_a_handle_is_one(text in "[a-z/#,A-Z.-]{0,24}") {
        if let Ok(handle) = text.parse::<Handle>() {
            prop_assert_eq!(handle.to_string(), text);
        }
    }
}
