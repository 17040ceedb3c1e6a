//! From plan to destroy.

use serde_json::json;

use super::{DNS, PHOTOS, TUNNEL, at, case, in_state, is_settled, terraform};
use crate::support::{SITE, clis};

#[test]
fn records_live_from_plan_to_destroy() {
    for cli in clis() {
        let (work, api) = case(&cli, PHOTOS);
        // Of somebody else, and beside ours.
        api.put(&json!({"name": "photos", "type": "TXT", "content": "keep"}));
        work.ok(["plan", "-out=p"]);
        let tunnel = format!("{TUNNEL}.cfargotunnel.com");
        let record =
            json!([{"name": "photos.example.net", "type": "CNAME", "content": tunnel, "proxied": true, "ttl": 1}]);
        let planned = work.json(["show", "-json", "p"]);
        let after = &planned["resource_changes"][0]["change"]["after"];
        assert_eq!(after["dns_records"], record, "known at plan");
        api.forget_requests();
        work.ok(["apply", "p"]);
        assert_eq!(in_state(&work), record);
        let ours = api.at("photos.example.net").into_iter().find(|record| record["type"] == "CNAME").unwrap();
        assert!(ours["comment"].as_str().unwrap().ends_with(" homelab_ingress photos/photos"), "{ours:#}");
        is_settled(&work);

        // In place, from the tunnel to the addresses of the house.
        work.write("main.tf", &PHOTOS.replace("\"proxied\"", "\"non_proxied\""));
        let plan = work.ok(["plan", "-out=p"]);
        assert!(plan.says("0 to add, 1 to change, 0 to destroy"), "{plan}");
        work.ok(["apply", "p"]);
        assert_eq!(at(&api, "photos.example.net"), ["A 192.0.2.1 false", "AAAA 2001:db8::1 false", "TXT keep false"]);
        is_settled(&work);

        // Another host, and an alias at the root of the zone.
        let renamed = "  host = \"gallery\"\n  host_aliases = [\"example.net\"]\n  service";
        work.write("main.tf", &PHOTOS.replace("  service", renamed));
        let plan = work.ok(["plan", "-out=p"]);
        assert!(plan.says("0 to add, 1 to change, 0 to destroy"), "{plan}");
        work.ok(["apply", "p"]);
        let proxied = format!("CNAME {tunnel} true");
        assert_eq!(at(&api, "gallery.example.net"), [proxied.as_str()]);
        assert_eq!(at(&api, "example.net"), [proxied.as_str()]);
        assert_eq!(at(&api, "photos.example.net"), ["TXT keep false"]);
        is_settled(&work);

        work.write("main.tf", &PHOTOS.replace("\"proxied\"", "\"none\""));
        work.ok(["apply", "-auto-approve"]);
        assert_eq!((api.records().len(), in_state(&work)), (1, json!([])));
        work.write("main.tf", PHOTOS);
        work.ok(["apply", "-auto-approve"]);
        work.ok(["destroy", "-auto-approve"]);
        assert_eq!(at(&api, "photos.example.net"), ["TXT keep false"]);
        assert_eq!(api.records().len(), 1);
    }
}

#[test]
fn drift_of_records_is_shown_and_repaired() {
    let (work, api) = terraform(PHOTOS);
    work.ok(["apply", "-auto-approve"]);
    let ours = || api.at("photos.example.net")[0].clone();
    let id = || ours()["id"].as_str().unwrap().to_owned();
    let right = at(&api, "photos.example.net");

    for (what, drift) in [
        ("another content", json!({"content": "elsewhere.example.org"})),
        ("exposed", json!({"proxied": false})),
        ("a lost mark", json!({"comment": "touched by hand"})),
    ] {
        let mark = ours()["comment"].clone();
        api.change(&id(), &drift);
        let plan = work.run(["plan", "-detailed-exitcode"]);
        assert_eq!(plan.code, 2, "{what}: {plan}");
        assert!(plan.says("dns_records"), "{what}: {plan}");
        work.ok(["apply", "-auto-approve"]);
        assert_eq!((at(&api, "photos.example.net"), &ours()["comment"]), (right.clone(), &mark), "{what}");
        is_settled(&work);
    }
    api.remove(&id());
    assert_eq!(work.run(["plan", "-detailed-exitcode"]).code, 2);
    work.ok(["apply", "-auto-approve"]);
    assert_eq!(at(&api, "photos.example.net"), right);
}

#[test]
fn a_replacement_keeps_the_records_and_another_name_hands_the_host_over() {
    let (work, api) = terraform(PHOTOS);
    work.ok(["apply", "-auto-approve"]);
    let before = api.at("photos.example.net")[0].clone();
    work.ok(["apply", "-auto-approve", "-replace=homelab_ingress.photos"]);
    let after = api.at("photos.example.net")[0].clone();
    assert_eq!(after["id"], before["id"], "it answered all the time");
    assert_ne!(after["comment"], before["comment"], "and is of the new creation");
    is_settled(&work);

    // Made before the old one is destroyed, whose destroy then finds its mark stale.
    let lifecycle = "  lifecycle {\n    create_before_destroy = true\n  }\n  service";
    work.write("main.tf", &PHOTOS.replace("  service", lifecycle));
    work.ok(["apply", "-auto-approve", "-replace=homelab_ingress.photos"]);
    assert_eq!(api.at("photos.example.net")[0]["id"], before["id"]);
    is_settled(&work);

    // Replaced and with another host at once: no record of the old one is left.
    work.write("main.tf", &PHOTOS.replace("  service", "  host = \"gallery\"\n  service"));
    work.ok(["apply", "-auto-approve", "-replace=homelab_ingress.photos"]);
    assert!(at(&api, "photos.example.net").is_empty() && api.records().len() == 1, "{:#?}", api.records());

    // A new name is another resource: the old one goes first, and the host is free then.
    let renamed = PHOTOS.replacen("\"photos\"\n  namespace", "\"pictures\"\n  host = \"gallery\"\n  namespace", 1);
    work.write("main.tf", &renamed);
    let plan = work.ok(["plan", "-out=p"]);
    assert!(plan.says("1 to add, 0 to change, 1 to destroy"), "{plan}");
    work.ok(["apply", "p"]);
    assert!(api.at("gallery.example.net")[0]["comment"].as_str().unwrap().ends_with("photos/pictures"));
    is_settled(&work);
}

