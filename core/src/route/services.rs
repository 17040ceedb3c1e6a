//! Services behind routers: without one, or without its port, Traefik makes no router at all.

use std::collections::BTreeMap;

use serde_json::Value;

use super::router::{Fault, Kind, Router};

/// The Services of a cluster.
#[derive(Clone, Debug, Default)]
pub struct Services(BTreeMap<(String, String), Ports>);

#[derive(Clone, Debug)]
struct Ports {
    /// Numbers and names.
    known: Vec<String>,
    external: bool,
}

impl Services {
    /// From Service objects; whatever is none among them is left out.
    pub fn of<'a>(objects: impl IntoIterator<Item = &'a Value>) -> Self {
        let mut all = Self::default();
        for object in objects {
            let text = |path: &str| object.pointer(path).and_then(Value::as_str).unwrap_or_default();
            if text("/kind") != "Service" {
                continue;
            }
            let ports = object.pointer("/spec/ports").and_then(Value::as_array).into_iter().flatten();
            let known = ports.flat_map(|port| {
                let name = port.get("name").and_then(Value::as_str).map(str::to_owned);
                name.into_iter().chain(port.get("port").map(ToString::to_string))
            });
            let ports = Ports { known: known.collect(), external: text("/spec/type") == "ExternalName" };
            all.0.insert((text("/metadata/namespace").to_owned(), text("/metadata/name").to_owned()), ports);
        }
        all
    }

    /// Notes in routers what is missing behind them. To be called after [`super::settle`], which clears what was noted.
    pub fn settle(&self, routers: &mut [Router]) {
        for router in routers {
            let missing = router.services.iter().find_map(|service| self.missing(router, service));
            router.faults.extend(missing);
        }
    }

    fn missing(&self, router: &Router, service: &str) -> Option<Fault> {
        // Without a port it is no Service, or one that Traefik looks at in ways of its own.
        let (name, port) = service.split_once(':')?;
        let (namespace, name) = name.split_once('/').unwrap_or((&router.source.namespace, name));
        let Some(ports) = self.0.get(&(namespace.to_owned(), name.to_owned())) else {
            return Some(Fault::Service(format!("{namespace}/{name}")));
        };
        // An IngressRoute may name any port of a name elsewhere.
        let any = ports.external && router.source.kind == Kind::IngressRoute;
        if any || ports.known.iter().any(|known| known == port) {
            return None;
        }
        Some(Fault::Port { service: format!("{namespace}/{name}"), port: port.to_owned() })
    }
}
