use std::sync::{Arc, Mutex};

use serde_json::json;

use super::*;

fn asked(variables: &[(&str, &str)]) -> LevelFilter {
    level("home-lab", |name| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
}

#[test]
fn the_nearest_variable_wins() {
    assert_eq!(asked(&[]), LevelFilter::WARN);
    assert_eq!(asked(&[("TF_LOG", "DEBUG")]), LevelFilter::DEBUG);
    assert_eq!(asked(&[("TF_LOG", "DEBUG"), ("TF_LOG_PROVIDER", "error")]), LevelFilter::ERROR);
    let all = [("TF_LOG", "DEBUG"), ("TF_LOG_PROVIDER", "error"), ("TF_LOG_PROVIDER_HOME_LAB", " Off ")];
    assert_eq!(asked(&all), LevelFilter::OFF);
    assert_eq!(asked(&[("TF_LOG", "info"), ("TF_LOG_PROVIDER", "")]), LevelFilter::INFO, "empty is unset");
    assert_eq!(asked(&[("TF_LOG", "JSON")]), LevelFilter::TRACE);
    assert_eq!(asked(&[("TF_LOG", "1")]), LevelFilter::TRACE);
    assert_eq!(asked(&[("TF_LOG_CORE", "trace")]), LevelFilter::WARN, "core's own level is not ours");
}

/// The lines that `work` logs at `level`, parsed.
fn logged(level: LevelFilter, work: impl FnOnce()) -> Vec<Map<String, Value>> {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&lines);
    let write = move |line: &str| sink.lock().unwrap().push(line.to_owned());
    let layer = Json { level, own: &["homelab"], write };
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), work);
    let lines = lines.lock().unwrap();
    lines.iter().map(|line| serde_json::from_str(line.strip_suffix('\n').unwrap()).unwrap()).collect()
}

#[test]
fn an_event_becomes_a_line_with_its_fields_and_those_of_its_spans() {
    let lines = logged(LevelFilter::TRACE, || {
        let call = tracing::info_span!("call", tf_rpc = "ReadResource", tf_resource_type = tracing::field::Empty);
        call.record("tf_resource_type", "homelab_ingress");
        let _inside = call.enter();
        let error = std::io::Error::other("it broke");
        tracing::warn!(error = &error as &dyn std::error::Error, n = 3, ok = true, "read {}", "it");
    });
    assert_eq!(lines.len(), 1);
    let line = &lines[0];
    assert_eq!(line["@level"], "warn");
    assert_eq!(line["@message"], "read it");
    assert_eq!(line["@module"], "homelab_plugin.serve.logging.tests");
    let time = line["@timestamp"].as_str().unwrap();
    assert!(time.len() == 27 && time.ends_with('Z') && time.parse::<jiff::Timestamp>().is_ok(), "{time}");
    assert_eq!(line["tf_rpc"], "ReadResource");
    assert_eq!(line["tf_resource_type"], "homelab_ingress");
    assert_eq!(line["error"], "it broke");
    assert_eq!((&line["n"], &line["ok"]), (&json!(3), &json!(true)));
}

#[test]
fn levels_have_the_names_that_terraform_knows() {
    let levels: Vec<_> = logged(LevelFilter::TRACE, || {
        tracing::error!("x");
        tracing::warn!("x");
        tracing::info!("x");
        tracing::debug!("x");
        tracing::trace!("x");
    })
    .into_iter()
    .map(|line| line["@level"].clone())
    .collect();
    assert_eq!(levels, ["error", "warn", "info", "debug", "trace"]);
}

#[test]
fn what_is_below_the_level_is_not_logged() {
    let lines = logged(LevelFilter::INFO, || {
        tracing::debug!("no");
        tracing::info!("yes");
    });
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0]["@message"], "yes");
}

#[test]
fn libraries_that_print_bytes_stay_silent_at_every_level() {
    let lines = logged(LevelFilter::TRACE, || {
        for _ in 0..2 {
            tracing::trace!(target: "h2::codec", "secret");
            tracing::debug!(target: "rustls::server", "secret");
            tracing::debug!(target: "hyper", "secret");
            let frame = tracing::trace_span!(target: "h2::proto", "frame", data = "secret");
            frame.in_scope(|| tracing::debug!(target: "homelab_core", "ours"));
            tracing::info!(target: "kube_client", "theirs");
        }
    });
    let told: Vec<_> = lines.iter().map(|line| line["@message"].as_str().unwrap()).collect();
    assert_eq!(told, ["ours", "theirs", "ours", "theirs"]);
    assert!(!format!("{lines:?}").contains("secret"), "{lines:?}");
}
