//! Everything beside managed resources: schemas, validation, the provider block, data, ephemerals, functions, Stop.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use homelab_cty::{Attribute, Block, Mode, Path, Schema, Type, Value, json, msgpack};
use serde_json::json;
use tonic::Request;

use super::fixture::{Bench, UNKNOWN, one_error, sent, texts, thing, value};
use crate::erased::{DynDataSource, DynEphemeral};
use crate::proto::tfplugin5::{self as wire, provider_server::Provider as _};
use crate::{Context, Diagnostics, Function, FunctionError, Opened, Parameter, Private, Renewed, Signature};

/// A data source and an ephemeral resource: `asked` in, `told` out.
struct Echo;

fn echo() -> Schema {
    let mut block = Block::default();
    let mut asked = Attribute::new(Type::String, Mode::OptionalComputed);
    asked.default = Some("hello".into());
    block.attributes.insert("asked".into(), asked);
    block.attributes.insert("told".into(), Attribute::new(Type::String, Mode::Computed));
    Schema { version: 0, block }
}

fn told(config: &Value) -> Value {
    assert_eq!(*config.member("told"), Value::Null, "computed attributes are null before the read");
    let told = match config.member("asked").as_str() {
        Some("later") => Value::UNKNOWN,
        asked => Value::string(format!("{}!", asked.unwrap_or_default())),
    };
    // What the user asked is the user's, whatever is answered.
    value(&json!({"asked": "changed", "told": told.as_str().unwrap_or(UNKNOWN)}))
}

#[async_trait]
impl DynDataSource for Echo {
    fn name(&self) -> &'static str {
        "test_echo"
    }

    fn schema(&self) -> Schema {
        echo()
    }

    async fn validate(&self, _: &Context, config: &Value, diagnostics: &mut Diagnostics) {
        if config.member("asked").is_unknown() {
            diagnostics.warning(Path::attr("asked"), "Unknown", "");
        }
    }

    async fn read(&self, _: &Context, config: Value, diagnostics: &mut Diagnostics) -> Option<Value> {
        match config.member("asked").as_str() {
            Some("fail") => {
                diagnostics.error(Path::attr("asked"), "Failed", "");
                Some(told(&config))
            }
            Some("nothing") => None,
            _ => Some(told(&config)),
        }
    }
}

#[async_trait]
impl DynEphemeral for Echo {
    fn name(&self) -> &'static str {
        "test_echo"
    }

    fn schema(&self) -> Schema {
        echo()
    }

    async fn open(&self, _: &Context, config: Value, _: &mut Diagnostics) -> Option<Opened<Value>> {
        let mut private = Private::new();
        private.set("lease", &1);
        let renew_at = Some(SystemTime::UNIX_EPOCH + Duration::from_mins(1));
        (config.member("asked").as_str() != Some("nothing")).then(|| Opened { model: told(&config), private, renew_at })
    }

    async fn renew(&self, _: &Context, private: &Private, _: &mut Diagnostics) -> Renewed {
        let lease: i64 = private.get("lease").unwrap();
        let mut private = private.clone();
        private.set("lease", &(lease + 1));
        Renewed { private, renew_at: Some(SystemTime::UNIX_EPOCH + Duration::from_mins(2)) }
    }

    async fn close(&self, _: &Context, private: &Private, diagnostics: &mut Diagnostics) {
        diagnostics.warning(Path::root(), format!("closed {}", private.get::<i64>("lease").unwrap()), "");
    }
}

/// Joins texts.
struct Join;

impl Function for Join {
    fn name(&self) -> &'static str {
        "join"
    }

    fn signature(&self) -> Signature {
        let text = |name| Parameter { name, ty: Type::String, description: "A text." };
        Signature {
            parameters: vec![text("first")],
            variadic: Some(text("more")),
            returns: Type::String,
            summary: "Joins",
            description: "Joins texts.",
        }
    }

    fn call(&self, arguments: &[Value]) -> Result<Value, FunctionError> {
        match arguments.iter().position(|argument| argument.as_str() == Some("")) {
            Some(index) => Err(FunctionError { text: "must not be empty".into(), argument: i64::try_from(index).ok() }),
            None => Ok(Value::string(arguments.iter().filter_map(Value::as_str).collect::<String>())),
        }
    }
}

