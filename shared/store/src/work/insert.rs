//! Storing the units of new tasks, and of tasks that get a new life.

use std::collections::HashSet;

use crate::arguments::json;
use crate::connections::Connection;
use crate::error::Result;
use crate::ids::{StationId, TaskId};
use crate::invocation::{self, OpenedUnit};
use crate::task_queues::Mode;
use crate::tasks::{Dispatch, NewTask, Start};

use super::announce::{Announcer, LONGEST_DELAY};
use super::turns::{Lane, next_turns};

/// The unit of a task.
#[derive(Debug, Clone, Copy)]
pub struct NewUnit<'a> {
    /// The task.
    pub task: TaskId,
    /// Whose it is.
    pub station: &'a StationId,
    /// How it is dispatched.
    pub dispatch: &'a Dispatch<'a>,
}

impl<'a> NewUnit<'a> {
    /// Makes the unit of a new task; `None`: it is not dispatched.
    #[must_use]
    pub fn of(task: TaskId, new: &'a NewTask<'a>) -> Option<Self> {
        let dispatch = new.dispatch.as_ref()?;
        Some(Self {
            task,
            station: new.station_id,
            dispatch,
        })
    }
}

/// Stores units. Without any of them nothing is sent. Answers how many: fewer than there are means that the queue of the others is not declared.
pub async fn insert(
    connection: &mut Connection,
    units: &[NewUnit<'_>],
    announcer: Announcer,
) -> Result<u64> {
    if units.is_empty() {
        return Ok(0);
    }
    let lane = |unit: &NewUnit<'_>| -> Lane {
        let station = unit.station.as_str().to_owned();
        (unit.dispatch.queue.as_str().to_owned(), station)
    };
    let lanes: HashSet<_> = units.iter().map(lane).collect();
    let lanes: Vec<_> = lanes.into_iter().collect();
    let mut turns = next_turns(connection, &lanes).await?;
    let rows: Vec<_> = units
        .iter()
        .map(|unit| {
            let dispatch = unit.dispatch;
            let (delay, at) = match dispatch.start {
                Start::Now => (Some(0), None),
                Start::In(seconds) => (Some(seconds), None),
                Start::At(moment) => (None, Some(moment.seconds())),
            };
            let next = turns.entry(lane(unit)).or_default();
            next.turn += 1;
            let is_announced = match (announcer, next.mode) {
                (Announcer::Sweeper, _) => false,
                (Announcer::Caller, Mode::Push) => {
                    note_pushed(unit.task, lane(unit), dispatch.start)
                }
                (Announcer::Caller, Mode::Pull | Mode::Sqs) => true,
            };
            (
                unit.task.get(),
                unit.station.as_str(),
                dispatch.queue.as_str(),
                next.turn - 1,
                delay,
                at,
                dispatch.expire_at.map(crate::Moment::seconds),
                dispatch.max_attempts.unwrap_or(0),
                u8::from(is_announced),
            )
        })
        .collect();
    let stored = sqlx::query(INSERT)
        .bind(announcer.wait())
        .bind(LONGEST_DELAY)
        .bind(json(&rows)?);
    Ok(stored.execute(connection).await?.rows_affected())
}

/// Notes a run that is to be announced, if it starts soon enough for a message to be delayed until then; answers whether it is.
fn note_pushed(task: TaskId, lane: Lane, start: Start) -> bool {
    let delay = match start {
        Start::Now => 0,
        Start::In(seconds) => seconds,
        // By the clock of this process: a second more, so that the message does not come before its time.
        Start::At(moment) => {
            let ahead = moment.seconds() - jiff::Timestamp::now().as_second();
            u32::try_from(ahead + 1).unwrap_or(0)
        }
    };
    delay <= LONGEST_DELAY && invocation::note_opened(OpenedUnit::Run { task, lane, delay })
}

const INSERT: &str = "
    INSERT INTO tbl_work
      (kind, queue, station_id, task_id, state, turn, due_at, ready_at, max_attempts, expire_at, announcements)
    SELECT 2, q.name, u.station_id, u.task_id, IF(u.start_at > NOW(3), 1, 0), u.turn,
      IF(u.start_at > NOW(3), u.start_at,
         LEAST(IF(q.mode IN ('sqs', 'push'), NOW(3) + INTERVAL ? SECOND, TIMESTAMP('9999-12-31')), COALESCE(u.expire_at, TIMESTAMP('9999-12-31')))),
      IF(u.start_at > NOW(3), NULL, NOW(3)), u.max_attempts, u.expire_at,
      IF(q.mode IN ('sqs', 'push') AND u.start_at <= NOW(3) + INTERVAL ? SECOND, u.is_announced, 0)
    FROM (SELECT k.task_id, k.station_id, k.queue, k.turn, k.max_attempts, k.is_announced,
            COALESCE(NOW(3) + INTERVAL k.delay SECOND, TIMESTAMP('1970-01-01') + INTERVAL k.start_at SECOND) AS start_at,
            TIMESTAMP('1970-01-01') + INTERVAL k.expire_at SECOND AS expire_at
          FROM JSON_TABLE(?, '$[*]' COLUMNS (task_id BIGINT PATH '$[0]', station_id VARCHAR(16) PATH '$[1]',
            queue VARCHAR(32) PATH '$[2]', turn BIGINT UNSIGNED PATH '$[3]', delay INT PATH '$[4]',
            start_at BIGINT PATH '$[5]', expire_at BIGINT PATH '$[6]', max_attempts INT PATH '$[7]',
            is_announced TINYINT PATH '$[8]')) k) u
    STRAIGHT_JOIN tbl_task_queue q ON q.name = u.queue";
