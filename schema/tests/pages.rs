//! The folder of documentation.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use homelab_plane::programs::Program;
use homelab_plane::skip;
use homelab_schema::docs::{self, Stale};
use homelab_schema::registry::{self, ITEMS};
use homelab_schema::terraform;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

#[test]
fn the_pages_in_the_tree_are_what_the_model_says() {
    let stale = docs::check(&root().join("examples"), &root().join("docs")).unwrap();
    let list: Vec<String> = stale.iter().map(ToString::to_string).collect();
    assert!(stale.is_empty(), "write them with `cargo run -p homelab -- schema docs`: {list:#?}");
}

#[test]
fn everything_has_an_example() {
    let examples = root().join("examples");
    let mut wanted = vec![registry::PROVIDER_EXAMPLE.to_owned()];
    wanted.extend(ITEMS.iter().map(registry::Item::example));
    wanted.extend(registry::functions().iter().map(|function| registry::function_example(function.name)));
    wanted.extend(ITEMS.iter().filter(|item| item.import.is_some()).map(|item| item.example_file("import.sh")));
    let missing: Vec<&String> = wanted.iter().filter(|path| !examples.join(path).is_file()).collect();
    assert!(missing.is_empty(), "{missing:#?}");
    // An example of an import that the list does not know would be on no page.
    let unlisted: Vec<&str> = ITEMS
        .iter()
        .filter(|item| item.import.is_none() && examples.join(item.example_file("import.sh")).exists())
        .map(|item| item.name)
        .collect();
    assert!(unlisted.is_empty(), "{unlisted:?}");
}

#[test]
fn a_folder_is_brought_in_line_and_its_differences_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let (examples, pages) = (folder.path().join("examples"), folder.path().join("docs"));
    fs::create_dir_all(examples.join("provider")).unwrap();
    fs::write(examples.join("provider/provider.tf"), "provider \"homelab\" {}\n").unwrap();

    let written = docs::write(&examples, &pages).unwrap();
    assert!(written.contains(&Stale::Missing("index.md".to_owned())));
    assert!(fs::read_to_string(pages.join("index.md")).unwrap().contains("provider \"homelab\" {}"));
    assert_eq!(docs::check(&examples, &pages).unwrap(), []);

    fs::write(examples.join("provider/provider.tf"), "provider \"homelab\" {\n}\n").unwrap();
    fs::remove_file(pages.join("resources/ingress.md")).unwrap();
    fs::write(pages.join("functions/gone.md"), "x").unwrap();
    fs::create_dir_all(pages.join("guides")).unwrap();
    fs::write(pages.join("guides/mine.md"), "x").unwrap();
    let expected = [
        Stale::Missing("resources/ingress.md".to_owned()),
        Stale::Changed("index.md".to_owned()),
        Stale::Extra("functions/gone.md".to_owned()),
    ];
    assert_eq!(docs::check(&examples, &pages).unwrap(), expected);
    assert_eq!(docs::write(&examples, &pages).unwrap(), expected);
    assert_eq!(docs::check(&examples, &pages).unwrap(), []);
    assert!(pages.join("guides/mine.md").is_file() && !pages.join("functions/gone.md").exists());
}

#[test]
fn an_example_that_cannot_be_read_is_an_error_and_not_a_page_without_one() {
    let folder = tempfile::tempdir().unwrap();
    let examples = folder.path().join("examples");
    fs::create_dir_all(examples.join("provider/provider.tf")).unwrap();
    let error = docs::check(&examples, &folder.path().join("docs")).unwrap_err();
    assert!(error.path.ends_with("provider/provider.tf"), "{error}");
}

/// The registry's own judge. It takes the hand-written guides into account too, so it looks at the real folder.
#[test]
fn tfplugindocs_accepts_the_pages() {
    let program = Program::TFPLUGINDOCS;
    let Ok(tool) = program.locate() else {
        return skip("tfplugindocs_accepts_the_pages", &program.skip_reason());
    };
    let folder = tempfile::tempdir().unwrap();
    let schema = folder.path().join("schema.json");
    fs::write(&schema, terraform::document(registry::PROVIDER).to_string()).unwrap();
    let mut command = Command::new(tool);
    command.args(["validate", "--provider-name", registry::PROVIDER, "--provider-dir"]).arg(root());
    let output = command.arg("--providers-schema").arg(&schema).output().unwrap();
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );

    // It would not say so of just anything.
    let mut document = terraform::document(registry::PROVIDER);
    document["provider_schemas"][registry::PROVIDER]["resource_schemas"]["homelab_undocumented"] =
        document["provider_schemas"][registry::PROVIDER]["resource_schemas"]["homelab_ingress"].clone();
    fs::write(&schema, document.to_string()).unwrap();
    assert!(!command.output().unwrap().status.success());
}
