//! Why a change inside a result did not apply: found out by reading, after the statement has changed nothing.

use serde_json::Value;
use task_store::tasks::{Operation, ResultChange, Step};

use crate::error::{Error, ErrorCode, Result};

/// Returns the refusal of a change that does not fit the result as it is.
pub(super) fn of(change: &ResultChange<'_>, result: Option<&str>) -> Error {
    let document = result.and_then(|text| serde_json::from_str(text).ok());
    match walk(change, document.as_ref()) {
        Err(refusal) => refusal,
        Ok(here) if would_fit(change, here, result.map_or(0, str::len)) => too_large(),
        Ok(here) => unfit(change, here),
    }
}

/// Tells whether a refused change can have failed only by the size of the new result.
fn would_fit(change: &ResultChange<'_>, here: Option<&Value>, bytes: usize) -> bool {
    match change.operation {
        Operation::Set(_) => true,
        Operation::Append(_) => matches!(here, None | Some(Value::Array(_))),
        // A number takes no more bytes than these.
        Operation::Increment(_) => here.is_none() && bytes + 2_048 > MOST_BYTES,
        Operation::Remove => false,
    }
}

const MOST_BYTES: usize = 1_000_000;

fn too_large() -> Error {
    let message = format!(
        "the result would have more than {MOST_BYTES} bytes as it is printed: keep large data elsewhere and name its place"
    );
    Error::refused(ErrorCode::ResultTooLarge, message)
}

/// Returns the way from the document to the place; every container must be of the type that its step needs.
fn walk<'v>(change: &ResultChange<'_>, document: Option<&'v Value>) -> Result<Option<&'v Value>> {
    let mut here = document;
    for (depth, step) in change.path.steps().iter().enumerate() {
        here = match (step, here) {
            // No result yet: the first step makes the container it needs.
            (_, None) if depth == 0 => None,
            (Step::Key(key), Some(Value::Object(object))) => object.get(key),
            (Step::Index(index), Some(Value::Array(list))) => usize::try_from(*index)
                .ok()
                .and_then(|index| list.get(index)),
            (Step::Last, Some(Value::Array(list))) => list.last(),
            (step, found) => {
                let needed = if matches!(step, Step::Key(_)) {
                    "an object"
                } else {
                    "a list"
                };
                let place = change.path.prefix(depth);
                let found = found.map_or("nothing", kind);
                let message = format!("the path needs {needed} at {place}, there is {found}");
                return Err(Error::refused(ErrorCode::PathNotFound, message));
            }
        };
    }
    Ok(here)
}

fn unfit(change: &ResultChange<'_>, here: Option<&Value>) -> Error {
    let place = &change.path;
    let found = here.map_or("nothing", kind);
    let needs = match change.operation {
        Operation::Append(_) => "append needs a list",
        Operation::Increment(_) => {
            "increment needs a number, and a sum, of at most 15 digits (leading zeros count)"
        }
        Operation::Set(_) | Operation::Remove => {
            let message = format!("there is {found} at {place}");
            return Error::refused(ErrorCode::PathNotFound, message);
        }
    };
    Error::invalid("op", &format!("{needs} at {place}, there is {found}"))
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
