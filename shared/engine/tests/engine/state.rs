//! The engine in small: a task of a few chunks, its messages, workers that are at some point of their work, and every step
//! that anybody can take from there. The sweeper's and the queue's clocks are left out: a step that may happen at some time
//! may happen now. So is what then looks like something else: a dead letter of a chunk that did not stall is a lost
//! message, a claim that is given back after a fault of the database is a crash whose lease has run out.

mod worker;

pub(super) use worker::Worker;

/// Chunks of the task, one order each.
pub(super) const CHUNKS: usize = 2;
pub(super) const WORKERS: usize = 2;
/// More messages of one chunk than workers tell nothing new.
const MESSAGES: u8 = 2;

/// Which engine: the real one, or one that is known to be broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Engine {
    Real,
    /// The real one, of a station that may have one chunk in work.
    Capped,
    /// As `Capped`, but its sweeper does not see chunks that wait for their station.
    CappedUnswept,
    /// As `CappedUnswept`, and who lets a chunk wait does not look again whether it still has to.
    TurnLost,
    /// Whether the task is done is looked at inside the chunk's transaction, and by nobody afterwards.
    FinishInsideTheChunk,
    /// A commit does not ask whether the claim still holds.
    NoFence,
    /// A message whose chunk somebody else holds is acknowledged, and there is no sweeper.
    AckWhenHeld,
    /// A later attempt works an order that an earlier one has refused.
    SettledAgain,
    /// Counting an order's try does not ask whether the claim still holds.
    UnfencedTry,
}

impl Engine {
    const fn is_capped(self) -> bool {
        matches!(self, Self::Capped | Self::CappedUnswept | Self::TurnLost)
    }

    /// Whether the sweeper announces a chunk that waits for its station, while the station has none in work.
    const fn sweeps_deferred(self) -> bool {
        !matches!(self, Self::CappedUnswept | Self::TurnLost)
    }

