//! The format of a body, by its content type or by its looks. Its charset is UTF-8: another named charset is refused, for
//! its bytes may well be UTF-8 by chance and mean something else.

use task_service::{Error, ErrorCode, Result};

use super::shown;

/// The format of a body.
pub(super) enum Format {
    Nothing,
    Form,
    Json,
}

impl Format {
    /// Reads the format from the content type, or from the looks of a body without a content type.
    pub(super) fn of(content_type: Option<&str>, body: &str) -> Result<Self> {
        let mut parts = content_type.unwrap_or_default().split(';').map(str::trim);
        let media = parts.next().unwrap_or_default();
        for charset in parts.filter_map(charset) {
            check_charset(charset)?;
        }
        let start = body.trim_start_matches('\u{feff}').trim_start();
        let looks_like_json = start.starts_with(['{', '[']);
        match media.to_ascii_lowercase().as_str() {
            _ if start.is_empty() => Ok(Self::Nothing),
            "application/json" => Ok(Self::Json),
            "" | "text/plain" if looks_like_json => Ok(Self::Json),
            "application/x-www-form-urlencoded" | "" | "text/plain" => Ok(Self::Form),
            other => Err(Error::refused(
                ErrorCode::ParamInvalid,
                format!(
                    "content type {} is not accepted: send application/json or \
                     application/x-www-form-urlencoded",
                    shown(other)
                ),
            )),
        }
    }
}

/// Reads the charset that a parameter of a content type names.
fn charset(parameter: &str) -> Option<&str> {
    let (name, value) = parameter.split_once('=')?;
    let is_charset = name.trim().eq_ignore_ascii_case("charset");
    is_charset.then(|| value.trim().trim_matches(['"', '\'']).trim())
}

/// Refuses a charset that is not UTF-8 or a part of it.
///
/// # Errors
/// `PARAM_INVALID`, naming it.
pub(super) fn check_charset(charset: &str) -> Result<()> {
    let taken = ["", "utf-8", "utf8", "us-ascii", "ascii"];
    if taken.iter().any(|name| charset.eq_ignore_ascii_case(name)) {
        return Ok(());
    }
    let charset = shown(charset);
    Err(Error::refused(
        ErrorCode::ParamInvalid,
        format!("charset {charset} is not accepted: send UTF-8"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_charset_is_read_in_every_spelling_and_place() {
        let refused = |content_type| Format::of(Some(content_type), "{}").is_err();
        for taken in [
            "application/json",
            "application/json; charset=utf-8",
            "application/json;charset=\"UTF-8\"",
            "application/json; boundary=charset; charset = us-ascii",
            "application/json; charset=; q=1",
            "; charset=utf-8",
        ] {
            assert!(!refused(taken), "{taken}");
        }
        for other in [
            "application/json; charset=gbk",
            "application/json;CHARSET=\"utf-16le\"",
            "application/json; charset=utf-8; charset=gbk",
            "; charset=gbk",
            "text/plain; q=1; charset = latin1",
        ] {
            assert!(refused(other), "{other}");
        }
    }

    #[test]
    fn the_charset_counts_even_when_all_is_in_the_query() {
        assert!(Format::of(Some("text/plain; charset=gbk"), "").is_err());
    }
}
