//! A JSON body: one object whose members are the parameters, each kept as the text it came as.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::{error::Category, value::RawValue};
use task_service::{Error, ErrorCode, Result};

use super::{Entry, MAX_PARAMETERS, Sent, too_many};

/// Reads the members of the object, in the order they came, duplicates included.
pub(super) fn entries(body: &str) -> Result<Vec<Entry<'_>>> {
    let body = body.trim_start_matches('\u{feff}');
    match serde_json::from_str(body) {
        Ok(Members(Some(entries))) => Ok(entries),
        Ok(Members(None)) => Err(too_many()),
        Err(error) if error.classify() == Category::Data => {
            Err(refused("the request body must be a JSON object".to_owned()))
        }
        Err(error) => Err(refused(format!(
            "the request body is not valid JSON: {error}"
        ))),
    }
}

fn refused(message: String) -> Error {
    Error::refused(ErrorCode::ParamInvalid, message)
}

/// The members; none when there are too many.
struct Members<'a>(Option<Vec<Entry<'a>>>);

/// A member's name, borrowed where it holds no escape.
#[derive(Deserialize)]
#[serde(transparent)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor).map(Members)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Option<Vec<Entry<'de>>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(
        self,
        mut map: A,
    ) -> std::result::Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        while let Some((Name(name), raw)) = map.next_entry::<Name<'de>, &'de RawValue>()? {
            // The rest is still read, so that broken JSON is always refused as such.
            if entries.len() <= MAX_PARAMETERS {
                entries.push((name, Sent::Json(raw)));
            }
        }
        Ok((entries.len() <= MAX_PARAMETERS).then_some(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(body: &str) -> String {
        let error = entries(body).unwrap_err();
        assert_eq!(error.code(), ErrorCode::ParamInvalid);
        error.to_string()
    }

    #[test]
    fn a_body_that_is_no_object_is_refused() {
        for body in ["[1]", "1", "null", r#""text""#] {
            assert!(refusal(body).contains("must be a JSON object"), "{body}");
        }
    }

    #[test]
    fn truncated_json_is_refused_with_the_position() {
        assert!(refusal(r#"{"a": [1, 2"#).contains("line 1 column 11"));
    }

    #[test]
    fn text_after_the_object_is_refused_with_the_position() {
        assert!(refusal("{} x").contains("line 1 column 4"));
    }

    #[test]
    fn a_byte_order_mark_is_skipped() {
        assert_eq!(entries("\u{feff}{\"a\":1}").unwrap().len(), 1);
    }

    #[test]
    fn a_million_open_brackets_do_not_exhaust_the_stack() {
        refusal(&format!(r#"{{"a":{}"#, "[".repeat(1_000_000)));
    }

    #[test]
    fn values_are_borrowed_as_they_came() {
        let body = r#"{"order_data": [ {"x" :1.00} ]}"#;
        let entries = entries(body).unwrap();
        let Sent::Json(raw) = entries[0].1 else {
            panic!("not JSON")
        };
        assert_eq!(raw.get(), r#"[ {"x" :1.00} ]"#);
        assert!(body.as_bytes().as_ptr_range().contains(&raw.get().as_ptr()));
    }
}
