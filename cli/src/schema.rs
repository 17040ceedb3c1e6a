//! `homelab schema`: what the declared model says of itself.

mod findings;

use homelab_core::exit::Exit;
use homelab_core::gate::{Evidence, HostEvidence, Record};
use homelab_schema::{docs, json_schema, terraform};
use schemars::{JsonSchema, schema_for};
use serde_json::{Map, Value};

use crate::args::{Schema, SchemaForm};
use crate::manifest::Manifest;
use crate::output::{Failure, Printer, Version, line};
use crate::{doctor, gate, ingress, kv, probe, secrets};

/// The provider's address, as in `required_providers`.
const ADDRESS: &str = "registry.terraform.io/example/homelab";

pub(crate) fn run(options: &Schema, printer: &Printer) -> Result<Exit, Failure> {
    match &options.form {
        SchemaForm::Json => printer.json(&json_schema::document())?,
        SchemaForm::Terraform => printer.json(&terraform::document(ADDRESS))?,
        SchemaForm::Input => printer.json(&of_input())?,
        SchemaForm::Output => printer.json(&of_output())?,
        SchemaForm::Docs { dir, examples, check } => {
            let done = if *check { docs::check(examples, dir) } else { docs::write(examples, dir) };
            let stale = done.map_err(|error| {
                Failure::new(error.to_string())
                    .hint("name the folders of the pages and of the examples with --dir and --examples")
            })?;
            let mut stale: Vec<String> = stale.iter().map(ToString::to_string).collect();
            stale.extend(findings::bring_up_to_date(dir, *check)?);
            let mut list = String::new();
            for page in &stale {
                line!(list, "{page}");
            }
            printer.raw(&list)?;
            if *check && !stale.is_empty() {
                printer.talk("the pages are stale; write them with: homelab schema docs");
                return Ok(Exit::Act);
            }
        }
    }
    Ok(Exit::Clean)
}

/// The JSON Schema of every file that a verb reads and that people write, by what it is.
fn of_input() -> Value {
    let file = schema_for!(probe::file::File).to_value();
    Value::Object(Map::from_iter([("probe file".to_owned(), file)]))
}

/// The JSON Schema of every verb's `--output json`, by verb.
fn of_output() -> Value {
    fn one<T: JsonSchema>() -> Value {
        schema_for!(T).to_value()
    }
    let verbs: [(&str, Value); 25] = [
        ("doctor", one::<doctor::Report>()),
        ("gate capture", one::<Evidence>()),
        ("gate capture --host", one::<HostEvidence>()),
        ("gate check", one::<gate::check::Answer>()),
        ("gate facts list", one::<gate::facts::Listed>()),
        ("gate facts verify", one::<gate::facts::Verified>()),
        ("gate push", one::<gate::push::Answer>()),
        ("gate record", one::<Record>()),
        ("gate report", one::<gate::report::Answer>()),
        ("ingress lint", one::<ingress::lint::Answer>()),
        ("ingress refs", one::<ingress::refs::Answer>()),
        ("ingress routes", one::<ingress::routes::Answer>()),
        ("kv get", one::<kv::get::Answer>()),
        ("kv list", one::<kv::list::Answer>()),
        ("kv put", one::<kv::put::Answer>()),
        ("manifest", one::<Manifest>()),
        ("probe explain", one::<probe::explain::Answer>()),
        ("probe export", one::<probe::export::Answer>()),
        ("probe run", one::<probe::run::Answer>()),
        ("probe targets", one::<probe::targets::Answer>()),
        ("secrets audit", one::<secrets::audit::Answer>()),
        ("secrets hops", one::<secrets::hops::Answer>()),
        ("secrets sync", one::<secrets::wait::Answer>()),
        ("secrets wait", one::<secrets::wait::Answer>()),
        ("version", one::<Version>()),
    ];
    Value::Object(verbs.into_iter().map(|(verb, schema)| (verb.to_owned(), schema)).collect::<Map<_, _>>())
}
