//! Metrics in CloudWatch's embedded format: the measurements of one invocation are one JSON line on standard output at its end,
//! which CloudWatch reads metrics from. No service is called for it.
//!
//! An invocation has its thread to itself, so its measurements are its thread's since the last line.
//!
//! `METRICS_NAMESPACE` says where they belong; without it nothing is collected.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value, json};
use task_engine::metrics::TARGET;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber, level_filters::LevelFilter};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

use crate::configuration::{ConfigurationError, Environment};
use crate::variables::METRICS_NAMESPACE;

/// The unit whose values are added up; of any other unit each value is kept.
const COUNT: &str = "Count";
/// Bounds the values of a metric in a line of the log: CloudWatch's limit.
const MOST_VALUES: usize = 100;

/// Where measurements belong, if anybody wants them.
static NAMESPACE: OnceLock<String> = OnceLock::new();

thread_local! {
    /// The measurements of this thread since the last line, by metric.
    static MEASURED: RefCell<BTreeMap<String, Measured>> = const { RefCell::new(BTreeMap::new()) };
}

/// The values of a metric.
struct Measured {
    unit: String,
    values: Vec<f64>,
}

/// Returns the layer that collects measurements; `None` without `METRICS_NAMESPACE`.
pub(crate) fn layer<S: Subscriber + for<'s> LookupSpan<'s>>(
    environment: &Environment,
) -> Result<Option<impl Layer<S>>, ConfigurationError> {
    let variable = METRICS_NAMESPACE.name;
    let Some(namespace) = environment.text(variable) else {
        return Ok(None);
    };
    if namespace.len() > 255 || namespace.starts_with("AWS/") {
        let wrong = "must have at most 255 characters and not begin with AWS/";
        return Err(ConfigurationError::new(variable, wrong));
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

fn add(metric: String, unit: String, value: f64) {
    MEASURED.with_borrow_mut(|all| {
        let values = vec![];
        let measured = all.entry(metric).or_insert(Measured { unit, values });
        let values = &mut measured.values;
        if measured.unit == COUNT && !values.is_empty() {
            values[0] += value;
        } else if values.len() < MOST_VALUES {
            values.push(value);
        }
    });
}

/// Takes the measurements, and with them begins the next line. One object: the metrics' units and their values.
fn line(namespace: &str) -> Option<Value> {
    let measured = MEASURED.take();
    if measured.is_empty() {
        return None;
    }
    let described = measured.iter();
    let described: Vec<_> = described
        .map(|(name, measured)| json!({"Name": name, "Unit": measured.unit}))
        .collect();
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.map_or(0, |now| u64::try_from(now.as_millis()).unwrap_or(0));
    let directive = json!({"Namespace": namespace, "Dimensions": [[]], "Metrics": described});
    let mut line = Map::new();
    line.insert(
        "_aws".to_owned(),
        json!({"Timestamp": now, "CloudWatchMetrics": [directive]}),
    );
    let values = measured.into_iter();
    line.extend(values.map(|(name, measured)| (name, json!(measured.values))));
    Some(Value::Object(line))
}

struct Collecting;

impl<S: Subscriber> Layer<S> for Collecting {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut recorded = Recorded::default();
        event.record(&mut recorded);
        if let (Some(metric), Some(unit), Some(value)) =
            (recorded.metric, recorded.unit, recorded.value)
        {
            add(metric, unit, value);
        }
    }
}

/// The fields of a measurement.
#[derive(Default)]
struct Recorded {
    metric: Option<String>,
    unit: Option<String>,
    value: Option<f64>,
}

impl Visit for Recorded {
    fn record_f64(&mut self, field: &Field, value: f64) {
        if field.name() == "value" {
            self.value = Some(value);
        }
    }

    fn record_str(&mut self, field: &Field, text: &str) {
        match field.name() {
            "metric" => self.metric = Some(text.to_owned()),
            "unit" => self.unit = Some(text.to_owned()),
            _ => {}
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use task_engine::metrics::Metric;
    use tracing_subscriber::layer::SubscriberExt;

    /// Does work whose measurements are collected, for the next [`line`].
    fn collected(work: impl FnOnce()) {
        let subscriber = tracing_subscriber::registry().with(collecting());
        tracing::subscriber::with_default(subscriber, work);
    }

    #[test]
    fn an_invocation_is_one_line_that_sums_counts_and_lists_times() {
        collected(|| {
            for (name, count) in [
                ("OrdersSucceeded", 98),
                ("OrdersFailed", 2),
                ("OrdersSucceeded", 100),
                ("PricesSucceeded", 7),
            ] {
                Metric::Items(name).record(count);
            }
            Metric::QueueWait.record(3);
            for (time, retries) in [(12.5, 0), (9.0, 1)] {
                Metric::ChunkTime.record(time);
                Metric::Retries.record(retries);
            }
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
    fn an_event_that_is_no_measurement_is_no_metric() {
        collected(|| {
            tracing::info!(Retries = 1_u64, "a log line");
            tracing::info!(target: TARGET, metric = "Retries", value = 1.0, "without a unit");
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
