//! The guide from `kubernetes_ingress_v1` to `homelab_ingress` as somebody follows it: its files are written, its commands
//! are run, and they say what it says.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::ingress::{uid, with_references};
use crate::moves::cases;
use crate::support::Case;

const CHAIN: &str = "traefik.ingress.kubernetes.io/router.middlewares";
const ENTRYPOINTS: &str = "traefik.ingress.kubernetes.io/router.entrypoints";

/// A fenced block: its language and its lines.
pub(crate) struct Block {
    pub(crate) language: String,
    pub(crate) text: String,
}

/// The blocks of each section, by its heading.
pub(crate) fn sections(page: &str) -> Vec<(String, Vec<Block>)> {
    let mut sections: Vec<(String, Vec<Block>)> = Vec::new();
    let mut open: Option<Block> = None;
    for line in page.lines() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(language)) => open = Some(Block { language: language.to_owned(), text: String::new() }),
            (Some(_), Some(_)) => sections.last_mut().unwrap().1.extend(open.take()),
            (Some(block), None) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, None) => {
                if let Some(heading) = line.strip_prefix("## ") {
                    sections.push((heading.to_owned(), Vec::new()));
                }
            }
        }
    }
    assert!(open.is_none(), "a block is not closed");
    sections
}

/// Makes the two Ingresses that the guide starts from, as `hashicorp/kubernetes` does.
fn two_ingresses(case: &Case, before: &str) {
    for word in ["\"photos\"", "\"photos.example.net\"", "\"photos-gate@kubernetescrd\"", "team = \"media\"", CHAIN] {
        assert!(before.contains(word), "the guide begins elsewhere: {word}");
    }
    let gate = json!({ENTRYPOINTS: "websecure", CHAIN: format!("{}-gate@kubernetescrd", case.namespace)});
    for (name, path, annotations) in
        [("photos", "/", gate), ("photos-share", "/share", json!({ENTRYPOINTS: "websecure"}))]
    {
        let object = json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
            "metadata": {"name": name, "labels": {"team": "media"}, "annotations": annotations},
            "spec": {"ingressClassName": "traefik", "rules": [{
                "host": format!("photos.{}.example.net", case.namespace),
                "http": {"paths": [{"path": path, "pathType": "Prefix",
                                    "backend": {"service": {"name": "photos", "port": {"name": "http"}}}}]},
            }]},
        });
        let path = format!("{}?fieldManager=HashiCorp", case.at("ingresses"));
        case.api.create(&path, &object).unwrap().expect("create", &[201]).unwrap();
    }
}

/// The state of one of them, at an address with these parts.
fn in_state(case: &Case, object: &str, module: Option<&str>, name: &str, key: Option<Value>) -> Value {
    let live = case.live(&format!("ingresses/{object}"));
    let meta = &live["metadata"];
    let path = &live["spec"]["rules"][0]["http"]["paths"][0];
    let attributes = json!({
        "id": format!("{}/{object}", case.namespace),
        "metadata": [{
            "name": object, "namespace": case.namespace, "annotations": meta["annotations"], "labels": meta["labels"],
            "generate_name": "", "generation": 1, "resource_version": meta["resourceVersion"], "uid": meta["uid"],
        }],
        "spec": [{"default_backend": [], "ingress_class_name": "traefik", "tls": [], "rule": [{
            "host": live["spec"]["rules"][0]["host"],
            "http": [{"path": [{
                "path": path["path"], "path_type": "Prefix",
                "backend": [{"resource": [], "service": [{"name": "photos", "port": [{"name": "http", "number": null}]}]}],
            }]}],
        }]}],
        "status": [{"load_balancer": [{"ingress": []}]}], "timeouts": null, "wait_for_load_balancer": null,
    });
    let mut instance = json!({"schema_version": 1, "attributes": attributes, "sensitive_attributes": []});
    if let Some(key) = key {
        instance["index_key"] = key;
    }
    let mut resource = json!({
        "mode": "managed", "type": "kubernetes_ingress_v1", "name": name, "instances": [instance],
        "provider": format!("provider[\"{}/hashicorp/kubernetes\"]", case.cli().registry()),
    });
    if let Some(module) = module {
        resource["module"] = json!(module);
    }
    resource
}

