//! Properties of any input: nothing panics, and a form reads like the equal JSON object.

use std::fmt::Write;

use proptest::prelude::*;

use super::*;

/// Everything the readers say about one parameter.
fn readings(parameters: &Parameters<'_>, name: &str) -> Vec<String> {
    fn shown<T: std::fmt::Debug>(outcome: Result<T>) -> String {
        outcome.map_or_else(|error| error.to_string(), |value| format!("{value:?}"))
    }
    let words = [("success", 1), ("failed", 2)];
    vec![
        shown(parameters.optional(name, |value| value.text(8))),
        shown(parameters.optional(name, Parameter::as_text)),
        shown(parameters.optional(name, |value| value.integer(-5..=1_000_i64))),
        shown(parameters.optional(name, Parameter::flag)),
        shown(parameters.optional(name, |value| value.one_of(&words))),
        shown(parameters.optional(name, |value| value.some_of(&words))),
        shown(parameters.optional(name, |value| value.items(3))),
        shown(parameters.optional(name, Parameter::list)),
        shown(parameters.optional(name, Parameter::object)),
        shown(parameters.optional(name, |value| value.document(ValueType::Guess))),
        shown(parameters.optional(name, |value| value.document(ValueType::Json))),
        shown(parameters.optional(name, |value| value.document(ValueType::Text))),
        shown(parameters.optional(name, Parameter::task_id)),
        shown(parameters.optional(name, Parameter::user_task_id)),
        shown(parameters.optional(name, Parameter::station_id)),
    ]
}

fn percent_encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        write!(encoded, "%{byte:02X}").unwrap();
        encoded
    })
}

/// Text as callers send it: anything, numbers, words, JSON and almost JSON.
fn sent() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "-?[0-9]{1,20}",
        "(true|false|0|1|null|success|failed)(,(success|failed))?",
        r#"[\[\]{}",:\\ a0-9.eE+-]{0,24}"#,
        proptest::collection::vec(any::<i32>(), 0..5).prop_map(|list| format!("{list:?}")),
    ]
}

proptest! {
    #[test]
    fn no_input_makes_a_reader_panic(
        query in any::<String>(),
        kind in prop_oneof![
            Just(None), any::<String>().prop_map(Some),
            Just(Some("application/json".to_owned())),
            Just(Some("application/x-www-form-urlencoded".to_owned())),
        ],
        body in prop_oneof![sent(), sent().prop_map(|value| format!(r#"{{"a":{value}}}"#))],
    ) {
        if let Ok(parameters) = Parameters::parse(&query, kind.as_deref(), &body) {
            readings(&parameters, "a");
            let _ = (parameters.task(), parameters.front_task(), parameters.paging(10, 100));
        }
    }

    #[test]
    fn a_form_reads_like_a_json_object_of_strings(value in sent()) {
        let in_form = format!("a={}", percent_encoded(&value));
        let in_json = serde_json::json!({ "a": value }).to_string();
        prop_assert_eq!(readings(&form(&in_form), "a"), readings(&json(&in_json), "a"));
    }

    #[test]
    fn a_number_reads_like_its_text(number in any::<i64>()) {
        let (bare, quoted) = (format!(r#"{{"a":{number}}}"#), format!(r#"{{"a":"{number}"}}"#));
        let (bare, quoted) = (json(&bare), json(&quoted));
        let mut differing = readings(&bare, "a");
        let mut expected = readings(&quoted, "a");
        // A list or an object is asked for in vain either way; the refusals show what was sent.
        differing.drain(7..9);
        expected.drain(7..9);
        prop_assert_eq!(differing, expected);
    }

    #[test]
    fn a_list_reads_the_same_as_json_and_as_text(list in proptest::collection::vec(any::<String>(), 0..4)) {
        let list = serde_json::to_string(&list).unwrap();
        let in_json = format!(r#"{{"a":{list}}}"#);
        let in_form = format!("a={}", percent_encoded(&list));
        let (in_json, in_form) = (json(&in_json), form(&in_form));
        let read = |parameters: &Parameters<'_>| {
            parameters.required("a", Parameter::list).unwrap().get().to_owned()
        };
        prop_assert_eq!(read(&in_json), read(&in_form));
    }
}
