//! Many cases in one Terraform, which go through one operation after the other: each with a namespace, a provider process
//! and a failing call of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use homelab_plane::terraform::{Cli, Workspace};
use serde_json::Value;

use super::operation::{Operation, Shape};
use super::proxy::{Fault, Proxy};
use super::report::{Said, changes, diagnostics, difference, differences, replaced};
use super::subject::{Servers, Subject};
use super::world::{Objects, comparable, snapshot};
use crate::support::offline;

/// Of one command: forty providers share few processors, with those of other tests.
const LIMIT: Duration = Duration::from_mins(10);

/// One call that fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Faulty {
    /// Of a plan; else of the apply of that plan.
    pub(super) in_plan: bool,
    /// Its number, from 1.
    pub(super) call: usize,
    pub(super) fault: Fault,
}

/// What an operation does and leads to when nothing happens to it.
pub(super) struct Golden {
    pub(super) plan: Vec<String>,
    pub(super) apply: Vec<String>,
    objects: BTreeMap<String, Value>,
    state: Value,
}

/// Something that was not as it has to be.
pub(super) struct Failure {
    pub(super) faulty: Faulty,
    pub(super) text: String,
}

/// What came of the faults of one operation.
#[derive(Default)]
pub(super) struct Outcome {
    pub(super) failures: Vec<Failure>,
    /// Calls that were not made: whether two reads share a list depends on when they come.
    pub(super) missed: Vec<Faulty>,
}

struct Case {
    resource: &'static str,
    name: String,
    namespace: String,
}

/// One Terraform with its cases, all of them at the same point.
pub(super) struct Chain<'a> {
    subject: &'a Subject,
    proxy: &'a Proxy,
    servers: &'a Servers,
    work: Workspace,
    cases: Vec<Case>,
    shape: Shape,
    generation: usize,
}

impl<'a> Chain<'a> {
    /// With that many cases, numbered from `first`, which are of no other chain.
    pub(super) fn new(
        subject: &'a Subject,
        cli: &Cli,
        proxy: &'a Proxy,
        servers: &'a Servers,
        first: usize,
        count: usize,
    ) -> Self {
        // Of one length, since that of a host is in priorities; and part of nothing else in which it is replaced.
        let resource = subject.resource;
        let case = |number| Case { resource, name: format!("c{number:05}"), namespace: format!("space{number:05}") };
        let cases: Vec<Case> = (first..first + count).map(case).collect();
        let mut work = offline(cli);
        // Keys and certificates between Terraform and a provider are half of what a short run costs.
        work.env("TF_DISABLE_PLUGIN_TLS", "1").limit(LIMIT);
        let mut chain = Self { subject, proxy, servers, work, cases, shape: Shape::Nothing, generation: 0 };
        for case in &chain.cases {
            (subject.make_namespace)(servers, &case.namespace);
        }
        chain.work.write("provider.tf", &chain.providers());
        chain.go(Shape::Nothing);
        chain
    }

    /// How many cases it has.
    pub(super) fn len(&self) -> usize {
        self.cases.len()
    }

    /// Where its cases are.
    pub(super) fn shape(&self) -> Shape {
        self.shape
    }

    /// Brings all cases there, without faults.
    pub(super) fn go(&mut self, shape: Shape) {
        self.declare(shape);
        self.arm(&[]);
        self.work.ok(["apply", "-auto-approve"]);
    }

    /// Runs an operation without faults.
    pub(super) fn golden(&mut self, operation: &Operation) -> Golden {
        self.begin(operation);
        self.arm(&[]);
        self.work.ok(["plan", "-out=p"]);
        let plan = self.proxy.seen(&self.cases[0].name).calls;
        self.arm(&[]);
        self.work.ok(["apply", "p"]);
        let apply = self.proxy.seen(&self.cases[0].name).calls;
        let second = self.work.run(["plan", "-detailed-exitcode"]);
        assert_eq!(second.code, 0, "{}: {second}", operation.name);
        let (case, world) = (&self.cases[0], self.world());
        assert_eq!(
            (self.subject.dangers)(&world[&case.namespace], &case.namespace),
            Vec::<String>::new(),
            "{}",
            operation.name
        );
        let objects = comparable(&world[&case.namespace], &case.namespace);
        Golden { plan, apply, objects, state: self.state(case) }
    }

