//! The rows of one batch, as they are in the database when everything is over.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::Value;
use sqlx::mysql::{MySqlConnection, MySqlRow};
use sqlx::{Result, Row as _};

/// A batch's rows of every table.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rows {
    pub(crate) task_id: i64,
    pub(crate) station: String,
    pub(crate) status: i64,
    pub(crate) result: Value,
    pub(crate) run: u32,
    pub(crate) item_count: u32,
    /// When the last run was accepted.
    pub(crate) accepted_ms: i64,
    /// By their ids.
    pub(crate) chunks: BTreeMap<i64, Chunk>,
    pub(crate) items: Vec<Item>,
    /// By their ids.
    pub(crate) orders: BTreeMap<i64, Order>,
}

#[derive(Debug, Clone)]
pub(crate) struct Chunk {
    pub(crate) run: u32,
    pub(crate) number: u32,
    pub(crate) first_index: u32,
    pub(crate) item_count: u32,
    /// 0 open, 1 done, 2 cancelled.
    pub(crate) state: i64,
    pub(crate) is_rework: bool,
    pub(crate) cause: Option<String>,
    /// The items as they were stored.
    pub(crate) payload: Vec<Value>,
}

#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub(crate) run: u32,
    pub(crate) index: u32,
    pub(crate) chunk_id: i64,
    /// 0 pending, 1 success, 2 failed, 3 amended, 4 dropped, 5 cancelled.
    pub(crate) status: i64,
    pub(crate) attempts: u32,
    pub(crate) made_id: Option<i64>,
    /// The codes of its errors.
    pub(crate) codes: Vec<String>,
}

/// Times are UTC, decimals as MySQL prints them.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    pub(crate) station: String,
    pub(crate) key: String,
    pub(crate) out_order_no: Option<String>,
    pub(crate) address_id: String,
    pub(crate) cycle: String,
    pub(crate) receive: [String; 2],
    pub(crate) remark: Option<String>,
    pub(crate) total: String,
    pub(crate) created_ms: i64,
    pub(crate) lines: Vec<Line>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) sku_id: String,
    pub(crate) quantity: String,
    pub(crate) unit_price: String,
    pub(crate) amount: String,
    pub(crate) is_price_timing: bool,
    pub(crate) spu_remark: Option<String>,
}

impl Rows {
    /// Reads the rows of a batch; `None` when the task does not exist.
    pub(crate) async fn read(connection: &mut MySqlConnection, task: &str) -> Result<Option<Self>> {
        let sql = "SELECT t.id, t.station_id, t.status, CAST(t.result AS CHAR), b.run, b.item_count, \
               CAST(TIMESTAMPDIFF(MICROSECOND, '1970-01-01', b.accepted_at) DIV 1000 AS SIGNED) \
             FROM tbl_async_task t JOIN tbl_batch b ON b.task_id = t.id WHERE t.user_task_id = ?";
        let row = sqlx::query(sql).bind(task);
        let Some(row) = row.fetch_optional(&mut *connection).await? else {
            return Ok(None);
        };
        let result = text(&row, 3).and_then(|text| serde_json::from_str(&text).ok());
        let mut rows = Self {
            task_id: row.get(0),
            station: text(&row, 1).unwrap_or_default(),
            status: row.get(2),
            result: result.unwrap_or_default(),
            run: row.get(4),
            item_count: row.get(5),
            accepted_ms: row.get(6),
            ..Self::default()
        };
        rows.read_chunks(connection).await?;
        rows.read_items(connection).await?;
        rows.imply_made();
        rows.read_orders(connection).await?;
        rows.read_lines(connection).await?;
        Ok(Some(rows))
    }

    async fn read_chunks(&mut self, connection: &mut MySqlConnection) -> Result<()> {
        let sql = "SELECT c.id, c.run, c.chunk_no, c.first_index, c.item_count, c.state, c.is_rework, c.cause, UNCOMPRESS(p.items) AS items \
             FROM tbl_batch_chunk c LEFT JOIN tbl_batch_payload p ON p.chunk_id = c.id WHERE c.task_id = ?";
        for row in self.all(connection, sql).await? {
            let payload = text(&row, 8).and_then(|text| serde_json::from_str(&text).ok());
            let chunk = Chunk {
                run: row.get(1),
                number: row.get(2),
                first_index: row.get(3),
                item_count: row.get(4),
                state: row.get(5),
                is_rework: row.get(6),
                cause: text(&row, 7),
                payload: payload.unwrap_or_default(),
            };
            self.chunks.insert(row.get(0), chunk);
        }
        Ok(())
    }

