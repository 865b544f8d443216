//! The paying side: accepts sends, moves packets through their life, answers queries
//! from the ledger; the sandbox's clock, play, faults and its watch on double payments.
//!
//! Where to look: [`issuer`] the door · [`life`] what may happen to a packet ·
//! [`play`] when it happens by itself · [`fault`] traps on request ·
//! [`watch`] double payments · [`config`], [`clock`], [`trigger`], [`answer`] values.

pub mod answer;
pub mod clock;
pub mod config;
pub mod error;
pub mod fault;
pub mod issuer;
mod text;
pub mod trigger;

pub use answer::{Answer, Delivery};
pub use clock::{Clock, ManualClock, SystemClock};
pub use config::{IssuerConfig, Mode, Play, ReplyStyle};
pub use error::IssuerError;
pub use fault::{Fault, FaultRule, On};
pub use issuer::{Advanced, Issuer};
pub use trigger::Trigger;
