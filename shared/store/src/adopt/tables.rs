//! Tables and triggers of an adoption.

use sqlx::{Executor as _, Row as _};

use super::names::{ADOPTED, CHANGES, KEPT, PROGRESS, SHADOW, TASKS};
use crate::connections::Connection;
use crate::error::Result;
use crate::tasks::outcome_of;

/// The triggers of the original's table that log its changes.
pub(super) const TRIGGERS: [&str; 3] = ["adoption_insert", "adoption_update", "adoption_delete"];

const CREATE_CHANGES: &str = "
    CREATE TABLE tbl_adoption_change (
        seq        BIGINT       NOT NULL AUTO_INCREMENT COMMENT 'the order of writing',
        old_id     BIGINT       NULL COMMENT 'the key before the change',
        new_id     BIGINT       NULL COMMENT 'the key after the change',
        old_own_id VARCHAR(255) NULL COMMENT 'user_task_id before a change of it',
        new_own_id VARCHAR(255) NULL COMMENT 'user_task_id after a change of it',
        PRIMARY KEY (seq)
    ) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin";

const CREATE_PROGRESS: &str = "
    CREATE TABLE tbl_adoption (
        id          TINYINT     NOT NULL COMMENT '1: there is one row',
        copied_to   BIGINT      NOT NULL COMMENT 'the largest key that is copied; of BIGINT itself: all are',
        row_count   BIGINT      NOT NULL COMMENT 'rows copied',
        schema_hash CHAR(64)    NOT NULL COMMENT 'SHA-256 of the statement that created the table they are copied to',
        begun_at    DATETIME(3) NOT NULL COMMENT 'when the adoption began',
        PRIMARY KEY (id)
    ) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin";

const CREATE_ADOPTED: &str = "
    CREATE TABLE tbl_adopted (
        id           BIGINT      NOT NULL COMMENT 'a task whose user_task_id is NULL since the adoption',
        user_task_id VARCHAR(64) NOT NULL COMMENT 'the id that it had; the newest task of that id keeps it',
        PRIMARY KEY (id),
        KEY of_own_id (user_task_id, id)
    ) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin";

/// Tells whether a table of this name exists.
pub(super) async fn exists(connection: &mut Connection, table: &str) -> Result<bool> {
    const FIND: &str = "
        SELECT COUNT(*) AS found FROM information_schema.tables
        WHERE table_schema = DATABASE() AND table_name = ?";
    let row = sqlx::query(FIND).bind(table).fetch_one(connection).await?;
    Ok(row.try_get_unchecked::<i64, _>("found")? > 0)
}

/// Makes the tables of an adoption, empty.
pub(super) async fn create_all(connection: &mut Connection, create: &str) -> Result<()> {
    for table in [SHADOW, PROGRESS, CHANGES, ADOPTED] {
        let drop = format!("DROP TABLE IF EXISTS {table}");
        connection.execute(&*drop).await?;
    }
    let begin = format!("CREATE TABLE {TASKS} ");
    let shadow = create.replacen(&begin, &format!("CREATE TABLE {SHADOW} "), 1);
    for sql in [&*shadow, CREATE_CHANGES, CREATE_PROGRESS, CREATE_ADOPTED] {
        connection.execute(sql).await?;
    }
    Ok(())
}

/// Returns the statements that make the triggers of the log. A change and its line are committed together.
pub(super) fn logging() -> [String; 3] {
    let columns = "old_id, new_id, old_own_id, new_own_id";
    let trigger = |name: &str, event: &str, values: &str| {
        format!(
            "CREATE TRIGGER {name} AFTER {event} ON {TASKS} FOR EACH ROW \
             INSERT INTO {CHANGES} ({columns}) VALUES ({values})"
        )
    };
    let (old, new) = ("LEFT(OLD.user_task_id, 255)", "LEFT(NEW.user_task_id, 255)");
    let keeps =
        "OLD.id = NEW.id AND CAST(OLD.user_task_id AS BINARY) <=> CAST(NEW.user_task_id AS BINARY)";
    [
        trigger(TRIGGERS[0], "INSERT", &format!("NULL, NEW.id, NULL, {new}")),
        trigger(
            TRIGGERS[1],
            "UPDATE",
            &format!("OLD.id, NEW.id, IF({keeps}, NULL, {old}), IF({keeps}, NULL, {new})"),
        ),
        trigger(TRIGGERS[2], "DELETE", &format!("OLD.id, NULL, {old}, NULL")),
    ]
}

/// What the new table does with rows that the original's software writes: it knows neither `outcome` nor that an end belongs to
/// a finished task.
const BRIDGE: &str = concat!(
    " FOR EACH ROW \
     SET NEW.outcome = IF(NEW.status = 3, COALESCE(NEW.outcome, ",
    outcome_of!("NEW.result"),
    "), NULL), NEW.end_time = IF(NEW.status = 3, COALESCE(NEW.end_time, NEW.modify_time), NULL), \
     NEW.user_task_id = NULLIF(NEW.user_task_id, '')"
);

/// Makes the triggers by which the original's software can go on writing to the new table.
pub(super) async fn create_bridge(connection: &mut Connection) -> Result<()> {
    for (name, event) in [("adopted_insert", "INSERT"), ("adopted_update", "UPDATE")] {
        let drop = format!("DROP TRIGGER IF EXISTS {name}");
        connection.execute(&*drop).await?;
        let create = format!("CREATE TRIGGER {name} BEFORE {event} ON {SHADOW}{BRIDGE}");
        connection.execute(&*create).await?;
    }
    Ok(())
}

/// Removes the log and its triggers after the swap. The original's rows stay, in a table of another name.
pub(super) async fn clear_up(connection: &mut Connection) -> Result<()> {
    if !exists(connection, KEPT).await? {
        return Ok(());
    }
    for trigger in TRIGGERS {
        let drop = format!("DROP TRIGGER IF EXISTS {trigger}");
        connection.execute(&*drop).await?;
    }
    let drop = format!("DROP TABLE IF EXISTS {CHANGES}");
    connection.execute(&*drop).await?;
    Ok(())
}
