//! `homelab kv`: keys and values in Vault, as whoever runs it.
//!
//! # Forces
//!
//! - A value is never an argument: the arguments of a process can be read by everybody on the machine. It comes by stdin, or
//!   from a prompt that does not show it.
//! - A value is never on a screen: screens are recorded, shared and scrolled back. To a terminal nothing goes but a sequence
//!   that puts it into the clipboard, and takes it out again.
//! - A document has many writers. So one key is written, with the store's own check that nobody was faster; replacing and
//!   deleting documents is left to whoever takes `vault` for it.
//! - It is done with the caller's own token alone: what a provider block says about identities is for machines.

mod clipboard;
pub(crate) mod get;
pub(crate) mod list;
mod prompt;
pub(crate) mod put;

use clap::{Args, Subcommand};
use homelab_backends::vault::{Vault, VaultError};
use homelab_core::exit::Exit;
use homelab_core::kv::address;
use homelab_schema::provider::Vault as Block;
use homelab_schema::{Attr, Sensitive};

use crate::output::{Failure, Printer};

#[derive(Debug, Args)]
pub(crate) struct Kv {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// A value, into a pipe or the clipboard; without --field the whole document as JSON, into a pipe alone
    #[command(after_help = "Examples:\n  homelab kv get secret/photos --field smtp_password\n  homelab kv get \
                            secret/photos | jq keys\n\nThe token is $VAULT_TOKEN, else ~/.vault-token; the store is \
                            $VAULT_ADDR.\n\nExit codes: 0 it was there, 2 it was not, 3 it could not be read.")]
    Get(get::Options),
    /// The names below a path; folders end with a slash
    #[command(
        after_help = "Example:\n  homelab kv list secret/apps\n\nThe token is $VAULT_TOKEN, else ~/.vault-token; the \
                            store is $VAULT_ADDR.\n\nExit codes: 0 there was something, 2 there was not, 3 it could not \
                            be read."
    )]
    List(list::Options),
    /// Give one key a value, from stdin or a hidden prompt; every other key stays as it is
    #[command(
        after_help = "Examples:\n  homelab kv put secret/photos smtp_password\n  printf %s \"$NEW\" | homelab kv put \
                            secret/photos smtp_password\n\nOne line feed at the end of stdin is not part of the \
                            value.\n\nThe token is $VAULT_TOKEN, else ~/.vault-token; the store is $VAULT_ADDR.\n\nExit \
                            codes: 0 it is so now, 2 the store refused it, 3 the store could not be asked."
    )]
    Put(put::Options),
}

pub(crate) fn run(kv: &Kv, printer: &Printer) -> Result<Exit, Failure> {
    match &kv.verb {
        Verb::Get(options) => get::run(options, printer),
        Verb::List(options) => list::run(options, printer),
        Verb::Put(options) => put::run(options, printer),
    }
}

/// The store that the environment names, as the caller.
fn store() -> Result<Vault, Failure> {
    let variable = |name: &str| std::env::var(name).ok().filter(|text| !text.is_empty());
    let text = |name: &str| variable(name).map_or(Attr::Null, Attr::Known);
    if variable("VAULT_ADDR").is_none() {
        return Err(
            Failure::new("no store is named").hint("name it with VAULT_ADDR, such as https://vault.example.net")
        );
    }
    let block = Block {
        address: text("VAULT_ADDR"),
        namespace: text("VAULT_NAMESPACE"),
        ca_cert_file: text("VAULT_CACERT"),
        // Without one, it is what `vault login` left in the home folder.
        token: variable("VAULT_TOKEN").map_or(Attr::Null, |token| Attr::Known(Sensitive::from(token))),
        ..Block::default()
    };
    Vault::of(&Attr::Known(block)).map_err(|cause| {
        Failure::new(format!("the store cannot be used: {cause}"))
            .hint("VAULT_ADDR, VAULT_NAMESPACE and VAULT_CACERT say where it is")
    })
}

/// A path as it was typed, if it can be one.
fn path_of(text: &str) -> Result<&str, Failure> {
    let path = text.trim_matches('/');
    if address::is_path(path) {
        return Ok(path);
    }
    Err(Failure::new(format!("{text:?} is no path in a store")).hint("write the engine first, as in secret/photos"))
}

/// What is printed where the store refuses or does not answer.
fn refused(error: &VaultError, printer: &Printer) -> Exit {
    printer.error(&Failure::new(format!("failed to {error}")).hint(error.hint()));
    if error.is_blind() { Exit::Incomplete } else { Exit::Act }
}

/// What is printed where there is nothing.
fn nothing(what: String, hint: &str, printer: &Printer) -> Exit {
    printer.error(&Failure::new(what).hint(hint));
    Exit::Act
}
