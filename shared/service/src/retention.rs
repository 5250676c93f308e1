//! Retention: finished tasks that were kept long enough are purged. What was made of them stays: orders with their unique keys.
//!
//! A task is marked, deleted a minute later, and the rows of its batch after it: in small transactions by their keys, each of which
//! leaves what is locked by others to another time. A purge that is cut off goes on in the next round.

use std::time::{Duration, Instant};

use serde::Serialize;
use task_engine::Deadline;
use task_store::purge::{self, OldTasks};
use task_store::{Connection, Database, keep};

use crate::error::{Error, Result};

/// Tasks that are looked at in one step.
const PAGE: u32 = 200;
/// Rows of tasks and their runs of one transaction.
const ROWS: u32 = 300;
/// How many times as long as a step took nothing is done after it, so that others have the database for most of the time.
const REST: u32 = 2;
const LONGEST_REST: Duration = Duration::from_millis(200);
/// Items of one transaction.
const ITEMS: u32 = 1_000;
/// Chunks of one transaction, with their payloads: large rows.
const CHUNKS: u32 = 50;
/// Batches whose rows are deleted before it is looked for more of them.
const BATCHES: u32 = 20;

/// The days for which finished tasks are kept; 0: for ever.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RetentionDays(pub u32);

/// The counts of a purge.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Purged {
    /// Tasks that were marked.
    pub marked: u64,
    /// Tasks that were deleted.
    pub purged: usize,
}

/// Purges tasks that ended more than `days` ago, or than days of their own, until none is left or the deadline has passed. Safe
/// to run twice at once.
///
/// # Errors
/// The database's.
pub async fn purge(database: &Database, days: RetentionDays, deadline: Deadline) -> Result<Purged> {
    let RetentionDays(days) = days;
    let mut all = Purged::default();
    while !deadline.has_passed() {
        let begin = Instant::now();
        let delete = async |c: &mut Connection| purge::delete_marked(c, days, ROWS).await;
        let (looked_at, deleted) = database.transaction(delete).await?;
        all.purged += deleted;
        if looked_at == 0 {
            break;
        }
        rest(begin).await;
    }
    clear(database, deadline).await?;
    all.marked = mark(database, days, deadline).await?;
    Ok(all)
}

/// Deletes what is left of the batches of deleted tasks.
async fn clear(database: &Database, deadline: Deadline) -> Result<()> {
    loop {
        let left = async |c: &mut Connection| purge::left_over(c, BATCHES).await;
        let left = database.read(left).await?;
        for task in &left {
            if !clear_batch(database, *task, deadline).await? {
                return Ok(());
            }
        }
        if left.is_empty() {
            return Ok(());
        }
    }
}

/// Deletes what is left of a batch; answers whether that is done.
async fn clear_batch(database: &Database, task: i64, deadline: Deadline) -> Result<bool> {
    let items = async |c: &mut Connection| purge::delete_items(c, task, ITEMS).await;
    while !deadline.has_passed() {
        let begin = Instant::now();
        if database.run(items).await? < u64::from(ITEMS) {
            break;
        }
        rest(begin).await;
    }
    let chunks = async |c: &mut Connection| purge::delete_chunks(c, task, CHUNKS).await;
    while !deadline.has_passed() {
        let begin = Instant::now();
        if database.transaction(chunks).await? == 0 {
            let end = async |c: &mut Connection| purge::end(c, task).await;
            database.run(end).await?;
            return Ok(true);
        }
        rest(begin).await;
    }
    Ok(false)
}

/// Lets others have the database for a while after a step that began at a moment.
async fn rest(begin: Instant) {
    tokio::time::sleep((begin.elapsed() * REST).min(LONGEST_REST)).await;
}

/// Marks the tasks that are old enough; answers how many.
async fn mark(database: &Database, days: u32, deadline: Deadline) -> Result<u64> {
    let mut marked = 0;
    let numbers = database.read(async |c: &mut _| keep::numbers(c).await);
    for own in numbers.await? {
        let look = async |c: &mut Connection, from| purge::old_tasks_of(c, from, own, PAGE).await;
        marked += mark_found(database, days, look, deadline).await?;
    }
    if days > 0 {
        let look = async |c: &mut Connection, from| purge::old_tasks(c, from, days, PAGE).await;
        marked += mark_found(database, days, look, deadline).await?;
    }
    Ok(marked)
}

/// Marks the tasks that `look` finds behind a key, page by page; answers how many.
async fn mark_found(
    database: &Database,
    days: u32,
    look: impl AsyncFn(&mut Connection, i64) -> task_store::Result<OldTasks>,
    deadline: Deadline,
) -> Result<u64> {
    let (mut marked, mut after) = (0, Some(0));
    while let Some(from) = after.filter(|_| !deadline.has_passed()) {
        let begin = Instant::now();
        let old = database.read(async |c: &mut _| look(c, from).await).await?;
        if !old.ended.is_empty() {
            let mark = async |c: &mut Connection| purge::mark(c, &old.ended, days).await;
            marked += database.transaction(mark).await?;
            rest(begin).await;
        }
        after = old.next_after;
    }
    Ok::<_, Error>(marked)
}
