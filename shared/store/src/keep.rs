//! `tbl_task_keep`: tasks that are kept for a number of days of their own once they have ended.

use sqlx::Row as _;

use crate::arguments::json;
use crate::connections::Connection;
use crate::error::Result;
use crate::ids::TaskId;

/// Notes for how many days each of some tasks is kept; 0: for ever.
pub async fn set(connection: &mut Connection, tasks: &[(TaskId, u32)]) -> Result<()> {
    const SET: &str = "
        INSERT INTO tbl_task_keep (task_id, days)
        SELECT k.task_id, k.days
        FROM JSON_TABLE(?, '$[*]' COLUMNS (task_id BIGINT PATH '$[0]', days INT PATH '$[1]')) k
        ON DUPLICATE KEY UPDATE days = VALUES(days)";
    if tasks.is_empty() {
        return Ok(());
    }
    let rows: Vec<_> = tasks
        .iter()
        .map(|(task, days)| (task.get(), days))
        .collect();
    sqlx::query(SET)
        .bind(json(&rows)?)
        .execute(connection)
        .await?;
    Ok(())
}

/// Reads the different numbers of days after which tasks are purged that have a number of their own.
pub async fn numbers(connection: &mut Connection) -> Result<Vec<u32>> {
    const NUMBERS: &str = "
        SELECT DISTINCT days FROM tbl_task_keep FORCE INDEX (of_days)
        WHERE days > 0";
    let rows = sqlx::query(NUMBERS).fetch_all(connection).await?;
    rows.iter().map(|row| Ok(row.try_get("days")?)).collect()
}
