//! The cost of a function's start: time to its first poll and first answer, size.

use std::path::Path;
use std::process::Command;

use task_local::Project;

use super::events::{CASES, environment, event};
use crate::Setting;
use crate::figures::{Figures, median};
use crate::lambda::Function;

/// How often each function is started.
const STARTS: usize = 25;

/// One function's starts.
struct Started {
    first_poll: Vec<f64>,
    first_answer: Vec<f64>,
}

/// Measures hello, a function that only reads, one that sends, and the worker.
pub(super) async fn measure(setting: &Setting, url: &str, figures: &mut Figures) {
    let reads = event("GET", "/task/get", "task_id=1", "", 1);
    let sends = event("POST", "/station/order/batch/submit", "", "{}", 1);
    let works = r#"{"Records":[]}"#.to_owned();
    let hello = starts(setting, url, "hello", Some(&reads)).await;
    let floor = (median(&hello.first_poll), median(&hello.first_answer));
    figures.value("start to first poll, hello", floor.0, "ms", None);
    figures.value("start to first answer, hello", floor.1, "ms", None);
    size(setting, figures, "hello", None);
    let cases = [
        ("task-get", &reads, 1.3, 1.4),
        ("order-batch-submit", &sends, 2.0, 2.8),
        ("order-batch-worker", &works, 2.0, 2.8),
    ];
    for (name, event, poll, zip) in cases {
        let started = starts(setting, url, name, Some(event)).await;
        let first_poll = (median(&started.first_poll), floor.0);
        figures.ratio(
            format!("start to first poll, {name}"),
            first_poll,
            "ms",
            Some(poll),
        );
        let first_answer = (median(&started.first_answer), floor.1);
        figures.ratio(
            format!("start to first answer, {name}"),
            first_answer,
            "ms",
            None,
        );
        size(setting, figures, name, Some(zip));
    }
}

/// Measures every function: its start, and its archive, against those of hello. The first answer of those that `CASES` has an event of.
pub(super) async fn all(setting: &Setting, url: &str, figures: &mut Figures) {
    let project = Project::read(&task_local::project_root()).expect("a project");
    let reads = event("GET", "/", "", "", 1);
    let hello = starts(setting, url, "hello", Some(&reads)).await;
    let poll = median(&hello.first_poll);
    let answer = median(&hello.first_answer);
    let archive = compressed(&setting.binaries.join("hello"));
    for name in &project.functions {
        let case = CASES.iter().find(|case| case.function == name);
        let first =
            case.map(|case| event(case.method, case.path, case.query, case.body, 1_000_000));
        let started = starts(setting, url, name, first.as_deref()).await;
        let mut note = |what: &str, value: f64, floor: f64, unit| {
            figures.ratio(format!("{what}, {name}"), (value, floor), unit, None);
        };
        note(
            "start to first poll",
            median(&started.first_poll),
            poll,
            "ms",
        );
        if case.is_some() {
            note(
                "start to first answer",
                median(&started.first_answer),
                answer,
                "ms",
            );
        }
        let packed = compressed(&setting.binaries.join(name));
        note("archive", packed, archive, "MB");
    }
}

async fn starts(setting: &Setting, url: &str, name: &str, event: Option<&str>) -> Started {
    let (mut first_poll, mut first_answer) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        let mut function = Function::start(&setting.binaries.join(name), &environment(url)).await;
        let poll = function.first_poll.as_secs_f64() * 1e3;
        first_poll.push(poll);
        if let Some(event) = event {
            let (took, _) = function.invoke(event).await;
            first_answer.push(poll + took.as_secs_f64() * 1e3);
        }
    }
    Started {
        first_poll,
        first_answer,
    }
}

/// The size of a function's archive: nearly all of it is the compressed binary.
fn size(setting: &Setting, figures: &mut Figures, name: &str, target: Option<f64>) {
    let megabytes = compressed(&setting.binaries.join(name));
    figures.value(format!("archive, {name}"), megabytes, "MB", target);
}

fn compressed(file: &Path) -> f64 {
    let packed = Command::new("gzip")
        .arg("-9c")
        .arg(file)
        .output()
        .expect("gzip runs");
    f64::from(u32::try_from(packed.stdout.len()).unwrap_or(u32::MAX)) / 1e6
}
