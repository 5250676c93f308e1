//! The runs of a batch before the current one: their times and counts.

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use task_store::batches::Batch;
use task_store::{Moment, Result, StoreError};

use super::counts::Counts;

/// Earlier runs that are kept.
const KEPT: usize = 20;

/// An earlier run, as it is kept. Times are seconds since 1970.
#[derive(Debug, Serialize, Deserialize)]
struct Ended {
    run: u32,
    accepted_at: i64,
    finished_at: Option<i64>,
    counts: Counts,
}

/// An earlier run, as it is answered.
#[derive(Debug, Serialize)]
pub struct EarlierRun {
    run: u32,
    accept_time: Option<String>,
    end_time: Option<String>,
    counts: Counts,
}

/// Adds an ended run to the JSON text of earlier runs.
pub(crate) fn ended(batch: &Batch, counts: Counts) -> Result<String> {
    let mut runs = kept(batch)?;
    runs.insert(
        0,
        Ended {
            run: batch.run,
            accepted_at: batch.accepted_at.seconds(),
            finished_at: batch.finished_at.map(Moment::seconds),
            counts,
        },
    );
    runs.truncate(KEPT);
    serde_json::to_string(&runs).map_err(|_| StoreError::Unreadable("earlier runs"))
}

/// Reads the runs before the current one, newest first, their times in a zone.
pub fn earlier_runs(batch: &Batch, zone: &TimeZone) -> Result<Vec<EarlierRun>> {
    let printed = |seconds| Moment::from_seconds(seconds).map(|moment| moment.in_zone(zone));
    let answered = |ended: Ended| EarlierRun {
        run: ended.run,
        accept_time: printed(ended.accepted_at),
        end_time: ended.finished_at.and_then(printed),
        counts: ended.counts,
    };
    Ok(kept(batch)?.into_iter().map(answered).collect())
}

fn kept(batch: &Batch) -> Result<Vec<Ended>> {
    match &batch.earlier_runs {
        None => Ok(Vec::new()),
        Some(text) => {
            serde_json::from_str(text).map_err(|_| StoreError::Unreadable("earlier runs"))
        }
    }
}
