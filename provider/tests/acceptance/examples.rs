//! The examples run: what a reader copies works.

use std::fs;
use std::path::{Path, PathBuf};

use crate::origin::Origin;
use crate::support::{folders, installed};

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples")
}

/// The files of that name below `folder`, one for each of its folders.
fn each(folder: &str, file: &str) -> Vec<(String, String)> {
    // Whether all are there is for the tests of the pages to say.
    let mut found: Vec<_> = fs::read_dir(examples().join(folder))
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), path.join(file)))
        .map(|(name, path)| {
            (name, fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
        })
        .collect();
    found.sort();
    found
}

#[test]
fn every_example_is_valid() {
    for work in folders() {
        let mut seen = 0;
        // All in one module: they refer to each other, as the pages do.
        for (folder, file) in [
            ("resources", "resource.tf"),
            ("data-sources", "data-source.tf"),
            ("ephemeral-resources", "ephemeral-resource.tf"),
            ("functions", "function.tf"),
        ] {
            for (name, text) in each(folder, file) {
                work.write(&format!("{folder}-{name}.tf"), &text);
                seen += 1;
            }
        }
        assert!(seen >= 6, "{seen} examples");
        work.ok(["validate"]);
    }
}

#[test]
fn the_example_of_the_provider_block_is_valid() {
    for work in folders() {
        work.remove("header.tf");
        work.write("main.tf", &fs::read_to_string(examples().join("provider/provider.tf")).unwrap());
        work.ok(["validate"]);
    }
}

#[test]
fn examples_of_functions_answer_what_they_say() {
    for work in folders() {
        for (name, text) in each("functions", "function.tf") {
            work.write(&format!("{name}.tf"), &text);
        }
        work.ok(["apply", "-auto-approve"]);
        let outputs = work.json(["output", "-json"]);
        let outputs = outputs.as_object().unwrap();
        let mut compared = 0;
        for (_, text) in each("functions", "function.tf") {
            // `output "x" {` and, in the line of its value, the answer behind `#`.
            let mut output = "";
            for line in text.lines() {
                output = line.strip_prefix("output \"").and_then(|rest| rest.split('"').next()).unwrap_or(output);
                if let Some((_, answer)) = line.split_once(" # ") {
                    let answer = answer.split(':').next().unwrap_or(answer).trim();
                    assert_eq!(outputs[output]["value"].to_string(), answer, "{output}");
                    compared += 1;
                }
            }
        }
        assert!(compared >= 3, "{compared} answers");
    }
}

#[test]
fn the_quick_start_applies_and_shows_a_door_that_is_walled_off() {
    for work in installed() {
        let origin = Origin::serve();
        let text = fs::read_to_string(examples().join("quickstart/main.tf")).unwrap();
        assert!(text.contains("127.0.0.1:PORT"));
        work.write("main.tf", &text.replace("127.0.0.1:PORT", &origin.address()));
        work.ok(["init"]);
        work.ok(["plan", "-out=p"]);
        work.ok(["apply", "p"]);
        assert_eq!(work.run(["plan", "-detailed-exitcode"]).code, 0);
        let doors = &work.json(["output", "-json"])["doors"]["value"];
        assert_eq!(doors["verdict"], "ok", "{doors:#}");

        origin.wall_off(true);
        let plan = work.run(["plan", "-detailed-exitcode"]);
        assert_eq!(plan.code, 2, "{plan}");
        let _ = work.run(["apply", "-auto-approve"]).fails_with("/share");
        origin.wall_off(false);
        work.ok(["destroy", "-auto-approve"]);
    }
}
