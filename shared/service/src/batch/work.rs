//! Working announced chunks: claim one, work it, then see whether its batch is done.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::pin::Pin;

use task_store::chunks::{self, ChunkKey, ChunkState, ClaimTerms, Claimed};
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
    /// The request id of the invocation, which is noted with the chunks that it claims.
    request: Option<&'a str>,
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

/// What became of claiming a chunk.
enum Claim {
    /// It is this worker's.
    Held(Box<Claimed>),
    /// It is not: so ends its turn.
    Ended(Turn),
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
            request: None,
            stations: RefCell::default(),
        }
    }

    /// The shift of the invocation with this request id, by which an operator finds its log.
    #[must_use]
    pub fn of_request(mut self, request: &'a str) -> Self {
        self.request = Some(request);
        self
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
        let claim = match self.claim_or_defer(key).await? {
            Claim::Held(claim) => claim,
            Claim::Ended(turn) => return Ok(turn),
        };
        reach(Failpoint::WorkClaimed).await?;
        if claim.first_of_task {
            self.database
                .run(async |c| batches::start(c, key.task, key.run).await)
                .await?;
        }
        reach(Failpoint::WorkStarted).await?;
        self.freed(&claim.station);
        self.claimed(&claim).await?;
        Ok(Turn::Over)
    }

    async fn claim(&self, key: ChunkKey) -> Result<Option<Claimed>, StoreError> {
        let terms = ClaimTerms {
            lease: self.settings.lease,
            cap: self.settings.station_chunks,
            worker: self.request,
        };
        self.database
            .run(async |c| chunks::claim(c, key, &terms).await)
            .await
    }

    /// Claims a chunk or, if only its station's cap keeps it from being worked, defers it.
    async fn claim_or_defer(&self, key: ChunkKey) -> Result<Claim, Unworked> {
        if let Some(claim) = self.claim(key).await? {
            return Ok(Claim::Held(Box::new(claim)));
        }
        let lease = self.settings.lease;
        let standing = async |c: &mut _| chunks::standing(c, key, lease).await;
        let Some(standing) = self.database.run(standing).await? else {
            return Ok(Claim::Ended(Turn::Over));
        };
        if standing.is_finishable {
            finish_if_done(self.database, J::KIND, key.task, key.run).await?;
        }
        if standing.state != ChunkState::Open {
            return Ok(Claim::Ended(Turn::Over));
        }
        let defer = async |c: &mut _| deferrals::defer(c, key, lease).await;
        let is_capped = self.settings.station_chunks > 0 && !standing.is_held;
        if !is_capped || !self.database.run(defer).await? {
            return Err(Unworked::Held);
        }
        // Whoever made room since the first try may have looked for deferred chunks before this one was.
        let claim = self.claim(key).await?;
        Ok(claim.map_or(Claim::Ended(Turn::Deferred), |claim| {
            Claim::Held(Box::new(claim))
        }))
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
                let (faultless, kind) = (fault.is_retryable(), fault.kind());
                let release = async |c: &mut _| chunks::release(c, claim, faultless, &kind).await;
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
}
