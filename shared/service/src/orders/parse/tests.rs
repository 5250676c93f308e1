//! Shapes of an order: sound, odd and hostile.

use super::*;

fn error(raw: &str) -> ItemError {
    parse(raw).unwrap_err()
}

#[test]
fn an_order_is_read_whatever_surrounds_its_known_fields() {
    let raw = r#" {"address_id": 7, "x": {"y": [1, {}]}, "details": [{"sku_id": "D1"}, {"sku_id": 2}], "名": null} "#;
    let order = parse(raw).unwrap();
    assert_eq!(order.address_id(), Some("7"));
    assert_eq!(order.out_order_no(), None);
    assert_eq!(order.sku_ids().collect::<Vec<_>>(), ["D1", "2"]);
}

#[test]
fn an_order_number_is_looked_up_only_if_it_is_usable() {
    let number = |raw: &str| parse(raw).unwrap().out_order_no().map(str::to_owned);
    assert_eq!(number(r#"{"out_order_no": "N-1"}"#).as_deref(), Some("N-1"));
    assert_eq!(number(r#"{"out_order_no": ""}"#), None);
}

#[test]
fn what_is_not_one_json_object_is_order_format() {
    for raw in [
        "",
        "null",
        "1",
        "\"{}\"",
        "[]",
        r#"["A001", "1"]"#,
        "{",
        "{} {}",
        r#"{"a" 1}"#,
        "\u{feff}{}",
    ] {
        let error = error(raw);
        assert_eq!(
            (error.code, error.field.as_str()),
            (ItemErrorCode::OrderFormat.as_str(), ""),
            "{raw}"
        );
        assert_eq!(error.value.as_deref(), Some(raw));
    }
}

#[test]
fn a_field_given_twice_is_order_format_and_named() {
    let error = error(r#"{"remark": "a", "remark": "b"}"#);
    assert_eq!(error.code, ItemErrorCode::OrderFormat.as_str());
    assert_eq!(error.msg, "订单中字段 remark 重复出现");
}

#[test]
fn an_unknown_field_given_twice_is_nobodys_business() {
    assert!(parse(r#"{"x": 1, "x": 2}"#).is_ok());
}

#[test]
fn a_line_that_is_no_object_is_a_fault_of_that_line_only() {
    let order =
        parse(r#"{"details": [7, {"sku_id": "D1"}, ["D2"], {"amount": 1, "amount": 2}]}"#).unwrap();
    let Details::Lines(lines, 4) = &order.details else {
        panic!("four lines")
    };
    let errors: Vec<_> = lines
        .iter()
        .filter_map(|line| line.as_ref().err())
        .collect();
    assert_eq!(
        errors
            .iter()
            .map(|error| error.field.as_str())
            .collect::<Vec<_>>(),
        ["details[0]", "details[2]", "details[3]"]
    );
    assert_eq!(errors[2].msg, "第 4 行商品中字段 amount 重复出现");
    assert_eq!(order.sku_ids().collect::<Vec<_>>(), ["D1"]);
}

#[test]
fn lines_beyond_the_limit_are_counted_and_not_read() {
    let raw = format!(
        r#"{{"details": [{}{{"sku_id": "last"}}]}}"#,
        "7,".repeat(1000)
    );
    let order = parse(&raw).unwrap();
    assert!(matches!(&order.details, Details::Lines(lines, 1001) if lines.len() == MAX_LINES));
}

#[test]
fn an_id_that_is_too_long_or_of_another_type_is_not_looked_up() {
    let raw = format!(
        r#"{{"address_id": "{}", "out_order_no": true, "details": [{{"sku_id": [1]}}]}}"#,
        "A".repeat(65)
    );
    let order = parse(&raw).unwrap();
    assert_eq!(
        (
            order.address_id(),
            order.out_order_no(),
            order.sku_ids().count()
        ),
        (None, None, 0)
    );
}

#[test]
fn deep_nesting_in_any_field_neither_recurses_nor_fails() {
    let deep = "[".repeat(100_000) + &"]".repeat(100_000);
    for field in ["unknown", "address_id", "remark"] {
        assert!(
            parse(&format!(r#"{{"{field}": {deep}}}"#)).is_ok(),
            "{field}"
        );
    }
    assert!(parse(&format!(r#"{{"details": {deep}}}"#)).is_ok());
    assert!(
        parse(&format!(
            r#"{{"details": [{{"sku_id": {deep}, "x": {deep}}}]}}"#
        ))
        .is_ok()
    );
    assert_eq!(
        error(&"{\"a\":".repeat(100_000)).code,
        ItemErrorCode::OrderFormat.as_str()
    );
    assert_eq!(
        key(&format!(r#"{{"x": {deep}, "address_id": "S1"}}"#)).as_deref(),
        Some("a:S1")
    );
}

#[test]
fn a_lone_surrogate_is_no_id() {
    let order = parse(r#"{"address_id": "\ud800", "x": "\udfff"}"#).unwrap();
    assert_eq!(order.address_id(), None);
    assert_eq!(key(r#"{"address_id": "\ud800"}"#), None);
}

#[test]
fn the_key_is_the_order_number_when_given_else_the_address() {
    assert_eq!(
        key(r#"{"address_id": "S1", "out_order_no": "N-1"}"#).as_deref(),
        Some("o:N-1")
    );
    assert_eq!(
        key(r#"{"out_order_no": "", "address_id": "S1"}"#).as_deref(),
        Some("a:S1")
    );
    assert_eq!(
        key(r#"{"out_order_no": null, "address_id": 12}"#).as_deref(),
        Some("a:12")
    );
    assert_eq!(
        key(r#"{"out_order_no": 12, "address_id": "S1", "details": 7}"#).as_deref(),
        Some("o:12")
    );
}

#[test]
fn the_same_id_has_the_same_key_however_it_is_written() {
    assert_eq!(
        key(r#"{"address_id": "\u0053\u0031"}"#),
        key(r#"{ "address_id" : "S1" }"#)
    );
    assert_eq!(key(r#"{"address_id": "12"}"#), key(r#"{"address_id": 12}"#));
}

#[test]
fn an_order_that_fails_on_its_own_account_has_no_key() {
    let long = format!(
        r#"{{"out_order_no": "{}", "address_id": "S1"}}"#,
        "9".repeat(65)
    );
    for raw in [
        "",
        "[]",
        "{",
        "{}",
        r#"{"address_id": "S1", "address_id": "S2"}"#,
        r#"{"out_order_no": [], "address_id": "S1"}"#,
        &long,
    ] {
        assert_eq!(key(raw), None, "{raw}");
    }
}

#[test]
fn an_order_that_is_read_has_the_key_of_its_text() {
    for raw in [
        r#"{"address_id": "S1", "details": []}"#,
        r#"{"address_id": 12, "out_order_no": "\u0053 1"}"#,
        r#"{"out_order_no": [], "address_id": "S1"}"#,
        r#"{"out_order_no": "", "address_id": "S1", "more": {}}"#,
        "{}",
    ] {
        assert_eq!(parse(raw).unwrap().key(), key(raw), "{raw}");
    }
}
