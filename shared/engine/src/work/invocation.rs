//! One invocation of a worker: claims announced chunks, works each, then ends its batch if that is done.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::pin::Pin;

use task_store::chunks::{self, ChunkKey, ChunkState, Claim, ClaimTerms, Claimed};
use task_store::{Database, StationId, StoreError, batches, deferrals};

use super::attempt::{AttemptEnd, ChunkAttempt};
use crate::deadline::Deadline;
use crate::failpoints::{Failpoint, reach};
use crate::finish::finish_if_done;
use crate::job::BatchJob;
use crate::settings::Settings;

/// Why a chunk's message must stay in the queue.
#[derive(Debug, thiserror::Error)]
pub enum Unworked {
    /// Another worker holds the chunk, or took it over, and may still fail.
    #[error("another worker holds the chunk")]
    Held,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Works chunks between a worker's wake-up and its deadline.
#[derive(Debug)]
pub struct Invocation<'a, J> {
    database: &'a Database,
    job: &'a J,
    settings: &'a Settings,
    deadline: Deadline,
    /// The request id of the invocation, which is noted with the chunks that it claims.
    request: Option<&'a str>,
    /// Stations that have a chunk less in work since this invocation, each once.
    stations: RefCell<VecDeque<StationId>>,
}

/// The end of a chunk's message.
enum MessageEnd {
    /// The chunk is worked, put back, or was not open any more.
    Over,
    /// There is no such chunk.
    Missing,
    /// The chunk's station has as many chunks in work as it may: it waits, without a message.
    Deferred,
}

/// The end of claiming a chunk.
enum ClaimEnd {
    /// This worker holds it.
    Held(Box<Claimed>),
    /// This worker does not hold it: its message is over.
    Refused(MessageEnd),
}

/// Works a chunk that was announced for the first time, without a deadline; see [`Invocation::work_first_delivery`].
pub async fn work<J: BatchJob>(
    database: &Database,
    job: &J,
    settings: &Settings,
    key: ChunkKey,
) -> Result<(), Unworked> {
    let invocation = Invocation::new(database, job, settings, Deadline::default());
    invocation.work_first_delivery(key).await
}

impl<'a, J: BatchJob> Invocation<'a, J> {
    /// Begins an invocation.
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

    /// Names the invocation by its request id, by which an operator finds its log.
    #[must_use]
    pub fn of_request(mut self, request: &'a str) -> Self {
        self.request = Some(request);
        self
    }

    /// Works a chunk that was announced. `Ok`: the message may go. Every item has its outcome, or the batch is closed, or
    /// the chunk waits in the database for its station's turn or the sweeper; that holds as well for a message that came
    /// twice or too late.
    pub async fn work(&self, key: ChunkKey) -> Result<(), Unworked> {
        self.boxed_attempt(key).await.map(drop)
    }

    /// Works a chunk whose message is received for the first time, as [`work`](Self::work) does, but without a claim where the
    /// chunk was granted: its first attempt then costs one commit. A message that comes again is proof that this attempt
    /// failed, so it is worked under a claim, which counts attempts.
    ///
    /// A first message may be quicker than the commit of its submit, which is waited for.
    pub async fn work_first_delivery(&self, key: ChunkKey) -> Result<(), Unworked> {
        if let MessageEnd::Missing = self.boxed_first(key).await? {
            let awaited = async |c: &mut _| chunks::await_stored(c, key).await;
            if self.database.run(awaited).await? {
                self.boxed_first(key).await?;
            }
        }
        Ok(())
    }

    /// Works a chunk by its grant or, where it has none any more, under a claim; on the heap as an attempt is.
    fn boxed_first(
        &self,
        key: ChunkKey,
    ) -> Pin<Box<impl Future<Output = Result<MessageEnd, Unworked>>>> {
        Box::pin(async move {
            match self.work_granted(key).await? {
                true => Ok(MessageEnd::Over),
                false => self.boxed_attempt(key).await,
            }
        })
    }

    async fn work_granted(&self, key: ChunkKey) -> Result<bool, Unworked> {
        reach(Failpoint::WorkReceived).await?;
        let granted = async |c: &mut _| chunks::granted(c, key, J::KIND.name).await;
        let Some(claim) = self.database.run(granted).await? else {
            return Ok(false);
        };
        reach(Failpoint::WorkClaimed).await?;
        self.freed(&claim.station);
        self.claimed(&claim).await
    }

