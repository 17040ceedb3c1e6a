//! What the derives write, against the same thing written by hand.

use std::collections::{BTreeMap, BTreeSet};

use homelab_cty::{Attr, Attribute, Block, Leaf as _, Mode, Model as _, NestedBlock, Nesting, Path, Type, Value};
use homelab_schema_derive::{Leaf, Model};

/// A door of a house, which
/// may be locked.
///
/// Doors are made of wood.
#[derive(Clone, Debug, Default, PartialEq, Model)]
#[model(deprecated = "use a gate")]
struct Door {
    /// Its name.
    #[model(required, replace)]
    name: Attr<String>,
    /// Who may pass.
    #[model(optional, default = "guests")]
    who: Attr<Who>,
    /// How high it is.
    #[model(optional, default = -2)]
    height: Attr<i64>,
    /// How wide it is.
    #[model(optional, default = 0.5)]
    width: Attr<f64>,
    /// Whether it is locked.
    #[model(optional, computed)]
    locked: Attr<bool>,
    /// Of what kind.
    #[model(computed)]
    r#type: Attr<String>,
    /// Its keys.
    #[model(optional, default_with = two_keys)]
    keys: Attr<Vec<String>>,
    /// The code, hidden.
    #[model(optional, sensitive, deprecated = "use code_wo")]
    code: Attr<String>,
    /// The code, never stored.
    #[model(optional, write_only)]
    code_wo: Attr<String>,
    /// Some time.
    #[model(optional, same = ignoring_case)]
    time: Attr<String>,
    /// What was seen.
    #[model(computed)]
    seen: Attr<BTreeMap<String, Vec<Visit>>>,
    /// The frame.
    #[model(block, required)]
    frame: Attr<Part>,
    #[model(block, min_items = 1, max_items = 3)]
    hinge: Attr<Vec<Part>>,
    /// Its windows, by name.
    #[model(block, deprecated = "windows break")]
    window: Attr<BTreeMap<String, Part>>,
}

/// A part.
#[derive(Clone, Debug, Default, PartialEq, Model)]
struct Part {
    /// How big.
    #[model(required)]
    size: Attr<u16>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Leaf)]
enum Who {
    Family,
    Guests,
    #[leaf(rename = "All the World")]
    Everybody,
}

#[derive(Clone, Debug, PartialEq, Leaf)]
struct Visit {
    by: Who,
    at: Option<String>,
    #[leaf(rename = "with")]
    along: BTreeSet<Dog>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Leaf)]
struct Dog(String);

fn two_keys() -> Vec<String> {
    vec!["front".to_owned(), "spare".to_owned()]
}

fn ignoring_case(configured: &Value, prior: &Value) -> bool {
    configured.as_str().zip(prior.as_str()).is_some_and(|(a, b)| a.eq_ignore_ascii_case(b))
}

fn by_hand() -> Block {
    let attribute = |ty: Type, mode: Mode, description: &str| Attribute {
        description: description.to_owned(),
        ..Attribute::new(ty, mode)
    };
    let part = |description: &str| Block {
        attributes: BTreeMap::from([("size".to_owned(), attribute(Type::Number, Mode::Required, "How big."))]),
        description: description.to_owned(),
        ..Block::default()
    };
    let visit = Type::object([("by", Type::String), ("at", Type::String), ("with", Type::set(Type::String))]);
    let attributes = [
        ("name", Attribute { replace: true, ..attribute(Type::String, Mode::Required, "Its name.") }),
        (
            "who",
            Attribute {
                default: Some(Value::string("guests")),
                one_of: vec!["family".to_owned(), "guests".to_owned(), "All the World".to_owned()],
                ..attribute(Type::String, Mode::OptionalComputed, "Who may pass.")
            },
        ),
        (
            "height",
            Attribute {
                default: Some(Value::from(-2)),
                ..attribute(Type::Number, Mode::OptionalComputed, "How high it is.")
            },
        ),
        (
            "width",
            Attribute {
                default: Some(0.5_f64.to_value()),
                ..attribute(Type::Number, Mode::OptionalComputed, "How wide it is.")
            },
        ),
        ("locked", attribute(Type::Bool, Mode::OptionalComputed, "Whether it is locked.")),
        ("type", attribute(Type::String, Mode::Computed, "Of what kind.")),
        (
            "keys",
            Attribute {
                default: Some(Value::List(vec!["front".into(), "spare".into()])),
                ..attribute(Type::list(Type::String), Mode::OptionalComputed, "Its keys.")
            },
        ),
        (
            "code",
            Attribute {
                sensitive: true,
                deprecated: Some("use code_wo".to_owned()),
                ..attribute(Type::String, Mode::Optional, "The code, hidden.")
            },
        ),
        (
            "code_wo",
            Attribute { write_only: true, ..attribute(Type::String, Mode::Optional, "The code, never stored.") },
        ),
        ("time", Attribute { same: Some(ignoring_case), ..attribute(Type::String, Mode::Optional, "Some time.") }),
        ("seen", attribute(Type::map(Type::list(visit)), Mode::Computed, "What was seen.")),
    ];
    let blocks = [
        ("frame", NestedBlock { nesting: Nesting::Single, block: part("The frame."), min_items: 1, max_items: 1 }),
        // Without a doc comment of its own it has that of its type.
        ("hinge", NestedBlock { nesting: Nesting::List, block: part("A part."), min_items: 1, max_items: 3 }),
        (
            "window",
            NestedBlock {
                nesting: Nesting::Map,
                block: Block { deprecated: Some("windows break".to_owned()), ..part("Its windows, by name.") },
                min_items: 0,
                max_items: 0,
            },
        ),
    ];
    Block {
        attributes: attributes.map(|(name, attribute)| (name.to_owned(), attribute)).into(),
        blocks: blocks.map(|(name, nested)| (name.to_owned(), nested)).into(),
        description: "A door of a house, which may be locked.\n\nDoors are made of wood.".to_owned(),
        deprecated: Some("use a gate".to_owned()),
    }
}

