//! The expected order, worked out anew from its text as it was sent: quantities, prices, amounts, times.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::Value;

use super::rows::{Line, Order};
use crate::reference::CHANGING_SKU;

/// Why a stored order is not the one that was sent for a station and a cycle; `None` when it is. The list price of the
/// changing sku is taken from the order itself.
pub(crate) fn difference(
    sent: &Value,
    stored: &Order,
    station: &str,
    cycle: &str,
) -> Option<String> {
    let Some(expected) = expected(sent, stored, station, cycle) else {
        return Some(format!("{stored:?} was made of {sent}"));
    };
    let pairs = [
        ("station", expected.station == stored.station),
        ("key", expected.key == stored.key),
        ("out_order_no", expected.out_order_no == stored.out_order_no),
        ("address_id", expected.address_id == stored.address_id),
        ("cycle", expected.cycle == stored.cycle),
        ("receive times", expected.receive == stored.receive),
        ("remark", expected.remark == stored.remark),
        ("total", expected.total == stored.total),
        ("lines", expected.lines == stored.lines),
    ];
    let wrong = pairs.iter().find(|(_, same)| !same)?.0;
    Some(format!("{wrong} of {stored:?}, sent as {sent}"))
}

/// The key of an order among its task's orders.
pub(crate) fn key(sent: &Value) -> Option<String> {
    match (sent["out_order_no"].as_str(), sent["address_id"].as_str()) {
        (Some(number), _) => Some(format!("o:{number}")),
        (None, Some(address)) => Some(format!("a:{address}")),
        (None, None) => None,
    }
}

/// The prices of an order's lines that were not sent but taken from the changing sku.
pub(crate) fn changing_prices<'o>(sent: &Value, stored: &'o Order) -> Vec<&'o str> {
    let sent = sent["details"].as_array().into_iter().flatten();
    let both = sent.zip(&stored.lines);
    let taken =
        both.filter(|(sent, _)| sent["sku_id"] == CHANGING_SKU && sent["unit_price"].is_null());
    taken.map(|(_, line)| line.unit_price.as_str()).collect()
}

fn expected(sent: &Value, stored: &Order, station: &str, cycle: &str) -> Option<Order> {
    let text = |field: &str| sent[field].as_str().map(str::to_owned);
    let details = sent["details"].as_array()?.iter().enumerate();
    let lines: Vec<_> = details
        .map(|(at, sent)| line(sent, stored.lines.get(at)))
        .collect();
    let total = lines.iter().filter(|line| !line.is_price_timing);
    let total: i64 = total.map(|line| hundredths(&line.amount)).sum();
    Some(Order {
        station: station.to_owned(),
        key: key(sent)?,
        out_order_no: text("out_order_no"),
        address_id: text("address_id")?,
        cycle: cycle.to_owned(),
        receive: [
            utc(&text("receive_begin_time")?),
            utc(&text("receive_end_time")?),
        ],
        remark: text("remark"),
        total: decimal(total),
        created_ms: 0,
        lines,
    })
}

fn line(sent: &Value, stored: Option<&Line>) -> Line {
    let sku_id = sent["sku_id"].as_str().unwrap_or_default();
    let list_price = match (sku_id, stored) {
        (CHANGING_SKU, Some(stored)) => &stored.unit_price,
        ("D0", _) => "2.50",
        _ => "1.00",
    };
    let (quantity, price) = (
        hundredths(sent["amount"].as_str().unwrap_or_default()),
        hundredths(sent["unit_price"].as_str().unwrap_or(list_price)),
    );
    Line {
        sku_id: sku_id.to_owned(),
        quantity: decimal(quantity),
        unit_price: decimal(price),
        amount: decimal((quantity * price + 50) / 100),
        is_price_timing: sent["is_price_timing"] == true,
        spu_remark: sent["spu_remark"].as_str().map(str::to_owned),
    }
}

/// A decimal of two places, in hundredths.
fn hundredths(text: &str) -> i64 {
    let (whole, part) = text.split_once('.').unwrap_or((text, "00"));
    let number = |text: &str| text.parse::<i64>().unwrap_or(i64::MIN / 1000);
    number(whole) * 100 + number(part)
}

fn decimal(hundredths: i64) -> String {
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

/// A wall time of the stations as it is stored.
fn utc(wall: &str) -> String {
    let zone = TimeZone::get("Asia/Shanghai").expect("a zone");
    let wall: Option<DateTime> = wall.replace(' ', "T").parse().ok();
    let instant = wall.and_then(|wall| zone.to_timestamp(wall).ok());
    instant.map_or_else(String::new, |at| {
        at.strftime("%Y-%m-%d %H:%M:%S").to_string()
    })
}
