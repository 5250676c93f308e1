//! Each rule of reading a change.

use task_service::ErrorCode;
use task_service::tasks::Operation;

use super::*;

/// The changes of an update's form, or the word and sentence of its refusal.
fn change(form: &str) -> std::result::Result<String, (ErrorCode, String)> {
    read(form, |p| p.change().map(|changes| told(&changes)))
}

fn changes(form: &str) -> std::result::Result<String, (ErrorCode, String)> {
    read(form, |p| p.changes().map(|changes| told(&changes)))
}

fn read(
    form: &str,
    read: impl Fn(&Parameters<'_>) -> Result<String>,
) -> std::result::Result<String, (ErrorCode, String)> {
    let p = Parameters::parse(form, None, "").unwrap();
    read(&p).map_err(|error| (error.code(), error.to_string()))
}

fn told(changes: &Changes<'_>) -> String {
    let result = changes.result.as_ref().map(|change| {
        let operation = match &change.operation {
            Operation::Set(document) => format!("= {}", document.as_str()),
            Operation::Append(document) => format!("<< {}", document.as_str()),
            Operation::Increment(amount) => format!("+= {}", amount.as_str()),
            Operation::Remove => "gone".to_owned(),
        };
        format!("{} {operation}", change.path)
    });
    let name = changes.name.as_ref().map(|name| format!("name {name}"));
    let input = changes.input.as_ref().map(|input| format!("input {input}"));
    let kind = changes.type_id.map(|kind| format!("type {kind}"));
    let repeat = changes.repeat.map(|repeat| format!("repeat {repeat}"));
    let shown = changes.message_show.map(|shown| format!("shown {shown}"));
    let parts = [name, input, kind, repeat, shown, result];
    parts.into_iter().flatten().collect::<Vec<_>>().join("; ")
}

fn refused(form: &str) -> ErrorCode {
    change(form).unwrap_err().0
}

#[test]
fn an_empty_field_means_the_result_and_no_position_the_whole_of_it() {
    for form in ["value=1", "field=&value=1", "field=result&value=1&postion="] {
        assert_eq!(change(form).unwrap(), "$ = 1", "{form}");
    }
}

#[test]
fn the_old_and_the_right_spelling_of_position_are_taken_but_not_against_each_other() {
    for name in ["postion", "position"] {
        assert_eq!(
            change(&format!("value=1&{name}=$.a")).unwrap(),
            r#"$."a" = 1"#
        );
    }
    assert!(change("value=1&postion=$.a&position=$.a").is_ok());
    assert_eq!(
        refused("value=1&postion=$.a&position=$.b"),
        ErrorCode::ParamInvalid
    );
}

#[test]
fn a_value_is_json_where_it_parses_and_a_string_where_it_does_not() {
    assert_eq!(change(r#"value={"a":1}"#).unwrap(), r#"$ = {"a":1}"#);
    assert_eq!(change("value=done").unwrap(), r#"$ = "done""#);
    assert_eq!(change("value=1&value_type=str").unwrap(), r#"$ = "1""#);
    assert_eq!(
        refused("value=done&value_type=json"),
        ErrorCode::ParamInvalid
    );
    assert_eq!(refused("value=1&value_type=xml"), ErrorCode::ParamInvalid);
}

#[test]
fn every_field_is_read_as_what_it_is() {
    for (form, told) in [
        ("field=task_name&value=x", "name x"),
        ("field=name&value=7", "name 7"),
        ("field=input&value=[1]", "input [1]"),
        ("field=message_show&value=0", "shown false"),
        ("field=repeat&value=true", "repeat true"),
        ("field=type_id&value=7", "type 7"),
        ("field=type&value=-7&postion=$", "type -7"),
    ] {
        assert_eq!(change(form).unwrap(), told, "{form}");
    }
    for form in [
        "field=repeat&value=2",
        "field=type&value=x",
        "field=name&value=",
    ] {
        assert!(change(form).is_err(), "{form}");
    }
}

#[test]
fn a_field_outside_the_list_is_not_allowed() {
    assert_eq!(refused("field=status&value=3"), ErrorCode::FieldNotAllowed);
}

#[test]
fn a_value_is_mandatory_except_to_remove() {
    for form in ["", "field=name", "op=append", "op=increment", "postion=$.a"] {
        assert_eq!(refused(form), ErrorCode::ParamMissing, "{form}");
    }
    assert_eq!(change("op=remove&postion=$.a").unwrap(), r#"$."a" gone"#);
}

#[test]
fn the_operations_are_set_append_increment_and_remove() {
    assert_eq!(change("op=set&value=1").unwrap(), "$ = 1");
    assert_eq!(
        change("op=append&value=x&postion=$.l").unwrap(),
        r#"$."l" << "x""#
    );
    assert_eq!(
        change("op=increment&value=-0.5&postion=$.n").unwrap(),
        r#"$."n" += -0.5"#
    );
    assert_eq!(refused("op=increment&value=1e3"), ErrorCode::ParamInvalid);
    assert_eq!(refused("op=multiply&value=2"), ErrorCode::ParamInvalid);
}

#[test]
fn a_path_that_does_not_parse_is_named() {
    let (word, sentence) = change("value=1&postion=$.*").unwrap_err();
    assert_eq!(word, ErrorCode::PathInvalid);
    assert!(
        sentence.contains("postion") && sentence.contains("character 2"),
        "{sentence}"
    );
}

#[test]
fn position_and_operations_are_only_for_the_result() {
    assert_eq!(
        refused("field=name&value=x&postion=$.a"),
        ErrorCode::ParamInvalid
    );
    assert_eq!(
        refused("field=type&value=1&op=increment"),
        ErrorCode::ParamInvalid
    );
}

#[test]
fn a_finish_may_change_nothing_or_several_fields() {
    assert_eq!(changes("task_id=1").unwrap(), "");
    assert_eq!(
        changes("result={}&task_name=n&message_show=0&repeat=1&type_id=2").unwrap(),
        "name n; type 2; repeat true; shown false; $ = {}"
    );
    assert_eq!(
        changes("value=1&postion=$.a&task_name=n").unwrap(),
        r#"name n; $."a" = 1"#
    );
}

#[test]
fn a_finish_takes_no_field_twice() {
    for form in ["result=1&value=1", "field=task_name&value=x&task_name=x"] {
        assert_eq!(
            changes(form).unwrap_err().0,
            ErrorCode::ParamInvalid,
            "{form}"
        );
    }
}

#[test]
fn a_finish_that_names_a_field_needs_its_value() {
    assert_eq!(
        changes("field=result").unwrap_err().0,
        ErrorCode::ParamMissing
    );
}
