//! Whatever is sent, an order ends as one or with at least one error.

use proptest::prelude::*;
use serde_json::{Map, Value};

use super::*;
use crate::orders::key;

const KEYS: [&str; 16] = [
    "address_id",
    "out_order_no",
    "uid",
    "remark",
    "receive_begin_time",
    "receive_end_time",
    "details",
    "sku_id",
    "amount",
    "quantity",
    "unit_price",
    "sale_price",
    "is_price_timing",
    "spu_remark",
    "unknown",
    "",
];

const VALUES: [&str; 10] = [
    "S001",
    "D1",
    "1",
    "-1",
    "0.001",
    "true",
    "2026-07-01 20:00",
    "2026-07-02 07:00",
    "2026-02-30 25:00",
    "\u{0}\u{10ffff}",
];

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,80}".prop_map(Value::from),
        proptest::sample::select(&VALUES[..]).prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 60, 8, |inner| {
        let object =
            proptest::collection::vec((proptest::sample::select(&KEYS[..]), inner.clone()), 0..10);
        prop_oneof![
            proptest::collection::vec(inner, 0..8).prop_map(Value::from),
            object.prop_map(|fields| fields
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect::<Map<_, _>>()
                .into()),
        ]
    })
}

/// A sound order of which some fields are replaced by anything.
fn nearly_sound() -> impl Strategy<Value = String> {
    proptest::collection::vec(
        (
            proptest::sample::select(&KEYS[..]),
            any_json(),
            any::<bool>(),
        ),
        0..4,
    )
    .prop_map(|changes| {
        let start = Sent::sound();
        let sent = changes
            .into_iter()
            .fold(start, |sent, (name, value, in_line)| {
                let json = value.to_string();
                if in_line {
                    sent.line(name, &json)
                } else {
                    sent.with(name, &json)
                }
            });
        sent.json()
    })
}

fn check(raw: &str) -> Result<(), TestCaseError> {
    let (reference, cycle) = (reference(), cycle());
    let mut checks = checks(&reference, &cycle);
    checks.duplicate_of = raw.len().is_multiple_of(7).then_some(1);
    checks.existing_order = raw.len().is_multiple_of(5).then_some(1);
    let key = key(raw);
    let errors = match parse(raw) {
        Err(error) => {
            prop_assert_eq!(error.code, ItemErrorCode::OrderFormat.as_str());
            vec![error]
        }
        Ok(order) => match validate(&order, &checks) {
            Ok(_) => {
                prop_assert!(key.is_some());
                return Ok(());
            }
            Err(errors) => errors.to_vec(),
        },
    };
    prop_assert!(!errors.is_empty());
    for error in errors {
        prop_assert!(!error.msg.is_empty());
        prop_assert!(error.value.is_none_or(|value| value.chars().count() <= 64));
    }
    Ok(())
}

proptest! {
    #[test]
    fn any_json_is_an_order_or_has_a_fault(value in any_json()) {
        check(&value.to_string())?;
    }

    #[test]
    fn a_nearly_sound_order_is_an_order_or_has_a_fault(raw in nearly_sound()) {
        check(&raw)?;
    }

    #[test]
    fn any_text_is_an_order_or_has_a_fault(raw in "\\PC*|[\\[\\]{}\":,\\\\ua-e0-9 ]{0,40}") {
        check(&raw)?;
    }

    #[test]
    fn an_order_cut_short_is_order_format(raw in nearly_sound(), at in any::<proptest::sample::Index>()) {
        let cut = (0..=at.index(raw.len())).rev().find(|end| raw.is_char_boundary(*end)).unwrap_or_default();
        prop_assert_eq!(parse(&raw[..cut]).unwrap_err().code, ItemErrorCode::OrderFormat.as_str());
    }

    #[test]
    fn the_total_is_the_sum_of_the_rounded_amounts(lines in proptest::collection::vec((1..100_000_i64, 0..100_000_i64, any::<bool>()), 1..20)) {
        let list: Vec<_> = lines.iter().map(|(quantity, price, timing)| {
            let (quantity, price) = (Quantity::from_hundredths(*quantity), Money::from_hundredths(*price));
            format!(r#"{{"sku_id":"D1","amount":{quantity},"unit_price":"{price}","is_price_timing":{timing}}}"#)
        }).collect();
        let order = Sent::sound().with("details", &format!("[{}]", list.join(","))).order();
        let sum: i64 = lines.iter().filter(|line| !line.2).map(|(quantity, price, _)| (quantity * price + 50) / 100).sum();
        prop_assert_eq!(order.total, Money::from_hundredths(sum));
    }
}
