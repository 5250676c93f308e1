//! Callbacks as they are declared.

use sqlx::mysql::MySqlRow;

use super::target;
use crate::call_places;
use crate::connections::Connection;
use crate::error::Result;
use crate::row::{optional_text, text};
use crate::task_queues::QueueName;
use crate::time::Moment;

/// The name of a callback: formed as a queue's is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(transparent)]
pub struct CallbackName(String);

impl CallbackName {
    /// Reads a name; `None` when it is empty, too long, or holds another character.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        QueueName::parse(text).map(|_| Self(text.to_owned()))
    }

    /// Returns the name itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A callback.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Callback {
    /// Its name.
    pub name: String,
    /// What is called.
    pub url: String,
    /// The name of the secret that its requests are signed with.
    pub secret: String,
    /// What it is told, words separated by commas.
    pub events: String,
    /// Since when nothing is sent.
    pub disabled_at: Option<Moment>,
    /// Why.
    pub disabled_reason: Option<String>,
}

/// The members of a callback that a call sets; absent ones stay.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CallbackChange<'a> {
    /// See [`Callback::url`]; a new one must have it.
    pub url: Option<&'a str>,
    /// See [`Callback::secret`]; a new one must have it.
    pub secret: Option<&'a str>,
    /// See [`Callback::events`].
    pub events: Option<&'a str>,
    /// Whether it is sent anything.
    pub enabled: Option<bool>,
}

/// Declares a callback, or changes the members that are given; a new one without URL or secret is refused by the database.
pub async fn set(
    connection: &mut Connection,
    name: &CallbackName,
    change: &CallbackChange<'_>,
) -> Result<()> {
    const CHANGE: &str = "
        UPDATE tbl_callback
        SET url             = COALESCE(?, url),
            secret          = COALESCE(?, secret),
            events          = COALESCE(?, events),
            disabled_reason = CASE ? WHEN 1 THEN NULL WHEN 0 THEN 'by /task/callback/set' ELSE disabled_reason END,
            disabled_at     = CASE ? WHEN 1 THEN NULL WHEN 0 THEN COALESCE(disabled_at, NOW(3)) ELSE disabled_at END,
            modify_time     = NOW(3)
        WHERE name = ?";
    const DECLARE: &str = "
        INSERT INTO tbl_callback (url, secret, events, disabled_reason, disabled_at, name)
        VALUES (?, ?, COALESCE(?, 'task.finished,batch.finished,batch.changed'),
          IF(COALESCE(?, 1), NULL, 'by /task/callback/set'), IF(COALESCE(?, 1), NULL, NOW(3)), ?)";
    for sql in [CHANGE, DECLARE] {
        let done = sqlx::query(sql)
            .bind(change.url)
            .bind(change.secret)
            .bind(change.events)
            .bind(change.enabled)
            .bind(change.enabled)
            .bind(name.as_str())
            .execute(&mut *connection)
            .await?;
        if done.rows_affected() > 0 {
            break;
        }
    }
    call_places::declare(connection, &target(name.as_str())).await
}

/// Stops sending anything to a callback, unless it has another URL by now.
pub async fn disable(
    connection: &mut Connection,
    (name, url): (&str, &str),
    reason: &str,
) -> Result<()> {
    const DISABLE: &str = "
        UPDATE tbl_callback SET disabled_at = NOW(3), disabled_reason = LEFT(?, 200), modify_time = NOW(3)
        WHERE name = ? AND url = ? AND disabled_at IS NULL";
    let disabled = sqlx::query(DISABLE).bind(reason).bind(name).bind(url);
    disabled.execute(connection).await?;
    Ok(())
}

macro_rules! callback_columns {
    () => {
        "SELECT name, url, secret, events, TIMESTAMPDIFF(SECOND, '1970-01-01', disabled_at) AS disabled_at, disabled_reason
         FROM tbl_callback "
    };
}

/// Finds the callback with a name; `None`: it is not declared.
pub async fn find(connection: &mut Connection, name: &str) -> Result<Option<Callback>> {
    const FIND: &str = concat!(callback_columns!(), "WHERE name = ?");
    let row = sqlx::query(FIND).bind(name).fetch_optional(connection);
    row.await?.as_ref().map(callback).transpose()
}

/// The most callbacks of a list.
const MOST: u32 = 200;

/// Lists the callbacks in the order of their names; with `name` only that one.
pub async fn list(connection: &mut Connection, name: Option<&str>) -> Result<Vec<Callback>> {
    const LIST: &str = concat!(
        callback_columns!(),
        "WHERE name = COALESCE(?, name) ORDER BY name LIMIT ?"
    );
    let rows = sqlx::query(LIST).bind(name).bind(MOST);
    let rows = rows.fetch_all(connection).await?;
    rows.iter().map(callback).collect()
}

fn callback(row: &MySqlRow) -> Result<Callback> {
    Ok(Callback {
        name: text(row, "name")?,
        url: text(row, "url")?,
        secret: text(row, "secret")?,
        events: text(row, "events")?,
        disabled_at: Moment::from_row(row, "disabled_at")?,
        disabled_reason: optional_text(row, "disabled_reason")?,
    })
}
