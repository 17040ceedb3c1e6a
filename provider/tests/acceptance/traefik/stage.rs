//! A running Traefik with origins behind it, to which a set of objects is given and taken away again.

use std::collections::{BTreeMap, BTreeSet};
use std::thread;
use std::time::{Duration, Instant};

use homelab_core::ingress::references::Middlewares;
use homelab_core::route::{self, Request, Router, Settings, Truth};
use homelab_plane::http::Answer as Answered;
use homelab_plane::process::wait_for;
use homelab_plane::wider::Traefik;
use homelab_plane::{Api, shared, skip};
use serde_json::{Value, json};

use super::wire::{Answer, Origins, Sender};
use super::world::TAKEN_OVER;

/// How long Traefik may take to have taken over what was written.
const TAKEN: Duration = Duration::from_mins(1);

/// Traefik, the cluster that it reads, and origins.
pub(crate) struct Stage {
    traefik: Traefik,
    api: Api,
    origins: Origins,
    sender: Sender,
    /// How this Traefik reads objects.
    pub(crate) settings: Settings,
    namespaces: Vec<String>,
}

impl Stage {
    /// A Traefik with namespaces of its own, in each of which the Service `origins` has a port for each origin. It reads
    /// only objects of a class that no other run has, since routers of others would meet the same requests; with no
    /// namespaces of its own it reads all objects that have no class. `None` where Traefik is not built.
    pub(crate) fn open(name: &str, namespaces: usize, origins: usize) -> Option<Self> {
        let env = shared().unwrap();
        let api = Api::admin(env).unwrap();
        let own: Vec<String> = (0..namespaces).map(|_| api.namespace(name).unwrap()).collect();
        let class = own.first().cloned().unwrap_or_default();
        let of_class = [
            format!("--providers.kubernetesingress.ingressclass={class}"),
            format!("--providers.kubernetescrd.ingressclass={class}"),
        ];
        let mut flags = vec!["--providers.providersthrottleduration=20ms", "--entrypoints.other.address=127.0.0.1:0"];
        flags.extend(of_class.iter().filter(|_| !class.is_empty()).map(String::as_str));
        let traefik = match Traefik::start(env, &flags) {
            Err(error) if error.is_missing() => {
                skip(name, &error.to_string());
                return None;
            }
            started => started.unwrap(),
        };
        let origins = Origins::start(origins);
        let settings = Settings {
            class,
            classes: Some(BTreeSet::new()),
            entrypoints: Some(["web", "other", "traefik"].map(str::to_owned).into()),
            ..Settings::default()
        };
        let sender = Sender::to(traefik.web());
        let mut stage = Self { traefik, api, origins, sender, settings, namespaces: Vec::new() };
        for namespace in &own {
            stage.add_namespace(namespace);
        }
        Some(stage)
    }

    /// Takes in a namespace that is there already.
    #[track_caller]
    pub(crate) fn add_namespace(&mut self, namespace: &str) {
        let ports = self.origins.ports().iter().map(|port| json!({"name": format!("p{port}"), "port": port}));
        let service = json!({
            "apiVersion": "v1", "kind": "Service", "metadata": {"name": "origins"},
            "spec": {"type": "ExternalName", "externalName": "127.0.0.1", "ports": ports.collect::<Vec<_>>()},
        });
        let path = format!("/api/v1/namespaces/{namespace}/services");
        self.api.create(&path, &service).unwrap().expect("service", &[201]).unwrap();
        self.namespaces.push(namespace.to_owned());
    }

    /// The namespaces of this stage.
    pub(crate) fn namespaces(&self) -> &[String] {
        &self.namespaces
    }

    /// The port of an origin, for the backend of a route.
    pub(crate) fn port(&self, origin: usize) -> u16 {
        self.origins.ports()[origin]
    }

    /// Makes an object; whether the cluster took it. A generated one may be none that it takes.
    #[track_caller]
    pub(crate) fn create(&self, object: &Value) -> bool {
        let answer = settled(|| self.api.create(&collection(object), object));
        let taken = answer.is_ok();
        if !taken {
            answer.expect(&object.to_string(), &[422, 400]).unwrap();
        }
        taken
    }

    /// Makes objects, and takes away those that were there before. Returns those that the cluster took.
    #[track_caller]
    pub(crate) fn replace_all(&self, objects: &[Value]) -> Vec<Value> {
        for namespace in &self.namespaces {
            for kind in ["Ingress", "IngressRoute", "Middleware"] {
                let path = collection(&json!({"kind": kind, "metadata": {"namespace": namespace}}));
                settled(|| self.api.delete(&path)).expect(&path, &[200]).unwrap();
            }
        }
        objects.iter().filter(|object| self.create(object)).cloned().collect()
    }

