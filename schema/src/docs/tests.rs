//! Pages say what the model says.

use super::*;

fn page<'a>(pages: &'a [Page], path: &str) -> &'a str {
    &pages.iter().find(|page| page.path == path).unwrap_or_else(|| panic!("no page {path}")).text
}

#[test]
fn pages_are_the_same_every_time_and_in_the_registrys_places() {
    let example = |path: &str| Some(format!("# {path}\n"));
    let first = pages(&example);
    assert_eq!(first, pages(&example));
    let paths: Vec<&str> = first.iter().map(|page| page.path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "index.md",
            "resources/carveout_probe.md",
            "resources/external_secret.md",
            "resources/ingress.md",
            "resources/kv_key.md",
            "resources/secret_store.md",
            "resources/upgrade_gate.md",
            "data-sources/external_secrets.md",
            "data-sources/upgrade_gate.md",
            "ephemeral-resources/kv_secret.md",
            "ephemeral-resources/secret.md",
            "functions/go_duration.md",
            "functions/kubernetes_version.md",
            "functions/route_priority.md",
        ]
    );
    for page in &first {
        assert!(page.text.starts_with("---\n"), "{}", page.path);
        assert!(page.text.ends_with('\n') && !page.text.ends_with("\n\n"), "{}", page.path);
        assert!(page.text.contains("## Example Usage"), "{}", page.path);
    }
    assert!(page(&first, "resources/ingress.md").contains("# resources/homelab_ingress/resource.tf"));
}

#[test]
fn every_anchor_that_is_linked_is_there_once() {
    for page in pages(&|_| None) {
        let linked = page.text.match_indices("(see [below for nested schema](#").map(|(at, link)| {
            let rest = &page.text[at + link.len()..];
            &rest[..rest.find(')').unwrap()]
        });
        let mut linked: Vec<&str> = linked.collect();
        let anchors = page.text.match_indices("<a id=\"").map(|(at, mark)| {
            let rest = &page.text[at + mark.len()..];
            &rest[..rest.find('"').unwrap()]
        });
        let mut anchors: Vec<&str> = anchors.collect();
        linked.sort_unstable();
        anchors.sort_unstable();
        assert_eq!(linked, anchors, "{}", page.path);
        assert!(anchors.windows(2).all(|pair| pair[0] != pair[1]), "{}", page.path);
    }
}

#[test]
fn a_page_says_what_the_running_provider_no_longer_knows() {
    let pages = pages(&|_| None);
    let index = page(&pages, "index.md");
    assert!(index.contains("- `token` (String, Sensitive) Bearer token. Environment: `KUBE_TOKEN`.\n"), "{index}");
    assert!(
        index.contains("<a id=\"nestedblock--vault--kubernetes\"></a>\n### Nested Schema for `vault.kubernetes`\n")
    );
    assert!(index.contains(" One of `error`, `warn`, `off`."));
    let ingress = page(&pages, "resources/ingress.md");
    assert!(ingress.contains("### Required\n\n- `name` (String)"), "{ingress}");
    assert!(ingress.contains("- `service` (Block, Optional)"), "{ingress}");
    let store = page(&pages, "resources/secret_store.md");
    assert!(store.contains("- `vault` (Block, Required)"), "{store}");
    assert!(ingress.contains("Read-Only:\n\n- `kind` (String) Kind of the object.\n"), "members of objects: {ingress}");
    assert!(ingress.contains("## Import\n") && ingress.contains("`<namespace>/<name>`"));
    let priority = page(&pages, "functions/route_priority.md");
    assert!(priority.contains("```text\nroute_priority(rule string) number\n```"), "{priority}");
}
