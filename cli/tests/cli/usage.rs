//! Wrong usage, streams, and the words of errors.

use std::io::pipe;

use crate::support::homelab;

#[test]
fn wrong_usage_is_one_and_never_two() {
    for (arguments, said) in [
        ("", "Usage: homelab"),
        ("frobnicate", "unrecognized subcommand 'frobnicate'"),
        ("doctor --colour", "unexpected argument '--colour'"),
        ("doctor extra", "unexpected argument 'extra'"),
        ("version --output yaml", "invalid value 'yaml'"),
        ("gate check", "--target <VERSION>"),
        ("gate check --target 1.36.2 --dir . --evidence x", "cannot be used with"),
        ("probe run --wall bouncer --public https://photos.example.net/", "invalid value 'bouncer'"),
        ("probe run --samples many", "invalid value 'many'"),
        ("completions tcsh", "invalid value 'tcsh'"),
        ("schema docs --check=maybe", "unexpected value 'maybe'"),
    ] {
        let ran = homelab(arguments).run().code(1);
        assert_eq!(ran.out, "", "{arguments}");
        assert!(ran.err.contains(said), "{arguments}: {}", ran.err);
    }
}

#[test]
fn help_and_version_are_data_and_no_failure() {
    let help = homelab("--help").run().code(0);
    assert!(help.out.contains("Exit codes: 0 measured completely"), "{}", help.out);
    assert_eq!(help.err, "");
    for verb in ["doctor", "schema docs", "manifest", "version", "probe run", "gate check", "gate capture", "man"] {
        let help = homelab(&format!("{verb} --help")).run().code(0);
        assert!(help.out.contains(&format!("Usage: homelab {verb}")), "{}", help.out);
        assert!(help.out.contains("Example"), "{verb} shows no example");
    }
    assert_eq!(homelab("--version").run().code(0).out, format!("homelab {}\n", env!("CARGO_PKG_VERSION")));
    let version = homelab("version --output json").run().code(0).document("version");
    assert_eq!(version["protocol"], 5);
    assert!(homelab("version").run().code(0).out.contains("plugin protocol 5"));
}

#[test]
fn errors_say_what_was_tried_who_refused_and_what_to_do() {
    let cases: [(&str, bool, &[&str]); 11] = [
        ("gate check --target 1.36", true, &["--target: \"1.36\" names a release line", "1.36.0"]),
        ("gate check --target latest", true, &["--target: \"latest\" is no Kubernetes version"]),
        ("gate check --target 1.36.2 --window soon", true, &["--window: ", "such as 24h"]),
        ("gate check --target 1.36.2 --window -1h", true, &["--window: ", "negative"]),
        (
            "gate check --target 1.36.2 --evidence none.json",
            true,
            &["evidence file none.json: No such file", "gate capture"],
        ),
        ("gate check --target 1.36.2", true, &["no cluster is configured", "KUBE_CONFIG_PATH"]),
        ("gate capture", true, &["no cluster is configured"]),
        ("probe run", true, &["there is nothing to probe", "--public"]),
        ("probe run --dir nowhere", true, &["failed to read the folder nowhere: No such file", "--dir"]),
        (
            "probe run --public ftp://photos.example.net/",
            true,
            &["the targets of the command line cannot be probed", "HL3102"],
        ),
        ("doctor --dir .", true, &[". holds no .tf file"]),
    ];
    for (arguments, hinted, said) in cases {
        // A value that begins with a dash needs the equals sign, as with every program.
        let arguments = arguments.replace("--window -1h", "--window=-1h");
        let message = homelab(&arguments).run().error(hinted);
        for said in said {
            assert!(message.contains(said), "{arguments}: {message}");
        }
    }
}

#[test]
fn a_wrong_environment_is_named_without_its_value() {
    let message = homelab("doctor").env("HOMELAB_PROBE_SAMPLES", "s3cret").run().error(true);
    assert!(message.contains("HOMELAB_PROBE_SAMPLES") && message.contains("probe.samples"), "{message}");
    assert!(!message.contains("s3cret"), "it may be a secret: {message}");
    let message = homelab("doctor").env("VAULT_ADDR", "https://vault.example.net").env("VAULT_TOKEN", "s3cret");
    let message = message.env("HOMELAB_PROBE_THRESHOLD", "9").env("HOMELAB_PROBE_SAMPLES", "3").run().error(true);
    assert!(message.contains("probe.threshold: must not be more than samples"), "{message}");
    assert!(!message.contains("s3cret"), "{message}");
}

#[test]
fn files_are_named_with_their_line() {
    let broken = homelab("doctor --dir .").file("main.tf", "provider \"homelab\" {\n  site {\n}\n").run().error(true);
    assert!(broken.starts_with("./main.tf:3:3: failed to parse"), "{broken}");
    let misspelt = "provider \"homelab\" {\n  kubernetes {\n    config_pth = \"x\"\n  }\n}\n";
    let misspelt = homelab("doctor --dir .").file("main.tf", misspelt).run().error(true);
    assert!(
        misspelt.starts_with("./main.tf:3: provider \"homelab\" has no argument or block \"config_pth\""),
        "{misspelt}"
    );
    let both = "provider \"homelab\" {\n  kubernetes {\n    config_path = \"a\"\n    gitops_dir = \"b\"\n  }\n}\n";
    let both = homelab("doctor --dir .").file("main.tf", both).run().error(true);
    assert!(both.contains("kubernetes.config_path") && both.contains("gitops_dir"), "{both}");
    let none = homelab("gate capture --dir .").file("main.tf", "terraform {}\n").run().error(true);
    assert!(none.starts_with(". has no provider \"homelab\" block"), "{none}");
}

#[test]
fn a_reader_that_goes_away_is_no_error_and_a_full_disk_is() {
    for arguments in ["schema json", "completions bash", "manifest --json", "--help", "version"] {
        let (reader, writer) = pipe().unwrap();
        drop(reader);
        let mut run = homelab(arguments);
        let output = run.command.stdout(writer).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.stderr, b"", "{arguments}");
    }
    // Nobody who listens to the talk is no reason to crash either.
    let (reader, writer) = pipe().unwrap();
    drop(reader);
    let status = homelab("gate capture").command.stderr(writer).status().unwrap();
    assert_eq!(status.code(), Some(1));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = homelab("schema json").command.stdout(full).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.starts_with("error: failed to write to stdout: No space left on device"), "{said}");
}
