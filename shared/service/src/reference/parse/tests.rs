//! One bad value a case, and the sentence it is refused with.

use super::*;

fn stations(json: &str) -> Result<Vec<Station<'_>>, Vec<String>> {
    let file = file(json, &SqsNames::default());
    file.map(|file| file.stations).map_err(|found| found.first)
}
use serde_json::json;

/// The errors about a station with these records.
fn findings(records: &Value) -> Vec<String> {
    let mut station = json!({"station_id": "T1"});
    for (name, value) in records.as_object().unwrap() {
        station[name] = value.clone();
    }
    stations(&json!({"stations": [station]}).to_string()).unwrap_err()
}

fn sku(changes: &Value) -> Value {
    let mut sku = json!({"sku_id": "D1", "name": "大白菜", "sale_unit": "斤",
                         "sale_price": "2.50", "sale_num_least": "0.01"});
    for (name, value) in changes.as_object().unwrap() {
        sku[name] = value.clone();
    }
    sku
}

#[test]
fn a_bad_value_is_named_with_its_record_its_field_and_the_limit() {
    let cases = [
        (
            json!({"sale_price": "12.345"}),
            "sku D1: sale_price 12.345 has more than 2 decimals",
        ),
        (
            json!({"sale_price": 12.5}),
            "sku D1: sale_price 12.5 must be a decimal number in quotes, such as \"2.50\"",
        ),
        (
            json!({"sale_num_least": "-1"}),
            "sku D1: sale_num_least -1 is below zero",
        ),
        (
            json!({"sale_price": "123456789"}),
            "sku D1: sale_price 123456789 has more than 8 digits before the point",
        ),
        (
            json!({"sale_unit": "a".repeat(17)}),
            "sku D1: sale_unit aaaaaaaaaaaaaaaaa has 17 characters, at most 16 are allowed",
        ),
        (json!({"name": 7}), "sku D1: name 7 must be text in quotes"),
        (
            json!({"on_sale": 1}),
            "sku D1: on_sale 1 must be true or false",
        ),
        (
            json!({"sku_id": "D1 "}),
            "sku D1 : sku_id D1  ends with a blank: take it away",
        ),
        (
            json!({"sku_id": ""}),
            "sku number 1: sku_id \"\" must have 1 to 64 characters",
        ),
        (
            json!({"sku_id": null}),
            "sku number 1: sku_id null must be text of 1 to 64 characters",
        ),
    ];
    for (changes, finding) in cases {
        assert_eq!(findings(&json!({"skus": [sku(&changes)]})), [finding]);
    }
}

#[test]
fn a_name_that_is_too_long_is_shortened_in_its_message() {
    let found = findings(&json!({"addresses": [{"address_id": "S1", "name": "x".repeat(300)}]}));
    let shown = "x".repeat(60);
    assert_eq!(
        found,
        [format!(
            "address S1: name {shown}… has 300 characters, at most 128 are allowed"
        )]
    );
}

#[test]
fn every_bad_record_has_a_line_with_everything_wrong_with_it() {
    let found = findings(&json!({
        "time_configs": [{"id": "C1", "type": 3, "order_time_limit": {"start": "06:00", "end": "20:00"},
                          "receive_time_limit": {"start": "06:00"}}],
        "addresses": [7],
        "skus": [{"sku_id": "D1", "sale_price": "1.005"}]}));
    assert_eq!(found.len(), 3, "{found:#?}");
    assert!(found[0].starts_with(
        "operating cycle C1: type 3 must be 1 (normal) or 2 (presale); receive_time_limit"
    ));
    assert_eq!(found[1], "address number 1: must be an object, not 7");
    assert!(found[2].contains("decimals; sale_num_least is missing: it must be"));
}

#[test]
fn a_file_that_is_no_reference_file_is_refused_in_words() {
    assert!(stations("{").unwrap_err()[0].starts_with("the file is not JSON: "));
    assert!(stations("[]").unwrap_err()[0].contains("a list \"stations\""));
    let found = stations(r#"{"stations": [{"station_id": "12345678901234567"}]}"#).unwrap_err();
    assert!(
        found[0].contains("1 to 16 printable characters"),
        "{found:?}"
    );
}

#[test]
fn absent_fields_have_their_documented_defaults() {
    let file = json!({"stations": [{"station_id": "T1", "skus": [
        {"sku_id": "D1", "sale_price": "1", "sale_num_least": "1"}]}]});
    let file = file.to_string();
    let read = stations(&file).unwrap();
    let piece = read[0].skus.pieces().next().unwrap().unwrap();
    let sku = serde_json::to_value(&piece[0]).unwrap();
    assert_eq!(
        (&sku["on_sale"], &sku["name"], &sku["time_config_id"]),
        (&json!(1), &json!(""), &Value::Null)
    );
}

#[test]
fn a_station_names_each_of_its_lists_once_and_as_a_list() {
    let twice = r#"{"stations": [{"station_id": "T1", "skus": [], "skus": []}]}"#;
    let found = stations(twice).unwrap_err();
    assert!(found[0].contains("duplicate field `skus`"), "{found:?}");
    let found = findings(&json!({"skus": 7, "addresses": [7]}));
    assert_eq!(
        found,
        [
            "station T1: skus 7 must be a list",
            "address number 1: must be an object, not 7"
        ]
    );
}

#[test]
fn a_file_of_too_many_stations_is_refused_with_their_number() {
    let many = vec![json!({"station_id": "T1"}); 10_001];
    let found = stations(&json!({ "stations": many }).to_string()).unwrap_err();
    assert!(
        found[0].contains("has 10001 stations, at most 10000"),
        "{found:?}"
    );
}