    fn sweeps(self) -> bool {
        self != Self::AckWhenHeld
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Chunk {
    Open,
    Done,
    Cancelled,
}

/// The stored state of an order before its chunk is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Row {
    Missing,
    /// It was tried by itself.
    Pending,
    /// It was refused, by itself.
    Failed,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct State {
    pub(super) chunks: [Chunk; CHUNKS],
    attempts: [u8; CHUNKS],
    leased: [bool; CHUNKS],
    /// Wait for their station.
    deferred: [bool; CHUNKS],
    /// Messages that wait in the queue.
    messages: [u8; CHUNKS],
    workers: [Worker; WORKERS],
    /// The stored state of each order.
    rows: [Row; CHUNKS],
    /// How often each order was made.
    pub(super) made: [u8; CHUNKS],
    /// The number of orders that the task's result tells of, once it is finished.
    pub(super) result: Option<u8>,
    /// The rest of the faults that may still happen.
    faults: u8,
}

/// A state that a step leads to.
pub(super) struct Next {
    pub(super) state: State,
    /// Nobody may rely on it: a fault, or somebody who closes the task.
    pub(super) is_chance: bool,
}

impl State {
    /// The task is stored; nobody has been told.
    pub(super) fn submitted(faults: u8) -> Self {
        Self {
            chunks: [Chunk::Open; CHUNKS],
            attempts: [0; CHUNKS],
            leased: [false; CHUNKS],
            deferred: [false; CHUNKS],
            messages: [0; CHUNKS],
            workers: [Worker::Idle; WORKERS],
            rows: [Row::Missing; CHUNKS],
            made: [0; CHUNKS],
            result: None,
            faults,
        }
    }

    /// A promise that is broken here.
    pub(super) fn broken(&self) -> Option<&'static str> {
        let each = || self.chunks.iter().zip(&self.made);
        let rows = || self.rows.iter().zip(&self.made);
        let total: u8 = self.made.iter().sum();
        match self.result {
            _ if self.made.iter().any(|made| *made > 1) => Some("an order was made twice"),
            _ if each().any(|(chunk, made)| *chunk == Chunk::Cancelled && *made > 0) => {
                Some("a cancelled order was made")
            }
            _ if rows().any(|(row, made)| *row == Row::Failed && *made > 0) => {
                Some("an order that was reported failed was made")
            }
            Some(_) if self.rows.contains(&Row::Pending) => Some("pending for ever"),
            Some(_) if self.chunks.contains(&Chunk::Open) => Some("finished with an open chunk"),
            Some(result) if result != total => Some("the result is not what was made"),
            _ => None,
        }
    }

    /// Every step from here.
    pub(super) fn steps(&self, engine: Engine) -> Vec<Next> {
        let mut next = Vec::new();
        for worker in 0..WORKERS {
            self.worker_steps(engine, worker, &mut next);
        }
        for chunk in 0..CHUNKS {
            self.chunk_steps(engine, chunk, &mut next);
        }
        if self.result.is_none() {
            next.push(Next {
                is_chance: true,
                ..self.to(Self::close)
            });
            if engine.sweeps() && engine != Engine::FinishInsideTheChunk {
                next.push(self.to(Self::finish_if_done));
            }
        }
        next
    }

    fn chunk_steps(&self, engine: Engine, chunk: usize, next: &mut Vec<Next>) {
        if self.messages[chunk] > 0 {
            next.extend(self.fault(|state| state.messages[chunk] -= 1));
            next.extend(self.fault(|state| state.tell(chunk)));
        }
        if self.leased[chunk] {
            let claim = (chunk, self.attempts[chunk]);
            let holds = |worker: &Worker| worker.claim() == Some(claim);
            let expire = |state: &mut Self| state.leased[chunk] = false;
            // Of one who is dead, or of one who only stood still: a zombie from now on.
            match self.workers.iter().any(holds) {
                true => next.extend(self.fault(expire)),
                false => next.push(self.to(expire)),
            }
        }
        // The submitter announces once; the sweeper whenever nobody seems to be at it.
        let is_new = self.attempts[chunk] == 0
            && !self.deferred[chunk]
            && self.workers == [Worker::Idle; WORKERS];
        let is_due = self.chunks[chunk] == Chunk::Open && !self.leased[chunk];
        // Who is in work for the station tells of a deferred chunk, so the sweeper does only while nobody is.
        let has_room = engine.sweeps_deferred() && !self.leased.contains(&true);
        let is_swept = engine.sweeps() && (has_room || !self.deferred[chunk]);
        if self.messages[chunk] == 0 && is_due && (is_swept || is_new) {
            next.push(self.to(|state| state.tell(chunk)));
        }
    }

    fn finish_if_done(&mut self) {
        if self.result.is_none() && !self.chunks.contains(&Chunk::Open) {
            self.result = Some(self.made.iter().sum());
        }
    }

    fn close(&mut self) {
        for chunk in 0..CHUNKS {
            if self.chunks[chunk] == Chunk::Open {
                (self.chunks[chunk], self.leased[chunk]) = (Chunk::Cancelled, false);
                self.deferred[chunk] = false;
                self.forget_try(chunk);
            }
        }
        self.finish_if_done();
    }

    /// A try that has no outcome is none once its chunk has ended.
    fn forget_try(&mut self, chunk: usize) {
        if self.rows[chunk] == Row::Pending {
            self.rows[chunk] = Row::Missing;
        }
    }

    fn tell(&mut self, chunk: usize) {
        self.messages[chunk] = (self.messages[chunk] + 1).min(MESSAGES);
    }

    fn to(&self, step: impl FnOnce(&mut Self)) -> Next {
        let mut state = self.clone();
        step(&mut state);
        // Workers are alike.
        state.workers.sort_unstable();
        Next {
            state,
            is_chance: false,
        }
    }

    fn fault(&self, step: impl FnOnce(&mut Self)) -> Option<Next> {
        let faults = self.faults.checked_sub(1)?;
        let mut next = self.to(step);
        (next.state.faults, next.is_chance) = (faults, true);
        Some(next)
    }
}
