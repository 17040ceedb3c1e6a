//! The transport as a process, as Terraform starts it: the handshake line, the logs, signals, a crash and the end.
#![cfg(unix)]

mod support;

use std::path::Path;
use std::time::{Duration, Instant};

use homelab_plugin::proto::goplugin::Empty;
use homelab_plugin::proto::goplugin::grpc_controller_client::GrpcControllerClient;
use homelab_plugin::proto::tfplugin5::provider_client::ProviderClient;
use homelab_plugin::proto::tfplugin5::{configure, get_provider_schema, read_data_source};
use serde_json::Value;
use support::client::{Answer, ClientIdentity, Introduction, connect};
use support::process::{COOKIE, PATIENCE, Process, command, run, within};
use support::service::{ECHO, HANG, PANIC};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;
use tokio::time::timeout;
use tonic::transport::Channel;

/// The example as Terraform starts it, with its socket in `dir`.
fn plugin(client: &ClientIdentity, dir: &Path) -> Command {
    let mut command = command();
    command
        .env(COOKIE.0, COOKIE.1)
        .env("PLUGIN_PROTOCOL_VERSIONS", "5,6")
        .env("PLUGIN_MIN_PORT", "10000")
        .env("PLUGIN_MAX_PORT", "25000")
        .env("PLUGIN_CLIENT_CERT", &client.pem)
        .env("TMPDIR", dir);
    command
}

async fn channel(process: &Process, client: &ClientIdentity) -> Channel {
    connect(&process.answer(), Introduction::As(client)).await.unwrap()
}

fn files(dir: &Path) -> usize {
    std::fs::read_dir(dir).unwrap().count()
}

fn read(type_name: &str) -> read_data_source::Request {
    read_data_source::Request { type_name: type_name.into(), ..Default::default() }
}

/// The log lines of `errors`; anything else fails.
fn logged(errors: &str) -> Vec<Value> {
    errors.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line:?}"))).collect()
}

#[tokio::test]
async fn a_user_gets_one_helpful_line() {
    for set in [None, Some("wrong")] {
        let mut command = command();
        command.envs(set.map(|value| (COOKIE.0, value)));
        let output = run(&mut command).await;
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(output.stdout, b"");
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(told.lines().count(), 1, "{told:?}");
        assert!(told.starts_with("terraform-provider-minimal: ") && told.contains("not run by hand"), "{told:?}");
    }
}

#[tokio::test]
async fn what_cannot_be_served_is_refused_with_a_reason() {
    let client = ClientIdentity::new();
    let dir = tempfile::tempdir().unwrap();
    for (name, value, reason) in [
        ("PLUGIN_PROTOCOL_VERSIONS", "6", "speaks 5"),
        ("PLUGIN_CLIENT_CERT", "none", "PLUGIN_CLIENT_CERT holds no certificate"),
        ("PLUGIN_MAX_PORT", "none", "PLUGIN_MAX_PORT"),
        ("PLUGIN_UNIX_SOCKET_DIR", "/example/absent", "/example/absent"),
        ("PLUGIN_UNIX_SOCKET_GROUP", "no such group", "PLUGIN_UNIX_SOCKET_GROUP"),
    ] {
        let output = run(plugin(&client, dir.path()).env(name, value)).await;
        assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(1), &b""[..]), "{name}");
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(told.lines().count() == 1 && told.contains(reason), "{told:?}");
        assert_eq!(files(dir.path()), 0);
    }
}

#[tokio::test]
async fn it_serves_and_leaves_nothing_behind() {
    let client = ClientIdentity::new();
    let dir = tempfile::tempdir().unwrap();
    // Terraform kills it after two seconds, and before that it drops what still runs, which it says.
    within(Duration::from_secs(1), async || {
        let process = Process::start(&mut plugin(&client, dir.path())).await;
        assert!(Path::new(&process.answer().address).starts_with(dir.path()), "{:?}", process.answer());
        assert_eq!(files(dir.path()), 1);
        let channel = channel(&process, &client).await;
        let mut provider = ProviderClient::new(channel.clone());
        assert!(provider.get_schema(get_provider_schema::Request {}).await.is_ok());
        assert!(provider.read_data_source(read(ECHO)).await.is_ok());

        let begun = Instant::now();
        GrpcControllerClient::new(channel).shutdown(Empty {}).await.unwrap();
        let (status, more, errors) = process.end().await;
        let took = begun.elapsed();
        assert_eq!((status.code(), more.as_str()), (Some(0), ""));
        assert!(errors.is_empty() || took >= Duration::from_secs(1), "{errors}");
        assert_eq!(files(dir.path()), 0);
        took
    })
    .await;
}

