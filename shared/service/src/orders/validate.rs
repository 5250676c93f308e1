//! Every rule of an order, checked in one pass over the fields that [`parse`](super::parse()) read.
//!
//! Errors come in the order of the fields: address, order number, uid, remark, receive times, then line by
//! line. Receive times, lines, and the texts both have in common are a file each below this one.

mod lines;
mod text;
mod times;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use task_engine::{ItemError, ItemErrors};

use super::cycle::Cycle;
use super::parse::RawOrder;
use super::reference::Reference;
use crate::items::{ItemErrorCode, Money, Place, Quantity, quoted};

/// The data that an order is checked against.
#[derive(Debug, Clone, Copy)]
pub struct Checks<'a> {
    /// The addresses and skus of the station that the order names.
    pub reference: &'a Reference,
    /// The operating cycle the batch was submitted for.
    pub cycle: &'a Cycle,
    /// Local wall time of the accepted submit: the order time, however long the order waited since.
    pub accepted_at: DateTime,
    /// The zone of the wall times.
    pub zone: &'a TimeZone,
    /// Index of another order of the batch that has the same [`key`](super::key) and goes first: it comes earlier in the list, or
    /// has an order already.
    pub duplicate_of: Option<u32>,
    /// Id of the order that already has this `out_order_no` at this station.
    pub existing_order: Option<i64>,
}

/// An order that broke no rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The customer's delivery address; it exists and may order.
    pub address_id: String,
    /// The caller's order number, at most 64 characters.
    pub out_order_no: Option<String>,
    /// The caller's user id, at most 64 characters.
    pub uid: Option<String>,
    /// At most 128 characters.
    pub remark: Option<String>,
    /// Local wall time.
    pub receive_begin: DateTime,
    /// Local wall time, after the begin.
    pub receive_end: DateTime,
    /// 1 to 200 lines, as sent.
    pub lines: Vec<Line>,
    /// Sum of the amounts of the lines that are not time-priced; fits `DECIMAL(20, 2)`.
    pub total: Money,
}

/// One line of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The sku; it exists, is on sale and is sold in the cycle.
    pub sku_id: String,
    /// In the sku's sale unit; above zero and not below the sku's least.
    pub quantity: Quantity,
    /// The price sent, else the sku's.
    pub unit_price: Money,
    /// Quantity × price, rounded half-up; of a time-priced line provisional and not part of the total.
    pub amount: Money,
    /// Is the price only settled at delivery?
    pub is_price_timing: bool,
    /// At most 128 characters.
    pub spu_remark: Option<String>,
}

/// Checks every rule of one order.
///
/// # Errors
/// All that is wrong with it, at least one error, in the order of the fields.
pub fn validate(raw: &RawOrder<'_>, checks: &Checks<'_>) -> Result<Order, ItemErrors> {
    let mut errors = ItemErrors::default();
    let address_id = address(raw, checks, &mut errors);
    let out_order_no = order_number(raw, checks, &mut errors);
    let uid = text::id(Place::order("uid", "用户编号"), &raw.uid, &mut errors);
    let remark = text::remark(Place::order("remark", "订单备注"), &raw.remark, &mut errors);
    let times = times::receive(raw, checks, &mut errors);
    let (lines, total) = lines::check(&raw.details, checks, &mut errors);
    match (address_id, times) {
        (Some(address_id), Some((receive_begin, receive_end))) if errors.is_empty() => Ok(Order {
            address_id,
            out_order_no,
            uid,
            remark,
            receive_begin,
            receive_end,
            lines,
            total,
        }),
        _ => Err(errors),
    }
}

fn address(raw: &RawOrder<'_>, checks: &Checks<'_>, errors: &mut ItemErrors) -> Option<String> {
    let place = Place::order("address_id", "收货地址编号");
    if raw.address_id.is_absent() {
        errors.push(place.missing(ItemErrorCode::AddressRequired));
        return None;
    }
    let id = text::id(place, &raw.address_id, errors)?;
    match checks.reference.addresses.get(&id) {
        None => {
            let sentence = format!("收货地址 {} 在本站点不存在", quoted(&id));
            errors.push(place.error(ItemErrorCode::AddressNotFound, &id, &sentence));
        }
        Some(address) if !address.can_order => {
            let sentence = format!("收货地址 {} 不允许下单", text::named(&id, &address.name));
            errors.push(place.error(ItemErrorCode::AddressForbidden, &id, &sentence));
        }
        Some(_) => {}
    }
    if let Some(first) = checks.duplicate_of.filter(|_| raw.out_order_no.is_absent()) {
        errors.push(duplicate(
            place,
            &format!("收货地址 {}", quoted(&id)),
            first,
        ));
    }
    Some(id)
}

fn order_number(
    raw: &RawOrder<'_>,
    checks: &Checks<'_>,
    errors: &mut ItemErrors,
) -> Option<String> {
    let place = Place::order("out_order_no", "外部订单号");
    let number = text::id(place, &raw.out_order_no, errors)?;
    if let Some(first) = checks.duplicate_of {
        // The existing order may be that first one, already made: saying so would depend on who was quicker.
        errors.push(duplicate(
            place,
            &format!("外部订单号 {}", quoted(&number)),
            first,
        ));
    } else if let Some(order) = checks.existing_order {
        let sentence = format!(
            "外部订单号 {} 已存在，对应订单 ID 为 {order}",
            quoted(&number)
        );
        errors.push(place.error(
            ItemErrorCode::DuplicateOrderNo,
            &order.to_string(),
            &sentence,
        ));
    }
    Some(number)
}

fn duplicate(place: Place, what: &str, first: u32) -> ItemError {
    let sentence = format!("{what} 与本批次中 index 为 {first} 的订单重复");
    place.error(
        ItemErrorCode::DuplicateInBatch,
        &first.to_string(),
        &sentence,
    )
}

#[cfg(test)]
mod tests;
