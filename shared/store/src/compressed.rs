//! Text stored compressed, in the form of MySQL's `COMPRESS()`: the text's length in four bytes, lowest first, then zlib.
//!
//! A payload is a tenth of its text, and the server writes it three times: to its page, the redo log and the binary log.

use std::io::{Read as _, Write as _};

use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use sqlx::mysql::MySqlRow;
use sqlx::{ColumnIndex, Row as _};

use crate::error::{Result, StoreError};

/// Bytes before the zlib stream.
const LENGTH_BYTES: usize = 4;
/// The most bytes of a text that is stored compressed.
const MAX_BYTES: usize = 64 << 20;

/// Holds a text compressed, as its column stores it; `UNCOMPRESS()` reads it in SQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompressedText(Vec<u8>);

impl CompressedText {
    /// Compresses a text of at most 64 MiB.
    ///
    /// # Panics
    /// When the text is longer: a payload is cut long before.
    #[must_use]
    pub fn new(text: &str) -> Self {
        if text.is_empty() {
            return Self(Vec::new());
        }
        assert!(text.len() <= MAX_BYTES, "a text of {} bytes", text.len());
        let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
        let mut bytes = Vec::with_capacity(LENGTH_BYTES + text.len() / 8);
        bytes.extend(length.to_le_bytes());
        let mut encoder = ZlibEncoder::new(bytes, Compression::fast());
        let written = encoder.write_all(text.as_bytes());
        match written.and_then(|()| encoder.finish()) {
            Ok(bytes) => Self(bytes),
            Err(_) => unreachable!("memory takes every byte"),
        }
    }

    /// Returns the bytes of the column.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Reads a column's bytes; `None` when they are not a text in this form.
    fn text_of(bytes: &[u8]) -> Option<String> {
        if bytes.is_empty() {
            return Some(String::new());
        }
        let (length, stream) = bytes.split_first_chunk::<LENGTH_BYTES>()?;
        let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        if length > MAX_BYTES {
            return None;
        }
        let mut text = String::with_capacity(length);
        let bounded = length as u64 + 1;
        let read = ZlibDecoder::new(stream)
            .take(bounded)
            .read_to_string(&mut text);
        (read.ok()? == length).then_some(text)
    }
}

/// Reads a column that holds a compressed text.
pub(crate) fn uncompressed(row: &MySqlRow, column: impl ColumnIndex<MySqlRow>) -> Result<String> {
    let bytes: &[u8] = row.try_get_unchecked(column)?;
    CompressedText::text_of(bytes).ok_or(StoreError::Unreadable("a payload"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_text_comes_back_as_it_was(text in ".{0,400}", times in 1_usize..50) {
            let text = text.repeat(times);
            let compressed = CompressedText::new(&text);
            prop_assert_eq!(CompressedText::text_of(compressed.as_bytes()), Some(text));
        }

        #[test]
        fn other_bytes_are_refused(bytes in prop::collection::vec(any::<u8>(), 1..200)) {
            prop_assume!(bytes != CompressedText::new("").as_bytes());
            let read = CompressedText::text_of(&bytes);
            prop_assert!(read.is_none_or(|text| text.len() <= 200));
        }
    }

    #[test]
    fn a_stream_of_another_length_than_it_says_is_refused() {
        let mut bytes = CompressedText::new(&"a".repeat(100_000))
            .as_bytes()
            .to_vec();
        for length in [99_999_u32, 100_001, u32::MAX] {
            bytes[..LENGTH_BYTES].copy_from_slice(&length.to_le_bytes());
            assert_eq!(CompressedText::text_of(&bytes), None);
        }
    }
}
