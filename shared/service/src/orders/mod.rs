//! Orders: from one order's verbatim JSON text to something that can be stored (pure code, no database), and the
//! batch job that imports lists of them. The way of an order: [`key`] (duplicates, at submit) → [`parse()`]
//! (its shape) → [`RawOrder::address_id`] and friends (what to look up) → [`validate()`] (every rule at once).

mod amend;
mod csv;
mod cycle;
mod failed;
mod fault;
mod import;
mod money;
mod parse;
mod reference;
mod result;
mod scalar;
mod stored;
mod submit;
mod time_of_day;
mod validate;

pub use amend::{Mended, Mending, amend};
pub use csv::csv;
pub use cycle::{Cycle, CycleKind, CycleKindError, OrderWindow, ReceiveWindow};
pub use failed::Which;
pub use fault::{Fault, FaultCode};
pub use import::{ImportParams, ORDER_IMPORT, OrderImport, ReadyOrder, order_no};
pub use money::{DecimalError, Money, Quantity};
pub use parse::{MAX_LINES, RawOrder, key, parse};
pub use reference::{Address, Reference, Sku};
pub use result::{OrderReport, result};
pub use submit::{OrderList, submit};
pub use time_of_day::{TimeOfDay, TimeOfDayError};
pub use validate::{Checks, Line, Order, validate};