    /// The routers that the model makes of these objects.
    pub(crate) fn model(&self, objects: &[Value]) -> Vec<Router> {
        let mut routers: Vec<Router> =
            objects.iter().flat_map(|object| route::routers_of(object, &self.settings)).collect();
        route::settle(&mut routers, Some(&Middlewares::of(objects)), &self.settings);
        routers
    }

    /// Waits until Traefik has just these routers in the namespaces of this stage, with the same rules, priorities and
    /// status; what differed at the end of the wait is the error.
    pub(crate) fn until_taken(&mut self, routers: &[Router]) -> Result<(), String> {
        wait_for("Traefik's routers", TAKEN, || {
            self.traefik.alive()?;
            let seen = routers_in(&self.traefik.api("/api/http/routers?per_page=10000")?.body, &self.namespaces);
            Ok(compare(routers, &seen))
        })
        .map_err(|error| error.to_string())
    }

    /// What Traefik answers to a request once all its entry points go by what its API shows: one of these statuses, or
    /// whatever it answers when they have had long enough for that.
    #[track_caller]
    pub(crate) fn send_until(&mut self, request: &Request, statuses: &[u16]) -> Answer {
        let until = Instant::now() + TAKEN_OVER;
        loop {
            let answer = self.send(request);
            if statuses.contains(&answer.status) || Instant::now() >= until {
                return answer;
            }
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// What Traefik answers to a request.
    #[track_caller]
    pub(crate) fn send(&mut self, request: &Request) -> Answer {
        self.sender.send(request).unwrap_or_else(|error| panic!("{request:?}: {error}"))
    }
}

/// The answer to a request, asked again while the server takes over the definition of a kind: other tests define them too.
#[track_caller]
fn settled(send: impl Fn() -> homelab_plane::Result<Answered>) -> Answered {
    wait_for("the API server", TAKEN, || {
        let answer = send()?;
        let busy = matches!(answer.status, 404 | 429 | 503);
        Ok(if busy { Err(format!("it answered {}: {}", answer.status, answer.body)) } else { Ok(answer) })
    })
    .unwrap()
}

/// Compares what Traefik's API says of its routers with the model: which there are, and of each its rule, its priority, and
/// whether it is served.
fn compare(routers: &[Router], seen: &BTreeMap<String, Value>) -> Result<(), String> {
    let wanted: BTreeSet<&str> = routers.iter().map(|router| router.name.as_str()).collect();
    let names: BTreeSet<&str> = seen.keys().map(String::as_str).collect();
    if names != wanted {
        let more: Vec<_> = names.difference(&wanted).collect();
        let less: Vec<_> = wanted.difference(&names).collect();
        return Err(format!("only Traefik has {more:?}, only the model has {less:?}"));
    }
    for router in routers {
        let of = &seen[&router.name];
        let served = of["status"] != "disabled";
        let same = match router.is_live() {
            // One of two routers of that name, and nobody knows which.
            Truth::Unknown => true,
            live => {
                of["rule"].as_str().unwrap_or_default() == router.rule_text
                    && served == (live == Truth::Yes)
                    && (!served || of["priority"].as_i64() == Some(router.priority.value))
            }
        };
        if !same {
            return Err(format!("{router:?} is {of}"));
        }
    }
    Ok(())
}

/// Those of Traefik's routers that were made of objects in these namespaces, or of a default backend.
fn routers_in(all: &Value, namespaces: &[String]) -> BTreeMap<String, Value> {
    let name = |router: &Value| router["name"].as_str().unwrap_or_default().to_owned();
    let ours = |name: &str| {
        namespaces.iter().any(|namespace| name.starts_with(namespace)) || name.starts_with("default-router@")
    };
    all.as_array()
        .into_iter()
        .flatten()
        .map(|router| (name(router), router.clone()))
        .filter(|(name, _)| ours(name))
        .collect()
}

/// The path in the API of the collection that an object is in.
fn collection(object: &Value) -> String {
    let (group, plural) = match object["kind"].as_str().unwrap_or_default() {
        "Ingress" => ("apis/networking.k8s.io/v1", "ingresses"),
        "IngressRoute" => ("apis/traefik.io/v1alpha1", "ingressroutes"),
        "Middleware" => ("apis/traefik.io/v1alpha1", "middlewares"),
        kind => panic!("{kind} is not known here"),
    };
    format!("/{group}/namespaces/{}/{plural}", object["metadata"]["namespace"].as_str().unwrap_or_default())
}
