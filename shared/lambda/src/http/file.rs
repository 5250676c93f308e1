//! A static file as an answer: compressed where the browser takes that, and not sent again where it has it.

use std::io::Read;

use base64::{Engine, engine::general_purpose::STANDARD};
use flate2::read::GzDecoder;
use task_service::{Error, ErrorCode, Result};

use super::{Call, Reply};

/// A file that was compressed when it was built.
#[derive(Debug, Clone, Copy)]
pub struct StaticFile<'f> {
    /// The media type.
    pub content_type: &'static str,
    /// The entity tag, in quotes.
    pub entity_tag: &'static str,
    /// The content, compressed.
    pub gzip: &'f [u8],
    /// The content of this name never changes.
    pub is_hashed: bool,
    /// The content policy of the page that it belongs to.
    pub policy: &'f str,
}

/// An answer without envelope and its own status and headers.
#[derive(Debug)]
pub(super) struct File {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) is_base64_encoded: bool,
}

impl Reply {
    /// Answers a call with a file.
    ///
    /// # Errors
    /// `SYSTEM_BUSY` when the file cannot be unpacked for a browser that takes no gzip.
    pub fn file(call: &Call, file: &StaticFile<'_>) -> Result<Self> {
        let caching = match file.is_hashed {
            true => "public, max-age=31536000, immutable",
            false => "no-cache",
        };
        let mut headers = vec![
            ("cache-control", caching.to_owned()),
            ("content-security-policy", file.policy.to_owned()),
            ("cross-origin-opener-policy", "same-origin".to_owned()),
            ("etag", file.entity_tag.to_owned()),
            ("referrer-policy", "no-referrer".to_owned()),
            ("vary", "accept-encoding".to_owned()),
        ];
        if call
            .header("if-none-match")
            .is_some_and(|tags| has_tag(tags, file.entity_tag))
        {
            return Ok(Self::raw(file.content_type, 304, headers, &[]));
        }
        if call.header("accept-encoding").is_some_and(takes_gzip) {
            headers.push(("content-encoding", "gzip".to_owned()));
            return Ok(Self::raw(file.content_type, 200, headers, file.gzip));
        }
        let mut plain = Vec::new();
        let unpacked = GzDecoder::new(file.gzip).read_to_end(&mut plain);
        let broken = |error| {
            Error::refused(
                ErrorCode::SystemBusy,
                format!("a file of the page: {error}"),
            )
        };
        unpacked.map_err(broken)?;
        Ok(Self::raw(file.content_type, 200, headers, &plain))
    }

    /// Answers that there is no file of this name.
    #[must_use]
    pub fn no_file() -> Self {
        let headers = vec![("cache-control", "no-store".to_owned())];
        Self::raw("text/plain; charset=utf-8", 404, headers, b"not found\n")
    }

    fn raw(
        content_type: &'static str,
        status: u16,
        headers: Vec<(&'static str, String)>,
        content: &[u8],
    ) -> Self {
        let file = File {
            status,
            headers,
            is_base64_encoded: true,
        };
        Self {
            file: Some(file),
            ..Self::document(content_type, STANDARD.encode(content))
        }
    }
}

/// Tells whether `If-None-Match` names the tag; a proxy may have weakened it.
fn has_tag(tags: &str, tag: &str) -> bool {
    let mut tags = tags.split(',').map(str::trim);
    tags.any(|named| named == "*" || named.trim_start_matches("W/") == tag)
}

/// Tells whether `Accept-Encoding` takes gzip.
fn takes_gzip(header: &str) -> bool {
    let taken = |coding: &str| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        let weight = weight.trim().trim_start_matches("q=").parse::<f32>();
        let is_refused = weight.is_ok_and(|weight| weight <= 0.0);
        matches!(name.trim().to_ascii_lowercase().as_str(), "gzip" | "*") && !is_refused
    };
    header.split(',').any(taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_sent_to_browsers_that_take_it() {
        for taken in ["gzip", "br, GZIP;q=0.5", "*", "deflate, gzip"] {
            assert!(takes_gzip(taken), "{taken}");
        }
        for refused in ["", "br", "gzip;q=0", "identity, gzip; q=0.0"] {
            assert!(!takes_gzip(refused), "{refused}");
        }
    }

    #[test]
    fn a_tag_is_known_alone_in_a_list_and_weakened() {
        for known in ["\"a\"", "\"b\", \"a\"", "W/\"a\"", "*"] {
            assert!(has_tag(known, "\"a\""), "{known}");
        }
        assert!(!has_tag("\"b\"", "\"a\""));
    }
}
