//! Text stored compressed, in the form of MySQL's `COMPRESS()`: the text's length in four bytes, lowest first, then zlib.
//!
//! A payload is a tenth of its text, and the server writes it three times: to its page, the redo log and the binary log.

use std::cell::RefCell;

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};
use sqlx::mysql::MySqlRow;
use sqlx::{ColumnIndex, Row as _};

use crate::error::{Result, StoreError};

/// Bytes before the zlib stream.
const LENGTH_BYTES: usize = 4;
/// The most bytes of a text that is stored compressed.
const MAX_BYTES: usize = 64 << 20;

thread_local! {
    /// A compressor takes 370 KB: making one for each text costs more than the compression of a small text.
    static COMPRESSOR: RefCell<Compress> = RefCell::new(Compress::new(Compression::fast(), true));
    /// Kept, too, because its 47 KB are aligned: glibc 2.36 does not use a hole of that size again for the next one when a small object
    /// that stays lies at its edge. Lambda's runtime leaves one with every invocation (`setenv` of the trace), and a worker grew by 14 KB a chunk.
    static DECOMPRESSOR: RefCell<Decompress> = RefCell::new(Decompress::new(true));
}

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
        let mut bytes = Vec::with_capacity(64 + text.len() / 8);
        bytes.extend(length.to_le_bytes());
        COMPRESSOR.with_borrow_mut(|compressor| {
            compressor.reset();
            compress(compressor, text.as_bytes(), &mut bytes);
        });
        Self(bytes)
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
        let mut text = Vec::with_capacity(length);
        let end = DECOMPRESSOR.with_borrow_mut(|decompressor| {
            decompressor.reset(true);
            decompressor.decompress_vec(stream, &mut text, FlushDecompress::Finish)
        });
        let is_whole = matches!(end, Ok(Status::StreamEnd)) && text.len() == length;
        String::from_utf8(text).ok().filter(|_| is_whole)
    }
}

/// Compresses bytes to the end of `into`.
fn compress(compressor: &mut Compress, bytes: &[u8], into: &mut Vec<u8>) {
    loop {
        let read = usize::try_from(compressor.total_in()).unwrap_or(usize::MAX);
        match compressor.compress_vec(&bytes[read..], into, FlushCompress::Finish) {
            Ok(Status::StreamEnd) => return,
            Ok(Status::Ok | Status::BufError) => into.reserve(into.capacity()),
            Err(error) => unreachable!("a compressor takes every byte: {error}"),
        }
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
