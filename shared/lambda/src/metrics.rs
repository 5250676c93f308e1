//! Metrics in CloudWatch's embedded format: what the use-cases measure during one invocation is one JSON line on standard
//! output at its end, which CloudWatch reads metrics from. Nobody calls a service for it.
//!
//! An invocation has its thread to itself, so what it measured is what its thread measured since the last line.
//!
//! `METRICS_NAMESPACE` says where they belong; without it nothing is collected.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value, json};
use task_engine::metrics::TARGET;
use task_service::jobs::KINDS;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber, level_filters::LevelFilter};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

use crate::configuration::{ConfigurationError, Environment};

/// The metrics of every kind of batch, and their units. Counts are added up; of anything else each value is kept. Beside them
/// each kind of batch counts its items, under names of its own.
const METRICS: [(&str, &str); 5] = [
    ("Retries", "Count"),
    ("DeadLetters", "Count"),
    ("ChunkTime", "Milliseconds"),
    ("QueueWait", "Milliseconds"),
    ("BatchTime", "Seconds"),
];
/// How many values of a metric one line may hold, CloudWatch's limit.
const MOST_VALUES: usize = 100;

/// Where measurements belong, if anybody wants them.
static NAMESPACE: OnceLock<String> = OnceLock::new();

thread_local! {
    /// What this thread measured since the last line.
    static VALUES: RefCell<BTreeMap<&'static str, Vec<f64>>> = const { RefCell::new(BTreeMap::new()) };
}

/// What collects measurements, if anybody wants them.
pub(crate) fn layer<S: Subscriber + for<'s> LookupSpan<'s>>(
    environment: &Environment,
) -> Result<Option<impl Layer<S>>, ConfigurationError> {
    const VARIABLE: &str = "METRICS_NAMESPACE";
    let Some(namespace) = environment.text(VARIABLE) else {
        return Ok(None);
    };
    if namespace.len() > 255 || namespace.starts_with("AWS/") {
        let wrong = "must have at most 255 characters and not begin with AWS/";
        return Err(ConfigurationError::new(VARIABLE, wrong));
    }
    NAMESPACE.get_or_init(|| namespace.to_owned());
    Ok(Some(collecting()))
}

fn collecting<S: Subscriber + for<'s> LookupSpan<'s>>() -> impl Layer<S> {
    let wanted = Targets::new().with_target(TARGET, LevelFilter::INFO);
    Collecting.with_filter(wanted)
}

/// Writes the line of this invocation, if it measured anything.
pub(crate) fn flush() {
    if let Some(line) = NAMESPACE.get().and_then(|namespace| line(namespace)) {
        println!("{line}");
    }
}

/// The metric of a name, and its unit.
fn metric(name: &str) -> Option<(&'static str, &'static str)> {
    let of_kinds = KINDS
        .iter()
        .flat_map(|kind| [kind.succeeded_metric, kind.failed_metric])
        .map(|counter| (counter, "Count"));
    let mut all = METRICS.into_iter().chain(of_kinds);
    all.find(|(known, _)| *known == name)
}

fn add(name: &str, value: f64) {
    let Some((name, unit)) = metric(name) else {
        return;
    };
    VALUES.with_borrow_mut(|all| {
        let values = all.entry(name).or_default();
        if unit == "Count" && !values.is_empty() {
            values[0] += value;
        } else if values.len() < MOST_VALUES {
            values.push(value);
        }
    });
}

/// One object: what the metrics are, and their values. Taking them begins the next line.
fn line(namespace: &str) -> Option<Value> {
    let values = VALUES.take();
    if values.is_empty() {
        return None;
    }
    let described = values.keys().filter_map(|name| metric(name));
    let described: Vec<_> = described
        .map(|(name, unit)| json!({"Name": name, "Unit": unit}))
        .collect();
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.map_or(0, |now| u64::try_from(now.as_millis()).unwrap_or(0));
    let directive = json!({"Namespace": namespace, "Dimensions": [[]], "Metrics": described});
    let mut line = Map::new();
    line.insert(
        "_aws".to_owned(),
        json!({"Timestamp": now, "CloudWatchMetrics": [directive]}),
    );
    line.extend(
        values
            .into_iter()
            .map(|(name, values)| (name.to_owned(), json!(values))),
    );
    Some(Value::Object(line))
}

