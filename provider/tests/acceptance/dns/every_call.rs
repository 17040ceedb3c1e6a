//! Every call to the DNS API of every operation goes wrong once, in every way; the next run converges.
//!
//! A run without faults counts the calls, of its plan and of its apply. Objects go to a folder, so that these calls are the
//! only ones; those to a cluster are enumerated in `faults`. Each test run has the faults in which the API has done what the
//! provider does not know of; `HOMELAB_FAULTS=all` has every one.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, mpsc};
use std::time::Duration;

use homelab_plane::dns_api::{DnsApi, Fault};
use homelab_plane::terraform::{Output, Workspace};
use serde_json::{Value, json};

use super::{PHOTOS, at, in_state, is_settled, terraform};

/// How a call goes wrong, and whether the provider is killed in that moment.
struct Mishap {
    words: &'static str,
    fault: Fault,
    kills: bool,
    /// Whether each test run has it.
    is_hard: bool,
}

const fn mishap(words: &'static str, fault: Fault, kills: bool, is_hard: bool) -> Mishap {
    Mishap { words, fault, kills, is_hard }
}

const MISHAPS: [Mishap; 8] = [
    mishap("429, again in 1 s", Fault::Busy, false, false),
    mishap("500", Fault::Before, false, false),
    mishap("done, then 500", Fault::After, false, false),
    mishap("reset", Fault::CutBefore, false, false),
    mishap("done, then reset", Fault::Cut, false, true),
    mishap("done, then garbage", Fault::Garbage, false, false),
    mishap("killed before", Fault::CutBefore, true, false),
    mishap("done, then killed", Fault::Cut, true, true),
];

/// From one declaration to the next; an empty one is none.
struct Operation {
    name: &'static str,
    from: String,
    to: String,
    /// Somebody made this record before.
    found: Option<Value>,
    replaces: bool,
}

fn operations() -> [Operation; 6] {
    let photos = || PHOTOS.to_owned();
    let direct = PHOTOS.replace("\"proxied\"", "\"non_proxied\"");
    let moved = PHOTOS.replace("  service", "  host = \"gallery\"\n  host_aliases = [\"pictures\"]\n  service");
    let operation = |name, from: &str, to: &str| Operation {
        name,
        from: from.to_owned(),
        to: to.to_owned(),
        found: None,
        replaces: false,
    };
    let same = json!({
        "name": "photos", "type": "CNAME", "content": format!("{}.cfargotunnel.com", super::TUNNEL), "proxied": true,
    });
    [
        operation("create", "", PHOTOS),
        Operation { found: Some(same), ..operation("adopt", "", PHOTOS) },
        operation("change in place", PHOTOS, &direct),
        operation("move to other hosts", PHOTOS, &moved),
        Operation { replaces: true, from: photos(), to: photos(), ..operation("replace", "", "") },
        operation("destroy", &moved, ""),
    ]
}

/// A record of somebody else, at a host of ours.
const THEIRS: &str = "TXT keep false";

/// A folder in which the operation is about to run.
fn stage(operation: &Operation) -> (Workspace, DnsApi) {
    let (work, api) = terraform(&operation.from);
    api.put(&json!({"name": "photos", "type": "TXT", "content": "keep"}));
    if let Some(record) = &operation.found {
        api.put(record);
    }
    if !operation.from.is_empty() {
        work.ok(["apply", "-auto-approve"]);
    }
    work.write("main.tf", &operation.to);
    api.forget_requests();
    (work, api)
}

fn command(operation: &Operation) -> Vec<&'static str> {
    let mut words = vec!["apply", "-auto-approve", "-no-color"];
    words.extend(operation.replaces.then_some("-replace=homelab_ingress.photos"));
    words
}

/// What the operation leads to: the records of all hosts, those in the state, the files.
fn outcome(work: &Workspace, api: &DnsApi) -> Vec<String> {
    let hosts = ["photos", "gallery", "pictures"].map(|host| format!("{host}.example.net"));
    let mut outcome: Vec<String> = hosts.iter().flat_map(|host| at(api, host)).collect();
    assert_eq!(outcome.len(), api.records().len(), "no record has another name: {:#?}", api.records());
    outcome.push(in_state(work).to_string());
    outcome.extend(work.files("manifests/photos"));
    outcome
}