#[test]
fn two_hundred_ingresses_list_the_zone_once() {
    let many = PHOTOS
        .replace("  name      = \"photos\"", "  count     = 200\n  name      = \"app-${count.index}\"")
        .replace("  service {", "  service {\n    name = \"photos\"");
    let (work, api) = terraform(&many);
    api.page_limit(100);
    work.ok(["plan", "-out=p"]);
    assert_eq!(api.requests().len(), 2, "the zone is found and listed: {:#?}", api.requests());
    api.forget_requests();
    work.ok(["apply", "p"]);
    assert_eq!(api.records().len(), 200);
    assert_eq!(api.count("GET /zones/"), 1, "one listing for all");
    assert_eq!(api.count("POST "), 200, "and one request for each");
    api.forget_requests();
    is_settled(&work);
    // The find, and two pages of 200 records.
    assert_eq!(api.requests().len(), 3, "{:#?}", api.requests());
}

#[test]
fn an_import_finds_the_records_and_writes_nothing() {
    for mut case in crate::support::cases("dnsimport").take(1) {
        let (_, api) = terraform(PHOTOS);
        case.service("photos");
        case.middleware("gate");
        let with_dns = SITE.replace(
            "  site {",
            "  dns {\n    zone      = \"example.net\"\n    tunnel_id = \"6ff42ae2-765d-4adf-8112-31c55c1551ef\"\n  }\n  site {",
        );
        case.write("provider.tf", &with_dns);
        case.env("HOMELAB_DNS_BASE_URL", api.url()).env("CLOUDFLARE_API_TOKEN", super::TOKEN);
        case.write("main.tf", &PHOTOS.replace("  namespace = \"photos\"", "  namespace = var.namespace"));
        case.ok(["apply", "-auto-approve"]);
        is_settled(&case);
        let before = api.records();
        assert_eq!(before.len(), 1);

        case.ok(["state", "rm", "homelab_ingress.photos"]);
        let id = format!("{}/photos", case.namespace);
        case.ok(["import", "homelab_ingress.photos", &id]);
        is_settled(&case);
        assert_eq!((api.records(), in_state(&case).as_array().unwrap().len()), (before, 1));
        assert_eq!(api.count("POST "), 1, "the create alone wrote");

        // The objects are in a cluster here, and go after the record did.
        case.ok(["destroy", "-auto-approve"]);
        assert!(api.records().is_empty() && case.live("ingresses/photos").is_null());
    }
}

#[test]
fn what_is_known_only_after_apply_makes_the_records_unknown_and_the_zone_not_checked() {
    let (work, api) = terraform(PHOTOS);
    let later = DNS
        .replace("api_token = var.dns_token", "api_token = terraform_data.token.output")
        .replace(&format!("tunnel_id = \"{TUNNEL}\""), "tunnel_id = terraform_data.tunnel.output");
    work.write("provider.tf", &later);
    work.write(
        "later.tf",
        &format!(
            "resource \"terraform_data\" \"token\" {{\n  input = var.dns_token\n}}\n\
             resource \"terraform_data\" \"tunnel\" {{\n  input = \"{TUNNEL}\"\n}}\n"
        ),
    );
    let plan = work.ok(["plan", "-out=p"]);
    assert!(plan.says("dns_records") && plan.says("(known after apply)"), "{plan}");
    work.ok(["apply", "p"]);
    assert_eq!(at(&api, "photos.example.net"), [format!("CNAME {TUNNEL}.cfargotunnel.com true")]);
    is_settled(&work);
}

/// The configuration of the guide, as it stands there, and the records that its table promises.
#[test]
fn the_guide_is_true() {
    let guide = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/guides/dns.md");
    let guide = std::fs::read_to_string(guide).unwrap();
    let configuration = guide.split("```hcl\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let (mut work, api) = terraform(configuration);
    work.remove("provider.tf");
    work.env("HOMELAB_GITOPS_DIR", "manifests").env("HOMELAB_CHECKS_REFERENCES", "off");
    work.env("HOMELAB_DNS_BASE_URL", api.url()).env("CLOUDFLARE_API_TOKEN", super::TOKEN);
    work.ok(["apply", "-auto-approve"]);
    assert_eq!(at(&api, "photos.example.net"), [format!("CNAME {TUNNEL}.cfargotunnel.com true")]);
    assert_eq!(at(&api, "git.example.net"), ["A 192.0.2.1 false", "AAAA 2001:db8::1 false"]);
    assert!(api.records().iter().all(|record| record["comment"].as_str().unwrap().starts_with("homelab:")));
}