/// Does what the blocks say, in their order.
fn follow(case: &Case, blocks: &[Block]) {
    let here = |text: &str| {
        text.replace("namespace = \"photos\"", &format!("namespace = {:?}", case.namespace))
            .replace("\"photos-gate\"", &format!("\"{}-gate\"", case.namespace))
            .replace("\"example.net\"", &format!("\"{}.example.net\"", case.namespace))
            .replace("~/.kube/config", &case.env.kubeconfig.display().to_string())
    };
    let mut said = String::new();
    for block in blocks {
        match block.language.as_str() {
            "terraform" => {
                let file = block.text.lines().next().unwrap().trim_start_matches("# ");
                if !file.ends_with(", before") {
                    assert!(Path::new(file).extension().is_some_and(|extension| extension == "tf"), "no file: {file}");
                    case.write(file, &here(&block.text));
                }
            }
            "shell" => {
                said.clear();
                for command in block.text.lines() {
                    let words = command.strip_prefix("terraform ").unwrap();
                    let output = case.ok(words.split(' ').map(|word| word.trim_matches('\'')));
                    said.push_str(&output.to_string());
                }
            }
            "text" => {
                for line in block.text.lines() {
                    assert!(said.contains(line), "{line}\n{said}");
                }
            }
            other => panic!("a block of {other}"),
        }
    }
}

#[test]
fn the_guide_from_kubernetes_ingress_does_what_it_says() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/guides/from-kubernetes-ingress.md");
    let sections = sections(&fs::read_to_string(page).unwrap());
    let blocks = |heading: &str| &sections.iter().find(|(name, _)| name == heading).unwrap().1;
    let (itself, module) = (blocks("From the resource itself"), blocks("From a module over it"));
    let site = itself.iter().find(|block| block.text.starts_with("# provider.tf")).unwrap();

    for in_module in [false, true] {
        for case in cases("guide") {
            with_references(&case);
            two_ingresses(&case, &itself[0].text);
            let resources = if in_module {
                [
                    in_state(&case, "photos", Some("module.photos"), "this", Some(json!(0))),
                    in_state(&case, "photos-share", Some("module.photos"), "carve_out", Some(json!("share"))),
                ]
            } else {
                [
                    in_state(&case, "photos", None, "photos", None),
                    in_state(&case, "photos-share", None, "photos_share", None),
                ]
            };
            let state = json!({
                "version": 4, "terraform_version": "1.11.4", "serial": 1, "outputs": {}, "check_results": null,
                "lineage": "3b1a5c9e-6d0f-4c0e-9a54-0d9d1c3f1c11", "resources": resources,
            });
            case.write("terraform.tfstate", &state.to_string());
            let before = ["ingresses/photos", "ingresses/photos-share"].map(|path| uid(&case.live(path)).to_owned());
            if in_module {
                // The first section is behind whoever reads the second one.
                follow(&case, std::slice::from_ref(site));
                case.write("photos.tf", "moved {\n  from = module.photos.kubernetes_ingress_v1.this[0]\n  to   = homelab_ingress.photos\n}\n");
                case.ok(["init"]);
            }
            follow(&case, if in_module { module } else { itself });
            let after = ["ingresses/photos", "ingresses/photos-share"].map(|path| uid(&case.live(path)).to_owned());
            assert_eq!(after, before, "an object was made anew");
            let live = case.live("ingresses/photos");
            assert_eq!(live["metadata"]["annotations"][CHAIN], format!("{}-gate@kubernetescrd", case.namespace));
            let managers = live["metadata"]["managedFields"].as_array().unwrap();
            assert_eq!(managers.len(), 1, "{managers:#?}");
        }
    }
}
