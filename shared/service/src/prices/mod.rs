//! Prices: the batch job that changes the sale prices of a station's skus. The second job of the engine, and the example
//! of `docs/ADDING-A-JOB.md`.

mod change;
mod job;
mod submit;

pub use change::{Change, RawChange, check, key, parse};
pub use job::{PRICE_CHANGE, PriceChange};
pub use submit::{PriceBatch, PriceList, submit};
