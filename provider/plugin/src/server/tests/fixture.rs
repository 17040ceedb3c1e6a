//! A schema with one of everything, values written as JSON, and an author whose answers a test decides.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use homelab_cty::{Attribute, Block, Mode, ModelError, NestedBlock, Nesting, Path, Schema, Type, Value, msgpack};
use serde_json::{Value as Json, json};
use tonic::Request;

use crate::erased::{DynProvider, DynResource};
use crate::proto::tfplugin5::{self as wire, provider_server::Provider as _};
use crate::{
    ConfigureRequest, Context, Create, Delete, Diagnostics, Import, MoveFrom, Plan, PlanRequest, Private, Read,
    ReadRequest, Server, State, Update,
};

/// Stands for an unknown value in JSON.
pub(super) const UNKNOWN: &str = "?";

/// A value from JSON: `"?"` is unknown, an array is a list, `{"set": […]}` is a set.
pub(super) fn value(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => Value::Number(number.to_string().parse().unwrap()),
        Json::String(text) if text == UNKNOWN => Value::UNKNOWN,
        Json::String(text) => Value::string(text),
        Json::Array(elements) => Value::List(elements.iter().map(value).collect()),
        Json::Object(members) if members.keys().eq(["set"]) => {
            Value::set(members["set"].as_array().unwrap().iter().map(value))
        }
        Json::Object(members) => Value::map(members.iter().map(|(name, member)| (name.clone(), value(member)))),
    }
}

/// A value of [`block`] with the members of `json`; the others are null or no block.
pub(super) fn thing(json: Json) -> Value {
    completed(&block(), &json)
}

/// A value of `block` with the members of `json`; the others are null or no block.
pub(super) fn completed(block: &Block, json: &Json) -> Value {
    let Value::Map(mut members) = block.empty_value() else { panic!("an empty value is an object") };
    for (name, member) in json.as_object().unwrap() {
        let of_block = block.blocks.get(name);
        let inner = |json: &Json| match json.as_str() {
            Some(UNKNOWN) => Value::UNKNOWN,
            _ => completed(&of_block.unwrap().block, json),
        };
        let member = match (of_block.map(|nested| nested.nesting), member) {
            (None, member) => value(member),
            (_, Json::String(_) | Json::Null) => value(member),
            (Some(Nesting::Single), member) => inner(member),
            (Some(Nesting::List), member) => Value::List(member.as_array().unwrap().iter().map(inner).collect()),
            (Some(Nesting::Set), member) => Value::set(member.as_array().unwrap().iter().map(inner)),
            (Some(Nesting::Map), member) => {
                let labelled = member.as_object().unwrap().iter();
                Value::map(labelled.map(|(label, element)| (label.clone(), inner(element))))
            }
        };
        assert!(members.insert(name.clone(), member).is_some(), "no {name} in the schema");
    }
    Value::Map(members)
}

fn attribute(mode: Mode, change: impl FnOnce(&mut Attribute)) -> Attribute {
    let mut attribute = Attribute::new(Type::String, mode);
    change(&mut attribute);
    attribute
}

fn same_letters(one: &Value, other: &Value) -> bool {
    one.as_str().map(str::to_lowercase) == other.as_str().map(str::to_lowercase)
}

/// A nested block: what is in it, at every nesting.
fn rule() -> Block {
    let mut rule = Block::default();
    rule.attributes.insert("path".into(), attribute(Mode::Optional, |_| {}));
    rule.attributes.insert("zone".into(), attribute(Mode::Optional, |it| it.replace = true));
    rule.attributes.insert("port".into(), attribute(Mode::OptionalComputed, |it| it.default = Some("80".into())));
    rule.attributes.insert("id".into(), attribute(Mode::Computed, |_| {}));
    rule
}

/// The schema of `test_thing`.
pub(super) fn block() -> Block {
    let mut block = Block::default();
    let mut add = |name: &str, attribute| block.attributes.insert(name.into(), attribute);
    add("name", attribute(Mode::Required, |it| it.replace = true));
    add("text", attribute(Mode::OptionalComputed, |it| it.default = Some("nothing".into())));
    add("case", attribute(Mode::Optional, |it| it.same = Some(same_letters)));
    add("plain", attribute(Mode::Optional, |_| {}));
    add("any", attribute(Mode::Optional, |it| it.ty = Type::Dynamic));
    add("parts", attribute(Mode::Optional, |it| it.ty = Type::set(Type::String)));
    add("host", attribute(Mode::OptionalComputed, |_| {}));
    add("url", attribute(Mode::Computed, |_| {}));
    add("serial", attribute(Mode::Computed, |it| it.ty = Type::Number));
    add("key_wo", attribute(Mode::Optional, |it| it.write_only = true));
    for (name, nesting) in
        [("one", Nesting::Single), ("listed", Nesting::List), ("labelled", Nesting::Map), ("bag", Nesting::Set)]
    {
        block.blocks.insert(name.into(), NestedBlock { nesting, block: rule(), min_items: 0, max_items: 0 });
    }
    block
}

