//! Logs: one JSON object a line on standard output, every line of an event carrying the event's ids.
//!
//! Bodies, parameters and order data are never logged; refusals are logged at info, faults at error.

use std::time::Instant;

use lambda_runtime::Context;
use task_store::{StationId, TaskId, UserTaskId};
use tracing::{Span, Subscriber, field::Empty, level_filters::LevelFilter};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

use crate::configuration::{ConfigurationError, Environment};
use crate::metrics;
use crate::variables::LOG_LEVEL;

/// Installs the logger (`LOG_LEVEL`: off, error, warn, info, debug or trace; info by default).
pub(crate) fn start(environment: &Environment) -> Result<(), ConfigurationError> {
    let level = level(environment)?;
    let measured = metrics::layer(environment)?;
    let subscriber = subscriber(level, std::io::stdout).with(measured);
    let installed = tracing::subscriber::set_global_default(subscriber);
    if installed.is_ok() {
        std::panic::set_hook(Box::new(|panic| {
            // Not its message: what a slice or a parser panics with can quote the data.
            let place = panic
                .location()
                .map(ToString::to_string)
                .unwrap_or_default();
            tracing::error!(panic.location = place, "panicked");
        }));
    }
    Ok(())
}

/// Builds the logger: one JSON object a line, the ids of the event in its member `span`.
///
/// Libraries are heard from `warn` on only, whatever the level: the runtime's own traces hold whole events, bodies and
/// tokens included.
fn subscriber<W>(
    level: LevelFilter,
    writer: W,
) -> impl Subscriber + Send + Sync + for<'s> LookupSpan<'s>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let ours = ["task_engine", "task_lambda", "task_service", "task_store"];
    let heard = Targets::new()
        .with_default(level.min(LevelFilter::WARN))
        .with_targets(ours.map(|name| (name, level)));
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_writer(writer);
    tracing_subscriber::registry().with(lines.with_filter(heard))
}

fn level(environment: &Environment) -> Result<LevelFilter, ConfigurationError> {
    environment.word(
        LOG_LEVEL,
        &[
            ("info", LevelFilter::INFO),
            ("off", LevelFilter::OFF),
            ("error", LevelFilter::ERROR),
            ("warn", LevelFilter::WARN),
            ("debug", LevelFilter::DEBUG),
            ("trace", LevelFilter::TRACE),
        ],
    )
}

/// Returns the span of one event; fields noted later are on every line from then on. It has the highest level, so that every `LOG_LEVEL`
/// keeps the fields.
pub(crate) fn span(context: &Context) -> Span {
    tracing::error_span!(
        "event",
        function = context.env_config.function_name,
        request.id = context.request_id,
        trace.id = context.xray_trace_id.as_deref().map(trace_id),
        message.id = Empty,
        station.id = Empty,
        task.id = Empty,
        task.user_id = Empty,
    )
}

/// Names the task that the current event is about.
pub fn note_task(task: &TaskId) {
    Span::current().record("task.id", task.get());
}

/// Names the task that the current event is about, by the caller's own id.
pub fn note_user_task(task: &UserTaskId) {
    Span::current().record("task.user_id", task.as_str());
}

/// Names the station that the current event is about.
pub fn note_station(station: &StationId) {
    Span::current().record("station.id", station.as_str());
}

/// Names the message that the current event is about.
pub(crate) fn note_message(message_id: &str) {
    Span::current().record("message.id", message_id);
}

/// Names the trace that the current event belongs to, by the header its sender passed on.
pub(crate) fn note_trace(header: &str) {
    Span::current().record("trace.id", trace_id(header));
}

/// Returns the trace of a header `Root=1-5759e988-bd862e3f;Parent=…;Sampled=1`, which is the same on the whole way of a
/// batch.
fn trace_id(header: &str) -> &str {
    let mut parts = header.split(';');
    parts
        .find_map(|part| part.trim().strip_prefix("Root="))
        .unwrap_or(header)
}

/// Returns the milliseconds since `start`, as logs print them: with microseconds as fraction.
pub(crate) fn milliseconds(start: Instant) -> f64 {
    (start.elapsed().as_secs_f64() * 1e6).round() / 1e3
}

#[cfg(test)]
pub(crate) mod tests {
    use std::{
        io::Write,
        sync::{Arc, LazyLock, Mutex},
    };

    use serde_json::Value;

    use super::*;

    #[derive(Clone, Default)]
    struct Buffer(Arc<Mutex<Vec<u8>>>);

    impl Write for Buffer {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    /// Returns the context of an invocation.
    pub(crate) fn context(request_id: &str) -> Context {
        let mut context = Context::default();
        request_id.clone_into(&mut context.request_id);
        context
    }

    /// Captures the log lines of `work`, at info and above: one object a line.
    pub(crate) fn logged(work: impl Future) -> Vec<Value> {
        logged_at(LevelFilter::INFO, work)
    }

    /// Captures the log lines of `work` from a level on.
    ///
    /// A place that logs for the first time asks the subscribers there are whether it counts. While there is only one, it asks
    /// that of its own thread, which of another test is none, and is silent from then on: a second one, which lives on, has
    /// it ask all.
    fn logged_at(level: LevelFilter, work: impl Future) -> Vec<Value> {
        static SECOND: LazyLock<tracing::Dispatch> =
            LazyLock::new(|| tracing::Dispatch::new(subscriber(LevelFilter::INFO, std::io::sink)));
        LazyLock::force(&SECOND);
        let buffer = Buffer::default();
        let writer = buffer.clone();
        let subscriber = subscriber(level, move || writer.clone());
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        tracing::subscriber::with_default(subscriber, || runtime.block_on(work));
        let bytes = buffer.0.lock().unwrap().clone();
        let text = String::from_utf8(bytes).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    #[test]
    fn every_line_of_an_event_carries_its_ids() {
        use tracing::Instrument;
        let work = async || {
            tracing::info!("begun");
            note_task(&TaskId::parse("42").unwrap());
            note_station(&StationId::parse("T1").unwrap());
            tracing::info!("ended");
        };
        let lines = logged(async { work().instrument(span(&context("request-1"))).await });
        assert_eq!(lines[0]["message"], "begun");
        assert_eq!(lines[0]["span"]["request.id"], "request-1");
        assert_eq!(lines[1]["span"]["task.id"], 42);
        assert_eq!(lines[1]["span"]["station.id"], "T1");
    }

    #[test]
    fn an_error_carries_its_ids_where_nothing_else_is_logged() {
        use tracing::Instrument;
        let work = async || {
            tracing::warn!("not heard");
            tracing::error!("heard");
        };
        let lines = logged_at(LevelFilter::ERROR, async {
            work().instrument(span(&context("request-1"))).await;
        });
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0]["span"]["request.id"], "request-1");
    }

    #[test]
    fn an_unknown_log_level_stops_the_start() {
        let error = level(&Environment::from([("LOG_LEVEL", "loud")])).unwrap_err();
        assert!(
            error.to_string().contains("LOG_LEVEL must be one of"),
            "{error}"
        );
        assert_eq!(level(&Environment::default()), Ok(LevelFilter::INFO));
    }
}
