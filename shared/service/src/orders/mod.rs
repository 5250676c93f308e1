//! The order domain: one order of a batch, from its verbatim JSON text to something that can be stored.
//! Pure code, no database and no network. The way of an order: [`key`] (duplicates, at submit) → [`parse()`]
//! (its shape) → [`RawOrder::address_id`] and friends (what to look up) → [`validate()`] (every rule at once).

mod cycle;
mod fault;
mod money;
mod parse;
mod reference;
mod scalar;
mod time_of_day;
mod validate;

pub use cycle::{Cycle, CycleKind, CycleKindError, OrderWindow, ReceiveWindow};
pub use fault::{Fault, FaultCode};
pub use money::{DecimalError, Money, Quantity};
pub use parse::{MAX_LINES, RawOrder, key, parse};
pub use reference::{Address, Reference, Sku};
pub use time_of_day::{TimeOfDay, TimeOfDayError};
pub use validate::{Checks, Line, Order, validate};
