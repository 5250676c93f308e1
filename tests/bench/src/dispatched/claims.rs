//! What a claim takes beside many open and ended tasks, with an old read view held, against an almost empty table. `ROWS` says
//! how many have ended.

use std::time::Instant;

use sqlx::mysql::MySqlConnection;
use sqlx::{Connection as _, Executor as _};
use task_service::tasks::{self, IdScope};

use super::{claimed, declare, finish, request};
use crate::Setting;
use crate::engine::database;
use crate::figures::{Figures, median};
use crate::functions::events::numbers;
use crate::scratch::Scratch;
use crate::threads::block_on;

const OPEN: usize = 100_000;
const CLAIMS: usize = 1_000;
/// Rows of one statement.
const STEP: usize = 100_000;

pub(crate) fn measure(setting: &Setting, figures: &mut Figures) {
    let ended = crate::variable("ROWS").and_then(|rows| rows.parse().ok());
    let ended: usize = ended.unwrap_or(1_000_000);
    let scratch = Scratch::new(&setting.server, 3);
    declare(&scratch.url);
    let [few, many, beside_reader] = block_on(measured(&scratch.url, ended));
    let name = format!(
        "claim: {OPEN} open of {} tasks, against an empty table",
        ended + OPEN
    );
    figures.ratio(&name, (many, few), "us", Some(1.3));
    figures.ratio(
        format!("{name}, an old read view held"),
        (beside_reader, few),
        "us",
        Some(1.3),
    );
}

/// Medians: of an almost empty table, of a full one, and of that beside an old read view.
async fn measured(url: &str, ended: usize) -> [f64; 3] {
    let few = median(&claims(url, true).await);
    fill(url, ended).await;
    let many = median(&claims(url, false).await);
    let reader = old_view(url).await;
    let beside_reader = median(&claims(url, false).await);
    drop(reader);
    [few, many, beside_reader]
}

/// The times of claims in microseconds, each of one task that is finished then; with `adds` each is added just before.
async fn claims(url: &str, adds: bool) -> Vec<f64> {
    let database = database(url);
    let mut times = Vec::with_capacity(CLAIMS);
    for no in 0..CLAIMS {
        if adds {
            let added = tasks::add(&database, &request(no).task(), IdScope::Station).await;
            added.expect("the task is added");
        }
        let start = Instant::now();
        let runs = claimed(&database, 1).await;
        times.push(start.elapsed().as_secs_f64() * 1e6);
        assert_eq!(runs.len(), 1, "a task is there");
        finish(&database, &runs).await;
    }
    times
}

async fn fill(url: &str, ended: usize) {
    let mut connection = MySqlConnection::connect(url).await.expect("a server");
    for first in (0..ended + OPEN).step_by(STEP) {
        let is_open = first >= ended;
        let (status, outcome) = if is_open {
            ("1", "NULL")
        } else {
            ("3", "'success'")
        };
        let tasks = format!(
            "INSERT INTO tbl_async_task (id, station_id, name, input, result, queue, status, outcome, end_time, id_scope) \
             SELECT 1000000 + {first} + n, CONCAT('B', n % 50), '导出', '{{}}', '{{\"msg\":\"好\"}}', 'bench', {status}, {outcome}, \
               NOW(3), '' FROM {} WHERE n <= {STEP}",
            numbers(5)
        );
        connection
            .execute(tasks.as_str())
            .await
            .expect("rows are inserted");
    }
    let units = "INSERT INTO tbl_work (kind, queue, station_id, task_id, state, turn, due_at, ready_at) \
        SELECT 2, queue, station_id, id, 0, id, '9999-12-31', NOW(3) FROM tbl_async_task WHERE status = 1 AND queue = 'bench'";
    for sql in [units, "ANALYZE TABLE tbl_async_task, tbl_work"] {
        connection.execute(sql).await.expect("rows are inserted");
    }
}

/// A session whose view of the data is as old as it: the server keeps for it what others delete.
async fn old_view(url: &str) -> MySqlConnection {
    let mut reader = MySqlConnection::connect(url).await.expect("a server");
    for sql in [
        "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
        "START TRANSACTION WITH CONSISTENT SNAPSHOT",
    ] {
        reader.execute(sql).await.expect("a view");
    }
    reader
}
