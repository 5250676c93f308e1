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
    /// Its operating cycle.
    pub time_config_id: String,
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
    /// The customer's remark.
    pub remark: Option<String>,
    /// Sum of its lines.
    pub total: String,
    /// Its lines, in their order.
    pub lines: Vec<MadeLine>,
}

/// A line of an order that is stored. Decimals are text of two places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MadeLine {
    /// The sku that is bought.
    pub sku_id: String,
    /// How much of it.
    pub quantity: String,
    /// The price of a unit.
    pub unit_price: String,
    /// Quantity × price, rounded.
    pub amount: String,
    /// Its price is settled when it is weighed.
    pub is_price_timing: bool,
    /// The customer's remark.
    pub spu_remark: Option<String>,
}

/// Reads orders with their lines. An order may have 200 lines: ask for a few orders at a time.
pub async fn by_ids(connection: &mut Connection, ids: &[i64]) -> Result<Vec<MadeOrder>> {
    let rows = sqlx::query(BY_IDS)
        .bind(json(ids)?)
        .fetch_all(&mut *connection)
        .await?;
    let mut lines = lines_of(connection, ids).await?;
    let order = |row: &MySqlRow| {
        let id = row.try_get("id")?;
        let time = |name| Moment::from_row(row, name)?.ok_or(StoreError::Unreadable(name));
        Ok(MadeOrder {
            id,
            time_config_id: text(row, "time_config_id")?,
            out_order_no: optional_text(row, "out_order_no")?,
            address_id: text(row, "address_id")?,
            uid: optional_text(row, "uid")?,
            receive_begin: time("receive_begin")?,
            receive_end: time("receive_end")?,
            remark: optional_text(row, "remark")?,
            total: text(row, "total")?,
            lines: lines.remove(&id).unwrap_or_default(),
        })
    };
    rows.iter().map(order).collect()
}

const BY_IDS: &str = "\
    SELECT o.id, o.time_config_id, o.out_order_no, o.address_id, o.uid, o.remark,
      TIMESTAMPDIFF(SECOND, '1970-01-01', o.receive_begin) AS receive_begin,
      TIMESTAMPDIFF(SECOND, '1970-01-01', o.receive_end) AS receive_end,
      CAST(o.total AS CHAR) AS total
    FROM JSON_TABLE(?, '$[*]' COLUMNS (id BIGINT PATH '$')) k
    STRAIGHT_JOIN tbl_order o ON o.id = k.id";

async fn lines_of(connection: &mut Connection, ids: &[i64]) -> Result<HashMap<i64, Vec<MadeLine>>> {
    let rows = sqlx::query(LINES_OF)
        .bind(json(ids)?)
        .fetch_all(connection)
        .await?;
    let mut lines: HashMap<i64, Vec<MadeLine>> = HashMap::new();
    for row in &rows {
        lines
            .entry(row.try_get("order_id")?)
            .or_default()
            .push(MadeLine {
                sku_id: text(row, "sku_id")?,
                quantity: text(row, "quantity")?,
                unit_price: text(row, "unit_price")?,
                amount: text(row, "amount")?,
                is_price_timing: row.try_get("is_price_timing")?,
                spu_remark: optional_text(row, "spu_remark")?,
            });
    }
    Ok(lines)
}

const LINES_OF: &str = "\
    SELECT d.order_id, d.sku_id, d.is_price_timing, d.spu_remark,
      CAST(d.quantity AS CHAR) AS quantity,
      CAST(d.unit_price AS CHAR) AS unit_price,
      CAST(d.amount AS CHAR) AS amount
    FROM JSON_TABLE(?, '$[*]' COLUMNS (id BIGINT PATH '$')) k
    STRAIGHT_JOIN tbl_order_detail d ON d.order_id = k.id
    ORDER BY d.order_id, d.line_no";
