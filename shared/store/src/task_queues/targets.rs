//! `tbl_task_target`: the targets of queues in mode `push`.

use std::collections::HashMap;

use sqlx::mysql::MySqlRow;

use crate::arguments::json;
use crate::call_places;
use crate::connections::Connection;
use crate::error::Result;
use crate::row::text;

/// The target of a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueTarget {
    /// Its URL.
    pub url: String,
    /// The name of the secret that its requests are signed with.
    pub secret: String,
}

/// Sets the target of a queue, and makes the places for its calls.
pub async fn set_target(
    connection: &mut Connection,
    queue: &str,
    target: &QueueTarget,
) -> Result<()> {
    const SET: &str = "
        INSERT INTO tbl_task_target (queue, url, secret) VALUES (?, ?, ?)
        ON DUPLICATE KEY UPDATE url = VALUES(url), secret = VALUES(secret), modify_time = NOW(3)";
    sqlx::query(SET)
        .bind(queue)
        .bind(&target.url)
        .bind(&target.secret)
        .execute(&mut *connection)
        .await?;
    call_places::declare(connection, queue).await
}

/// Reads the target of a queue; `None`: it has none.
pub async fn target(connection: &mut Connection, queue: &str) -> Result<Option<QueueTarget>> {
    Ok(targets(connection, &[queue]).await?.remove(queue))
}

/// Reads the targets of queues that have one.
pub async fn targets(
    connection: &mut Connection,
    queues: &[&str],
) -> Result<HashMap<String, QueueTarget>> {
    const TARGETS: &str = "
        SELECT p.queue, p.url, p.secret
        FROM JSON_TABLE(?, '$[*]' COLUMNS (name VARCHAR(32) PATH '$')) k
        STRAIGHT_JOIN tbl_task_target p ON p.queue = k.name";
    let rows = sqlx::query(TARGETS).bind(json(queues)?);
    let rows = rows.fetch_all(connection).await?;
    rows.iter()
        .map(|row| Ok((text(row, "queue")?, queue_target(row)?)))
        .collect()
}

pub(crate) fn queue_target(row: &MySqlRow) -> Result<QueueTarget> {
    Ok(QueueTarget {
        url: text(row, "url")?,
        secret: text(row, "secret")?,
    })
}
