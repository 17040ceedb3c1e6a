//! Pages of functions.

use std::fmt::Write as _;

use super::page::usage;
use super::text::{code, front_matter, signature_type, type_name};
use crate::function::Function;
use crate::registry::PROVIDER;

pub(super) fn page(function: &Function, example: Option<String>) -> String {
    let mut text = front_matter(&format!("{} function - {PROVIDER}", function.name), Some(""), function.summary);
    let _ = write!(text, "\n# function: {}\n\n{}\n\n{}\n", function.name, function.summary, function.description);
    usage(&mut text, example);

    let variadic = function.variadic.as_ref();
    let parameters: Vec<String> = function
        .parameters
        .iter()
        .map(|parameter| format!("{} {}", parameter.name, signature_type(&parameter.ty)))
        .chain(variadic.map(|parameter| format!("{} {}...", parameter.name, signature_type(&parameter.ty))))
        .collect();
    let signature = format!("{}({}) {}", function.name, parameters.join(", "), signature_type(&function.returns));
    let _ = write!(text, "\n## Signature\n\n{}\n\n## Arguments\n\n", code("text", &signature));
    for parameter in &function.parameters {
        let _ = writeln!(text, "1. `{}` ({}) {}", parameter.name, type_name(&parameter.ty), parameter.description);
    }
    if let Some(parameter) = variadic {
        let _ = writeln!(
            text,
            "1. `{}` (Variadic, {}) {}",
            parameter.name,
            type_name(&parameter.ty),
            parameter.description
        );
    }
    let _ = write!(text, "\n## Return Type\n\n({}) {}\n", type_name(&function.returns), function.result);
    text
}
