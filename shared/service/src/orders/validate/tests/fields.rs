//! Address, order number, uid, remark; and all errors at once.

use super::*;

#[test]
fn a_sound_order_is_accepted_with_everything_it_says() {
    let sent = Sent::sound()
        .with("out_order_no", r#""N-1""#)
        .with("uid", "42")
        .with("remark", r#""轻放\n谢谢""#);
    let order = sent.order();
    assert_eq!(order.address_id, "S001");
    assert_eq!(order.out_order_no.as_deref(), Some("N-1"));
    assert_eq!(order.uid.as_deref(), Some("42"));
    assert_eq!(order.remark.as_deref(), Some("轻放\n谢谢"));
    assert_eq!(order.receive_begin, datetime(2026, 7, 1, 20, 0, 0, 0));
    assert_eq!(order.receive_end, datetime(2026, 7, 2, 7, 0, 0, 0));
    assert_eq!(order.total.to_string(), "5.00");
}

#[test]
fn null_and_the_empty_string_count_as_absent() {
    let order = Sent::sound()
        .with("out_order_no", "\"\"")
        .with("uid", "null")
        .with("remark", "\"\"")
        .order();
    assert_eq!(
        (order.out_order_no, order.uid, order.remark),
        (None, None, None)
    );
}

#[test]
fn an_order_without_an_address_is_refused() {
    for json in ["null", "\"\""] {
        let error = Sent::sound().with("address_id", json).error();
        assert_eq!(
            (error.code, error.field.as_str()),
            (ItemErrorCode::AddressRequired.as_str(), "address_id")
        );
        assert_eq!(
            (error.value, error.msg.as_str()),
            (None, "缺少收货地址编号 address_id")
        );
    }
}

#[test]
fn an_unknown_address_is_refused() {
    let error = Sent::sound().with("address_id", r#""S999""#).error();
    assert_eq!(
        (error.code, error.value.as_deref()),
        (ItemErrorCode::AddressNotFound.as_str(), Some("S999"))
    );
    assert_eq!(error.msg, "收货地址 \"S999\" 在本站点不存在");
}

#[test]
fn an_address_that_may_not_order_is_refused() {
    let error = Sent::sound().with("address_id", r#""CLOSED""#).error();
    assert_eq!(
        (error.code, error.msg.as_str()),
        (
            ItemErrorCode::AddressForbidden.as_str(),
            "收货地址 \"CLOSED\"（东门店） 不允许下单"
        )
    );
}

#[test]
fn an_id_of_more_than_64_characters_or_of_another_type_is_order_format() {
    let long = format!("\"{}\"", "号".repeat(65));
    for field in ["address_id", "out_order_no", "uid"] {
        for json in [long.as_str(), "true", "[1]", "{}", r#""\ud800""#] {
            assert_eq!(
                Sent::sound().with(field, json).fails(),
                fails(ItemErrorCode::OrderFormat.as_str(), field),
                "{json}"
            );
        }
    }
    let error = Sent::sound().with("uid", &long).error();
    assert_eq!(error.value.unwrap().chars().count(), 64);
    assert!(
        error
            .msg
            .starts_with("用户编号 uid 最多 64 个字符（现有 65 个），实际为 \"号"),
        "{}",
        error.msg
    );
}

#[test]
fn an_id_of_64_characters_is_fine() {
    let number = "号".repeat(64);
    let order = Sent::sound()
        .with("out_order_no", &format!("\"{number}\""))
        .order();
    assert_eq!(order.out_order_no, Some(number));
}

#[test]
fn a_remark_of_more_than_128_characters_is_refused() {
    let remark = |chars| Sent::sound().with("remark", &format!("\"{}\"", "注".repeat(chars)));
    assert!(remark(128).checked().is_ok());
    assert_eq!(
        remark(129).fails(),
        fails(ItemErrorCode::RemarkTooLong.as_str(), "remark")
    );
}

#[test]
fn a_remark_that_is_no_text_is_order_format() {
    assert_eq!(
        Sent::sound().with("remark", "[]").fails(),
        fails(ItemErrorCode::OrderFormat.as_str(), "remark")
    );
    assert_eq!(
        Sent::sound().with("remark", "12").order().remark.as_deref(),
        Some("12")
    );
}

#[test]
fn a_duplicate_by_address_names_the_first_index() {
    let error = only(Sent::sound().checked_by(|checks| checks.duplicate_of = Some(3)));
    assert_eq!(
        (error.code, error.field.as_str()),
        (ItemErrorCode::DuplicateInBatch.as_str(), "address_id")
    );
    assert_eq!(error.value.as_deref(), Some("3"));
    assert_eq!(
        error.msg,
        "收货地址 \"S001\" 与本批次中 index 为 3 的订单重复"
    );
}

#[test]
fn a_duplicate_by_order_number_is_a_fault_of_the_order_number() {
    let sent = Sent::sound().with("out_order_no", r#""N-1""#);
    // The first of the two is made by then or not: that must not show.
    for existing_order in [None, Some(9)] {
        let error = only(sent.checked_by(|checks| {
            checks.duplicate_of = Some(0);
            checks.existing_order = existing_order;
        }));
        assert_eq!(
            (error.code, error.field.as_str()),
            (ItemErrorCode::DuplicateInBatch.as_str(), "out_order_no")
        );
    }
}

#[test]
fn an_order_number_the_station_already_has_names_the_existing_order() {
    let sent = Sent::sound().with("out_order_no", r#""N-1""#);
    let error = only(sent.checked_by(|checks| checks.existing_order = Some(42_007)));
    assert_eq!(
        (error.code, error.field.as_str()),
        (ItemErrorCode::DuplicateOrderNo.as_str(), "out_order_no")
    );
    assert_eq!(error.value.as_deref(), Some("42007"));
    assert_eq!(error.msg, "外部订单号 \"N-1\" 已存在，对应订单 ID 为 42007");
}

#[test]
fn all_faults_are_reported_at_once_in_the_order_of_the_fields() {
    let sent = Sent::sound()
        .with("address_id", r#""S999""#)
        .with("uid", "[]")
        .with("remark", "{}")
        .with("receive_begin_time", "null")
        .with("receive_end_time", r#""soon""#)
        .with("details", r#"[{"sku_id": "D1", "amount": 0}, 7, {"sku_id": "D9", "unit_price": "-1", "is_price_timing": 2}]"#);
    let errors = sent.checked().unwrap_err();
    let found: Vec<_> = errors
        .iter()
        .map(|error| (error.code, error.field.as_str()))
        .collect();
    let expected = [
        ("ADDRESS_NOT_FOUND", "address_id"),
        ("ORDER_FORMAT", "uid"),
        ("ORDER_FORMAT", "remark"),
        ("RECEIVE_TIME_REQUIRED", "receive_begin_time"),
        ("RECEIVE_TIME_FORMAT", "receive_end_time"),
        ("QUANTITY_NOT_POSITIVE", "details[0].amount"),
        ("ORDER_FORMAT", "details[1]"),
        ("SKU_NOT_FOUND", "details[2].sku_id"),
        ("QUANTITY_REQUIRED", "details[2].amount"),
        ("PRICE_NEGATIVE", "details[2].unit_price"),
        ("PRICE_TIMING_TYPE", "details[2].is_price_timing"),
    ];
    assert_eq!(found, expected);
}
