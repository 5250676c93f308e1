//! Shopping baskets from any table `customer,item[,quantity[,unit_price]]`, as reference data and orders.
//!
//! The way of a file: decode → rows (or a workbook's sheet) → columns → cells → baskets. A row that cannot be read
//! is listed and left out. Customers and items are told apart by
//! their text without those spaces; every line of the file stays a line of its own, also when it repeats.

mod cells;
mod columns;
mod decode;
mod map;
mod number;
mod read;
mod rows;
mod sheet;
mod words;

use serde_json::{Value, json};

/// The baskets of one file, in the order their customers first appear.
#[derive(Debug, PartialEq)]
pub(crate) struct Baskets {
    /// Names the file's content: the same bytes give the same word.
    pub(crate) fingerprint: String,
    baskets: Vec<Basket>,
    items: Vec<Item>,
    /// The rows that were left out.
    pub(crate) bad_rows: Vec<BadRow>,
    /// The file has a column of quantities; without one each line orders 1.
    pub(crate) has_quantities: bool,
    /// Columns of the header that nothing was read from.
    pub(crate) ignored: Vec<String>,
    /// Further sheets of a workbook that hold something.
    pub(crate) unread_sheets: usize,
}

/// A row that was left out.
#[derive(Debug, PartialEq)]
pub(crate) struct BadRow {
    /// The file's own line.
    pub(crate) line: usize,
    /// The start of its customer cell.
    pub(crate) customer: String,
    /// The fault in the value.
    pub(crate) reason: String,
}

#[derive(Debug, PartialEq)]
struct Basket {
    customer: String,
    lines: Vec<Line>,
}

/// One line of a basket; its item is an index into the items.
#[derive(Debug, PartialEq)]
struct Line {
    item: usize,
    quantity: Option<String>,
    unit_price: Option<String>,
}

#[derive(Debug, PartialEq)]
struct Item {
    /// As it was written the first time, spaces included.
    name: String,
    price: String,
}

impl Baskets {
    /// Counts the orders.
    pub(crate) fn order_count(&self) -> usize {
        self.baskets.len()
    }

    /// Counts the order lines.
    pub(crate) fn line_count(&self) -> usize {
        self.baskets.iter().map(|basket| basket.lines.len()).sum()
    }

    /// Returns the operating cycle the orders belong to: one of the file's own, like its station, addresses and skus.
    pub(crate) fn time_config_id(&self) -> String {
        format!("csv-{}", self.fingerprint)
    }

    /// Returns the reference data the orders need.
    pub(crate) fn reference(&self) -> Value {
        let addresses = self.baskets.iter().enumerate().map(|(index, basket)| {
            json!({"address_id": address_id(index), "uid": format!("U{}", index + 1), "name": basket.customer, "can_order": true})
        });
        let skus = self.items.iter().enumerate().map(|(index, item)| {
            json!({"sku_id": sku_id(index), "name": item.name, "sale_unit": "件", "sale_price": item.price,
                   "sale_num_least": "0.01", "on_sale": true, "time_config_id": null})
        });
        json!({"stations": [{
            "station_id": self.time_config_id(),
            "time_configs": [{
                "id": self.time_config_id(), "name": "全天", "type": 1, "enabled": true,
                "order_time_limit": {"start": "00:00", "end": "23:59", "e_span_time": 0},
                "receive_time_limit": {"start": "06:00", "end": "23:30", "s_span_time": 0, "e_span_time": 1,
                                       "receiveTimeSpan": 30, "weekdays": 127}}],
            "addresses": addresses.collect::<Vec<_>>(),
            "skus": skus.collect::<Vec<_>>(),
        }]})
    }

    /// Returns one order per customer, to be received on `day` (`YYYY-MM-DD`).
    pub(crate) fn orders(&self, day: &str) -> Vec<Value> {
        let order = |(index, basket): (usize, &Basket)| {
            json!({
                "address_id": address_id(index),
                "receive_begin_time": format!("{day} 08:00"),
                "receive_end_time": format!("{day} 10:00"),
                "details": basket.lines.iter().map(Line::json).collect::<Vec<_>>(),
            })
        };
        self.baskets.iter().enumerate().map(order).collect()
    }
}

impl Line {
    fn json(&self) -> Value {
        let mut line =
            json!({"sku_id": sku_id(self.item), "amount": self.quantity.as_deref().unwrap_or("1")});
        if let Some(price) = &self.unit_price {
            line["unit_price"] = json!(price);
        }
        line
    }
}

fn address_id(index: usize) -> String {
    format!("C{}", index + 1)
}

fn sku_id(index: usize) -> String {
    format!("P{}", index + 1)
}

#[cfg(test)]
mod tests;
