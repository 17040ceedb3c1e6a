//! `homelab kv get`.

use std::io::{self, IsTerminal as _, Write as _};
use std::time::Duration;

use clap::Args;
use homelab_backends::vault::{KvDocument, KvValues, Vault};
use homelab_core::exit::Exit;
use homelab_schema::Sensitive;
use homelab_schema::duration::GoDuration;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::{clipboard, nothing, path_of, refused, store};
use crate::args::Output;
use crate::configuration;
use crate::output::{Failure, Printer};

/// Whoever needs a value for longer takes it once more.
const LONGEST: Duration = Duration::from_mins(10);

/// What can be typed after `kv get`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The document, with its engine first: secret/photos
    #[arg(value_name = "PATH")]
    path: String,
    /// The value of this key alone
    #[arg(long, value_name = "KEY")]
    field: Option<String>,
    /// That version of the document instead of the newest
    #[arg(long = "document-version", value_name = "NUMBER")]
    document_version: Option<u64>,
    /// How long a value stays in the clipboard of a terminal, such as 10s; not more than ten minutes
    #[arg(long, value_name = "DURATION", default_value = "30s")]
    clear_after: String,
}

/// What `kv get` answers.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Answer {
    /// Version of this form.
    version: u32,
    /// The exit code that goes with it.
    exit: u8,
    /// The document that was asked for.
    path: String,
    /// Which version of it this is; null where the engine keeps none.
    document_version: Option<u64>,
    /// Its keys, by name; with --field, that one.
    values: Vec<KeyValue>,
}

/// One key.
#[derive(Serialize, JsonSchema)]
struct KeyValue {
    /// Its name.
    key: String,
    /// Its value, as the store has it.
    value: Value,
}

pub(super) fn run(options: &Options, printer: &Printer) -> Result<Exit, Failure> {
    let path = path_of(&options.path)?;
    let clear_after = clear_after(&options.clear_after)?;
    let screen = io::stdout().is_terminal();
    let json = printer.form() == Output::Json;
    if screen && (json || options.field.is_none()) {
        let what = if json { "values as JSON are" } else { "a whole document is" };
        return Err(Failure::new(format!("{what} not written to a terminal"))
            .hint("take one value with --field, which goes into the clipboard, or write into a pipe"));
    }
    if screen {
        // Before the value is fetched: what cannot be shown is not read.
        clipboard::is_there()?;
    }
    let vault = store()?;
    let runtime = configuration::runtime()?;
    let found = runtime.block_on(printer.waiting("asking the store", read(&vault, path, options.document_version)));
    let document = match found {
        Err(error) => return Ok(refused(&error, printer)),
        Ok(KvValues::Document(document)) => document,
        Ok(KvValues::Absent) => {
            let hint = "is the path right? `homelab kv list` shows what there is";
            return Ok(nothing(format!("there is no {path}"), hint, printer));
        }
        Ok(KvValues::Deleted { version }) => {
            let hint =
                "an older one can be read with --document-version, or this one restored with `vault kv undelete`";
            return Ok(nothing(format!("version {version} of {path} was deleted"), hint, printer));
        }
        Ok(KvValues::Destroyed { version }) => {
            return Ok(nothing(format!("version {version} of {path} was destroyed"), "", printer));
        }
    };
    let Some(field) = &options.field else {
        if json {
            printer.json(&answer(path, &document, None)?)?;
        } else {
            raw(document.json().expose(), true)?;
        }
        return Ok(Exit::Clean);
    };
    let Some(value) = document.text(field) else {
        let keys: Vec<&str> = document.keys().collect();
        let hint = format!("it has {}", if keys.is_empty() { "none".to_owned() } else { keys.join(", ") });
        return Ok(nothing(format!("{path} has no key {field:?}"), &hint, printer));
    };
    if json {
        printer.json(&answer(path, &document, Some(field))?)?;
    } else if screen {
        runtime.block_on(clipboard::lend(&value, clear_after, printer))?;
    } else {
        raw(value.expose(), false)?;
    }
    Ok(Exit::Clean)
}

async fn read(
    vault: &Vault,
    path: &str,
    version: Option<u64>,
) -> Result<KvValues, homelab_backends::vault::VaultError> {
    let (mount, path) = vault.split(path).await?;
    vault.read_kv_values(&mount, &path, version).await
}

/// Byte for byte: what is in a key is what its reader needs. Straight to stdout, where nothing keeps a copy.
fn raw(text: &str, line: bool) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    let written = stdout.write_all(text.as_bytes()).and_then(|()| if line { stdout.write_all(b"\n") } else { Ok(()) });
    match written.and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::new(format!("failed to write to stdout: {error}")))
        }
        _ => Ok(()),
    }
}

fn answer(path: &str, document: &KvDocument, field: Option<&String>) -> Result<Answer, Failure> {
    let whole: Sensitive<String> = document.json();
    // The parser's words may quote a value.
    let Ok(Value::Object(all)) = serde_json::from_str(whole.expose()) else {
        return Err(Failure::new(format!("{path} is no JSON object")));
    };
    let of_field = all.into_iter().filter(|(key, _)| field.is_none_or(|field| field == key));
    let mut values: Vec<KeyValue> = of_field.map(|(key, value)| KeyValue { key, value }).collect();
    values.sort_by(|left, right| left.key.cmp(&right.key));
    Ok(Answer {
        version: 1,
        exit: Exit::Clean.code(),
        path: path.to_owned(),
        document_version: document.version,
        values,
    })
}

fn clear_after(text: &str) -> Result<Duration, Failure> {
    let wrong = |why: String| Failure::new(format!("--clear-after: {why}")).hint("write a duration such as 10s or 1m");
    let after: GoDuration = text.parse().map_err(|error| wrong(format!("{error}")))?;
    let after = after.to_std().filter(|after| !after.is_zero() && *after <= LONGEST);
    after.ok_or_else(|| wrong(format!("{text} is too short or too long")))
}
