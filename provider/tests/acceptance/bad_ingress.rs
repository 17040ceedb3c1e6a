//! What is wrong with a declaration is refused before anything is planned: at its attribute, with what to write instead. What
//! only the cluster can tell, such as an expired certificate, is in `ingress_world`.

use crate::ingress::PHOTOS;
use crate::support::manifests;

/// A mistake, how it gets into [`PHOTOS`], and the words of the refusal: the code, the line at fault, the way out.
struct Mistake {
    what: &'static str,
    text: String,
    words: Vec<&'static str>,
}

fn mistake(what: &'static str, text: String, words: &[&'static str]) -> Mistake {
    Mistake { what, text, words: words.to_vec() }
}

/// [`PHOTOS`] with one more argument.
fn with(argument: &str) -> String {
    PHOTOS.replacen("  service {", &format!("  {argument}\n  service {{"), 1)
}

fn mistakes() -> Vec<Mistake> {
    let long = "a".repeat(300);
    vec![
        mistake("a host that is none", with("host = \"my_photos.example.net\""), &["HL1003", "host = \"my_photos"]),
        mistake("a host with a scheme", with("host = \"https://photos.example.net\""), &["HL1003", "host = \"https"]),
        mistake("a wildcard host", with("host = \"*.example.net\""), &["HL1009", "host = \"*.example.net\""]),
        mistake("a wildcard alias", with("host_aliases = [\"*.example.net\"]"), &["HL1009", "host_aliases = ["]),
        mistake(
            "a unicode host",
            with("host = \"bücher.example.net\""),
            &["HL1003", "host = \"bücher", "xn--bcher-kva.example.net"],
        ),
        mistake(
            "a path without a slash",
            PHOTOS.replace("[\"/share\"]", "[\"share\"]"),
            &["HL1003", "paths  = [\"share\"]"],
        ),
        mistake("a root path without a slash", with("paths = [\"app\"]"), &["HL1003", "paths = [\"app\"]"]),
        mistake("a size of another unit", with("max_body_size = \"5x\""), &["HL1003", "max_body_size = \"5x\"", "5g"]),
        mistake(
            "a negative priority",
            PHOTOS.replace("    paths  = [", "    priority = -1\n    paths  = ["),
            &["HL1003", "priority = -1", "whole number from 1"],
        ),
        mistake(
            "a priority of Traefik's own",
            PHOTOS.replace("    paths  = [", "    priority = 9223372036854775807\n    paths  = ["),
            &["HL1003", "priority = 9223372036854775807", "Traefik keeps those above for itself"],
        ),
        mistake(
            "a middleware that is no name",
            with("extra_middlewares = [\"not a name\"]"),
            &["HL1003", "extra_middlewares = [\"not a name\"]"],
        ),
        mistake(
            "a long name",
            PHOTOS.replacen("\"photos\"\n  namespace", &format!("\"{long}\"\n  namespace"), 1),
            &["HL1003", "(300 characters)", "name      = \"aaa"],
        ),
        mistake(
            "a long host",
            with(&format!("host = \"{long}.example.net\"")),
            &["HL1003", "(312 characters)", "host = \"aaa"],
        ),
        mistake(
            "a long label",
            PHOTOS.replace("carve_out \"share\"", &format!("carve_out \"{long}\"")),
            &["HL1003", "(300 characters)"],
        ),
        mistake(
            "two carve-outs of one label",
            PHOTOS.trim_end().trim_end_matches('}').to_owned()
                + "  carve_out \"share\" {\n    paths = [\"/other\"]\n  }\n}\n",
            &["Duplicate carve_out block", "\"share\""],
        ),
        mistake(
            "two carve-outs of one path",
            PHOTOS.trim_end().trim_end_matches('}').to_owned()
                + "  carve_out \"again\" {\n    paths = [\"/share\"]\n  }\n}\n",
            &["HL1201", "/share"],
        ),
        mistake("a carve-out that equals the root", PHOTOS.replace("[\"/share\"]", "[\"/\"]"), &["HL1201"]),
        mistake(
            "an empty reason",
            PHOTOS.replace("\"share links carry their own token\"", "\"\""),
            &["HL1001", "reason = \"\"", "reason is empty"],
        ),
        mistake(
            "a blank reason",
            PHOTOS.replace("\"share links carry their own token\"", "\"  \""),
            &["HL1001", "reason = \"  \"", "reason is empty"],
        ),
    ]
}

#[test]
fn bad_input_is_refused_at_its_attribute_with_the_way_out() {
    for work in manifests() {
        let mut otherwise = Vec::new();
        for Mistake { what, text, words } in mistakes() {
            work.write("main.tf", &text);
            let refused = work.run(["plan"]);
            let missing: Vec<&&str> = words.iter().filter(|word| !refused.says(word)).collect();
            if refused.code == 0 || !missing.is_empty() {
                otherwise.push(format!("{what}: {missing:?}\n{refused}"));
            }
        }
        assert!(otherwise.is_empty(), "{}", otherwise.join("\n"));
        assert!(!work.path().join("manifests").exists(), "something was written");
        work.write("main.tf", PHOTOS);
        work.ok(["plan"]);
    }
}
