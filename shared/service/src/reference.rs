//! Loading reference data: one JSON file with the stations' operating cycles, addresses and skus, upserted.

use serde::{Deserialize, Serialize};
use task_store::{Connection, Database, StationId, reference};

use crate::error::{Error, Result};
use crate::orders::{Money, OrderWindow, Quantity, ReceiveWindow};

/// How much was loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Loaded {
    /// Stations in the file.
    pub stations: usize,
    /// Operating cycles.
    pub time_configs: usize,
    /// Addresses.
    pub addresses: usize,
    /// Skus.
    pub skus: usize,
}

#[derive(Debug, Deserialize)]
struct File {
    stations: Vec<Station>,
}

#[derive(Debug, Deserialize)]
struct Station {
    station_id: String,
    #[serde(default)]
    time_configs: Vec<TimeConfig>,
    #[serde(default)]
    addresses: Vec<Address>,
    #[serde(default)]
    skus: Vec<Sku>,
}

#[derive(Debug, Deserialize, Serialize)]
struct TimeConfig {
    id: String,
    #[serde(default)]
    name: String,
    #[serde(rename = "type")]
    kind: u8,
    #[serde(default = "yes", serialize_with = "as_number")]
    enabled: bool,
    #[serde(serialize_with = "as_text")]
    order_time_limit: serde_json::Value,
    #[serde(serialize_with = "as_text")]
    receive_time_limit: serde_json::Value,
}

#[derive(Debug, Deserialize, Serialize)]
struct Address {
    address_id: String,
    uid: Option<String>,
    #[serde(default)]
    name: String,
    #[serde(default = "yes", serialize_with = "as_number")]
    can_order: bool,
}

#[derive(Debug, Deserialize, Serialize)]
struct Sku {
    sku_id: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    sale_unit: String,
    sale_price: Money,
    sale_num_least: Quantity,
    #[serde(default = "yes", serialize_with = "as_number")]
    on_sale: bool,
    time_config_id: Option<String>,
}

/// Loads a reference file: everything in it or, when any of it is wrong, nothing.
pub async fn load(database: &Database, json: &str) -> Result<Loaded> {
    let file: File = serde_json::from_str(json)
        .map_err(|error| Error::invalid("the reference file", &wrong(&error)))?;
    let stations = file
        .stations
        .iter()
        .map(checked)
        .collect::<Result<Vec<_>>>()?;
    database
        .transaction(async |c| {
            for (id, station) in &stations {
                store(c, id, station).await?;
            }
            Ok::<_, Error>(())
        })
        .await?;
    Ok(stations
        .iter()
        .fold(Loaded::default(), |sum, (_, station)| Loaded {
            stations: sum.stations + 1,
            time_configs: sum.time_configs + station.time_configs.len(),
            addresses: sum.addresses + station.addresses.len(),
            skus: sum.skus + station.skus.len(),
        }))
}

fn wrong(error: &serde_json::Error) -> String {
    format!("is not as it should be: {error}")
}

fn checked(station: &Station) -> Result<(StationId, &Station)> {
    let id = StationId::parse(&station.station_id)
        .ok_or_else(|| Error::invalid("station_id", "must have 1 to 16 printable characters"))?;
    for cycle in &station.time_configs {
        let named = |what: &str, error: &serde_json::Error| {
            Error::invalid(
                what,
                &format!("of operating cycle {} {}", cycle.id, wrong(error)),
            )
        };
        OrderWindow::deserialize(&cycle.order_time_limit)
            .map_err(|error| named("order_time_limit", &error))?;
        ReceiveWindow::deserialize(&cycle.receive_time_limit)
            .map_err(|error| named("receive_time_limit", &error))?;
        if !matches!(cycle.kind, 1 | 2) {
            return Err(Error::invalid(
                "type",
                &format!("of operating cycle {} must be 1 or 2", cycle.id),
            ));
        }
    }
    let addresses = station
        .addresses
        .iter()
        .map(|a| ("address_id", &a.address_id));
    let skus = station.skus.iter().map(|s| ("sku_id", &s.sku_id));
    let cycles = station
        .time_configs
        .iter()
        .map(|c| ("time_config_id", &c.id));
    match addresses
        .chain(skus)
        .chain(cycles)
        .find(|(_, id)| id.is_empty() || id.chars().count() > 64)
    {
        Some((name, id)) => Err(Error::invalid(
            name,
            &format!("must have 1 to 64 characters, not {}", id.chars().count()),
        )),
        None => Ok((id, station)),
    }
}

async fn store(connection: &mut Connection, id: &StationId, station: &Station) -> Result<()> {
    for cycle in &station.time_configs {
        let owner = reference::cycle(connection, &cycle.id)
            .await?
            .map(|row| row.station);
        if owner.is_some_and(|owner| owner != *id) {
            return Err(Error::invalid(
                "time_configs",
                &format!("holds {}, which is another station's", cycle.id),
            ));
        }
    }
    reference::upsert_cycles(connection, id, &json(&station.time_configs)?).await?;
    reference::upsert_addresses(connection, id, &json(&station.addresses)?).await?;
    reference::upsert_skus(connection, id, &json(&station.skus)?).await?;
    Ok(())
}

fn json<T: Serialize>(rows: &T) -> Result<String> {
    serde_json::to_string(rows)
        .map_err(|error| Error::invalid("the reference file", &wrong(&error)))
}

fn yes() -> bool {
    true
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature serde asks for"
)]
fn as_number<S: serde::Serializer>(
    flag: &bool,
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    serializer.serialize_u8(u8::from(*flag))
}

fn as_text<S: serde::Serializer>(
    value: &serde_json::Value,
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    serializer.serialize_str(&value.to_string())
}
