//! Incident 18: a job put its own key into a shared document every six hours, and with it removed everybody else's.

use serde_json::json;

use homelab_plane::relay::Reply;

use crate::kv_support::{SMTP, directly, document, root, siblings, through, with_key, with_siblings};
use crate::support::{Case, cases};

/// What `vault kv put` sends: the key, and nothing else.
fn kv_put(case: &Case, value: &str) {
    root(case).put(&case.namespace, &json!({"smtp_password": value})).unwrap();
}

/// What the scripts did after that was known: merge if `vault kv get` answers, put if it does not.
fn get_then_put(case: &Case, get: u16, value: &str) {
    if get == 200 {
        root(case).put(&case.namespace, &with_key(value)).unwrap();
    } else {
        kv_put(case, value);
    }
}

#[test]
fn incident_18_a_key_is_merged_and_its_siblings_stay() {
    for mut case in cases("incident18") {
        // Plainly: one put, and what others kept is gone.
        with_siblings(&case);
        kv_put(&case, "plain");
        assert_eq!(document(&case).1, json!({"smtp_password": "plain"}), "the siblings are wiped");
        // Also with a look first, whenever the look itself fails.
        for status in [403, 500] {
            with_siblings(&case);
            let relay = through(&mut case, move |_| Reply::errors(status, &["not now"]));
            let looked = homelab_plane::Vault::new(&relay.address(), "token").unwrap();
            let get = looked.read(&format!("secret/data/{}", case.namespace)).unwrap().status;
            get_then_put(&case, get, "plain");
            assert_eq!(document(&case).1, json!({"smtp_password": "plain"}), "the siblings are wiped");
        }

        // Ours: a failing look writes nothing, and a working one merges.
        with_siblings(&case);
        let before = document(&case);
        case.write("main.tf", SMTP);
        case.env("TF_VAR_password", "ours");
        for status in [403, 500] {
            let relay = through(&mut case, move |request| {
                if request.is("GET", "/v1/secret/data/") { Reply::errors(status, &["not now"]) } else { Reply::Pass }
            });
            assert_ne!(case.run(["apply", "-auto-approve"]).code, 0);
            assert_eq!(relay.count("POST", "/v1/secret/"), 0);
            assert_eq!(document(&case), before);
        }
        directly(&mut case);
        case.ok(["apply", "-auto-approve"]);
        assert_eq!(document(&case).1, with_key("ours"));
        case.ok(["destroy", "-auto-approve"]);
        assert_eq!(document(&case).1, siblings());
    }
}

/// The keys of one stack.
fn keys(stack: &str, count: usize) -> String {
    format!(
        "variable \"password\" {{\n  type = string\n  ephemeral = true\n}}\n\
         resource \"homelab_kv_key\" \"many\" {{\n  count = {count}\n  path = \"shared-${{var.namespace}}\"\n  \
         key = \"{stack}-${{count.index}}\"\n  value_wo = \"${{var.password}}-{stack}-${{count.index}}\"\n  \
         value_wo_version = 1\n}}\n"
    )
}

#[test]
fn incident_18_two_stacks_that_write_at_once_lose_nothing() {
    for (mut one, mut two) in cases("incident18a").zip(cases("incident18b")) {
        let path = format!("shared-{}", one.namespace);
        root(&one).put(&path, &siblings()).unwrap();
        // Plainly: two read, two write, and the first one's key is gone.
        let (mut first, mut second) = (siblings(), siblings());
        first["first"] = json!("1");
        second["second"] = json!("2");
        root(&one).put(&path, &first).unwrap();
        root(&one).put(&path, &second).unwrap();
        assert!(root(&one).get(&path).unwrap()["first"].is_null(), "the first writer's key is lost");

        root(&one).put(&path, &siblings()).unwrap();
        let namespace = one.namespace.clone();
        for (case, stack) in [(&mut one, "one"), (&mut two, "two")] {
            case.env("TF_VAR_namespace", &namespace).env("TF_VAR_password", "canary");
            case.write("main.tf", &keys(stack, 6));
        }
        let applies = [&one, &two].map(|case| case.spawn(["apply", "-auto-approve"]).unwrap());
        for apply in applies {
            let _ = apply.wait().unwrap().success();
        }
        let mut expected = siblings();
        for stack in ["one", "two"] {
            for number in 0..6 {
                expected[format!("{stack}-{number}")] = json!(format!("canary-{stack}-{number}"));
            }
        }
        assert_eq!(root(&one).get(&path).unwrap(), expected);
        let destroys = [&one, &two].map(|case| case.spawn(["destroy", "-auto-approve"]).unwrap());
        for destroy in destroys {
            let _ = destroy.wait().unwrap().success();
        }
        assert_eq!(root(&one).get(&path).unwrap(), siblings());
    }
}
