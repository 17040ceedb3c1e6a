//! Every call of every operation of a resource fails once, in every way; the next run converges. The resources are
//! `homelab_ingress`, `homelab_external_secret` and `homelab_secret_store` (each without a controller, and with one that is
//! waited for) and `homelab_kv_key`.
//!
//! The real Terraform, the real provider and a real API server or Vault, with a proxy between the last two. A run without faults
//! counts the calls of an operation; then each of them fails in each way, in a case of its own. After that a run without
//! faults has to leave exactly the objects and the state of the run that nothing happened to, and a plan after it is empty.
//! At no moment is a gated path open, and no router names a middleware that is not there.
//!
//! A plan that fails leaves cluster and state as they are, byte for byte: so the next fault can begin from there, and one
//! apply at the end stands for all of them. That, and many cases in one Terraform, is what makes it possible to leave no call
//! out. Each test run has the two faults that are hardest; `HOMELAB_FAULTS=all` has every one.

mod chain;
mod kv;
mod operation;
mod peer;
mod proxy;
mod report;
mod secret;
mod store;
mod subject;
mod wire;
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Mutex;
use std::time::Instant;

use homelab_plane::terraform::Cli;
use homelab_plane::{Api, Options, Plane, Vault};

use self::chain::{Chain, Failure, Faulty, Golden, Outcome};
use self::operation::Operation;
use self::proxy::Fault;
use self::subject::{AWAITED_SECRET, AWAITED_STORE, EXTERNAL_SECRET, INGRESS, KV_KEY, SECRET_STORE, Servers, Subject};
use crate::eso_standin::{StandIn, stores};

/// Cases in one Terraform, at most: each is a process of 30 MB for as long as it runs.
const CASES: usize = 40;
/// Terraforms at once, beside those that wait for a silent server.
const AT_ONCE: usize = 2;
/// How often a call is waited for that a run without faults made.
const TRIES: u32 = 3;

/// An operation with what it does when nothing happens.
struct Counted {
    operation: &'static Operation,
    golden: Golden,
}

/// What is left to do with an operation: faults of its plan, any number, and of its apply, one for each case.
struct Job<'a> {
    counted: &'a Counted,
    plans: Vec<Faulty>,
    applies: Vec<Faulty>,
    tries: u32,
}

impl Counted {
    /// Every call of the plan with that fault, and every call of the apply.
    fn faults(&self, fault: Fault) -> (Vec<Faulty>, Vec<Faulty>) {
        let all =
            |in_plan, calls: &[String]| (1..=calls.len()).map(move |call| Faulty { in_plan, call, fault }).collect();
        (all(true, &self.golden.plan), all(false, &self.golden.apply))
    }

    /// All faults, in portions for one Terraform each.
    fn jobs(&self) -> Vec<Job<'_>> {
        let faults = Fault::chosen().iter().filter(|fault| **fault != Fault::Hang);
        let (plans, applies): (Vec<_>, Vec<_>) = faults.map(|fault| self.faults(*fault)).unzip();
        let (mut plans, applies) = (plans.concat(), applies.concat());
        let job = |some: &[Faulty]| Job {
            counted: self,
            plans: std::mem::take(&mut plans),
            applies: some.to_vec(),
            tries: 1,
        };
        applies.chunks(CASES).map(job).collect()
    }
}

/// What was found out, by operation.
type Failures = Mutex<BTreeMap<&'static str, Vec<Failure>>>;

impl Job<'_> {
    /// Answers what is left to do.
    fn run(self, chain: &mut Chain, failures: &Failures) -> Option<Self> {
        let operation = self.counted.operation;
        if chain.shape() != operation.from {
            chain.go(operation.from);
        }
        let Outcome { failures: failed, missed } =
            chain.operate(operation, &self.counted.golden, &self.plans, &self.applies);
        failures.lock().unwrap().entry(operation.name).or_default().extend(failed);
        assert!(missed.is_empty() || self.tries < TRIES, "{}: never happened: {missed:?}", operation.name);
        let (plans, applies) = missed.iter().partition(|faulty| faulty.in_plan);
        let is_done = missed.is_empty();
        (!is_done).then_some(Self { counted: self.counted, plans, applies, tries: self.tries + 1 })
    }
}

#[test]
fn every_operation_converges_after_every_fault_of_every_call() {
    every_operation_of(&INGRESS);
}

#[test]
fn every_operation_of_a_secret_converges_after_every_fault_of_every_call() {
    every_operation_of(&EXTERNAL_SECRET);
}

#[test]
fn every_operation_of_a_secret_that_is_awaited_converges_after_every_fault_of_every_call() {
    every_operation_of(&AWAITED_SECRET);
}

#[test]
fn every_operation_of_a_store_converges_after_every_fault_of_every_call() {
    every_operation_of(&SECRET_STORE);
}

#[test]
fn every_operation_of_a_store_that_is_awaited_converges_after_every_fault_of_every_call() {
    every_operation_of(&AWAITED_STORE);
}

