//! One order, with its lines and the task that made it.

use jiff::tz::TimeZone;
use serde::Serialize;
use task_store::made::{self, MadeLine, MadeOrder};
use task_store::order_head::{self, OrderHead};
use task_store::{Connection, Database, Moment};

use super::made::order_no;
use crate::caller::Caller;
use crate::error::{Error, ErrorCode, Result};

/// The id or the number of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OrderName {
    /// The id.
    Id(i64),
    /// The caller's number, unique in its station.
    OutOrderNo(String),
}

/// An order as it is answered. Decimals are text.
#[derive(Debug, Serialize)]
pub struct OrderView {
    order_id: String,
    order_no: String,
    out_order_no: Option<String>,
    station_id: String,
    time_config_id: String,
    address_id: String,
    uid: Option<String>,
    remark: Option<String>,
    receive_begin_time: String,
    receive_end_time: String,
    total: String,
    create_time: Option<String>,
    details: Vec<LineView>,
    task: Option<TaskOfOrder>,
    run: Option<u32>,
}

#[derive(Debug, Serialize)]
struct LineView {
    line_no: usize,
    sku_id: String,
    quantity: String,
    unit_price: String,
    line_amount: String,
    is_price_timing: bool,
    spu_remark: Option<String>,
}

/// The task that made an order.
#[derive(Debug, Serialize)]
struct TaskOfOrder {
    task_id: String,
    user_task_id: String,
    task_name: String,
    status: u8,
    outcome: Option<String>,
}

/// Returns an order that the caller may see, times in a zone.
///
/// # Errors
/// `ORDER_NOT_FOUND`, also for another station's; `PARAM_MISSING` for a caller's number without a station.
pub async fn get(
    database: &Database,
    caller: &Caller,
    name: &OrderName,
    zone: &TimeZone,
) -> Result<OrderView> {
    let read = async |c: &mut _| {
        let head = head(c, caller, name).await?;
        let mut orders = made::by_ids(c, &[head.id]).await?;
        let order = orders.pop().ok_or_else(|| not_found(name))?;
        Ok(view(head, order, zone))
    };
    database.read(read).await
}

async fn head(connection: &mut Connection, caller: &Caller, name: &OrderName) -> Result<OrderHead> {
    let head = match name {
        OrderName::Id(id) => order_head::by_id(connection, *id, caller.station()).await?,
        OrderName::OutOrderNo(number) => {
            let station = caller.required_station()?;
            order_head::by_out_order_no(connection, station, number).await?
        }
    };
    head.ok_or_else(|| not_found(name))
}

fn not_found(name: &OrderName) -> Error {
    let named = match name {
        OrderName::Id(id) => format!("order_id {id}"),
        OrderName::OutOrderNo(number) => format!("out_order_no {number}"),
    };
    Error::refused(
        ErrorCode::OrderNotFound,
        format!("there is no order with {named}"),
    )
}

fn view(head: OrderHead, order: MadeOrder, zone: &TimeZone) -> OrderView {
    let task_id = head.task_id.to_string();
    let task = head
        .task
        .map(|(own, task_name, status, outcome)| TaskOfOrder {
            task_id,
            user_task_id: own.unwrap_or_default(),
            task_name,
            status,
            outcome,
        });
    OrderView {
        order_id: order.id.to_string(),
        order_no: order_no(order.id),
        out_order_no: order.out_order_no,
        station_id: head.station_id,
        time_config_id: head.time_config_id,
        address_id: order.address_id,
        uid: order.uid,
        remark: order.remark,
        receive_begin_time: minute(order.receive_begin, zone),
        receive_end_time: minute(order.receive_end, zone),
        total: order.total,
        create_time: head.created_at.map(|created| created.in_zone(zone)),
        details: (1..).zip(order.lines).map(line).collect(),
        task,
        run: head.run,
    }
}

fn line((line_no, line): (usize, MadeLine)) -> LineView {
    LineView {
        line_no,
        sku_id: line.sku_id,
        quantity: line.quantity,
        unit_price: line.unit_price,
        line_amount: line.amount,
        is_price_timing: line.is_price_timing,
        spu_remark: line.spu_remark,
    }
}

/// Prints a time as orders have it.
fn minute(moment: Moment, zone: &TimeZone) -> String {
    moment.local(zone).strftime("%Y-%m-%d %H:%M").to_string()
}
