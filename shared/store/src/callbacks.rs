//! `tbl_callback` and `tbl_callback_delivery`: the callbacks, and the deliveries to each.
//!
//! A delivery is written by the transaction that ends the task, with a unit of work of kind 3 that lives until it was delivered or
//! given up. The order of locks is task, unit, delivery, callback.

mod declared;
mod ended;
mod listed;
mod tried;

pub use declared::{Callback, CallbackChange, CallbackName, disable, find, list, set};
pub use ended::{Event, record_ends};
pub use listed::{
    Delivery, DeliveryFilter, DeliveryState, Resendable, ToResend, deliveries, reopen, resendable,
};
pub use tried::{Due, Settled, Try, begin, due, leave_unannounced, next_due, settle};

/// Returns the `queue` of a callback's units, and the target of its calls. No queue and no job has such a name.
fn target(callback: &str) -> String {
    format!("@{callback}")
}

/// The present moment as `turn` of a callback's unit has it.
macro_rules! now_ms {
    () => {
        "CAST(TIMESTAMPDIFF(MICROSECOND, '1970-01-01', NOW(3)) DIV 1000 AS UNSIGNED)"
    };
}
use now_ms;
