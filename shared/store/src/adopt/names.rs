//! Names of the tables of an adoption.

/// The task table: the original's before the swap, this version's after it.
pub(crate) const TASKS: &str = "tbl_async_task";
/// This version's table until the swap.
pub(super) const SHADOW: &str = "tbl_async_task_adopting";
/// The original's table after the swap. Until then the name is free, or a guard's (see `swap`).
pub(super) const KEPT: &str = "tbl_async_task_original";
/// How far the adoption is, in one row.
pub(super) const PROGRESS: &str = "tbl_adoption";
/// The changes of the original's rows since the adoption began.
pub(super) const CHANGES: &str = "tbl_adoption_change";
/// Rows whose `user_task_id` a newer row has.
pub(super) const ADOPTED: &str = "tbl_adopted";
