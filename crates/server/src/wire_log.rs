//! What the log says of a request: who, what, how much, how long, and where the answer
//! came from. Never a body, a key or an openid.

use crate::refusal::Refused;
use crate::source::Origin;
use crate::turn::Call;
use hongbao_issuer::Answer;
use hongbao_wire::ErrorCode;
use std::fmt;
use std::time::{Duration, Instant};
use tracing::{debug, info, warn};

/// The name of a request in the log: connection and request, counted from 1.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RequestId {
    /// The connection's number on its listener.
    pub(crate) connection: u64,
    /// The request's number on its connection.
    pub(crate) nth: u32,
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}-{:x}", self.connection, self.nth)
    }
}

/// One request, for the log.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Log<'l> {
    /// Its name.
    pub(crate) id: RequestId,
    /// What was called.
    pub(crate) call: Call,
    /// Whose certificate it was, where that is good; never what the body claims.
    pub(crate) mch_id: Option<&'l str>,
    /// The body's length, bytes.
    pub(crate) bytes: usize,
    /// When its head had arrived.
    pub(crate) started: Instant,
}

impl Log<'_> {
    /// It was answered. Returns how long that took.
    pub(crate) fn answered(&self, answer: &Answer, origin: Origin) -> Duration {
        let (took, origin) = (self.started.elapsed(), origin.as_str());
        let micros = micros(took);
        let (call, mch_id, bytes) = (self.call.as_str(), self.mch_id, self.bytes);
        let bytes_out = answer.body.len();
        match &answer.err_code {
            // where a gateway's answer came from is for its operator to see
            None if origin != Origin::Issuer.as_str() => {
                info!(request = %self.id, call, mch_id, bytes, bytes_out, origin, micros, "answered");
            }
            None => {
                debug!(request = %self.id, call, mch_id, bytes, bytes_out, origin, micros, "answered");
            }
            Some(err_code @ (ErrorCode::SystemError | ErrorCode::PSystemError)) => {
                warn!(request = %self.id, call, mch_id, %err_code, bytes, bytes_out, origin, micros, "answered");
            }
            Some(err_code) => {
                info!(request = %self.id, call, mch_id, %err_code, bytes, bytes_out, origin, micros, "answered");
            }
        }
        took
    }

    /// It was refused before the source. Returns how long that took.
    pub(crate) fn refused(&self, refused: &Refused) -> Duration {
        let (took, origin) = (self.started.elapsed(), Origin::Refused.as_str());
        let micros = micros(took);
        let (call, mch_id, bytes) = (self.call.as_str(), self.mch_id, self.bytes);
        let (err_code, why) = (refused.err_code(), refused.word());
        info!(request = %self.id, call, mch_id, %err_code, why, bytes, origin, micros, "refused");
        took
    }
}

fn micros(took: Duration) -> u64 {
    u64::try_from(took.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
