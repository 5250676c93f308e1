//! Shopping baskets from any CSV file `customer,item[,quantity[,unit_price]]`, as reference data and orders.
//!
//! A header line, quotes, empty lines and spaces around a field are fine. Customers and items are told apart by
//! their text without those spaces; every line of the file stays a line of its own, also when it repeats.

mod read;

use serde_json::{Value, json};

/// The baskets of one file, in the order their customers first appear.
#[derive(Debug, PartialEq)]
pub(crate) struct Baskets {
    /// Names the file's content: the same bytes give the same word.
    pub(crate) fingerprint: String,
    baskets: Vec<Basket>,
    items: Vec<Item>,
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
    /// How many orders these are.
    pub(crate) fn order_count(&self) -> usize {
        self.baskets.len()
    }

    /// How many order lines these are.
    pub(crate) fn line_count(&self) -> usize {
        self.baskets.iter().map(|basket| basket.lines.len()).sum()
    }

    /// The operating cycle the orders belong to: one of the file's own, like its station, addresses and skus.
    pub(crate) fn time_config_id(&self) -> String {
        format!("csv-{}", self.fingerprint)
    }

    /// The reference data the orders need.
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

    /// One order per customer, to be received on `day` (`YYYY-MM-DD`).
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
mod tests {
    use super::*;

    fn read(text: &str) -> Baskets {
        Baskets::read("test.csv", text.as_bytes()).unwrap()
    }

    #[test]
    fn one_order_per_customer_with_a_line_per_line() {
        let baskets = read("1,milk\n2,bread\n1,milk\n");
        assert_eq!((baskets.order_count(), baskets.line_count()), (2, 3));
        let orders = baskets.orders("2026-11-23");
        assert_eq!(
            orders[0]["details"],
            json!([{"sku_id": "P1", "amount": "1"}, {"sku_id": "P1", "amount": "1"}])
        );
        assert_eq!(orders[1]["receive_begin_time"], "2026-11-23 08:00");
    }

    #[test]
    fn a_header_is_no_customer() {
        for header in ["\"Person\",\"item\"", "Customer, Item", "\u{feff}客户,商品"] {
            assert_eq!(
                read(&format!("{header}\n1,milk\n")).order_count(),
                1,
                "{header}"
            );
        }
    }

    #[test]
    fn a_header_may_order_its_columns_freely() {
        let baskets = read("price,qty,product,customer\n2.50,3,milk,Ann\n");
        let line = json!([{"sku_id": "P1", "amount": "3", "unit_price": "2.50"}]);
        assert_eq!(baskets.orders("2026-11-23")[0]["details"], line);
        assert_eq!(
            baskets.reference()["stations"][0]["addresses"][0]["name"],
            "Ann"
        );
    }

    #[test]
    fn quoted_fields_may_hold_commas_quotes_and_line_ends() {
        let baskets = read("1,\"rolls, \"\"fresh\"\"\nsoft\"\n");
        assert_eq!(baskets.items[0].name, "rolls, \"fresh\"\nsoft");
    }

    #[test]
    fn spaces_around_a_field_stay_in_the_name_and_count_for_nothing() {
        let baskets = read("1, milk \n 1 ,milk\n");
        assert_eq!((baskets.order_count(), baskets.items.len()), (1, 1));
        assert_eq!(baskets.items[0].name, " milk ");
    }

    #[test]
    fn quantity_and_price_are_passed_on_as_they_are_written() {
        let baskets = read("1,milk,abc,1.005\n");
        let line = &baskets.orders("2026-11-23")[0]["details"][0];
        assert_eq!(
            (&line["amount"], &line["unit_price"]),
            (&json!("abc"), &json!("1.005"))
        );
    }

    #[test]
    fn the_same_bytes_are_the_same_batch_and_others_are_not() {
        assert_eq!(read("1,milk\n").fingerprint, read("1,milk\n").fingerprint);
        assert_ne!(read("1,milk\n").fingerprint, read("1,bread\n").fingerprint);
    }

    #[test]
    fn a_line_without_an_item_is_named() {
        let error = Baskets::read("test.csv", b"1,milk\n2\n").unwrap_err();
        assert_eq!(error.to_string(), "test.csv: line 2: has no item");
    }

    #[test]
    fn an_empty_file_is_refused() {
        assert!(Baskets::read("test.csv", b"customer,item\n\n").is_err());
    }
}
