//! A reference file as stations, or a list of everything that is wrong with it.

use serde::de::DeserializeOwned;
use serde::{Serialize, Serializer};
use serde_json::Value;
use task_store::StationId;

use super::queues::{Queue, queues};
use super::record::Record;
use crate::items::{Money, Quantity};
use crate::orders::{OrderWindow, ReceiveWindow};
use crate::tasks::queues::SqsNames;

/// The most characters of a name.
const NAME: usize = 128;
/// The most characters of a sale unit.
const UNIT: usize = 16;
/// The most characters of an id of another record.
const ID: usize = 64;

/// A station with its records, ready to be stored.
#[derive(Debug)]
pub(super) struct Station {
    pub(super) id: StationId,
    pub(super) time_configs: Vec<TimeConfig>,
    pub(super) addresses: Vec<Address>,
    pub(super) skus: Vec<Sku>,
}

/// An operating cycle.
#[derive(Debug, Serialize)]
pub(super) struct TimeConfig {
    pub(super) id: String,
    name: String,
    #[serde(rename = "type")]
    kind: u8,
    #[serde(serialize_with = "as_number")]
    enabled: bool,
    order_time_limit: String,
    receive_time_limit: String,
}

/// An address.
#[derive(Debug, Serialize)]
pub(super) struct Address {
    address_id: String,
    uid: Option<String>,
    name: String,
    #[serde(serialize_with = "as_number")]
    can_order: bool,
}

/// A sku.
#[derive(Debug, Serialize)]
pub(super) struct Sku {
    sku_id: String,
    name: String,
    sale_unit: String,
    sale_price: Money,
    sale_num_least: Quantity,
    #[serde(serialize_with = "as_number")]
    on_sale: bool,
    time_config_id: Option<String>,
}

/// The content of a file, ready to be stored.
#[derive(Debug)]
pub(super) struct File {
    pub(super) stations: Vec<Station>,
    pub(super) queues: Vec<Queue>,
}

/// Reads a file. An error lists every bad record, one line each.
pub(super) fn file(json: &str, sqs: &SqsNames) -> Result<File, Vec<String>> {
    let file: Value = serde_json::from_str(json)
        .map_err(|error| vec![format!("the file is not JSON: {error}")])?;
    let values = match (file.get("stations"), file.get("queues")) {
        (Some(Value::Array(values)), _) => values.as_slice(),
        (None, Some(_)) => &[],
        _ => {
            let finding =
                "the file must be an object with a list \"stations\", a list \"queues\", or both";
            return Err(vec![finding.to_owned()]);
        }
    };
    let (mut stations, mut findings) = (Vec::new(), Vec::new());
    for (number, value) in (1..).zip(values) {
        stations.extend(station(number, value, &mut findings));
    }
    let queues = queues(&file, sqs, &mut findings);
    if findings.is_empty() {
        Ok(File { stations, queues })
    } else {
        Err(findings)
    }
}

fn station(number: usize, value: &Value, findings: &mut Vec<String>) -> Option<Station> {
    let mut record = match Record::open("station", "station_id", number, value) {
        Ok(record) => record,
        Err(finding) => {
            findings.push(finding);
            return None;
        }
    };
    let id = record.value("station_id").and_then(Value::as_str);
    let id = id.and_then(StationId::parse);
    if id.is_none() {
        record.wrong("station_id", "must be text of 1 to 16 printable characters");
    }
    let cycles = record.list("time_configs");
    let addresses = record.list("addresses");
    let skus = record.list("skus");
    findings.extend(record.finish());
    let time_configs = records("operating cycle", "id", cycles, findings, time_config);
    let addresses = records("address", "address_id", addresses, findings, address);
    let skus = records("sku", "sku_id", skus, findings, sku);
    Some(Station {
        id: id?,
        time_configs,
        addresses,
        skus,
    })
}

/// Reads the records of one kind.
fn records<T>(
    kind: &str,
    id_field: &str,
    values: &[Value],
    findings: &mut Vec<String>,
    read: fn(&mut Record<'_>) -> T,
) -> Vec<T> {
    let mut all = Vec::with_capacity(values.len());
    for (number, value) in (1..).zip(values) {
        match Record::open(kind, id_field, number, value) {
            Ok(mut record) => {
                all.push(read(&mut record));
                findings.extend(record.finish());
            }
            Err(finding) => findings.push(finding),
        }
    }
    all
}

fn time_config(record: &mut Record<'_>) -> TimeConfig {
    let kind = match record.value("type").and_then(Value::as_u64) {
        Some(1) => 1,
        Some(2) => 2,
        _ => {
            record.wrong("type", "must be 1 (normal) or 2 (presale)");
            0
        }
    };
    TimeConfig {
        id: record.id("id"),
        name: record.text("name", NAME).unwrap_or_default(),
        kind,
        enabled: record.flag("enabled"),
        order_time_limit: window::<OrderWindow>(record, "order_time_limit"),
        receive_time_limit: window::<ReceiveWindow>(record, "receive_time_limit"),
    }
}

/// Checks a window; it is stored as it was written.
fn window<T: DeserializeOwned>(record: &mut Record<'_>, field: &str) -> String {
    let value = record.value(field).cloned().unwrap_or_default();
    if let Err(error) = T::deserialize(&value) {
        record.wrong(field, &format!("is not as it should be: {error}"));
    }
    value.to_string()
}

fn address(record: &mut Record<'_>) -> Address {
    Address {
        address_id: record.id("address_id"),
        uid: record.text("uid", ID),
        name: record.text("name", NAME).unwrap_or_default(),
        can_order: record.flag("can_order"),
    }
}

fn sku(record: &mut Record<'_>) -> Sku {
    Sku {
        sku_id: record.id("sku_id"),
        name: record.text("name", NAME).unwrap_or_default(),
        sale_unit: record.text("sale_unit", UNIT).unwrap_or_default(),
        sale_price: record.decimal("sale_price", Money::parse),
        sale_num_least: record.decimal("sale_num_least", Quantity::parse),
        on_sale: record.flag("on_sale"),
        time_config_id: record.text("time_config_id", ID),
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature serde asks for"
)]
fn as_number<S: Serializer>(flag: &bool, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u8(u8::from(*flag))
}

#[cfg(test)]
mod tests;
