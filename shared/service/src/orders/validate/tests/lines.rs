//! Lines: how many, skus, quantities, remarks.

use super::*;

fn amount(json: &str) -> Sent {
    Sent::sound().line("amount", json)
}

#[test]
fn an_order_without_lines_is_refused() {
    for json in ["[]", "null", "\"\""] {
        assert_eq!(
            Sent::sound().with("details", json).fails(),
            fails(ItemErrorCode::LinesEmpty.as_str(), "details"),
            "{json}"
        );
    }
}

#[test]
fn details_that_are_no_list_are_order_format() {
    for json in ["{}", "7", "true", r#""[]""#] {
        assert_eq!(
            Sent::sound().with("details", json).fails(),
            fails(ItemErrorCode::OrderFormat.as_str(), "details"),
            "{json}"
        );
    }
}

#[test]
fn more_than_200_lines_are_one_fault() {
    let lines = |count: usize| {
        let list = vec![r#"{"sku_id":"D1","amount":1}"#; count].join(",");
        Sent::sound().with("details", &format!("[{list}]"))
    };
    assert_eq!(lines(200).order().lines.len(), 200);
    let error = lines(201).error();
    assert_eq!(
        (error.code, error.field.as_str()),
        (ItemErrorCode::TooManyLines.as_str(), "details")
    );
    assert_eq!(error.msg, "商品明细 details 最多 200 行，实际为 201");
}

#[test]
fn a_line_that_is_no_object_is_order_format() {
    assert_eq!(
        Sent::sound().with("details", "[7]").fails(),
        fails(ItemErrorCode::OrderFormat.as_str(), "details[0]")
    );
}

#[test]
fn a_line_without_a_sku_is_refused() {
    assert_eq!(
        Sent::sound().line("sku_id", "\"\"").fails(),
        fails(ItemErrorCode::SkuRequired.as_str(), "details[0].sku_id")
    );
}

#[test]
fn a_sku_id_that_is_too_long_or_no_text_is_order_format() {
    for json in [format!("\"{}\"", "D".repeat(65)), "false".to_owned()] {
        assert_eq!(
            Sent::sound().line("sku_id", &json).fails(),
            fails(ItemErrorCode::OrderFormat.as_str(), "details[0].sku_id")
        );
    }
}

#[test]
fn an_unknown_sku_is_refused() {
    let error = Sent::sound().line("sku_id", "404").error();
    assert_eq!(
        (error.code, error.msg.as_str()),
        (
            ItemErrorCode::SkuNotFound.as_str(),
            "第 1 行商品 \"404\" 在本站点不存在"
        )
    );
}

#[test]
fn a_sku_that_is_not_on_sale_is_refused() {
    let error = Sent::sound().line("sku_id", r#""OFF""#).error();
    assert_eq!(
        (error.code, error.msg.as_str()),
        (
            ItemErrorCode::SkuOffSale.as_str(),
            "第 1 行商品 \"OFF\"（白菜） 已下架"
        )
    );
}

#[test]
fn a_sku_of_another_cycle_is_refused() {
    let fails_with = Sent::sound().line("sku_id", r#""ELSEWHERE""#).fails();
    assert_eq!(
        fails_with,
        fails(ItemErrorCode::SkuNotInCycle.as_str(), "details[0].sku_id")
    );
    assert!(Sent::sound().line("sku_id", r#""HERE""#).checked().is_ok());
}

#[test]
fn a_line_without_a_quantity_is_refused() {
    assert_eq!(
        amount("null").fails(),
        fails(
            ItemErrorCode::QuantityRequired.as_str(),
            "details[0].amount"
        )
    );
}

#[test]
fn a_quantity_that_is_no_plain_decimal_is_refused() {
    for json in [
        "\"two\"",
        "1e2",
        "\"1e2\"",
        "true",
        "[]",
        "\"+1\"",
        "\"1 2\"",
        "123456789",
        r#""\ud800""#,
    ] {
        assert_eq!(
            amount(json).fails(),
            fails(ItemErrorCode::QuantityFormat.as_str(), "details[0].amount"),
            "{json}"
        );
    }
    assert_eq!(
        amount("123456789").error().msg,
        "第 1 行数量 amount 整数部分最多 8 位，实际为 \"123456789\""
    );
}

#[test]
fn a_quantity_of_zero_or_less_is_refused() {
    for json in ["0", "\"0.00\"", "-1", "\"-0.001\"", "-0"] {
        assert_eq!(
            amount(json).fails(),
            fails(
                ItemErrorCode::QuantityNotPositive.as_str(),
                "details[0].amount"
            ),
            "{json}"
        );
    }
}

#[test]
fn a_quantity_of_more_than_two_decimals_is_refused_unless_they_are_zeros() {
    assert_eq!(
        amount("1.234").fails(),
        fails(
            ItemErrorCode::QuantityDecimals.as_str(),
            "details[0].amount"
        )
    );
    assert_eq!(
        amount("1.500").order().lines[0].quantity.to_string(),
        "1.50"
    );
}

#[test]
fn a_quantity_below_the_skus_least_is_refused() {
    let least = |json| amount(json).line("sku_id", r#""LEAST""#);
    let error = least("1.49").error();
    assert_eq!(
        (error.code, error.field.as_str()),
        (
            ItemErrorCode::QuantityBelowMin.as_str(),
            "details[0].amount"
        )
    );
    assert_eq!(
        error.msg,
        "第 1 行数量 amount 不能低于起订量 1.50斤，实际为 \"1.49\""
    );
    assert!(least("1.5").checked().is_ok());
}

#[test]
fn a_line_remark_of_more_than_128_characters_is_refused() {
    let remark = |chars| Sent::sound().line("spu_remark", &format!("\"{}\"", "切".repeat(chars)));
    assert_eq!(
        remark(128).order().lines[0]
            .spu_remark
            .as_deref()
            .map(|text| text.chars().count()),
        Some(128)
    );
    assert_eq!(
        remark(129).fails(),
        fails(
            ItemErrorCode::RemarkTooLong.as_str(),
            "details[0].spu_remark"
        )
    );
}
