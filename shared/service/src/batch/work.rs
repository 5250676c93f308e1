//! Working announced chunks: claim one, work it, then see whether its batch is done.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::pin::Pin;

use task_store::chunks::{self, ChunkKey, ChunkState, Claimed};
use task_store::{Database, StationId, StoreError, batches, deferrals};

use super::deadline::Deadline;
use super::finish::finish_if_done;
use super::job::BatchJob;
use super::settings::Settings;
use super::worker::{End, Worker};
use crate::failpoints::{Failpoint, reach};

/// Why a chunk's message must stay in the queue.
#[derive(Debug, thiserror::Error)]
pub enum Unworked {
    /// Another worker holds the chunk, or took it over: whether that one succeeds is not known yet.
    #[error("another worker holds the chunk")]
    Held,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a worker does between being woken up and its deadline.
#[derive(Debug)]
pub struct Shift<'a, J> {
    database: &'a Database,
    job: &'a J,
    settings: &'a Settings,
    deadline: Deadline,
    /// Stations with a chunk less in work because of this shift, each once.
    stations: RefCell<VecDeque<StationId>>,
}

/// What became of the turn of a chunk.
enum Turn {
    /// It is worked, put back, or was not open any more.
    Over,
    /// Its station has as many chunks in work as it may: it waits, without a message.
    Deferred,
}

/// Works a chunk that was announced, without a deadline; see [`Shift::work`].
pub async fn work<J: BatchJob>(
    database: &Database,
    job: &J,
    settings: &Settings,
    key: ChunkKey,
) -> Result<(), Unworked> {
    let shift = Shift::new(database, job, settings, Deadline::default());
    shift.work(key).await
}

impl<'a, J: BatchJob> Shift<'a, J> {
    /// A shift that begins now.
    pub fn new(
        database: &'a Database,
        job: &'a J,
        settings: &'a Settings,
        deadline: Deadline,
    ) -> Self {
        Self {
            database,
            job,
            settings,
            deadline,
            stations: RefCell::default(),
        }
    }

    /// Works a chunk that was announced. `Ok`: the message may go. Every item has its outcome, or the batch is closed, or
    /// the chunk waits in the database for its station's turn or the sweeper; that holds as well for a message that came
    /// twice or too late.
    pub async fn work(&self, key: ChunkKey) -> Result<(), Unworked> {
        self.boxed_turn(key).await.map(drop)
    }

    /// Works chunks that were deferred, of the stations whose chunks this shift worked: one of each in turn, until none
    /// waits or the time is up. Who finishes a chunk takes the next one, so that a station at its cap goes on at the
    /// cap's speed although its messages are gone.
    pub async fn work_deferred(&self) -> Result<(), StoreError> {
        loop {
            let next = self.stations.borrow_mut().pop_front();
            let Some(station) = next.filter(|_| !self.deadline.has_passed()) else {
                return Ok(());
            };
            let next = async |c: &mut _| deferrals::next(c, &station, J::KIND.name).await;
            let Some(key) = self.database.run(next).await? else {
                continue;
            };
            match self.boxed_turn(key).await {
                // Should somebody else have been quicker, there may be another.
                Ok(Turn::Over) | Err(Unworked::Held) => self.freed(&station),
                Ok(Turn::Deferred) => {}
                Err(Unworked::Store(fault)) => return Err(fault),
            }
        }
    }

    /// A turn on the heap: all that it awaits, inlined into what a function awaits, is deeper than the compiler looks.
    fn boxed_turn(&self, key: ChunkKey) -> Pin<Box<impl Future<Output = Result<Turn, Unworked>>>> {
        Box::pin(self.turn(key))
    }

    async fn turn(&self, key: ChunkKey) -> Result<Turn, Unworked> {
        reach(Failpoint::WorkReceived).await?;
        if self.settings.station_chunks > 0 && self.deferred(key).await? {
            return Ok(Turn::Deferred);
        }
        let claim = async |c: &mut _| chunks::claim(c, key, self.settings.lease).await;
        let Some(claim) = self.database.run(claim).await? else {
            self.ended_already(key).await?;
            return Ok(Turn::Over);
        };
        reach(Failpoint::WorkClaimed).await?;
        if claim.first_of_task {
            self.database
                .run(async |c| batches::start(c, key.task).await)
                .await?;
        }
        reach(Failpoint::WorkStarted).await?;
        self.freed(&claim.station);
        self.claimed(&claim).await?;
        Ok(Turn::Over)
    }

    /// Defers a chunk if its station has as many in work as it may. Two that look at once may both go on: the cap is kept
    /// on the whole, not to the last chunk.
    async fn deferred(&self, key: ChunkKey) -> Result<bool, StoreError> {
        let Some(station) = self.full_station(key).await? else {
            return Ok(false);
        };
        let resend = self.settings.resend;
        let defer = async |c: &mut _| deferrals::defer(c, key, &station, resend).await;
        if !self.database.run(defer).await? {
            return Ok(false);
        }
        // Whoever made room since the first look may have looked for deferred chunks before this one was.
        Ok(self.full_station(key).await?.is_some())
    }

    /// The station of a chunk, when it has as many in work as it may.
    async fn full_station(&self, key: ChunkKey) -> Result<Option<StationId>, StoreError> {
        let in_work = async |c: &mut _| deferrals::in_work(c, key.task).await;
        let found = self.database.run(in_work).await?;
        Ok(found
            .filter(|(_, count)| *count >= self.settings.station_chunks)
            .map(|(station, _)| station))
    }

    fn freed(&self, station: &StationId) {
        let mut stations = self.stations.borrow_mut();
        if self.settings.station_chunks > 0 && !stations.contains(station) {
            stations.push_back(station.clone());
        }
    }

    async fn claimed(&self, claim: &Claimed) -> Result<(), Unworked> {
        let worker = Worker {
            database: self.database,
            job: self.job,
            settings: self.settings,
            deadline: self.deadline,
            claim,
        };
        match worker.work().await {
            Ok(End::Done) => {}
            Ok(End::Lost) => return Err(Unworked::Held),
            Ok(End::OutOfTime) => {
                tracing::info!("out of time: the rest of the chunk is put back");
                let put_back = async |c: &mut _| chunks::put_back(c, claim).await;
                return Ok(self.database.run(put_back).await?);
            }
            Err(fault) => {
                // Best effort: without it the lease runs out by itself.
                let faultless = fault.is_retryable();
                let release = async |c: &mut _| chunks::release(c, claim, faultless).await;
                let released = self.database.run(release).await;
                tracing::debug!(released = released.is_ok(), "gave the chunk back");
                return Err(fault.into());
            }
        }
        reach(Failpoint::WorkCommitted).await?;
        finish_if_done(self.database, J::KIND, claim.key.task, claim.key.run).await?;
        reach(Failpoint::WorkFinished).await?;
        Ok(())
    }

    /// The chunk could not be claimed: its message may go unless somebody is at it.
    async fn ended_already(&self, key: ChunkKey) -> Result<(), Unworked> {
        let state = async |c: &mut _| chunks::state(c, key).await;
        match self.database.run(state).await? {
            Some(ChunkState::Open) => Err(Unworked::Held),
            Some(ChunkState::Done) => {
                finish_if_done(self.database, J::KIND, key.task, key.run).await?;
                Ok(())
            }
            Some(ChunkState::Cancelled) | None => Ok(()),
        }
    }
}
