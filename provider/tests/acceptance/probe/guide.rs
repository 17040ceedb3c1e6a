//! The guide from a list by hand to declared doors, as somebody follows it, behind the real Traefik.

use std::fs;
use std::path::Path;

use super::world::{House, houses};
use crate::guide::{Block, sections};

/// How long an apply waits for doors that were just made, and for one that stays wrong.
const PATIENCE: [&str; 2] = ["settle = \"90s\"", "settle = \"1s\""];

/// A command of the guide, and what came of it.
fn run(house: &House, command: &str) -> String {
    let (command, shows_code) = match command.strip_suffix("; echo $?") {
        Some(command) => (command, true),
        None => (command, false),
    };
    if let Some(annotate) = command.strip_prefix("kubectl -n photos annotate ingress ") {
        let (name, annotation) = annotate.split_once(' ').unwrap();
        let (key, value) = match annotation.split_once('=') {
            Some((key, value)) => (key, value.into()),
            None => (annotation.strip_suffix('-').unwrap(), serde_json::Value::Null),
        };
        let body = serde_json::json!({"metadata": {"annotations": {key: value}}});
        let path = house.case.at(&format!("ingresses/{name}"));
        house.case.api.merge(&path, &body).unwrap().expect("annotate", &[200]).unwrap();
        let walled = annotation.contains('=');
        crate::proxy::until_status(house.traefik, &house.host("photos"), "/share", if walled { 302 } else { 200 });
        return String::new();
    }
    let words = command.strip_prefix("terraform ").unwrap().split(' ');
    if shows_code {
        if command.starts_with("terraform apply") {
            // An apply that fails waits for all of it.
            let probe = house.case.read("probe.tf");
            house.case.write("probe.tf", &probe.replace(PATIENCE[0], PATIENCE[1]));
        }
        let output = house.case.run(words);
        format!("{} {}\n", output.flowed(), output.code)
    } else {
        house.case.ok(words).flowed()
    }
}

fn follow(house: &House, blocks: &[Block]) -> usize {
    let here = |text: &str| {
        text.replace("namespace = \"photos\"", &format!("namespace = {:?}", house.case.namespace))
            .replace("photos-gate", &format!("{}-gate", house.case.namespace))
            .replace(
                "root_domain = \"example.net\"",
                &format!("root_domain = \"{}.example.net\"", house.case.namespace),
            )
            .replace("192.0.2.7", house.traefik.web().trim_start_matches("http://"))
            .replace("photos.probe_targets\n}", &format!("photos.probe_targets\n  {}\n}}", PATIENCE[0]))
            // The plane's Traefik has no other entry point.
            .replace("websecure", "web")
            .replace("~/.kube/config", &house.case.env.kubeconfig.display().to_string())
    };
    let (mut said, mut compared) = (String::new(), 0);
    for block in blocks {
        match block.language.as_str() {
            "terraform" => {
                let file = block.text.lines().next().unwrap().trim_start_matches("# ");
                assert!(Path::new(file).extension().is_some_and(|extension| extension == "tf"), "no file: {file}");
                house.case.write(file, &here(&block.text));
            }
            "shell" => said = block.text.lines().map(|command| run(house, &here(command))).collect(),
            "text" => {
                for line in block.text.lines() {
                    let found = match line.parse::<i32>() {
                        Ok(code) => said.ends_with(&format!(" {code}\n")),
                        Err(_) => said.contains(line),
                    };
                    assert!(found, "{line}\n{said}");
                    compared += 1;
                }
            }
            other => panic!("a block of {other}"),
        }
    }
    compared
}

#[test]
fn the_guide_to_declared_doors_does_what_it_says() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/guides/declared-doors.md");
    let text = fs::read_to_string(page).unwrap();
    // What comes before the first heading is what the reader has: a list, which nothing here takes in.
    let (_, steps) = text.split_once("\n## ").unwrap();
    let sections = sections(&format!("## {steps}"));
    for house in houses("probe-guide") {
        house.case.remove("main.tf");
        let compared: usize = sections.iter().map(|(_, blocks)| follow(&house, blocks)).sum();
        assert!(compared >= 8, "{compared} lines");
    }
}
