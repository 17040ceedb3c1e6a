//! The guide of findings and exit codes, generated from the tables in `core`, where nothing can be missing.

use std::path::Path;

use homelab_core::exit::{Class, Exit};
use homelab_core::finding::{self, Code, Severity};

use crate::output::{Failure, line};

/// The page below the documentation.
const PAGE: &str = "guides/findings.md";

/// Writes the page where it is stale, unless only `check` is asked; answers a line where it was.
pub(super) fn bring_up_to_date(docs: &Path, check: bool) -> Result<Option<String>, Failure> {
    let path = docs.join(PAGE);
    let failed = |error: std::io::Error| Failure::new(format!("failed to write {}: {error}", path.display()));
    let wanted = page();
    let present = std::fs::read_to_string(&path).ok();
    if present.as_deref() == Some(&wanted) {
        return Ok(None);
    }
    if !check {
        path.parent().map_or(Ok(()), std::fs::create_dir_all).map_err(failed)?;
        std::fs::write(&path, &wanted).map_err(failed)?;
    }
    let what = if present.is_some() { "is not what the tables give" } else { "is missing" };
    Ok(Some(format!("{PAGE} {what}")))
}

fn page() -> String {
    let mut text = String::from(HEAD);
    text.push_str("\n## Exit codes\n\n| code | meaning |\n| --- | --- |\n");
    for exit in Exit::ALL {
        line!(text, "| {} | {} |", exit.code(), exit.meaning());
    }
    text.push_str(ORDER);
    for (first, subject) in SUBJECTS {
        line!(
            text,
            "\n## {subject}\n\n| code | what | severity | asks for | what clears it |\n| --- | --- | --- | --- | --- |"
        );
        for code in finding::all().filter(|code| code.id.starts_with(first)) {
            text.push_str(&row(code));
        }
    }
    text
}

fn row(code: &Code) -> String {
    let severity = match code.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    let class = match code.class {
        Class::Note => "nothing",
        Class::Act => "action (2)",
        Class::Unmeasured => "a measurement (3)",
        Class::Held => "patience (4)",
    };
    format!("| `{}` | {} | {severity} | {class} | {} |\n", code.id, code.explanation.trim(), code.clears)
}

const SUBJECTS: [(&str, &str); 5] = [
    ("HL1", "Ingress"),
    ("HL2", "External secrets"),
    ("HL3", "Carve-out probe"),
    ("HL4", "Upgrade gate"),
    ("HL5", "Provider and connections"),
];

const HEAD: &str = "\
---
page_title: \"Findings and exit codes\"
subcategory: \"\"
description: |-
  Every finding of plans and of the homelab CLI, and what an exit code means.
---

# Findings and exit codes

Whatever a plan refuses and whatever the CLI reports has a code that stays the same for ever. The severity is the usual
one: the `checks` block of the provider and of a resource can change it.
";

const ORDER: &str = "
Of several findings the worst decides. For every verb but the gate, 2 comes before 3, and 3 before 0. For the gate,
something that was not measured is never quiet, and a hold wins over what could be acted on: 3 before 4 before 2 before 0.
";
