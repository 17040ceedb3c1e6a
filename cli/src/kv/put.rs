//! `homelab kv put`.

use std::io::{self, IsTerminal as _, Read as _};

use clap::Args;
use homelab_core::exit::Exit;
use homelab_core::kv::address;
use homelab_schema::Sensitive;
use schemars::JsonSchema;
use serde::Serialize;

use super::{path_of, prompt, refused, store};
use crate::configuration;
use crate::output::{Failure, Printer, Text, line};

/// More than a store takes; whoever pipes a disk into it is stopped before the memory is full.
const LARGEST: u64 = 4 << 20;

/// What can be typed after `kv put`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The document, with its engine first: secret/photos
    #[arg(value_name = "PATH")]
    path: String,
    /// The key; its value comes from stdin, or from a hidden prompt
    #[arg(value_name = "KEY")]
    key: String,
}

/// What `kv put` answers.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Answer {
    /// Version of this form.
    version: u32,
    /// The exit code that goes with it.
    exit: u8,
    /// The document.
    path: String,
    /// The key.
    key: String,
    /// Which version of the document has the key so.
    document_version: Option<u64>,
    /// Whether that version is ours; else the key was so already.
    written: bool,
}

pub(super) fn run(options: &Options, printer: &Printer) -> Result<Exit, Failure> {
    let path = path_of(&options.path)?;
    let key = options.key.as_str();
    if key.contains('=') {
        // Whoever is used to `key=value` has just typed a value; it is not repeated.
        return Err(Failure::new("a key is given without its value").hint(
            "the value comes from stdin or from a prompt; one that was typed as an argument is in the shell's history",
        ));
    }
    if !address::is_key(key) {
        return Err(Failure::new(format!("{key:?} is no name of a key")).hint("name the key of the document"));
    }
    let vault = store()?;
    let value = value(path, key)?;
    let write = async {
        let (mount, below) = vault.split(path).await?;
        vault.merge_kv_key(&mount, &below, key, &value).await
    };
    let merged = match configuration::runtime()?.block_on(printer.waiting("writing to the store", write)) {
        Ok(merged) => merged,
        Err(error) => return Ok(refused(&error, printer)),
    };
    let exit = Exit::Clean;
    printer.report(&Answer {
        version: 1,
        exit: exit.code(),
        path: path.to_owned(),
        key: key.to_owned(),
        document_version: merged.version,
        written: merged.written,
    })?;
    Ok(exit)
}

/// The value, from a person or from a pipe.
fn value(path: &str, key: &str) -> Result<Sensitive<String>, Failure> {
    let stdin = io::stdin();
    let value = if stdin.is_terminal() {
        prompt::hidden(&format!("value of {key} in {path} (it is not shown): "))?
    } else {
        let mut bytes = Vec::new();
        stdin
            .lock()
            .take(LARGEST + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| Failure::new(format!("failed to read the value from stdin: {error}")))?;
        if bytes.len() as u64 > LARGEST {
            return Err(Failure::new("the value is larger than any store takes").hint("keep files elsewhere"));
        }
        let mut text = String::from_utf8(bytes).map_err(|_| {
            Failure::new("the value is no text").hint("encode what is not text, for example with base64")
        })?;
        // What a shell puts at the end of everything. More of them are meant.
        if text.ends_with('\n') {
            text.pop();
            if text.ends_with('\r') {
                text.pop();
            }
        }
        text
    };
    if value.is_empty() {
        return Err(Failure::new("no value was given, so nothing was written").hint("write it to stdin, or type it"));
    }
    Ok(Sensitive::from(value))
}

impl Text for Answer {
    fn text(&self, out: &mut String) {
        let version = self.document_version.map_or_else(String::new, |version| format!(" (version {version})"));
        let Self { path, key, .. } = self;
        if self.written {
            line!(out, "wrote {key} to {path}{version}; every other key is as it was");
        } else {
            line!(out, "{key} of {path} was so already{version}: nothing was written");
        }
    }
}
