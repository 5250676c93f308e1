//! Tasks, batches and claims to test with, and SQL of the tests' own.

use std::time::Duration;

use sqlx::mysql::MySqlRow;
use sqlx::{Executor as _, Row as _};
use task_store::batches::{self, NewRun};
use task_store::chunks::{self, ChunkKey, Claimed, Dispatch};
use task_store::payloads::{self, NewChunk};
use task_store::tasks::{self, Labels, NewTask};
use task_store::testing::TestDatabase;
use task_store::{
    CompressedText, Connection, Database, Result, StationId, StoreError, TaskId, UserTaskId,
};

/// A lease no test outlives.
pub(crate) const LEASE: Duration = Duration::from_secs(30);

pub(crate) fn station(id: &str) -> StationId {
    StationId::parse(id).unwrap()
}

pub(crate) fn user_task_id(id: &str) -> UserTaskId {
    UserTaskId::parse(id).unwrap()
}

/// Does a unit of work that must succeed.
pub(crate) async fn done<T>(
    database: &Database,
    work: impl AsyncFn(&mut Connection) -> Result<T>,
) -> T {
    database.run(work).await.unwrap()
}

/// Runs a statement of the test's own.
pub(crate) async fn execute(fresh: &TestDatabase, sql: &str) {
    done(&fresh.database, async |c| Ok(c.execute(sql).await?)).await;
}

/// Reads the first column of the only row of a query of the test's own, as text.
pub(crate) async fn read(fresh: &TestDatabase, sql: &str) -> Option<String> {
    let row: MySqlRow = done(&fresh.database, async |c| Ok(c.fetch_one(sql).await?)).await;
    row.try_get_unchecked(0).unwrap()
}

pub(crate) async fn read_number(fresh: &TestDatabase, sql: &str) -> i64 {
    read(fresh, &format!("SELECT CAST(({sql}) AS CHAR)"))
        .await
        .unwrap()
        .parse()
        .unwrap()
}

/// The number of a connection on the server.
pub(crate) async fn connection_id(database: &Database) -> u64 {
    done(database, async |c| {
        let row = c.fetch_one("SELECT CONNECTION_ID()").await?;
        Ok(row.try_get_unchecked(0)?)
    })
    .await
}

pub(crate) fn new_task<'a>(station: &'a StationId, id: Option<&'a UserTaskId>) -> NewTask<'a> {
    NewTask {
        user_task_id: id,
        station_id: station,
        name: "导出",
        input: "{}",
        type_id: 0,
        repeat: false,
        message_show: true,
        labels: Labels::default(),
        dispatch: None,
    }
}

pub(crate) async fn a_task(fresh: &TestDatabase) -> TaskId {
    let station = station("T1");
    done(&fresh.database, async |c| {
        tasks::insert(c, &new_task(&station, None)).await
    })
    .await
}

/// The values of a batch.
pub(crate) const RUN: NewRun<'_> = NewRun {
    job: "order_import",
    payload_hash: &[7; 32],
    item_count: 4,
    params: r#"{"time_config_id": "C1"}"#,
    callback: None,
};

/// Chunks of two items each.
pub(crate) fn chunks_of_two(count: u32) -> Vec<NewChunk> {
    (0..count)
        .map(|n| NewChunk {
            first_index: n * 2,
            item_count: 2,
            items: CompressedText::new(&format!(
                "[{{\"n\": {}}}, {{\"n\": {}}}]",
                n * 2,
                n * 2 + 1
            )),
            duplicates: (n == 1).then(|| "[[3, 2]]".to_owned()),
        })
        .collect()
}

/// Nothing is granted, nothing is due before a minute has passed.
pub(crate) const BY_CLAIM: Dispatch =
    Dispatch::by_claim(Duration::from_mins(1), Duration::from_mins(1));

/// A batch of chunks of two items each, to be announced by the sweeper in a minute.
pub(crate) async fn a_batch(fresh: &TestDatabase, chunks: u32) -> TaskId {
    batch_of(fresh, &chunks_of_two(chunks)).await
}

