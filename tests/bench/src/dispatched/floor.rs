//! The floor of dispatched tasks: the same rows written by three batched commits for each thousand tasks, on two connections.

use sqlx::mysql::MySqlConnection;
use sqlx::{Connection as _, Executor as _};

use super::{LIST, TASKS, WORKERS};
use crate::functions::events::numbers;
use crate::threads;

/// Keys of a round: more than all systems use up in it, whose keys follow the largest that there is.
const KEYS: usize = 1_000_000_000;

/// Stores, takes and ends as many tasks as a run has; `round` tells its keys from those of other rounds.
pub(super) fn run(url: &str, round: usize) {
    let lists: Vec<_> = (0..TASKS / LIST).collect();
    threads::run(WORKERS, async |worker| {
        let mut connection = MySqlConnection::connect(url).await.expect("a server");
        // As in the service's sessions: no gaps between the rows of one list and the next are locked.
        let isolation = "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED";
        connection.execute(isolation).await.expect("a session");
        for list in lists.iter().filter(|list| *list % WORKERS == worker) {
            let first = (round + 1) * KEYS + list * LIST;
            for sql in statements(first) {
                connection
                    .execute(sql.as_str())
                    .await
                    .expect("the rows are written");
            }
        }
    });
}

fn statements(first: usize) -> Vec<String> {
    let last = first + LIST;
    let of_list = format!("id >= {first} AND id < {last}");
    vec![
        "START TRANSACTION".to_owned(),
        format!(
            "INSERT INTO tbl_async_task (id, station_id, name, input, queue, id_scope) \
             SELECT {first} + n - 1, CONCAT('B', n % 50), '导出', '{{}}', 'floor', '' FROM {} WHERE n <= {LIST}",
            numbers(3)
        ),
        format!(
            "INSERT INTO tbl_work (kind, queue, station_id, task_id, state, turn, due_at, ready_at) \
             SELECT 2, 'floor', station_id, id, 0, id, '9999-12-31', NOW(3) FROM tbl_async_task WHERE {of_list}"
        ),
        "COMMIT".to_owned(),
        format!(
            "UPDATE tbl_work w JOIN tbl_async_task t ON t.id = w.task_id \
             SET w.state = 3, w.attempt = 1, w.run_count = 1, w.timeout = 900, w.lease_until = NOW(3) + INTERVAL 900 SECOND, \
               w.due_at = NOW(3) + INTERVAL 900 SECOND, w.worker = 'floor', \
               t.status = 2, t.run_count = 1, t.attempt = 1, t.start_time = NOW(3), t.modify_time = NOW(3) \
             WHERE w.task_id >= {first} AND w.task_id < {last} AND w.kind = 2"
        ),
        "START TRANSACTION".to_owned(),
        format!(
            "UPDATE tbl_async_task SET status = 3, result = '{{\"msg\":\"好\"}}', outcome = 'success', end_time = NOW(3), \
             modify_time = NOW(3) WHERE {of_list}"
        ),
        format!(
            "INSERT INTO tbl_task_run (task_id, run_count, attempt, started_at, ended_at, worker) \
             SELECT task_id, 1, 1, NOW(3), NOW(3), worker FROM tbl_work \
             WHERE task_id >= {first} AND task_id < {last} AND kind = 2"
        ),
        format!("DELETE FROM tbl_work WHERE task_id >= {first} AND task_id < {last} AND kind = 2"),
        "COMMIT".to_owned(),
    ]
}
