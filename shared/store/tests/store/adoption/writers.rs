//! The original's software: writers that change rows of its table all the time, and of its mirror in the same transaction.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use sqlx::{Connection as _, Executor as _};
use task_store::testing::TestDatabase;
use task_store::{Connection, StoreError};
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::support::read_number;

/// A writer's pause between two transactions.
const PAUSE: Duration = Duration::from_millis(10);

/// Writers beside a test.
pub(super) struct Writers {
    handles: Vec<JoinHandle<Duration>>,
    control: JoinHandle<Duration>,
    state: Arc<State>,
}

struct State {
    url: String,
    is_over: AtomicBool,
    /// The next new key: the original has no `AUTO_INCREMENT`.
    next_id: AtomicI64,
    /// Transactions committed.
    written: AtomicU64,
}

impl Writers {
    /// Starts writers; answers when each has written.
    pub(super) async fn start(fresh: &TestDatabase, count: usize) -> Self {
        let largest = read_number(fresh, "SELECT COALESCE(MAX(id), 0) FROM mirror").await;
        let state = Arc::new(State {
            url: fresh.url.clone(),
            is_over: AtomicBool::new(false),
            next_id: AtomicI64::new(largest + 1),
            written: AtomicU64::new(0),
        });
        let handles = (0..count).map(|_| tokio::spawn(write_on(Arc::clone(&state))));
        let handles = handles.collect();
        let control = tokio::spawn(write_apart(Arc::clone(&state)));
        let writers = Self {
            handles,
            control,
            state,
        };
        while writers.written() < 2 * count as u64 {
            sleep(Duration::from_millis(5)).await;
        }
        writers
    }

    /// Lets them work for a while.
    pub(super) async fn work(&self, time: Duration) {
        let before = self.written();
        sleep(time).await;
        while self.written() == before {
            sleep(Duration::from_millis(5)).await;
        }
    }

    /// Counts transactions committed so far.
    pub(super) fn written(&self) -> u64 {
        self.state.written.load(Ordering::Relaxed)
    }

    /// Ends them; answers the longest time that a transaction took, less twice the longest of a transaction with as many
    /// statements that touches no adopted table: the load of the machine on a writer, and on another one whose row it waits for.
    pub(super) async fn stop(self) -> Duration {
        self.state.is_over.store(true, Ordering::Relaxed);
        let mut slowest = Duration::ZERO;
        for handle in self.handles {
            slowest = slowest.max(handle.await.unwrap());
        }
        slowest.saturating_sub(2 * self.control.await.unwrap())
    }
}

/// Writes to a table of its own; answers the longest time that a transaction took.
async fn write_apart(state: Arc<State>) -> Duration {
    let mut connection = Connection::connect(&state.url).await.unwrap();
    let table = "CREATE TABLE apart (id INT PRIMARY KEY, n INT NOT NULL)";
    connection.execute(table).await.unwrap();
    connection
        .execute("INSERT INTO apart VALUES (1, 0)")
        .await
        .unwrap();
    let mut slowest = Duration::ZERO;
    while !state.is_over.load(Ordering::Relaxed) {
        let start = Instant::now();
        connection.execute("START TRANSACTION").await.unwrap();
        is_swapped(&mut connection).await.unwrap();
        for sql in [
            "SELECT n FROM apart WHERE id = 1",
            "UPDATE apart SET n = n + 1 WHERE id = 1",
            "UPDATE apart SET n = n + 1 WHERE id = 1",
            "COMMIT",
        ] {
            connection.execute(sql).await.unwrap();
        }
        slowest = slowest.max(start.elapsed());
        sleep(PAUSE).await;
    }
    slowest
}

async fn write_on(state: Arc<State>) -> Duration {
    let mut connection = Connection::connect(&state.url).await.unwrap();
    let mut slowest = Duration::ZERO;
    while !state.is_over.load(Ordering::Relaxed) {
        let start = Instant::now();
        match write(&mut connection, &state)
            .await
            .map_err(StoreError::from)
        {
            Ok(()) => {
                state.written.fetch_add(1, Ordering::Relaxed);
            }
            // Writers lose against each other, and since the swap an id may be taken.
            Err(fault) if fault.is_contention() || fault.is_duplicate_key() => {
                connection.execute("ROLLBACK").await.unwrap();
            }
            Err(fault) => panic!("a writer failed: {fault}"),
        }
        slowest = slowest.max(start.elapsed());
        sleep(PAUSE).await;
    }
    slowest
}

/// Writes one change of the original's software, to its table and to the mirror.
async fn write(connection: &mut Connection, state: &State) -> sqlx::Result<()> {
    connection.execute("START TRANSACTION").await?;
    let random = fastrand::i64(0..state.next_id.load(Ordering::Relaxed));
    // It holds the table's name for this transaction, too.
    let find = format!("SELECT id FROM tbl_async_task WHERE id >= {random} ORDER BY id LIMIT 1");
    let Some(id) = sqlx::query_scalar::<_, i64>(&find)
        .fetch_optional(&mut *connection)
        .await?
    else {
        connection.execute("COMMIT").await?;
        return Ok(());
    };
    let new = state.next_id.fetch_add(1, Ordering::Relaxed);
    let sql = change(is_swapped(connection).await?, id, new);
    for table in ["tbl_async_task", "mirror"] {
        connection.execute(&*sql.replace("TABLE", table)).await?;
    }
    connection.execute("COMMIT").await?;
    Ok(())
}

async fn is_swapped(connection: &mut Connection) -> sqlx::Result<bool> {
    let sql = "SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = DATABASE() \
        AND table_name = 'tbl_async_task' AND column_name = 'id_scope'";
    let count: i64 = sqlx::query_scalar(sql).fetch_one(connection).await?;
    Ok(count > 0)
}

/// Draws a change. Since the swap an id that another row has is refused, and one that is given up stays free: own ids are left
/// alone then.
fn change(is_swapped: bool, id: i64, new: i64) -> String {
    let own_id = match fastrand::u8(0..4) {
        0 => "NULL".to_owned(),
        1 => format!("'new-{new}'"),
        _ => format!("'shared-{}'", fastrand::u8(0..20)),
    };
    match fastrand::u8(0..10) {
        0..4 => finish(id),
        4..7 if !is_swapped => insert(new, &own_id),
        4..7 => insert(new, &format!("'new-{new}'")),
        _ if is_swapped => format!(
            "UPDATE TABLE SET status = 2, end_time = NULL, start_time = '2026-01-02 03:04:05' WHERE id = {id}"
        ),
        7 => format!("DELETE FROM TABLE WHERE id = {id}"),
        8 => format!("UPDATE TABLE SET id = {new} WHERE id = {id}"),
        _ => format!("UPDATE TABLE SET user_task_id = {own_id} WHERE id = {id}"),
    }
}

fn finish(id: i64) -> String {
    format!(
        "UPDATE TABLE SET status = 3, result = '{{\"msg\": \"done\"}}', run_count = run_count + 1, \
         modify_time = '2026-02-03 04:05:06', end_time = '2026-02-03 04:05:06' WHERE id = {id}"
    )
}

fn insert(id: i64, own_id: &str) -> String {
    format!(
        "INSERT INTO TABLE (id, user_task_id, name, station_id, input, status, `repeat`, message_show, run_count, type, creat_time, modify_time) \
         VALUES ({id}, {own_id}, '新', 'T1', '{{}}', 1, 0, 1, 0, 0, '2026-01-01 00:00:00', '2026-01-01 00:00:00')"
    )
}
