//! Order import: the batch job that makes orders of a station's list.

use std::collections::{HashMap, HashSet};

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use task_engine::{BatchJob, Identity, Item, ItemError, JobKind, MadeKind, Prepared};
use task_store::chunks::Claimed;
use task_store::orders::{self, NewLine, NewOrder, OrderBatch};
use task_store::{Connection, Result, StationId, StoreError, reference};

use super::cycle::Cycle;
use super::earlier::{Earlier, Sent, earlier};
use super::params::{ImportParams, heading};
use super::parse::{KeyFields, RawOrder, key, parse};
use super::reference::{Address, Reference};
use super::validate::{Checks, Order, validate};
use super::{made, stored};
use crate::items::{Scalar, object, usable_id};

/// The job. Receive times and order windows are wall times of `zone`.
#[derive(Debug, Clone)]
pub struct OrderImport {
    /// The deployment's time zone.
    pub zone: TimeZone,
}

/// An order that broke no rule, with the id reserved for it.
#[derive(Debug)]
pub struct ReadyOrder {
    id: i64,
    key: String,
    order: Order,
}

/// The data that the orders of a chunk are checked against, read in a few statements for all of them.
struct Lookup {
    cycle: Cycle,
    reference: Reference,
    /// Orders that this task has made already, by the index of the item that has their key.
    earlier: HashMap<u32, Earlier>,
    /// Orders of this station, by their `out_order_no`.
    numbered: HashMap<String, i64>,
}

/// The names of an order import and the keys of its orders.
pub static ORDER_IMPORT: JobKind = JobKind {
    name: "order_import",
    title: "批量导入",
    target: "order_batch",
    key,
    identity,
    made: Some(MadeKind {
        name_field: "order_no",
        id_field: "order_id",
        content_field: "order",
        name: made::order_no,
        notice: "该订单此前已生成，内容与本次提交不同；以 order 为准，本次提交的内容未生效",
        read: |connection, ids, zone| Box::pin(made::shown(connection, ids, zone)),
    }),
    succeeded_metric: "OrdersSucceeded",
    failed_metric: "OrdersFailed",
    heading,
};

fn identity(item: &str) -> Identity {
    let order = object::<KeyFields<'_>>(item).unwrap_or_default();
    let field = |sent: &Scalar<'_>| usable_id(sent).map(str::to_owned);
    vec![
        ("address_id", field(&order.address_id)),
        ("out_order_no", field(&order.out_order_no)),
    ]
}

impl BatchJob for OrderImport {
    const KIND: &'static JobKind = &ORDER_IMPORT;

    type Work = ReadyOrder;

    async fn prepare(
        &self,
        connection: &mut Connection,
        chunk: &Claimed,
        items: &[Item<'_>],
    ) -> Result<Vec<Prepared<ReadyOrder>>> {
        let read: Vec<_> = items.iter().map(|item| parse(item.raw)).collect();
        let lookup = Lookup::read(connection, chunk, (items, &read), &self.zone).await?;
        let accepted_at = chunk.accepted_at.local(&self.zone);
        let at = (accepted_at, &self.zone);
        let findings = items
            .iter()
            .zip(&read)
            .map(|(item, order)| lookup.finding(item, order, at));
        Ok(findings.collect())
    }

    async fn write(
        &self,
        connection: &mut Connection,
        chunk: &Claimed,
        work: &[ReadyOrder],
    ) -> Result<()> {
        let params = ImportParams::from_stored(&chunk.params)?;
        let batch = OrderBatch {
            station: &chunk.station,
            task: chunk.key.task,
            time_config_id: &params.time_config_id,
        };
        let orders = work
            .iter()
            .map(|ready| self.row(ready))
            .collect::<Result<Vec<_>>>()?;
        orders::insert(connection, batch, &orders).await?;
        let lines: Vec<_> = work.iter().flat_map(lines).collect();
        orders::insert_lines(connection, &lines).await
    }
}

impl OrderImport {
    fn row<'a>(&self, ready: &'a ReadyOrder) -> Result<NewOrder<'a>> {
        let order = &ready.order;
        Ok(NewOrder {
            id: ready.id,
            key: &ready.key,
            out_order_no: order.out_order_no.as_deref(),
            address_id: &order.address_id,
            uid: order.uid.as_deref(),
            receive_begin: self.utc(order.receive_begin)?,
            receive_end: self.utc(order.receive_end)?,
            remark: order.remark.as_deref(),
            total: order.total.to_string(),
        })
    }

    fn utc(&self, wall: DateTime) -> Result<String> {
        let instant: Timestamp = self
            .zone
            .to_timestamp(wall)
            .map_err(|_| StoreError::Unreadable("a receive time"))?;
        Ok(instant.strftime("%Y-%m-%d %H:%M:%S").to_string())
    }
}

