//! Prices, amounts, the total.

use super::*;

fn price(json: &str) -> Sent {
    Sent::sound().line("unit_price", json)
}

#[test]
fn a_price_that_is_no_plain_decimal_is_refused() {
    for json in ["\"free\"", "1E2", "{}", "100000000"] {
        assert_eq!(
            price(json).fails(),
            fails(ItemErrorCode::PriceFormat.as_str(), "details[0].unit_price"),
            "{json}"
        );
    }
}

#[test]
fn a_price_below_zero_is_refused() {
    assert_eq!(
        price("-0.01").fails(),
        fails(
            ItemErrorCode::PriceNegative.as_str(),
            "details[0].unit_price"
        )
    );
    assert_eq!(price("0").order().total, Money::ZERO);
}

#[test]
fn a_price_of_more_than_two_decimals_is_refused() {
    assert_eq!(
        price("\"9.999\"").fails(),
        fails(
            ItemErrorCode::PriceDecimals.as_str(),
            "details[0].unit_price"
        )
    );
}

#[test]
fn without_a_price_the_line_costs_the_skus() {
    assert_eq!(
        price("\"\"").order().lines[0].unit_price.to_string(),
        "2.50"
    );
    assert_eq!(price("3.1").order().lines[0].unit_price.to_string(), "3.10");
}

#[test]
fn quantity_and_sale_price_are_other_names_and_the_first_name_wins() {
    let renamed = Sent::sound()
        .line("amount", "null")
        .line("quantity", "\"3\"")
        .line("sale_price", "1")
        .order();
    assert_eq!(renamed.total.to_string(), "3.00");
    let both = Sent::sound()
        .line("amount", "2")
        .line("quantity", "9")
        .line("unit_price", "4")
        .line("sale_price", "9")
        .order();
    assert_eq!(both.total.to_string(), "8.00");
    let wrong = Sent::sound()
        .line("amount", "null")
        .line("quantity", "0")
        .fails();
    assert_eq!(
        wrong,
        fails(
            ItemErrorCode::QuantityNotPositive.as_str(),
            "details[0].quantity"
        )
    );
}

#[test]
fn price_timing_must_be_a_boolean() {
    let timing = |json| Sent::sound().line("is_price_timing", json);
    for json in ["2", "\"yes\"", "[]"] {
        assert_eq!(
            timing(json).fails(),
            fails(
                ItemErrorCode::PriceTimingType.as_str(),
                "details[0].is_price_timing"
            ),
            "{json}"
        );
    }
    for (json, expected) in [
        ("true", true),
        ("\"1\"", true),
        ("0", false),
        ("null", false),
        ("\"\"", false),
    ] {
        assert_eq!(
            timing(json).order().lines[0].is_price_timing,
            expected,
            "{json}"
        );
    }
}

#[test]
fn a_time_priced_line_adds_nothing_to_the_total() {
    let lines =
        r#"[{"sku_id":"D1","amount":"1.15"},{"sku_id":"D1","amount":4,"is_price_timing":1}]"#;
    let order = Sent::sound().with("details", lines).order();
    assert_eq!(
        order
            .lines
            .iter()
            .map(|line| line.amount.to_string())
            .collect::<Vec<_>>(),
        ["2.88", "10.00"]
    );
    assert_eq!(order.total.to_string(), "2.88");
}

#[test]
fn a_total_that_no_column_holds_is_order_format() {
    let line = r#"{"sku_id":"D1","amount":"99999999.99","unit_price":"99999999.99"}"#;
    assert_eq!(
        Sent::sound()
            .with("details", &format!("[{line}]"))
            .order()
            .total
            .to_string(),
        "9999999998000000.00"
    );
    // Two lines are more than the column holds, 200 more than an integer of 64 bits.
    for count in [2, 200] {
        let many = vec![line; count].join(",");
        let sent = Sent::sound().with("details", &format!("[{many}]"));
        assert_eq!(
            sent.fails(),
            fails(ItemErrorCode::OrderFormat.as_str(), "details"),
            "{count}"
        );
    }
}
