//! Orders: from one order's verbatim JSON text to something that can be stored (pure code, no database), and the
//! batch job that imports lists of them. The way of an order: [`key`] (duplicates, at submit) → [`parse()`]
//! (its shape) → [`RawOrder::address_id`] and friends (ids to look up) → [`validate()`] (every rule at once).

mod amend;
mod cycle;
mod cycles;
mod earlier;
mod failed;
mod get;
mod import;
mod made;
mod params;
mod parse;
mod reference;
mod stored;
mod submit;
mod time_of_day;
mod validate;

pub use amend::{Mended, Mending, amend};
pub use cycle::{Cycle, CycleKind, CycleKindError, OrderWindow, ReceiveWindow};
pub use cycles::{CycleList, CycleView, MOST_CYCLES, cycles};
pub use failed::Which;
pub use get::{OrderName, OrderView, get};
pub use import::{ORDER_IMPORT, OrderImport, ReadyOrder};
pub use params::ImportParams;
pub use parse::{MAX_LINES, RawOrder, key, parse};
pub use reference::{Address, Reference, Sku};
pub(crate) use submit::check_open;
pub use submit::{OrderBatch, OrderList, submit};
pub use time_of_day::{TimeOfDay, TimeOfDayError};
pub use validate::{Checks, Line, Order, validate};
