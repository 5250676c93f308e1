//! A body as it travels, and the text it holds: base64 and gzip are undone, and bytes that are no UTF-8 refused.

use std::io::Read;

use base64::{Engine, engine::general_purpose::STANDARD};
use flate2::read::MultiGzDecoder;
use task_service::{Error, ErrorCode, Result};

use crate::parameters::shown;

/// The most bytes of a body. A Lambda function gets no larger ones; a local runner could send them.
const MAX_BODY: usize = 6 * 1024 * 1024;

/// The most bytes that a gzipped body may unpack to.
const MAX_UNPACKED: usize = 48 * 1024 * 1024;

/// How many bytes the buffer grows by when a body is larger than it says.
const PIECE: usize = 1024 * 1024;

/// The headers about a body.
#[derive(Debug, Clone, Copy)]
pub(super) struct Headers<'h> {
    pub(super) content_type: Option<&'h str>,
    pub(super) content_encoding: Option<&'h str>,
}

impl<'h> Headers<'h> {
    /// Tells whether the body is gzip.
    ///
    /// # Errors
    /// `PARAM_INVALID` for any other encoding.
    fn is_gzip(self) -> Result<bool> {
        let encoding = self.content_encoding.unwrap_or("identity");
        match encoding.to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" => Ok(true),
            "identity" => Ok(self.is_gzip_file()),
            _ => Err(Error::refused(
                ErrorCode::ParamInvalid,
                format!(
                    "content encoding {} is not accepted: send the body as gzip or as it is",
                    shown(encoding)
                ),
            )),
        }
    }

    /// Tells whether the content type itself is gzip, which does not name the type inside.
    fn is_gzip_file(self) -> bool {
        let media = self.content_type.unwrap_or_default().split(';').next();
        let media = media.unwrap_or_default().trim().to_ascii_lowercase();
        matches!(media.as_str(), "application/gzip" | "application/x-gzip")
    }

    /// Returns the content type of the text that is inside.
    pub(super) fn inner_type(self) -> Option<&'h str> {
        self.content_type.filter(|_| !self.is_gzip_file())
    }
}

/// Returns the text of a body.
///
/// # Errors
/// `PARAM_INVALID` when it is too large, is not encoded as it says, or is not UTF-8.
pub(super) fn text(body: String, is_base64: bool, headers: Headers<'_>) -> Result<String> {
    if body.is_empty() {
        return Ok(body);
    }
    let is_gzip = headers.is_gzip()?;
    if !is_base64 && !is_gzip {
        check_length(body.len())?;
        return Ok(body);
    }
    let bytes = if is_base64 {
        let decoded = STANDARD.decode(&body);
        decoded.map_err(|error| refused(&format!("is not valid base64: {error}")))?
    } else {
        bytes_of(&body)
    };
    drop(body);
    check_length(bytes.len())?;
    let bytes = if is_gzip { unpacked(&bytes)? } else { bytes };
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        refused(&format!(
            "is not UTF-8 at byte {at}: other encodings of text are not accepted"
        ))
    })
}

/// Returns the bytes of a gzipped body that came as text: base64 without the mark, or a character for each byte.
fn bytes_of(body: &str) -> Vec<u8> {
    let base64 = STANDARD.decode(body.trim_ascii()).ok();
    let latin = || body.chars().map(|c| u8::try_from(c).ok()).collect();
    let bytes: Option<Vec<u8>> = base64.or_else(latin);
    bytes.unwrap_or_default()
}

fn check_length(length: usize) -> Result<()> {
    if length > MAX_BODY {
        return Err(refused(&format!(
            "has {length} bytes, at most {MAX_BODY} are accepted"
        )));
    }
    Ok(())
}

/// Unpacks in pieces and stops at the bound, so that no body costs more memory than that, whatever it says of its size.
fn unpacked(zipped: &[u8]) -> Result<Vec<u8>> {
    let told = told_size(zipped);
    if told > MAX_UNPACKED {
        return Err(too_large(zipped.len(), &told.to_string()));
    }
    let mut decoder = MultiGzDecoder::new(zipped);
    // Room for a byte more, so that the end is met without growing.
    let mut bytes = Vec::with_capacity(told + 1);
    loop {
        if bytes.len() == bytes.capacity() {
            bytes.reserve_exact(PIECE);
        }
        let limit = bytes.capacity().min(MAX_UNPACKED + 1) - bytes.len();
        let piece = decoder.by_ref().take(limit as u64).read_to_end(&mut bytes);
        let read = piece.map_err(|error| refused(&format!("is not valid gzip: {error}")))?;
        if bytes.len() > MAX_UNPACKED {
            let seen = format!("more than {MAX_UNPACKED}");
            return Err(too_large(zipped.len(), &seen));
        }
        if read == 0 {
            return Ok(bytes);
        }
    }
}

/// Reads the size that the last member says it has, below 4 GiB.
fn told_size(zipped: &[u8]) -> usize {
    let size = zipped.last_chunk().copied().map(u32::from_le_bytes);
    size.and_then(|size| usize::try_from(size).ok())
        .unwrap_or_default()
}

fn too_large(zipped: usize, seen: &str) -> Error {
    refused(&format!(
        "has {zipped} bytes of gzip that unpack to {seen}, at most {MAX_UNPACKED} are accepted: send the list in parts"
    ))
}

pub(super) fn refused(wrong: &str) -> Error {
    Error::refused(ErrorCode::ParamInvalid, format!("the request body {wrong}"))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use proptest::prelude::*;

    use super::*;

    fn zipped(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    proptest! {
        #[test]
        fn whatever_was_zipped_comes_back_in_any_number_of_members(
            members in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..3_000), 1..4)
        ) {
            let zipped: Vec<u8> = members.iter().flat_map(|bytes| zipped(bytes)).collect();
            prop_assert_eq!(unpacked(&zipped).unwrap(), members.concat());
        }

        #[test]
        fn a_body_that_was_changed_is_refused_or_means_the_same(
            bytes in prop::collection::vec(any::<u8>(), 1..300), at: prop::sample::Index, flip in 1_u8..
        ) {
            let mut changed = zipped(&bytes);
            let at = at.index(changed.len());
            changed[at] ^= flip;
            if let Ok(text) = unpacked(&changed) {
                prop_assert_eq!(text, bytes);
            }
        }

        #[test]
        fn a_body_that_is_cut_off_is_refused(
            bytes in prop::collection::vec(any::<u8>(), 0..300), at: prop::sample::Index
        ) {
            let whole = zipped(&bytes);
            prop_assert!(unpacked(&whole[..=at.index(whole.len() - 1)]).is_err());
        }

        #[test]
        fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let gzip = [&[0x1f, 0x8b, 8, 0][..], &bytes].concat();
            for bytes in [bytes, gzip] {
                if let Err(error) = unpacked(&bytes) {
                    prop_assert_eq!(error.code(), ErrorCode::ParamInvalid);
                }
            }
        }
    }
}
