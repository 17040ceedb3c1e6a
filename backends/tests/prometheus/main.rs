//! Evidence from a Prometheus: a real one with a recorded past, and servers that answer as no Prometheus should.

mod real;
mod strict;

use homelab_backends::gate::prometheus::{Prometheus, Settings, Token};
use homelab_core::gate::{Component, ComponentKind, Evidence, HostState, Measured, Metric, Node, Weights};
use homelab_schema::upgrade_gate::Weight;
use std::time::Duration;

/// The token of every client here. It must appear in no evidence.
pub(crate) const TOKEN: &str = "canary-0123456789abcdef";

pub(crate) fn settings(address: &str) -> Settings {
    Settings {
        address: address.to_owned(),
        token: Some(Token::Text(TOKEN.into())),
        ca_cert_file: None,
        timeout: Duration::from_mins(1),
    }
}

/// A cluster with one API server and two nodes, of which its own API has shown what it can: a process that is an hour old.
pub(crate) fn seen() -> Evidence {
    let version: homelab_core::gate::KubeVersion = "1.36.3".parse().unwrap();
    let server = Component {
        kind: ComponentKind::KubeApiserver,
        on: "cp-1".to_owned(),
        version: Measured::Seen(version.clone()),
    };
    let node = |name: &str| Node { name: name.to_owned(), kubelet: Measured::Seen(version.clone()) };
    Evidence {
        control_plane: Measured::Seen(vec![server]),
        nodes: Measured::Seen(vec![node("cp-1"), node("worker-1")]),
        deprecated_requests: Measured::Seen(Metric {
            youngest_process_seconds: 3600,
            all_servers: true,
            requests: Vec::new(),
        }),
        hosts: Measured::Seen(vec![HostState {
            node: "cp-1".to_owned(),
            cgroup: Measured::Seen(2),
            disk_used_percent: Measured::default(),
            reboot_pending: Measured::default(),
        }]),
        ..Evidence::blind("nobody looked")
    }
}

/// That cluster, after this Prometheus was asked too.
pub(crate) fn asked(settings: Settings) -> Evidence {
    let mut evidence = seen();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let prometheus = Prometheus::new(settings);
    runtime.block_on(prometheus.add(None, &Weights::all(Weight::Error), 86_400, &mut evidence));
    let text = serde_json::to_string(&evidence).unwrap();
    assert!(!text.contains(TOKEN), "a token in the evidence: {text}");
    evidence
}
