//! `make demo DATA=file.csv`: any table of baskets (CSV or .xlsx) becomes a station of its own and one order per customer.
//!
//! The batch is named after the file's content, so the same file makes no second order, on no day: a finished batch
//! that is submitted again gives back the orders it made. `AGAIN=1` imports it as a new batch all the same.

use std::fs;
use std::path::Path;

use super::{
    ChosenDatabase, asked_to_end, required, running_on_the_named_database, stack_config, variable,
};
use crate::api::{Api, Batch, zipped};
use crate::baskets::Baskets;
use crate::error::{LocalError, Result};
use crate::parts::MAX_ORDERS;
use crate::stack::Stack;
use crate::{database, dates, import, table};

/// The most bytes of one call's orders as JSON, below the limit of 48 MiB for an unpacked body.
const MAX_BYTES: usize = 47_000_000;
/// The same as gzip: with it as base64, a request is below Lambda's limit of 6 MB.
const MAX_ZIPPED: usize = 4_400_000;

/// How many rows that are left out are listed.
const LISTED: usize = 50;

/// Imports the file that `DATA` names into the running stack, or into one started for it.
pub(super) async fn run() -> Result<()> {
    let file = required("DATA", "make demo DATA=file.csv")?;
    let content = fs::read(&file).map_err(|error| LocalError::input(&file, error))?;
    let baskets = Baskets::read(&file, &content, variable("MAP").as_deref())?;
    let name = Path::new(&file)
        .file_name()
        .map_or_else(|| file.clone(), |name| name.to_string_lossy().into_owned());
    println!(
        "{name}: {} orders with {} lines",
        baskets.order_count(),
        baskets.line_count()
    );
    show_left_out(&baskets);
    if baskets.order_count() == 0 {
        return Err(LocalError::input(
            &file,
            "holds no row that can be imported",
        ));
    }
    if let Some(running) = running_on_the_named_database()? {
        return import(&baskets, &name, &running.base_url, &running.database_url).await;
    }
    println!("starting a stack for it ...");
    let database = ChosenDatabase::open().await?;
    let imported = tokio::select! {
        imported = alone(&baskets, &name, &database.url) => imported,
        ended = asked_to_end() => ended,
    };
    database.close().await?;
    imported
}

async fn alone(baskets: &Baskets, name: &str, database_url: &str) -> Result<()> {
    let stack = Stack::start(stack_config("demo", None, database_url)?).await?;
    let imported = import(baskets, name, &stack.base_url(), database_url).await;
    stack.stop().await;
    imported
}

/// Prints the rows that are left out, the first ones with their reasons, and the columns and sheets nothing is read from.
fn show_left_out(baskets: &Baskets) {
    match baskets.unread_sheets {
        0 => {}
        1 => println!("  1 more sheet is not read"),
        more => println!("  {more} more sheets are not read"),
    }
    if !baskets.has_quantities {
        println!("  no column of quantities: each line orders 1");
    }
    if !baskets.ignored.is_empty() {
        println!(
            "  columns not read: {} (MAP=... names columns)",
            baskets.ignored.join(", ")
        );
    }
    if baskets.bad_rows.is_empty() {
        return;
    }
    let row = |bad: &crate::baskets::BadRow| {
        vec![
            bad.line.to_string(),
            bad.customer.clone(),
            bad.reason.clone(),
        ]
    };
    let rows: Vec<_> = baskets.bad_rows.iter().take(LISTED).map(row).collect();
    println!(
        "\n{}",
        table::render(&["line", "customer", "left out because"], &rows)
    );
    if baskets.bad_rows.len() > LISTED {
        println!(
            "... and {} more rows are left out, {} in all\n",
            baskets.bad_rows.len() - LISTED,
            baskets.bad_rows.len()
        );
    }
}

