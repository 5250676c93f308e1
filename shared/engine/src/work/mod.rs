//! Working announced chunks: claim one, work it, then see whether its batch is done. Giving up those that nobody can work.

mod attempt;
mod dead_letter;
mod findings;
mod invocation;
mod refused;

pub use dead_letter::handle_dead_letter;
pub use invocation::{Invocation, Unworked, work};
