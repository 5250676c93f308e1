//! One test per rule of reading a value as JSON.

use super::{values::refusal, *};

#[test]
fn a_list_may_be_a_json_value_or_a_string_that_holds_one() {
    for parameters in [
        json(r#"{"a":[{"b":1.00}]}"#),
        json(r#"{"a":"[{\"b\":1.00}]"}"#),
        json(r#"{"a":" [{\"b\":1.00}] "}"#),
        form("a=[{\"b\":1.00}]"),
        form("a=%5B%7B%22b%22%3A1.00%7D%5D"),
    ] {
        let list = parameters.required("a", Parameter::list).unwrap();
        assert_eq!(list.get(), r#"[{"b":1.00}]"#);
    }
}

#[test]
fn a_list_from_a_json_body_or_a_plain_form_is_borrowed() {
    for parameters in [json(r#"{"a":[1]}"#), form("a=[1]"), form("a=%5B1]")] {
        assert!(matches!(
            parameters.required("a", Parameter::list).unwrap(),
            Cow::Borrowed(_)
        ));
    }
}

#[test]
fn what_is_no_list_or_object_is_refused_and_broken_json_with_the_position() {
    refusal(&json(r#"{"a":{"b":1}}"#), Parameter::list);
    refusal(&json(r#"{"a":"x"}"#), Parameter::list);
    refusal(&json(r#"{"a":[1]}"#), Parameter::object);
    let text = refusal(&form("a=[1,2"), Parameter::list);
    assert!(text.contains("line 1 column 4"), "{text}");
    assert!(
        json(r#"{"a":{"b":1}}"#)
            .required("a", Parameter::object)
            .is_ok()
    );
}

#[test]
fn nesting_deeper_than_sixteen_levels_is_refused_and_the_limit_named() {
    let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    for body in [
        format!(r#"{{"a":{}}}"#, nested(17)),
        format!(r#"{{"a":"{}"}}"#, nested(17)),
    ] {
        let text = refusal(&json(&body), Parameter::list);
        assert!(text.contains("more than 16 levels"), "{text}");
    }
    let body = format!(r#"{{"a":{}}}"#, nested(16));
    assert!(json(&body).required("a", Parameter::list).is_ok());
    let body = format!(r#"{{"a":1,"ignored":{}}}"#, nested(100_000));
    assert!(json(&body).required("a", Parameter::flag).is_ok());
}

#[test]
fn a_list_is_not_refused_for_one_bad_element() {
    assert!(
        json(r#"{"a":[{"b":"\ud800"}, 1e999]}"#)
            .required("a", Parameter::list)
            .is_ok()
    );
}

#[test]
fn a_document_is_json_where_it_parses_and_a_string_where_not() {
    let read = |body: &str, kind| {
        let parameters = json(body);
        parameters
            .required("a", |a| a.document(kind))
            .unwrap()
            .get()
            .to_owned()
    };
    assert_eq!(
        read(r#"{"a":{"b":1.00}}"#, ValueType::Guess),
        r#"{"b":1.00}"#
    );
    assert_eq!(read(r#"{"a":"[1]"}"#, ValueType::Guess), "[1]");
    assert_eq!(read(r#"{"a":"007"}"#, ValueType::Guess), r#""007""#);
    assert_eq!(
        read(r#"{"a":"plain \"text\""}"#, ValueType::Guess),
        r#""plain \"text\"""#
    );
    assert_eq!(read(r#"{"a":"[1]"}"#, ValueType::Text), r#""[1]""#);
    assert_eq!(read(r#"{"a":[1]}"#, ValueType::Text), r#""[1]""#);
    assert_eq!(read(r#"{"a":"null"}"#, ValueType::Json), "null");
    refusal(&json(r#"{"a":"plain"}"#), |a| a.document(ValueType::Json));
}

#[test]
fn a_document_that_no_database_takes_is_refused() {
    for body in [
        r#"{"a":1e999}"#,
        r#"{"a":["\ud800"]}"#,
        r#"{"a":"{\"b\":1e999}"}"#,
    ] {
        refusal(&json(body), |a| a.document(ValueType::Guess));
    }
    let named = |bytes| format!(r#"{{"a":[{{"{}":1}}]}}"#, "n".repeat(bytes));
    let longest = named(65_535);
    assert!(
        json(&longest)
            .required("a", |a| a.document(ValueType::Guess))
            .is_ok()
    );
    let text = refusal(&json(&named(65_536)), |a| a.document(ValueType::Guess));
    assert!(text.contains("65536 bytes"), "{text}");
}
