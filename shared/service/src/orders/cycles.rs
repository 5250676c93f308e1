//! The operating cycles of a station, and whether each takes orders now.

use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::value::RawValue;
use task_store::reference::{self, CycleRow};
use task_store::{Database, StationId, StoreError};

use super::stored;
use crate::error::Result;

/// The most cycles of an answer.
pub const MOST_CYCLES: u32 = 500;

/// The operating cycles of a station.
#[derive(Debug, Serialize)]
pub struct CycleList {
    /// In the order of their ids.
    pub time_configs: Vec<CycleView>,
}

/// An operating cycle as it is answered.
#[derive(Debug, Serialize)]
pub struct CycleView {
    time_config_id: String,
    name: String,
    #[serde(rename = "type")]
    kind: u8,
    enabled: bool,
    takes_orders: bool,
    order_time_limit: Box<RawValue>,
    receive_time_limit: Box<RawValue>,
    receive_from: Option<String>,
    receive_to: Option<String>,
}

/// Returns the operating cycles of a station, times in a zone.
pub async fn cycles(
    database: &Database,
    station: &StationId,
    zone: &TimeZone,
) -> Result<CycleList> {
    let read = async |c: &mut _| reference::cycles(c, station, MOST_CYCLES).await;
    let rows = database.read(read).await?;
    let views = rows.into_iter().map(|(name, row)| view(name, row, zone));
    let time_configs = views.collect::<task_store::Result<_>>()?;
    Ok(CycleList { time_configs })
}

fn view(name: String, row: CycleRow, zone: &TimeZone) -> task_store::Result<CycleView> {
    let window = |text: &str| {
        let text = RawValue::from_string(text.to_owned());
        text.map_err(|_| StoreError::Unreadable("an operating cycle's window"))
    };
    let (order, receive) = (
        window(&row.order_time_limit)?,
        window(&row.receive_time_limit)?,
    );
    let (now, kind) = (row.now.local(zone), row.kind);
    let cycle = stored::cycle(row)?;
    let takes_orders = cycle.is_open_at(now);
    let dates = takes_orders.then(|| cycle.receive_dates(now));
    let dates = dates.filter(|dates| !dates.is_empty());
    Ok(CycleView {
        name,
        kind,
        enabled: cycle.enabled,
        takes_orders,
        order_time_limit: order,
        receive_time_limit: receive,
        receive_from: dates.as_ref().map(|dates| dates.start().to_string()),
        receive_to: dates.as_ref().map(|dates| dates.end().to_string()),
        time_config_id: cycle.id,
    })
}
