//! The paying side: accepts sends, moves packets through their life, answers queries
//! from the ledger; the sandbox's clock, play, faults and its watch on double payments.
//!
//! Where to look: [`issuer`] the door · `send`, `query`, `movement` its three turns ·
//! [`life`] what may happen to a packet · `play` when it happens by itself ·
//! [`fault`] traps on request · `watch` double payments · [`reply`] bytes ·
//! [`config`], [`clock`], [`trigger`], [`answer`], [`error`] values.

mod agenda;
pub mod answer;
mod breakage;
pub mod clock;
pub mod config;
mod detail_id;
pub mod error;
pub mod fault;
mod faults;
pub mod issuer;
pub mod life;
mod movement;
mod packet;
mod play;
mod query;
pub mod reply;
mod rules;
mod seeded;
mod send;
pub mod text;
mod trace;
pub mod trigger;
mod watch;

pub use answer::{Answer, Delivery};
pub use clock::{Clock, ManualClock, SystemClock};
pub use config::{IssuerConfig, Mode, Play, ReplyStyle};
pub use error::IssuerError;
pub use fault::{Fault, FaultRule, On};
pub use issuer::{Advanced, Issuer};
pub use movement::MOVE_LEASE;
pub use trigger::Trigger;
