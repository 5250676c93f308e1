//! What is promised of price changes: each has exactly one outcome, and the price of a sku is that of the run that was
//! accepted last.

use std::collections::{HashMap, HashSet};

use sqlx::mysql::{MySqlConnection, MySqlRow};
use sqlx::{Result, Row as _};

use super::Report;
use super::history::BatchHistory;
use super::promises::payload_of;
use super::rows::{Item, Rows, text};

/// How often an item is tried by itself before it is given up.
const TRIES: u32 = 2;

/// A price change that was made.
#[derive(Debug, Clone)]
pub(super) struct Change {
    pub(super) station: String,
    pub(super) task_id: i64,
    pub(super) sku_id: String,
    pub(super) price: String,
    /// When its run was accepted; `None` for a run that another one of its task followed, and where an earlier run may have
    /// made the change: a batch that is sent again carries over the changes that it has made.
    pub(super) accepted_ms: Option<i64>,
}

/// A sku whose price a batch has set.
#[derive(Debug, Clone)]
pub(super) struct Sku {
    pub(super) station: String,
    pub(super) sku_id: String,
    pub(super) price: String,
    pub(super) priced_ms: i64,
    pub(super) priced_by: i64,
}

impl Sku {
    pub(super) async fn read(connection: &mut MySqlConnection) -> Result<Vec<Self>> {
        let sql = "SELECT station_id, sku_id, CAST(sale_price AS CHAR), priced_by, \
               CAST(TIMESTAMPDIFF(MICROSECOND, '1970-01-01', priced_at) DIV 1000 AS SIGNED) \
             FROM tbl_sku WHERE priced_by IS NOT NULL";
        let sku = |row: &MySqlRow| Self {
            station: text(row, 0).unwrap_or_default(),
            sku_id: text(row, 1).unwrap_or_default(),
            price: text(row, 2).unwrap_or_default(),
            priced_by: row.get(3),
            priced_ms: row.get(4),
        };
        let rows = sqlx::query(sql).fetch_all(connection).await?;
        Ok(rows.iter().map(sku).collect())
    }
}

/// Every change of a batch has exactly one outcome: the one it must have.
pub(super) fn check(report: &mut Report<'_>, batch: &BatchHistory, rows: &Rows) {
    for run in 1..=rows.run {
        let sent = payload_of(rows, run);
        let payload = batch.payloads.iter().find(|one| one.orders == sent);
        let of_run = rows.items.iter().filter(|item| item.run == run);
        let settled: HashMap<u32, &Item> = of_run.map(|item| (item.index, item)).collect();
        let chunks = rows.chunks.values().filter(|chunk| chunk.run == run);
        for chunk in chunks {
            for index in chunk.first_index..chunk.first_index + chunk.item_count {
                report.checked.outcomes += 1;
                let code = payload.and_then(|sent| sent.expected.get(&index));
                let is_right = match settled.get(&index) {
                    Some(item) => has_its_outcome(item, code, chunk.cause.is_some()),
                    None => chunk.state == 2,
                };
                if !is_right {
                    let told = format!(
                        "run {run}, {index}: {:?}, not {code:?}",
                        settled.get(&index)
                    );
                    report.violation("a price change has a wrong outcome", told);
                }
            }
        }
        if settled.keys().any(|index| *index as usize >= sent.len()) {
            report.violation(
                "a price change has an outcome and was not sent",
                format!("run {run}"),
            );
        }
    }
}

fn has_its_outcome(item: &Item, code: Option<&String>, buried: bool) -> bool {
    let is_busy = item.codes == ["SYSTEM_BUSY"];
    match (item.status, code) {
        (1, None) | (5, _) => true,
        (2, Some(code)) if item.codes.contains(code) => true,
        (2, _) => is_busy && (buried || item.attempts >= TRIES),
        _ => false,
    }
}

/// The changes that a batch has made.
pub(super) fn of(rows: &Rows) -> Vec<Change> {
    let made = rows.items.iter().filter(|item| item.status == 1);
    let before: HashSet<u32> = made
        .clone()
        .filter(|item| item.run + 1 == rows.run)
        .map(|item| item.index)
        .collect();
    let is_sent_again =
        rows.run > 1 && payload_of(rows, rows.run) == payload_of(rows, rows.run - 1);
    let change = |item: &Item| {
        let chunk = rows.chunks.get(&item.chunk_id)?;
        let at = usize::try_from(item.index.checked_sub(chunk.first_index)?).ok()?;
        let sent = chunk.payload.get(at)?;
        Some(Change {
            station: rows.station.clone(),
            task_id: rows.task_id,
            sku_id: sent["sku_id"].as_str()?.to_owned(),
            price: sent["sale_price"].as_str()?.to_owned(),
            accepted_ms: (item.run == rows.run && !(is_sent_again && before.contains(&item.index)))
                .then_some(rows.accepted_ms),
        })
    };
    made.filter_map(change).collect()
}

/// The price of each sku is one that its batch has set, and no batch that was accepted later has set another.
pub(super) fn check_skus(report: &mut Report<'_>, skus: &[Sku], changes: &[Change]) {
    let mut by_sku: HashMap<_, Vec<&Change>> = HashMap::new();
    for change in changes {
        let key = (change.station.as_str(), change.sku_id.as_str());
        by_sku.entry(key).or_default().push(change);
    }
    for sku in skus {
        let key = (sku.station.as_str(), sku.sku_id.as_str());
        let changes = by_sku.remove(&key).unwrap_or_default();
        let mut own = changes.iter().filter(|one| one.task_id == sku.priced_by);
        if !own.any(|change| change.price == sku.price) {
            report.violation("a price is nobody's", format!("{sku:?}"));
        }
        let priced = (sku.priced_ms, sku.priced_by);
        for change in changes.iter().filter(|one| one.price != sku.price) {
            if change
                .accepted_ms
                .is_some_and(|at| (at, change.task_id) >= priced)
            {
                let told = format!("{sku:?}, then {change:?}");
                report.violation("a later price change is gone", told);
            }
        }
    }
    for (sku, changes) in by_sku {
        let told = format!("{sku:?}: {} changes", changes.len());
        report.violation("a later price change is gone", told);
    }
}
