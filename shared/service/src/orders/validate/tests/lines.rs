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
            fails(FaultCode::LinesEmpty, "details"),
            "{json}"
        );
    }
}

#[test]
fn details_that_are_no_list_are_order_format() {
    for json in ["{}", "7", "true", r#""[]""#] {
        assert_eq!(
            Sent::sound().with("details", json).fails(),
            fails(FaultCode::OrderFormat, "details"),
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
    let fault = lines(201).fault();
    assert_eq!(
        (fault.code, fault.field.as_str()),
        (FaultCode::TooManyLines, "details")
    );
    assert_eq!(fault.msg, "商品明细 details 最多 200 行，实际为 201");
}

#[test]
fn a_line_that_is_no_object_is_order_format() {
    assert_eq!(
        Sent::sound().with("details", "[7]").fails(),
        fails(FaultCode::OrderFormat, "details[0]")
    );
}

#[test]
fn a_line_without_a_sku_is_refused() {
    assert_eq!(
        Sent::sound().line("sku_id", "\"\"").fails(),
        fails(FaultCode::SkuRequired, "details[0].sku_id")
    );
}

#[test]
fn a_sku_id_that_is_too_long_or_no_text_is_order_format() {
    for json in [format!("\"{}\"", "D".repeat(65)), "false".to_owned()] {
        assert_eq!(
            Sent::sound().line("sku_id", &json).fails(),
            fails(FaultCode::OrderFormat, "details[0].sku_id")
        );
    }
}

#[test]
fn an_unknown_sku_is_refused() {
    let fault = Sent::sound().line("sku_id", "404").fault();
    assert_eq!(
        (fault.code, fault.msg.as_str()),
        (FaultCode::SkuNotFound, "第 1 行商品 \"404\" 在本站点不存在")
    );
}

#[test]
fn a_sku_that_is_not_on_sale_is_refused() {
    let fault = Sent::sound().line("sku_id", r#""OFF""#).fault();
    assert_eq!(
        (fault.code, fault.msg.as_str()),
        (FaultCode::SkuOffSale, "第 1 行商品 \"OFF\"（白菜） 已下架")
    );
}

#[test]
fn a_sku_of_another_cycle_is_refused() {
    let fails_with = Sent::sound().line("sku_id", r#""ELSEWHERE""#).fails();
    assert_eq!(
        fails_with,
        fails(FaultCode::SkuNotInCycle, "details[0].sku_id")
    );
    assert!(Sent::sound().line("sku_id", r#""HERE""#).checked().is_ok());
}

#[test]
fn a_line_without_a_quantity_is_refused() {
    assert_eq!(
        amount("null").fails(),
        fails(FaultCode::QuantityRequired, "details[0].amount")
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
            fails(FaultCode::QuantityFormat, "details[0].amount"),
            "{json}"
        );
    }
    assert_eq!(
        amount("123456789").fault().msg,
        "第 1 行数量 amount 整数部分最多 8 位，实际为 \"123456789\""
    );
}

#[test]
fn a_quantity_of_zero_or_less_is_refused() {
    for json in ["0", "\"0.00\"", "-1", "\"-0.001\"", "-0"] {
        assert_eq!(
            amount(json).fails(),
            fails(FaultCode::QuantityNotPositive, "details[0].amount"),
            "{json}"
        );
    }
}

#[test]
fn a_quantity_of_more_than_two_decimals_is_refused_unless_they_are_zeros() {
    assert_eq!(
        amount("1.234").fails(),
        fails(FaultCode::QuantityDecimals, "details[0].amount")
    );
    assert_eq!(
        amount("1.500").order().lines[0].quantity.to_string(),
        "1.50"
    );
}

#[test]
fn a_quantity_below_the_skus_least_is_refused() {
    let least = |json| amount(json).line("sku_id", r#""LEAST""#);
    let fault = least("1.49").fault();
    assert_eq!(
        (fault.code, fault.field.as_str()),
        (FaultCode::QuantityBelowMin, "details[0].amount")
    );
    assert_eq!(
        fault.msg,
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
        fails(FaultCode::RemarkTooLong, "details[0].spu_remark")
    );
}
