//! The errors of an order: every code that HTTP can reach, in one batch.

use serde_json::{Value, json};

use crate::support::{Api, Station, order, tomorrow, unique, with_api};

/// An order with one thing changed, and the errors it gets: code and field.
type Case = (Value, Vec<(&'static str, &'static str)>);

fn case(pointer: &str, value: Value, errors: &[(&'static str, &'static str)]) -> Case {
    let mut order = order(0);
    match pointer.rsplit_once('/') {
        None => order = value,
        Some((parent, name)) => {
            let parent = order.pointer_mut(parent).unwrap();
            parent
                .as_object_mut()
                .unwrap()
                .insert(name.to_owned(), value);
        }
    }
    (order, errors.to_vec())
}

fn of_the_order() -> Vec<Case> {
    let long = "字".repeat(129);
    vec![
        case(
            "/address_id",
            Value::Null,
            &[("ADDRESS_REQUIRED", "address_id")],
        ),
        case(
            "/address_id",
            json!("nobody"),
            &[("ADDRESS_NOT_FOUND", "address_id")],
        ),
        case(
            "/address_id",
            json!("S99"),
            &[("ADDRESS_FORBIDDEN", "address_id")],
        ),
        case("/remark", json!(long), &[("REMARK_TOO_LONG", "remark")]),
        case(
            "/out_order_no",
            json!("x".repeat(65)),
            &[("ORDER_FORMAT", "out_order_no")],
        ),
        case(
            "/out_order_no",
            json!("TAKEN"),
            &[("DUPLICATE_ORDER_NO", "out_order_no")],
        ),
        case("/details", json!([]), &[("LINES_EMPTY", "details")]),
        case("/details", json!("none"), &[("ORDER_FORMAT", "details")]),
        case(
            "/details",
            json!(vec![order(0)["details"][0].clone(); 201]),
            &[("TOO_MANY_LINES", "details")],
        ),
        case("", json!("no order"), &[("ORDER_FORMAT", "")]),
        case("", json!(["a", "list"]), &[("ORDER_FORMAT", "")]),
    ]
}

fn of_the_times() -> Vec<Case> {
    let (begin, end) = ("receive_begin_time", "receive_end_time");
    let day = tomorrow();
    let yesterday = day.saturating_sub(jiff::ToSpan::days(2));
    let far = day.saturating_add(jiff::ToSpan::days(30));
    vec![
        case(
            "/receive_begin_time",
            json!(""),
            &[("RECEIVE_TIME_REQUIRED", begin)],
        ),
        case(
            "/receive_end_time",
            json!(format!("{day} 9:00")),
            &[("RECEIVE_TIME_FORMAT", end)],
        ),
        case(
            "/receive_end_time",
            json!("2026-02-30 08:00"),
            &[("RECEIVE_TIME_FORMAT", end)],
        ),
        case(
            "/receive_end_time",
            json!(format!("{day} 08:00")),
            &[("RECEIVE_TIME_ORDER", end)],
        ),
        case(
            "/receive_begin_time",
            json!(format!("{yesterday} 08:00")),
            &[
                ("RECEIVE_TIME_PAST", begin),
                ("RECEIVE_TIME_OUT_OF_WINDOW", begin),
            ],
        ),
        case(
            "/receive_end_time",
            json!(format!("{far} 08:00")),
            &[("RECEIVE_TIME_OUT_OF_WINDOW", end)],
        ),
    ]
}

fn of_a_line() -> Vec<Case> {
    let line = |name: &str, value: Value, code, field| {
        case(&format!("/details/1/{name}"), value, &[(code, field)])
    };
    let (sku, amount, price) = (
        "details[1].sku_id",
        "details[1].amount",
        "details[1].unit_price",
    );
    vec![
        line("sku_id", Value::Null, "SKU_REQUIRED", sku),
        line("sku_id", json!("nothing"), "SKU_NOT_FOUND", sku),
        line("sku_id", json!("D2"), "SKU_OFF_SALE", sku),
        line("sku_id", json!("D3"), "SKU_NOT_IN_CYCLE", sku),
        line("amount", Value::Null, "QUANTITY_REQUIRED", amount),
        line("amount", json!("many"), "QUANTITY_FORMAT", amount),
        line("amount", json!(-1), "QUANTITY_NOT_POSITIVE", amount),
        line("amount", json!("1.001"), "QUANTITY_DECIMALS", amount),
        case(
            "/details/0/amount",
            json!("0.49"),
            &[("QUANTITY_BELOW_MIN", "details[0].amount")],
        ),
        line("unit_price", json!("1e2"), "PRICE_FORMAT", price),
        line("unit_price", json!("-0.01"), "PRICE_NEGATIVE", price),
        line("unit_price", json!(0.001), "PRICE_DECIMALS", price),
        line(
            "is_price_timing",
            json!("maybe"),
            "PRICE_TIMING_TYPE",
            "details[1].is_price_timing",
        ),
        line(
            "spu_remark",
            json!("字".repeat(129)),
            "REMARK_TOO_LONG",
            "details[1].spu_remark",
        ),
    ]
}

