//! Logs: one JSON object a line on standard output, every line of an event carrying the event's ids.
//!
//! Bodies, parameters and order data are never logged; refusals are logged at info, faults at error.

use std::time::Instant;

use task_service::store::{StationId, TaskId, UserTaskId};
use tracing::{Span, field::Empty, level_filters::LevelFilter};

use crate::configuration::{ConfigurationError, Environment};

/// Installs the logger (`LOG_LEVEL`: off, error, warn, info, debug or trace; info by default).
pub(crate) fn start(environment: &Environment) -> Result<(), ConfigurationError> {
    let level = level(environment)?;
    let installed = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_target(true)
        .with_max_level(level)
        .try_init();
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

fn level(environment: &Environment) -> Result<LevelFilter, ConfigurationError> {
    environment.word(
        "LOG_LEVEL",
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

/// The span of one event; what is noted later is on every line from then on.
pub(crate) fn span(request_id: &str) -> Span {
    tracing::info_span!(
        "event",
        request.id = request_id,
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

/// The milliseconds since `start`, as logs print them: with microseconds as fraction.
pub(crate) fn milliseconds(start: Instant) -> f64 {
    (start.elapsed().as_secs_f64() * 1e6).round() / 1e3
}
