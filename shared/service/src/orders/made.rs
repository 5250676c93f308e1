//! Orders that were made before: whether one sent again says something else, and how it is shown.

use std::collections::{HashMap, HashSet};

use jiff::tz::TimeZone;
use serde_json::json;
use serde_json::value::{RawValue, to_raw_value};
use task_store::made::{self, MadeLine, MadeOrder};
use task_store::{Connection, Moment, Result, StoreError};

use super::parse::{Details, RawLine, RawOrder};
use crate::items::{Money, Quantity, Scalar, usable_id};

/// The code of the notice that an order made before has other content than the one sent now.
pub(super) const MADE_BEFORE: &str = "MADE_BEFORE";
/// Orders that are read at once: each may have 200 lines.
const READ: usize = 100;

/// Finds orders made before, by their ids, that differ from the order as it is sent now, or that were made for another
/// operating cycle.
pub(super) async fn changed(
    connection: &mut Connection,
    sent: &HashMap<i64, &RawOrder<'_>>,
    time_config_id: &str,
    zone: &TimeZone,
) -> Result<HashSet<i64>> {
    let ids: Vec<i64> = sent.keys().copied().collect();
    let mut changed = HashSet::new();
    for ids in ids.chunks(READ) {
        let orders = made::by_ids(connection, ids).await?;
        let differing = orders.iter().filter(|order| {
            let is_same = |sent: &&RawOrder<'_>| is_same(sent, order, zone);
            order.time_config_id != time_config_id || !sent.get(&order.id).is_some_and(is_same)
        });
        changed.extend(differing.map(|order| order.id));
    }
    Ok(changed)
}

fn is_same(sent: &RawOrder<'_>, made: &MadeOrder, zone: &TimeZone) -> bool {
    let ids = [
        (&sent.address_id, Some(&made.address_id)),
        (&sent.out_order_no, made.out_order_no.as_ref()),
        (&sent.uid, made.uid.as_ref()),
    ];
    let times = [
        (&sent.receive_begin_time, made.receive_begin),
        (&sent.receive_end_time, made.receive_end),
    ];
    ids.iter().all(|(sent, made)| {
        sent.is_absent() == made.is_none() && usable_id(sent) == made.map(String::as_str)
    }) && is_text(&sent.remark, made.remark.as_ref())
        && times
            .iter()
            .all(|(sent, made)| sent.text() == Some(&*minute(*made, zone)))
        && are_lines(&sent.details, &made.lines)
}

fn is_text(sent: &Scalar<'_>, made: Option<&String>) -> bool {
    sent.is_absent() == made.is_none() && sent.text() == made.map(String::as_str)
}

fn are_lines(sent: &Details<'_>, made: &[MadeLine]) -> bool {
    let Details::Lines(lines, count) = sent else {
        return false;
    };
    *count == made.len()
        && lines
            .iter()
            .zip(made)
            .all(|(sent, made)| sent.as_ref().is_ok_and(|sent| is_line(sent, made)))
}

/// Tells whether a price that was not sent was the sku's, whatever it was then.
fn is_line(sent: &RawLine<'_>, made: &MadeLine) -> bool {
    let [amount, price] = [
        (&sent.amount, &sent.quantity),
        (&sent.unit_price, &sent.sale_price),
    ]
    .map(|(name, alias)| if name.is_absent() { alias } else { name });
    let quantity = amount.text().map(Quantity::parse);
    let money = price.text().map(Money::parse);
    usable_id(&sent.sku_id) == Some(&*made.sku_id)
        && quantity.is_some_and(|sent| sent.is_ok() && sent == Quantity::parse(&made.quantity))
        && (price.is_absent()
            || money.is_some_and(|sent| sent.is_ok() && sent == Money::parse(&made.unit_price)))
        && sent.is_price_timing.boolean().unwrap_or_default() == made.is_price_timing
        && is_text(&sent.spu_remark, made.spu_remark.as_ref())
}

fn minute(moment: Moment, zone: &TimeZone) -> String {
    moment.local(zone).strftime("%Y-%m-%d %H:%M").to_string()
}

/// Names an order by its number.
pub(super) fn order_no(id: i64) -> String {
    format!("PL{id}")
}

/// Reads orders as a person is shown them, with the names they are sent with.
pub(super) async fn shown(
    connection: &mut Connection,
    ids: &[i64],
    zone: &TimeZone,
) -> Result<Vec<(i64, Box<RawValue>)>> {
    let orders = made::by_ids(connection, ids).await?;
    let show = |order: &MadeOrder| {
        let order = (order.id, json_of(order, zone));
        let raw = to_raw_value(&order.1).map_err(|_| StoreError::Unreadable("an order"))?;
        Ok((order.0, raw))
    };
    orders.iter().map(show).collect()
}

fn json_of(order: &MadeOrder, zone: &TimeZone) -> serde_json::Value {
    let line = |line: &MadeLine| {
        json!({"sku_id": line.sku_id, "amount": line.quantity, "unit_price": line.unit_price,
            "line_amount": line.amount, "is_price_timing": line.is_price_timing, "spu_remark": line.spu_remark})
    };
    let lines: Vec<_> = order.lines.iter().map(line).collect();
    json!({"order_id": order.id.to_string(), "order_no": order_no(order.id), "time_config_id": order.time_config_id,
        "address_id": order.address_id, "out_order_no": order.out_order_no, "uid": order.uid, "remark": order.remark,
        "receive_begin_time": minute(order.receive_begin, zone),
        "receive_end_time": minute(order.receive_end, zone), "total": order.total, "details": lines})
}
