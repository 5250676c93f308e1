//! Working announced chunks: claim, work, then see whether the batch is done. Giving up chunks that nobody can work.

mod attempt;
mod dead_letter;
mod findings;
mod invocation;
mod refused;

pub use dead_letter::handle_dead_letter;
pub use invocation::{Invocation, Unworked, work};
