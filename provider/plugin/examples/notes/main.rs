//! A tiny, complete provider: notes as files of one folder. The real Terraform drives it in tests.
//!
//! It has one of everything that the server serves: a managed resource with labelled blocks, a default, a second spelling
//! of one meaning, write-only text, identity and a takeover from another type; a data source; an ephemeral resource; a
//! function.

mod folder;
mod loud;
mod note;
mod others;
mod text;

use std::process::ExitCode;

use homelab_plugin::Server;
use homelab_plugin::serve::{self, ServeOptions, Transport};

use folder::Folder;

fn main() -> ExitCode {
    let options = ServeOptions {
        name: "notes",
        address: "registry.terraform.io/example/notes",
        log_targets: &["homelab", "notes"],
        transport: Transport::default(),
        debug: std::env::args().any(|argument| argument == "--debug"),
    };
    serve::main(options, server)
}

fn server() -> Server {
    let folder = Folder::default();
    Server::new(folder.clone())
        .resource(note::Notes(folder.clone()))
        .resource(text::Texts(folder.clone()))
        .data_source(others::Listing(folder.clone()))
        .ephemeral(others::Whispers(folder))
        .function(loud::Loud)
}