struct Collecting;

impl<S: Subscriber> Layer<S> for Collecting {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut recorded = Recorded::default();
        event.record(&mut recorded);
        if let (Some(counter), Some(count)) = (recorded.counter, recorded.count) {
            add(&counter, count);
        }
    }
}

/// A counter that is named by a field, and its value; any other field is a metric by itself.
#[derive(Default)]
struct Recorded {
    counter: Option<String>,
    count: Option<f64>,
}

impl Recorded {
    fn add(&mut self, field: &Field, value: f64) {
        match field.name() {
            "count" => self.count = Some(value),
            name => add(name, value),
        }
    }
}

impl Visit for Recorded {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.add(field, value);
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "counts and milliseconds are far below 2^53"
    )]
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field, value as f64);
    }

    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, value as f64);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "counter" {
            self.counter = Some(value.to_owned());
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing_subscriber::layer::SubscriberExt;

    /// Does work whose measurements are collected, for the next [`line`].
    fn collected(work: impl FnOnce()) {
        let subscriber = tracing_subscriber::registry().with(collecting());
        tracing::subscriber::with_default(subscriber, work);
    }

    #[test]
    fn an_invocation_is_one_line_that_sums_counts_and_lists_times() {
        collected(|| {
            for (counter, count) in [
                ("OrdersSucceeded", 98_u64),
                ("OrdersFailed", 2),
                ("OrdersSucceeded", 100),
                ("PricesSucceeded", 7),
            ] {
                tracing::info!(target: TARGET, counter, count);
            }
            tracing::info!(target: TARGET, ChunkTime = 12.5, QueueWait = Some(3_u64), Retries = 0);
            tracing::info!(target: TARGET, ChunkTime = 9.0, QueueWait = None::<u64>, Retries = 1);
        });
        let line = line("tasks").unwrap();
        assert_eq!(
            (&line["OrdersSucceeded"], &line["OrdersFailed"]),
            (&json!([198.0]), &json!([2.0]))
        );
        assert_eq!(line["PricesSucceeded"], json!([7.0]));
        assert_eq!(
            (&line["ChunkTime"], &line["QueueWait"]),
            (&json!([12.5, 9.0]), &json!([3.0]))
        );
        assert_eq!(line["Retries"], json!([1.0]));
        let directive = &line["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(directive["Namespace"], "tasks");
        assert_eq!(directive["Dimensions"], json!([[]]));
        let described = directive["Metrics"].as_array().unwrap();
        assert!(described.contains(&json!({"Name": "ChunkTime", "Unit": "Milliseconds"})));
        assert_eq!(described.len(), line.as_object().unwrap().len() - 1);
        assert!(line["_aws"]["Timestamp"].as_u64().unwrap() > 1_700_000_000_000);
        assert!(
            super::line("tasks").is_none(),
            "the next invocation begins with nothing"
        );
    }

    #[test]
    fn what_is_no_measurement_is_no_metric() {
        collected(|| {
            tracing::info!(Retries = 1_u64, "a log line");
            tracing::info!(target: TARGET, counter = "Unknown", count = 1_u64);
            tracing::info!(target: TARGET, Unknown = 1_u64);
        });
        assert!(line("tasks").is_none());
    }

    #[test]
    fn without_a_namespace_nothing_is_collected_and_a_reserved_one_stops_the_start() {
        let registry = |environment: &Environment| {
            layer::<tracing_subscriber::Registry>(environment).map(|layer| layer.is_some())
        };
        assert_eq!(registry(&Environment::default()), Ok(false));
        let error =
            registry(&Environment::from([("METRICS_NAMESPACE", "AWS/Lambda")])).unwrap_err();
        assert!(error.to_string().contains("METRICS_NAMESPACE"), "{error}");
    }
}
