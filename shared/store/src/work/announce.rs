//! Announcing runs of tasks whose queue is in mode `sqs`, to the queue's own consumers, or in mode `push`, to the function that
//! calls targets.
//!
//! MySQL is the truth: a unit stays open until its task has ended, and is announced again for as long as it is. `due_at` of a
//! ready unit is when that happens next.

use sqlx::Row as _;
use sqlx::mysql::MySqlRow;

use crate::arguments::json;
use crate::connections::Connection;
use crate::error::{Result, StoreError};
use crate::ids::{StationId, TaskId};
use crate::row::text;
use crate::task_queues::{Policy, policy, policy_columns};

/// Seconds until a unit that was announced once is announced again.
pub(super) const RESEND: u32 = 30;
/// How often an announcement doubles that wait, at most: 16-fold, 8 minutes.
const DOUBLED: u32 = 4;
/// The most seconds that a message may be delayed, the service's limit.
pub(super) const LONGEST_DELAY: u32 = 900;

/// Announces the next run of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunAnnouncement {
    /// The task.
    pub task: TaskId,
    /// Its station, by which a queue groups messages.
    pub station: StationId,
    /// Its queue.
    pub queue: String,
    /// The number that the run will have.
    pub run_count: i32,
    /// In how many seconds it may start.
    pub delay: u32,
}

/// Who announces a unit that becomes due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Announcer {
    /// The caller, after its commit: the sweeper repairs lost messages.
    Caller,
    /// The sweeper, as soon as it comes round.
    Sweeper,
}

impl Announcer {
    /// Returns how often a unit counts as announced.
    pub(super) const fn announcements(self) -> u32 {
        match self {
            Self::Caller => 1,
            Self::Sweeper => 0,
        }
    }

    /// Returns the seconds until the sweeper announces a unit that is ready.
    pub(super) const fn wait(self) -> u32 {
        match self {
            Self::Caller => RESEND,
            Self::Sweeper => 0,
        }
    }
}

/// The columns of a [`RunAnnouncement`], and the unit's key.
macro_rules! announcement_columns {
    () => {
        "w.id, w.task_id, w.station_id, w.queue, t.run_count + 1 AS run_count,
           CAST(IF(w.state = 1, GREATEST(CEIL(TIMESTAMPDIFF(MICROSECOND, NOW(3), w.due_at) / 1000000), 0), 0) AS UNSIGNED) AS delay"
    };
}
pub(super) use announcement_columns;

/// Reads the announcements of tasks whose caller announces them. A paused queue announces nothing.
pub async fn announcements(
    connection: &mut Connection,
    tasks: &[TaskId],
) -> Result<Vec<RunAnnouncement>> {
    const OF_TASKS: &str = concat!(
        "SELECT ",
        announcement_columns!(),
        "
         FROM JSON_TABLE(?, '$[*]' COLUMNS (id BIGINT PATH '$')) k
         STRAIGHT_JOIN tbl_work w FORCE INDEX (unit) ON w.task_id = k.id AND w.kind = 2 AND w.run = 0 AND w.part = 0
         STRAIGHT_JOIN tbl_task_queue q ON q.name = w.queue AND q.mode = 'sqs' AND q.paused = 0
         STRAIGHT_JOIN tbl_async_task t ON t.id = w.task_id
         WHERE w.state IN (0, 1) -- ready, delayed
           AND w.announcements > 0"
    );
    let rows = sqlx::query(OF_TASKS).bind(json(tasks)?);
    let rows = rows.fetch_all(connection).await?;
    rows.iter().map(announcement).collect()
}

/// Reads the policies of the queues whose tasks are announced, of paused ones as well.
pub async fn announcing(connection: &mut Connection) -> Result<Vec<Policy>> {
    const ANNOUNCING: &str = concat!(
        "SELECT ",
        policy_columns!(),
        " FROM tbl_task_queue WHERE mode IN ('sqs', 'push')"
    );
    let rows = sqlx::query(ANNOUNCING).fetch_all(connection).await?;
    rows.iter().map(policy).collect()
}

macro_rules! unannounced {
    ($condition:literal) => {
        concat!(
            "SELECT ",
            announcement_columns!(),
            "
             FROM tbl_work w FORCE INDEX (due)
             STRAIGHT_JOIN tbl_async_task t ON t.id = w.task_id
             WHERE ",
            $condition,
            "
               AND w.queue = ? AND w.kind = 2 -- run of a task
               AND (w.expire_at IS NULL OR w.expire_at > NOW(3))
             ORDER BY w.due_at LIMIT ? FOR UPDATE SKIP LOCKED"
        )
    };
}

/// Ready units whose message was lost or never sent.
const UNANNOUNCED: &str = unannounced!("w.state = 0 AND w.due_at <= NOW(3)");
/// Delayed units whose time is near: further ahead than from one sweep to the next.
pub(super) const UNANNOUNCED_DELAYED: &str = unannounced!(
    "w.state = 1 AND w.due_at <= NOW(3) + INTERVAL 120 SECOND AND w.announcements = 0"
);
/// Units that became ready while the queue had another mode, was paused, or had a cap.
const UNANNOUNCED_READY: &str = unannounced!("w.state = 0 AND w.due_at = '9999-12-31'");

/// Takes up to `limit` units of a queue without a cap that must be announced, and puts off their next announcement: by half a
/// minute, doubled with every announcement up to 8 minutes.
///
/// Runs in a transaction; two sweepers at once take different units.
pub async fn take_unannounced(
    connection: &mut Connection,
    queue: &str,
    limit: u32,
) -> Result<Vec<RunAnnouncement>> {
    let mut taken = Vec::new();
    for sql in [UNANNOUNCED, UNANNOUNCED_DELAYED, UNANNOUNCED_READY] {
        let rest = limit.saturating_sub(u32::try_from(taken.len()).unwrap_or(u32::MAX));
        if rest > 0 {
            let rows = sqlx::query(sql).bind(queue).bind(rest);
            taken.extend(rows.fetch_all(&mut *connection).await?);
        }
    }
    postpone(connection, &taken, DOUBLED).await
}

