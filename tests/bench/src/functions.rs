//! Every HTTP function warm, over the statement it cannot do without; and the cost of a start.

pub(crate) mod events;
mod memory;
mod queue;
mod start;

use sqlx::Connection as _;
use sqlx::mysql::MySqlConnection;
use std::time::Instant;

use crate::Setting;
use crate::figures::{Figures, median, percentile};
use crate::lambda::{Function, pin};
use crate::scratch::Scratch;
use crate::threads::block_on;
use events::{CASES, Case, environment, event, insert_tasks};

/// Events of each function; half of them warm it up.
const EVENTS: i64 = 2_000;

/// Measures starts, memory and warm events.
pub(crate) fn measure(setting: &Setting, figures: &mut Figures) {
    let scratch = Scratch::new(&setting.server, 10_000);
    pin(true);
    block_on(async {
        insert_tasks(&scratch.url, 4 * EVENTS).await;
        start::measure(setting, &scratch.url, figures).await;
        memory::measure(setting, &scratch.url, figures).await;
        let hello = warm(setting, &scratch.url, "hello", &|no| {
            event("GET", "/", "", "", no)
        })
        .await;
        figures.value("warm event, hello: p50", median(&hello), "us", None);
        for case in CASES {
            let floor = bare(&scratch.url, case).await;
            let make = |no| event(case.method, case.path, case.query, case.body, no);
            let times = warm(setting, &scratch.url, case.function, &make).await;
            let floor_of = |share| percentile(&hello, share) + percentile(&floor, share);
            let name = format!("warm event, {}", case.function);
            let p50 = (median(&times), floor_of(0.5));
            figures.ratio(format!("{name}: p50"), p50, "us", case.target);
            let p99 = (percentile(&times, 0.99), floor_of(0.99));
            figures.ratio(format!("{name}: p99"), p99, "us", None);
        }
    });
    pin(false);
}

/// Measures the start and the archive of every function.
pub(crate) fn starts(setting: &Setting, figures: &mut Figures) {
    let scratch = Scratch::new(&setting.server, 10);
    pin(true);
    block_on(start::all(setting, &scratch.url, figures));
    pin(false);
}

/// Times of a function's events in microseconds, without the events that warmed it up.
async fn warm(setting: &Setting, url: &str, name: &str, event: &dyn Fn(i64) -> String) -> Vec<f64> {
    let mut function = Function::start(&setting.binaries.join(name), &environment(url)).await;
    let mut times = Vec::new();
    for no in 1..=EVENTS {
        let (took, answer) = function.invoke(&event(no)).await;
        let is_right = name == "hello" || answer.contains(r#"\"code\":0"#);
        assert!(is_right, "{name}: {answer}");
        times.push(took.as_secs_f64() * 1e6);
    }
    times.split_off(times.len() / 2)
}

/// Times of the statement that a function cannot do without, in microseconds.
async fn bare(url: &str, case: &Case) -> Vec<f64> {
    let mut connection = MySqlConnection::connect(url).await.expect("a server");
    let mut times = Vec::new();
    for no in 1..=EVENTS {
        let start = Instant::now();
        let mut statement = sqlx::query(case.statement);
        for _ in 0..case.statement.matches('?').count() {
            statement = statement.bind(3 * EVENTS + no);
        }
        statement
            .fetch_all(&mut connection)
            .await
            .expect("the statement runs");
        times.push(start.elapsed().as_secs_f64() * 1e6);
    }
    times.split_off(times.len() / 2)
}
