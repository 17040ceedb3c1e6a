//! Both codecs against go-cty, the implementation inside Terraform.
//!
//! Values made here are read by go-cty, written again, and read here: they must be what they were. Values made by
//! go-cty are read here, written again, and compared by go-cty with its own. Half of the values are unknown in part,
//! many with refinements.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use homelab_cty::testing::Generator;
use homelab_cty::{Type, Value, json, msgpack};
use homelab_plane::programs::Program;
use serde_json::{Value as Json, json};

const BATCH: usize = 1_000;
const BATCHES: u64 = 100;

/// A running judge.
struct Judge {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Judge {
    /// `None` where the program cannot be had: there is no Go toolchain. CI has one, and fails without.
    fn start() -> Option<Self> {
        let path = match Program::CTY.locate() {
            Ok(path) => path,
            Err(error) if std::env::var_os("CI").is_none() => {
                eprintln!("not compared with go-cty: {error}");
                return None;
            }
            Err(error) => panic!("failed to build the judge: {error}"),
        };
        let mut child = Command::new(path).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().unwrap());
        Some(Self { child, input, output })
    }

    fn ask(&mut self, request: &Json) -> Vec<Json> {
        let input = self.input.as_mut().unwrap();
        // In one piece: the pipe has no buffer, and JSON is printed in many small ones.
        input.write_all(format!("{request}\n").as_bytes()).unwrap();
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        let Json::Array(items) = serde_json::from_str::<Json>(&line).unwrap()["items"].take() else {
            panic!("{line}");
        };
        items
    }

    /// Ends it by the end of its input.
    fn stop(mut self) {
        drop(self.input.take());
        assert!(self.child.wait().unwrap().success());
    }
}

fn base64(bytes: &[u8]) -> Json {
    Json::String(STANDARD.encode(bytes))
}

fn bytes(item: &Json) -> Vec<u8> {
    let text = item["msgpack"].as_str().unwrap_or_else(|| panic!("go-cty answered {item}"));
    STANDARD.decode(text).unwrap()
}

/// A type and a value; every second one is wholly known.
fn generated(generator: &mut Generator, index: usize) -> (Type, Value) {
    generator.unknown = index.is_multiple_of(2);
    let depth = generator.random.below(4);
    let ty = generator.ty(depth, true);
    let value = generator.value(&ty);
    (ty, value)
}

/// The value with all sets in one order. A set's elements that are not wholly known have no order that means anything,
/// and go-cty sorts them by a hash of its own.
fn settled(value: &Value) -> Value {
    let all = |elements: &[Value]| elements.iter().map(settled).collect::<Vec<_>>();
    match value {
        Value::Set(elements) => {
            let mut elements = all(elements);
            elements.sort();
            Value::Set(elements)
        }
        Value::List(elements) => Value::List(all(elements)),
        Value::Map(members) => Value::Map(members.iter().map(|(key, value)| (key.clone(), settled(value))).collect()),
        Value::Dynamic(ty, value) => Value::Dynamic(ty.clone(), Box::new(settled(value))),
        other => other.clone(),
    }
}

#[test]
fn values_made_here_come_back_from_go_cty() {
    let Some(mut judge) = Judge::start() else { return };
    let mut in_json = 0;
    for seed in 0..BATCHES {
        let mut generator = Generator::new(seed);
        let values: Vec<_> = (0..BATCH).map(|index| generated(&mut generator, index)).collect();
        let packed = values.iter().map(|(ty, value)| {
            let packed = msgpack::encode(value, ty).unwrap();
            assert_eq!(msgpack::decode(&packed, ty).as_ref(), Ok(value), "{ty}");
            json!({"type": ty.to_json(), "msgpack": base64(&packed)})
        });
        let request = json!({"op": "recode", "items": packed.collect::<Json>()});
        for ((ty, value), answer) in values.iter().zip(judge.ask(&request)) {
            let back = msgpack::decode(&bytes(&answer), ty).unwrap();
            assert_eq!(settled(&back), settled(value), "seed {seed}: {ty}");
        }

        let known: Vec<_> = values.iter().filter(|(_, value)| value.is_wholly_known()).collect();
        in_json += known.len();
        let written = known.iter().map(|(ty, value)| {
            let written = json::to_json(value, ty).unwrap();
            assert_eq!(json::from_json(&written, ty).as_ref(), Ok(value), "{ty}");
            json!({"type": ty.to_json(), "json": written})
        });
        let request = json!({"op": "recode", "items": written.collect::<Json>()});
        for ((ty, value), answer) in known.into_iter().zip(judge.ask(&request)) {
            assert_eq!(msgpack::decode(&bytes(&answer), ty).as_ref(), Ok(value), "seed {seed}: {ty} {answer}");
            assert_eq!(json::from_json(&answer["json"], ty).as_ref(), Ok(value), "seed {seed}: {ty} {answer}");
        }
    }
    assert!(in_json > BATCH * 40, "too few values had a JSON form: {in_json}");
    judge.stop();
}

