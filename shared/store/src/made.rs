//! Orders as the database holds them, with their lines.

use std::collections::HashMap;

use sqlx::Row;
use sqlx::mysql::MySqlRow;

use crate::arguments::json;
use crate::connections::Connection;
use crate::error::{Result, StoreError};
use crate::row::{optional_text, text};
use crate::time::Moment;

/// An order that is stored. Decimals are text of two places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MadeOrder {
    /// Its id.
    pub id: i64,
    /// The caller's order number.
    pub out_order_no: Option<String>,
    /// Where it is delivered.
    pub address_id: String,
    /// The customer's user.
    pub uid: Option<String>,
    /// Start of the receive window.
    pub receive_begin: Moment,
    /// End of the receive window.
    pub receive_end: Moment,
    /// What the customer asks for.
    pub remark: Option<String>,
    /// Sum of its lines.
    pub total: String,
    /// Its lines, in their order.
    pub lines: Vec<MadeLine>,
}

/// A line of an order that is stored. Decimals are text of two places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MadeLine {
    /// What is bought.
    pub sku_id: String,
    /// How much of it.
    pub quantity: String,
    /// What one costs.
    pub unit_price: String,
    /// Quantity × price, rounded.
    pub amount: String,
    /// Its price is settled when it is weighed.
    pub is_price_timing: bool,
    /// What the customer asks for.
    pub spu_remark: Option<String>,
}

/// Reads orders with their lines. An order may have 200 lines: ask for a few orders at a time.
pub async fn by_ids(connection: &mut Connection, ids: &[i64]) -> Result<Vec<MadeOrder>> {
    let rows = sqlx::query(
        "SELECT o.id, o.out_order_no, o.address_id, o.uid, \
           TIMESTAMPDIFF(SECOND, '1970-01-01', o.receive_begin), \
           TIMESTAMPDIFF(SECOND, '1970-01-01', o.receive_end), o.remark, CAST(o.total AS CHAR) \
         FROM JSON_TABLE(?, '$[*]' COLUMNS (id BIGINT PATH '$')) k STRAIGHT_JOIN tbl_order o ON o.id = k.id",
    )
    .bind(json(ids)?)
    .fetch_all(&mut *connection)
    .await?;
    let mut lines = lines_of(connection, ids).await?;
    let order = |row: &MySqlRow| {
        let id = row.try_get(0)?;
        let time =
            |column, name| Moment::from_row(row, column)?.ok_or(StoreError::Unreadable(name));
        Ok(MadeOrder {
            id,
            out_order_no: optional_text(row, 1)?,
            address_id: text(row, 2)?,
            uid: optional_text(row, 3)?,
            receive_begin: time(4, "receive_begin")?,
            receive_end: time(5, "receive_end")?,
            remark: optional_text(row, 6)?,
            total: text(row, 7)?,
            lines: lines.remove(&id).unwrap_or_default(),
        })
    };
    rows.iter().map(order).collect()
}

async fn lines_of(connection: &mut Connection, ids: &[i64]) -> Result<HashMap<i64, Vec<MadeLine>>> {
    let rows = sqlx::query(
        "SELECT d.order_id, d.sku_id, CAST(d.quantity AS CHAR), CAST(d.unit_price AS CHAR), \
           CAST(d.amount AS CHAR), d.is_price_timing, d.spu_remark \
         FROM JSON_TABLE(?, '$[*]' COLUMNS (id BIGINT PATH '$')) k \
         STRAIGHT_JOIN tbl_order_detail d ON d.order_id = k.id ORDER BY d.order_id, d.line_no",
    )
    .bind(json(ids)?)
    .fetch_all(connection)
    .await?;
    let mut lines: HashMap<i64, Vec<MadeLine>> = HashMap::new();
    for row in &rows {
        lines.entry(row.try_get(0)?).or_default().push(MadeLine {
            sku_id: text(row, 1)?,
            quantity: text(row, 2)?,
            unit_price: text(row, 3)?,
            amount: text(row, 4)?,
            is_price_timing: row.try_get(5)?,
            spu_remark: optional_text(row, 6)?,
        });
    }
    Ok(lines)
}