/// Puts off the next announcement of units that are taken to be announced: by half a minute, doubled `doubled` times at most.
pub(super) async fn postpone(
    connection: &mut Connection,
    taken: &[MySqlRow],
    doubled: u32,
) -> Result<Vec<RunAnnouncement>> {
    if taken.is_empty() {
        return Ok(Vec::new());
    }
    let id = |row: &MySqlRow| row.try_get("id");
    let ids = taken.iter().map(id).collect::<sqlx::Result<Vec<i64>>>()?;
    sqlx::query(POSTPONE)
        .bind(json(&ids)?)
        .bind(RESEND)
        .bind(doubled)
        .execute(connection)
        .await?;
    taken.iter().map(announcement).collect()
}

/// A delayed unit keeps its time.
const POSTPONE: &str = "
    UPDATE JSON_TABLE(?, '$[*]' COLUMNS (id BIGINT PATH '$')) k
    STRAIGHT_JOIN tbl_work w ON w.id = k.id
    SET w.due_at        = IF(w.state = 1, w.due_at,
                             LEAST(NOW(3) + INTERVAL (? << LEAST(w.announcements, ?)) SECOND, COALESCE(w.expire_at, TIMESTAMP('9999-12-31')))),
        w.announcements = w.announcements + 1";

/// Leaves units to the sweeper that could not be announced.
pub async fn leave_unannounced(connection: &mut Connection, tasks: &[TaskId]) -> Result<()> {
    const LEAVE: &str = "
        UPDATE JSON_TABLE(?, '$[*]' COLUMNS (id BIGINT PATH '$')) k
        STRAIGHT_JOIN tbl_work w FORCE INDEX (unit) ON w.task_id = k.id AND w.kind = 2 AND w.run = 0 AND w.part = 0
        SET w.due_at        = IF(w.state = 1, w.due_at, NOW(3)),
            w.announcements = 0
        WHERE w.state IN (0, 1) -- ready, delayed";
    let left = sqlx::query(LEAVE).bind(json(tasks)?);
    left.execute(connection).await?;
    Ok(())
}

/// A place among the ready units of a queue, in the order of their turns.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TurnPlace {
    turn: u64,
    id: i64,
}

/// Makes the sweeper look at the ready units of a queue as its mode wants it, up to `limit` behind a place: soon where they are
/// announced, else when they expire. Answers the place to go on from; `None`: there are no more.
///
/// Runs in a transaction. Units that a worker takes at this moment are left out.
pub async fn follow_mode(
    connection: &mut Connection,
    queue: &Policy,
    after: TurnPlace,
    limit: u32,
) -> Result<Option<TurnPlace>> {
    const READY: &str = "
        SELECT id, turn FROM tbl_work FORCE INDEX (turn)
        WHERE queue = ? AND state = 0 AND turn >= ? AND (turn > ? OR id > ?) AND kind = 2 -- ready runs of tasks
        ORDER BY turn, id LIMIT ? FOR UPDATE SKIP LOCKED";
    let rows = sqlx::query(READY).bind(&queue.name).bind(after.turn);
    let rows = rows.bind(after.turn).bind(after.id).bind(limit);
    let rows = rows.fetch_all(&mut *connection).await?;
    let place = |row: &MySqlRow| {
        let (turn, id) = (row.try_get("turn")?, row.try_get("id")?);
        Ok(TurnPlace { turn, id })
    };
    let places = rows.iter().map(place).collect::<Result<Vec<_>>>()?;
    let Some(last) = places.last() else {
        return Ok(None);
    };
    let ids: Vec<_> = places.iter().map(|place| place.id).collect();
    let follow = if queue.mode.is_announced() {
        sqlx::query(ANNOUNCE)
            .bind(json(&ids)?)
            .bind(RESEND << DOUBLED)
    } else {
        sqlx::query(LEAVE_ALONE).bind(json(&ids)?)
    };
    follow.execute(connection).await?;
    Ok(Some(*last))
}

/// Units that are announced already are due sooner.
const ANNOUNCE: &str = "
    UPDATE JSON_TABLE(?, '$[*]' COLUMNS (id BIGINT PATH '$')) k
    STRAIGHT_JOIN tbl_work w ON w.id = k.id
    SET w.due_at        = NOW(3),
        w.announcements = 0
    WHERE w.due_at > NOW(3) + INTERVAL ? SECOND";

const LEAVE_ALONE: &str = "
    UPDATE JSON_TABLE(?, '$[*]' COLUMNS (id BIGINT PATH '$')) k
    STRAIGHT_JOIN tbl_work w ON w.id = k.id
    SET w.due_at        = COALESCE(w.expire_at, TIMESTAMP('9999-12-31')),
        w.announcements = 0";

fn announcement(row: &MySqlRow) -> Result<RunAnnouncement> {
    let delay: u64 = row.try_get("delay")?;
    let run_count: i64 = row.try_get("run_count")?;
    Ok(RunAnnouncement {
        task: TaskId::from_row(row.try_get("task_id")?),
        station: StationId::from_row(text(row, "station_id")?),
        queue: text(row, "queue")?,
        run_count: i32::try_from(run_count).map_err(|_| StoreError::Unreadable("a run"))?,
        delay: u32::try_from(delay).map_or(LONGEST_DELAY, |delay| delay.min(LONGEST_DELAY)),
    })
}
