//! Logs for Terraform: one JSON object a line on standard error.
//!
//! Terraform reads the lines, filters them once more and shows them with its own. It tells fields from the message by
//! their names, drops the structure of a line whose time it cannot read, and splits lines of 64 KiB or more, so the form
//! is exact and lines are cut. Only our own crates may log below `info`: at `trace`, HTTP and TLS libraries print the
//! bytes that they carry, and those bytes hold secrets.

use std::io::Write as _;

use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;

use super::log_line::log_line;

/// The lowest level at which crates that are not ours may log.
const OTHERS: LevelFilter = LevelFilter::INFO;

/// The level that the environment asks for: `TF_LOG_PROVIDER_<NAME>`, else `TF_LOG_PROVIDER`, else `TF_LOG`; `warn` where
/// none is set. An unknown word means everything, as it does to Terraform.
pub(super) fn level(name: &str, variable: impl Fn(&str) -> Option<String>) -> LevelFilter {
    let own = format!("TF_LOG_PROVIDER_{}", name.to_ascii_uppercase().replace('-', "_"));
    let asked = [own.as_str(), "TF_LOG_PROVIDER", "TF_LOG"]
        .into_iter()
        .find_map(|name| variable(name).filter(|value| !value.trim().is_empty()));
    match asked.map(|word| word.trim().to_ascii_lowercase()).as_deref() {
        None | Some("warn") => LevelFilter::WARN,
        Some("off") => LevelFilter::OFF,
        Some("error") => LevelFilter::ERROR,
        Some("info") => LevelFilter::INFO,
        Some("debug") => LevelFilter::DEBUG,
        Some(_) => LevelFilter::TRACE,
    }
}

/// Sends the events of this process to standard error. `own` are the prefixes of the targets that are ours.
pub(super) fn install(level: LevelFilter, own: &'static [&'static str]) {
    if level == LevelFilter::OFF {
        return;
    }
    // One write a line: the lock keeps threads apart. A client that closed the pipe is gone, and nobody reads.
    let write = |line: &str| {
        let _ = std::io::stderr().lock().write_all(line.as_bytes());
    };
    // Somebody else's subscriber may be there already when this runs inside a test: then theirs stays.
    let _ = tracing::subscriber::set_global_default(tracing_subscriber::registry().with(Json { level, own, write }));
}

/// The layer that makes the lines. `write` gets a whole line with its end.
pub(super) struct Json<W> {
    pub(super) level: LevelFilter,
    pub(super) own: &'static [&'static str],
    pub(super) write: W,
}

impl<W> Json<W> {
    fn wants(&self, metadata: &Metadata<'_>) -> bool {
        let ours = self.own.iter().any(|prefix| metadata.target().starts_with(prefix));
        let limit = if ours { self.level } else { self.level.min(OTHERS) };
        *metadata.level() <= limit
    }
}

impl<S, W> Layer<S> for Json<W>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: Fn(&str) + 'static,
{
    fn enabled(&self, metadata: &Metadata<'_>, _context: Context<'_, S>) -> bool {
        self.wants(metadata)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.level)
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        for span in context.event_scope(event).into_iter().flat_map(tracing_subscriber::registry::Scope::from_root) {
            if let Some(outer) = span.extensions().get::<Fields>() {
                fields.0.extend(outer.0.clone());
            }
        }
        event.record(&mut fields);
        let message = match fields.0.remove("message") {
            Some(Value::String(message)) => message,
            Some(other) => other.to_string(),
            None => String::new(),
        };
        let metadata = event.metadata();
        let module = metadata.target().replace("::", ".");
        let line = log_line(jiff::Timestamp::now(), level_name(*metadata.level()), &module, &message, fields.0);
        (self.write)(&line);
    }
}

/// The level's name as Terraform writes it.
fn level_name(level: Level) -> &'static str {
    match level {
        Level::ERROR => "error",
        Level::WARN => "warn",
        Level::INFO => "info",
        Level::DEBUG => "debug",
        Level::TRACE => "trace",
    }
}

/// The fields of an event or of a span.
#[derive(Default)]
struct Fields(Map<String, Value>);

impl Fields {
    fn put(&mut self, field: &Field, value: impl Into<Value>) {
        self.0.insert(field.name().to_owned(), value.into());
    }
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.put(field, value.to_string());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.put(field, format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests;
