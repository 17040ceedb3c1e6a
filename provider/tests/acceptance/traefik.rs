//! The model of Traefik's routers against the real one, and what was seen on it.
//!
//! Traefik decides who gets a request, so it is the judge of the model: generated objects in several namespaces, thousands
//! of requests, the same winner for each. Where the priorities are equal, Traefik may take any of the routers that the model
//! names. `HOMELAB_ROUTE_SEEDS=100..200` plays those worlds instead of the usual ones; a world in which the two disagree is
//! made smaller and printed as a case for `testdata/routes`, which are played each time.

mod generate;
mod seen;
pub(crate) mod stage;
pub(crate) mod wire;
mod world;

use std::fs;
use std::net::Ipv4Addr;
use std::ops::Range;
use std::path::Path;

use homelab_core::route::Request;
use serde_json::Value;

use self::stage::Stage;
use self::world::{Tally, play, shrunk};

/// Names the worlds to play, as `first..end`.
const SEEDS: &str = "HOMELAB_ROUTE_SEEDS";
/// Objects with routes in a generated world.
const OBJECTS: usize = 12;
/// Requests to a generated world.
const REQUESTS: usize = 400;
/// Origins: more than a world has routes.
const ORIGINS: usize = 96;

#[test]
fn every_request_goes_where_the_model_says() {
    let Some(mut stage) = Stage::open("routes", 3, ORIGINS) else { return };
    let seeds = seeds();
    let worlds = seeds.clone().count();
    let mut tally = Tally::default();
    for seed in seeds {
        let world = generate::world(seed, OBJECTS, REQUESTS);
        tally = match play(&mut stage, &world.objects, &world.requests) {
            Ok(more) => tally.with(more),
            Err(error) => {
                panic!("seed {seed}: {error}\nmade smaller: {}", shrunk(&mut stage, &world.objects, &world.requests))
            }
        };
    }
    for (name, objects, requests) in kept() {
        tally = tally.with(play(&mut stage, &objects, &requests).unwrap_or_else(|error| panic!("{name}: {error}")));
    }
    let Tally { routers, clear, unserved, ties, open } = tally;
    println!(
        "agreement with Traefik 3.5.4: {worlds} generated worlds and {} kept cases, {routers} routers with the same rule, \
         priority and status; {} requests: {} with the one winner, {unserved} that nobody takes, {ties} with one of those \
         that tie, {open} that the model leaves open; 0 disagreements",
        kept().len(),
        clear + ties + open,
        clear - unserved,
    );
    assert!(clear > 10 * open, "the model leaves {open} of {clear} requests open: it says too little");
}

fn seeds() -> Range<u64> {
    let Ok(text) = std::env::var(SEEDS) else { return 0..16 };
    let range = text.split_once("..").and_then(|(first, end)| Some(first.parse().ok()?..end.parse().ok()?));
    range.unwrap_or_else(|| panic!("{SEEDS}={text} is not of the form 100..200"))
}

/// The cases of `testdata/routes`, in order of their names.
fn kept() -> Vec<(String, Vec<Value>, Vec<Request>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/routes");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    let read = |file: &std::path::PathBuf| {
        let case: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
        let objects = case["objects"].as_array().cloned().unwrap_or_default();
        let requests = case["requests"].as_array().into_iter().flatten().map(request).collect();
        (file.file_name().unwrap_or_default().to_string_lossy().into_owned(), objects, requests)
    };
    files.iter().map(read).collect()
}

fn request(kept: &Value) -> Request {
    let text = |name: &str| kept[name].as_str().unwrap_or_default();
    let mut request = sent(text("host"), text("target"));
    text("method").clone_into(&mut request.method);
    let headers = kept["headers"].as_array().into_iter().flatten();
    request.headers =
        headers.map(|pair| (pair[0].as_str().unwrap().to_owned(), pair[1].as_str().unwrap().to_owned())).collect();
    request
}

/// A request as these tests send it: from loopback, without TLS, to the entry point `web`.
pub(crate) fn sent(host: &str, target: &str) -> Request {
    let mut request = Request::get(host, target);
    request.client = Ipv4Addr::LOCALHOST.into();
    "web".clone_into(&mut request.entrypoint);
    request.tls = Some(false);
    request
}