#[test]
fn the_block_is_as_written_by_hand() {
    // Addresses of functions print differently in every run; that the right one is there is a test of its own.
    let without_addresses = |mut block: Block| {
        let same: Vec<String> = block
            .attributes
            .iter_mut()
            .filter_map(|(name, attribute)| attribute.same.take().map(|_| name.clone()))
            .collect();
        format!("{block:#?}{same:?}")
    };
    assert_eq!(without_addresses(Door::block()), without_addresses(by_hand()));
}

#[test]
fn same_is_the_named_function() {
    let same = Door::block().attributes["time"].same.unwrap();
    assert!(same(&Value::string("NOON"), &Value::string("noon")));
    assert!(!same(&Value::string("noon"), &Value::string("midnight")));
}

fn door() -> Door {
    let part = |size| Part { size: Attr::Known(size) };
    Door {
        name: Attr::Known("front".to_owned()),
        who: Attr::Known(Who::Everybody),
        height: Attr::Unknown,
        seen: Attr::Known(BTreeMap::from([(
            "monday".to_owned(),
            vec![Visit { by: Who::Guests, at: None, along: BTreeSet::from([Dog("Rex".to_owned())]) }],
        )])),
        r#type: Attr::Known("oak".to_owned()),
        frame: Attr::Known(part(7)),
        hinge: Attr::Known(vec![part(1), Part { size: Attr::Unknown }]),
        window: Attr::Known(BTreeMap::from([("left".to_owned(), part(3))])),
        ..Door::default()
    }
}

#[test]
fn values_go_there_and_back() {
    let value = door().to_value();
    assert_eq!(value.member("who"), &Value::string("All the World"));
    assert_eq!(value.member("type"), &Value::string("oak"));
    assert_eq!(value.member("height"), &Value::UNKNOWN);
    assert_eq!(value.member("code"), &Value::Null);
    assert_eq!(Door::from_value(&value, &Path::root()), Ok(door()));
}

#[test]
fn the_value_has_the_members_of_the_type() {
    let Type::Object(members) = Door::block().ty() else { panic!("a block is an object") };
    let value = door().to_value();
    assert_eq!(value.as_map().unwrap().keys().collect::<Vec<_>>(), members.keys().collect::<Vec<_>>());
}

#[test]
fn what_nobody_wrote_is_null_and_blocks_are_empty() {
    let empty = Door::from_value(&Door::block().empty_value(), &Path::root()).unwrap();
    assert_eq!(empty.name, Attr::Null);
    assert_eq!(empty.frame, Attr::Null);
    assert_eq!(empty.hinge, Attr::Known(Vec::new()));
    assert_eq!(empty.window, Attr::Known(BTreeMap::new()));
}

#[test]
fn errors_say_where_and_what() {
    let with = |name: &str, wrong: Value| {
        let Value::Map(mut members) = door().to_value() else { panic!("a block is an object") };
        members.insert(name.to_owned(), wrong);
        Door::from_value(&Value::Map(members), &Path::root()).unwrap_err().to_string()
    };
    assert_eq!(with("who", "nobody".into()), "who: must be one of family, guests, All the World");
    let big = Value::map([("size", Value::from(70_000))]);
    assert_eq!(
        with("window", Value::map([("left", big.clone())])),
        "window[\"left\"].size: must be a whole number from 0 to 65535"
    );
    assert_eq!(with("hinge", Value::List(vec![big])), "hinge[0].size: must be a whole number from 0 to 65535");
    let visit = Value::map([("by", Value::from("x")), ("at", Value::Null), ("with", Value::Set(Vec::new()))]);
    assert_eq!(
        with("seen", Value::map([("monday", Value::List(vec![visit]))])),
        "seen[\"monday\"][0].by: must be one of family, guests, All the World"
    );
    assert_eq!(Door::from_value(&Value::Null, &Path::attr("door")).unwrap_err().to_string(), "door: must be an object");
}

#[test]
fn an_enum_is_its_texts() {
    assert_eq!(Who::ALL.iter().map(Who::as_str).collect::<Vec<_>>(), ["family", "guests", "All the World"]);
    assert_eq!("guests".parse(), Ok(Who::Guests));
    assert_eq!("Guests".parse::<Who>(), Err("must be one of family, guests, All the World".to_owned()));
    assert_eq!(format!("{:>8}|", Who::Family), "  family|");
}
