//! The `application/x-www-form-urlencoded` format, as browsers and PHP write it, for query strings and bodies.
//!
//! A `%` that no two hexadecimal digits follow stands for itself, as in the URL standard; bytes that are not UTF-8
//! are refused, never replaced.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;
use task_service::{Error, ErrorCode, Result};

use super::shown;

/// Reads the pairs of a form in the order they came; names and values are borrowed where nothing had to be decoded.
pub(super) fn pairs(form: &str) -> impl Iterator<Item = Result<(Cow<'_, str>, Cow<'_, str>)>> {
    form.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let name = decode(name).ok_or_else(|| {
            let name = shown(name);
            Error::refused(
                ErrorCode::ParamInvalid,
                format!("parameter name {name} is not UTF-8"),
            )
        })?;
        let value = decode(value).ok_or_else(|| {
            Error::invalid(&shown(&name), &format!("is not UTF-8: {}", shown(value)))
        })?;
        Ok((name, value))
    })
}

/// Undoes `+` and `%XX`; `None` when the result is not UTF-8.
fn decode(text: &str) -> Option<Cow<'_, str>> {
    if !text.bytes().any(|byte| matches!(byte, b'+' | b'%')) {
        return Some(Cow::Borrowed(text));
    }
    let mut decoded = Vec::with_capacity(text.len());
    for (no, part) in text.split('+').enumerate() {
        if no > 0 {
            decoded.push(b' ');
        }
        decoded.extend(percent_decode_str(part));
    }
    String::from_utf8(decoded).ok().map(Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(form: &str) -> Vec<(String, String)> {
        pairs(form)
            .map(|pair| pair.unwrap())
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect()
    }

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[test]
    fn plus_and_percent_are_decoded_in_names_and_values() {
        assert_eq!(
            read("a+b=%E6%89%B9%E9%87%8F&c=1%2B1"),
            [pair("a b", "批量"), pair("c", "1+1")]
        );
    }

    #[test]
    fn empty_pairs_and_missing_values_are_harmless() {
        assert_eq!(
            read("&&a&b=&=c&"),
            [pair("a", ""), pair("b", ""), pair("", "c")]
        );
    }

    #[test]
    fn a_stray_percent_stands_for_itself() {
        assert_eq!(
            read("a=100%&b=%zz&c=%4"),
            [pair("a", "100%"), pair("b", "%zz"), pair("c", "%4")]
        );
    }

    #[test]
    fn bytes_that_are_not_utf_8_are_refused_and_the_parameter_is_named() {
        let error = pairs("ok=1&task_name=%FF%FE")
            .find_map(Result::err)
            .unwrap();
        assert_eq!(error.code(), ErrorCode::ParamInvalid);
        assert!(error.to_string().contains("task_name"), "{error}");
    }

    #[test]
    fn a_value_without_escapes_is_borrowed() {
        let (_, value) = pairs("a=[1,2]").next().unwrap().unwrap();
        assert!(matches!(value, Cow::Borrowed("[1,2]")));
    }
}