type Answer<Request, Response> = Option<Box<dyn FnMut(&Context, Request, &mut Diagnostics) -> Response + Send>>;
type Stated = Option<State<Value>>;
/// Configuration, prior state, notes and what to start from.
type PlanAsked = (Value, Option<Value>, Private, Value);

/// What an author answers; what a test does not set must not be called.
#[derive(Default)]
pub(super) struct Script {
    pub(super) plan: Answer<PlanAsked, Option<Plan<Value>>>,
    pub(super) plan_destroy: Answer<Private, Private>,
    pub(super) create: Answer<(Value, Value), Stated>,
    pub(super) read: Answer<(Value, Private), Read<Value>>,
    pub(super) update: Answer<(Value, Value, Value), Stated>,
    pub(super) delete: Answer<Private, Stated>,
    pub(super) import: Answer<Import<Value>, Stated>,
    pub(super) upgrade: Answer<(i64, Json), Option<Json>>,
}

/// `test_thing`, as its script says.
#[derive(Clone, Default)]
pub(super) struct Scripted(pub(super) Arc<Mutex<Script>>);

macro_rules! ask {
    ($self:ident.$method:ident($cx:ident, $request:expr, $diagnostics:ident)) => {{
        let mut script = $self.0.lock().unwrap();
        let answer = script.$method.as_mut().expect(concat!("an unexpected call of ", stringify!($method)));
        answer($cx, $request, $diagnostics)
    }};
}

#[async_trait]
impl DynResource for Scripted {
    fn name(&self) -> &'static str {
        "test_thing"
    }

    fn schema(&self) -> Schema {
        Schema { version: 2, block: block() }
    }

    fn identity_block(&self) -> Block {
        let mut identity = Block::default();
        identity.attributes.insert("name".into(), attribute(Mode::Required, |_| {}));
        identity.attributes.insert("zone".into(), attribute(Mode::Optional, |_| {}));
        identity
    }

    fn identity(&self, state: &Value) -> Result<Value, ModelError> {
        Ok(identity(state.member("name")))
    }

    async fn validate(&self, _cx: &Context, config: &Value, diagnostics: &mut Diagnostics) {
        if *config.member("plain") == Value::from("refused") {
            diagnostics.error(Path::attr("plain"), "Refused", "");
        }
    }

    async fn plan(
        &self,
        cx: &Context,
        request: PlanRequest<'_, Value>,
        diagnostics: &mut Diagnostics,
    ) -> Option<Plan<Value>> {
        let PlanRequest { config, prior, private, planned } = request;
        ask!(self.plan(cx, (config.clone(), prior.cloned(), private.clone(), planned), diagnostics))
    }

    async fn plan_destroy(&self, cx: &Context, _: &Value, private: &Private, diagnostics: &mut Diagnostics) -> Private {
        ask!(self.plan_destroy(cx, private.clone(), diagnostics))
    }

    async fn create(&self, cx: &Context, it: Create<'_, Value>, diagnostics: &mut Diagnostics) -> Option<State<Value>> {
        ask!(self.create(cx, (it.config.clone(), it.planned.clone()), diagnostics))
    }

    async fn read(&self, cx: &Context, request: ReadRequest<'_, Value>, diagnostics: &mut Diagnostics) -> Read<Value> {
        ask!(self.read(cx, (request.state.clone(), request.private.clone()), diagnostics))
    }

    async fn update(&self, cx: &Context, it: Update<'_, Value>, diagnostics: &mut Diagnostics) -> Option<State<Value>> {
        ask!(self.update(cx, (it.config.clone(), it.prior.clone(), it.planned.clone()), diagnostics))
    }

    async fn delete(&self, cx: &Context, it: Delete<'_, Value>, diagnostics: &mut Diagnostics) -> Option<State<Value>> {
        ask!(self.delete(cx, it.private.clone(), diagnostics))
    }

    async fn import(&self, cx: &Context, it: Import<Value>, diagnostics: &mut Diagnostics) -> Option<State<Value>> {
        ask!(self.import(cx, it, diagnostics))
    }

    async fn move_from(&self, _: &Context, from: MoveFrom<'_>, _: &mut Diagnostics) -> Option<State<Value>> {
        let name = (from.type_name == "old_thing").then(|| from.state["title"].clone())?;
        Some(state(&completed(&block(), &json!({"name": name, "url": UNKNOWN, "bag": UNKNOWN}))))
    }

    async fn upgrade(&self, cx: &Context, version: i64, state: Json, diagnostics: &mut Diagnostics) -> Option<Json> {
        ask!(self.upgrade(cx, (version, state), diagnostics))
    }
}

