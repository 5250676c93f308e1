//! What is promised of a batch as a whole: it ends, it is what was sent, a close is final, the result is the rows.

use serde_json::Value;

use super::Report;
use super::history::{Amend, BatchHistory};
use super::rows::{Chunk, Rows};
use crate::ledger::{End, Mending};

/// The task does not exist: then no call may have been answered as if it did.
pub(super) fn none_was_made(report: &mut Report<'_>, batch: &BatchHistory) {
    if batch.payloads.iter().any(|sent| sent.end == End::Done) {
        report.violation("an acknowledged batch is gone", "no task of this name");
    }
}

pub(super) fn check(report: &mut Report<'_>, batch: &BatchHistory, rows: &Rows) {
    if rows.station != batch.station {
        report.violation("a batch is another station's", rows.station.clone());
    }
    ended(report, rows);
    was_sent(report, batch, rows);
    closed(report, batch, rows);
    stays_closed(report, batch, rows);
    mended(report, batch, rows);
    result_is_rows(report, rows);
}

fn ended(report: &mut Report<'_>, rows: &Rows) {
    if rows.status != 3 {
        report.violation("a batch is stuck", format!("status {}", rows.status));
    }
    for (id, chunk) in &rows.chunks {
        if chunk.state == 0 {
            report.violation("a chunk is stuck", format!("{id}: {}", brief(chunk)));
        }
    }
}

/// Every run holds a list that was sent, and every list that was acknowledged was run.
fn was_sent(report: &mut Report<'_>, batch: &BatchHistory, rows: &Rows) {
    let runs: Vec<_> = (1..=rows.run).map(|run| payload_of(rows, run)).collect();
    for (run, stored) in (1..).zip(&runs) {
        if !batch.payloads.iter().any(|sent| sent.orders == *stored) {
            let told = format!("run {run} has {} orders", stored.len());
            report.violation("a run holds what nobody sent", told);
        }
    }
    for sent in batch.payloads.iter().filter(|sent| sent.end == End::Done) {
        if !runs.contains(&sent.orders) {
            let told = format!("a list of {} orders", sent.orders.len());
            report.violation("an acknowledged batch was never run", told);
        }
    }
    if runs
        .last()
        .is_some_and(|last| last.len() != rows.item_count as usize)
    {
        report.violation("the number of items is wrong", rows.item_count.to_string());
    }
}

/// The orders of a run as they were stored.
pub(super) fn payload_of(rows: &Rows, run: u32) -> Vec<Value> {
    let own = rows
        .chunks
        .values()
        .filter(|chunk| chunk.run == run && !chunk.is_rework);
    let mut chunks: Vec<_> = own.collect();
    chunks.sort_by_key(|chunk| chunk.number);
    chunks
        .iter()
        .flat_map(|chunk| chunk.payload.clone())
        .collect()
}

/// After the answer to a close nothing of that run is made any more.
fn closed(report: &mut Report<'_>, batch: &BatchHistory, rows: &Rows) {
    let certain = batch.closes.iter().filter(|close| close.end == End::Done);
    for (run, at_ms) in certain.filter_map(|close| Some((close.run?, close.at_ms))) {
        for (id, order) in &rows.orders {
            let chunk = rows.chunks.get(&(id / 1000));
            let is_closed = chunk.is_some_and(|chunk| chunk.run <= run && !chunk.is_rework);
            if is_closed && order.created_ms > at_ms {
                let told = format!(
                    "order {id}, {} ms after the answer",
                    order.created_ms - at_ms
                );
                report.violation("an order was made after the close", told);
            }
        }
    }
}

/// What a person did about an order, once acknowledged, is there.
fn mended(report: &mut Report<'_>, batch: &BatchHistory, rows: &Rows) {
    for amend in batch.amends.iter().filter(|amend| amend.end == End::Done) {
        let mut items = rows.items.iter().filter(|item| item.index == amend.index);
        let is_there = match &amend.mending {
            Mending::Dropped => items.any(|item| item.status == 4) || is_taken_back(batch, amend),
            Mending::Made(id) => items.any(|item| item.status == 3 && item.made_id == Some(*id)),
            Mending::Corrected(order) => {
                let mut chunks = rows.chunks.values().filter(|chunk| chunk.is_rework);
                chunks.any(|chunk| {
                    chunk.first_index == amend.index && chunk.payload == [order.clone()]
                })
            }
        };
        if !is_there {
            report.violation("an acknowledged mending is gone", format!("{amend:?}"));
        }
    }
}

/// A dropped order may have been mended after all.
fn is_taken_back(batch: &BatchHistory, dropped: &Amend) -> bool {
    batch.amends.iter().any(|other| {
        other.index == dropped.index
            && other.mending != Mending::Dropped
            && !matches!(other.end, End::Refused(_))
    })
}

/// A batch that was closed is not run again by the same list: that is the request, sent again.
fn stays_closed(report: &mut Report<'_>, batch: &BatchHistory, rows: &Rows) {
    for run in 1..rows.run {
        let mut closes = batch.closes.iter();
        let is_closed = closes.any(|close| close.end == End::Done && close.run == Some(run));
        let mut chunks = rows.chunks.values();
        let is_cancelled =
            chunks.any(|chunk| chunk.run == run && !chunk.is_rework && chunk.state == 2);
        if is_closed && is_cancelled && payload_of(rows, run) == payload_of(rows, run + 1) {
            let told = format!("run {run} was closed, run {} is the same", run + 1);
            report.violation("a request sent again undid a close", told);
        }
    }
}

/// The counts and the outcome of the task's result are those of its rows.
fn result_is_rows(report: &mut Report<'_>, rows: &Rows) {
    let count = |statuses: &[i64]| {
        let items = rows.items.iter().filter(|item| item.run == rows.run);
        items.filter(|item| statuses.contains(&item.status)).count()
    };
    let settled = count(&[1, 2, 3, 4, 5]);
    let total = rows.item_count as usize;
    let cancelled = count(&[5]) + total.saturating_sub(settled);
    // An order that a person gave up neither fails its batch nor keeps it from being a success.
    let outcome = match (count(&[1, 3]), count(&[2]), cancelled) {
        (_, _, 1..) => "cancelled",
        (_, 0, _) => "success",
        (0, _, _) => "failed",
        _ => "partial",
    };
    for (field, expected) in [
        ("total", total),
        ("success_count", count(&[1, 3])),
        ("failure_count", count(&[2])),
        ("unprocessed_count", cancelled),
    ] {
        if rows.result[field] != expected {
            let told = format!("{field} is {}, the rows say {expected}", rows.result[field]);
            report.violation("the result is not the rows", told);
        }
    }
    if rows.result["outcome"] != outcome {
        let told = format!(
            "outcome is {}, the rows say {outcome}",
            rows.result["outcome"]
        );
        report.violation("the result is not the rows", told);
    }
}

fn brief(chunk: &Chunk) -> String {
    format!(
        "run {}, chunk {}, state {}",
        chunk.run, chunk.number, chunk.state
    )
}
