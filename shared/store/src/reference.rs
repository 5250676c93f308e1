//! Reference data: operating cycles, addresses and skus. Another system owns them.
//!
//! The tables' collation pads, so to a key `S1` and `S1 ` are one. An id is therefore found only when it is the
//! same byte by byte; an id that is empty or ends with a blank cannot be stored. As with orders, the columns that
//! `JSON_TABLE` opens are wider than the tables', so that the strict INSERT refuses values that do not fit.

use sqlx::Row;
use sqlx::mysql::MySqlRow;

use crate::arguments::json;
use crate::connections::Connection;
use crate::error::{Result, StoreError};
use crate::ids::{StationId, TaskId};
use crate::row::{optional_text, text};
use crate::time::Moment;

/// An operating cycle as it is stored.
#[derive(Debug, Clone)]
pub struct CycleRow {
    /// Unique over all stations.
    pub id: String,
    /// Whose it is.
    pub station: StationId,
    /// 1 normal, 2 presale.
    pub kind: u8,
    /// It takes orders at all.
    pub enabled: bool,
    /// JSON: when it takes orders.
    pub order_time_limit: String,
    /// JSON: when its orders are received.
    pub receive_time_limit: String,
    /// The database's clock when it was read.
    pub now: Moment,
}

/// Reads the operating cycle with exactly this id.
pub async fn cycle(connection: &mut Connection, id: &str) -> Result<Option<CycleRow>> {
    let row = sqlx::query(CYCLE)
        .bind(id)
        .fetch_optional(connection)
        .await?;
    let cycle = row.as_ref().map(cycle_row).transpose()?;
    Ok(cycle.filter(|cycle| cycle.id == id))
}

const CYCLE: &str = "\
    SELECT id, station_id, type, enabled, order_time_limit, receive_time_limit,
      TIMESTAMPDIFF(SECOND, '1970-01-01', NOW()) AS clock
    FROM tbl_time_config
    WHERE id = ?";

/// Reads the operating cycles of a station in the order of their ids, each behind its name.
pub async fn cycles(
    connection: &mut Connection,
    station: &StationId,
    limit: u32,
) -> Result<Vec<(String, CycleRow)>> {
    let rows = sqlx::query(CYCLES).bind(station.as_str()).bind(limit);
    let rows = rows.fetch_all(connection).await?;
    let named = |row: &MySqlRow| Ok((text(row, "name")?, cycle_row(row)?));
    rows.iter().map(named).collect()
}

const CYCLES: &str = "\
    SELECT id, station_id, name, type, enabled, order_time_limit, receive_time_limit,
      TIMESTAMPDIFF(SECOND, '1970-01-01', NOW()) AS clock
    FROM tbl_time_config FORCE INDEX (of_station)
    WHERE station_id = ?
    ORDER BY id
    LIMIT ?";

fn cycle_row(row: &MySqlRow) -> Result<CycleRow> {
    Ok(CycleRow {
        id: text(row, "id")?,
        station: StationId::from_row(text(row, "station_id")?),
        kind: row.try_get("type")?,
        enabled: row.try_get("enabled")?,
        order_time_limit: text(row, "order_time_limit")?,
        receive_time_limit: text(row, "receive_time_limit")?,
        now: Moment::from_row(row, "clock")?.ok_or(StoreError::Unreadable("the clock"))?,
    })
}

/// An address as it is stored.
#[derive(Debug, Clone)]
pub struct AddressRow {
    /// Unique in its station.
    pub address_id: String,
    /// Its name for people.
    pub name: String,
    /// Orders may be placed for it.
    pub can_order: bool,
}

/// A sku as it is stored; decimals are text.
#[derive(Debug, Clone)]
pub struct SkuRow {
    /// Unique in its station.
    pub sku_id: String,
    /// Its name for people.
    pub name: String,
    /// The unit of its quantities.
    pub sale_unit: String,
    /// The price of a unit unless the order names another.
    pub sale_price: String,
    /// The least that may be ordered.
    pub sale_num_least: String,
    /// It can be ordered.
    pub on_sale: bool,
    /// The only cycle it is sold in.
    pub time_config_id: Option<String>,
}