/// Runs the operation while its call of that number goes wrong.
fn run(operation: &Operation, work: &Workspace, api: &DnsApi, call: usize, mishap: &Mishap) -> Output {
    if !mishap.kills {
        api.fail_call(call, mishap.fault, || {});
        return work.run(command(operation));
    }
    let ((came, comes), (go_on, goes_on)) = (mpsc::channel(), mpsc::channel::<()>());
    api.fail_call(call, mishap.fault, move || {
        // The test that waited for it is gone where these fail.
        let _ = came.send(());
        let _ = goes_on.recv();
    });
    let running = work.spawn(command(operation)).unwrap();
    comes.recv_timeout(Duration::from_mins(5)).expect("the call comes");
    running.kill_descendants().unwrap();
    drop(go_on);
    running.wait().unwrap()
}

/// What was not as it has to be.
fn judge(operation: &Operation, wanted: &[String], call: usize, mishap: &Mishap) -> Vec<String> {
    let (work, api) = stage(operation);
    let output = run(operation, &work, &api, call, mishap);
    let mut wrong = Vec::new();
    let mut check = |holds: bool, text: String| wrong.extend((!holds).then_some(text));
    check(!api.disarm(), "it never happened".to_owned());
    check(!output.says("panic"), format!("it panicked: {output}"));
    let is_waited_for = mishap.fault == Fault::Busy;
    check(!is_waited_for || output.code == 0, format!("a second was not waited for: {output}"));
    let is_said = output.code == 1 || output.says("Warning:");
    check(is_said || is_waited_for || outcome(&work, &api) == wanted, format!("nothing is said of it: {output}"));
    check(at(&api, "photos.example.net").contains(&THEIRS.to_owned()), "somebody else's record is gone".to_owned());

    // A replacement that went through is not asked for again.
    let again = work.run(["apply", "-auto-approve"]);
    check(again.code == 0, format!("the next run fails: {again}"));
    let found = outcome(&work, &api);
    check(found == wanted, format!("it is {found:?} and not {wanted:?}"));
    let second = work.run(["plan", "-detailed-exitcode"]);
    check(second.code == 0, format!("the second plan is not empty: {second}"));
    wrong
}

#[test]
fn every_call_to_the_dns_api_goes_wrong_once_and_the_next_run_converges() {
    let has_all = std::env::var("HOMELAB_FAULTS").is_ok_and(|which| which == "all");
    let mishaps: Vec<&Mishap> = MISHAPS.iter().filter(|mishap| has_all || mishap.is_hard).collect();
    let operations = operations();
    let counted = operations.each_ref().map(|operation| {
        let (work, api) = stage(operation);
        work.ok(command(operation));
        let calls: Vec<String> = api.requests().iter().map(|seen| format!("{} {}", seen.method, seen.path)).collect();
        is_settled(&work);
        (operation, calls, outcome(&work, &api))
    });
    let cells: Vec<_> = counted
        .iter()
        .flat_map(|(operation, calls, wanted)| (1..=calls.len()).map(move |call| (*operation, calls, wanted, call)))
        .flat_map(|cell| mishaps.iter().map(move |mishap| (cell, *mishap)))
        .collect();
    let (next, failures) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while let Some(((operation, calls, wanted, call), mishap)) =
                    cells.get(next.fetch_add(1, Ordering::SeqCst))
                {
                    for text in judge(operation, wanted, *call, mishap) {
                        let place = format!("{}, call {call}, {}", operation.name, calls[*call - 1]);
                        failures.lock().unwrap().push((
                            operation.name,
                            mishap.words,
                            *call,
                            format!("{place}: {text}"),
                        ));
                    }
                }
            });
        }
    });

    let failures = failures.into_inner().unwrap();
    let mut table = String::from("| operation | calls |");
    for mishap in &mishaps {
        let _ = write!(table, " {} |", mishap.words);
    }
    let _ = write!(table, "\n|{}", " --- |".repeat(mishaps.len() + 2));
    for (operation, calls, _) in &counted {
        let _ = write!(table, "\n| {} | {} |", operation.name, calls.len());
        for mishap in &mishaps {
            let is_wrong = |call: &usize| {
                failures.iter().any(|(name, words, at, _)| (*name, *words, at) == (operation.name, mishap.words, call))
            };
            let converged = (1..=calls.len()).filter(|call| !is_wrong(call)).count();
            let _ = write!(table, " {converged} of {} |", calls.len());
        }
    }
    println!("{table}\n{} cells", cells.len());
    let texts: Vec<_> = failures.into_iter().map(|(.., text)| text).collect();
    assert!(texts.is_empty(), "{table}\n{}", texts.join("\n"));
}
