//! The engine in small: a task of a few chunks, its messages, workers that are at some point of their work, and every step
//! that anybody can take from there. The sweeper's and the queue's clocks are left out: what may happen at some time
//! may happen now.

/// Chunks of the task, one order each.
pub(super) const CHUNKS: usize = 2;
pub(super) const WORKERS: usize = 2;
/// More messages of one chunk than workers tell nothing new.
const MESSAGES: u8 = 2;

/// Which engine: the real one, or one that is known to be broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Engine {
    Real,
    /// Whether the task is done is looked at inside the chunk's transaction, and by nobody afterwards.
    FinishInsideTheChunk,
    /// A commit does not ask whether the claim still holds.
    NoFence,
    /// A message whose chunk somebody else holds is acknowledged, and there is no sweeper.
    AckWhenHeld,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Chunk {
    Open,
    Done,
    Cancelled,
}

/// Where a worker is; it has the message of a chunk unless it is idle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Worker {
    Idle,
    Received(u8),
    /// Has claimed the chunk with this attempt.
    Working(u8, u8),
    /// Only inside the chunk's transaction: has seen whether every other chunk is done.
    Looked(u8, u8, bool),
    Committed(u8),
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct State {
    pub(super) chunks: [Chunk; CHUNKS],
    attempts: [u8; CHUNKS],
    leased: [bool; CHUNKS],
    /// Messages that wait in the queue.
    messages: [u8; CHUNKS],
    workers: [Worker; WORKERS],
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
            messages: [0; CHUNKS],
            workers: [Worker::Idle; WORKERS],
            made: [0; CHUNKS],
            result: None,
            faults,
        }
    }

    /// A promise that is broken here.
    pub(super) fn broken(&self) -> Option<&'static str> {
        let each = || self.chunks.iter().zip(&self.made);
        let total: u8 = self.made.iter().sum();
        match self.result {
            _ if self.made.iter().any(|made| *made > 1) => Some("an order was made twice"),
            _ if each().any(|(chunk, made)| *chunk == Chunk::Cancelled && *made > 0) => {
                Some("a cancelled order was made")
            }
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
            if sweeps(engine) && engine != Engine::FinishInsideTheChunk {
                next.push(self.to(Self::finish_if_done));
            }
        }
        next
    }

    fn worker_steps(&self, engine: Engine, worker: usize, next: &mut Vec<Next>) {
        let set = |state: &mut Self, to| state.workers[worker] = to;
        match self.workers[worker] {
            Worker::Idle => {
                for chunk in (0..CHUNKS).filter(|chunk| self.messages[*chunk] > 0) {
                    next.push(self.to(|state| {
                        state.messages[chunk] -= 1;
                        set(state, Worker::Received(index(chunk)));
                    }));
                }
                return;
            }
            Worker::Received(chunk) => {
                next.push(self.to(|state| state.claim(engine, worker, chunk)));
            }
            Worker::Working(chunk, attempt) if engine == Engine::FinishInsideTheChunk => {
                let others = (0..CHUNKS).filter(|other| *other != usize::from(chunk));
                let is_last = others
                    .into_iter()
                    .all(|other| self.chunks[other] != Chunk::Open);
                next.push(self.to(|state| set(state, Worker::Looked(chunk, attempt, is_last))));
            }
            Worker::Working(chunk, attempt) => {
                next.push(self.to(|state| state.commit(engine, worker, chunk, attempt)));
            }
            Worker::Looked(chunk, attempt, is_last) => next.push(self.to(|state| {
                state.commit(engine, worker, chunk, attempt);
                if is_last && state.workers[worker] == Worker::Committed(chunk) {
                    state.finish_if_done();
                }
            })),
            Worker::Committed(_) => next.push(self.to(|state| {
                if engine != Engine::FinishInsideTheChunk {
                    state.finish_if_done();
                }
                set(state, Worker::Idle);
            })),
        }
        // A crash: the message comes back.
        next.extend(self.fault(|state| state.give_back(worker)));
    }

    fn chunk_steps(&self, engine: Engine, chunk: usize, next: &mut Vec<Next>) {
        if self.messages[chunk] > 0 {
            next.extend(self.fault(|state| state.messages[chunk] -= 1));
            next.extend(self.fault(|state| state.tell(chunk)));
        }
        if self.leased[chunk] {
            let claim = (index(chunk), self.attempts[chunk]);
            let holds = |worker: &Worker| match *worker {
                Worker::Working(chunk, attempt) | Worker::Looked(chunk, attempt, _) => {
                    (chunk, attempt) == claim
                }
                _ => false,
            };
            let expire = |state: &mut Self| state.leased[chunk] = false;
            // Of one who is dead, or of one who only stood still: a zombie from now on.
            match self.workers.iter().any(holds) {
                true => next.extend(self.fault(expire)),
                false => next.push(self.to(expire)),
            }
        }
        // The submitter announces once; the sweeper whenever nobody seems to be at it.
        let is_new = self.attempts[chunk] == 0 && self.workers == [Worker::Idle; WORKERS];
        let is_due = self.chunks[chunk] == Chunk::Open && !self.leased[chunk];
        if self.messages[chunk] == 0 && is_due && (sweeps(engine) || is_new) {
            next.push(self.to(|state| state.tell(chunk)));
        }
    }

    fn claim(&mut self, engine: Engine, worker: usize, chunk: u8) {
        let at = usize::from(chunk);
        match self.chunks[at] {
            Chunk::Open if !self.leased[at] => {
                self.attempts[at] += 1;
                self.leased[at] = true;
                self.workers[worker] = Worker::Working(chunk, self.attempts[at]);
            }
            Chunk::Open if engine == Engine::AckWhenHeld => self.workers[worker] = Worker::Idle,
            Chunk::Open => self.give_back(worker),
            Chunk::Done => self.workers[worker] = Worker::Committed(chunk),
            Chunk::Cancelled => self.workers[worker] = Worker::Idle,
        }
    }

    fn commit(&mut self, engine: Engine, worker: usize, chunk: u8, attempt: u8) {
        let at = usize::from(chunk);
        let holds = self.chunks[at] == Chunk::Open && self.attempts[at] == attempt;
        if !holds && engine != Engine::NoFence {
            return self.give_back(worker);
        }
        if self.chunks[at] == Chunk::Open {
            self.chunks[at] = Chunk::Done;
        }
        self.leased[at] = false;
        self.made[at] += 1;
        self.workers[worker] = Worker::Committed(chunk);
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
            }
        }
        self.finish_if_done();
    }

    /// The worker ends without a word: its message is visible again.
    fn give_back(&mut self, worker: usize) {
        let chunk = match self.workers[worker] {
            Worker::Idle => return,
            Worker::Received(chunk)
            | Worker::Working(chunk, _)
            | Worker::Looked(chunk, _, _)
            | Worker::Committed(chunk) => chunk,
        };
        self.tell(usize::from(chunk));
        self.workers[worker] = Worker::Idle;
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

fn sweeps(engine: Engine) -> bool {
    engine != Engine::AckWhenHeld
}

fn index(chunk: usize) -> u8 {
    u8::try_from(chunk).unwrap_or(u8::MAX)
}
