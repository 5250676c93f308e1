//! Faults between us and the database, sorted by the action that the caller should take.

mod number;

use std::time::Duration;

use number::Class;

/// Why a unit of work did not complete. Whatever the kind, nothing of it was half-done.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The server refused a statement or the connection failed.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// No connection could be opened: where to, and why.
    #[error("database at {place}: {fault}")]
    Unreachable {
        /// Host and port.
        place: String,
        /// Why.
        fault: Box<Self>,
    },
    /// The unit of work took longer than its bound; its connection was closed.
    #[error("database: no answer within {0:?}")]
    TimedOut(Duration),
    /// The unit of work lost against other ones until its time was up.
    #[error("database: locks were held by others for {0:?}")]
    Contended(Duration),
    /// No connection became free in time.
    #[error("database: no free connection within {0:?}")]
    Exhausted(Duration),
    /// This version cannot read a stored value.
    #[error("database: {0} holds a value that cannot be read")]
    Unreadable(&'static str),
    /// The schema could not be brought to this version's: names the obstacle and the remedy.
    #[error("migrations: {0}")]
    Migration(String),
    /// The connection was lost after a write or a commit was sent: it may have been carried out, whole.
    #[error("{0}; whether it was carried out is not known")]
    FateUnknown(Box<Self>),
}

impl StoreError {
    /// Returns the error itself, without its context.
    fn root(&self) -> &Self {
        match self {
            Self::FateUnknown(fault) | Self::Unreachable { fault, .. } => fault.root(),
            own => own,
        }
    }

    fn of_server(&self) -> Option<&sqlx::mysql::MySqlDatabaseError> {
        match self.root() {
            Self::Database(sqlx::Error::Database(error)) => error.try_downcast_ref(),
            _ => None,
        }
    }

    pub(crate) fn number(&self) -> Option<u16> {
        self.of_server()
            .map(sqlx::mysql::MySqlDatabaseError::number)
    }

    fn class(&self) -> Option<Class> {
        self.of_server()
            .map(|error| number::class(error.number(), error.code().unwrap_or_default()))
    }

    /// Names the kind of fault without any value: safe to log.
    #[must_use]
    pub fn kind(&self) -> String {
        match (self, self.number()) {
            (Self::FateUnknown(fault), _) => {
                format!("{}; whether it was carried out is not known", fault.kind())
            }
            (Self::Unreachable { place, fault }, _) => {
                format!("{} (connecting to {place})", fault.kind())
            }
            (_, Some(number)) => format!("database error {number}"),
            (Self::Database(sqlx::Error::Io(error)), _) => {
                format!("database connection: {}", error.kind())
            }
            (Self::Database(sqlx::Error::Database(_)), _) => "database error".to_owned(),
            (other, _) => other.to_string(),
        }
    }

    /// Tells whether the unit of work may have been carried out, and may not: its connection was lost after it was told to.
    #[must_use]
    pub const fn is_fate_unknown(&self) -> bool {
        matches!(self, Self::FateUnknown(_))
    }

    /// Tells whether a unique key was taken: somebody else was first.
    #[must_use]
    pub fn is_duplicate_key(&self) -> bool {
        self.number() == Some(number::DUPLICATE_KEY)
    }

    /// Tells whether a lock was lost to another transaction, and the statement is undone.
    pub(crate) fn is_lost(&self) -> bool {
        self.class() == Some(Class::Lost)
    }

    /// Tells whether the effect of the failed statement is known.
    pub(crate) fn is_certain(&self) -> bool {
        self.is_lost() || self.is_of_a_value() || matches!(self, Self::Migration(_))
    }

    /// Tells whether the whole transaction lost against another one: running it again may succeed.
    #[must_use]
    pub fn is_contention(&self) -> bool {
        matches!(self.class(), Some(Class::Lost | Class::Contention))
            || matches!(self.root(), Self::Contended(_))
    }

    /// Tells whether the server refuses a value: the same call with another one would succeed.
    #[must_use]
    pub fn is_of_a_value(&self) -> bool {
        self.class() == Some(Class::Value)
    }

    /// Tells whether the work itself cannot be stored, or stored data cannot be read: a second try ends in the same way.
    #[must_use]
    pub fn is_permanent(&self) -> bool {
        let unreadable = matches!(
            self.root(),
            Self::Unreadable(_)
                | Self::Database(sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_))
        );
        unreadable || self.is_of_a_value()
    }

    /// Tells whether the database cannot be used at present: every other unit would end in the same way.
    #[must_use]
    pub fn is_outage(&self) -> bool {
        let unreachable = matches!(
            self.root(),
            Self::TimedOut(_)
                | Self::Exhausted(_)
                | Self::Database(
                    sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_)
                )
        );
        unreachable || self.class() == Some(Class::Outage)
    }

    /// Tells whether the server or the way to it failed, not the work: it may succeed later, unchanged.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.is_outage() || self.is_contention()
    }
}

/// The result of a store function.
pub type Result<T> = std::result::Result<T, StoreError>;
