//! Changing a task's own fields, and ending it: one guarded statement each.

use std::borrow::Cow;

use sqlx::{MySql, QueryBuilder};

use super::named::Named;
use super::result::ResultChange;
use super::row::is_no_batch;
use crate::connections::Connection;
use crate::error::Result;

/// What is to be changed of a task; absent fields stay as they are.
#[derive(Debug, Clone, Default)]
pub struct Changes<'a> {
    /// What a person reads, at most 64 characters.
    pub name: Option<Cow<'a, str>>,
    /// What the caller gives it to work on, any text.
    pub input: Option<Cow<'a, str>>,
    /// The caller's number for its kind.
    pub type_id: Option<i32>,
    /// It may run again once it is finished.
    pub repeat: Option<bool>,
    /// It is listed to the station's staff.
    pub message_show: Option<bool>,
    /// A change inside its result.
    pub result: Option<ResultChange<'a>>,
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
        if let Some(change) = &self.result {
            sql.push(", result = ");
            change.push_value(sql);
        }
    }

    fn push_conditions(&'a self, sql: &mut QueryBuilder<'a, MySql>) {
        if let Some(change) = &self.result {
            change.push_conditions(sql);
        }
    }
}

/// Changes a task, whatever its status. `false`: no such task, or the change inside its result does not apply to
/// what is there; then nothing was changed.
pub async fn update<'a>(
    connection: &mut Connection,
    named: impl Into<Named<'a>>,
    changes: &Changes<'_>,
) -> Result<bool> {
    let mut sql = QueryBuilder::new("UPDATE tbl_async_task SET modify_time = NOW(3)");
    changes.push_assignments(&mut sql);
    named.into().push(&mut sql);
    changes.push_conditions(&mut sql);
    let done = sql.build().execute(connection).await?;
    Ok(done.rows_affected() == 1)
}

/// Ends an open task and changes it. `false`: no such task, it is finished already, the change inside its result does
/// not apply, or it is a batch, whose open chunks would still be worked; then nothing was changed.
pub async fn finish<'a>(
    connection: &mut Connection,
    named: impl Into<Named<'a>>,
    changes: &Changes<'_>,
) -> Result<bool> {
    let mut sql = QueryBuilder::new(
        "UPDATE tbl_async_task SET status = 3, end_time = NOW(3), modify_time = NOW(3)",
    );
    changes.push_assignments(&mut sql);
    named.into().push(&mut sql);
    sql.push(concat!(" AND status <> 3 AND ", is_no_batch!()));
    changes.push_conditions(&mut sql);
    let done = sql.build().execute(connection).await?;
    Ok(done.rows_affected() == 1)
}
