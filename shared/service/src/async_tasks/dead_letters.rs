//! Work that was given up: where, and why.

use jiff::tz::TimeZone;
use serde::Serialize;
use task_engine::{PageRequest, Pagination};
use task_store::dead_letters::{self, DeadLetter};
use task_store::{Database, StationId};

use crate::error::Result;

/// A dead letter as it is answered.
#[derive(Debug, Serialize)]
pub struct DeadLetterView {
    id: String,
    kind: &'static str,
    station_id: String,
    queue: String,
    task_id: String,
    user_task_id: String,
    task_name: String,
    run: u32,
    chunk_no: Option<u32>,
    first_index: Option<u32>,
    item_count: Option<u32>,
    attempts: u32,
    worker: Option<String>,
    cause: String,
    create_time: Option<String>,
    failed_items: Option<u32>,
    settled: bool,
}

impl DeadLetterView {
    /// Makes a dead letter, its time in a zone.
    pub(super) fn new(letter: DeadLetter, zone: &TimeZone) -> Self {
        let of_chunk = |at: usize| letter.chunk.map(|numbers| numbers[at]);
        Self {
            id: letter.id.to_string(),
            kind: if letter.is_chunk { "chunk" } else { "run" },
            chunk_no: of_chunk(0),
            first_index: of_chunk(1),
            item_count: of_chunk(2),
            failed_items: of_chunk(3),
            station_id: letter.station_id,
            queue: letter.queue,
            task_id: letter.task_id.to_string(),
            user_task_id: letter.user_task_id.unwrap_or_default(),
            task_name: letter.task_name,
            run: letter.run,
            attempts: letter.attempts,
            worker: letter.worker,
            cause: letter.cause,
            create_time: letter.created_at.map(|created| created.in_zone(zone)),
            settled: letter.is_settled,
        }
    }
}

/// A page of dead letters.
#[derive(Debug, Serialize)]
pub struct DeadLetters {
    /// The newest first.
    pub dead_letters: Vec<DeadLetterView>,
    /// Where the page lies; answered beside it.
    #[serde(skip)]
    pub pagination: Pagination,
}

/// Returns a page of the dead letters of a station, or of all, times in a zone.
pub async fn list(
    database: &Database,
    station: Option<&StationId>,
    page: PageRequest,
    zone: &TimeZone,
) -> Result<DeadLetters> {
    let read = async |c: &mut _| dead_letters::list(c, station, page.after, page.limit).await;
    let letters = database.read(read).await?;
    let oldest = letters.last().map(|letter| letter.id);
    let pagination = Pagination::by_keys(page, letters.len(), oldest);
    let views = letters
        .into_iter()
        .map(|letter| DeadLetterView::new(letter, zone));
    Ok(DeadLetters {
        dead_letters: views.collect(),
        pagination,
    })
}
