//! The elements of a JSON list, of which no more are kept than may be wanted: a list of megabytes has millions of them.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// The elements of a JSON list as they were sent.
#[derive(Debug)]
pub struct Elements<'a> {
    /// The first elements, at most as many as were asked for.
    pub first: Vec<&'a RawValue>,
    /// How many elements the list has.
    pub count: usize,
}

impl<'a> Elements<'a> {
    /// Reads a list, counts its elements, and keeps the first `most` of them.
    ///
    /// # Errors
    /// The errors of `serde_json`: no list, or broken JSON.
    pub fn parse(list: &'a str, most: usize) -> serde_json::Result<Self> {
        let mut deserializer = serde_json::Deserializer::from_str(list);
        let elements = Most(most).deserialize(&mut deserializer)?;
        deserializer.end()?;
        Ok(elements)
    }

    /// Tells whether the list has more elements than were kept.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.count > self.first.len()
    }
}

/// The most elements that are kept.
struct Most(usize);

impl<'de> DeserializeSeed<'de> for Most {
    type Value = Elements<'de>;

    fn deserialize<D: Deserializer<'de>>(self, list: D) -> Result<Self::Value, D::Error> {
        list.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Most {
    type Value = Elements<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut first = Vec::new();
        while first.len() < self.0 {
            match list.next_element()? {
                Some(element) => first.push(element),
                None => break,
            }
        }
        let mut count = first.len();
        while list.next_element::<IgnoredAny>()?.is_some() {
            count += 1;
        }
        Ok(Elements { first, count })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(list: &str, most: usize) -> Option<(Vec<&str>, usize)> {
        let elements = Elements::parse(list, most).ok()?;
        let first = elements.first.iter().map(|element| element.get());
        Some((first.collect(), elements.count))
    }

    #[test]
    fn the_first_elements_are_kept_as_they_were_sent_and_all_are_counted() {
        let list = r#" [ {"a" : 1.00} ,"b",[[]], null ] "#;
        let all = vec![r#"{"a" : 1.00}"#, r#""b""#, "[[]]", "null"];
        assert_eq!(parsed(list, 9), Some((all.clone(), 4)));
        assert_eq!(parsed(list, 4), Some((all.clone(), 4)));
        assert_eq!(parsed(list, 2), Some((all[..2].to_vec(), 4)));
        assert_eq!(parsed(list, 0), Some((vec![], 4)));
        assert_eq!(parsed("[]", 3), Some((vec![], 0)));
    }

    #[test]
    fn whatever_is_no_list_is_refused_also_behind_the_kept_elements() {
        for list in ["{}", "1", "", "[1", "[1,", "[1,2 3]", "[1,2,{]", "[1] 2"] {
            assert_eq!(parsed(list, 1), None, "{list}");
        }
    }
}
