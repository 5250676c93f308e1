//! The floor: what the database takes for the same rows when nothing else is wanted. The same validation, then the
//! order, line and outcome rows by plain multi-row inserts on two connections; no queue, no payload kept, no lease,
//! nothing to follow or to repeat.

use std::sync::atomic::{AtomicUsize, Ordering};

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::value::RawValue;
use sqlx::mysql::MySqlConnection;
use sqlx::{Connection as _, Executor as _};
use task_service::orders::{Checks, Cycle, Order, Reference, key, parse, validate};

use crate::data::{CYCLE, STATION};
use crate::threads;

/// Orders in one statement: a fixed shape, so that it is prepared once.
const ROWS: usize = 100;

/// The values that the rows of a run share.
pub(crate) struct Floor<'a> {
    pub(crate) url: &'a str,
    pub(crate) orders: &'a str,
    pub(crate) reference: &'a Reference,
    pub(crate) cycle: &'a Cycle,
    /// Tells the rows of this run from those of another one.
    pub(crate) task: i64,
}

impl Floor<'_> {
    /// Stores all orders with `connections` connections.
    pub(crate) fn run(&self, connections: usize) {
        let orders: Vec<&RawValue> = serde_json::from_str(self.orders).expect("a list");
        // A transaction has as many as the engine's chunks do.
        let size = orders.len().div_ceil(2).clamp(100, 500);
        let firsts = (0..).step_by(size).map(|at| self.task * 1_000_000 + at);
        let chunks: Vec<_> = firsts.zip(orders.chunks(size)).collect();
        let next = AtomicUsize::new(0);
        threads::run(connections, async |_| {
            let mut connection = MySqlConnection::connect(self.url).await.expect("a server");
            let isolation = "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED";
            connection.execute(isolation).await.expect("isolation");
            loop {
                let no = next.fetch_add(1, Ordering::Relaxed);
                let Some((first, chunk)) = chunks.get(no) else {
                    break;
                };
                self.chunk(&mut connection, *first, chunk)
                    .await
                    .expect("a chunk is stored");
            }
        });
    }

    /// Stores orders in one transaction, with ids from `first` on.
    async fn chunk(
        &self,
        connection: &mut MySqlConnection,
        first: i64,
        items: &[&RawValue],
    ) -> sqlx::Result<()> {
        let accepted_at = jiff::Zoned::now().datetime();
        connection.execute("START TRANSACTION").await?;
        for (first, part) in (first..).step_by(ROWS).zip(items.chunks(ROWS)) {
            let orders: Vec<_> = part
                .iter()
                .map(|raw| self.checked(raw.get(), accepted_at))
                .collect();
            self.insert_orders(connection, first, &orders).await?;
            insert_lines(connection, first, &orders).await?;
            self.insert_outcomes(connection, first, orders.len())
                .await?;
        }
        connection.execute("COMMIT").await?;
        Ok(())
    }

    fn checked(&self, raw: &str, accepted_at: DateTime) -> (String, Order) {
        let checks = Checks {
            reference: self.reference,
            cycle: self.cycle,
            accepted_at,
            zone: &TimeZone::UTC,
            duplicate_of: None,
            existing_order: None,
        };
        let order = validate(&parse(raw).expect("an order"), &checks).expect("a right order");
        (key(raw).expect("a key"), order)
    }

    async fn insert_orders(
        &self,
        connection: &mut MySqlConnection,
        first: i64,
        orders: &[(String, Order)],
    ) -> sqlx::Result<()> {
        let sql = rows(
            "INSERT INTO tbl_order (station_id, task_id, time_config_id, id, order_key, out_order_no, address_id, uid, \
             receive_begin, receive_end, remark, total) VALUES ",
            "(?,?,?,?,?,?,?,?,?,?,?,?)",
            orders.len(),
        );
        let mut insert = sqlx::query(&sql);
        for (id, (key, order)) in (first..).zip(orders) {
            insert = insert
                .bind(STATION)
                .bind(self.task)
                .bind(CYCLE)
                .bind(id)
                .bind(key.as_bytes());
            insert = insert
                .bind(&order.out_order_no)
                .bind(&order.address_id)
                .bind(&order.uid);
            insert = insert
                .bind(order.receive_begin.to_string())
                .bind(order.receive_end.to_string());
            insert = insert.bind(&order.remark).bind(order.total.to_string());
        }
        insert.execute(connection).await.map(drop)
    }

    async fn insert_outcomes(
        &self,
        connection: &mut MySqlConnection,
        first: i64,
        count: usize,
    ) -> sqlx::Result<()> {
        let sql = rows(
            "INSERT INTO tbl_batch_item (task_id, run, item_index, chunk_id, status, made_id) VALUES ",
            "(?,1,?,1,1,?)",
            count,
        );
        let mut insert = sqlx::query(&sql);
        for id in (first..).take(count) {
            insert = insert.bind(self.task).bind(id % 1_000_000).bind(id);
        }
        insert.execute(connection).await.map(drop)
    }
}

async fn insert_lines(
    connection: &mut MySqlConnection,
    first: i64,
    orders: &[(String, Order)],
) -> sqlx::Result<()> {
    let count = orders.iter().map(|(_, order)| order.lines.len()).sum();
    let sql = rows(
        "INSERT INTO tbl_order_detail (order_id, line_no, sku_id, quantity, unit_price, amount, is_price_timing, spu_remark) VALUES ",
        "(?,?,?,?,?,?,?,?)",
        count,
    );
    let mut insert = sqlx::query(&sql);
    for (id, (_, order)) in (first..).zip(orders) {
        for (line_no, line) in (1_i32..).zip(&order.lines) {
            insert = insert
                .bind(id)
                .bind(line_no)
                .bind(&line.sku_id)
                .bind(line.quantity.to_string());
            insert = insert
                .bind(line.unit_price.to_string())
                .bind(line.amount.to_string());
            insert = insert.bind(line.is_price_timing).bind(&line.spu_remark);
        }
    }
    insert.execute(connection).await.map(drop)
}

fn rows(insert: &str, row: &str, count: usize) -> String {
    let mut sql = String::with_capacity(insert.len() + (row.len() + 1) * count);
    sql.push_str(insert);
    for at in 0..count {
        if at > 0 {
            sql.push(',');
        }
        sql.push_str(row);
    }
    sql
}
