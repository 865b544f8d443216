//! The wire of WeCom red packets: the page `queryworkwxredpack` as code.
//!
//! Bytes become messages and messages become bytes; signatures are made and
//! checked; what was observed becomes a [`Verdict`]. Nothing here opens a
//! socket, reads a clock, rolls dice or writes a log, so a whole conversation
//! can be replayed by hand.
//!
//! Where to look:
//! [`xml`] bytes ⇄ flat documents · [`sign`] both signatures ·
//! [`query`] and [`send`] the messages · [`reply`] what their replies share ·
//! [`failure`] replies that say no ·
//! [`observation`] what a client saw · [`verdict`] what that means ·
//! [`status`], [`error_code`] the vocabulary · [`fen`], [`id`], [`time`] values.

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

pub mod error_code;
pub mod failure;
pub mod fen;
pub mod field;
pub mod id;
pub mod key;
pub mod observation;
pub mod query;
pub mod reply;
pub mod send;
pub mod sign;
pub mod status;
pub mod text;
pub mod time;
pub mod verdict;
pub mod xml;

pub use error_code::ErrorCode;
pub use failure::FailureReply;
pub use fen::Fen;
pub use field::FieldError;
pub use id::{AppId, DetailId, MchBillno, MchId, OpenId};
pub use key::{ApiKey, WorkwxSecret};
pub use observation::Observation;
pub use query::{QueryReply, QueryRequest};
pub use reply::{Reply, ReplyError};
pub use send::{SendReply, SendRequest};
pub use sign::Verified;
pub use status::Status;
pub use text::HumanText;
pub use time::WireTime;
pub use verdict::{NextStep, Verdict};

/// Path of the query, `POST` (seed, 请求地址).
pub const QUERY_PATH: &str = "/mmpaymkttransfers/queryworkwxredpack";
/// Path of the send, `POST` (`protocol.md` §0).
pub const SEND_PATH: &str = "/mmpaymkttransfers/sendworkwxredpack";
