//! A reference file as stations, or a list of everything that is wrong with it. Every record is checked before any is stored.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::error::Category;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use task_store::StationId;

use super::findings::Findings;
use super::list::{Kind, Records, each, value};
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
pub(super) struct Station<'a> {
    pub(super) id: StationId,
    pub(super) time_configs: Records<'a, TimeConfig>,
    pub(super) addresses: Records<'a, Address>,
    pub(super) skus: Records<'a, Sku>,
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
pub(super) struct File<'a> {
    pub(super) stations: Vec<Station<'a>>,
    pub(super) queues: Vec<Queue>,
}

/// The most stations of a file.
const MOST_STATIONS: usize = 10_000;

const NO_FILE: &str =
    "the file must be an object with a list \"stations\", a list \"queues\", or both";

/// The members of a file, as they were sent.
#[derive(Deserialize)]
struct SentFile<'a> {
    #[serde(borrow)]
    stations: Option<&'a RawValue>,
    #[serde(borrow)]
    queues: Option<&'a RawValue>,
}

/// The members of a station, as they were sent.
#[derive(Deserialize)]
struct SentStation<'a> {
    #[serde(borrow)]
    station_id: Option<&'a RawValue>,
    #[serde(borrow)]
    time_configs: Option<&'a RawValue>,
    #[serde(borrow)]
    addresses: Option<&'a RawValue>,
    #[serde(borrow)]
    skus: Option<&'a RawValue>,
}

/// Reads a file. An error lists the bad records, one line each.
pub(super) fn file<'a>(json: &'a str, sqs: &SqsNames) -> Result<File<'a>, Findings> {
    let sent: SentFile<'a> = serde_json::from_str(json).map_err(|error| {
        Findings::one(match error.classify() {
            Category::Data => NO_FILE.to_owned(),
            _ => format!("the file is not JSON: {error}"),
        })
    })?;
    let is_file = json.trim_start().starts_with('{')
        && (sent.stations.is_some() || sent.queues.is_some())
        && sent.stations.is_none_or(is_list);
    if !is_file {
        return Err(Findings::one(NO_FILE));
    }
    let mut findings = Findings::default();
    let stations = stations(sent.stations, &mut findings);
    let queues = queues(sent.queues, sqs, &mut findings);
    if findings.is_empty() {
        Ok(File { stations, queues })
    } else {
        Err(findings)
    }
}

fn stations<'a>(list: Option<&'a RawValue>, findings: &mut Findings) -> Vec<Station<'a>> {
    let (mut stations, mut number) = (Vec::new(), 0);
    let read = each(list.map_or("[]", RawValue::get), |value| {
        number += 1;
        if number <= MOST_STATIONS {
            stations.extend(station(number, value, findings));
        }
    });
    if let Err(error) = read {
        findings.push(format!("the file is not JSON: {error}"));
    }
    if number > MOST_STATIONS {
        let wrong = format!("the file has {number} stations, at most {MOST_STATIONS} are allowed");
        findings.push(format!("{wrong}: send it in parts"));
    }
    stations
}

fn station<'a>(number: usize, text: &'a RawValue, findings: &mut Findings) -> Option<Station<'a>> {
    let (sent, value) = match sent_station(text) {
        Ok(sent) => sent,
        Err(wrong) => {
            findings.push(format!("station number {number}: {wrong}"));
            return None;
        }
    };
    let mut record = match Record::open("station", "station_id", number, &value) {
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
    for field in ["time_configs", "addresses", "skus"] {
        record.check_list(field);
    }
    if let Some(finding) = record.finish() {
        findings.push(finding);
    }
    let time_configs = Records::check(&TIME_CONFIG, sent.time_configs, findings);
    let addresses = Records::check(&ADDRESS, sent.addresses, findings);
    let skus = Records::check(&SKU, sent.skus, findings);
    Some(Station {
        id: id?,
        time_configs,
        addresses,
        skus,
    })
}

fn is_list(text: &RawValue) -> bool {
    text.get().starts_with('[')
}

/// Reads a station without its records: its value has all members but the lists.
fn sent_station(text: &RawValue) -> Result<(SentStation<'_>, Value), String> {
    let none = SentStation {
        station_id: None,
        time_configs: None,
        addresses: None,
        skus: None,
    };
    if !text.get().starts_with('{') {
        return Ok((none, value(text)?));
    }
    let sent: SentStation<'_> =
        serde_json::from_str(text.get()).map_err(|error| format!("cannot be read: {error}"))?;
    let mut head = Map::new();
    for (name, member) in [
        ("station_id", sent.station_id),
        ("time_configs", sent.time_configs),
        ("addresses", sent.addresses),
        ("skus", sent.skus),
    ] {
        if let Some(member) = member.filter(|member| !is_list(member)) {
            head.insert(name.to_owned(), value(member)?);
        }
    }
    Ok((sent, Value::Object(head)))
}

static TIME_CONFIG: Kind<TimeConfig> = Kind {
    name: "operating cycle",
    id: "id",
    read: time_config,
};

static ADDRESS: Kind<Address> = Kind {
    name: "address",
    id: "address_id",
    read: address,
};

static SKU: Kind<Sku> = Kind {
    name: "sku",
    id: "sku_id",
    read: sku,
};

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
