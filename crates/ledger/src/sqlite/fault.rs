//! What the driver says, in the ledger's words.

use crate::error::LedgerError;
use rusqlite::ErrorCode;

/// The ledger's error for one of the driver's. Its texts name no bound value.
pub(super) fn fault(error: rusqlite::Error) -> LedgerError {
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
            LedgerError::Damaged(error.to_string())
        }
        Some(_) => LedgerError::Storage(error.to_string()),
        None => match error {
            rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::IntegralValueOutOfRange(..)
            | rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::Utf8Error(..) => LedgerError::Damaged(error.to_string()),
            other => LedgerError::Storage(other.to_string()),
        },
    }
}

/// A value that no version of this program writes.
pub(super) fn damaged(column: &str) -> LedgerError {
    LedgerError::Damaged(format!("the column `{column}` holds what it cannot hold"))
}