    async fn read_items(&mut self, connection: &mut MySqlConnection) -> Result<()> {
        let sql = "SELECT run, item_index, chunk_id, status, attempts, made_id, errors \
             FROM tbl_batch_item WHERE task_id = ? ORDER BY run, item_index";
        for row in self.all(connection, sql).await? {
            let errors =
                text(&row, 6).and_then(|text| serde_json::from_str::<Vec<Value>>(&text).ok());
            let code = |error: Value| error["code"].as_str().unwrap_or_default().to_owned();
            self.items.push(Item {
                run: row.get(0),
                index: row.get(1),
                chunk_id: row.get(2),
                status: row.get(3),
                attempts: row.get(4),
                made_id: row.get(5),
                codes: errors.into_iter().flatten().map(code).collect(),
            });
        }
        Ok(())
    }

    /// An item of a done chunk that has no row was made, with the id kept for it: its order has to be there.
    pub(super) fn imply_made(&mut self) {
        let stored: HashSet<_> = self
            .items
            .iter()
            .map(|item| (item.run, item.index))
            .collect();
        let done = self.chunks.iter().filter(|(_, chunk)| chunk.state == 1);
        for (id, chunk) in done.filter(|(_, chunk)| !chunk.is_rework) {
            let indexes = chunk.first_index..chunk.first_index + chunk.item_count;
            for index in indexes.filter(|index| !stored.contains(&(chunk.run, *index))) {
                self.items.push(Item {
                    run: chunk.run,
                    index,
                    chunk_id: *id,
                    status: 1,
                    attempts: 0,
                    made_id: Some(id * 1000 + i64::from(index - chunk.first_index)),
                    codes: Vec::new(),
                });
            }
        }
    }

    async fn read_orders(&mut self, connection: &mut MySqlConnection) -> Result<()> {
        let sql = "SELECT id, station_id, CAST(order_key AS CHAR CHARACTER SET utf8mb4), out_order_no, address_id, \
               time_config_id, CAST(receive_begin AS CHAR), CAST(receive_end AS CHAR), remark, CAST(total AS CHAR), \
               CAST(TIMESTAMPDIFF(MICROSECOND, '1970-01-01', creat_time) DIV 1000 AS SIGNED) \
             FROM tbl_order WHERE task_id = ?";
        for row in self.all(connection, sql).await? {
            let of = |at| text(&row, at).unwrap_or_default();
            let order = Order {
                station: of(1),
                key: of(2),
                out_order_no: text(&row, 3),
                address_id: of(4),
                cycle: of(5),
                receive: [of(6), of(7)],
                remark: text(&row, 8),
                total: of(9),
                created_ms: row.get(10),
                lines: Vec::new(),
            };
            self.orders.insert(row.get(0), order);
        }
        Ok(())
    }

    async fn read_lines(&mut self, connection: &mut MySqlConnection) -> Result<()> {
        let sql = "SELECT l.order_id, l.sku_id, CAST(l.quantity AS CHAR), CAST(l.unit_price AS CHAR), \
               CAST(l.amount AS CHAR), l.is_price_timing, l.spu_remark \
             FROM tbl_order o JOIN tbl_order_detail l ON l.order_id = o.id \
             WHERE o.task_id = ? ORDER BY l.order_id, l.line_no";
        for row in self.all(connection, sql).await? {
            let of = |at| text(&row, at).unwrap_or_default();
            let line = Line {
                sku_id: of(1),
                quantity: of(2),
                unit_price: of(3),
                amount: of(4),
                is_price_timing: row.get(5),
                spu_remark: text(&row, 6),
            };
            if let Some(order) = self.orders.get_mut(&row.get::<i64, _>(0)) {
                order.lines.push(line);
            }
        }
        Ok(())
    }

    async fn all(&self, connection: &mut MySqlConnection, sql: &str) -> Result<Vec<MySqlRow>> {
        sqlx::query(sql)
            .bind(self.task_id)
            .fetch_all(connection)
            .await
    }
}

/// Which task made the order with a number, by station and number.
pub(super) async fn owners(
    connection: &mut MySqlConnection,
) -> Result<HashMap<(String, String), i64>> {
    let sql =
        "SELECT station_id, out_order_no, task_id FROM tbl_order WHERE out_order_no IS NOT NULL";
    let rows = sqlx::query(sql).fetch_all(connection).await?;
    let owner = |row: &MySqlRow| {
        let of = |at| text(row, at).unwrap_or_default();
        ((of(0), of(1)), row.get(2))
    };
    Ok(rows.iter().map(owner).collect())
}

/// Text, whichever type the server calls it.
pub(super) fn text(row: &MySqlRow, at: usize) -> Option<String> {
    let bytes: Option<Vec<u8>> = row.try_get_unchecked(at).unwrap();
    bytes.map(|bytes| String::from_utf8(bytes).unwrap())
}