fn lines(ready: &ReadyOrder) -> impl Iterator<Item = NewLine<'_>> {
    (1..)
        .zip(&ready.order.lines)
        .map(|(line_no, line)| NewLine {
            order_id: ready.id,
            line_no,
            sku_id: &line.sku_id,
            quantity: line.quantity.to_string(),
            unit_price: line.unit_price.to_string(),
            amount: line.amount.to_string(),
            is_price_timing: line.is_price_timing,
            spu_remark: line.spu_remark.as_deref(),
        })
}

impl Lookup {
    async fn read(
        connection: &mut Connection,
        chunk: &Claimed,
        (items, read): (&[Item<'_>], &[Sent<'_>]),
        zone: &TimeZone,
    ) -> Result<Self> {
        let params = ImportParams::from_stored(&chunk.params)?;
        let row = reference::cycle(connection, &params.time_config_id).await?;
        let cycle = stored::cycle(row.ok_or(StoreError::Unreadable("the operating cycle"))?)?;
        let orders = read.iter().flatten();
        let reference = named(connection, &chunk.station, orders.clone()).await?;
        let numbers: Vec<&str> = orders.filter_map(RawOrder::out_order_no).collect();
        let numbered = match numbers.is_empty() {
            true => Vec::new(),
            false => orders::with_out_order_no(connection, &chunk.station, &numbers).await?,
        };
        let cycle_id = &params.time_config_id;
        Ok(Self {
            cycle,
            reference,
            earlier: earlier(connection, chunk, (items, read), cycle_id, zone).await?,
            numbered: numbered.into_iter().collect(),
        })
    }

    fn finding(
        &self,
        item: &Item<'_>,
        order: &Sent<'_>,
        (accepted_at, zone): (DateTime, &TimeZone),
    ) -> Prepared<ReadyOrder> {
        let order = match order {
            Ok(order) => order,
            Err(error) => return error.clone().into(),
        };
        let duplicate_of = match self.earlier.get(&item.index) {
            Some(&Earlier::Own { id, notice }) => return Prepared::Made { id, notice },
            Some(&Earlier::OfItem(other)) => Some(other),
            None => item.duplicate_of,
        };
        let checks = Checks {
            reference: &self.reference,
            cycle: &self.cycle,
            accepted_at,
            zone,
            duplicate_of,
            existing_order: order
                .out_order_no()
                .and_then(|number| self.numbered.get(number).copied()),
        };
        match (validate(order, &checks), order.key()) {
            (Ok(order), Some(key)) => Prepared::Ready(ReadyOrder {
                id: item.reserved_id,
                key,
                order,
            }),
            (Ok(_), None) => ItemError::busy().into(),
            (Err(errors), _) => errors.into(),
        }
    }
}

/// Reads the addresses and skus that orders name.
async fn named<'a>(
    connection: &mut Connection,
    station: &StationId,
    orders: impl Iterator<Item = &'a RawOrder<'a>> + Clone,
) -> Result<Reference> {
    let addresses = distinct(orders.clone().filter_map(RawOrder::address_id));
    let skus = distinct(orders.flat_map(RawOrder::sku_ids));
    let (addresses, skus) = reference::named(connection, station, &addresses, &skus).await?;
    let address = |row: reference::AddressRow| {
        let (name, can_order) = (row.name, row.can_order);
        (row.address_id, Address { name, can_order })
    };
    let sku = |row: reference::SkuRow| Ok((row.sku_id.clone(), stored::sku(row)?));
    Ok(Reference {
        addresses: addresses.into_iter().map(address).collect(),
        skus: skus.into_iter().map(sku).collect::<Result<_>>()?,
    })
}

fn distinct<'a>(ids: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    ids.collect::<HashSet<_>>().into_iter().collect()
}
