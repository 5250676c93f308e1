//! The lines of an order, read twice only when they must be: in one pass while every line is a sound object,
//! else line by line, so that each wrong line is named and the others are still checked.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use task_engine::ItemError;

use crate::items::{ItemErrorCode, Scalar, object, trimmed};

/// Lines an order may have.
pub const MAX_LINES: usize = 200;

/// `details` as it was sent.
#[derive(Debug, Default)]
pub(in crate::orders) enum Details<'a> {
    /// Not there, `null` or `""`.
    #[default]
    Absent,
    /// Something that is no list: its raw text.
    NotAList(&'a str),
    /// The first [`MAX_LINES`] lines and the count of all.
    Lines(Vec<Result<RawLine<'a>, ItemError>>, usize),
}

/// One line as it was sent.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::orders) struct RawLine<'a> {
    #[serde(borrow, deserialize_with = "trimmed")]
    pub(in crate::orders) sku_id: Scalar<'a>,
    #[serde(borrow, deserialize_with = "trimmed")]
    pub(in crate::orders) amount: Scalar<'a>,
    #[serde(borrow, deserialize_with = "trimmed")]
    pub(in crate::orders) quantity: Scalar<'a>,
    #[serde(borrow, deserialize_with = "trimmed")]
    pub(in crate::orders) unit_price: Scalar<'a>,
    #[serde(borrow, deserialize_with = "trimmed")]
    pub(in crate::orders) sale_price: Scalar<'a>,
    #[serde(borrow, deserialize_with = "trimmed")]
    pub(in crate::orders) is_price_timing: Scalar<'a>,
    #[serde(borrow)]
    pub(in crate::orders) spu_remark: Scalar<'a>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Details<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?.get();
        match raw {
            "null" | "\"\"" => Ok(Self::Absent),
            list if list.starts_with('[') => lines::<SoundLine<'_>>(list)
                .or_else(|_| lines::<&RawValue>(list))
                .map_err(serde::de::Error::custom),
            other => Ok(Self::NotAList(other)),
        }
    }
}

fn lines<'a, E: Element<'a>>(list: &'a str) -> serde_json::Result<Details<'a>> {
    serde_json::Deserializer::from_str(list).deserialize_seq(Lines::<E>(PhantomData))
}

/// The type that the elements of the list are read as.
trait Element<'a>: Deserialize<'a> {
    /// Returns the line at `index`.
    fn line(self, index: usize) -> Result<RawLine<'a>, ItemError>;
}

/// Any JSON value: it may turn out to be no line.
impl<'a> Element<'a> for &'a RawValue {
    fn line(self, index: usize) -> Result<RawLine<'a>, ItemError> {
        object(self.get()).map_err(|wrong| {
            let (field, msg) = (
                format!("details[{index}]"),
                format!("第 {} 行商品{wrong}", index + 1),
            );
            ItemError::new(ItemErrorCode::OrderFormat, field, self.get(), msg)
        })
    }
}

/// An object, and nothing but an object: the derived reading alone would also take a list, by position.
struct SoundLine<'a>(RawLine<'a>);

impl<'a> Element<'a> for SoundLine<'a> {
    fn line(self, _index: usize) -> Result<RawLine<'a>, ItemError> {
        Ok(self.0)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for SoundLine<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Object).map(SoundLine)
    }
}

struct Object;

impl<'de> Visitor<'de> for Object {
    type Value = RawLine<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RawLine<'de>, A::Error> {
        RawLine::deserialize(MapAccessDeserializer::new(map))
    }
}

struct Lines<E>(PhantomData<E>);

impl<'de, E: Element<'de>> Visitor<'de> for Lines<E> {
    type Value = Details<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of lines")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Details<'de>, A::Error> {
        let mut lines = Vec::with_capacity(8);
        while lines.len() < MAX_LINES {
            let Some(element) = list.next_element::<E>()? else {
                let count = lines.len();
                return Ok(Details::Lines(lines, count));
            };
            lines.push(element.line(lines.len()));
        }
        let mut count = lines.len();
        while list.next_element::<IgnoredAny>()?.is_some() {
            count += 1;
        }
        Ok(Details::Lines(lines, count))
    }
}
