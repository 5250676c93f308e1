//! The values of an item that all kinds of jobs read alike: decimals, ids, texts, and the codes and sentences of errors
//! wrong with them.

mod code;
mod decimal;
mod money;
mod object;
mod place;
mod quote;
mod scalar;
mod text;

pub use code::ItemErrorCode;
pub(crate) use decimal::{price, quantity};
pub use money::{DecimalError, Money, Quantity};
pub(crate) use object::{object, readable};
pub(crate) use place::Place;
pub(crate) use quote::quoted;
pub(crate) use scalar::{Scalar, trimmed};
pub use text::MAX_ID_CHARS;
pub(crate) use text::{too_long, usable_id};
