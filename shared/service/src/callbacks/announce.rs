//! Announcing deliveries again, for as long as they are open.

use task_engine::Deadline;
use task_store::Database;
use task_store::callbacks::{self, Due};

use crate::error::Result;
use crate::push::{Announcement, PushQueue};

/// Deliveries that the sweeper takes in one turn.
const PAGE: u32 = 500;

/// How many deliveries were announced again.
pub type Swept = usize;

/// Announces deliveries whose time has come, or whose message was lost, until none is left or the deadline has passed.
///
/// # Errors
/// The database's.
pub async fn announce_due(
    database: &Database,
    queue: Option<&PushQueue>,
    deadline: Deadline,
) -> Result<Swept> {
    let mut announced = 0;
    let Some(queue) = queue else {
        return Ok(announced);
    };
    while !deadline.has_passed() {
        let take = async |c: &mut _| callbacks::due(c, PAGE).await;
        let due = database.transaction(take).await?;
        let of = |due: &Due| Announcement::delivery(due.task, due.no, &due.callback);
        let announcements: Vec<_> = due.iter().map(of).collect();
        let unsent = queue.send(&announcements).await;
        announced += due.len() - unsent.len();
        if !unsent.is_empty() {
            let left: Vec<_> = unsent.into_iter().map(|at| &due[at]).collect();
            let leave = async |c: &mut _| callbacks::leave_unannounced(c, &left).await;
            database.run(leave).await?;
            break;
        }
        if due.len() < PAGE as usize {
            break;
        }
    }
    if announced > 0 {
        tracing::info!(announced, "announced callbacks");
    }
    Ok(announced)
}
