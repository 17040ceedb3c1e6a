//! The report as SARIF 2.1.0, for whatever collects results of analyses.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::finding::{Code, Severity};
use crate::gate::report::{GateFinding, Report};

/// The report as a SARIF log. `version` is that of this program.
///
/// Objects of a cluster have no file, so that a result has a logical location alone. A waived finding is a suppressed
/// result: it stays in the log.
pub fn sarif(report: &Report, version: &str) -> Value {
    let rules: BTreeMap<&str, Code> =
        report.findings.iter().map(|found| (found.finding.code.id, found.finding.code)).collect();
    let results: Vec<Value> = report.findings.iter().map(result).collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "homelab gate",
                "semanticVersion": version,
                "rules": rules.values().map(rule).collect::<Vec<_>>(),
            }},
            "results": results,
            "properties": {
                "target": report.target,
                "verdict": report.verdict.name(),
                "coverage": report.coverage,
            },
        }],
    })
}

fn rule(code: &Code) -> Value {
    json!({
        "id": code.id,
        "shortDescription": {"text": code.title},
        "fullDescription": {"text": code.explanation.trim()},
        "help": {"text": code.clears},
    })
}

fn result(found: &GateFinding) -> Value {
    let finding = &found.finding;
    let parts = [&finding.observed, &finding.expected, &finding.clears];
    let text: Vec<&str> = parts.into_iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
    let level = match finding.severity {
        _ if !found.decides => "note",
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    let mut result = json!({
        "ruleId": finding.code.id,
        "level": level,
        "message": {"text": format!("{}: {}", finding.object, text.join(" "))},
        "locations": [{"logicalLocations": [{"fullyQualifiedName": finding.object, "kind": "object"}]}],
        // The same thing again is the same result, whatever else it says this time.
        "partialFingerprints": {"codeAndObject/v1": format!("{} {}", finding.code.id, finding.object)},
        "properties": {"class": found.class, "check": found.check, "source": finding.source},
    });
    if let Some(waived) = &found.waived {
        let justification = format!("{} ({}, until {})", waived.reason, waived.owner, waived.expires);
        result["suppressions"] = json!([{"kind": "external", "status": "accepted", "justification": justification}]);
    }
    result
}
