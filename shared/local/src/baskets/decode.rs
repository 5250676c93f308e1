//! Turns a file's bytes into text: UTF-8, UTF-16 with a byte order mark, GB18030 or Windows-1252.
//!
//! Bytes that fit two encodings are refused: a wrong guess would merge customers without a word.

use encoding_rs::{Encoding, GB18030, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

const REMEDY: &str = "save it as \"CSV UTF-8\", or as .xlsx";

/// Decodes a whole text file; an error is a sentence for the person.
pub(super) fn decode(content: &[u8]) -> Result<String, String> {
    if let Some((encoding, mark)) = Encoding::for_bom(content) {
        let rest = content.get(mark..).unwrap_or_default();
        return strictly(encoding, rest).ok_or_else(|| {
            format!(
                "its mark says {}, yet its bytes are not: {REMEDY}",
                encoding.name()
            )
        });
    }
    if content.contains(&0) {
        return Err(format!(
            "is no text file, or UTF-16 without a byte order mark: {REMEDY}"
        ));
    }
    if let Some(text) = strictly(UTF_8, content) {
        return Ok(text);
    }
    let chinese = strictly(GB18030, content);
    let western = Some(content)
        .filter(|content| is_western(content))
        .and_then(|content| strictly(WINDOWS_1252, content));
    match (chinese, western) {
        (Some(chinese), Some(western)) if chinese == western => Ok(chinese),
        (Some(chinese), _) if Evidence::of(content).is_chinese() => Ok(chinese),
        (_, Some(western)) if Evidence::of(content).is_western() => Ok(western),
        (None, Some(western)) => Ok(western),
        (None, None) => Err(format!(
            "is neither UTF-8, UTF-16, GB18030 nor Windows-1252: {REMEDY}"
        )),
        _ => Err(format!(
            "may be GB18030 or Windows-1252, and reads differently in each: {REMEDY}"
        )),
    }
}

fn strictly(encoding: &'static Encoding, bytes: &[u8]) -> Option<String> {
    debug_assert!([UTF_8, UTF_16LE, UTF_16BE, GB18030, WINDOWS_1252].contains(&encoding));
    encoding
        .decode_without_bom_handling_and_without_replacement(bytes)
        .map(std::borrow::Cow::into_owned)
}

/// Tells whether every byte above ASCII is a letter or a common sign of Windows-1252, at most two in a row.
fn is_western(content: &[u8]) -> bool {
    let is_sign = |byte: u8| {
        matches!(
            byte,
            0x80 | 0x85 | 0x91..=0x97 | 0xa0 | 0xa3 | 0xab | 0xb0 | 0xb4 | 0xbb
        )
    };
    let is_letter = |byte: u8| byte >= 0xc0 && !matches!(byte, 0xd7 | 0xf7);
    content
        .iter()
        .all(|byte| byte.is_ascii() || is_sign(*byte) || is_letter(*byte))
        && content
            .split(u8::is_ascii)
            .all(|high_bytes| high_bytes.len() <= 2)
}

/// Counts signs of one encoding or the other.
#[derive(Default)]
struct Evidence {
    /// Pairs that are everyday Chinese characters or signs.
    common: usize,
    /// Other pairs, and characters of four bytes.
    rare: usize,
    /// Bytes above ASCII with ASCII on both sides: typical of a Western text.
    single: usize,
}

impl Evidence {
    fn of(content: &[u8]) -> Self {
        let mut evidence = Self {
            single: content
                .split(u8::is_ascii)
                .filter(|high_bytes| high_bytes.len() == 1)
                .count(),
            ..Self::default()
        };
        let mut bytes = content.iter();
        while let Some(lead) = bytes.next() {
            if lead.is_ascii() {
                continue;
            }
            match (lead, bytes.next()) {
                (0xa1..=0xa3 | 0xb0..=0xd7, Some(0xa1..)) => evidence.common += 1,
                (_, Some(b'0'..=b'9')) => {
                    evidence.rare += 1;
                    bytes.nth(1);
                }
                _ => evidence.rare += 1,
            }
        }
        evidence
    }

    fn is_chinese(&self) -> bool {
        self.common > 3 * self.single && self.common > self.rare
    }

    fn is_western(&self) -> bool {
        self.single > 0 && self.common * 4 <= self.rare
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_chinese_file_is_read_in_every_encoding() {
        let text = "客户,商品,数量\n张三,苹果,1\n李四,香蕉,2\n王五,白菜,3\n";
        let gb = GB18030.encode(text).0.into_owned();
        let utf16 = |to_bytes: fn(u16) -> [u8; 2]| {
            let marked = format!("\u{feff}{text}");
            marked.encode_utf16().flat_map(to_bytes).collect::<Vec<_>>()
        };
        let marked = format!("\u{feff}{text}").into_bytes();
        for bytes in [
            text.as_bytes().to_vec(),
            marked,
            gb,
            utf16(u16::to_le_bytes),
            utf16(u16::to_be_bytes),
        ] {
            assert_eq!(decode(&bytes).unwrap(), text);
        }
    }

    #[test]
    fn a_western_file_is_not_read_as_chinese() {
        let text = "Müller;Käse;0,90 €\nRenée;Pâté;1,20 €\n";
        let bytes = WINDOWS_1252.encode(text).0.into_owned();
        assert_eq!(decode(&bytes).unwrap(), text);
    }

    #[test]
    fn bytes_of_no_encoding_and_of_two_are_refused() {
        assert!(decode(b"a,\xff\xff\xff\n").unwrap_err().contains("neither"));
        assert!(decode(b"a,\xe9\xe9\n").unwrap_err().contains("may be"));
        assert!(decode(b"a\0,\0").unwrap_err().contains("UTF-16"));
    }

    proptest! {
        #[test]
        fn chinese_text_comes_back_whole(text in "[一-龥]{0,40}") {
            let text = format!("客户,商品,数量,单价,门店客户甲乙丙丁\n{text}\n");
            let bytes = GB18030.encode(&text).0.into_owned();
            match decode(&bytes) {
                Ok(read) => prop_assert_eq!(read, text),
                Err(reason) => prop_assert!(reason.contains("may be")),
            }
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes: Vec<u8>) {
            let _ = decode(&bytes);
        }
    }
}
