//! `tbl_order` and `tbl_order_detail`: the orders that an import makes.
//!
//! The columns that `JSON_TABLE` opens are wider than the tables': a value that does not fit a narrow one becomes NULL
//! (MySQL) or cuts and clamps (MariaDB) without a word, while the strict INSERT refuses it.

use std::sync::LazyLock;

use serde::{Serialize, Serializer};
use sqlx::Row;

use crate::arguments::json;
use crate::connections::Connection;
use crate::error::Result;
use crate::ids::{StationId, TaskId};
use crate::row::text;

/// The values that the orders of a chunk share.
#[derive(Debug, Clone, Copy)]
pub struct OrderBatch<'a> {
    /// The station they belong to.
    pub station: &'a StationId,
    /// The task that makes them.
    pub task: TaskId,
    /// Their operating cycle.
    pub time_config_id: &'a str,
}

/// An order that is to be stored. Decimals (of two places: more are rounded) and times (UTC, `YYYY-MM-DD HH:MM:SS`) are text.
#[derive(Debug, Clone)]
pub struct NewOrder<'a> {
    /// The reserved id.
    pub id: i64,
    /// The key that is unique among the orders of a task.
    pub key: &'a str,
    /// The caller's order number, unique in the station.
    pub out_order_no: Option<&'a str>,
    /// Where it is delivered.
    pub address_id: &'a str,
    /// The customer's user.
    pub uid: Option<&'a str>,
    /// Start of the receive window.
    pub receive_begin: String,
    /// End of the receive window.
    pub receive_end: String,
    /// The customer's remark.
    pub remark: Option<&'a str>,
    /// Sum of its lines.
    pub total: String,
}

impl Serialize for NewOrder<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let (begin, end) = (&self.receive_begin, &self.receive_end);
        (
            self.id,
            self.key,
            self.out_order_no,
            self.address_id,
            self.uid,
            begin,
            end,
            self.remark,
            &self.total,
        )
            .serialize(serializer)
    }
}

/// An order line that is to be stored. Decimals are text of two places: more are rounded.
#[derive(Debug, Clone)]
pub struct NewLine<'a> {
    /// Its order.
    pub order_id: i64,
    /// Its place in the order, from 1.
    pub line_no: u32,
    /// The sku that is bought.
    pub sku_id: &'a str,
    /// How much of it.
    pub quantity: String,
    /// The price of a unit.
    pub unit_price: String,
    /// Quantity × price, rounded.
    pub amount: String,
    /// Its price is settled when it is weighed.
    pub is_price_timing: bool,
    /// The customer's remark.
    pub spu_remark: Option<&'a str>,
}

impl Serialize for NewLine<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let timing = u8::from(self.is_price_timing);
        let (price, amount) = (&self.unit_price, &self.amount);
        (
            self.order_id,
            self.line_no,
            self.sku_id,
            &self.quantity,
            price,
            amount,
            timing,
            self.spu_remark,
        )
            .serialize(serializer)
    }
}

