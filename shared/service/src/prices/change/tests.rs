use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

/// The codes and fields of a change's errors in a station that has the sku `D1`.
fn errors(raw: &str, duplicate_of: Option<u32>) -> Vec<(&'static str, String)> {
    let errors = match parse(raw) {
        Ok(change) => check(&change, |id| id == "D1", duplicate_of)
            .unwrap_err()
            .to_vec(),
        Err(error) => vec![error],
    };
    errors
        .into_iter()
        .map(|error| (error.code, error.field))
        .collect()
}

fn price_of(sent: &Value) -> Result<Change, ItemErrors> {
    let raw = json!({"sku_id": "D1", "sale_price": sent, "unknown": [1]}).to_string();
    check(&parse(&raw).unwrap(), |id| id == "D1", None)
}

#[test]
fn a_price_is_read_from_its_text_whether_it_is_a_number_or_a_string() {
    for (sent, price) in [
        (json!("2.50"), "2.50"),
        (json!(2.5), "2.50"),
        (json!(0), "0.00"),
        (json!("99999999.99"), "99999999.99"),
    ] {
        assert_eq!(price_of(&sent).unwrap().sale_price.to_string(), price);
    }
}

#[test]
fn a_price_is_shown_as_it_was_sent_and_not_at_all_where_it_is_absent() {
    let shown = |raw: &str| parse(raw).unwrap().sale_price().map(str::to_owned);
    assert_eq!(shown(r#"{"sale_price": "2.5x"}"#).as_deref(), Some("2.5x"));
    assert_eq!(shown(r#"{"sale_price": null}"#), None);
    assert_eq!(shown("{}"), None);
}

#[test]
fn a_price_that_is_none_says_why() {
    for (sent, code) in [
        (json!(null), ItemErrorCode::PriceRequired.as_str()),
        (json!(""), ItemErrorCode::PriceRequired.as_str()),
        (json!("-0.01"), ItemErrorCode::PriceNegative.as_str()),
        (json!("0.001"), ItemErrorCode::PriceDecimals.as_str()),
        (json!("100000000"), ItemErrorCode::PriceFormat.as_str()),
        (json!("1e2"), ItemErrorCode::PriceFormat.as_str()),
        (json!([1]), ItemErrorCode::PriceFormat.as_str()),
    ] {
        let errors = price_of(&sent).unwrap_err();
        assert_eq!((errors.len(), errors[0].code), (1, code), "{sent}");
        assert_eq!(errors[0].field, "sale_price");
    }
}

#[test]
fn all_that_is_wrong_is_said_at_once() {
    let found = errors(r#"{"sku_id":"D2","sale_price":"-1"}"#, Some(3));
    let expected = [
        (ItemErrorCode::SkuNotFound.as_str(), "sku_id"),
        (ItemErrorCode::DuplicateInBatch.as_str(), "sku_id"),
        (ItemErrorCode::PriceNegative.as_str(), "sale_price"),
    ];
    assert_eq!(
        found,
        expected.map(|(code, field)| (code, field.to_owned()))
    );
}

#[test]
fn a_sku_must_be_there_and_be_an_id() {
    for (raw, code) in [
        (
            r#"{"sale_price":1}"#.to_owned(),
            ItemErrorCode::SkuRequired.as_str(),
        ),
        (
            r#"{"sku_id":true,"sale_price":1}"#.to_owned(),
            ItemErrorCode::ItemFormat.as_str(),
        ),
        (
            format!(r#"{{"sku_id":"{}","sale_price":1}}"#, "x".repeat(65)),
            ItemErrorCode::ItemFormat.as_str(),
        ),
    ] {
        assert_eq!(errors(&raw, None), [(code, "sku_id".to_owned())], "{raw}");
    }
}

#[test]
fn what_is_no_object_is_no_change_and_nobodys_duplicate() {
    for raw in ["[\"D1\",1]", "7", "{\"sku_id\":\"D1\",\"sku_id\":\"D2\"}"] {
        assert_eq!(
            errors(raw, None),
            [(ItemErrorCode::ItemFormat.as_str(), String::new())]
        );
        assert_eq!(key(raw), None);
    }
    assert_eq!(key(r#"{"sku_id":7}"#).as_deref(), Some("7"));
}

fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,70}".prop_map(Value::from),
        "-?[0-9]{0,10}\\.?[0-9]{0,4}".prop_map(Value::from),
        proptest::collection::vec(any::<u8>().prop_map(Value::from), 0..3).prop_map(Value::from),
    ]
}

proptest! {
    #[test]
    fn whatever_is_sent_a_change_is_exact_or_has_a_fault(sku in any_value(), sent in any_value(), known: bool) {
        let raw = json!({"sku_id": sku, "sale_price": sent}).to_string();
        match check(&parse(&raw).unwrap(), |_| known, None) {
            Ok(change) => {
                prop_assert!(known && !change.sku_id.is_empty() && change.sku_id.chars().count() <= 64);
                prop_assert_eq!(key(&raw), Some(change.sku_id));
                // The price is the number that was sent, to the last digit.
                let text = sent.as_str().map_or_else(|| sent.to_string(), str::to_owned);
                prop_assert_eq!(Money::parse(&text), Ok(change.sale_price));
                prop_assert!(change.sale_price >= Money::ZERO);
            }
            Err(errors) => prop_assert!(!errors.is_empty()),
        }
    }

    #[test]
    fn any_text_is_read_without_a_panic(raw in "\\PC*") {
        let _ = parse(&raw);
        let _ = key(&raw);
    }
}
