//! Price change: the batch job that sets the sale prices of a station's skus.

use std::collections::HashSet;

use serde_json::json;
use task_engine::{BatchJob, Identity, Item, ItemError, JobKind, Prepared};
use task_store::chunks::Claimed;
use task_store::{Connection, Result, reference};

use super::change::{Change, RawChange, check, key, parse};
use crate::items::object;

/// The job. It needs nothing but the database.
#[derive(Debug, Clone, Copy, Default)]
pub struct PriceChange;

/// The names of a price change and the keys of its items.
pub static PRICE_CHANGE: JobKind = JobKind {
    name: "sku_price",
    title: "批量改价",
    target: "",
    key,
    identity,
    made: None,
    succeeded_metric: "PricesSucceeded",
    failed_metric: "PricesFailed",
    heading: |_| Ok(json!({})),
};

fn identity(item: &str) -> Identity {
    let change = object::<RawChange<'_>>(item).ok();
    let field = |of: fn(&RawChange<'_>) -> Option<String>| change.as_ref().and_then(of);
    vec![
        ("sku_id", field(|change| change.sku_id().map(str::to_owned))),
        (
            "sale_price",
            field(|change| change.sale_price().map(str::to_owned)),
        ),
    ]
}

impl BatchJob for PriceChange {
    const KIND: &'static JobKind = &PRICE_CHANGE;

    type Work = Change;

    async fn prepare(
        &self,
        connection: &mut Connection,
        chunk: &Claimed,
        items: &[Item<'_>],
    ) -> Result<Vec<Prepared<Change>>> {
        let read: Vec<_> = items.iter().map(|item| parse(item.raw)).collect();
        let ids: HashSet<&str> = read
            .iter()
            .flatten()
            .filter_map(RawChange::sku_id)
            .collect();
        let ids: Vec<&str> = ids.into_iter().collect();
        let (_, skus) = reference::named(connection, &chunk.station, &[], &ids).await?;
        let known: HashSet<&str> = skus.iter().map(|row| row.sku_id.as_str()).collect();
        let finding =
            |(item, change): (&Item<'_>, &std::result::Result<RawChange<'_>, ItemError>)| {
                match change {
                    Ok(change) => check(change, |id| known.contains(id), item.duplicate_of)
                        .map_or_else(Prepared::from, Prepared::Ready),
                    Err(error) => error.clone().into(),
                }
            };
        Ok(items.iter().zip(&read).map(finding).collect())
    }

    async fn write(
        &self,
        connection: &mut Connection,
        chunk: &Claimed,
        work: &[Change],
    ) -> Result<()> {
        let price = |change: &Change| (change.sku_id.clone(), change.sale_price.to_string());
        let mut prices: Vec<_> = work.iter().map(price).collect();
        // One order of locks, so that two batches over the same skus wait for each other instead of losing.
        prices.sort_unstable();
        reference::set_prices(connection, &chunk.station, chunk.key.task, &prices).await
    }
}
