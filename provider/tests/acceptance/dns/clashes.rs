//! Records of others.

use serde_json::json;

use super::{DNS, PHOTOS, at, is_settled, refused, terraform};

#[test]
fn a_record_of_nobody_refuses_the_plan_until_it_may_be_overwritten() {
    let (work, api) = terraform(PHOTOS);
    let id = api.put(&json!({"name": "photos", "type": "A", "content": "198.51.100.7"}));
    let plan = work.run(["plan"]).fails_with("HL1401");
    assert!(plan.says("photos.example.net A 198.51.100.7") && plan.says("dns_overwrite"), "{plan}");

    // As a warning it lets the plan pass; nothing is written all the same.
    work.write("provider.tf", &DNS.replace("  checks {", "  checks {\n    dns = \"warn\""));
    let plan = work.ok(["plan", "-out=p"]);
    assert!(plan.says("HL1401"), "{plan}");
    refused(&work, &["apply", "p"], "HL1401");
    assert!(!work.path().join("manifests").exists(), "refused before the first write");
    work.write("provider.tf", &DNS.replace("  checks {", "  checks {\n    dns = \"off\""));
    let plan = work.ok(["plan", "-out=p"]);
    assert!(!plan.says("HL1401"), "{plan}");
    refused(&work, &["apply", "p"], "HL1401");
    assert_eq!(at(&api, "photos.example.net"), ["A 198.51.100.7 false"]);

    work.write("provider.tf", DNS);
    work.write("main.tf", &PHOTOS.replace("  service", "  dns_overwrite = true\n  service"));
    work.ok(["apply", "-auto-approve"]);
    assert_eq!(api.at("photos.example.net").len(), 1);
    assert!(api.records().iter().all(|record| record["id"] != id.as_str()), "an A cannot become a CNAME in place");
    is_settled(&work);
}

#[test]
fn a_record_that_says_the_same_is_adopted_and_goes_with_the_resource() {
    let (work, api) = terraform(PHOTOS);
    let content = "6ff42ae2-765d-4adf-8112-31c55c1551ef.cfargotunnel.com";
    let id = api.put(&json!({"name": "photos", "type": "CNAME", "content": content, "proxied": true}));
    work.ok(["apply", "-auto-approve"]);
    let adopted = api.at("photos.example.net");
    assert_eq!((adopted.len(), adopted[0]["id"].as_str()), (1, Some(id.as_str())));
    is_settled(&work);
    work.ok(["destroy", "-auto-approve"]);
    assert!(api.records().is_empty());
}

#[test]
fn one_host_has_one_resource() {
    let (work, api) = terraform(PHOTOS);
    work.ok(["apply", "-auto-approve"]);
    let second = PHOTOS.replace("\"homelab_ingress\" \"photos\"", "\"homelab_ingress\" \"second\"").replace(
        "  name      = \"photos\"",
        "  name      = \"second\"\n  host      = \"photos\"\n  paths     = [\"/second\"]",
    );
    work.write("second.tf", &second);
    // The other resource may go in the same run, so the plan of a create only warns.
    let plan = work.ok(["plan", "-out=p"]);
    assert!(plan.says("HL1401") && plan.says("homelab_ingress photos/photos"), "{plan}");
    refused(&work, &["apply", "p"], "HL1401");
    assert!(api.at("photos.example.net")[0]["comment"].as_str().unwrap().ends_with("photos/photos"));
    work.write("provider.tf", &DNS.replace("  checks {", "  checks {\n    dns = \"error\""));
    refused(&work, &["plan"], "HL1401");

    // And where it does go in the same run, the host changes hands.
    work.write("provider.tf", DNS);
    work.remove("main.tf");
    work.write("second.tf", &second.replace("  service", "  depends_on = [terraform_data.after]\n  service"));
    work.write("after.tf", "resource \"terraform_data\" \"after\" {}\n");
    work.ok(["apply", "-auto-approve", "-target=homelab_ingress.photos"]);
    work.ok(["apply", "-auto-approve"]);
    assert!(api.at("photos.example.net")[0]["comment"].as_str().unwrap().ends_with("photos/second"));
}

#[test]
fn somebody_elses_record_beside_ours_is_a_warning_while_nothing_changes() {
    let direct = PHOTOS.replace("\"proxied\"", "\"non_proxied\"");
    let (work, api) = terraform(&direct);
    work.ok(["apply", "-auto-approve"]);
    let theirs = api.put(&json!({"name": "photos", "type": "A", "content": "198.51.100.7"}));
    let plan = work.run(["plan", "-detailed-exitcode"]);
    assert!(plan.code == 0 && plan.says("HL1401") && plan.says("198.51.100.7"), "{plan}");
    // A change of this resource would be made on ground that is not ours alone.
    work.write("main.tf", &direct.replace("\"http\"", "\"80\""));
    refused(&work, &["plan"], "HL1401");
    work.write("main.tf", &direct);
    work.ok(["destroy", "-auto-approve"]);
    assert_eq!(api.records().len(), 1);
    assert_eq!(api.records()[0]["id"], theirs.as_str());
}

#[test]
fn what_is_missing_or_impossible_is_refused_at_plan_with_its_fix() {
    let (work, api) = terraform(PHOTOS);
    let elsewhere = PHOTOS.replace("  service", "  host = \"photos.example.org\"\n  service");
    let internal = PHOTOS.replace("\"proxied\"", "\"internal\"");
    let direct = PHOTOS.replace("\"proxied\"", "\"non_proxied\"");
    let no_tunnel = DNS.replace("    tunnel_id = \"6ff42ae2-765d-4adf-8112-31c55c1551ef\"\n", "");
    let no_addresses = DNS.replace("    public_addresses = [\"192.0.2.1\", \"2001:db8::1\"]\n", "");
    let private = DNS.replace("\"192.0.2.1\"", "\"home\"");
    for (provider, main, says, fix) in [
        (DNS, elsewhere.as_str(), "HL1403", "example.net"),
        (DNS, internal.as_str(), "HL1404", "no internal DNS provider"),
        (no_tunnel.as_str(), PHOTOS, "HL1402", "tunnel_id"),
        (no_addresses.as_str(), direct.as_str(), "HL1402", "public_addresses"),
        (private.as_str(), direct.as_str(), "HL1402", "home"),
    ] {
        work.write("provider.tf", provider);
        work.write("main.tf", main);
        let plan = work.run(["plan"]).fails_with(says);
        assert!(plan.says(fix), "{plan}");
    }
    let (start, end) = (DNS.find("  dns {").unwrap(), DNS.find("  site {").unwrap());
    work.write("provider.tf", &format!("{}{}", &DNS[..start], &DNS[end..]));
    work.write("main.tf", PHOTOS);
    refused(&work, &["plan"], "no dns block");
    assert!(api.requests().is_empty(), "none of it needs the API");
}
