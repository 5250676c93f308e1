//! The original's table: what it must look like, what of a row cannot be kept, and how a row becomes one of this version.

use sqlx::mysql::MySqlRow;
use sqlx::{Executor as _, Row as _};

use super::names::{KEPT, SHADOW, TASKS};
use super::{number, tables};
use crate::connections::Connection;
use crate::error::{Result, StoreError};
use crate::tasks::outcome_of;

const WHOLE: &[&str] = &["tinyint", "smallint", "mediumint", "int", "bigint"];
const SHORT: &[&str] = &["varchar", "char"];
const LONG: &[&str] = &[
    "tinytext",
    "text",
    "mediumtext",
    "longtext",
    "varchar",
    "char",
    "json",
];
const TIMES: &[&str] = &["datetime", "timestamp"];

/// A column of the original, with the types that it may have.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) name: &'static str,
    types: &'static [&'static str],
}

const fn column(name: &'static str, types: &'static [&'static str]) -> Column {
    Column { name, types }
}

/// Every column of the original.
pub(super) const COLUMNS: [Column; 15] = [
    column("id", WHOLE),
    column("user_task_id", SHORT),
    column("name", SHORT),
    column("station_id", SHORT),
    column("input", LONG),
    column("result", LONG),
    column("status", WHOLE),
    column("repeat", WHOLE),
    column("message_show", WHOLE),
    column("run_count", WHOLE),
    column("type", WHOLE),
    column("creat_time", TIMES),
    column("modify_time", TIMES),
    column("start_time", TIMES),
    column("end_time", TIMES),
];

/// What is wrong with a row that cannot be kept as it is: condition and words. NULL conditions are no problem.
const PROBLEMS: [(&str, &str); 17] = [
    ("id < 1", "id is less than 1"),
    (
        "id > 9223372036854774807",
        "id is too large for another to follow",
    ),
    (
        "CHAR_LENGTH(user_task_id) > 64",
        "user_task_id has more than 64 characters",
    ),
    ("name IS NULL", "name is NULL"),
    ("CHAR_LENGTH(name) > 64", "name has more than 64 characters"),
    ("station_id IS NULL", "station_id is NULL"),
    (
        "CHAR_LENGTH(station_id) > 16",
        "station_id has more than 16 characters",
    ),
    (
        "COALESCE(status, 0) NOT IN (1, 2, 3)",
        "status is not 1, 2 or 3",
    ),
    ("`repeat` IS NULL", "repeat is NULL"),
    ("message_show IS NULL", "message_show is NULL"),
    ("run_count IS NULL", "run_count is NULL"),
    (
        "run_count NOT BETWEEN -2147483648 AND 2147483647",
        "run_count is out of range",
    ),
    ("type IS NULL", "type is NULL"),
    (
        "type NOT BETWEEN -2147483648 AND 2147483647",
        "type is out of range",
    ),
    (
        "COALESCE(MONTH(creat_time) * DAYOFMONTH(creat_time), 0) = 0",
        "creat_time is no date",
    ),
    (
        "COALESCE(MONTH(modify_time) * DAYOFMONTH(modify_time), 0) = 0",
        "modify_time is no date",
    ),
    (
        "COALESCE(OCTET_LENGTH(input), 0) + COALESCE(OCTET_LENGTH(result), 0) > 8388608",
        "input and result have more than 8 MiB",
    ),
];

/// The original's table.
#[derive(Debug)]
pub(super) struct Original {
    /// Whether `result` is a text, which may hold anything.
    result_is_text: bool,
}

/// What the copy of a row depends on.
#[derive(Debug)]
pub(super) struct Sighted {
    pub(super) id: i64,
    pub(super) own_id: Option<String>,
    pub(super) bytes: u64,
}

/// Reads the names of a table's columns; none: there is no such table.
pub(super) async fn column_names(connection: &mut Connection, table: &str) -> Result<Vec<String>> {
    let columns = typed_columns(connection, table).await?;
    Ok(columns.into_iter().map(|(name, _)| name).collect())
}

async fn typed_columns(connection: &mut Connection, table: &str) -> Result<Vec<(String, String)>> {
    const READ: &str = "
        SELECT column_name AS name, data_type AS kind FROM information_schema.columns
        WHERE table_schema = DATABASE() AND table_name = ? ORDER BY ordinal_position";
    let rows = sqlx::query(READ).bind(table).fetch_all(connection).await?;
    let pair = |row: &MySqlRow| {
        let name: String = row.try_get_unchecked("name")?;
        let kind: String = row.try_get_unchecked("kind")?;
        Ok((name.to_lowercase(), kind.to_lowercase()))
    };
    rows.iter().map(pair).collect()
}

impl Original {
    /// Reads the table's shape. Refuses, before anything is changed, what a copy would lose.
    pub(super) async fn read(connection: &mut Connection) -> Result<Self> {
        let found = typed_columns(connection, TASKS).await?;
        for (name, kind) in &found {
            let Some(column) = COLUMNS.iter().find(|column| column.name == name) else {
                return Err(refused(&format!(
                    "column {name} of {TASKS} is not the original's, and would be lost: keep it in a table of its own"
                )));
            };
            if !column.types.contains(&&**kind) {
                return Err(refused(&format!(
                    "column {name} of {TASKS} is of type {kind}: change it to {}",
                    column.types.join(" or ")
                )));
            }
        }
        refuse_shape(connection).await?;
        let result_is_text = found
            .iter()
            .any(|(name, kind)| name == "result" && kind != "json");
        Ok(Self { result_is_text })
    }

    /// Reads rows in key order. Refuses a row that cannot be kept, naming it.
    pub(super) async fn sight(
        &self,
        connection: &mut Connection,
        which: &str,
    ) -> Result<Vec<Sighted>> {
        let sql = format!(
            "SELECT CAST(id AS CHAR) AS row_id, CAST(NULLIF(user_task_id, '') AS CHAR) AS own_id, \
               CAST(COALESCE(OCTET_LENGTH(input), 0) + COALESCE(OCTET_LENGTH(result), 0) AS UNSIGNED) AS bytes, \
               {} AS problem FROM {TASKS} WHERE {which}",
            self.problem()
        );
        let rows = connection.fetch_all(&*sql).await?;
        rows.iter().map(sighted).collect()
    }

    /// The SQL expression of what is wrong with a row.
    fn problem(&self) -> String {
        let json = ("NOT JSON_VALID(result)", "result is no JSON");
        let json = self.result_is_text.then_some(&json);
        let cases = PROBLEMS.iter().chain(json);
        let cases: Vec<String> = cases
            .map(|(condition, words)| format!("WHEN {condition} THEN '{words}'"))
            .collect();
        format!("CASE {} END", cases.join(" "))
    }
}

fn sighted(row: &MySqlRow) -> Result<Sighted> {
    let id: String = row.try_get_unchecked("row_id")?;
    if let Some(problem) = row.try_get_unchecked::<Option<String>, _>("problem")? {
        return Err(StoreError::Migration(format!(
            "row {id} of the original's {TASKS} cannot be adopted: {problem}. Mend that row, then run this again: it goes on from there"
        )));
    }
    Ok(Sighted {
        id: id.parse().map_err(|_| StoreError::Unreadable("id"))?,
        own_id: row.try_get_unchecked("own_id")?,
        bytes: row.try_get_unchecked("bytes")?,
    })
}

/// Inserts rows of the original into the table of this version.
pub(super) async fn insert(connection: &mut Connection, own_id: &str, which: &str) -> Result<u64> {
    let sql = format!(
        "INSERT INTO {SHADOW} (user_task_id, id, name, station_id, input, result, status, outcome, `repeat`, message_show, \
           run_count, type, creat_time, modify_time, start_time, end_time) \
         SELECT {own_id}, {KEEPING} FROM {TASKS} WHERE {which}"
    );
    Ok(connection.execute(&*sql).await?.rows_affected())
}

/// The columns of a row of the original as this version has them, behind `user_task_id`.
const KEEPING: &str = concat!(
    "id, name, station_id, input, result, status, IF(status = 3, ",
    outcome_of!("result"),
    ", NULL), `repeat` <> 0, message_show <> 0, run_count, type, creat_time, modify_time, \
     IF(MONTH(start_time) * DAYOFMONTH(start_time) = 0, NULL, start_time), \
     IF(status = 3, COALESCE(IF(MONTH(end_time) * DAYOFMONTH(end_time) = 0, NULL, end_time), modify_time), NULL)"
);

/// What a table must not be: a query whose number is not 0 then, and words.
const OBSTACLES: [(&str, &str); 4] = [
    (
        "SELECT COUNT(*) <> 1 FROM information_schema.tables
         WHERE table_schema = DATABASE() AND table_name = 'tbl_async_task' AND engine = 'InnoDB'",
        "is not of the engine InnoDB: ALTER TABLE tbl_async_task ENGINE = InnoDB",
    ),
    (
        "SELECT COUNT(*) <> 1 OR MAX(column_name) <> 'id' FROM information_schema.statistics
         WHERE table_schema = DATABASE() AND table_name = 'tbl_async_task' AND index_name = 'PRIMARY'",
        "has not id alone as its primary key: make it so",
    ),
    (
        "SELECT COUNT(*) FROM information_schema.referential_constraints
         WHERE constraint_schema = DATABASE() AND 'tbl_async_task' IN (table_name, referenced_table_name)",
        "has foreign keys, or other tables' point to it: drop them",
    ),
    (
        "SELECT COUNT(*) FROM information_schema.triggers
         WHERE trigger_schema = DATABASE() AND event_object_table = 'tbl_async_task'
           AND trigger_name NOT IN ('adoption_insert', 'adoption_update', 'adoption_delete')",
        "has triggers of its own, which would stay behind: drop them",
    ),
];

/// Refuses a table that cannot be copied in key order, or to which other things of the schema are tied.
async fn refuse_shape(connection: &mut Connection) -> Result<()> {
    for (sql, words) in OBSTACLES {
        if number(connection, sql).await? != 0 {
            return Err(refused(&format!("the original's {TASKS} {words}")));
        }
    }
    if tables::exists(connection, KEPT).await? {
        return Err(refused(&format!(
            "table {KEPT} exists already: the original's rows are to be kept under this name, rename that table"
        )));
    }
    Ok(())
}

fn refused(words: &str) -> StoreError {
    StoreError::Migration(format!("{words}, then run this again; nothing was changed"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_text_is_asked_whether_it_is_json() {
        for result_is_text in [true, false] {
            let problem = Original { result_is_text }.problem();
            assert_eq!(problem.contains("JSON_VALID"), result_is_text, "{problem}");
        }
    }
}
