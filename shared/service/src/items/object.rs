//! Reading an item that is one JSON object.

use serde::Deserialize;
use task_engine::{MAX_ITEM_BYTES, unkept_bytes};

/// Reads one JSON object that is short enough to be kept, or answers the reason for the refusal.
pub(crate) fn readable<'a, T: Deserialize<'a>>(raw: &'a str) -> Result<T, String> {
    match unkept_bytes(raw) {
        Some(bytes) => Err(format!("有 {bytes} 字节，超过上限 {MAX_ITEM_BYTES} 字节")),
        None => object(raw),
    }
}

/// Reads one JSON object, or answers the reason for the refusal.
pub(crate) fn object<'a, T: Deserialize<'a>>(raw: &'a str) -> Result<T, String> {
    // A derived struct would also take a list, by position.
    if !raw.trim_ascii_start().starts_with('{') {
        return Err("应为 JSON 对象".to_owned());
    }
    serde_json::from_str(raw).map_err(|error| {
        let message = error.to_string();
        // No field refuses a value, so the only thing wrong with the data of sound JSON is a key given twice.
        match message.split('`').nth(1).filter(|_| error.is_data()) {
            Some(key) => format!("中字段 {key} 重复出现"),
            None => "不是合法的 JSON".to_owned(),
        }
    })
}
