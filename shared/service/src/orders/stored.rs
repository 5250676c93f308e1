//! Reference data from its rows.

use task_store::reference::{CycleRow, SkuRow};
use task_store::{Result, StoreError};

use super::cycle::{Cycle, CycleKind};
use super::reference::Sku;
use crate::items::{Money, Quantity};

/// Returns an operating cycle from its row.
pub(super) fn cycle(row: CycleRow) -> Result<Cycle> {
    let window = |_| StoreError::Unreadable("an operating cycle's window");
    Ok(Cycle {
        id: row.id,
        enabled: row.enabled,
        kind: CycleKind::try_from(row.kind)
            .map_err(|_| StoreError::Unreadable("an operating cycle's type"))?,
        order_window: serde_json::from_str(&row.order_time_limit).map_err(window)?,
        receive_window: serde_json::from_str(&row.receive_time_limit).map_err(window)?,
    })
}

/// Returns a sku from its row.
pub(super) fn sku(row: SkuRow) -> Result<Sku> {
    let unreadable = |_| StoreError::Unreadable("a sku's price or least quantity");
    Ok(Sku {
        name: row.name,
        sale_unit: row.sale_unit,
        sale_price: Money::parse(&row.sale_price).map_err(unreadable)?,
        sale_num_least: Quantity::parse(&row.sale_num_least).map_err(unreadable)?,
        on_sale: row.on_sale,
        time_config_id: row.time_config_id,
    })
}
