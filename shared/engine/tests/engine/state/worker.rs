//! The steps of a worker.

use super::{CHUNKS, Chunk, Engine, Next, Row, State};

/// A chunk that a worker deals with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Attempt {
    chunk: usize,
    /// Its message has come; else the chunk had waited for its station, and nobody is told when this worker dies.
    by_message: bool,
}

/// Where a worker is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Worker {
    Idle,
    Received(Attempt),
    /// The station has as many chunks in work as it may.
    SawItFull(Attempt),
    /// The chunk waits for its station, unless there is room after all.
    Deferred(Attempt),
    /// The station may have another chunk in work.
    SawRoom(Attempt),
    /// Has claimed the chunk with this attempt.
    Working(Attempt, u8),
    /// Only inside the chunk's transaction: has seen whether every other chunk is done.
    Looked(Attempt, u8, bool),
    Committed(Attempt),
    /// Has worked a chunk of the station, and takes up one that waits for it.
    Freed,
}

impl Worker {
    /// Which attempt of which chunk it works.
    pub(super) const fn claim(self) -> Option<(usize, u8)> {
        match self {
            Self::Working(turn, attempt) | Self::Looked(turn, attempt, _) => {
                Some((turn.chunk, attempt))
            }
            _ => None,
        }
    }

    const fn turn(self) -> Option<Attempt> {
        match self {
            Self::Idle | Self::Freed => None,
            Self::Received(turn)
            | Self::SawItFull(turn)
            | Self::Deferred(turn)
            | Self::SawRoom(turn)
            | Self::Working(turn, _)
            | Self::Looked(turn, _, _)
            | Self::Committed(turn) => Some(turn),
        }
    }
}

impl State {
    pub(super) fn worker_steps(&self, engine: Engine, worker: usize, next: &mut Vec<Next>) {
        match self.workers[worker] {
            Worker::Idle => {
                for chunk in (0..CHUNKS).filter(|chunk| self.messages[*chunk] > 0) {
                    next.push(self.to(|state| state.receive(worker, chunk)));
                }
                return;
            }
            Worker::Working(turn, attempt) => {
                next.push(self.to(|state| state.go_on(engine, worker)));
                // Its time is up: the chunk is put back, the message may go.
                next.extend(self.fault(|state| state.put_back(worker, turn, attempt)));
                next.extend(self.by_itself(engine, worker, turn, attempt));
            }
            _ => next.push(self.to(|state| state.go_on(engine, worker))),
        }
        // A crash: the message comes back.
        next.extend(self.fault(|state| state.give_back(worker)));
    }

    /// The order is worked by itself: its try is counted, and then it is refused, for reasons that may be gone later.
    fn by_itself(&self, engine: Engine, worker: usize, turn: Attempt, attempt: u8) -> Option<Next> {
        let (at, holds) = (turn.chunk, self.holds(turn, attempt));
        match self.rows[at] {
            Row::Missing => self.fault(|state| {
                if holds || engine == Engine::UnfencedTry {
                    state.rows[at] = Row::Pending;
                } else {
                    state.lose(engine, worker, turn);
                }
            }),
            Row::Pending if holds => self.fault(|state| state.rows[at] = Row::Failed),
            Row::Pending | Row::Failed => None,
        }
    }

    fn receive(&mut self, worker: usize, chunk: usize) {
        self.messages[chunk] -= 1;
        self.workers[worker] = Worker::Received(Attempt {
            chunk,
            by_message: true,
        });
    }

    fn go_on(&mut self, engine: Engine, worker: usize) {
        let to = match self.workers[worker] {
            Worker::Idle => Worker::Idle,
            Worker::Received(turn) if engine.is_capped() => self.looked(turn),
            Worker::SawItFull(turn) => self.defer(turn),
            Worker::Deferred(turn) => self.looked_again(engine, turn),
            Worker::Received(turn) | Worker::SawRoom(turn) => {
                return self.claim(engine, worker, turn);
            }
            Worker::Working(turn, attempt) if engine == Engine::FinishInsideTheChunk => {
                Worker::Looked(turn, attempt, self.is_last(turn))
            }
            Worker::Working(turn, attempt) | Worker::Looked(turn, attempt, false) => {
                return self.commit(engine, worker, turn, attempt);
            }
            Worker::Looked(turn, attempt, true) => {
                self.commit(engine, worker, turn, attempt);
                if self.workers[worker] == Worker::Committed(turn) {
                    self.finish_if_done();
                }
                return;
            }
            Worker::Committed(_) => {
                if engine != Engine::FinishInsideTheChunk {
                    self.finish_if_done();
                }
                freed(engine)
            }
            Worker::Freed => self.waiting(),
        };
        self.workers[worker] = to;
    }

