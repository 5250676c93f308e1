//! What needs somebody now: of a station, or of all of them for operators.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use serde::Serialize;
use task_engine::JobKinds;
use task_store::overview::{self, Ended, MOST_COUNTED, OpenUnit, OpenWork, Trouble};
use task_store::{Connection, Database, Moment, StationId, dead_letters};

use super::dead_letters::DeadLetterView;
use crate::error::Result;
use crate::tasks::queues::midnight;

/// The most entries of each list.
const LISTED: usize = 20;
/// How many dead letters are looked at for those that nobody has settled.
const LETTERS_LOOKED_AT: u32 = 200;
/// After how many seconds a ready unit counts as taken by nobody; its alarm rings then, too.
const NOT_TAKEN: u64 = 900;

/// What needs somebody now, and today's numbers.
#[derive(Debug, Serialize)]
pub struct Overview {
    station_id: Option<String>,
    open_tasks: Count,
    work: WorkView,
    oldest_waiting: Option<UnitView>,
    stuck: Vec<UnitView>,
    failing: Vec<UnitView>,
    dead_letters: Vec<DeadLetterView>,
    today: Today,
}

#[derive(Debug, Serialize)]
struct Count {
    count: u32,
    capped: bool,
}

#[derive(Debug, Serialize)]
struct WorkView {
    ready: u32,
    delayed: u32,
    waiting: u32,
    running: u32,
    capped: bool,
}

/// An open unit of work, and why it is shown.
#[derive(Debug, Serialize)]
struct UnitView {
    kind: &'static str,
    reason: &'static str,
    since: Option<String>,
    seconds: u64,
    queue: String,
    station_id: String,
    task_id: String,
    user_task_id: String,
    task_name: String,
    attempt: u32,
    max_attempts: Option<u32>,
    worker: Option<String>,
    last_error: Option<String>,
    chunk_no: Option<u32>,
    first_index: Option<u32>,
    item_count: Option<u32>,
}

impl UnitView {
    fn new(unit: OpenUnit, reason: &'static str, zone: &TimeZone) -> Self {
        Self {
            kind: if unit.is_chunk { "chunk" } else { "run" },
            reason,
            since: unit.since.map(|since| since.in_zone(zone)),
            seconds: unit.seconds,
            queue: unit.queue,
            station_id: unit.station_id,
            task_id: unit.task_id.to_string(),
            user_task_id: unit.user_task_id.unwrap_or_default(),
            task_name: unit.task_name,
            attempt: unit.attempt,
            max_attempts: unit.max_attempts,
            worker: unit.worker,
            last_error: unit.last_error,
            chunk_no: unit.chunk.map(|(no, ..)| no),
            first_index: unit.chunk.map(|(_, first, _)| first),
            item_count: unit.chunk.map(|(.., count)| count),
        }
    }
}

/// Today's ended tasks.
#[derive(Debug, Serialize)]
struct Today {
    from: String,
    capped: bool,
    hours: Vec<Hour>,
}

/// The tasks that ended in an hour of the day.
#[derive(Debug, Default, Serialize)]
struct Hour {
    hour: String,
    success: u32,
    partial: u32,
    failed: u32,
    cancelled: u32,
}

/// Returns the overview of a station, or of all, times in a zone.
pub async fn overview(
    database: &Database,
    kinds: JobKinds,
    station: Option<&StationId>,
    zone: &TimeZone,
) -> Result<Overview> {
    let midnight = midnight(zone);
    let read = async |c: &mut _| read(c, kinds, station, (midnight, zone)).await;
    let facts = database.read(read).await?;
    let view = |unit, reason| UnitView::new(unit, reason, zone);
    let waited = |unit: &&OpenUnit| unit.seconds >= NOT_TAKEN;
    let not_taken = facts.waiting.iter().filter(waited).cloned();
    let mut stuck: Vec<_> = not_taken.map(|unit| view(unit, "NOT_TAKEN")).collect();
    let mut failing = Vec::new();
    for (trouble, unit) in facts.trouble {
        match trouble {
            Trouble::LeaseOver => stuck.push(view(unit, "LEASE_OVER")),
            Trouble::Stalled => stuck.push(view(unit, "STALLED")),
            Trouble::FailedRun => failing.push(view(unit, "FAILED_RUN")),
        }
    }
    for list in [&mut stuck, &mut failing] {
        list.sort_by_key(|unit| std::cmp::Reverse(unit.seconds));
        list.truncate(LISTED);
    }
    let oldest = facts.waiting.into_iter().next();
    Ok(Overview {
        station_id: station.map(StationId::to_string),
        open_tasks: Count {
            count: facts.open_tasks.min(MOST_COUNTED),
            capped: facts.open_tasks > MOST_COUNTED,
        },
        work: work(facts.work),
        oldest_waiting: oldest.map(|unit| view(unit, "WAITING")),
        stuck,
        failing,
        dead_letters: facts.letters,
        today: Today {
            from: midnight.in_zone(zone),
            capped: facts.is_capped,
            hours: hours(&facts.ended, midnight, zone),
        },
    })
}

