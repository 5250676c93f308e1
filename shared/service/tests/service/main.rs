//! The use-cases against a real database, with a queue that only remembers what it was asked to send.

mod batches;
mod support;
