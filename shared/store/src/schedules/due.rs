//! Schedules whose next instant has come, or is about to.

use super::{Schedule, schedule, schedule_columns};
use crate::arguments::json;
use crate::connections::Connection;
use crate::error::Result;
use crate::time::Moment;

/// Reads and locks schedules whose next instant lies at most `ahead` seconds ahead, the most overdue first, up to `limit`. Those
/// that somebody else has locked are left to them.
pub async fn take_due(
    connection: &mut Connection,
    ahead: u32,
    limit: u32,
) -> Result<Vec<Schedule>> {
    const TAKE: &str = concat!(
        "SELECT ",
        schedule_columns!(),
        // The column, not the value of its name: ordering by that would sort, and lock, all that is due.
        " FROM tbl_task_schedule s FORCE INDEX (due)
          WHERE s.next_at <= NOW(3) + INTERVAL ? SECOND
          ORDER BY s.next_at LIMIT ? FOR UPDATE SKIP LOCKED"
    );
    let rows = sqlx::query(TAKE).bind(ahead).bind(limit);
    let rows = rows.fetch_all(connection).await?;
    rows.iter().map(schedule).collect()
}

/// How far a schedule was come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passed {
    /// Its name.
    pub name: String,
    /// The last instant that was come to.
    pub passed_to: Option<Moment>,
    /// The next one; `None`: there is none, it is not looked at any more.
    pub next_at: Option<Moment>,
    /// Why the last instant that was come to has no task.
    pub error: Option<String>,
}

/// Notes how far locked schedules were come.
pub async fn pass(connection: &mut Connection, passed: &[Passed]) -> Result<()> {
    const PASS: &str = "
        UPDATE JSON_TABLE(?, '$[*]' COLUMNS
          (name VARCHAR(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$[0]', passed_to BIGINT PATH '$[1]', next_at BIGINT PATH '$[2]',
           error LONGTEXT PATH '$[3]')) k
        STRAIGHT_JOIN tbl_task_schedule s ON s.name = k.name
        SET s.passed_to  = COALESCE(TIMESTAMP('1970-01-01') + INTERVAL k.passed_to SECOND, s.passed_to),
            s.next_at    = TIMESTAMP('1970-01-01') + INTERVAL k.next_at SECOND,
            s.last_error = LEFT(k.error, 1000)";
    let rows: Vec<_> = passed
        .iter()
        .map(|passed| {
            let seconds = |at: Option<Moment>| at.map(Moment::seconds);
            let (to, next) = (seconds(passed.passed_to), seconds(passed.next_at));
            (&passed.name, to, next, &passed.error)
        })
        .collect();
    if !rows.is_empty() {
        let pass = sqlx::query(PASS).bind(json(&rows)?);
        pass.execute(connection).await?;
    }
    Ok(())
}
