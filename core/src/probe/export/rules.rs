//! Alerting rules over what the modules of [`super::blackbox`] measure.

use homelab_schema::ingress::Expect;
use serde_json::{Value, json};

use super::super::Door;
use super::{exportable, word};

/// The rules; those of absence only for kinds of doors that there are.
pub(super) fn rules(doors: &[Door]) -> Value {
    let mut rules = vec![
        // The first sample counts, as it does for a probe.
        rule(
            "HomelabGatedPathExposed",
            "probe_http_status_code{homelab_expect=\"gated\"} >= 200 < 300",
            "0m",
            "critical",
            "{{ $labels.homelab_url }} is declared as gated and open",
        ),
        rule(
            "HomelabPublicPathWalled",
            "probe_failed_due_to_regex{homelab_expect=\"public\"} == 1",
            "10m",
            "warning",
            "{{ $labels.homelab_url }} is declared as public, and is walled off or does not answer as declared",
        ),
        // A gate that is gone answers with an error, and a path that cannot be judged is never green.
        rule(
            "HomelabPathUnknown",
            "probe_success{homelab_expect=~\"public|gated\"} == 0 \
             unless on (homelab_url) (probe_failed_due_to_regex{homelab_expect=\"public\"} == 1) \
             unless on (homelab_url) (probe_http_status_code{homelab_expect=\"gated\"} >= 200 < 300)",
            "15m",
            "warning",
            "{{ $labels.homelab_url }} cannot be judged",
        ),
    ];
    for expect in [Expect::Public, Expect::Gated] {
        if exportable(doors).iter().any(|door| door.expect == expect) {
            let word = word(expect);
            let name = match expect {
                Expect::Public => "HomelabPublicProbesAbsent",
                Expect::Gated => "HomelabGatedProbesAbsent",
            };
            rules.push(rule(
                name,
                &format!("absent(probe_success{{homelab_expect=\"{word}\"}})"),
                "15m",
                "warning",
                &format!("no {word} path is looked at any more"),
            ));
        }
    }
    json!({ "groups": [{ "name": "homelab-carve-outs", "rules": rules }] })
}

fn rule(name: &str, expr: &str, lasting: &str, severity: &str, summary: &str) -> Value {
    json!({
        "alert": name, "expr": expr, "for": lasting,
        "labels": { "severity": severity }, "annotations": { "summary": summary },
    })
}