    /// Runs an operation: first plans with faults, in as many rounds as it takes; then an apply with faults, one a case.
    pub(super) fn operate(
        &mut self,
        operation: &Operation,
        golden: &Golden,
        plans: &[Faulty],
        applies: &[Faulty],
    ) -> Outcome {
        self.begin(operation);
        let mut outcome = Outcome::default();
        let has_another_name = operation.from == Shape::Photos && operation.to == Shape::Gallery;
        let drops_warnings = operation.replaces || (self.subject.asks_late && has_another_name);
        let (start, state) = (self.world(), self.state_file());
        for faults in plans.chunks(self.len()) {
            self.run_with(drops_warnings, faults, &["plan", "-json"], None, &mut outcome);
            let is_written = self.state_file() != state;
            assert!(!is_written, "{}: a plan wrote the state, with one of {faults:?}", operation.name);
            let world = self.world();
            self.judge(faults, &mut outcome, |case, _| {
                if world[&case.namespace] == start[&case.namespace] {
                    vec![]
                } else {
                    vec!["objects were changed".into()]
                }
            });
        }

        self.arm(&[]);
        self.work.ok(["plan", "-out=p"]);
        self.run_with(drops_warnings, applies, &["apply", "-json", "p"], Some(golden), &mut outcome);
        let world = self.world();
        self.judge(applies, &mut outcome, |case, faulty| {
            let objects = &world[&case.namespace];
            let mut wrong = (self.subject.dangers)(objects, &case.namespace);
            if faulty.fault == Fault::Busy && comparable(objects, &case.namespace) != golden.objects {
                wrong.push("a server that asked for one second was not waited for".to_owned());
            }
            wrong
        });

        self.arm(&[]);
        let again = self.work.run(["apply", "-json", "-auto-approve"]);
        let second = self.work.run(["plan", "-json", "-detailed-exitcode"]);
        let (said, wanted) = ([diagnostics(&again), diagnostics(&second)].concat(), changes(&second));
        let world = self.world();
        self.judge(applies, &mut outcome, |case, _| {
            let objects = &world[&case.namespace];
            let errors = said.iter().filter(|one| one.is_error && one.address == case.address());
            let mut wrong: Vec<String> = errors.map(|one| format!("the next run says {}", one.words)).collect();
            wrong.extend(wanted.get(&case.address()).map(|action| format!("the second plan wants to {action}")));
            wrong.extend((self.subject.dangers)(objects, &case.namespace));
            wrong.extend(differences(&golden.objects, &comparable(objects, &case.namespace)));
            wrong.extend(replaced(&start[&case.namespace], objects));
            difference("the state", &golden.state, &self.state(case), &mut wrong);
            wrong
        });
        assert!(!outcome.failures.is_empty() || second.code == 0, "{}:\n{again}\n{second}", operation.name);
        outcome
    }

    fn begin(&mut self, operation: &Operation) {
        assert_eq!(self.shape, operation.from);
        // What an operation before this one has left on purpose is none of its own.
        self.cases.iter().for_each(|case| (self.subject.tidy)(self.servers, &case.namespace));
        if operation.adopts {
            self.cases.iter().for_each(|case| (self.subject.make_by_hand)(self.servers, &case.namespace));
        }
        self.generation += usize::from(operation.replaces);
        self.declare(operation.to);
    }

    fn declare(&mut self, shape: Shape) {
        let resource = |case: &Case| shape.resource(self.subject, &case.name, &case.namespace, self.generation);
        self.work.write("main.tf", &self.cases.iter().map(resource).collect::<String>());
        self.shape = shape;
    }

    /// A provider for each case. Its credential program tells the proxy which case it is, and which process.
    fn providers(&self) -> String {
        let block = r#"
provider "homelab" {
  alias = "CASE"
  kubernetes {
    host = "PROXY"
    exec {
      command = "sh"
      args    = ["-c", "printf '{\"apiVersion\":\"client.authentication.k8s.io/v1\",\"kind\":\"ExecCredential\",\"status\":{\"token\":\"CASE.%s\"}}' $PPID"]
    }
  }
OWN
  site {
    root_domain = "SPACE.example.net"
    middlewares {
      gate = "SPACE-gate"
    }
  }
}
"#;
        let of = |case: &Case| {
            let block = block
                .replace("OWN", self.subject.provider)
                .replace("CASE", &case.name)
                .replace("SPACE", &case.namespace);
            block.replace("PROXY", &self.proxy.address())
        };
        self.cases.iter().map(of).collect()
    }

