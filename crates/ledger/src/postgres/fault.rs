//! What the driver says, in the ledger's words, and whether to try again.

use crate::error::LedgerError;
use deadpool_postgres::{HookError, PoolError};
use tokio_postgres::Error;
use tokio_postgres::error::SqlState;

/// Why something in the database did not happen.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) error: LedgerError,
    pub(super) kind: Kind,
}

/// What a fault says of a second try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// No connection could be had: nothing was asked.
    Away,
    /// The connection broke, or its server ended: a new one may do.
    Broken,
    /// Another transaction came in between: the same again may do.
    Clash,
    /// The store cannot at this moment, whatever it is asked: no room, no writing, no lock in time.
    Store,
    /// The same would fail again.
    Final,
}

impl Kind {
    /// Whether the server refused what it was asked, and the connection is as good as before.
    pub(super) const fn is_refusal(self) -> bool {
        matches!(self, Self::Store | Self::Final)
    }
}

pub(super) type Outcome<T> = Result<T, Fault>;

impl From<LedgerError> for Fault {
    fn from(error: LedgerError) -> Self {
        Self { error, kind: Kind::Final }
    }
}

impl From<Fault> for LedgerError {
    fn from(fault: Fault) -> Self {
        fault.error
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        let kind = kind(&error);
        let why = words(&error);
        let error = match error.code() {
            Some(&SqlState::DATA_CORRUPTED | &SqlState::INDEX_CORRUPTED) => {
                LedgerError::Damaged(why)
            }
            Some(_) if kind == Kind::Broken => LedgerError::Unreachable(why),
            Some(_) => LedgerError::Storage(why),
            None if is_of_a_value(&error) => LedgerError::Damaged(why),
            None => LedgerError::Unreachable(why),
        };
        Self { error, kind }
    }
}

/// What is said of a server that says nothing.
pub(super) const SILENT: &str = "the server does not answer";

impl From<PoolError> for Fault {
    fn from(error: PoolError) -> Self {
        let why = match error {
            PoolError::Backend(error) => {
                return Self { kind: Kind::Away, ..Self::from(error) }.away();
            }
            PoolError::PostCreateHook(HookError::Backend(error)) => {
                return Self { kind: Kind::Away, ..Self::from(error) }.away();
            }
            PoolError::PostCreateHook(HookError::Message(why)) if why != SILENT => {
                let error = LedgerError::NotDurable(why.into_owned());
                return Self { error, kind: Kind::Store };
            }
            PoolError::PostCreateHook(_) => SILENT.to_owned(),
            PoolError::Timeout(_) => "no connection within the time-out".to_owned(),
            other => other.to_string(),
        };
        Self { error: LedgerError::Unreachable(why), kind: Kind::Away }
    }
}

impl Fault {
    /// The server did not answer in its time. What it did is not known.
    pub(super) fn silent() -> Self {
        Self { error: LedgerError::Unreachable(SILENT.to_owned()), kind: Kind::Broken }
    }

    /// Nothing could be asked: whatever the words are, the store cannot be reached.
    fn away(self) -> Self {
        let error = match self.error {
            LedgerError::Storage(why) => LedgerError::Unreachable(why),
            other => other,
        };
        Self { error, ..self }
    }
}

fn kind(error: &Error) -> Kind {
    let Some(state) = error.code() else {
        return if is_of_a_value(error) { Kind::Final } else { Kind::Broken };
    };
    match *state {
        SqlState::T_R_SERIALIZATION_FAILURE | SqlState::T_R_DEADLOCK_DETECTED => Kind::Clash,
        SqlState::ADMIN_SHUTDOWN
        | SqlState::CRASH_SHUTDOWN
        | SqlState::CANNOT_CONNECT_NOW
        | SqlState::DATABASE_DROPPED
        | SqlState::TOO_MANY_CONNECTIONS
        | SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT
        // What this connection had prepared is gone, or is of an older schema.
        | SqlState::INVALID_SQL_STATEMENT_NAME
        | SqlState::FEATURE_NOT_SUPPORTED => Kind::Broken,
        SqlState::LOCK_NOT_AVAILABLE
        | SqlState::QUERY_CANCELED
        | SqlState::READ_ONLY_SQL_TRANSACTION
        | SqlState::IO_ERROR => Kind::Store,
        ref other if other.code().starts_with("08") => Kind::Broken,
        ref other if other.code().starts_with("53") => Kind::Store,
        _ => Kind::Final,
    }
}

/// Whether a value could not be read or written, rather than the connection.
fn is_of_a_value(error: &Error) -> bool {
    // The driver names the kinds in its texts alone.
    let text = error.to_string();
    text.starts_with("error deserializing column") || text.starts_with("error serializing")
}

/// The driver's text without what may hold values: details, hints, contexts.
fn words(error: &Error) -> String {
    use std::error::Error as _;
    match (error.as_db_error(), error.source()) {
        (Some(db), _) => format!("{} (SQLSTATE {})", db.message(), db.code().code()),
        (None, Some(source)) => format!("{error}: {source}"),
        (None, None) => error.to_string(),
    }
}

/// A value that no version of this program writes.
pub(super) fn damaged(column: &str) -> LedgerError {
    LedgerError::Damaged(format!("the column `{column}` holds what it cannot hold"))
}