/// Reads the addresses and skus of a station that have one of these ids.
pub async fn named(
    connection: &mut Connection,
    station: &StationId,
    addresses: &[&str],
    skus: &[&str],
) -> Result<(Vec<AddressRow>, Vec<SkuRow>)> {
    let rows = sqlx::query(NAMED)
        .bind(json(addresses)?)
        .bind(station.as_str())
        .bind(json(skus)?)
        .bind(station.as_str())
        .fetch_all(connection)
        .await?;
    let (mut addresses, mut skus) = (Vec::new(), Vec::new());
    for row in &rows {
        match row.try_get::<i64, _>("is_sku")? {
            0 => addresses.push(address(row)?),
            _ => skus.push(sku(row)?),
        }
    }
    Ok((addresses, skus))
}

const NAMED: &str = "\
    SELECT 0 AS is_sku, a.address_id AS id, a.name, a.can_order AS is_open,
      NULL AS sale_unit, NULL AS sale_price, NULL AS sale_num_least, NULL AS time_config_id
    FROM JSON_TABLE(?, '$[*]' COLUMNS (id VARCHAR(65) PATH '$')) k
    STRAIGHT_JOIN tbl_address a ON a.station_id = ?
                               AND a.address_id = k.id
                               AND LENGTH(a.address_id) = LENGTH(k.id)
    UNION ALL
    SELECT 1, s.sku_id, s.name, s.on_sale,
      s.sale_unit, CAST(s.sale_price AS CHAR), CAST(s.sale_num_least AS CHAR), s.time_config_id
    FROM JSON_TABLE(?, '$[*]' COLUMNS (id VARCHAR(65) PATH '$')) k
    STRAIGHT_JOIN tbl_sku s ON s.station_id = ?
                           AND s.sku_id = k.id
                           AND LENGTH(s.sku_id) = LENGTH(k.id)";

fn address(row: &MySqlRow) -> Result<AddressRow> {
    Ok(AddressRow {
        address_id: text(row, "id")?,
        name: text(row, "name")?,
        can_order: row.try_get("is_open")?,
    })
}

fn sku(row: &MySqlRow) -> Result<SkuRow> {
    Ok(SkuRow {
        sku_id: text(row, "id")?,
        name: text(row, "name")?,
        on_sale: row.try_get("is_open")?,
        sale_unit: text(row, "sale_unit")?,
        sale_price: text(row, "sale_price")?,
        sale_num_least: text(row, "sale_num_least")?,
        time_config_id: optional_text(row, "time_config_id")?,
    })
}

/// Sets the prices of a station's skus, each once, for the current run of a batch: pairs of sku and decimal text. The
/// price of a sku is that of the run accepted last, in whatever order runs are worked; doing it again changes nothing.
pub async fn set_prices(
    connection: &mut Connection,
    station: &StationId,
    task: TaskId,
    prices: &[(String, String)],
) -> Result<()> {
    sqlx::query(
        "UPDATE JSON_TABLE(?, '$[*]' COLUMNS (id VARCHAR(65) PATH '$[0]', price DECIMAL(12,2) PATH '$[1]')) k \
         STRAIGHT_JOIN tbl_sku s ON s.station_id = ? AND s.sku_id = k.id AND LENGTH(s.sku_id) = LENGTH(k.id) \
         STRAIGHT_JOIN tbl_batch b ON b.task_id = ? \
         SET s.sale_price = k.price, s.priced_at = b.accepted_at, s.priced_by = b.task_id \
         WHERE s.priced_at IS NULL OR (s.priced_at, COALESCE(s.priced_by, 0)) <= (b.accepted_at, b.task_id)",
    )
    .bind(json(prices)?)
    .bind(station.as_str())
    .bind(task.get())
    .execute(connection)
    .await?;
    Ok(())
}