    /// Gives each of the first cases its fault.
    fn arm(&self, faults: &[Faulty]) {
        for (index, case) in self.cases.iter().enumerate() {
            let fault = faults.get(index).map(|faulty| (faulty.call, faulty.fault));
            self.proxy.arm(&case.name, &case.namespace, fault);
        }
    }

    /// Runs a command with these faults. All of them have to happen, and what was not made good is said at its resource.
    /// `golden` is what an apply that made it good has led to.
    fn run_with(
        &self,
        drops_warnings: bool,
        faults: &[Faulty],
        command: &[&str],
        golden: Option<&Golden>,
        outcome: &mut Outcome,
    ) {
        self.arm(faults);
        let parallelism = format!("-parallelism={}", self.len());
        let (verb, rest) = command.split_first().unwrap();
        let output = self.work.run([*verb, &parallelism].iter().chain(rest));
        let said = diagnostics(&output);
        for (case, faulty) in self.cases.iter().zip(faults) {
            if !self.proxy.seen(&case.name).fired {
                outcome.missed.push(*faulty);
            }
        }
        let world = golden.map(|_| self.world());
        let is_done = |case: &Case, faulty: Faulty| {
            let happened = self.proxy.seen(&case.name);
            let Some((golden, world)) = golden.zip(world.as_ref()) else { return happened.again };
            // A write is looked for afterwards, or made again; a look that failed is made again.
            let is_write = |call: &String| !call.starts_with("GET ") && !call.contains("dryRun");
            let (before, from) = golden.apply.split_at(faulty.call - 1);
            let is_awaiting = self.subject.waits && before.iter().any(is_write);
            (is_write(&from[0]) || happened.again || is_awaiting)
                && comparable(&world[&case.namespace], &case.namespace) == golden.objects
                && self.state(case) == golden.state
        };
        self.judge(faults, outcome, |case, faulty| {
            // What leaves the configuration is said without an address.
            let is_of = |one: &Said| one.address == case.address() || one.words.contains(&case.namespace);
            let is_said = said.iter().any(|one| is_of(one) || one.address.is_empty() && one.words.contains("http://"));
            // Of the two plans of a replacement Terraform drops what the second one warns of.
            let is_dropped = faulty.in_plan && drops_warnings;
            if is_said || is_dropped || faulty.fault.is_silent() || is_done(case, faulty) {
                vec![]
            } else {
                vec!["nothing is said of it".to_owned()]
            }
        });
    }

    /// What is wrong with each of the first cases.
    fn judge(&self, faults: &[Faulty], outcome: &mut Outcome, wrong: impl Fn(&Case, Faulty) -> Vec<String>) {
        for (case, faulty) in self.cases.iter().zip(faults) {
            if outcome.missed.contains(faulty) {
                continue;
            }
            outcome.failures.extend(wrong(case, *faulty).into_iter().map(|text| Failure { faulty: *faulty, text }));
        }
    }

    fn world(&self) -> BTreeMap<String, Objects> {
        let namespaces: BTreeSet<String> = self.cases.iter().map(|case| case.namespace.clone()).collect();
        snapshot(self.subject, self.servers, &namespaces)
    }

    fn state_file(&self) -> String {
        self.work.read("terraform.tfstate")
    }

    /// The attributes of a case in the state, as they are in every case; null where it is not in there.
    fn state(&self, case: &Case) -> Value {
        let state: Value = serde_json::from_str(&self.state_file()).unwrap();
        let resources = state["resources"].as_array().into_iter().flatten();
        let mut of_case = resources.filter(|one| one["type"] == self.subject.resource && one["name"] == case.name);
        let Some(resource) = of_case.next() else { return Value::Null };
        assert_eq!(resource["instances"].as_array().map(Vec::len), Some(1), "{resource:#}");
        let instance = &resource["instances"][0];
        let text = instance["attributes"].to_string().replace(&case.namespace, "NS");
        let mut attributes: Value = serde_json::from_str(&text).unwrap();
        // Hashes of what has the namespace in it.
        attributes["rendered_hash"] = Value::Null;
        for target in attributes["probe_targets"].as_array_mut().into_iter().flatten() {
            target["routing_hash"] = Value::Null;
        }
        attributes["status"] = instance["status"].clone();
        attributes
    }
}

impl Case {
    fn address(&self) -> String {
        format!("{}.{}", self.resource, self.name)
    }
}
