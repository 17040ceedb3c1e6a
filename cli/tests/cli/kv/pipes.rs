//! Without a terminal: values by pipes, and what is refused.

use std::io::Write as _;
use std::process::Stdio;
use std::time::Duration;

use homelab_plane::process::wait_for;
use homelab_plane::shared;
use serde_json::{Value, json};

use super::{Document, root, two};
use crate::support::{Homelab, Ran, homelab};

/// Runs with this on stdin.
fn piped(mut run: Homelab, stdin: &[u8]) -> Ran {
    run.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = run.command.spawn().unwrap();
    // Whoever refuses does not read.
    let _ = child.stdin.take().unwrap().write_all(stdin);
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
}

#[test]
fn a_value_comes_byte_for_byte_and_a_document_as_json() {
    let document = Document::with(&two());
    let value = document.run("get").args("--field password").run().code(0);
    assert_eq!((value.out.as_str(), value.err.as_str()), ("s3cret\nline two \n", ""));
    assert_eq!(document.run("get").args("--field limits").run().code(0).out, "{\"max\":5}");
    let whole: Value = serde_json::from_str(&document.run("get").run().code(0).out).unwrap();
    assert_eq!(whole, two());
    let answer = document.run("get").args("--output json").run().code(0).document("kv get");
    assert_eq!(answer["document_version"], 1);
    assert_eq!(answer["values"][1], json!({"key": "password", "value": "s3cret\nline two \n"}));
    let answer = document.run("get").args("--output json --field limits").run().code(0).document("kv get");
    assert_eq!(answer["values"], json!([{"key": "limits", "value": {"max": 5}}]));
}

#[test]
fn what_is_not_there_is_two_and_what_cannot_be_read_is_three() {
    let document = Document::with(&two());
    let missing = document.run("get").args("--field passwort").run().code(2);
    assert_eq!(missing.out, "");
    assert!(
        missing.err.contains("has no key \"passwort\"") && missing.err.contains("it has limits, password"),
        "{}",
        missing.err
    );
    let none = Document::with(&Value::Null);
    assert!(none.run("get").run().code(2).err.contains(&format!("there is no {}", none.path)));
    // The store refuses us: that says nothing about what is there.
    let other = Document::with(&two());
    let refused = document.run("get").env("VAULT_TOKEN", &other.token).run().code(3);
    assert!(refused.err.contains("permission denied on secret/data/"), "{}", refused.err);
    let invalid = document.run("get").env("VAULT_TOKEN", "wrong-s3cret").run().code(3);
    assert!(invalid.err.contains("the token is not valid") && !invalid.err.contains("s3cret"), "{}", invalid.err);
    let away = document.run("get").env("VAULT_ADDR", "http://127.0.0.1:1").run().code(3);
    assert!(away.err.contains("no connection to http://127.0.0.1:1"), "{}", away.err);
    for ran in [refused, invalid, away] {
        assert_eq!(ran.out, "");
        assert!(ran.err.contains("\n\nhint: "), "{}", ran.err);
    }
    root().delete(&document.path.replacen("secret/", "secret/data/", 1)).unwrap();
    assert!(document.run("get").run().code(2).err.contains("version 1 of"));
    let nowhere = homelab("kv get nowhere/doc").env("VAULT_ADDR", &shared().unwrap().vault_addr);
    let nowhere = nowhere.env("VAULT_TOKEN", &shared().unwrap().vault_token).run().code(2);
    assert!(nowhere.err.contains("nothing is mounted at nowhere"), "{}", nowhere.err);
}

#[test]
fn the_token_is_the_callers_own() {
    let document = Document::with(&two());
    let run = || homelab("kv get --field limits").arg(&document.path).env("VAULT_ADDR", &shared().unwrap().vault_addr);
    // What a provider block may say about identities is for machines.
    assert!(
        run()
            .env("HOMELAB_VAULT_TOKEN_FILE", "token")
            .file("token", &document.token)
            .run()
            .code(3)
            .err
            .contains("there is no token")
    );
    run().file(".vault-token", &format!("{}\n", document.token)).run().code(0);
    run().file(".vault-token", &document.token).env("VAULT_TOKEN", "wrong").run().code(3);
    run().file(".vault-token", "wrong").env("VAULT_TOKEN", &document.token).run().code(0);
    let nowhere = homelab("kv get secret/x").env("VAULT_TOKEN", "s3cret").run().error(true);
    assert!(nowhere.starts_with("no store is named") && nowhere.contains("VAULT_ADDR"), "{nowhere}");
    let wrong = homelab("kv get secret/x").env("VAULT_ADDR", "vault.example.net").run().error(true);
    assert!(wrong.contains("must begin with https://"), "{wrong}");
    let wrong = homelab("kv get secret/x").env("VAULT_ADDR", "https://127.0.0.1:1").env("VAULT_CACERT", "none.pem");
    assert!(wrong.env("VAULT_TOKEN", "x").run().code(3).err.contains("none.pem cannot be read"));
}

