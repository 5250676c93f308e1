//! Imports batches through the API and shows a person what became of them.

use std::time::Instant;

use serde_json::Value;

use crate::api::{Api, Batch, Failed};
use crate::error::Result;
use crate::table;

/// How many failed orders are shown.
const SHOWN: usize = 40;

/// Submits a batch, follows it to its end and prints its outcome; gives the seconds from the submit call until the
/// finished task could be read.
pub(crate) async fn run(api: &Api, batch: &Batch) -> Result<f64> {
    println!(
        "\nimporting {} orders as batch {}",
        batch.orders.len(),
        batch.task_id
    );
    let started = Instant::now();
    let task_url = api.submit(batch).await?;
    let result = api.follow(&task_url).await?;
    let seconds = started.elapsed().as_secs_f64();
    println!("  {}", result["msg"].as_str().unwrap_or("finished"));
    if result["failure_count"].as_u64() != Some(0) {
        show_failed(&api.failed(&batch.task_id).await?);
    }
    Ok(seconds)
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

/// One row per error; what they share is said once.
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

/// A value without the quotes of its JSON text.
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
