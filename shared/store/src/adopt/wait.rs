//! Statements that need a table for themselves: who comes after one that waits for a table waits as well.

use std::pin::pin;
use std::time::Duration;

use sqlx::{Executor as _, Row as _};
use tokio::time::timeout;

use crate::connections::Connection;
use crate::database::Database;
use crate::error::{Result, StoreError};

/// How long a statement may wait for its table, and everybody behind it.
const LONGEST_WAIT: Duration = Duration::from_millis(200);

/// The numbers of a lock that was waited for too long, and of a statement that was ended.
const IN_USE: [u16; 2] = [1205, 1317];

/// Runs a statement; `false` when its table was in use for longer than [`LONGEST_WAIT`]. The servers themselves count such a
/// wait in whole seconds.
pub(super) async fn briefly(
    database: &Database,
    connection: &mut Connection,
    sql: &str,
) -> Result<bool> {
    let id = connection_id(connection).await?;
    let mut other = database.open_apart().await?;
    let mut is_ended = false;
    let end = {
        let mut running = pin!(connection.execute(sql));
        match timeout(LONGEST_WAIT, running.as_mut()).await {
            Ok(end) => end,
            Err(_) => {
                other.execute(&*format!("KILL QUERY {id}")).await?;
                is_ended = true;
                running.await
            }
        }
    };
    if is_ended {
        // Where the statement was faster, the next one is ended instead.
        let next = connection.execute("DO 0").await.is_ok();
        tracing::debug!(next, "ended a statement that waited for a table");
    }
    match end.map_err(StoreError::from) {
        Ok(_) => Ok(true),
        Err(fault) if fault.number().is_some_and(|n| IN_USE.contains(&n)) => Ok(false),
        Err(fault) => Err(fault),
    }
}

/// Reads a connection's number on its server.
pub(super) async fn connection_id(connection: &mut Connection) -> Result<u64> {
    let row = connection.fetch_one("SELECT CONNECTION_ID() AS id").await?;
    Ok(row.try_get_unchecked("id")?)
}

/// Tells whether a connection waits for a table at this moment.
pub(super) async fn waits_for_table(connection: &mut Connection, id: u64) -> Result<bool> {
    let rows = connection.fetch_all("SHOW PROCESSLIST").await?;
    for row in rows {
        let state: Option<String> = row.try_get_unchecked("State")?;
        if row.try_get_unchecked::<u64, _>("Id")? == id {
            return Ok(state.is_some_and(|state| state == "Waiting for table metadata lock"));
        }
    }
    Ok(false)
}

/// Describes the oldest open transaction of others, for people who look for what is in the way; nothing where that must not be seen.
pub(crate) async fn oldest_transaction(connection: &mut Connection) -> String {
    const OLDEST: &str = "
        SELECT CONCAT('connection ', p.id, ' of ', p.user, ' from ', p.host, ', whose statement or pause has taken ', p.time, ' s') AS found
        FROM information_schema.innodb_trx t
        JOIN information_schema.processlist p ON p.id = t.trx_mysql_thread_id
        WHERE p.id <> CONNECTION_ID()
        ORDER BY t.trx_started, p.id LIMIT 1";
    match connection.fetch_optional(OLDEST).await {
        Ok(Some(row)) => match row.try_get_unchecked::<String, _>("found") {
            Ok(found) => format!("; the oldest open transaction is that of {found}"),
            Err(_) => String::new(),
        },
        _ => String::new(),
    }
}
