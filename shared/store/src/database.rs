//! Units of work: bounded in time, transactions where they write more than one statement, and run again whole when
//! they lose against another one.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sqlx::Executor as _;
use tokio::time::timeout;

use crate::config::DatabaseConfig;
use crate::connections::{Connection, Connections, Session};
use crate::error::StoreError;
use crate::invocation;

/// How often a transaction is run in all before its contention is reported.
const ATTEMPTS: u32 = 5;

/// An error a unit of work may end with: the store's own, or a caller's that may wrap one.
pub trait UnitError: From<StoreError> {
    /// Returns the store error inside, if it is one.
    fn store(&self) -> Option<&StoreError>;

    /// Returns the same error with another store error inside, where it has one.
    #[must_use]
    fn map_store(self, change: impl FnOnce(StoreError) -> StoreError) -> Self;
}

impl UnitError for StoreError {
    fn store(&self) -> Option<&StoreError> {
        Some(self)
    }

    fn map_store(self, change: impl FnOnce(StoreError) -> StoreError) -> Self {
        change(self)
    }
}

/// The database, shared by everything a process does with it.
#[derive(Debug)]
pub struct Database {
    connections: Connections,
    timeout: Duration,
}

/// The way a unit of work uses the database. It decides how much is known of the unit's fate when its connection is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Read,
    Statement,
    Transaction,
}

impl Kind {
    /// Tells whether a unit that ended with `fault` has left nothing behind and may succeed when it is run again at once.
    /// A unit of single statements may have written before the statement that failed, unless that statement lost a lock.
    fn may_run_again(self, fault: &StoreError) -> bool {
        fault.is_lost() || (self != Self::Statement && fault.is_contention())
    }
}

/// How far a try has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Phase {
    #[default]
    Connecting,
    Working,
    Committing,
}

/// A unit of work under way, as it is seen when it must be ended from outside.
#[derive(Debug, Default)]
struct Progress {
    phase: Phase,
    session: Option<Arc<Session>>,
    /// A try before this one has lost against another unit.
    has_lost: bool,
}

type Shared = Mutex<Progress>;

impl Database {
    /// Makes a database that has not been connected to yet: the first unit of work does that.
    #[must_use]
    pub fn new(config: DatabaseConfig) -> Self {
        Self {
            timeout: config.timeout,
            connections: Connections::new(config),
        }
    }

    /// Returns the bound of a unit of work that begins now.
    pub(crate) fn bound(&self) -> Duration {
        invocation::bound(self.timeout)
    }

    /// Opens a connection beside the counted ones; its user closes it.
    pub(crate) async fn open_apart(&self) -> Result<Connection, StoreError> {
        self.connections.open_apart().await
    }

    /// Runs a unit of work that only reads: whatever it fails with, nothing was changed.
    pub async fn read<T, E: UnitError>(
        &self,
        work: impl AsyncFn(&mut Connection) -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        self.bounded(Kind::Read, async |c, _| work(c).await).await
    }

    /// Runs a unit of work that writes with one statement at most; it is run again when it loses against
    /// another one. All its tries together take no longer than the configured bound, nor than the invocation has left.
    pub async fn run<T, E: UnitError>(
        &self,
        work: impl AsyncFn(&mut Connection) -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        self.bounded(Kind::Statement, async |c, _| work(c).await)
            .await
    }

    /// Runs a unit of work in a READ COMMITTED transaction: committed when it is `Ok`, undone when it is not,
    /// and run again from its beginning, on a new connection, when it loses against another one. All its tries
    /// together take no longer than the configured bound, nor than the invocation has left.
    pub async fn transaction<T, E: UnitError>(
        &self,
        work: impl AsyncFn(&mut Connection) -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        self.bounded(Kind::Transaction, async |connection, progress| {
            connection
                .execute("START TRANSACTION")
                .await
                .map_err(StoreError::from)?;
            let end = work(connection).await;
            let verdict = if end.is_ok() { "COMMIT" } else { "ROLLBACK" };
            // After a database error the connection is closed, which undoes the transaction too, though a moment later. A
            // duplicate key is an everyday one: its locks are let go of before the caller looks again.
            let fault = end.as_ref().err().and_then(UnitError::store);
            if fault.is_none_or(StoreError::is_duplicate_key) {
                if end.is_ok() {
                    note(progress, |progress| progress.phase = Phase::Committing);
                }
                connection
                    .execute(verdict)
                    .await
                    .map_err(StoreError::from)?;
            }
            end
        })
        .await
    }

