//! Imports batches through the API and shows a person their outcomes.

use std::time::Instant;

use serde_json::Value;

use crate::api::{Api, Batch, Failed};
use crate::error::Result;
use crate::progress::Bar;
use crate::table;

/// How many failed orders are shown.
const SHOWN: usize = 40;

/// The outcome of an import.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Outcome {
    /// Orders made.
    pub(crate) imported: usize,
    /// Orders that the service refused or did not reach.
    pub(crate) not_imported: usize,
    /// From the first submit call until the last finished task could be read.
    pub(crate) seconds: f64,
}

/// Submits batches one after the other, follows them below one progress bar and prints their outcome.
pub(crate) async fn run(api: &Api, batches: &[Batch]) -> Result<Outcome> {
    let total: usize = batches.iter().map(|batch| batch.orders.len()).sum();
    match batches {
        [batch] => println!("\nimporting {total} orders as batch {}", batch.task_id),
        _ => println!("\nimporting {total} orders as {} batches", batches.len()),
    }
    let (started, mut bar) = (Instant::now(), Bar::start());
    let (mut outcome, mut submitted, mut messages) = (Outcome::default(), 0, Vec::new());
    let mut failed = Vec::new();
    for batch in batches {
        let share = |percent| percent_of(submitted, batch.orders.len(), percent, total);
        let task_url = api.submit(batch).await?;
        let result = api
            .follow(&task_url, |percent| bar.draw(share(percent)))
            .await?;
        submitted += batch.orders.len();
        let made = result["success_count"]
            .as_u64()
            .and_then(|count| usize::try_from(count).ok());
        let made = made.unwrap_or(0).min(batch.orders.len());
        outcome.imported += made;
        outcome.not_imported += batch.orders.len() - made;
        messages.push(result["msg"].as_str().unwrap_or("finished").to_owned());
        if result["failure_count"].as_u64() != Some(0) {
            failed.extend(api.failed(&batch.task_id).await?);
        }
    }
    outcome.seconds = started.elapsed().as_secs_f64();
    bar.end();
    println!("  {}", messages.join("\n  "));
    show_failed(&failed);
    Ok(outcome)
}

/// Returns the done part in percent.
fn percent_of(before: usize, orders: usize, percent: u64, total: usize) -> u64 {
    let wide = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    (wide(before) * 100 + wide(orders) * percent) / wide(total).max(1)
}

fn show_failed(failed: &[Failed]) {
    if failed.is_empty() {
        return;
    }
    let header = [
        "index", "order", "address", "code", "field", "value", "message",
    ];
    let rows: Vec<_> = failed.iter().take(SHOWN).flat_map(rows).collect();
    println!("\n{}", table::render(&header, &rows));
    if failed.len() > SHOWN {
        println!("... and {} more\n", failed.len() - SHOWN);
    }
}

/// Writes one row per error; shared values are said once.
fn rows(order: &Failed) -> Vec<Vec<String>> {
    let order_cells = || {
        [
            order.index.to_string(),
            plain(&order.out_order_no),
            plain(&order.address_id),
        ]
    };
    if order.errors.is_empty() {
        let error = [
            plain(&order.code),
            String::new(),
            String::new(),
            order.msg.clone(),
        ];
        return vec![order_cells().into_iter().chain(error).collect()];
    }
    let row = |(number, fault): (usize, &crate::api::Fault)| {
        let first = if number == 0 {
            order_cells()
        } else {
            Default::default()
        };
        let error = [
            plain(&fault.code),
            fault.field.clone(),
            plain(&fault.value),
            fault.msg.clone(),
        ];
        first.into_iter().chain(error).collect()
    };
    order.errors.iter().enumerate().map(row).collect()
}

/// Returns a value without the quotes of its JSON text.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn one_bar_spans_several_batches() {
        assert_eq!(percent_of(0, 10, 50, 20), 25);
        assert_eq!(percent_of(10, 10, 100, 20), 100);
    }

    #[test]
    fn an_order_with_two_errors_has_two_rows_and_is_named_once() {
        let order: Failed = serde_json::from_value(json!({
            "index": 7, "out_order_no": "D1", "address_id": "S001", "code": "SKU_NOT_FOUND", "msg": "…",
            "errors": [{"code": "SKU_NOT_FOUND", "field": "details[0].sku_id", "value": "D9", "msg": "no such sku"},
                       {"code": "QUANTITY_NOT_POSITIVE", "field": "details[0].amount", "value": -1, "msg": "must be > 0"}]
        }))
        .unwrap();
        let rows = rows(&order);
        assert_eq!(
            rows[0],
            [
                "7",
                "D1",
                "S001",
                "SKU_NOT_FOUND",
                "details[0].sku_id",
                "D9",
                "no such sku"
            ]
        );
        assert_eq!(
            rows[1],
            [
                "",
                "",
                "",
                "QUANTITY_NOT_POSITIVE",
                "details[0].amount",
                "-1",
                "must be > 0"
            ]
        );
    }
}
