//! The answer of a handler: data for the envelope, or a document of its own content type.

use serde::Serialize;
use serde_json::value::RawValue;
use task_service::{Error, ErrorCode, Result};

use super::file::File;

/// The most bytes of an answer, as it is printed. Lambda takes 6 MB, in which the text is once more escaped as JSON: at worst
/// twice as long.
pub(super) const MAX_ANSWER: usize = 2_800_000;

/// A successful answer. Data is serialised once, into the bytes that are sent.
#[derive(Debug)]
pub struct Reply {
    pub(super) content_type: &'static str,
    pub(super) body: String,
    /// Whether `body` is an envelope that is still open: the request id goes in last.
    pub(super) is_envelope: bool,
    /// Status and headers of a static file.
    pub(super) file: Option<File>,
}

impl Reply {
    /// Returns the envelope of a success around `data`.
    ///
    /// # Errors
    /// `SYSTEM_BUSY` when the data cannot be written as JSON.
    pub fn data(data: &impl Serialize) -> Result<Self> {
        Ok(Self {
            content_type: "application/json; charset=utf-8",
            body: r#"{"code":0,"msg":"ok""#.to_owned(),
            is_envelope: true,
            file: None,
        })
        .and_then(|reply| reply.with("data", data))
    }

    /// Makes a list of answers, in the order of a list of requests: the data or the refusal of each.
    ///
    /// # Errors
    /// The errors of [`Reply::data`]; a fault that is no refusal.
    pub fn each<T: Serialize>(answers: Vec<Result<T>>) -> Result<Self> {
        let answers = answers.into_iter().map(Each::of);
        Self::data(&answers.collect::<Result<Vec<_>>>()?)
    }

    /// Adds another member to the envelope, next to `data`.
    ///
    /// # Errors
    /// `SYSTEM_BUSY` when the value cannot be written as JSON.
    pub fn with(mut self, name: &'static str, value: &impl Serialize) -> Result<Self> {
        let mut bytes = self.body.into_bytes();
        bytes.extend_from_slice(format!(r#","{name}":"#).as_bytes());
        serde_json::to_writer(&mut bytes, value).map_err(unwritable)?;
        self.body = String::from_utf8(bytes).map_err(unwritable)?;
        Ok(self)
    }

    /// Makes an answer without envelope: one JSON value a line.
    ///
    /// # Errors
    /// `SYSTEM_BUSY` when one of them cannot be written as JSON.
    pub fn lines(values: &[impl Serialize]) -> Result<Self> {
        let mut text = String::new();
        for value in values {
            text += &serde_json::to_string(value).map_err(unwritable)?;
            text.push('\n');
        }
        Ok(Self::document("application/x-ndjson; charset=utf-8", text))
    }

    /// Makes an answer without envelope, for example a CSV file.
    #[must_use]
    pub const fn document(content_type: &'static str, body: String) -> Self {
        Self {
            content_type,
            body,
            is_envelope: false,
            file: None,
        }
    }

    /// Refuses an answer that Lambda would drop.
    pub(super) fn within_limit(self) -> Result<Self> {
        let length = self.body.len();
        if length <= MAX_ANSWER {
            return Ok(self);
        }
        Err(Error::refused(
            ErrorCode::ParamInvalid,
            format!(
                "the answer would have {length} bytes, more than the {MAX_ANSWER} that can be sent: ask for fewer with limit"
            ),
        ))
    }
}

/// One answer of a list.
#[derive(Serialize)]
#[serde(untagged)]
enum Each<T> {
    Done(T),
    Refused {
        code: u8,
        error: &'static str,
        msg: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        data: Option<Box<RawValue>>,
    },
}

impl<T> Each<T> {
    fn of(answer: Result<T>) -> Result<Self> {
        match answer {
            Ok(done) => Ok(Self::Done(done)),
            Err(Error::Refused {
                code,
                message,
                data,
            }) => Ok(Self::Refused {
                code: code.number(),
                error: code.as_str(),
                msg: message,
                data,
            }),
            Err(fault) => Err(fault),
        }
    }
}

fn unwritable(error: impl std::fmt::Display) -> Error {
    Error::refused(
        ErrorCode::SystemBusy,
        format!("the answer cannot be written: {error}"),
    )
}