    async fn bounded<T, E: UnitError>(
        &self,
        kind: Kind,
        work: impl AsyncFn(&mut Connection, &Shared) -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        let (progress, bound) = (Shared::default(), self.bound());
        // On the heap: what a transaction awaits would be part of its function's future, which is large enough.
        let retried = Box::pin(self.retried(kind, &work, &progress));
        let end = timeout(bound, retried).await;
        let progress = progress
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        if end.is_err()
            && let Some(session) = &progress.session
        {
            self.connections.kill(session).await;
        }
        let end = end.unwrap_or_else(|_| Err(progress.out_of_time(bound).into()));
        if end.is_ok() && kind != Kind::Read {
            invocation::note_written();
        }
        end.map_err(|error| error.map_store(|fault| progress.judged(kind, fault)))
    }

    async fn retried<T, E: UnitError>(
        &self,
        kind: Kind,
        work: &impl AsyncFn(&mut Connection, &Shared) -> std::result::Result<T, E>,
        progress: &Shared,
    ) -> std::result::Result<T, E> {
        let mut attempt = 1;
        loop {
            let end = self.once(work, progress).await;
            match end.as_ref().err().and_then(UnitError::store) {
                Some(fault) if kind.may_run_again(fault) && attempt < ATTEMPTS => {
                    note(progress, |progress| {
                        progress.phase = Phase::Connecting;
                        progress.has_lost = true;
                    });
                    tokio::time::sleep(jittered(attempt)).await;
                    attempt += 1;
                }
                _ => return end,
            }
        }
    }

    async fn once<T, E: UnitError>(
        &self,
        work: &impl AsyncFn(&mut Connection, &Shared) -> std::result::Result<T, E>,
        progress: &Shared,
    ) -> std::result::Result<T, E> {
        note(progress, |progress| progress.phase = Phase::Connecting);
        let mut lease = self.connections.acquire().await?;
        let session = lease.session();
        note(progress, |progress| {
            progress.phase = Phase::Working;
            progress.session = Some(session);
        });
        let end = work(lease.connection(), progress).await;
        note(progress, |progress| progress.session = None);
        if end.as_ref().err().and_then(UnitError::store).is_none() {
            lease.give_back();
        }
        end
    }
}

impl Progress {
    /// Returns the fault of a unit that took too long: a unit that lost before was kept waiting by another unit, and
    /// the database is well.
    fn out_of_time(&self, bound: Duration) -> StoreError {
        if self.has_lost {
            StoreError::Contended(bound)
        } else {
            StoreError::TimedOut(bound)
        }
    }

    /// Adds the unit's fate to a fault, as far as it is known: a lost lock and a refused value undo the statement.
    fn judged(&self, kind: Kind, fault: StoreError) -> StoreError {
        let may_be_done = match kind {
            Kind::Read => false,
            Kind::Statement => self.phase != Phase::Connecting,
            Kind::Transaction => self.phase == Phase::Committing,
        };
        if may_be_done && !fault.is_certain() {
            StoreError::FateUnknown(Box::new(fault))
        } else {
            fault
        }
    }
}

fn note(progress: &Shared, change: impl FnOnce(&mut Progress)) {
    change(&mut progress.lock().unwrap_or_else(PoisonError::into_inner));
}

/// Draws a pause with full jitter: any time up to 10 ms, doubled with every attempt.
fn jittered(attempt: u32) -> Duration {
    Duration::from_micros(fastrand::u64(0..10_000 << attempt))
}