async fn import(baskets: &Baskets, name: &str, base_url: &str, database_url: &str) -> Result<()> {
    let stored = database::load_reference(database_url, baskets.reference().to_string()).await;
    stored.map_err(|error| {
        LocalError::input(
            name,
            format!("its customers and items could not be stored: {error}"),
        )
    })?;
    let outcome = import::run(&Api::new(base_url)?, &batches(baskets, name)?).await?;
    let made = u32::try_from(outcome.imported).map_or(f64::INFINITY, f64::from);
    println!(
        "  {} orders imported in {:.2} s: {:.0} orders/s, from the submit call until the finished task is readable; \
         not imported: {} orders, {} rows of the file",
        outcome.imported,
        outcome.seconds,
        made / outcome.seconds,
        outcome.not_imported,
        baskets.bad_rows.len()
    );
    if outcome.imported == 0 {
        return Err(LocalError::input(name, "no order of it could be imported"));
    }
    Ok(())
}

fn batches(baskets: &Baskets, name: &str) -> Result<Vec<Batch>> {
    let limit = variable("MAX_ORDERS")
        .and_then(|text| text.parse().ok())
        .unwrap_or(MAX_ORDERS);
    let again = variable("AGAIN").map(|_| format!("-{}", jiff::Timestamp::now().as_millisecond()));
    let day = dates::day_after(dates::today()?).to_string();
    let parts = split(baskets.orders(&day), limit, MAX_BYTES);
    let parts = parts.into_iter().flat_map(|part| zipping(part, MAX_ZIPPED));
    let batch = |(number, orders)| Batch {
        task_id: format!(
            "csv-{}-{}{}",
            baskets.fingerprint,
            number + 1,
            again.as_deref().unwrap_or_default()
        ),
        time_config_id: baskets.time_config_id(),
        file_name: name.chars().take(128).collect(),
        orders,
    };
    Ok(parts.enumerate().map(batch).collect())
}

/// Halves orders until each part has at most `bytes` bytes of gzip, or one order.
fn zipping(mut orders: Vec<serde_json::Value>, bytes: usize) -> Vec<Vec<serde_json::Value>> {
    let fits = zipped(&orders).is_ok_and(|zipped| zipped.len() <= bytes);
    if orders.len() < 2 || fits {
        return vec![orders];
    }
    let later = orders.split_off(orders.len() / 2);
    let mut parts = zipping(orders, bytes);
    parts.extend(zipping(later, bytes));
    parts
}

/// Splits orders into runs of at most `limit` orders and about `bytes` bytes of JSON.
fn split(
    orders: Vec<serde_json::Value>,
    limit: usize,
    bytes: usize,
) -> Vec<Vec<serde_json::Value>> {
    let mut parts = vec![Vec::new()];
    let mut size = 0;
    for order in orders {
        let length = order.to_string().len() + 1;
        let is_full = parts
            .last()
            .is_some_and(|part| part.len() >= limit || size + length > bytes);
        if is_full {
            parts.push(Vec::new());
            size = 0;
        }
        size += length;
        if let Some(part) = parts.last_mut() {
            part.push(order);
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_file_of_too_many_orders_becomes_several_batches() {
        let parts = split((0..25).map(|n| json!(n)).collect(), 10, 1000);
        assert_eq!(parts.iter().map(Vec::len).collect::<Vec<_>>(), [10, 10, 5]);
    }

    #[test]
    fn orders_that_hardly_compress_become_several_batches_and_keep_their_order() {
        let orders: Vec<_> = (0..64_u64).map(|n| json!(n.pow(9).to_string())).collect();
        let parts = zipping(orders.clone(), 300);
        assert!(parts.len() > 1, "{}", parts.len());
        assert!(parts.iter().all(|part| zipped(part).unwrap().len() <= 300));
        assert_eq!(parts.concat(), orders);
    }

    #[test]
    fn a_batch_stays_below_the_size_of_a_request() {
        let parts = split(vec![json!("x".repeat(40)); 5], 10, 100);
        assert_eq!(parts.iter().map(Vec::len).collect::<Vec<_>>(), [2, 2, 1]);
    }
}