    /// Works deferred chunks of the stations whose chunks this invocation worked: one of each in turn, until none waits or
    /// the time is up. A worker that finishes a chunk takes the next one, so that a station at its cap goes on at the cap's
    /// speed although its messages are gone.
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
            match self.boxed_attempt(key).await {
                // Should another worker have been quicker, there may be another chunk.
                Ok(MessageEnd::Over | MessageEnd::Missing) | Err(Unworked::Held) => {
                    self.freed(&station);
                }
                Ok(MessageEnd::Deferred) => {}
                Err(Unworked::Store(fault)) => return Err(fault),
            }
        }
    }

    /// Puts an attempt on the heap: inlined into a function's own future, it is deeper than the compiler looks.
    fn boxed_attempt(
        &self,
        key: ChunkKey,
    ) -> Pin<Box<impl Future<Output = Result<MessageEnd, Unworked>>>> {
        Box::pin(self.attempt(key))
    }

    async fn attempt(&self, key: ChunkKey) -> Result<MessageEnd, Unworked> {
        reach(Failpoint::WorkReceived).await?;
        let claim = match self.claim_or_defer(key).await? {
            ClaimEnd::Held(claim) => claim,
            ClaimEnd::Refused(end) => return Ok(end),
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
        Ok(MessageEnd::Over)
    }

    async fn claim(&self, key: ChunkKey) -> Result<Claim, StoreError> {
        let terms = ClaimTerms {
            lease: self.settings.lease,
            cap: self.settings.station_chunks,
            worker: self.request,
            job: Some(J::KIND.name),
        };
        self.database
            .run(async |c| chunks::claim(c, key, &terms).await)
            .await
    }

    /// Claims a chunk or, if only its station's cap keeps it from being worked, defers it.
    async fn claim_or_defer(&self, key: ChunkKey) -> Result<ClaimEnd, Unworked> {
        let status = match self.claim(key).await? {
            Claim::Claimed(claim) => return Ok(ClaimEnd::Held(claim)),
            Claim::Missing => return Ok(ClaimEnd::Refused(MessageEnd::Missing)),
            Claim::Refused(status) => status,
        };
        if status.is_finishable {
            finish_if_done(self.database, J::KIND, key.task, key.run).await?;
        }
        if status.state != ChunkState::Open {
            return Ok(ClaimEnd::Refused(MessageEnd::Over));
        }
        let lease = self.settings.lease;
        let defer = async |c: &mut _| deferrals::defer(c, key, lease).await;
        let is_capped = self.settings.station_chunks > 0 && !status.is_held;
        if !is_capped || !self.database.run(defer).await? {
            return Err(Unworked::Held);
        }
        // A worker that made room since the first try may have looked for deferred chunks before this one was.
        let claim = self.claim(key).await?;
        Ok(match claim {
            Claim::Claimed(claim) => ClaimEnd::Held(claim),
            Claim::Refused(_) | Claim::Missing => ClaimEnd::Refused(MessageEnd::Deferred),
        })
    }

    fn freed(&self, station: &StationId) {
        let mut stations = self.stations.borrow_mut();
        if self.settings.station_chunks > 0 && !stations.contains(station) {
            stations.push_back(station.clone());
        }
    }

    /// Works a claimed or granted chunk and ends its batch if it was the last; `false`: a grant was not enough.
    async fn claimed(&self, claim: &Claimed) -> Result<bool, Unworked> {
        let attempt = ChunkAttempt {
            database: self.database,
            job: self.job,
            settings: self.settings,
            deadline: self.deadline,
            claim,
        };
        match attempt.work().await {
            Ok(AttemptEnd::Done) => {}
            Ok(AttemptEnd::Finished) => {
                return Ok(reach(Failpoint::WorkFinished).await.map(|()| true)?);
            }
            Ok(AttemptEnd::Unclaimed) => return Ok(false),
            // A claim has taken the chunk over, or the message has come twice: the claim's way finds out.
            Ok(AttemptEnd::Lost) if claim.is_granted() => return Ok(false),
            Ok(AttemptEnd::Lost) => return Err(Unworked::Held),
            Ok(AttemptEnd::OutOfTime) => {
                tracing::info!("out of time: the rest of the chunk is put back");
                let put_back = async |c: &mut _| chunks::put_back(c, claim).await;
                return Ok(self.database.run(put_back).await.map(|()| true)?);
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
        Ok(true)
    }
}
