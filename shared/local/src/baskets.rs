//! Shopping baskets from any table `customer,item[,quantity[,unit_price]]`, as reference data and orders.
//!
//! The way of a file: decode → rows (or a workbook's sheet) → columns → cells → baskets. A row that cannot be read
//! is listed and left out. Customers and items are told apart by
//! their text without those spaces; every line of the file stays a line of its own, also when it repeats.

mod cells;
mod columns;
mod decode;
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
    /// Columns of the header that nothing was read from.
    pub(crate) ignored: Vec<String>,
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
mod tests {
    use super::*;

    fn read(text: &str) -> Baskets {
        Baskets::read("test.csv", text.as_bytes(), None).unwrap()
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
    fn bad_rows_are_listed_with_line_and_customer_and_the_rest_is_imported() {
        let long = "x".repeat(300);
        let baskets = read(&format!(
            "客户,商品,数量,单价\n张三,苹果,1,3.7765\n,梨,1,1\n李四,{long},1,1\n1.1812E+11,梨,1,1\n王五,白菜,3,2.5\n合计,,3,\n"
        ));
        let listed: Vec<_> = baskets
            .bad_rows
            .iter()
            .map(|row| (row.line, row.customer.as_str()))
            .collect();
        assert_eq!(
            listed,
            [
                (2, "张三"),
                (3, ""),
                (4, "李四"),
                (5, "1.1812E+11"),
                (7, "合计")
            ]
        );
        assert_eq!((baskets.order_count(), baskets.line_count()), (1, 1));
    }

    #[test]
    fn a_gb18030_file_keeps_its_customers_apart() {
        let text = "客户,商品,数量\n张三,苹果,1\n李四,香蕉,2\n王五,白菜,3\n";
        let bytes = encoding_rs::GB18030.encode(text).0.into_owned();
        let baskets = Baskets::read("test.csv", &bytes, None).unwrap();
        assert_eq!((baskets.order_count(), baskets.bad_rows.len()), (3, 0));
        assert_eq!(baskets.baskets[2].customer, "王五");
    }

    #[test]
    fn a_workbook_is_read_like_a_text_file() {
        let mut book = rust_xlsxwriter::Workbook::new();
        let sheet = book.add_worksheet();
        for (column, title) in (0..).zip(["客户", "商品", "数量", "单价"]) {
            sheet.write(0, column, title).unwrap();
        }
        sheet.write(1, 0, 118_120_000_000.0).unwrap();
        sheet.write(1, 1, "苹果").unwrap();
        sheet.write(1, 2, 0.1 + 0.2).unwrap();
        sheet.write(1, 3, "¥1,234.50").unwrap();
        sheet.write(2, 0, "合计").unwrap();
        let bytes = book.save_to_buffer().unwrap();
        let baskets = Baskets::read("test.xlsx", &bytes, None).unwrap();
        assert_eq!(baskets.baskets[0].customer, "118120000000");
        let line = json!([{"sku_id": "P1", "amount": "0.3", "unit_price": "1234.50"}]);
        assert_eq!(baskets.orders("2026-11-23")[0]["details"], line);
        assert_eq!(baskets.bad_rows[0].line, 3);
        assert!(Baskets::read("old.xls", b"\xd0\xcf\x11\xe0", None).is_err());
        assert!(Baskets::read("broken.xlsx", b"PK\x03\x04abc", None).is_err());
    }

    #[test]
    fn semicolons_and_decimal_commas_are_read() {
        let baskets = read("customer;item;quantity;price\nAnn;milk;2;261,96\nBob;rye;1;0,90 €\n");
        let line = json!([{"sku_id": "P1", "amount": "2", "unit_price": "261.96"}]);
        assert_eq!(baskets.orders("2026-11-23")[0]["details"], line);
        assert_eq!(baskets.items[1].price, "0.90");
    }

    #[test]
    fn the_same_bytes_are_the_same_batch_and_others_are_not() {
        assert_eq!(read("1,milk\n").fingerprint, read("1,milk\n").fingerprint);
        assert_ne!(read("1,milk\n").fingerprint, read("1,bread\n").fingerprint);
    }

    #[test]
    fn a_file_without_a_row_is_refused() {
        assert!(Baskets::read("test.csv", b"\n\n", None).is_err());
    }
}
