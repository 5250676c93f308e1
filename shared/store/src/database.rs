//! Units of work: bounded in time, transactions where they write more than one statement, and run again whole when
//! they lose against another one.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sqlx::Executor as _;
use tokio::time::timeout;

use crate::config::DatabaseConfig;
use crate::connections::{Connection, Connections, Session};
use crate::error::StoreError;

/// How often a transaction is run in all before its contention is reported.
const ATTEMPTS: u32 = 5;

/// An error a unit of work may end with: the store's own, or a caller's that may wrap one.
pub trait UnitError: From<StoreError> {
    /// The store error inside, if that is what it is.
    fn store(&self) -> Option<&StoreError>;
}

impl UnitError for StoreError {
    fn store(&self) -> Option<&StoreError> {
        Some(self)
    }
}

/// The database, shared by everything a process does with it.
#[derive(Debug)]
pub struct Database {
    connections: Connections,
    timeout: Duration,
}

/// The session a unit of work is in, for whoever must end it.
type InUse = Mutex<Option<Arc<Session>>>;

impl Database {
    /// A database that has not been connected to yet: the first unit of work does that.
    #[must_use]
    pub fn new(config: DatabaseConfig) -> Self {
        Self {
            timeout: config.timeout,
            connections: Connections::new(config),
        }
    }

    /// Runs a unit of work that writes with one statement at most; it is run again when it loses against
    /// another one. All its tries together take no longer than the configured bound.
    pub async fn run<T, E: UnitError>(
        &self,
        work: impl AsyncFn(&mut Connection) -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        self.bounded(work).await
    }

    /// Runs a unit of work in a READ COMMITTED transaction: committed when it is `Ok`, undone when it is not,
    /// and run again from its beginning, on a new connection, when it loses against another one. All its tries
    /// together take no longer than the configured bound.
    pub async fn transaction<T, E: UnitError>(
        &self,
        work: impl AsyncFn(&mut Connection) -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        self.bounded(async |connection| {
            connection
                .execute("START TRANSACTION")
                .await
                .map_err(StoreError::from)?;
            let end = work(connection).await;
            let verdict = if end.is_ok() { "COMMIT" } else { "ROLLBACK" };
            // After a database error the connection is closed, which undoes the transaction too.
            if end.as_ref().err().and_then(UnitError::store).is_none() {
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
        work: impl AsyncFn(&mut Connection) -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        let in_use = InUse::default();
        // On the heap: what a transaction awaits would be part of its function's future, which is large enough.
        let retried = Box::pin(self.retried(&work, &in_use));
        if let Ok(end) = timeout(self.timeout, retried).await {
            return end;
        }
        let session = in_use.into_inner().unwrap_or_else(PoisonError::into_inner);
        if let Some(session) = session {
            self.connections.kill(&session).await;
        }
        Err(StoreError::TimedOut(self.timeout).into())
    }

    async fn retried<T, E: UnitError>(
        &self,
        work: &impl AsyncFn(&mut Connection) -> std::result::Result<T, E>,
        in_use: &InUse,
    ) -> std::result::Result<T, E> {
        let mut attempt = 1;
        loop {
            let end = self.once(work, in_use).await;
            match end.as_ref().err().and_then(UnitError::store) {
                Some(fault) if fault.is_contention() && attempt < ATTEMPTS => {
                    tokio::time::sleep(jittered(attempt)).await;
                    attempt += 1;
                }
                _ => return end,
            }
        }
    }

    async fn once<T, E: UnitError>(
        &self,
        work: &impl AsyncFn(&mut Connection) -> std::result::Result<T, E>,
        in_use: &InUse,
    ) -> std::result::Result<T, E> {
        let mut lease = self.connections.acquire().await?;
        set(in_use, Some(lease.session()));
        let end = work(lease.connection()).await;
        set(in_use, None);
        if end.as_ref().err().and_then(UnitError::store).is_none() {
            lease.give_back();
        }
        end
    }
}

fn set(in_use: &InUse, session: Option<Arc<Session>>) {
    *in_use.lock().unwrap_or_else(PoisonError::into_inner) = session;
}

/// Full jitter: any time up to 10 ms, doubled with every attempt.
fn jittered(attempt: u32) -> Duration {
    Duration::from_micros(fastrand::u64(0..10_000 << attempt))
}
