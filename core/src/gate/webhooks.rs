//! Does everything answer that requests to the API server must pass.
//!
//! A webhook that fails closed without anybody behind it stops every write that it watches, often the very pods that would
//! bring it back. It shows only once something is written, which an upgrade does all the time.

use super::checks::CheckName;
use super::evidence::{ServiceState, Webhook};
use super::judge::{Case, Check};
use crate::finding::gate::{AGGREGATED_API_DEAD, CONVERTER_DEAD, WEBHOOK_DEAD};
use crate::finding::{Code, Finding};

/// The check. A cluster without any of these has nothing to find.
pub(super) fn check(case: &Case<'_>) -> Check {
    let mut check = Check::new(CheckName::Webhooks);
    for webhook in check.look(&case.evidence.webhooks, "admission webhooks").into_iter().flatten() {
        if webhook.fails_closed {
            closed(&mut check, webhook);
        }
    }
    let resources = check.look(&case.evidence.custom_resources, "converters of custom resources");
    for resource in resources.into_iter().flatten() {
        if let Some(converter) = &resource.converter {
            answers(&mut check, CONVERTER_DEAD, &format!("CustomResourceDefinition {}", resource.name), converter);
        }
    }
    for api in check.look(&case.evidence.aggregated_apis, "aggregated APIs").into_iter().flatten() {
        let object = format!("APIService {}", api.name);
        if check.look(&api.available, &object).is_some_and(|available| !available) {
            check.found(Finding::new(AGGREGATED_API_DEAD, &object, "It is not available."));
        }
    }
    check
}

fn closed(check: &mut Check, webhook: &Webhook) {
    let object = format!("{}, webhook {}", webhook.configuration, webhook.name);
    match &webhook.service {
        Some(service) => answers(check, WEBHOOK_DEAD, &object, service),
        None => check.not_seen(&object, "it calls a URL outside of the cluster, which only the API server can try"),
    }
}

fn answers(check: &mut Check, code: Code, object: &str, service: &ServiceState) {
    if check.look(&service.ready, &format!("endpoints of {}", service.service)).is_some_and(|ready| *ready == 0) {
        let finding = Finding::new(code, object, format!("Service {} has no ready endpoint.", service.service));
        check.found(finding);
    }
}