/// Stores orders. One that repeats an id, a key of the task or an `out_order_no` of the station fails the whole
/// statement with a duplicate-key error.
pub async fn insert(
    connection: &mut Connection,
    batch: OrderBatch<'_>,
    orders: &[NewOrder<'_>],
) -> Result<()> {
    sqlx::query(
        "INSERT INTO tbl_order (station_id, task_id, time_config_id, id, order_key, out_order_no, address_id, uid, \
           receive_begin, receive_end, remark, total) \
         SELECT ?, ?, ?, o.* FROM JSON_TABLE(?, '$[*]' COLUMNS (id BIGINT PATH '$[0]', \
           order_key LONGTEXT PATH '$[1]', out_order_no LONGTEXT PATH '$[2]', \
           address_id LONGTEXT PATH '$[3]', uid LONGTEXT PATH '$[4]', receive_begin LONGTEXT PATH '$[5]', \
           receive_end LONGTEXT PATH '$[6]', remark LONGTEXT PATH '$[7]', total LONGTEXT PATH '$[8]')) o",
    )
    .bind(batch.station.as_str())
    .bind(batch.task.get())
    .bind(batch.time_config_id)
    .bind(json(orders)?)
    .execute(connection)
    .await?;
    Ok(())
}

/// The beginning of a statement that stores lines.
macro_rules! insert_lines {
    () => {
        "INSERT INTO tbl_order_detail (order_id, line_no, sku_id, quantity, unit_price, amount, is_price_timing, \
           spu_remark) "
    };
}

/// Lines of one statement of a fixed length: prepared once, it takes less of the server than the same lines as JSON.
const FULL: usize = 1024;

static INSERT_FULL: LazyLock<String> = LazyLock::new(|| {
    let mut sql = concat!(insert_lines!(), "VALUES (?, ?, ?, ?, ?, ?, ?, ?)").to_owned();
    sql.push_str(&", (?, ?, ?, ?, ?, ?, ?, ?)".repeat(FULL - 1));
    sql
});

/// Stores order lines.
pub async fn insert_lines(connection: &mut Connection, lines: &[NewLine<'_>]) -> Result<()> {
    let mut parts = lines.chunks_exact(FULL);
    for part in parts.by_ref() {
        insert_full(connection, part).await?;
    }
    match parts.remainder() {
        [] => Ok(()),
        rest => insert_rest(connection, rest).await,
    }
}

async fn insert_full(connection: &mut Connection, lines: &[NewLine<'_>]) -> Result<()> {
    let mut insert = sqlx::query(&INSERT_FULL);
    for line in lines {
        insert = insert
            .bind(line.order_id)
            .bind(line.line_no)
            .bind(line.sku_id)
            .bind(&line.quantity)
            .bind(&line.unit_price)
            .bind(&line.amount)
            .bind(line.is_price_timing)
            .bind(line.spu_remark);
    }
    insert.execute(connection).await?;
    Ok(())
}

async fn insert_rest(connection: &mut Connection, lines: &[NewLine<'_>]) -> Result<()> {
    let sql = concat!(
        insert_lines!(),
        "SELECT l.* FROM JSON_TABLE(?, '$[*]' COLUMNS (order_id BIGINT PATH '$[0]', line_no INT PATH '$[1]', \
           sku_id LONGTEXT PATH '$[2]', quantity LONGTEXT PATH '$[3]', unit_price LONGTEXT PATH '$[4]', \
           amount LONGTEXT PATH '$[5]', is_price_timing TINYINT PATH '$[6]', spu_remark LONGTEXT PATH '$[7]')) l",
    );
    sqlx::query(sql)
        .bind(json(lines)?)
        .execute(connection)
        .await?;
    Ok(())
}

/// Finds orders that the task has made of these keys: key and order id.
pub async fn made_by_task(
    connection: &mut Connection,
    task: TaskId,
    keys: &[&str],
) -> Result<Vec<(String, i64)>> {
    let rows = sqlx::query(MADE_BY_TASK)
        .bind(json(keys)?)
        .bind(task.get())
        .fetch_all(connection)
        .await?;
    rows.iter()
        .map(|row| Ok((text(row, "order_key")?, row.try_get("id")?)))
        .collect()
}

const MADE_BY_TASK: &str = "\
    SELECT CAST(o.order_key AS CHAR CHARACTER SET utf8mb4) AS order_key, o.id
    FROM JSON_TABLE(?, '$[*]' COLUMNS (k VARCHAR(67) PATH '$')) j
    STRAIGHT_JOIN tbl_order o ON o.task_id = ?
                             AND o.order_key = CAST(j.k AS BINARY)";

/// Finds orders of the station with these order numbers: the number as it was asked for and the order id. Trailing blanks do
/// not tell two numbers apart: the unique key pads.
pub async fn with_out_order_no(
    connection: &mut Connection,
    station: &StationId,
    numbers: &[&str],
) -> Result<Vec<(String, i64)>> {
    let rows = sqlx::query(WITH_OUT_ORDER_NO)
        .bind(json(numbers)?)
        .bind(station.as_str())
        .fetch_all(connection)
        .await?;
    rows.iter()
        .map(|row| Ok((text(row, "asked")?, row.try_get("id")?)))
        .collect()
}

const WITH_OUT_ORDER_NO: &str = "\
    SELECT j.n AS asked, o.id
    FROM JSON_TABLE(?, '$[*]' COLUMNS (n VARCHAR(65) PATH '$')) j
    STRAIGHT_JOIN tbl_order o ON o.station_id = ?
                             AND o.out_order_no = j.n";

/// Tells whether an order exists and is the station's.
pub async fn exists(connection: &mut Connection, station: &StationId, id: i64) -> Result<bool> {
    let row = sqlx::query("SELECT 1 FROM tbl_order WHERE id = ? AND station_id = ?")
        .bind(id)
        .bind(station.as_str())
        .fetch_optional(connection)
        .await?;
    Ok(row.is_some())
}