/// Stores or replaces a station's operating cycles: a JSON array of the reference file's objects. It locks them, and changes
/// those of other stations, too, which stay theirs: the caller looks for [`foreign_cycles`] afterwards and rolls back.
pub async fn upsert_cycles(
    connection: &mut Connection,
    station: &StationId,
    cycles: &str,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO tbl_time_config (station_id, id, name, type, enabled, order_time_limit, receive_time_limit) \
         SELECT ?, IF(c.id = '' OR c.id LIKE '% ', NULL, c.id), c.name, c.type, c.enabled, c.order_time_limit, c.receive_time_limit \
         FROM JSON_TABLE(?, '$[*]' COLUMNS (id LONGTEXT PATH '$.id', name LONGTEXT PATH '$.name', \
           type INT PATH '$.type', enabled TINYINT PATH '$.enabled', \
           order_time_limit LONGTEXT PATH '$.order_time_limit', \
           receive_time_limit LONGTEXT PATH '$.receive_time_limit')) c \
         ON DUPLICATE KEY UPDATE name = VALUES(name), type = VALUES(type), enabled = VALUES(enabled), \
           order_time_limit = VALUES(order_time_limit), receive_time_limit = VALUES(receive_time_limit)",
    )
    .bind(station.as_str())
    .bind(cycles)
    .execute(connection)
    .await?;
    Ok(())
}

/// Lists the operating cycles that are another station's, of a JSON array of the reference file's objects.
pub async fn foreign_cycles(
    connection: &mut Connection,
    station: &StationId,
    cycles: &str,
) -> Result<Vec<String>> {
    let rows = sqlx::query(FOREIGN_CYCLES)
        .bind(cycles)
        .bind(station.as_str())
        .fetch_all(connection)
        .await?;
    rows.iter().map(|row| text(row, "id")).collect()
}

const FOREIGN_CYCLES: &str = "\
    SELECT c.id
    FROM JSON_TABLE(?, '$[*]' COLUMNS (id VARCHAR(65) PATH '$.id')) k
    STRAIGHT_JOIN tbl_time_config c ON c.id = k.id
    WHERE c.station_id <> ?
    ORDER BY c.id";

/// Stores or replaces a station's addresses: a JSON array of the reference file's objects.
pub async fn upsert_addresses(
    connection: &mut Connection,
    station: &StationId,
    addresses: &str,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO tbl_address (station_id, address_id, uid, name, can_order) \
         SELECT ?, IF(a.address_id = '' OR a.address_id LIKE '% ', NULL, a.address_id), a.uid, a.name, a.can_order \
         FROM JSON_TABLE(?, '$[*]' COLUMNS (address_id LONGTEXT PATH '$.address_id', \
           uid LONGTEXT PATH '$.uid', name LONGTEXT PATH '$.name', can_order TINYINT PATH '$.can_order')) a \
         ON DUPLICATE KEY UPDATE uid = VALUES(uid), name = VALUES(name), can_order = VALUES(can_order)",
    )
    .bind(station.as_str())
    .bind(addresses)
    .execute(connection)
    .await?;
    Ok(())
}

/// Stores or replaces a station's skus: a JSON array of the reference file's objects.
pub async fn upsert_skus(
    connection: &mut Connection,
    station: &StationId,
    skus: &str,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO tbl_sku (station_id, sku_id, name, sale_unit, sale_price, sale_num_least, on_sale, time_config_id, priced_at) \
         SELECT ?, IF(s.sku_id = '' OR s.sku_id LIKE '% ', NULL, s.sku_id), s.name, s.sale_unit, s.sale_price, s.sale_num_least, s.on_sale, \
           s.time_config_id, NOW(3) FROM JSON_TABLE(?, '$[*]' COLUMNS (sku_id LONGTEXT PATH '$.sku_id', \
           name LONGTEXT PATH '$.name', sale_unit LONGTEXT PATH '$.sale_unit', \
           sale_price LONGTEXT PATH '$.sale_price', sale_num_least LONGTEXT PATH '$.sale_num_least', \
           on_sale TINYINT PATH '$.on_sale', time_config_id LONGTEXT PATH '$.time_config_id')) s \
         ON DUPLICATE KEY UPDATE name = VALUES(name), sale_unit = VALUES(sale_unit), sale_price = VALUES(sale_price), \
           sale_num_least = VALUES(sale_num_least), on_sale = VALUES(on_sale), time_config_id = VALUES(time_config_id), \
           priced_at = VALUES(priced_at), priced_by = NULL",
    )
    .bind(station.as_str())
    .bind(skus)
    .execute(connection)
    .await?;
    Ok(())
}
