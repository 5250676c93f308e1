//! Ids and remarks: length and type, and how they are shown in a message.

use task_engine::ItemErrors;

use crate::items::{ItemErrorCode, MAX_ID_CHARS, Place, Scalar, quoted, too_long, usable_id};

/// Characters a remark may have.
const MAX_REMARK_CHARS: usize = 128;

/// Returns an id that may be absent: a string or number of at most 64 characters, else `ORDER_FORMAT`.
pub(super) fn id(place: Place, sent: &Scalar<'_>, errors: &mut ItemErrors) -> Option<String> {
    if sent.is_absent() {
        return None;
    }
    let id = usable_id(sent);
    if id.is_none() {
        let rule = match sent.text() {
            Some(text) => too_long(MAX_ID_CHARS, text.chars().count()),
            None => "应为文本或数字".to_owned(),
        };
        errors.push(place.breaks(ItemErrorCode::OrderFormat, sent.as_sent(), &rule));
    }
    id.map(str::to_owned)
}

/// Returns a remark that may be absent: text of at most 128 characters.
pub(super) fn remark(place: Place, sent: &Scalar<'_>, errors: &mut ItemErrors) -> Option<String> {
    if sent.is_absent() {
        return None;
    }
    let Some(text) = sent.text() else {
        errors.push(place.breaks(ItemErrorCode::OrderFormat, sent.as_sent(), "应为文本"));
        return None;
    };
    let chars = text.chars().count();
    if chars > MAX_REMARK_CHARS {
        errors.push(place.breaks(
            ItemErrorCode::RemarkTooLong,
            text,
            &too_long(MAX_REMARK_CHARS, chars),
        ));
        return None;
    }
    Some(text.to_owned())
}

/// Returns an id with the name people know it by.
pub(super) fn named(id: &str, name: &str) -> String {
    if name.is_empty() {
        quoted(id)
    } else {
        format!("{}（{name}）", quoted(id))
    }
}
