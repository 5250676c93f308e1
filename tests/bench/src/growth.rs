//! Whether reading and finishing tasks stays as quick when there are many of them: `ROWS`, ten million by default.

use std::time::Instant;

use sqlx::mysql::MySqlConnection;
use sqlx::{Connection as _, Executor as _};

use crate::Setting;
use crate::figures::{Figures, median};
use crate::functions::events::{environment, event};
use crate::lambda::{Function, pin};
use crate::scratch::Scratch;
use crate::threads::block_on;

const FEW: u64 = 10_000;
const EVENTS: u64 = 400;
/// Rows of one statement while the table is filled.
const STEP: u64 = 200_000;

/// What is asked of a table: a name, a function, its query, and how much slower it may be than among few tasks.
const ASKED: [(&str, &str, &str, Option<f64>); 4] = [
    ("get", "task-get", "/task/get?task_id={any}", Some(1.1)),
    (
        "first page",
        "task-list",
        "/task/list?station_id=B1",
        Some(1.5),
    ),
    (
        "page 100",
        "task-list",
        "/task/list?station_id=B1&offset=100",
        None,
    ),
    (
        "page 100 by after_id",
        "task-list",
        "/task/list?station_id=B1&after_id={deep}",
        None,
    ),
];

/// Measures a table of few tasks, then of many.
pub(crate) fn measure(setting: &Setting, figures: &mut Figures) {
    let many = crate::variable("ROWS")
        .and_then(|rows| rows.parse().ok())
        .unwrap_or(10_000_000);
    let scratch = Scratch::new(&setting.server, 1);
    block_on(async {
        fill(&scratch.url, 0, FEW).await;
        let few = asked(setting, &scratch.url, FEW).await;
        let start = Instant::now();
        fill(&scratch.url, FEW, many).await;
        eprintln!(
            "filled to {many} tasks in {:.0} s",
            start.elapsed().as_secs_f64()
        );
        let grown = asked(setting, &scratch.url, many).await;
        for ((what, _, _, target), (few, grown)) in ASKED.iter().zip(few.iter().zip(&grown)) {
            let name = format!("{what}: {many} tasks against {FEW}");
            figures.ratio(name, (*grown, *few), "us", *target);
        }
        figures.ratio(
            "page 100 against page 1",
            (grown[2], grown[1]),
            "us",
            Some(3.0),
        );
        figures.ratio(
            "page 100 by after_id against page 1",
            (grown[3], grown[1]),
            "us",
            Some(3.0),
        );
    });
}

async fn asked(setting: &Setting, url: &str, rows: u64) -> Vec<f64> {
    pin(true);
    let mut medians = Vec::new();
    for (_, function, url_asked, _) in ASKED {
        let (path, query) = url_asked.split_once('?').unwrap_or((url_asked, ""));
        let mut function =
            Function::start(&setting.binaries.join(function), &environment(url)).await;
        let mut times = Vec::new();
        for no in 0..EVENTS {
            let any = 1 + no * 7_919 % rows;
            let query = query
                .replace("{any}", &any.to_string())
                .replace("{deep}", &(rows - 1_000).to_string());
            let (took, answer) = function.invoke(&event("GET", path, &query, "", 0)).await;
            assert!(answer.contains(r#"\"code\":0"#), "{answer}");
            times.push(took.as_secs_f64() * 1e6);
        }
        medians.push(median(&times[times.len() / 2..]));
    }
    pin(false);
    medians
}

/// Adds tasks until the table has `to` rows: a tenth of them of the station that is asked, most of them finished.
async fn fill(url: &str, from: u64, to: u64) {
    let mut connection = MySqlConnection::connect(url).await.expect("a server");
    connection
        .execute("SET SESSION cte_max_recursion_depth = 10000000")
        .await
        .expect("a setting");
    let mut first = from;
    while first < to {
        let last = (first + STEP).min(to);
        let sql = format!(
            "INSERT INTO tbl_async_task (id, user_task_id, name, station_id, input, status, result) \
             WITH RECURSIVE numbers (n) AS (SELECT {first} + 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {last}) \
             SELECT n, CONCAT('bench-', n), '导出', IF(n % 10 = 0, 'B1', CONCAT('B', n % 1000 + 2)), '{{}}', \
               IF(n % 100 = 0, 1, 3), '{{\"msg\": \"好\"}}' FROM numbers"
        );
        connection
            .execute(sql.as_str())
            .await
            .expect("tasks are inserted");
        first = last;
    }
}
