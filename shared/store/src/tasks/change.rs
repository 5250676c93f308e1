//! Changing a task's own fields, and ending it: one guarded statement each.

use std::borrow::Cow;

use sqlx::{MySql, QueryBuilder, Row as _};

use super::result::ResultChange;
use super::row::{is_no_batch, outcome_of, said_outcome};
use super::selector::TaskSelector;
use crate::connections::Connection;
use crate::error::Result;
use crate::ids::TaskId;

/// The changes of a task; absent fields stay as they are.
#[derive(Debug, Clone, Default)]
pub struct Changes<'a> {
    /// The task's name for people, at most 64 characters.
    pub name: Option<Cow<'a, str>>,
    /// The task's input, any text.
    pub input: Option<Cow<'a, str>>,
    /// The caller's number for its kind.
    pub type_id: Option<i32>,
    /// It may run again once it is finished.
    pub repeat: Option<bool>,
    /// It is listed to the station's staff.
    pub message_show: Option<bool>,
    /// How far a task that is no batch is, 0 to 99; it never goes down.
    pub progress: Option<u8>,
    /// A change inside its result.
    pub result: Option<ResultChange<'a>>,
    /// The run that the caller speaks for: the changes are only made while it is the task's.
    pub run_count: Option<i32>,
    /// The caller's id for these changes: they are made once, however often they are sent.
    pub op_id: Option<OpId>,
}

/// The hash of a caller's id for a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpId([u8; 16]);

impl OpId {
    /// How many of them a task remembers.
    pub const REMEMBERED: usize = 64;

    /// Keeps the first half of a SHA-256.
    #[must_use]
    pub fn from_hash(hash: &[u8; 32]) -> Self {
        let (first, _) = hash.split_at(16);
        Self(first.try_into().unwrap_or_default())
    }
}

impl<'a> Changes<'a> {
    /// Adds `, column = …` for each field that is there.
    fn push_assignments(&'a self, sql: &mut QueryBuilder<'a, MySql>) {
        if let Some(name) = &self.name {
            sql.push(", name = ").push_bind(name.as_ref());
        }
        if let Some(input) = &self.input {
            sql.push(", input = ").push_bind(input.as_ref());
        }
        if let Some(type_id) = self.type_id {
            sql.push(", type = ").push_bind(type_id);
        }
        if let Some(repeat) = self.repeat {
            sql.push(", `repeat` = ").push_bind(repeat);
        }
        if let Some(shown) = self.message_show {
            sql.push(", message_show = ").push_bind(shown);
        }
        if let Some(progress) = self.progress {
            sql.push(", progress = GREATEST(progress, ")
                .push_bind(progress)
                .push(")");
        }
        if let Some(op) = &self.op_id {
            sql.push(", op_ids = RIGHT(CONCAT(COALESCE(op_ids, x''), ");
            sql.push_bind(&op.0[..]).push("), 1024)");
        }
        if let Some(change) = &self.result {
            sql.push(", result = ");
            change.push_value(sql);
        }
    }

    fn push_conditions(&'a self, sql: &mut QueryBuilder<'a, MySql>) {
        if let Some(run_count) = self.run_count {
            sql.push(" AND run_count = ").push_bind(run_count);
            // The run of a dispatched task that waits is over, although no other has begun.
            sql.push(" AND (queue IS NULL OR status <> 1)");
        }
        if let Some(op) = &self.op_id {
            sql.push(" AND LOCATE(").push_bind(&op.0[..]);
            sql.push(", COALESCE(op_ids, x'')) = 0");
        }
        if self.progress.is_some() {
            sql.push(concat!(" AND ", is_no_batch!()));
        }
        if let Some(change) = &self.result {
            change.push_conditions(sql);
        }
    }
}