fn bench() -> Bench {
    let bench = Bench::new(|_| {});
    let server = bench.server.dyn_data_source(Box::new(Echo)).dyn_ephemeral(Box::new(Echo)).function(Join);
    Bench { server }
}

/// A result, in whichever form it came.
fn decode(result: &wire::DynamicValue, ty: &Type) -> Value {
    if result.msgpack.is_empty() { json::decode(&result.json, ty) } else { msgpack::decode(&result.msgpack, ty) }
        .unwrap()
}

fn of_echo(json: &serde_json::Value) -> Option<wire::DynamicValue> {
    let msgpack = msgpack::encode(&value(json), &echo().block.ty()).unwrap();
    Some(wire::DynamicValue { msgpack, json: Vec::new() })
}

#[tokio::test]
async fn schemas_say_everything_and_are_the_same_each_time() {
    let server = bench().server;
    let get =
        async || server.get_schema(Request::new(wire::get_provider_schema::Request {})).await.unwrap().into_inner();
    let schemas = get().await;
    assert_eq!(texts(&schemas.diagnostics), [""; 0]);
    assert_eq!(get().await, schemas);
    let capabilities = schemas.server_capabilities.unwrap();
    assert!(capabilities.plan_destroy && capabilities.get_provider_schema_optional && capabilities.move_resource_state);
    let of_thing = &schemas.resource_schemas["test_thing"];
    let block = of_thing.block.as_ref().unwrap();
    assert_eq!((of_thing.version, block.version), (2, 2));
    let attribute = |name: &str| block.attributes.iter().find(|it| it.name == name).unwrap();
    let flags = |name: &str| (attribute(name).required, attribute(name).optional, attribute(name).computed);
    assert_eq!(flags("name"), (true, false, false));
    assert_eq!(flags("plain"), (false, true, false));
    assert_eq!(flags("text"), (false, true, true));
    assert_eq!(flags("url"), (false, false, true));
    assert!(attribute("key_wo").write_only && !attribute("name").write_only);
    assert_eq!(attribute("parts").r#type, br#"["set","string"]"#);
    let nestings: BTreeMap<_, _> =
        block.block_types.iter().map(|it| (it.type_name.as_str(), it.nesting().as_str_name())).collect();
    let expected = [("bag", "SET"), ("labelled", "MAP"), ("listed", "LIST"), ("one", "SINGLE")];
    assert_eq!(nestings, expected.into());
    assert!(schemas.provider.is_some() && schemas.data_source_schemas.contains_key("test_echo"));
    assert!(schemas.ephemeral_resource_schemas.contains_key("test_echo"));
    let join = &schemas.functions["join"];
    assert!(!join.parameters[0].allow_null_value && !join.parameters[0].allow_unknown_values);
    assert_eq!(join.variadic_parameter.as_ref().unwrap().name, "more");

    let request = Request::new(wire::get_metadata::Request {});
    let metadata = server.get_metadata(request).await.unwrap().into_inner();
    assert_eq!(metadata.resources[0].type_name, "test_thing");
    assert_eq!((metadata.data_sources.len(), metadata.ephemeral_resources.len(), metadata.functions.len()), (1, 1, 1));
    let request = Request::new(wire::get_functions::Request {});
    assert_eq!(server.get_functions(request).await.unwrap().into_inner().functions, schemas.functions);
    let request = Request::new(wire::get_resource_identity_schemas::Request {});
    let identities = server.get_resource_identity_schemas(request).await.unwrap().into_inner().identity_schemas;
    let attributes = &identities["test_thing"].identity_attributes;
    assert_eq!((attributes[0].name.as_str(), attributes[0].required_for_import), ("name", true));
    assert_eq!((attributes[1].name.as_str(), attributes[1].optional_for_import), ("zone", true));
}

#[tokio::test]
async fn write_only_values_need_a_client_that_drops_them() {
    let server = bench().server;
    let validate = async |capabilities: Option<bool>, config: serde_json::Value| {
        let request = wire::validate_resource_type_config::Request {
            type_name: "test_thing".into(),
            config: sent(&thing(config)),
            client_capabilities: capabilities.map(|write_only_attributes_allowed| wire::ClientCapabilities {
                write_only_attributes_allowed,
                deferral_allowed: false,
            }),
        };
        server.validate_resource_type_config(Request::new(request)).await.unwrap().into_inner().diagnostics
    };
    let with = || json!({"name": "a", "key_wo": "hunter2"});
    assert_eq!(validate(Some(true), with()).await, []);
    assert_eq!(validate(None, json!({"name": UNKNOWN})).await, []);
    for capabilities in [None, Some(false)] {
        let diagnostics = validate(capabilities, with()).await;
        one_error(&diagnostics, "key_wo is write-only");
        assert!(!texts(&diagnostics)[0].contains("hunter2"));
        assert_eq!(diagnostics[0].attribute.as_ref().unwrap().steps.len(), 1);
    }
    one_error(&validate(Some(true), json!({"name": "a", "plain": "refused"})).await, "Refused");
}

#[tokio::test]
async fn the_provider_block_has_its_defaults_only_when_it_is_configured() {
    let server = bench().server;
    let ty = Type::object([("level", Type::String)]);
    let config = |level: Value| wire::DynamicValue {
        msgpack: msgpack::encode(&Value::map([("level", level)]), &ty).unwrap(),
        json: Vec::new(),
    };
    let request = wire::prepare_provider_config::Request { config: Some(config(Value::Null)) };
    let prepared = server.prepare_provider_config(Request::new(request)).await.unwrap().into_inner();
    assert_eq!(prepared.prepared_config, Some(config(Value::Null)));
    let configured = async |config: Option<wire::DynamicValue>| {
        let request = wire::configure::Request {
            config,
            terraform_version: "pulumi-terraform-bridge".into(),
            client_capabilities: None,
        };
        texts(&server.configure(Request::new(request)).await.unwrap().into_inner().diagnostics)
    };
    let says = |level: &str| vec![format!("Warning: {level} pulumi-terraform-bridge")];
    assert_eq!(configured(Some(config(Value::Null))).await, says("String(\"low\")"));
    assert_eq!(configured(Some(config("high".into()))).await, says("String(\"high\")"));
    assert_eq!(configured(Some(config(Value::UNKNOWN))).await, says("Unknown(None)"));
    assert_eq!(configured(None).await, says("String(\"low\")"));
}

#[tokio::test]
async fn a_data_source_answers_for_what_was_asked() {
    let server = bench().server;
    let read = async |asked: serde_json::Value| {
        let request = wire::read_data_source::Request {
            type_name: "test_echo".into(),
            config: of_echo(&json!({"asked": asked, "told": null})),
            ..Default::default()
        };
        server.read_data_source(Request::new(request)).await.unwrap().into_inner()
    };
    assert_eq!(read(json!("hi")).await.state, of_echo(&json!({"asked": "hi", "told": "hi!"})));
    assert_eq!(read(json!(null)).await.state, of_echo(&json!({"asked": "changed", "told": "hello!"})));
    one_error(&read(json!("later")).await.diagnostics, "told is unknown");
    one_error(&read(json!("nothing")).await.diagnostics, "neither an answer nor an error");
    let failed = read(json!("fail")).await;
    one_error(&failed.diagnostics, "Failed");
    assert_eq!(failed.state, None);
    let request = wire::validate_data_source_config::Request {
        type_name: "test_echo".into(),
        config: of_echo(&json!({"asked": UNKNOWN, "told": null})),
    };
    let validated = server.validate_data_source_config(Request::new(request)).await.unwrap().into_inner();
    assert_eq!(texts(&validated.diagnostics), ["Warning: Unknown "]);
}

#[tokio::test]
async fn an_ephemeral_resource_is_opened_renewed_and_closed_with_its_notes() {
    let server = bench().server;
    let open = async |asked: &str| {
        let request = wire::open_ephemeral_resource::Request {
            type_name: "test_echo".into(),
            config: of_echo(&json!({"asked": asked, "told": null})),
            client_capabilities: None,
        };
        server.open_ephemeral_resource(Request::new(request)).await.unwrap().into_inner()
    };
    let opened = open("hi").await;
    assert_eq!(opened.result, of_echo(&json!({"asked": "hi", "told": "hi!"})));
    assert_eq!(opened.renew_at.unwrap().seconds, 60);
    assert_eq!(open("later").await.result, of_echo(&json!({"asked": "later", "told": UNKNOWN})));
    one_error(&open("nothing").await.diagnostics, "neither an answer nor an error");
    let request = wire::renew_ephemeral_resource::Request { type_name: "test_echo".into(), private: opened.private };
    let renewed = server.renew_ephemeral_resource(Request::new(request)).await.unwrap().into_inner();
    assert_eq!(renewed.renew_at.unwrap().seconds, 120);
    let request = wire::close_ephemeral_resource::Request { type_name: "test_echo".into(), private: renewed.private };
    let closed = server.close_ephemeral_resource(Request::new(request)).await.unwrap().into_inner();
    assert_eq!(texts(&closed.diagnostics), ["Warning: closed 2 "]);
}

#[tokio::test]
async fn a_function_is_called_before_anything_else_and_blames_its_argument() {
    let server = bench().server;
    let call = async |arguments: &[Value]| {
        let arguments = arguments.iter().map(|argument| wire::DynamicValue {
            msgpack: msgpack::encode(argument, &Type::String).unwrap(),
            json: Vec::new(),
        });
        let request = wire::call_function::Request { name: "join".into(), arguments: arguments.collect() };
        let answer = server.call_function(Request::new(request)).await.unwrap().into_inner();
        match answer.error {
            None => Ok(decode(&answer.result.unwrap(), &Type::String)),
            Some(error) => Err((error.text, error.function_argument)),
        }
    };
    assert_eq!(call(&["a".into()]).await, Ok("a".into()));
    assert_eq!(call(&["a".into(), "b".into(), "c".into()]).await, Ok("abc".into()));
    assert_eq!(call(&["a".into(), "".into()]).await, Err(("must not be empty".into(), Some(1))));
    assert_eq!(call(&["a".into(), Value::Null]).await, Err(("more must not be null".into(), Some(1))));
    assert_eq!(call(&["a".into(), Value::UNKNOWN]).await, Ok(Value::UNKNOWN));
    assert_eq!(call(&[]).await, Err(("takes 1 arguments, not 0".into(), None)));
}

#[tokio::test]
async fn stop_cancels_what_runs_and_the_call_still_answers() {
    let bench = Bench::new(|script| {
        script.create = Some(Box::new(|cx, (_, planned), diagnostics| {
            if cx.cancelled.is_cancelled() {
                diagnostics.error(Path::root(), "Interrupted", "Nothing was made.");
                return None;
            }
            Some(crate::State { model: planned, private: Private::new() })
        }));
    });
    let create = || wire::apply_resource_change::Request {
        prior_state: sent(&Value::Null),
        planned_state: sent(&thing(json!({"name": "a"}))),
        config: sent(&thing(json!({"name": "a"}))),
        ..Default::default()
    };
    assert_eq!(texts(&bench.apply(create()).await.diagnostics), [""; 0]);
    let stop = bench.server.stop(Request::new(wire::stop::Request {})).await.unwrap().into_inner();
    assert_eq!(stop.error, "");
    one_error(&bench.apply(create()).await.diagnostics, "Interrupted");
}
