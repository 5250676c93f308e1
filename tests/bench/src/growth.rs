//! Whether reading and finishing tasks stays as quick when there are many of them: `ROWS`, ten million by default.

mod fill;

use std::time::Instant;

use crate::Setting;
use crate::figures::{Figures, median};
use crate::functions::events::{environment, event};
use crate::lambda::{Function, pin};
use crate::scratch::Scratch;
use crate::threads::block_on;
use fill::{FEW, Table};

/// Half of them warm the function up.
const EVENTS: u64 = 400;

/// What is asked of a table, and how much slower it may be than among few tasks.
struct Question {
    what: &'static str,
    function: &'static str,
    method: &'static str,
    /// `{…}` is a key, see [`Table`].
    asked: &'static str,
    target: Option<f64>,
}

const fn read(
    what: &'static str,
    function: &'static str,
    asked: &'static str,
    target: Option<f64>,
) -> Question {
    Question {
        what,
        function,
        method: "GET",
        asked,
        target,
    }
}

const FIRST_PAGE: usize = 2;
const DEEP: [usize; 2] = [4, 5];
const QUESTIONS: [Question; 8] = [
    read("get, hot", "task-get", "/task/get?task_id={hot}", Some(1.1)),
    read("get, any", "task-get", "/task/get?task_id={any}", None),
    read(
        "first page",
        "task-list",
        "/task/list?station_id=B1",
        Some(1.5),
    ),
    read(
        "first page of the panel",
        "async-task-list",
        "/async_task/list?station_id=B1",
        Some(1.5),
    ),
    read(
        "page 100",
        "task-list",
        "/task/list?station_id=B1&offset=100",
        None,
    ),
    read(
        "page 100 by after_id",
        "task-list",
        "/task/list?station_id=B1&after_id={deep}",
        None,
    ),
    read(
        "progress of a running batch",
        "async-task-get",
        "/async_task/get?task_id={batch}",
        None,
    ),
    Question {
        method: "POST",
        ..read("finish", "task-finish", "/task/finish?task_id={open}", None)
    },
];

/// Measures a table of few tasks, then of many.
pub(crate) fn measure(setting: &Setting, figures: &mut Figures) {
    let many = crate::variable("ROWS")
        .and_then(|rows| rows.parse().ok())
        .unwrap_or(10_000_000);
    let scratch = Scratch::new(&setting.server, 1);
    block_on(async {
        let few = Table::filled(&scratch.url, 0, FEW).await;
        let few = answers(setting, &scratch.url, few).await;
        let start = Instant::now();
        let grown = Table::filled(&scratch.url, FEW, many).await;
        let seconds = start.elapsed().as_secs_f64();
        eprintln!("filled to {many} tasks in {seconds:.0} s");
        let grown = answers(setting, &scratch.url, grown).await;
        for (question, (few, grown)) in QUESTIONS.iter().zip(few.iter().zip(&grown)) {
            let name = format!("{}: {many} tasks against {FEW}", question.what);
            figures.ratio(name, (*grown, *few), "us", question.target);
        }
        for deep in DEEP {
            let name = format!("{} against the first page", QUESTIONS[deep].what);
            let pages = (grown[deep], grown[FIRST_PAGE]);
            figures.ratio(name, pages, "us", Some(3.0));
        }
    });
}

/// The middle time of the answers to each question, in microseconds.
async fn answers(setting: &Setting, url: &str, table: Table) -> Vec<f64> {
    pin(true);
    let mut medians = Vec::new();
    for question in &QUESTIONS {
        let binary = setting.binaries.join(question.function);
        let mut function = Function::start(&binary, &environment(url)).await;
        let mut times = Vec::new();
        for no in 0..EVENTS {
            let asked = table.with_keys(question.asked, no);
            let (path, query) = asked.split_once('?').unwrap_or((&asked, ""));
            let event = event(question.method, path, query, "", 0);
            let (took, answer) = function.invoke(&event).await;
            assert!(
                answer.contains(r#"\"code\":0"#),
                "{}: {answer}",
                question.what
            );
            times.push(took.as_secs_f64() * 1e6);
        }
        medians.push(median(&times[times.len() / 2..]));
    }
    pin(false);
    medians
}
