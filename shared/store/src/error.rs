//! What can go wrong between us and the database, sorted by what the caller should do about it.

use std::time::Duration;

/// Error numbers of MySQL and MariaDB that this crate acts on.
mod number {
    /// A unique key is taken.
    pub(super) const DUPLICATE_KEY: u16 = 1062;
    /// Lock wait time-out: the statement is undone, the rest of the transaction is not.
    pub(super) const LOCK_WAIT_TIMEOUT: u16 = 1205;
    /// Deadlock: the whole transaction is undone.
    pub(super) const DEADLOCK: u16 = 1213;
    /// A row changed under a MariaDB snapshot: the whole transaction must be run again.
    pub(super) const RECORD_CHANGED: u16 = 1020;
    /// Faults of a value that SQLSTATE does not tell: a text that is none (1366), a broken check (3819, MariaDB 4025).
    pub(super) const OF_A_VALUE: [u16; 3] = [1366, 3819, 4025];
    /// Faults of a server that is full (1040, 1203, 1226), starting or stopping (1053, 3100), has become a reader
    /// after a failover (1290, 1836) or has ended the statement (1317) or the session (1927, 4031).
    pub(super) const UNAVAILABLE: [u16; 10] =
        [1040, 1053, 1203, 1226, 1290, 1317, 1836, 1927, 3100, 4031];
}

/// Why a unit of work did not complete. Whatever the kind, nothing of it was half-done.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The server refused a statement or the connection failed.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// The unit of work took longer than its bound; its connection was closed.
    #[error("database: no answer within {0:?}")]
    TimedOut(Duration),
    /// No connection became free in time.
    #[error("database: no free connection within {0:?}")]
    Exhausted(Duration),
    /// A stored value is not what this version can read.
    #[error("database: {0} holds a value that cannot be read")]
    Unreadable(&'static str),
}

impl StoreError {
    fn number(&self) -> Option<u16> {
        match self {
            Self::Database(sqlx::Error::Database(error)) => error
                .try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>()
                .map(sqlx::mysql::MySqlDatabaseError::number),
            _ => None,
        }
    }

    /// What kind of fault it is, without a word of any value: safe to log.
    #[must_use]
    pub fn kind(&self) -> String {
        match (self, self.number()) {
            (_, Some(number)) => format!("database error {number}"),
            (Self::Database(sqlx::Error::Io(error)), _) => {
                format!("database connection: {}", error.kind())
            }
            (Self::Database(sqlx::Error::Database(_)), _) => "database error".to_owned(),
            (other, _) => other.to_string(),
        }
    }

    /// A unique key was taken: somebody else was first.
    #[must_use]
    pub fn is_duplicate_key(&self) -> bool {
        self.number() == Some(number::DUPLICATE_KEY)
    }

    /// The whole transaction lost against another one: running it again at once may succeed.
    #[must_use]
    pub fn is_contention(&self) -> bool {
        matches!(
            self.number(),
            Some(number::DEADLOCK | number::LOCK_WAIT_TIMEOUT | number::RECORD_CHANGED)
        )
    }

    /// The work itself cannot be stored, or what is stored cannot be read: tried again unchanged it ends in the same way.
    #[must_use]
    pub fn is_permanent(&self) -> bool {
        let state = match self {
            Self::Database(sqlx::Error::Database(error)) => error.code(),
            Self::Database(sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_))
            | Self::Unreadable(_) => return true,
            _ => None,
        };
        // Data exceptions, and broken constraints.
        state.is_some_and(|state| state.starts_with("22") || state.starts_with("23"))
            || self
                .number()
                .is_some_and(|n| number::OF_A_VALUE.contains(&n))
    }

    /// The database cannot be used at present: what else there is to do with it will end in the same way.
    #[must_use]
    pub fn is_outage(&self) -> bool {
        self.is_retryable() && !self.is_contention()
    }

    /// The server or the way to it failed, not the work: it may succeed later, unchanged.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        let unreachable = matches!(
            self,
            Self::TimedOut(_)
                | Self::Exhausted(_)
                | Self::Database(
                    sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_)
                )
        );
        unreachable
            || self.is_contention()
            || self
                .number()
                .is_some_and(|n| number::UNAVAILABLE.contains(&n))
    }
}

/// The result of a store function.
pub type Result<T> = std::result::Result<T, StoreError>;
