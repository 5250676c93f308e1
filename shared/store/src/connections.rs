//! Held connections: opened when they are needed, checked when they have been idle, closed when in doubt.
//!
//! A function instance serves one request at a time, so a pool that pings on every release would cost more than
//! it gives. sqlx is not cancel-safe (a dropped future leaves half an answer on the wire), so a connection is kept
//! only by work that has completed; dropped, it is closed, and the server undoes an open transaction.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use sqlx::mysql::MySqlConnection;
use sqlx::{Connection as _, Executor as _, Row as _};
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
/// How long ending a statement that takes too long may take.
const KILL_TIMEOUT: Duration = Duration::from_secs(1);

/// Sets everything of a session that our statements depend on, whatever the server's own settings are; the server
/// answers with what names the session. A session that says nothing for a minute is ended, and its locks are freed: its
/// process may have been lost without a word. A lock is waited for so briefly that a unit's five tries fit its bound. MariaDB
/// 11 would read a small table from end to end instead of by its key, and an UPDATE then waits for rows that it does not change.
const SESSION: &str = "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED, READ WRITE; \
    SET NAMES utf8mb4; \
    SET autocommit = 1, completion_type = 0, time_zone = '+00:00', \
        wait_timeout = 60, net_read_timeout = 30, net_write_timeout = 30, \
        innodb_lock_wait_timeout = 2, lock_wait_timeout = 2, \
        foreign_key_checks = 1, unique_checks = 1, sql_safe_updates = 0, sql_select_limit = 18446744073709551615, \
        sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,ERROR_FOR_DIVISION_BY_ZERO' \
        /*!50708 , max_execution_time = 0 */ /*M!100101 , max_statement_time = 0 */ \
        /*M!110002 , optimizer_scan_setup_cost = 1000000 */; \
    SELECT @@hostname AS server, CONNECTION_ID() AS id";

/// A connection's name on its server, by which another one can end it.
#[derive(Debug)]
pub(crate) struct Session {
    server: String,
    id: u64,
}

/// The connections of a process.
#[derive(Debug)]
pub(crate) struct Connections {
    config: DatabaseConfig,
    permits: Semaphore,
    idle: Mutex<Vec<Idle>>,
}

#[derive(Debug)]
struct Idle {
    open: Open,
    last_use: LastUse,
}

#[derive(Debug)]
struct Open {
    connection: Connection,
    session: Arc<Session>,
}

impl Connections {
    pub(crate) fn new(config: DatabaseConfig) -> Self {
        let permits = Semaphore::new(config.connections);
        Self {
            config,
            permits,
            idle: Mutex::default(),
        }
    }

    /// Finds a connection that works: a held connection, or else a new one.
    pub(crate) async fn acquire(&self) -> Result<Lease<'_>> {
        let permit = timeout(ACQUIRE_TIMEOUT, self.permits.acquire())
            .await
            .ok()
            .and_then(std::result::Result::ok)
            .ok_or(StoreError::Exhausted(ACQUIRE_TIMEOUT))?;
        let held = self.idle().pop();
        let held = match held {
            Some(idle) => revived(idle).await,
            None => None,
        };
        let open = match held {
            Some(open) => open,
            None => self.connect().await?,
        };
        Ok(Lease {
            connections: self,
            open,
            permit,
        })
    }

    /// Ends a session whose connection was closed in the middle of a statement. The server would finish the
    /// statement first, or wait for the lock it waits for, and keep every lock of the transaction until then.
    ///
    /// Best effort: a server that cannot be reached undoes the transaction when it finds the connection closed.
    pub(crate) async fn kill(&self, session: &Session) {
        let ending = async {
            let mut other = self.connect().await?;
            // After a failover the number may be another's session on another server.
            if other.session.server == session.server {
                let kill = format!("KILL {}", session.id);
                other.connection.execute(&*kill).await?;
            }
            Ok::<_, StoreError>(())
        };
        let end = timeout(KILL_TIMEOUT, ending).await;
        let ended = end.is_ok_and(|end| end.is_ok());
        tracing::debug!(ended, "ended a session that took too long");
    }

    /// Opens a connection beside the counted ones, for work that needs two at once and is done once in a while.
    pub(crate) async fn open_apart(&self) -> Result<Connection> {
        Ok(self.connect().await?.connection)
    }

    async fn connect(&self) -> Result<Open> {
        let opening = async {
            let mut connection = Connection::connect_with(&self.config.options).await?;
            let session = Arc::new(begin_session(&mut connection).await?);
            Ok(Open {
                connection,
                session,
            })
        };
        timeout(CONNECT_TIMEOUT, opening)
            .await
            .unwrap_or(Err(StoreError::TimedOut(CONNECT_TIMEOUT)))
            .map_err(|fault| StoreError::Unreachable {
                place: self.config.place(),
                fault: Box::new(fault),
            })
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Idle>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes a connection's session one of ours and answers its name.
pub(crate) async fn begin_session(connection: &mut Connection) -> Result<Session> {
    let rows = connection.fetch_all(sqlx::raw_sql(SESSION)).await?;
    let name = rows.first().ok_or(StoreError::Unreadable("a session"))?;
    Ok(Session {
        server: name.try_get_unchecked("server")?,
        id: name.try_get_unchecked("id")?,
    })
}

/// Returns a held connection that still works; a connection that was just used is not asked.
async fn revived(idle: Idle) -> Option<Open> {
    let mut open = idle.open;
    if idle.last_use.is_recent() {
        return Some(open);
    }
    let answer = timeout(CHECK_TIMEOUT, open.connection.ping()).await;
    matches!(answer, Ok(Ok(()))).then_some(open)
}

/// A connection in use. Dropped, it is closed; only [`Lease::give_back`] keeps it.
pub(crate) struct Lease<'a> {
    connections: &'a Connections,
    open: Open,
    permit: SemaphorePermit<'a>,
}

impl Lease<'_> {
    pub(crate) fn connection(&mut self) -> &mut Connection {
        &mut self.open.connection
    }

    pub(crate) fn session(&self) -> Arc<Session> {
        Arc::clone(&self.open.session)
    }

    /// Keeps the connection for the next unit of work: this one has read every answer it asked for.
    pub(crate) fn give_back(self) {
        let idle = Idle {
            open: self.open,
            last_use: LastUse::now(),
        };
        self.connections.idle().push(idle);
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

    /// Tells whether it was used within the last second, so that no server or gateway has had a reason to end it.
    fn is_recent(&self) -> bool {
        let limit = Duration::from_secs(1);
        self.monotonic.elapsed() < limit && self.wall.elapsed().is_ok_and(|age| age < limit)
    }
}
