//! One test per rule of reading a value as a type.
use super::*;

/// The refusal of a JSON value by a reader.
pub(super) fn refusal<'p, T: std::fmt::Debug>(
    parameters: &'p Parameters<'p>,
    read: impl FnOnce(Parameter<'p>) -> Result<T>,
) -> String {
    let error = parameters.required("a", read).unwrap_err();
    assert_eq!(error.code(), ErrorCode::ParamInvalid);
    let text = error.to_string();
    assert!(text.contains("parameter a "), "{text}");
    text
}

#[test]
fn text_is_limited_in_characters_and_the_refusal_names_limit_and_value() {
    let body = format!(r#"{{"a":"{}"}}"#, "批".repeat(4));
    assert_eq!(
        json(&body).required("a", |a| a.text(4)).unwrap(),
        "批批批批"
    );
    let parameters = json(&body);
    let text = refusal(&parameters, |a| a.text(3));
    assert!(
        text.contains("4 characters") && text.contains("at most 3") && text.contains("批"),
        "{text}"
    );
}

#[test]
fn a_number_or_a_boolean_is_also_text_but_a_list_is_not() {
    assert_eq!(
        json(r#"{"a":12.50}"#).required("a", |a| a.text(9)).unwrap(),
        "12.50"
    );
    assert_eq!(
        json(r#"{"a":true}"#).required("a", |a| a.text(9)).unwrap(),
        "true"
    );
    refusal(&json(r#"{"a":["x"]}"#), |a| a.text(9));
}

#[test]
fn text_without_escapes_is_borrowed() {
    let parameters = json(r#"{"a":"plain","b":"\u6279"}"#);
    assert!(matches!(
        parameters.required("a", |a| a.text(9)).unwrap(),
        Cow::Borrowed("plain")
    ));
    assert_eq!(parameters.required("b", |b| b.text(9)).unwrap(), "批");
}

#[test]
fn a_nul_or_half_a_surrogate_pair_is_refused() {
    refusal(&json(r#"{"a":"x\u0000"}"#), |a| a.text(9));
    refusal(&form("a=x%00"), |a| a.text(9));
    refusal(&json(r#"{"a":"\ud800"}"#), |a| a.text(9));
    refusal(&json(r#"{"a":"\udc00\ud800"}"#), Parameter::as_text);
}

#[test]
fn an_integer_may_be_text_and_must_be_in_range() {
    for parameters in [json(r#"{"a":-7}"#), json(r#"{"a":"-7"}"#), form("a=-7")] {
        assert_eq!(
            parameters.required("a", |a| a.integer(-9..=9_i64)).unwrap(),
            -7
        );
        let text = refusal(&parameters, |a| a.integer(1..=9_i64));
        assert!(
            text.contains("from 1 to 9") && text.contains("-7"),
            "{text}"
        );
    }
    for bad in [
        "1.0",
        "1e1",
        "+1",
        " 1",
        "0x1",
        "１",
        "99999999999999999999",
        "-",
    ] {
        let body = format!(r#"{{"a":"{bad}"}}"#);
        refusal(&json(&body), |a| a.integer(i64::MIN..=i64::MAX));
    }
    refusal(&json(r#"{"a":true}"#), |a| a.integer(0..=9_u8));
}

#[test]
fn a_flag_is_a_boolean_or_0_or_1_in_either_form() {
    for (sent, flag) in [("true", true), ("1", true), ("false", false), ("0", false)] {
        for body in [format!(r#"{{"a":{sent}}}"#), format!(r#"{{"a":"{sent}"}}"#)] {
            assert_eq!(
                json(&body).required("a", Parameter::flag).unwrap(),
                flag,
                "{body}"
            );
        }
    }
    assert!(form("a=True").required("a", Parameter::flag).unwrap());
    for body in [r#"{"a":2}"#, r#"{"a":"yes"}"#, r#"{"a":[true]}"#] {
        refusal(&json(body), Parameter::flag);
    }
}

#[test]
fn text_of_any_json_is_the_text_as_it_was_sent() {
    for (sent, read) in [
        ("\"x y\"", "x y"),
        ("[1, 2]", "[1, 2]"),
        (r#"{"b" :1}"#, r#"{"b" :1}"#),
        ("1.0", "1.0"),
    ] {
        let body = format!(r#"{{"a":{sent}}}"#);
        assert_eq!(json(&body).required("a", Parameter::as_text).unwrap(), read);
    }
    assert_eq!(
        form("a=[1, 2]").required("a", Parameter::as_text).unwrap(),
        "[1, 2]"
    );
}

#[test]
fn items_come_as_a_comma_list_or_a_json_list() {
    for parameters in [
        form("a=7,batch-1, 9"),
        form(r#"a=[7,"batch-1","9"]"#),
        json(r#"{"a":[7,"batch-1","9"]}"#),
        json(r#"{"a":"[7,\"batch-1\",\"9\"]"}"#),
        json(r#"{"a":"7,batch-1,9"}"#),
    ] {
        assert_eq!(
            parameters.required("a", |a| a.items(3)).unwrap(),
            ["7", "batch-1", "9"]
        );
        let text = refusal(&parameters, |a| a.items(2));
        assert!(
            text.contains("3 items") && text.contains("at most 2"),
            "{text}"
        );
    }
    assert_eq!(
        json(r#"{"a":5}"#)
            .required("a", |a| a.integers(&(1..=9_u8), 3))
            .unwrap(),
        [5]
    );
    refusal(&form("a=1,,2"), |a| a.integers(&(1..=9_u8), 3));
    for list in ["a=[[1]]", "a=[null]", "a=[1,null]"] {
        refusal(&form(list), |a| a.items(3));
    }
    refusal(&form("a=1%0D%0A"), |a| a.integers(&(1..=9_u8), 3));
    assert_eq!(
        form("a=\"[").required("a", |a| a.items(3)).unwrap(),
        ["\"["]
    );
}

#[test]
fn one_of_several_words_and_a_refusal_that_lists_them() {
    let formats = [("json", 1), ("csv", 2)];
    assert_eq!(
        form("a=csv").required("a", |a| a.one_of(&formats)).unwrap(),
        2
    );
    let text = refusal(&form("a=xml"), |a| a.one_of(&formats));
    assert!(text.contains("json, csv") && text.contains("xml"), "{text}");
    assert_eq!(
        form("a=csv,json")
            .required("a", |a| a.some_of(&formats))
            .unwrap(),
        [2, 1]
    );
}
