//! The records of a list, read one after the other: as values they take many times the memory of their text.

use std::fmt;
use std::ops::Range;

use serde::de::{DeserializeSeed, Deserializer, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use super::findings::Findings;
use super::record::Record;

/// The most bytes of a record.
const MOST_BYTES: usize = 65_536;
/// About how many bytes of records are stored together: well under every server's packet limit, also with all defaults.
const PIECE: usize = 1 << 21;

/// A kind of record, and how it is read.
#[derive(Debug)]
pub(super) struct Kind<T> {
    pub(super) name: &'static str,
    pub(super) id: &'static str,
    pub(super) read: fn(&mut Record<'_>) -> T,
}

impl<T> Kind<T> {
    /// Reads a record; a bad one is a finding.
    fn record(&self, number: usize, text: &RawValue, findings: &mut Findings) -> Option<T> {
        let value = match value(text) {
            Ok(value) => value,
            Err(wrong) => {
                findings.push(format!("{} number {number}: {wrong}", self.name));
                return None;
            }
        };
        match Record::open(self.name, self.id, number, &value) {
            Ok(mut record) => {
                let read = (self.read)(&mut record);
                match record.finish() {
                    None => return Some(read),
                    Some(finding) => findings.push(finding),
                }
            }
            Err(finding) => findings.push(finding),
        }
        None
    }
}

/// Reads the value of a record.
pub(super) fn value(text: &RawValue) -> Result<Value, String> {
    let bytes = text.get().len();
    if bytes > MOST_BYTES {
        return Err(format!(
            "has {bytes} bytes, at most {MOST_BYTES} are allowed"
        ));
    }
    serde_json::from_str(text.get()).map_err(|error| format!("cannot be read: {error}"))
}

/// The records of a list that were found right, as the text that they came as.
#[derive(Debug)]
pub(super) struct Records<'a, T: 'static> {
    kind: &'static Kind<T>,
    list: &'a str,
    pieces: Vec<Range<usize>>,
    pub(super) count: usize,
}

impl<'a, T> Records<'a, T> {
    /// Checks every record of a list.
    pub(super) fn check(
        kind: &'static Kind<T>,
        list: Option<&'a RawValue>,
        findings: &mut Findings,
    ) -> Self {
        let list = list.map_or("[]", RawValue::get);
        // What is no list is the finding of its station.
        let list = if list.starts_with('[') { list } else { "[]" };
        let mut records = Self {
            kind,
            list,
            pieces: Vec::new(),
            count: 0,
        };
        let read = each(list, |text| {
            records.count += 1;
            if kind.record(records.count, text, findings).is_some() {
                records.add(text.get());
            }
        });
        if let Err(error) = read {
            findings.push(format!("a list of records cannot be read: {error}"));
        }
        records
    }

    /// Adds a record to the last piece, or begins another.
    fn add(&mut self, text: &str) {
        let start = text.as_ptr().addr() - self.list.as_ptr().addr();
        let end = start + text.len();
        match self.pieces.last_mut() {
            Some(last) if end - last.start <= PIECE => last.end = end,
            _ => self.pieces.push(start..end),
        }
    }

    /// Returns the records in pieces of about [`PIECE`] bytes of text.
    pub(super) fn pieces(&self) -> impl Iterator<Item = serde_json::Result<Vec<T>>> {
        self.pieces.iter().map(|piece| self.piece(piece.clone()))
    }

    fn piece(&self, piece: Range<usize>) -> serde_json::Result<Vec<T>> {
        let (mut all, mut none) = (Vec::new(), Findings::default());
        let list = format!("[{}]", &self.list[piece]);
        each(&list, |text| {
            all.extend(self.kind.record(0, text, &mut none));
        })?;
        Ok(all)
    }
}

/// Calls `read` for each element of a list.
///
/// # Errors
/// The errors of `serde_json`: no list, or broken JSON.
pub(super) fn each<'a>(list: &'a str, read: impl FnMut(&'a RawValue)) -> serde_json::Result<()> {
    let mut deserializer = serde_json::Deserializer::from_str(list);
    Each(read).deserialize(&mut deserializer)?;
    deserializer.end()
}

struct Each<F>(F);

impl<'de, F: FnMut(&'de RawValue)> DeserializeSeed<'de> for Each<F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, list: D) -> Result<(), D::Error> {
        list.deserialize_seq(self)
    }
}

impl<'de, F: FnMut(&'de RawValue)> Visitor<'de> for Each<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
        while let Some(element) = list.next_element()? {
            (self.0)(element);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(record: &mut Record<'_>) -> String {
        record.text("name", 60_000).unwrap_or_default()
    }

    static NAMES: Kind<String> = Kind {
        name: "record",
        id: "name",
        read: name,
    };

    fn checked(list: &str) -> (Vec<Vec<String>>, Findings) {
        let list = serde_json::from_str(list).unwrap();
        let mut findings = Findings::default();
        let records = Records::check(&NAMES, Some(list), &mut findings);
        let pieces = records.pieces().collect::<serde_json::Result<_>>();
        (pieces.unwrap(), findings)
    }

    #[test]
    fn records_come_back_in_pieces_of_bounded_size_and_in_their_order() {
        let names: Vec<_> = (0..100)
            .map(|n| format!("{n}{}", "x".repeat(50_000)))
            .collect();
        let list: Vec<_> = names
            .iter()
            .map(|name| serde_json::json!({ "name": name }))
            .collect();
        let (pieces, findings) = checked(&Value::from(list).to_string());
        assert_eq!(findings.count, 0);
        assert_eq!(pieces.len(), 3);
        assert_eq!(pieces.concat(), names);
    }

    #[test]
    fn bad_records_are_findings_and_the_others_stay() {
        let large = "x".repeat(MOST_BYTES);
        let list = format!(
            r#"[7, {{"name":"a"}}, {{"name":"{large}"}}, {{"name":"\ud800"}}, {{"name":"b"}}]"#
        );
        let (pieces, findings) = checked(&list);
        assert_eq!(pieces.concat(), ["a", "b"]);
        let [number, large, broken] = &findings.first[..] else {
            panic!("{findings:?}")
        };
        assert_eq!(number, "record number 1: must be an object, not 7");
        assert!(
            large.starts_with("record number 3: has 65547 bytes"),
            "{large}"
        );
        assert!(
            broken.starts_with("record number 4: cannot be read"),
            "{broken}"
        );
    }
}
