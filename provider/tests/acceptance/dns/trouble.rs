//! An API that refuses, fails or is late; and a token that appears nowhere.

use std::fs;

use homelab_plane::dns_api::{Fault, Permissions};

use super::{DNS, PHOTOS, TOKEN, at, in_state, is_settled, refused, terraform};

#[test]
fn a_refusal_in_apply_says_what_is_kept_and_the_next_apply_goes_on() {
    let (work, api) = terraform(PHOTOS);
    let all = Permissions { zone_read: true, dns_read: true, dns_edit: true };
    api.permit(Permissions { dns_edit: false, ..all });
    let failed = work.run(["apply", "-auto-approve"]).fails_with("\"DNS edit\"");
    assert!(failed.says("The objects of the ingress are written and kept"), "{failed}");
    assert!(work.path().join("manifests").exists());
    api.permit(all);
    work.ok(["apply", "-auto-approve"]);
    is_settled(&work);

    // A change that fails leaves a state that is true, and so does a destroy.
    let before = in_state(&work);
    work.write("main.tf", &PHOTOS.replace("\"proxied\"", "\"non_proxied\""));
    api.permit(Permissions { dns_edit: false, ..all });
    refused(&work, &["apply", "-auto-approve"], "\"DNS edit\"");
    assert_eq!(in_state(&work), before);
    refused(&work, &["destroy", "-auto-approve"], "\"DNS edit\"");
    assert_eq!(in_state(&work), before);
    assert!(fs::read_dir(work.path().join("manifests")).unwrap().count() > 0, "records go first");
    api.permit(all);
    work.ok(["apply", "-auto-approve"]);
    assert_eq!(at(&api, "photos.example.net"), ["A 192.0.2.1 false", "AAAA 2001:db8::1 false"]);
    work.ok(["destroy", "-auto-approve"]);
    assert!(api.records().is_empty());
}

#[test]
fn an_outage_is_no_drift_and_no_empty_zone() {
    let (mut work, api) = terraform(PHOTOS);
    work.ok(["apply", "-auto-approve"]);
    work.env("TF_VAR_dns_url", "http://127.0.0.1:9/client/v4");
    let plan = work.run(["plan", "-detailed-exitcode"]);
    assert!(plan.code == 1 && plan.says("no connection to http://127.0.0.1:9"), "{plan}");
    // Only a create plans without the zone, and says what it did not check.
    work.write("main.tf", &PHOTOS.replace("\"photos\"", "\"music\""));
    work.ok(["state", "rm", "homelab_ingress.photos"]);
    let plan = work.ok(["plan"]);
    assert!(plan.says("Not checked: DNS records"), "{plan}");
    assert_eq!(api.records().len(), 1);
}

#[test]
fn writes_that_fail_after_they_were_done_and_late_listings_end_as_declared() {
    let (work, api) = terraform(PHOTOS);
    for (fault, late) in [(Fault::After, 0), (Fault::Cut, 2), (Fault::Garbage, 1)] {
        api.list_late(late);
        api.fail_next(fault);
        work.ok(["apply", "-auto-approve"]);
        assert_eq!(api.records().len(), 1, "{fault:?}: {:#?}", api.records());
        // The state was lost, and the zone may not even list yet what it has.
        work.ok(["state", "rm", "homelab_ingress.photos"]);
        work.ok(["apply", "-auto-approve"]);
        assert_eq!(api.records().len(), 1, "{fault:?}: {:#?}", api.records());
        work.ok(["destroy", "-auto-approve"]);
        assert!(api.records().is_empty(), "{fault:?}: {:#?}", api.records());
    }
}

#[test]
fn the_token_appears_nowhere() {
    let (mut work, api) = terraform(PHOTOS);
    work.write("provider.tf", &DNS.replace("  sensitive = true", "  sensitive = true\n  ephemeral = true"));
    let log = work.path().join("trace.log");
    work.env("TF_LOG", "TRACE").env("TF_LOG_PATH", log);
    let mut outputs = vec![work.ok(["plan", "-out=p"])];
    outputs.push(work.ok(["show", "-json", "p"]));
    outputs.push(work.ok(["apply", "p"]));
    // A server that knows somebody else's token only: its refusals are errors of every verb.
    let other = homelab_plane::dns_api::DnsApi::start("example.net", "another").unwrap();
    work.env("TF_VAR_dns_url", other.url());
    outputs.push(work.run(["plan"]).fails_with("Invalid access token (9109)"));
    outputs.push(work.run(["destroy", "-auto-approve"]).fails_with("the API token is not valid"));
    work.env("TF_VAR_dns_url", "http://127.0.0.1:9/client/v4");
    outputs.push(work.run(["plan"]).fails_with("no connection"));
    for output in outputs {
        assert!(!output.stdout.contains(TOKEN) && !output.stderr.contains(TOKEN), "{}", output.command);
    }
    assert!(work.read("trace.log").contains("dns request"), "the log is that of the run");
    let plan = fs::File::open(work.path().join("p")).unwrap();
    zip::ZipArchive::new(plan).unwrap().extract(work.path().join("unzipped")).unwrap();
    for file in ["trace.log", "terraform.tfstate", "unzipped/tfplan"] {
        let bytes = fs::read(work.path().join(file)).unwrap();
        assert!(!String::from_utf8_lossy(&bytes).contains(TOKEN), "{file}");
    }
    assert!(!api.requests().is_empty());
    assert!(api.requests().iter().all(|seen| !seen.path.contains(TOKEN)), "also in no address");
}
