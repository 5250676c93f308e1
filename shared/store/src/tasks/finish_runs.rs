//! Ending runs of dispatched tasks together.

use sqlx::{Connection as _, Row as _};

use super::insert::STATEMENT_BYTES;
use super::row::outcome_of;
use crate::arguments::json;
use crate::callbacks::{self, Event};
use crate::connections::Connection;
use crate::error::Result;
use crate::ids::{StationId, TaskId};

/// A run that ends.
#[derive(Debug, Clone, Copy)]
pub struct EndedRun<'a> {
    /// Its task.
    pub id: TaskId,
    /// Its number; `None`: the run that the task is in.
    pub run_count: Option<i32>,
    /// The station that the task must belong to.
    pub station: Option<&'a StationId>,
    /// The task's result, a JSON text; `None`: it stays as it is.
    pub result: Option<&'a str>,
}

/// Ends dispatched tasks that are in the named run, and writes the deliveries of their callbacks; answers their keys. A
/// statement for every [`STATEMENT_BYTES`] of results.
///
/// Runs in a transaction.
pub async fn finish_runs(
    connection: &mut Connection,
    runs: &[EndedRun<'_>],
) -> Result<Vec<TaskId>> {
    const LOCK: &str = "
        SELECT id, run_count, station_id, callback IS NOT NULL AS is_told FROM tbl_async_task FORCE INDEX (PRIMARY)
        WHERE id IN (SELECT k.id FROM JSON_TABLE(?, '$[*]' COLUMNS (id BIGINT PATH '$')) k)
          AND status = 2 AND queue IS NOT NULL
        FOR UPDATE";
    if runs.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<_> = runs.iter().map(|run| run.id).collect();
    let rows = sqlx::query(LOCK).bind(json(&ids)?);
    let (mut ended, mut told) = (Vec::new(), Vec::new());
    for row in rows.fetch_all(&mut *connection).await? {
        let id = TaskId::from_row(row.try_get("id")?);
        let run_count: i32 = row.try_get("run_count")?;
        let station: String = row.try_get_unchecked("station_id")?;
        let is_meant = runs.iter().any(|run| {
            run.id == id
                && run.run_count.is_none_or(|named| named == run_count)
                && run.station.is_none_or(|named| named.as_str() == station)
        });
        if is_meant {
            ended.push(id);
            let is_told: bool = row.try_get("is_told")?;
            told.extend(is_told.then_some(id));
        }
    }
    let results: Vec<_> = runs
        .iter()
        .filter(|run| ended.contains(&run.id))
        .map(|run| (run.id, run.result))
        .collect();
    finish(connection, &results).await?;
    callbacks::record_ends(connection, &told, Event::Ended).await?;
    Ok(ended)
}

/// A task and its result.
type Finished<'a> = (TaskId, Option<&'a str>);

async fn finish(connection: &mut Connection, results: &[Finished<'_>]) -> Result<()> {
    let mut rest = results;
    while !rest.is_empty() {
        let (part, later) = rest.split_at(fitting(rest));
        let finish = sqlx::query(FINISH).bind(json(part)?);
        finish.execute(&mut *connection).await?;
        rest = later;
    }
    if results.len() > fitting(results) {
        // Statements of megabytes leave a buffer of their size behind.
        connection.shrink_buffers();
    }
    Ok(())
}

/// Counts results from the front that fit one statement; at least one.
fn fitting(results: &[Finished<'_>]) -> usize {
    let mut bytes = 0;
    let fits = results.iter().take_while(|(_, result)| {
        bytes += result.map_or(0, str::len);
        bytes <= STATEMENT_BYTES
    });
    fits.count().max(1)
}

const FINISH: &str = concat!(
    "UPDATE JSON_TABLE(?, '$[*]' COLUMNS (id BIGINT PATH '$[0]', result LONGTEXT PATH '$[1]')) k
     STRAIGHT_JOIN tbl_async_task t ON t.id = k.id
     SET t.outcome     = ",
    outcome_of!("COALESCE(k.result, t.result)"),
    ",
         t.result      = COALESCE(k.result, t.result),
         t.status      = 3,
         t.end_time    = NOW(3),
         t.modify_time = NOW(3)"
);
