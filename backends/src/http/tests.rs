//! The prober against servers that are as bad as real ones.

mod answers;
mod certificates;
mod gates;
mod names;
mod network;
mod origin;
mod safety;
mod tls;
mod transport;

use std::collections::BTreeMap;
use std::time::Duration;

use homelab_core::probe::{Check, ConnectTo, Outcome, Proof, Report, Run, Settings, Url, Wall, Way};
use homelab_cty::Path;
use homelab_schema::carveout_probe::{AddressFamily, WallSystem};
use tokio_util::sync::CancellationToken;

use super::Prober;
use origin::Origin;

const SIGN_IN: &str = "https://auth.example.net/application/o/authorize/?client_id=gate&redirect_uri=https%3A%2F%2F\
                       photos.example.net%2Foutpost.goauthentik.io%2Fcallback%3FX-authentik-auth-callback%3Dtrue&state=x";

fn check(url: &str, outcome: Outcome) -> Check {
    Check {
        label: "door".to_owned(),
        at: Path::root(),
        url: Url::parse(url).unwrap(),
        method: "GET".to_owned(),
        way: Way::Plain,
        headers: Vec::new(),
        outcome,
        proof: Proof::default(),
    }
}

/// Three samples of Authentik's wall over loopback.
fn settings(origin: Option<&Origin>) -> Settings {
    Settings {
        wall: Wall {
            system: Some(WallSystem::Authentik),
            issuer_host: Some("auth.example.net".to_owned()),
            ..Wall::default()
        },
        connect_to: origin
            .map(|origin| ConnectTo { host: origin.address.ip().to_string(), port: Some(origin.address.port()) }),
        resolver: None,
        ca_file: None,
        timeout: Duration::from_secs(20),
        samples: 3,
        threshold: 2,
        allow_private: true,
        concurrency: 16,
        settle: Duration::ZERO,
        family: AddressFamily::Any,
        every_address: false,
    }
}

async fn probe(checks: Vec<Check>, settings: Settings) -> Report {
    Prober::new().run(&Run { checks, settings }, &CancellationToken::new()).await.unwrap()
}

/// One check against `origin`: observed kind, verdict, share, and why.
async fn one(origin: &Origin, check: Check) -> (String, homelab_schema::carveout_probe::Verdict, String, String) {
    let judged = probe(vec![check], settings(Some(origin))).await.judged.remove(0);
    let result = judged.result();
    (result.observed, result.verdict, result.share, judged.shown.told())
}
