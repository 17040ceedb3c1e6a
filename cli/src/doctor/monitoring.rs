//! The block `prometheus`, which the upgrade gate asks.

use homelab_backends::gate::prometheus::{Prometheus, Settings};
use homelab_backends::objects::{Cause, NotConfigured};
use homelab_schema::Attr;
use homelab_schema::provider::Prometheus as Block;
use homelab_schema::upgrade_gate::GatePrometheus;

use super::{Service, State};

const NAME: &str = "prometheus";
const PURPOSE: &str = "the alerts of homelab_upgrade_gate";

pub(super) async fn examine(block: &Attr<Block>) -> Service {
    let none =
        || Service::new(NAME, State::Unset, "no Prometheus is configured").hint("name one with HOMELAB_PROMETHEUS_URL");
    match Settings::of(block, &Attr::<GatePrometheus>::Null) {
        Ok(None) => none(),
        Ok(Some(settings)) => server(&Prometheus::new(settings)).await,
        Err(Cause::NotConfigured(NotConfigured::Unknown(arguments))) => {
            let what = format!("{} can only be known in a Terraform run", arguments.join(", "));
            Service::new(NAME, State::Unusable, what)
                .hint("give it by its environment variable, or by a variable (TF_VAR_… or terraform.tfvars)")
        }
        Err(cause) => Service::new(NAME, State::Unusable, cause.to_string()),
    }
}

async fn server(prometheus: &Prometheus) -> Service {
    let address = prometheus.address();
    if let Err(cause) = prometheus.answers().await {
        return Service::new(NAME, State::Unusable, format!("failed to query {address}: {cause}"))
            .hint("name its address as the gate reaches it, and a token where it wants one");
    }
    let mut service = Service::new(NAME, State::Ok, address);
    // What only looks like one, such as a proxy of several, tells none.
    service.version = prometheus.version().await.ok().filter(|version| !version.is_empty());
    match prometheus.rules().await {
        Ok(0) => {
            service.notes.push("no alerting rule is loaded: the gate's check of alerts is unknown then".to_owned());
        }
        Ok(_) => {}
        Err(cause) => {
            service.state = State::Limited;
            service.lacks.push(format!("read /api/v1/rules, for {PURPOSE} ({cause})"));
        }
    }
    service
}