/// With its jitter entropy, AWS-LC costs 30 ms and more at each start of the process, of which a plan has three. It is
/// switched off by an environment variable of its build; `cargo xtask bench` shows the time.
#[test]
fn the_build_does_without_jitter_entropy() {
    assert_eq!(option_env!("AWS_LC_SYS_NO_JITTER_ENTROPY"), Some("1"), ".cargo/config.toml sets it for every build");
}

#[tokio::test]
async fn a_long_directory_of_temporary_files_is_no_obstacle() {
    let client = ClientIdentity::new();
    let dir = tempfile::tempdir().unwrap();
    let long = dir.path().join("x".repeat(120));
    std::fs::create_dir(&long).unwrap();
    let process = Process::start(&mut plugin(&client, &long)).await;
    let address = process.answer().address;
    assert!(address.len() < 104 && !address.starts_with(long.to_str().unwrap()), "{address}");
    GrpcControllerClient::new(channel(&process, &client).await).shutdown(Empty {}).await.unwrap();
    process.end().await;
    assert!(!Path::new(&address).exists());
}

#[tokio::test]
async fn loopback_ports_serve_as_well() {
    let client = ClientIdentity::new();
    let dir = tempfile::tempdir().unwrap();
    let process = Process::start(plugin(&client, dir.path()).env("MINIMAL_TCP", "1")).await;
    let answer = process.answer();
    assert_eq!(answer.network, "tcp");
    let port: u16 = answer.address.strip_prefix("127.0.0.1:").unwrap().parse().unwrap();
    assert!((10_000..=25_000).contains(&port), "{port}");
    let mut provider = ProviderClient::new(channel(&process, &client).await);
    assert!(provider.read_data_source(read(ECHO)).await.is_ok());
    assert_eq!(files(dir.path()), 0);
}

#[tokio::test]
async fn a_client_that_asks_about_multiplexing_is_told_no() {
    let client = ClientIdentity::new();
    let dir = tempfile::tempdir().unwrap();
    let process = Process::start(plugin(&client, dir.path()).env("PLUGIN_MULTIPLEX_GRPC", "true")).await;
    let six = process.line.strip_suffix("|false").unwrap();
    let answer = Answer::parse(six);
    assert!(connect(&answer, Introduction::As(&client)).await.is_ok());
}

#[tokio::test]
async fn logs_are_lines_of_json_at_the_level_asked_for() {
    let client = ClientIdentity::new();
    let dir = tempfile::tempdir().unwrap();
    let process =
        Process::start(plugin(&client, dir.path()).env("TF_LOG", "off").env("TF_LOG_PROVIDER_MINIMAL", "trace")).await;
    let channel = channel(&process, &client).await;
    let mut provider = ProviderClient::new(channel.clone());
    let request = configure::Request { terraform_version: "a secret of the wire".into(), ..Default::default() };
    provider.configure(request).await.unwrap();
    GrpcControllerClient::new(channel).shutdown(Empty {}).await.unwrap();
    let (_, _, errors) = process.end().await;
    assert!(!errors.contains("a secret of the wire"), "{errors}");
    let lines = logged(&errors);
    for line in &lines {
        for key in ["@level", "@message", "@module", "@timestamp"] {
            assert!(line[key].is_string(), "{line}");
        }
        let module = line["@module"].as_str().unwrap();
        assert!(module.starts_with("homelab") || module.starts_with("minimal"), "{line}");
    }
    let own = lines.iter().find(|line| line["@message"] == "configured").unwrap();
    assert_eq!((&own["@level"], &own["own"]), (&Value::from("info"), &Value::from(true)));
}

#[tokio::test]
async fn an_interrupt_is_left_to_terraform() {
    let client = ClientIdentity::new();
    let dir = tempfile::tempdir().unwrap();
    let process = Process::start(&mut plugin(&client, dir.path())).await;
    let mut provider = ProviderClient::new(channel(&process, &client).await);
    process.signal("INT").await;
    process.signal("INT").await;
    assert!(provider.read_data_source(read(ECHO)).await.is_ok());
    process.signal("TERM").await;
    let (status, _, _) = process.end().await;
    assert_eq!(status.code(), Some(0), "an orderly end, not one by the signal");
}