    /// The station may have one chunk in work.
    fn looked(&self, turn: Attempt) -> Worker {
        if self.leased.contains(&true) {
            Worker::SawItFull(turn)
        } else {
            Worker::SawRoom(turn)
        }
    }

    fn looked_again(&self, engine: Engine, turn: Attempt) -> Worker {
        match self.looked(turn) {
            _ if engine == Engine::TurnLost => Worker::Idle,
            Worker::SawItFull(_) => Worker::Idle,
            room => room,
        }
    }

    fn is_last(&self, turn: Attempt) -> bool {
        let mut others = (0..CHUNKS).filter(|other| *other != turn.chunk);
        others.all(|other| self.chunks[other] != Chunk::Open)
    }

    fn defer(&mut self, turn: Attempt) -> Worker {
        if self.chunks[turn.chunk] != Chunk::Open || self.leased[turn.chunk] {
            return Worker::SawRoom(turn);
        }
        self.deferred[turn.chunk] = true;
        Worker::Deferred(turn)
    }

    fn waiting(&self) -> Worker {
        let mut chunks = 0..CHUNKS;
        // The commit of a zombie leaves the mark.
        let next = chunks.find(|at| self.deferred[*at] && self.chunks[*at] == Chunk::Open);
        next.map_or(Worker::Idle, |chunk| {
            Worker::Received(Attempt {
                chunk,
                by_message: false,
            })
        })
    }

    fn claim(&mut self, engine: Engine, worker: usize, turn: Attempt) {
        let at = turn.chunk;
        self.workers[worker] = match self.chunks[at] {
            Chunk::Open if !self.leased[at] => {
                self.attempts[at] += 1;
                (self.leased[at], self.deferred[at]) = (true, false);
                Worker::Working(turn, self.attempts[at])
            }
            Chunk::Open if engine == Engine::AckWhenHeld => Worker::Idle,
            Chunk::Open => return self.lose(engine, worker, turn),
            Chunk::Done => Worker::Committed(turn),
            Chunk::Cancelled => Worker::Idle,
        };
    }

    fn commit(&mut self, engine: Engine, worker: usize, turn: Attempt, attempt: u8) {
        let at = turn.chunk;
        let holds = self.holds(turn, attempt);
        if !holds && engine != Engine::NoFence {
            return self.lose(engine, worker, turn);
        }
        if self.chunks[at] == Chunk::Open {
            self.chunks[at] = Chunk::Done;
        }
        self.leased[at] = false;
        self.forget_try(at);
        if self.rows[at] != Row::Failed || engine == Engine::SettledAgain {
            self.made[at] += 1;
        }
        self.workers[worker] = Worker::Committed(turn);
    }

    fn put_back(&mut self, worker: usize, turn: Attempt, attempt: u8) {
        if self.holds(turn, attempt) {
            self.leased[turn.chunk] = false;
        }
        self.workers[worker] = Worker::Idle;
    }

    fn holds(&self, turn: Attempt, attempt: u8) -> bool {
        self.chunks[turn.chunk] == Chunk::Open && self.attempts[turn.chunk] == attempt
    }

    /// Somebody else has the chunk: its message comes back; a chunk without one is theirs, and there may be another.
    fn lose(&mut self, engine: Engine, worker: usize, turn: Attempt) {
        self.give_back(worker);
        if !turn.by_message {
            self.workers[worker] = freed(engine);
        }
    }

    /// The worker ends without a word: its message is visible again.
    fn give_back(&mut self, worker: usize) {
        let turn = self.workers[worker].turn();
        if let Some(turn) = turn.filter(|turn| turn.by_message) {
            self.tell(turn.chunk);
        }
        self.workers[worker] = Worker::Idle;
    }
}

fn freed(engine: Engine) -> Worker {
    if engine.is_capped() {
        Worker::Freed
    } else {
        Worker::Idle
    }
}
