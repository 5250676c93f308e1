//! Tests of reading parameters.

mod business_ids;
mod dispatched;
mod documents;
mod identifiers;
mod properties;
mod values;

use super::*;

/// The parameters of a JSON body.
fn json(body: &str) -> Parameters<'_> {
    Parameters::parse("", Some("application/json"), body).unwrap()
}

/// The parameters of a form body.
fn form(body: &str) -> Parameters<'_> {
    let form = Some("application/x-www-form-urlencoded; charset=UTF-8");
    Parameters::parse("", form, body).unwrap()
}

fn text(parameters: &Parameters<'_>, name: &str) -> Option<String> {
    parameters
        .optional(name, Parameter::as_text)
        .unwrap()
        .map(Cow::into_owned)
}

#[test]
fn the_body_goes_before_the_query() {
    let merged = Parameters::parse(
        "a=query&b=query",
        Some("application/json"),
        r#"{"a":"body"}"#,
    );
    let merged = merged.unwrap();
    assert_eq!(text(&merged, "a").as_deref(), Some("body"));
    assert_eq!(text(&merged, "b").as_deref(), Some("query"));
}

#[test]
fn an_absent_value_in_the_body_leaves_the_query_in_place() {
    for body in [r#"{"a":null}"#, r#"{"a":""}"#] {
        let merged = Parameters::parse("a=query", Some("application/json"), body).unwrap();
        assert_eq!(text(&merged, "a").as_deref(), Some("query"), "{body}");
    }
}

#[test]
fn empty_and_null_mean_absent() {
    for parameters in [json(r#"{"a":null,"b":""}"#), form("a=&b")] {
        assert!(!parameters.has("a") && !parameters.has("b") && !parameters.has("c"));
        let error = parameters.required("a", Parameter::flag).unwrap_err();
        assert_eq!(error.code(), ErrorCode::ParamMissing);
        assert!(
            error.to_string().contains("parameter a is missing"),
            "{error}"
        );
    }
}

#[test]
fn of_equal_names_the_last_one_counts() {
    assert_eq!(text(&json(r#"{"a":1,"a":2}"#), "a").as_deref(), Some("2"));
    assert_eq!(text(&form("a=1&a=2"), "a").as_deref(), Some("2"));
    assert_eq!(text(&json(r#"{"a":1,"a":null}"#), "a"), None);
}

#[test]
fn an_escaped_name_is_the_name_it_stands_for() {
    assert_eq!(text(&json(r#"{"\u0061":1}"#), "a").as_deref(), Some("1"));
    assert_eq!(text(&form("%61=1"), "a").as_deref(), Some("1"));
}

#[test]
fn a_body_without_content_type_is_json_when_it_looks_like_json() {
    for content_type in [None, Some(""), Some("text/plain;charset=UTF-8")] {
        let parse = |body| Parameters::parse("", content_type, body).unwrap();
        assert_eq!(text(&parse(" {\"a\":1}"), "a").as_deref(), Some("1"));
        assert_eq!(text(&parse("\u{feff}{\"a\":1}"), "a").as_deref(), Some("1"));
        assert_eq!(text(&parse("a=1"), "a").as_deref(), Some("1"));
        assert!(Parameters::parse("", content_type, "[1]").is_err());
    }
}

#[test]
fn another_content_type_is_refused_unless_the_body_is_empty() {
    let multipart = Some("multipart/form-data; boundary=x");
    assert!(Parameters::parse("a=1", multipart, " ").is_ok());
    let error = Parameters::parse("", multipart, "--x").unwrap_err();
    assert_eq!(error.code(), ErrorCode::ParamInvalid);
    assert!(error.to_string().contains("multipart/form-data"), "{error}");
}

#[test]
fn content_types_are_read_without_regard_to_case_and_suffix() {
    assert!(Parameters::parse("", Some("Application/JSON ; charset=utf-8"), "{}").is_ok());
}

#[test]
fn a_body_of_nothing_but_names_is_refused_and_the_limit_named() {
    let form = "a&".repeat(1_001);
    let object = format!("{{{}\"b\":1}}", "\"a\":1,".repeat(1_000));
    for (kind, body) in [
        ("application/x-www-form-urlencoded", form),
        ("application/json", object),
    ] {
        let error = Parameters::parse("", Some(kind), &body).unwrap_err();
        assert!(
            error.to_string().contains("more than 1000 parameters"),
            "{error}"
        );
    }
}

#[test]
fn an_alias_stands_in_for_an_absent_name() {
    let parameters = json(r#"{"data":[1],"page":3}"#);
    assert_eq!(parameters.either("order_data", "data"), "data");
    assert_eq!(parameters.either("absent", "neither"), "absent");
    assert_eq!(json(r#"{"a":1,"b":2}"#).either("a", "b"), "a");
}

#[test]
fn two_spellings_must_agree() {
    assert_eq!(
        form("position=$.a")
            .agreeing("postion", "position")
            .unwrap(),
        "position"
    );
    assert_eq!(
        form("postion=1&position=1")
            .agreeing("postion", "position")
            .unwrap(),
        "postion"
    );
    let error = form("postion=$.a&position=$.b")
        .agreeing("postion", "position")
        .unwrap_err();
    assert_eq!(error.code(), ErrorCode::ParamInvalid);
    assert!(
        error.to_string().contains("$.a") && error.to_string().contains("$.b"),
        "{error}"
    );
}

#[test]
fn a_shown_value_is_quoted_escaped_and_cut() {
    assert_eq!(shown("a\n\"b\""), r#""a\n\"b\"""#);
    assert_eq!(shown(&"批".repeat(65)), format!("\"{}\"…", "批".repeat(64)));
    assert_eq!(shown(&"x".repeat(64)), format!("\"{}\"", "x".repeat(64)));
}
