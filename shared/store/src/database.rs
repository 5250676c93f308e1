//! The way to the database: held connections, the guard against dropped futures, and transactions that are run
//! again when they lose against another one.
//!
//! A function instance serves one request at a time, so a pool that pings on every release would cost more than
//! it gives: connections are held, and checked only when they have been idle. sqlx is not cancel-safe (a dropped
//! future leaves half an answer on the wire), so a connection is handed back only by work that has completed;
//! dropped, timed-out or failed work closes it, and the server undoes what was open.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use sqlx::mysql::MySqlConnection;
use sqlx::{Connection as _, Executor as _};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

use crate::config::DatabaseConfig;
use crate::error::{Result, StoreError};

/// One open connection, as the store functions take it.
pub type Connection = MySqlConnection;

/// How long to wait for a connection that other work of this process holds.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(2);
/// How long an idle connection may take to answer before a new one is opened in its place.
const CHECK_TIMEOUT: Duration = Duration::from_millis(500);
/// How long opening a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
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
    config: DatabaseConfig,
    permits: Semaphore,
    idle: Mutex<Vec<Idle>>,
}

#[derive(Debug)]
struct Idle {
    connection: Connection,
    last_use: LastUse,
}

impl Database {
    /// A database that has not been connected to yet: the first unit of work does that.
    #[must_use]
    pub fn new(config: DatabaseConfig) -> Self {
        let permits = Semaphore::new(config.connections);
        Self {
            config,
            permits,
            idle: Mutex::default(),
        }
    }

    /// Runs a unit of work that writes with one statement at most; it is run again when it loses against
    /// another one.
    pub async fn run<T, E: UnitError>(
        &self,
        work: impl AsyncFn(&mut Connection) -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        self.retried(work).await
    }

    /// Runs a unit of work in a READ COMMITTED transaction: committed when it is `Ok`, undone when it is not,
    /// and run again from its beginning, on a new connection, when it loses against another one.
    pub async fn transaction<T, E: UnitError>(
        &self,
        work: impl AsyncFn(&mut Connection) -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        self.retried(async |connection| {
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

    async fn retried<T, E: UnitError>(
        &self,
        work: impl AsyncFn(&mut Connection) -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        let mut attempt = 1;
        loop {
            let end = self.bounded(&work).await;
            match end.as_ref().err().and_then(UnitError::store) {
                Some(fault) if fault.is_contention() && attempt < ATTEMPTS => {
                    tokio::time::sleep(jittered(attempt)).await;
                    attempt += 1;
                }
                _ => return end,
            }
        }
    }

    async fn bounded<T, E: UnitError>(
        &self,
        work: impl AsyncFn(&mut Connection) -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        let bound = self.config.timeout;
        let unit = async {
            let mut lease = self.acquire().await?;
            let end = work(&mut lease.connection).await;
            if end.as_ref().err().and_then(UnitError::store).is_none() {
                lease.give_back();
            }
            end
        };
        timeout(bound, unit)
            .await
            .unwrap_or_else(|_| Err(StoreError::TimedOut(bound).into()))
    }

    async fn acquire(&self) -> Result<Lease<'_>> {
        let permit = timeout(ACQUIRE_TIMEOUT, self.permits.acquire())
            .await
            .ok()
            .and_then(std::result::Result::ok)
            .ok_or(StoreError::Exhausted(ACQUIRE_TIMEOUT))?;
        let held = self.idle().pop();
        let connection = match held {
            Some(idle) => revived(idle).await,
            None => None,
        };
        let connection = match connection {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        Ok(Lease {
            database: self,
            connection,
            permit,
        })
    }

    async fn connect(&self) -> Result<Connection> {
        let opening = async {
            let mut connection = Connection::connect_with(&self.config.options).await?;
            connection
                .execute(sqlx::raw_sql(
                    "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED; \
                     SET NAMES utf8mb4; \
                     SET time_zone = '+00:00', innodb_lock_wait_timeout = 5, \
                         sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,ERROR_FOR_DIVISION_BY_ZERO'",
                ))
                .await?;
            Ok(connection)
        };
        timeout(CONNECT_TIMEOUT, opening)
            .await
            .unwrap_or(Err(StoreError::TimedOut(CONNECT_TIMEOUT)))
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Idle>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A held connection that still answers; one that was just used is believed.
async fn revived(mut idle: Idle) -> Option<Connection> {
    if idle.last_use.is_recent() {
        return Some(idle.connection);
    }
    let answer = timeout(CHECK_TIMEOUT, idle.connection.ping()).await;
    matches!(answer, Ok(Ok(()))).then_some(idle.connection)
}

/// Full jitter: any time up to 10 ms, doubled with every attempt.
fn jittered(attempt: u32) -> Duration {
    Duration::from_micros(fastrand::u64(0..10_000 << attempt))
}

/// A connection in use. Dropped, it is closed; only [`Lease::give_back`] keeps it.
struct Lease<'a> {
    database: &'a Database,
    connection: Connection,
    permit: SemaphorePermit<'a>,
}

impl Lease<'_> {
    /// Keeps the connection for the next unit of work: this one has read every answer it asked for.
    fn give_back(self) {
        let idle = Idle {
            connection: self.connection,
            last_use: LastUse::now(),
        };
        self.database.idle().push(idle);
        drop(self.permit);
    }
}

/// When a connection was last used, by both clocks: one of them may stand still while an instance is frozen.
#[derive(Debug)]
struct LastUse {
    monotonic: Instant,
    wall: SystemTime,
}

impl LastUse {
    fn now() -> Self {
        Self {
            monotonic: Instant::now(),
            wall: SystemTime::now(),
        }
    }

    /// Used within the last second, so that no server or gateway has had a reason to end it.
    fn is_recent(&self) -> bool {
        let limit = Duration::from_secs(1);
        self.monotonic.elapsed() < limit && self.wall.elapsed().is_ok_and(|age| age < limit)
    }
}