/// The identity of `test_thing`.
pub(super) fn identity(name: &Value) -> Value {
    Value::map([("name", name.clone()), ("zone", Value::Null)])
}

/// A state without notes.
pub(super) fn state(model: &Value) -> State<Value> {
    State { model: model.clone(), private: Private::new() }
}

/// A provider block with one attribute that has a default.
struct Plain;

#[async_trait]
impl DynProvider for Plain {
    fn schema(&self) -> Schema {
        let mut block = Block::default();
        block
            .attributes
            .insert("level".into(), attribute(Mode::OptionalComputed, |it| it.default = Some("low".into())));
        Schema { version: 0, block }
    }

    async fn configure(&self, _cx: &Context, request: ConfigureRequest<Value>, diagnostics: &mut Diagnostics) {
        let level = request.config.member("level").clone();
        diagnostics.warning(Path::attr("level"), format!("{level:?}"), request.terraform_version);
    }
}

/// A server with `test_thing`.
pub(super) struct Bench {
    pub(super) server: Server,
}

impl Bench {
    pub(super) fn new(change: impl FnOnce(&mut Script)) -> Self {
        let thing = Scripted::default();
        change(&mut thing.0.lock().unwrap());
        Self { server: Server::of_dyn(Box::new(Plain)).dyn_resource(Box::new(thing)) }
    }

    pub(super) async fn plan(
        &self,
        request: wire::plan_resource_change::Request,
    ) -> wire::plan_resource_change::Response {
        let request = wire::plan_resource_change::Request { type_name: "test_thing".into(), ..request };
        self.server.plan_resource_change(Request::new(request)).await.unwrap().into_inner()
    }

    pub(super) async fn apply(
        &self,
        request: wire::apply_resource_change::Request,
    ) -> wire::apply_resource_change::Response {
        let request = wire::apply_resource_change::Request { type_name: "test_thing".into(), ..request };
        self.server.apply_resource_change(Request::new(request)).await.unwrap().into_inner()
    }

    pub(super) async fn read(&self, request: wire::read_resource::Request) -> wire::read_resource::Response {
        let request = wire::read_resource::Request { type_name: "test_thing".into(), ..request };
        self.server.read_resource(Request::new(request)).await.unwrap().into_inner()
    }
}

/// On the wire.
pub(super) fn sent(value: &Value) -> Option<wire::DynamicValue> {
    Some(wire::DynamicValue { msgpack: msgpack::encode(value, &block().ty()).unwrap(), json: Vec::new() })
}

/// From the wire.
pub(super) fn received(value: Option<&wire::DynamicValue>) -> Value {
    let value = value.expect("an answer");
    if value.msgpack.is_empty() {
        homelab_cty::json::decode(&value.json, &block().ty()).unwrap()
    } else {
        msgpack::decode(&value.msgpack, &block().ty()).unwrap()
    }
}

/// An identity on the wire.
pub(super) fn sent_identity(name: Value) -> Option<wire::ResourceIdentityData> {
    let ty = Scripted::default().identity_block().ty();
    let msgpack = msgpack::encode(&identity(&name), &ty).unwrap();
    Some(wire::ResourceIdentityData { identity_data: Some(wire::DynamicValue { msgpack, json: Vec::new() }) })
}

/// Severity and text of each diagnostic, for assertions.
pub(super) fn texts(diagnostics: &[wire::Diagnostic]) -> Vec<String> {
    diagnostics.iter().map(|it| format!("{:?}: {} {}", it.severity(), it.summary, it.detail)).collect()
}

/// Asserts one error that says `expected`.
#[track_caller]
pub(super) fn one_error(diagnostics: &[wire::Diagnostic], expected: &str) {
    let texts = texts(diagnostics);
    assert!(texts.len() == 1 && texts[0].starts_with("Error") && texts[0].contains(expected), "{texts:?}");
}