#[test]
fn every_operation_of_a_key_converges_after_every_fault_of_every_call() {
    every_operation_of(&KV_KEY);
}

fn every_operation_of(subject: &Subject) {
    let began = Instant::now();
    // Thousands of objects, which would be in the lists of all other tests.
    let plane = Plane::start(&Options { without_vault: !subject.has_vault, ..Options::default() }).unwrap();
    let (env, cli) = (plane.env().clone(), Cli::terraform().unwrap());
    let vault = subject.has_vault.then(|| Vault::root(&env).unwrap());
    let servers = Servers { api: Api::admin(&env).unwrap(), vault, env };
    let proxy = proxy::Proxy::to(&servers.env, subject.waits);
    if !(subject.define)(&servers) {
        return;
    }
    let awaits = |one: &Subject| subject.waits && subject.resource == one.resource;
    let _of_secrets = awaits(&EXTERNAL_SECRET).then(|| StandIn::everywhere(&servers.api));
    let _of_stores = awaits(&SECRET_STORE).then(|| stores::everywhere(&servers.api));
    let chain = |number: usize, cases: usize| Chain::new(subject, &cli, &proxy, &servers, number * 1000, cases);

    let mut single = chain(0, 1);
    let counted: Vec<Counted> =
        subject.operations.iter().map(|operation| Counted { operation, golden: single.golden(operation) }).collect();

    let most = counted.iter().flat_map(Counted::jobs).map(|job| job.applies.len()).max();
    let cases = most.unwrap_or_default();
    let failures = Failures::default();
    let queue: Mutex<Vec<Job>> = Mutex::new(counted.iter().flat_map(Counted::jobs).collect());
    // The one that goes on from where the cases are, if there is one.
    let next = |shape| {
        let mut queue = queue.lock().unwrap();
        let fits = queue.iter().position(|job| job.counted.operation.from == shape);
        let index = fits.or_else(|| queue.len().checked_sub(1))?;
        Some(queue.remove(index))
    };
    std::thread::scope(|scope| {
        let silent = counted.iter().enumerate().filter(|_| Fault::chosen().contains(&Fault::Hang));
        for (number, counted) in silent {
            let (chain, failures) = (&chain, &failures);
            // These do nothing but wait.
            scope.spawn(move || {
                let (in_plan, in_apply) = counted.faults(Fault::Hang);
                let mut waiting = chain(10 + number, in_plan.len().max(in_apply.len()));
                let mut job = Some(Job { counted, plans: in_plan, applies: in_apply, tries: 1 });
                while let Some(now) = job.take() {
                    job = now.run(&mut waiting, failures);
                }
            });
        }
        for number in 1..=AT_ONCE {
            let (chain, next, queue, failures) = (&chain, &next, &queue, &failures);
            scope.spawn(move || {
                let mut chain = chain(number, cases);
                while let Some(job) = next(chain.shape()) {
                    let left = job.run(&mut chain, failures);
                    queue.lock().unwrap().extend(left);
                }
            });
        }
    });

    let failures = failures.into_inner().unwrap();
    let table = table(&counted, &failures);
    println!("{table}in {:?}", began.elapsed());
    let mut texts = Vec::new();
    for Counted { operation, golden } in &counted {
        for Failure { faulty, text } in failures.get(operation.name).into_iter().flatten() {
            let (phase, calls) = if faulty.in_plan { ("plan", &golden.plan) } else { ("apply", &golden.apply) };
            let (number, call) = (faulty.call, &calls[faulty.call - 1]);
            texts.push(format!("{}, {phase}, {number}: {call}, {}: {text}", operation.name, faulty.fault.words()));
        }
    }
    assert!(texts.is_empty(), "{table}\n{}", texts.join("\n"));
}

/// How many calls of the plan and of the apply of each operation converged after each fault.
fn table(counted: &[Counted], failures: &BTreeMap<&str, Vec<Failure>>) -> String {
    let mut table = String::from("| operation | calls: plan + apply |");
    for fault in Fault::chosen() {
        let _ = write!(table, " {} |", fault.words());
    }
    let _ = writeln!(table, "\n|{}", " --- |".repeat(Fault::chosen().len() + 2));
    let mut total = (0, 0);
    for Counted { operation, golden } in counted {
        let calls = golden.plan.len() + golden.apply.len();
        let _ = write!(table, "| {} | {} + {} |", operation.name, golden.plan.len(), golden.apply.len());
        for fault in Fault::chosen() {
            let failed = failures.get(operation.name).into_iter().flatten();
            let failed = failed.map(|one| one.faulty).filter(|faulty| faulty.fault == *fault);
            let failed: BTreeSet<_> = failed.map(|faulty| (faulty.in_plan, faulty.call)).collect();
            let _ = write!(table, " {} of {calls} |", calls - failed.len());
            total = (total.0 + calls - failed.len(), total.1 + calls);
        }
        table.push('\n');
    }
    let _ = writeln!(table, "\n{} of {} converged", total.0, total.1);
    table
}