#[test]
fn values_made_by_go_cty_come_back_from_here() {
    let Some(mut judge) = Judge::start() else { return };
    let (mut in_json, mut refined) = (0, 0);
    for seed in 0..BATCHES {
        let made = judge.ask(&json!({"op": "generate", "seed": seed, "count": BATCH}));
        assert_eq!(made.len(), BATCH);
        let mut pairs = Vec::new();
        for item in &made {
            let ty = Type::from_json(&item["type"]).unwrap_or_else(|error| panic!("{item}: {error}"));
            let packed = bytes(item);
            let value = msgpack::decode(&packed, &ty).unwrap_or_else(|error| panic!("seed {seed}: {item}: {error}"));
            value.conforms(&ty).unwrap();
            let again = msgpack::encode(&value, &ty).unwrap();
            pairs.push(json!({
                "type": item["type"], "a": {"msgpack": base64(&packed)}, "b": {"msgpack": base64(&again)},
            }));
            value.walk(&mut |_, part| {
                refined += usize::from(matches!(part, Value::Unknown(Some(_))));
                true
            });
            let Some(written) = item.get("json") else {
                assert!(!value.is_wholly_known(), "{item}");
                continue;
            };
            in_json += 1;
            let from_json = json::from_json(written, &ty).unwrap_or_else(|error| panic!("{item}: {error}"));
            assert_eq!(from_json, value, "seed {seed}: the two forms differ: {item}");
            let again = json::to_json(&from_json, &ty).unwrap();
            pairs.push(json!({"type": item["type"], "a": {"json": written}, "b": {"json": again}}));
        }
        let answers = judge.ask(&json!({"op": "equal", "items": pairs}));
        for (pair, answer) in pairs.iter().zip(answers) {
            assert_eq!(answer["equal"], json!(true), "seed {seed}: {pair}: {answer}");
        }
    }
    assert!(in_json > BATCH * 40 && refined > BATCH * 8, "{in_json} in JSON, {refined} refined");
    judge.stop();
}

/// Marks in long rows, in and out of order, composed and not: what Go's normal form does to them, ours does.
#[test]
fn text_is_normalised_as_go_does_it() {
    const MARKS: &[&str] =
        &["\u{301}", "\u{323}", "\u{344}", "\u{315}", "\u{5ae}", "\u{34f}", "a", "\u{e9}", "\u{958}", "\u{1d15e}"];
    let Some(mut judge) = Judge::start() else { return };
    let mut generator = Generator::new(1);
    let mut text = |_| {
        let count = generator.random.below(120);
        let plain = 1 + generator.random.below(60);
        let marks = (0..count).map(|_| {
            let choices = if generator.random.one_in(plain) { MARKS } else { &MARKS[..5] };
            *generator.random.pick(choices)
        });
        marks.collect::<String>()
    };
    let texts: Vec<String> = (0..5_000).map(&mut text).collect();
    let items: Json = texts.iter().map(|text| json!({"type": "string", "json": text})).collect();
    for (text, answer) in texts.iter().zip(judge.ask(&json!({"op": "recode", "items": items}))) {
        assert_eq!(Value::string(text), Value::String(answer["json"].as_str().unwrap().to_owned()), "{text:?}");
    }
    judge.stop();
}

/// The judge must be able to say no.
#[test]
fn go_cty_tells_different_values_apart() {
    let Some(mut judge) = Judge::start() else { return };
    let pair = |ty: &Json, a: Json, b: Json| json!({"type": ty, "a": {"json": a}, "b": {"json": b}});
    let number = json!("number");
    let answers = judge.ask(&json!({"op": "equal", "items": [
        pair(&number, json!(1), json!(2)),
        pair(&number, json!(1), Json::Null),
        pair(&json!("string"), json!("a"), json!("b")),
        pair(&json!(["list", "bool"]), json!([true]), json!([true, true])),
        pair(&number, json!(1), json!("no number")),
    ]}));
    assert_eq!(answers.len(), 5);
    for answer in answers {
        assert!(answer.get("equal").is_none(), "{answer}");
        assert!(answer["error"].is_string(), "{answer}");
    }
    judge.stop();
}

/// The bytes in the repository are still what go-cty writes: `echo '{"op":"vectors"}' | cty` renews them.
#[test]
fn the_vectors_in_the_repository_are_those_of_go_cty() {
    let Some(mut judge) = Judge::start() else { return };
    let kept: Json = serde_json::from_str(include_str!("../../../testdata/cty/vectors.json")).unwrap();
    let made = judge.ask(&json!({"op": "vectors"}));
    assert_eq!(kept["items"], Json::Array(made));
    judge.stop();
}