/// Changes a task, whatever its status, unless it was cancelled. `false`: no such task, a cancelled one, another run, an
/// operation that was made before, or a change that does not apply to the result as it is; then nothing was changed.
pub async fn update<'a>(
    connection: &mut Connection,
    named: impl Into<TaskSelector<'a>>,
    changes: &Changes<'_>,
) -> Result<bool> {
    let is_not_cancelled = " AND COALESCE(outcome, '') <> 'cancelled'";
    change(connection, named.into(), changes, "", is_not_cancelled).await
}

/// Changes a task that the caller has just ended under its lock, also one that it has cancelled.
pub async fn amend(connection: &mut Connection, id: TaskId, changes: &Changes<'_>) -> Result<bool> {
    change(connection, id.into(), changes, "", "").await
}

/// Whether somebody is told of a task's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// Nobody: one statement ends the task.
    Nobody,
    /// Its callback. The caller writes the delivery, in the same transaction.
    Callback,
}

/// Ends an open task that is not dispatched, and changes it. `false`: no such task, another run, it is finished already, the
/// change inside its result does not apply, it is dispatched, or it is a batch, whose open chunks would still be worked;
/// then nothing was changed. So it is where the callback is to be told of the end of a task, if `told` says nobody.
pub async fn finish<'a>(
    connection: &mut Connection,
    selector: impl Into<TaskSelector<'a>>,
    changes: &Changes<'_>,
    told: Told,
) -> Result<bool> {
    let is_open = match told {
        Told::Nobody => {
            concat!(
                " AND status <> 3 AND queue IS NULL AND callback IS NULL AND ",
                is_no_batch!()
            )
        }
        Told::Callback => concat!(" AND status <> 3 AND queue IS NULL AND ", is_no_batch!()),
    };
    change(connection, selector.into(), changes, END, is_open).await
}

/// Ends a dispatched task that runs, and changes it. `false`: no such task, another run, no run at all, it is not dispatched,
/// or the change inside its result does not apply; then nothing was changed. So it is where the callback is to be told of the
/// end of a task, if `told` says nobody.
pub async fn finish_run<'a>(
    connection: &mut Connection,
    selector: impl Into<TaskSelector<'a>>,
    changes: &Changes<'_>,
    told: Told,
) -> Result<bool> {
    let runs = match told {
        Told::Nobody => " AND status = 2 AND queue IS NOT NULL AND callback IS NULL",
        Told::Callback => " AND status = 2 AND queue IS NOT NULL",
    };
    change(connection, selector.into(), changes, END, runs).await
}

/// Assignments see the ones before them: the outcome is that of the new result.
const END: &str = concat!(
    ", end_time = NOW(3), status = 3, outcome = ",
    outcome_of!("result")
);

/// Makes changes in one statement, with further assignments and conditions.
async fn change(
    connection: &mut Connection,
    named: TaskSelector<'_>,
    changes: &Changes<'_>,
    assignments: &'static str,
    conditions: &'static str,
) -> Result<bool> {
    let mut sql = QueryBuilder::new("UPDATE tbl_async_task SET modify_time = NOW(3)");
    changes.push_assignments(&mut sql);
    match changes.result {
        Some(_) if assignments.is_empty() => sql.push(concat!(
            ", outcome = IF(status = 3, COALESCE(",
            said_outcome!("result"),
            ", outcome), outcome)"
        )),
        _ => sql.push(assignments),
    };
    named.push(&mut sql);
    sql.push(conditions);
    changes.push_conditions(&mut sql);
    let done = sql.build().execute(connection).await?;
    Ok(done.rows_affected() == 1)
}

/// Tells whether a task remembers an operation.
pub async fn has_op(connection: &mut Connection, id: TaskId, op: OpId) -> Result<bool> {
    let sql =
        "SELECT LOCATE(?, COALESCE(op_ids, x'')) > 0 AS has_op FROM tbl_async_task WHERE id = ?";
    let row = sqlx::query(sql)
        .bind(&op.0[..])
        .bind(id.get())
        .fetch_optional(connection)
        .await?;
    let has_op = row.map(|row| row.try_get("has_op")).transpose()?;
    Ok(has_op.unwrap_or(false))
}