/// Everything that is read for an overview.
struct Facts {
    open_tasks: u32,
    work: OpenWork,
    waiting: Vec<OpenUnit>,
    trouble: Vec<(Trouble, OpenUnit)>,
    letters: Vec<DeadLetterView>,
    ended: Vec<Ended>,
    is_capped: bool,
}

async fn read(
    connection: &mut Connection,
    kinds: JobKinds,
    station: Option<&StationId>,
    (midnight, zone): (Moment, &TimeZone),
) -> Result<Facts> {
    let jobs: Vec<_> = kinds.0.iter().map(|kind| kind.name).collect();
    let open_tasks = overview::open_tasks(connection, station).await?;
    let work = overview::open_work(connection, station).await?;
    let waiting = overview::oldest_of_queues(connection, station, &jobs).await?;
    let trouble = overview::trouble(connection, station).await?;
    let letters = dead_letters::list(connection, station, None, LETTERS_LOOKED_AT).await?;
    let (ended, is_capped) = overview::today(connection, station, midnight).await?;
    let unsettled = letters.into_iter().filter(|letter| !letter.is_settled);
    let view = |letter| DeadLetterView::new(letter, zone);
    Ok(Facts {
        open_tasks,
        work,
        waiting,
        trouble,
        letters: unsettled.take(LISTED).map(view).collect(),
        ended,
        is_capped,
    })
}

fn work(work: OpenWork) -> WorkView {
    WorkView {
        ready: work.ready,
        delayed: work.delayed,
        waiting: work.waiting,
        running: work.running,
        capped: work.is_capped,
    }
}

/// Returns the hours of the day in which tasks ended.
fn hours(ended: &[Ended], midnight: Moment, zone: &TimeZone) -> Vec<Hour> {
    let mut hours = BTreeMap::<u32, Hour>::new();
    for ended in ended {
        let hour = hours.entry(ended.hour).or_default();
        let count = match ended.outcome.as_str() {
            "partial" => &mut hour.partial,
            "failed" => &mut hour.failed,
            "cancelled" => &mut hour.cancelled,
            _ => &mut hour.success,
        };
        *count += ended.tasks;
    }
    let begin = |hour: u32| Moment::from_seconds(midnight.seconds() + i64::from(hour) * 3_600);
    let named = |(at, hour)| Hour {
        hour: begin(at).unwrap_or(midnight).in_zone(zone),
        ..hour
    };
    hours.into_iter().map(named).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ended_tasks_are_counted_by_hour_in_the_zone() {
        let ended = |hour, outcome: &str, tasks| Ended {
            hour,
            outcome: outcome.to_owned(),
            tasks,
        };
        let midnight = Moment::from_seconds(1_700_000_000).unwrap();
        let all = [
            ended(0, "success", 3),
            ended(0, "failed", 1),
            ended(7, "partial", 2),
        ];
        let hours = hours(&all, midnight, &TimeZone::UTC);
        let shown: Vec<_> = hours
            .iter()
            .map(|h| (h.hour.as_str(), h.success, h.partial, h.failed))
            .collect();
        assert_eq!(
            shown,
            [
                ("2023-11-14 22:13:20", 3, 0, 1),
                ("2023-11-15 05:13:20", 0, 2, 0)
            ]
        );
    }
}
