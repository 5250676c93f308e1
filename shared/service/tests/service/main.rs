//! The use-cases against a real database, with a queue that only remembers announcements.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on should fail at once"
)]

mod attempts;
mod batches;
mod callbacks;
mod closing;
mod corrections;
mod deadlines;
mod dispatched;
mod duplicates;
mod fairness;
mod faults;
mod grants;
mod life;
mod made_before;
mod mending;
mod operating;
mod prices;
mod pushed;
mod reference;
mod refused_values;
mod resubmitting;
mod retention;
mod retries;
mod sizes;
mod support;
mod sweeps;
mod tasks;