#[tokio::test]
async fn a_termination_signal_ends_it_in_order() {
    let client = ClientIdentity::new();
    let dir = tempfile::tempdir().unwrap();
    let process = Process::start(&mut plugin(&client, dir.path())).await;
    process.signal("TERM").await;
    let (status, _, _) = process.end().await;
    assert_eq!(status.code(), Some(0));
    assert_eq!(files(dir.path()), 0);
}

#[tokio::test]
async fn a_panic_is_reported_as_a_crash_and_ends_the_process() {
    let client = ClientIdentity::new();
    let dir = tempfile::tempdir().unwrap();
    let process = Process::start(&mut plugin(&client, dir.path())).await;
    let channel = channel(&process, &client).await;
    let hanging = tokio::spawn({
        let mut provider = ProviderClient::new(channel.clone());
        async move { provider.read_data_source(read(HANG)).await }
    });
    assert!(ProviderClient::new(channel).read_data_source(read(PANIC)).await.is_err());
    let (status, more, errors) = process.end().await;
    assert_eq!((status.code(), more.as_str()), (Some(2), ""));
    assert!(errors.starts_with("panic: minimal_panic was read\n"), "{errors}");
    assert!(errors.contains("service.rs:"), "the place is named: {errors}");
    assert_eq!(files(dir.path()), 0);
    assert!(timeout(PATIENCE, hanging).await.unwrap().unwrap().is_err(), "other calls fail and do not hang");
}

#[tokio::test]
async fn it_ends_when_its_parent_is_killed() {
    let client = ClientIdentity::new();
    let dir = tempfile::tempdir().unwrap();
    // A shell in the place of Terraform; it tells the provider's process id after the handshake line.
    let parent = plugin(&client, dir.path());
    let variables: Vec<_> =
        parent.as_std().get_envs().map(|(name, value)| (name.to_owned(), value.map(ToOwned::to_owned))).collect();
    let mut shell = Command::new("sh");
    shell.args(["-c", "\"$1\" & echo \"pid $!\"; wait", "sh"]).arg(support::process::binary());
    for (name, value) in variables {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell.stdout(std::process::Stdio::piped()).kill_on_drop(true);
    let mut shell = shell.spawn().unwrap();
    let mut lines = BufReader::new(shell.stdout.take().unwrap()).lines();
    let mut told = Vec::new();
    while told.len() < 2 {
        told.push(timeout(PATIENCE, lines.next_line()).await.unwrap().unwrap().unwrap());
    }
    assert!(told.iter().any(|line| line.starts_with("1|5|unix|")), "{told:?}");
    assert_eq!(files(dir.path()), 1);
    shell.kill().await.unwrap();
    // The pipe ends when the provider, its last holder, does.
    assert_eq!(timeout(PATIENCE, lines.next_line()).await.unwrap().unwrap(), None);
    assert_eq!(files(dir.path()), 0);
}

#[tokio::test]
async fn a_debugged_provider_is_plain_and_ends_by_an_interrupt() {
    let dir = tempfile::tempdir().unwrap();
    let mut process = Process::start(command().arg("--debug").env("TMPDIR", dir.path())).await;
    let mut lines = Vec::new();
    while !lines.last().is_some_and(|line: &String| line.starts_with("TF_REATTACH_PROVIDERS=")) {
        lines.push(process.next_line().await);
    }
    let assignment = lines.last().unwrap();
    let value = assignment.strip_prefix("TF_REATTACH_PROVIDERS='").unwrap().strip_suffix('\'').unwrap();
    let value: Value = serde_json::from_str(value).unwrap();
    let entry = &value["registry.terraform.io/example/minimal"];
    assert_eq!(entry["Pid"].as_u64().map(|pid| u32::try_from(pid).unwrap()), process.child.id());
    assert_eq!((&entry["Test"], &entry["ProtocolVersion"]), (&Value::from(true), &Value::from(5)));
    let address = entry["Addr"]["String"].as_str().unwrap().to_owned();
    let answer = Answer { network: "unix".into(), address, certificate: None };
    let mut provider = ProviderClient::new(connect(&answer, Introduction::Plain).await.unwrap());
    assert!(provider.read_data_source(read(ECHO)).await.is_ok());
    process.signal("INT").await;
    let (status, _, _) = process.end().await;
    assert_eq!(status.code(), Some(0));
    assert_eq!(files(dir.path()), 0);
}
