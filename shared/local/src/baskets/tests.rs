//! Whole files, from their bytes to orders.

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
fn a_row_without_a_quantity_is_left_out_where_the_file_has_quantities() {
    for (header, first) in [("客户,商品,数量\n", 2), ("", 1)] {
        let baskets = read(&format!(
            "{header}张三,苹果,2\n张三,梨,\n李四,白菜\n李四,苹果, 3 \n"
        ));
        let listed: Vec<_> = baskets
            .bad_rows
            .iter()
            .map(|row| (row.line, row.reason.as_str()))
            .collect();
        let reason = "has no quantity: write one if it is wanted";
        assert_eq!(listed, [(first + 1, reason), (first + 2, reason)]);
        assert_eq!((baskets.order_count(), baskets.line_count()), (2, 2));
        assert!(baskets.has_quantities);
    }
    for without in ["1,milk,\n2,bread\n", "客户,商品\n1,milk\n2,bread\n"] {
        let baskets = read(without);
        assert_eq!((baskets.line_count(), baskets.has_quantities), (2, false));
    }
}

#[test]
fn rows_above_the_header_are_listed_and_not_read() {
    let baskets = read("XX公司订货单\n单号：7,,日期：29日\n\n品名,数量,客户\n苹果,2,张三\n");
    let listed: Vec<_> = baskets
        .bad_rows
        .iter()
        .map(|row| (row.line, row.reason.as_str()))
        .collect();
    let reason = "stands above the header";
    assert_eq!(listed, [(1, reason), (2, reason)]);
    assert_eq!(baskets.baskets[0].customer, "张三");
    assert_eq!(baskets.items[0].name, "苹果");
}

#[test]
fn errors_and_further_sheets_of_a_workbook_are_said() {
    let mut book = rust_xlsxwriter::Workbook::new();
    book.add_worksheet();
    let sheet = book.add_worksheet();
    for (column, title) in (0..).zip(["客户", "商品", "数量"]) {
        sheet.write(0, column, title).unwrap();
    }
    for (row, item) in (1..).zip(["苹果", "梨"]) {
        sheet.write(row, 0, "张三").unwrap();
        sheet.write(row, 1, item).unwrap();
        sheet.write(row, 2, 2).unwrap();
    }
    let lost = rust_xlsxwriter::Formula::new("=NA()").set_result("#N/A");
    sheet.write(2, 1, lost).unwrap();
    book.add_worksheet().write(0, 0, "李四").unwrap();
    book.add_worksheet();
    let hidden = book.add_worksheet().set_hidden(true);
    hidden.write(0, 0, "a list to choose from").unwrap();
    let baskets = Baskets::read("test.xlsx", &book.save_to_buffer().unwrap(), None).unwrap();
    assert_eq!((baskets.line_count(), baskets.unread_sheets), (1, 1));
    let bad = &baskets.bad_rows[0];
    assert_eq!(bad.line, 3);
    assert!(
        bad.reason.contains("item #N/A is an error"),
        "{}",
        bad.reason
    );
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