#[test]
fn names_are_listed_and_folders_end_with_a_slash() {
    let document = Document::with(&two());
    let folder = document.path.strip_suffix("/doc").unwrap().to_owned();
    root().put(&format!("{}/sub/one", folder.strip_prefix("secret/").unwrap()), &json!({"a": "b"})).unwrap();
    let below = |path: &str| Document { path: path.to_owned(), token: document.token.clone() };
    assert_eq!(below(&folder).run("list").run().code(0).out, "doc\nsub/\n");
    let answer = below(&folder).run("list").args("--output json").run().code(0).document("kv list");
    assert_eq!(answer["names"], json!(["doc", "sub/"]));
    let none = below(&format!("{folder}/doc")).run("list").run().code(2);
    assert!(none.err.contains("there is nothing below"), "{}", none.err);
    assert!(below("secret").run("list").run().code(3).err.contains("permission denied"));
    for (path, said) in [("", "is no path"), ("secret//x", "is no path"), ("secret/../sys", "is no path")] {
        assert!(below(path).run("list").run().error(true).contains(said), "{path}");
    }
}

#[test]
fn a_key_is_merged_and_its_siblings_stay() {
    let document = Document::with(&two());
    let put = |key: &str, value: &[u8]| piped(document.run("put").arg(key), value);
    let written = put("token", b"hunter2\n").code(0);
    assert_eq!(written.out, format!("wrote token to {} (version 2); every other key is as it was\n", document.path));
    let mut expected = two();
    expected["token"] = json!("hunter2");
    assert_eq!(document.now(), expected);
    let again = piped(document.run("put").arg("token").args("--output json"), b"hunter2").code(0).document("kv put");
    assert_eq!((&again["written"], &again["document_version"]), (&json!(false), &json!(2)), "no new version");
    // One line feed is the shell's; everything else is the value.
    put("token", b" two\n\n\n").code(0);
    assert_eq!(document.now()["token"], " two\n\n");
    put("token", b"dos\r\n").code(0);
    assert_eq!(document.now()["token"], "dos");
    let new = Document::with(&Value::Null);
    piped(new.run("put").arg("first"), b"x").code(0);
    assert_eq!(new.now(), json!({"first": "x"}));
}

#[test]
fn nothing_is_written_where_there_is_a_doubt() {
    let document = Document::with(&two());
    let put = |run: Homelab, value: &[u8]| piped(run, value);
    for (value, said) in [(&b""[..], "no value was given"), (b"\n", "no value was given"), (b"\xff\xfe", "is no text")]
    {
        let ran = put(document.run("put").arg("token"), value).code(1);
        assert!(ran.err.contains(said), "{}", ran.err);
    }
    // A value as an argument is refused, and not repeated.
    let typed = put(document.run("put").arg("token=s3cret"), b"x").code(1);
    assert!(typed.err.contains("without its value") && !typed.err.contains("s3cret"), "{}", typed.err);
    let two_arguments = put(document.run("put").arg("token").arg("s3cret"), b"x").code(1);
    assert!(two_arguments.err.contains("unexpected argument"), "{}", two_arguments.err);
    // Who may write and not read would overwrite what is there.
    let name = document.path.strip_prefix("secret/").unwrap();
    let blind = root()
        .token(
            &format!("blind-{}", name.replace('/', "-")),
            &format!("path \"secret/data/{name}\" {{ capabilities = [\"create\", \"update\"] }}"),
        )
        .unwrap();
    let refused = put(document.run("put").arg("token").env("VAULT_TOKEN", &blind), b"x").code(3);
    assert!(refused.err.contains("permission denied"), "{}", refused.err);
    assert_eq!(refused.out, "");
    assert_eq!(document.now(), two(), "as it was");
    // The root may; but an engine without versions cannot be merged into safely.
    let (env, mounts) = (shared().unwrap(), root());
    mounts.write("sys/mounts/kv-cli-v1", &json!({"type": "kv", "options": {"version": "1"}})).unwrap();
    let plain =
        homelab("kv put kv-cli-v1/doc key").env("VAULT_ADDR", &env.vault_addr).env("VAULT_TOKEN", &env.vault_token);
    let plain = put(plain, b"x").code(2);
    assert!(plain.err.contains("without versions"), "{}", plain.err);
}

#[cfg(target_os = "linux")]
#[test]
fn a_value_is_in_no_argument_and_in_no_environment_of_the_process() {
    let document = Document::with(&two());
    let mut run = document.run("put").arg("token");
    run.command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = run.command.spawn().unwrap();
    child.stdin.as_mut().unwrap().write_all(b"canary-7d1f").unwrap();
    // It waits for the end of stdin, and may be looked at meanwhile.
    for file in ["cmdline", "environ"] {
        let seen = match std::fs::read(format!("/proc/{}/{file}", child.id())) {
            // It must not be dumped, and so hides its environment from everybody but the administrator.
            Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => continue,
            seen => seen.unwrap(),
        };
        assert!(!String::from_utf8_lossy(&seen).contains("canary-7d1f"), "{file}");
    }
    // It has read nothing yet; by the time it waits for a value, nothing may dump it.
    wait_for("a process without a core file", Duration::from_mins(1), || {
        let limits = std::fs::read_to_string(format!("/proc/{}/limits", child.id())).unwrap_or_default();
        let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap_or_default().to_owned();
        Ok(if core.split_whitespace().nth(4) == Some("0") { Ok(()) } else { Err(core) })
    })
    .unwrap();
    drop(child.stdin.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(document.now()["token"], "canary-7d1f");
}
