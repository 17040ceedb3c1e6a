//! The way of the operator from one release to another.

use serde_json::json;

use super::stage::{external_secret, with_operator};
use crate::support::homelab;

#[test]
fn the_way_over_the_point_of_no_return_has_its_screen() {
    let text = homelab("secrets hops --from 0.15.1 --to 0.18.2").run().code(0).out;
    assert_eq!(text, include_str!("screens/hops.txt"), "{text}");
    let document =
        homelab("secrets hops --from 0.12.1 --to 2.6.0 --output json").run().code(0).document("secrets hops");
    let hops = document["hops"].as_array().unwrap();
    assert_eq!((hops.len(), &hops[0]["version"], &hops[18]["version"]), (19, &json!("0.13.0"), &json!("2.6.0")));
    let no_return: Vec<_> =
        hops.iter().filter(|hop| hop["point_of_no_return"] == true).map(|hop| &hop["version"]).collect();
    assert_eq!(no_return, ["0.17.0"]);
    assert_eq!(
        homelab("secrets hops --from 2.6.0 --to 2.6.0").run().code(0).out.lines().next(),
        Some("2.6.0 to 2.6.0: it is there already")
    );
}

#[test]
fn what_is_no_way_is_refused() {
    for (arguments, said) in [
        ("--from 0.17.0 --to 0.16.2", "has no way back"),
        ("--from 0.9.0 --to 0.17.0", "nothing is known here about 0.9.0"),
        ("--from 0.16.2 --to 9.0.0", "nothing is known here about 9.0.0"),
        ("--from 0.16.2 --to 0.18.0", "this program knows 0.18.2"),
        ("--from 0.16 --to 0.17.0", "is no version of the chart"),
        ("--from 0.15.1 --to 0.17.0 --one", "is not one hop: 0.16.2 comes first"),
    ] {
        let message = homelab(&format!("secrets hops {arguments}")).run().error(true);
        assert!(message.starts_with("there is no way from ") && message.contains(said), "{arguments}: {message}");
    }
    let usage = homelab("secrets hops --from 0.16.2").run().code(1);
    assert!(usage.err.contains("--to <VERSION>"), "{}", usage.err);
}

#[test]
fn what_of_a_live_cluster_stands_in_the_way_is_named() {
    let Some(stage) = with_operator() else { return };
    stage.namespace("hops");
    let api = stage.api();
    api.serve_every_version("externalsecrets.external-secrets.io").unwrap();
    let mut old = external_secret("old", "vault-kv", "x", "y");
    old["apiVersion"] = json!("external-secrets.io/v1beta1");
    let path = "/apis/external-secrets.io/v1beta1/namespaces/hops/externalsecrets/old";
    api.apply(path, "Terraform", false, &old).unwrap().expect("old", &[201]).unwrap();
    let blocked = stage.run("secrets hops --from 0.16.2 --to 0.17.0 --live").run().code(2).out;
    for line in [
        "warning HL2505: the object is declared in an old version of the API (ExternalSecret hops/old)",
        "  It was written last as v1beta1 by field manager \"Terraform\".",
        "  0.17.0 must not be installed while it is so.",
    ] {
        assert!(blocked.contains(line), "{line:?} is not in {blocked}");
    }
    // Written by the same manager in the new version, it stands in nobody's way.
    old["apiVersion"] = json!("external-secrets.io/v1");
    api.apply(&path.replace("v1beta1", "v1"), "Terraform", false, &old).unwrap().expect("old", &[200]).unwrap();
    let document = stage.run("secrets hops --from 0.16.2 --to 0.17.0 --live --output json").run();
    assert!(!document.out.contains("hops/old"), "{}", document.out);
    let clean = stage.run("secrets hops --from 2.0.1 --to 2.1.0 --live").run().code(0).out;
    assert!(clean.ends_with("nothing in the cluster stands in the way\n"), "{clean}");
    let blind =
        stage.run_as("secrets hops --from 0.16.2 --to 0.17.0 --live", &stage.env().nobody_token).run().code(3).out;
    assert!(blind.contains("not looked at: ExternalSecret.external-secrets.io: "), "{blind}");
}
