//! The bundled demo station: a fresh-food depot, its customers, and a day's order file with mistakes in it.

use serde::Deserialize;
use serde_json::Value;

use crate::api::{Api, Batch};
use crate::error::{LocalError, Result};
use crate::{database, dates, import};

const REFERENCE: &str = include_str!("../../demo/reference.json");
const ORDERS: &str = include_str!("../../demo/orders.json");

#[derive(Deserialize)]
struct OrderFile {
    task_id: String,
    time_config_id: String,
    file_name: String,
    order_data: Vec<Value>,
}

/// Loads the station, imports its orders and gives the batch's id. On one day it is one batch: a second import
/// makes no second order.
pub async fn import(base_url: &str, database_url: &str) -> Result<String> {
    database::load_reference(database_url, REFERENCE.to_owned()).await?;
    let batches = [batch(dates::today()?)?];
    import::run(&Api::new(base_url)?, &batches).await?;
    let [batch] = batches;
    Ok(batch.task_id)
}

fn batch(today: jiff::civil::Date) -> Result<Batch> {
    let file: OrderFile = serde_json::from_str(&dates::fill(ORDERS, today))
        .map_err(|error| LocalError::input("demo/orders.json", error))?;
    Ok(Batch {
        task_id: file.task_id,
        time_config_id: file.time_config_id,
        file_name: file.file_name,
        orders: file.order_data,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn the_demo_batch_has_an_id_of_its_day_and_no_placeholder_left() {
        let batch = batch(date(2026, 11, 22)).unwrap();
        assert_eq!(batch.task_id, "demo-2026-11-22");
        assert!(batch.orders.len() >= 30);
        let text = serde_json::to_string(&batch.orders).unwrap();
        assert!(
            !["{today}", "{tomorrow}", "{yesterday}"]
                .iter()
                .any(|placeholder| text.contains(placeholder))
        );
    }

    #[test]
    fn the_demo_reference_data_is_json() {
        let reference: Value = serde_json::from_str(REFERENCE).unwrap();
        assert_eq!(
            reference["stations"][0]["time_configs"]
                .as_array()
                .unwrap()
                .len(),
            2
        );
    }
}