pub(crate) async fn batch_of(fresh: &TestDatabase, chunks: &[NewChunk]) -> TaskId {
    let task = a_task(fresh).await;
    let stored = fresh.database.transaction(async |c: &mut Connection| {
        batches::insert(c, task, &RUN).await?;
        payloads::insert(c, task, chunks).await?;
        chunks::insert_units(c, task, 1, 0, &BY_CLAIM).await
    });
    stored.await.unwrap();
    task
}

pub(crate) const fn chunk_key(task: TaskId, chunk: u32) -> ChunkKey {
    ChunkKey {
        task,
        run: 1,
        chunk,
    }
}

pub(crate) async fn try_claim(fresh: &TestDatabase, key: ChunkKey) -> Option<Claimed> {
    done(&fresh.database, async |c| {
        chunks::claim(c, key, &chunks::ClaimTerms::new(LEASE, 0)).await
    })
    .await
    .claimed()
}

/// Ends a claimed chunk as done; `false` when the claim is lost.
pub(crate) async fn end_chunk(connection: &mut Connection, claim: &Claimed) -> Result<bool> {
    let held = chunks::end_unit(connection, claim).await?;
    if held {
        chunks::complete(connection, claim).await?;
    }
    Ok(held)
}

/// Ends the chunks of a task that a condition on `tbl_batch_chunk c` names, in a state, without a claim.
pub(crate) async fn end_chunks(fresh: &TestDatabase, state: u8, condition: &str) {
    let open = format!(
        "DELETE w FROM tbl_work w JOIN tbl_batch_chunk c ON c.task_id = w.task_id AND c.run = w.run \
           AND c.chunk_no = w.part WHERE {condition}"
    );
    execute(fresh, &open).await;
    let ended = format!("UPDATE tbl_batch_chunk c SET c.state = {state} WHERE {condition}");
    execute(fresh, &ended).await;
}

/// Claims a chunk of the first run that must be free.
pub(crate) async fn claim(fresh: &TestDatabase, task: TaskId, chunk: u32) -> Claimed {
    try_claim(fresh, chunk_key(task, chunk)).await.unwrap()
}

/// Lets every lease run out.
pub(crate) async fn expire_leases(fresh: &TestDatabase) {
    execute(
        fresh,
        "UPDATE tbl_work SET lease_until = NOW(3) - INTERVAL 1 SECOND WHERE lease_until IS NOT NULL",
    )
    .await;
}

/// The error of a statement that had to fail.
pub(crate) fn fault<T: std::fmt::Debug>(end: Result<T>) -> StoreError {
    end.unwrap_err()
}

pub(crate) async fn by_id(fresh: &TestDatabase, key: TaskId) -> tasks::Task {
    done(&fresh.database, async |c| tasks::by_id(c, key).await)
        .await
        .unwrap()
}

pub(crate) async fn insert_named(fresh: &TestDatabase, id: &str) -> task_store::Result<TaskId> {
    let (station, id) = (station("T1"), user_task_id(id));
    fresh
        .database
        .run(async |c: &mut Connection| tasks::insert(c, &new_task(&station, Some(&id))).await)
        .await
}

/// Counts the rows and index entries that a session has read.
async fn reads(connection: &mut Connection) -> Result<i64> {
    let rows: Vec<(String, String)> = sqlx::query_as("SHOW SESSION STATUS LIKE 'Handler_read%'")
        .fetch_all(connection)
        .await?;
    let counts = rows.iter().map(|(_, count)| count.parse::<i64>().unwrap());
    Ok(counts.sum())
}

/// Does work and counts the rows and index entries that it reads.
pub(crate) async fn counting_reads<T>(
    connection: &mut Connection,
    work: impl AsyncFn(&mut Connection) -> Result<T>,
) -> Result<(i64, T)> {
    let first = reads(connection).await?;
    let before = reads(connection).await?;
    let end = work(connection).await?;
    let after = reads(connection).await?;
    let of_counting = before - first;
    Ok((after - before - of_counting, end))
}