/// Numbers the orders that have no number and whose address would make them duplicates.
fn batch(cases: &[Case]) -> Vec<Value> {
    let numbered = |(at, (order, _)): (usize, &Case)| {
        let mut order = order.clone();
        if let Some(members) = order.as_object_mut() {
            members
                .entry("out_order_no")
                .or_insert_with(|| json!(format!("N{at}")));
        }
        order
    };
    cases.iter().enumerate().map(numbered).collect()
}

/// Code and field of every error of an order.
fn told(detail: &Value) -> Vec<(&str, &str)> {
    let errors = detail["errors"].as_array().unwrap().iter();
    let told = errors.map(|error| error["code"].as_str().zip(error["field"].as_str()));
    told.map(Option::unwrap).collect()
}

/// An order tells its errors, and the first one as its own.
fn assert_told(index: u64, detail: &Value, (sent, expected): &Case) {
    assert_eq!(
        (told(detail), &detail["index"]),
        (expected.clone(), &json!(index)),
        "{sent}"
    );
    if let Some(first) = detail["errors"].get(0) {
        assert_eq!(
            (&detail["code"], &detail["msg"]),
            (&first["code"], &first["msg"])
        );
    }
}

/// Makes an order with the number `TAKEN`; its id.
async fn take_a_number(api: &Api, station: &Station) -> Value {
    let id = unique("taken-");
    let mut order = order(0);
    order["out_order_no"] = json!("TAKEN");
    api.import(station, &id, &[order]).await;
    api.details(&id, "success").await[0]["order_id"].clone()
}

#[tokio::test]
async fn every_code_is_told_with_its_field_and_only_faulty_orders_fail() {
    with_api(async |api| {
        let station = Station::fresh(api).await;
        let taken = take_a_number(api, &station).await;
        let right = (order(1), Vec::new());
        let mut cases = [of_the_order(), of_the_times(), of_a_line()].concat();
        for at in 0..=cases.len() {
            cases.insert(at * 2, right.clone());
        }
        let id = unique("faulty-");
        let task = api.import(&station, &id, &batch(&cases)).await;
        let faulty = cases
            .iter()
            .filter(|(_, errors)| !errors.is_empty())
            .count();
        assert_eq!(task["result"]["failure_count"], faulty);
        for ((index, detail), case) in (0..).zip(api.details(&id, "all").await).zip(&cases) {
            assert_told(index, &detail, case);
            let is_duplicate = detail["code"] == "DUPLICATE_ORDER_NO";
            let existing = &detail["errors"][0]["value"];
            assert!(
                !is_duplicate || *existing == taken,
                "the existing order's id"
            );
        }
        assert_eq!(
            api.database.count("tbl_order", &id).await,
            i64::try_from(cases.len() - faulty).unwrap()
        );
    })
    .await;
}

#[tokio::test]
async fn all_errors_of_an_order_are_told_at_once_in_the_order_of_its_fields() {
    with_api(async |api| {
        let station = Station::fresh(api).await;
        let id = unique("errors-");
        let bad = json!({"address_id": "nobody", "remark": "x".repeat(129), "details": [{"sku_id": "D0", "amount": "0"}, {"quantity": "1.111", "sale_price": "x"}]});
        api.import(&station, &id, &[bad]).await;
        let failed = api.details(&id, "failed").await;
        let expected = [
            ("ADDRESS_NOT_FOUND", "address_id"), ("REMARK_TOO_LONG", "remark"), ("RECEIVE_TIME_REQUIRED", "receive_begin_time"),
            ("RECEIVE_TIME_REQUIRED", "receive_end_time"), ("QUANTITY_NOT_POSITIVE", "details[0].amount"), ("SKU_REQUIRED", "details[1].sku_id"),
            ("QUANTITY_DECIMALS", "details[1].quantity"), ("PRICE_FORMAT", "details[1].sale_price"),
        ];
        assert_eq!(told(&failed[0]), expected);
    })
    .await;
}
