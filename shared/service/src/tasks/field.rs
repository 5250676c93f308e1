//! The fields of a task that a caller may change, by the caller's names, and the parts of a change inside the result.

use std::borrow::Cow;

use sha2::{Digest as _, Sha256};
use task_store::tasks::{Amount, Document, OpId, Operation, ResultChange, ResultPath};

use crate::error::{Error, ErrorCode, Result};

/// A field that may be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// `result`.
    Result,
    /// `name` or `task_name`.
    Name,
    /// `input`.
    Input,
    /// `message_show`.
    MessageShow,
    /// `repeat`.
    Repeat,
    /// `type` or `type_id`.
    Type,
    /// `progress`.
    Progress,
}

impl Field {
    /// Returns the field of a name.
    ///
    /// # Errors
    /// `FIELD_NOT_ALLOWED` for any other name.
    pub fn parse(name: &str) -> Result<Self> {
        match name {
            "result" => Ok(Self::Result),
            "name" | "task_name" => Ok(Self::Name),
            "input" => Ok(Self::Input),
            "message_show" => Ok(Self::MessageShow),
            "repeat" => Ok(Self::Repeat),
            "type" | "type_id" => Ok(Self::Type),
            "progress" => Ok(Self::Progress),
            _ => Err(Error::refused(
                ErrorCode::FieldNotAllowed,
                "parameter field must be one of result, task_name, name, input, message_show, repeat, type_id, type, progress",
            )),
        }
    }
}

/// Returns the path of a change inside the result.
///
/// # Errors
/// `PATH_INVALID` with the fault and its position.
pub fn path(parameter: &str, text: &str) -> Result<ResultPath> {
    ResultPath::parse(text).map_err(|wrong| {
        Error::refused(
            ErrorCode::PathInvalid,
            format!("parameter {parameter} {wrong}"),
        )
    })
}

/// Returns a document to put into the result.
///
/// # Errors
/// `PARAM_INVALID` when it is not JSON, or holds a number that would not come back as it was sent.
pub fn document<'a>(parameter: &str, json: Cow<'a, str>) -> Result<Document<'a>> {
    Document::parse(json).map_err(|wrong| Error::invalid(parameter, &wrong.to_string()))
}

/// Returns the hash of a caller's id for a change.
#[must_use]
pub fn op_id(text: &str) -> OpId {
    OpId::from_hash(&Sha256::digest(text).into())
}

/// The most tags of a task.
pub const MOST_TAGS: usize = 10;

/// Tells whether a text may be a tag: 1 to 32 characters, none of them a control character.
#[must_use]
pub fn is_tag(text: &str) -> bool {
    (1..=32).contains(&text.chars().count()) && !text.contains(char::is_control)
}

/// The most bytes of an input as it is printed.
const MAX_INPUT: usize = 1_000_000;

/// Refuses an input that would be too large in an answer.
pub(super) fn check_input(parameter: &str, input: &str) -> Result<()> {
    check_input_within(parameter, input, MAX_INPUT)
}

/// Refuses an input of more than `max` bytes, as it is printed.
pub(super) fn check_input_within(parameter: &str, input: &str, max: usize) -> Result<()> {
    let printed = |byte: u8| match byte {
        b'"' | b'\\' | 0x08 | b'\t' | b'\n' | 0x0c | b'\r' => 2,
        0..=0x1f => 6,
        _ => 1,
    };
    let bytes = 2 + input.bytes().map(printed).sum::<usize>();
    if bytes <= max {
        return Ok(());
    }
    let wrong = format!("has {bytes} bytes as it is printed, at most {max} are allowed");
    Err(Error::invalid(parameter, &wrong))
}

/// Parses the amount that a number in the result is increased by.
///
/// # Errors
/// `PARAM_INVALID` when it is no decimal of at most 15 digits.
pub fn amount(parameter: &str, text: &str) -> Result<Amount> {
    let wrong = "must be a decimal number of at most 15 digits, without exponent";
    Amount::parse(text).ok_or_else(|| Error::invalid(parameter, wrong))
}

/// The most levels of lists and objects in a result: MariaDB's JSON functions read fewer than 32.
const MAX_DEPTH: usize = 16;

/// Refuses a change that would nest the result too deeply.
pub(super) fn check_depth(change: &ResultChange<'_>) -> Result<()> {
    let below = match &change.operation {
        Operation::Set(document) => document.depth(),
        Operation::Append(document) => document.depth() + 1,
        Operation::Increment(_) | Operation::Remove => 0,
    };
    let depth = change.path.steps().len() + below;
    if depth <= MAX_DEPTH {
        return Ok(());
    }
    let wrong =
        format!("would nest the result {depth} levels deep, at most {MAX_DEPTH} are allowed");
    Err(Error::invalid("value", &wrong))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_known_by_its_old_and_its_new_name() {
        assert_eq!(
            Field::parse("task_name").unwrap(),
            Field::parse("name").unwrap()
        );
        assert_eq!(
            Field::parse("type_id").unwrap(),
            Field::parse("type").unwrap()
        );
    }

    #[test]
    fn a_field_outside_the_list_is_not_allowed() {
        for name in [
            "status",
            "id",
            "end_time",
            "RESULT",
            "`result`",
            "run_count",
        ] {
            let refusal = Field::parse(name).unwrap_err();
            assert_eq!(refusal.code(), ErrorCode::FieldNotAllowed, "{name}");
        }
    }

    #[test]
    fn path_and_value_together_nest_at_most_16_levels() {
        let nested = |levels| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        let set = |steps, levels| ResultChange {
            path: ResultPath::parse(&format!("${}", ".a".repeat(steps))).unwrap(),
            operation: Operation::Set(document("value", nested(levels).into()).unwrap()),
        };
        assert!(check_depth(&set(6, 10)).is_ok());
        assert_eq!(
            check_depth(&set(7, 10)).unwrap_err().code(),
            ErrorCode::ParamInvalid
        );
        let Operation::Set(value) = set(0, 10).operation else {
            unreachable!()
        };
        let append = ResultChange {
            path: set(6, 1).path,
            operation: Operation::Append(value),
        };
        assert_eq!(
            check_depth(&append).unwrap_err().code(),
            ErrorCode::ParamInvalid
        );
    }
}
