//! `tbl_work`: the open units of work. A unit that has ended leaves the table.
//!
//! A plain task that names a queue has one unit, of kind 2, from the moment it is added until it ends. The order of locks is
//! the task's row, then its unit; a claim locks both with `SKIP LOCKED`, so that it waits for nobody.

mod announce;
mod claim;
mod due;
mod insert;
mod pushed;
mod room;
mod runs;
mod start;
mod turns;

pub use announce::{
    Announcer, RunAnnouncement, TurnPlace, announcements, announcing, follow_mode,
    leave_unannounced, take_unannounced,
};
pub use claim::{
    Candidate, Claim, Holder, Look, UnitState, held_by, lease, look, of_task, ready,
    ready_of_station,
};
pub use claim::{in_work, in_work_by_station, waiting_stations};
pub use due::{Lost, expired, lost, promote, promote_due};
pub use insert::{NewUnit, insert};
pub use pushed::{give_back, pushable, pushed_queue};
pub use room::{
    CappedLane, capped_lanes, let_overdue_wait, let_wait, take_delayed, take_waiting,
    take_waiting_of_station,
};
pub use runs::{
    KEPT_RUNS, Run, Wait, lease_until, put_off, record, record_all, remove, remove_all, renew, runs,
};
pub use start::start;
