//! Orders: from one order's verbatim JSON text to something that can be stored (pure code, no database), and the
//! batch job that imports lists of them. The way of an order: [`key`] (duplicates, at submit) → [`parse()`]
//! (its shape) → [`RawOrder::address_id`] and friends (what to look up) → [`validate()`] (every rule at once).

mod amend;
mod cycle;
mod failed;
mod fault;
mod faults;
mod import;
mod made;
mod money;
mod params;
mod parse;
mod quote;
mod reference;
mod scalar;
mod stored;
mod submit;
mod time_of_day;
mod validate;

pub use amend::{Mended, Mending, amend};
pub use cycle::{Cycle, CycleKind, CycleKindError, OrderWindow, ReceiveWindow};
pub use failed::Which;
pub use fault::{Fault, FaultCode};
pub use faults::Faults;
pub use import::{ORDER_IMPORT, OrderImport, ReadyOrder, order_no};
pub use money::{DecimalError, Money, Quantity};
pub use params::ImportParams;
pub(crate) use parse::MAX_ID_CHARS;
pub use parse::{MAX_LINES, RawOrder, key, parse};
pub(crate) use parse::{object, readable, too_long, usable_id};
pub(crate) use quote::quoted;
pub use reference::{Address, Reference, Sku};
pub(crate) use scalar::{Scalar, trimmed};
pub use submit::{OrderBatch, OrderList, submit};
pub use time_of_day::{TimeOfDay, TimeOfDayError};
pub use validate::{Checks, Line, Order, validate};
pub(crate) use validate::{Place, price};
