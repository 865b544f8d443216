//! The faces: the wire endpoint for merchants, the admin listener for operators.
//!
//! The walk of a request: `listener` accepts → `wire_face` shakes hands and reads a
//! body under its cap → `turn` checks certificate, XML, fields, merchant, signatures,
//! permission and pace, in that order, and asks the source → bytes.
//!
//! Where to look: [`running`] start and stop · [`config`] every switch ·
//! `certificate` who somebody is · `roster` who may call · `refusal` what no sounds
//! like · [`source`] what answers · [`gateway`] where the payer is elsewhere, and
//! `gateway/said.rs` what passes · `metrics` counts · [`KeptReplies`] the fast path · `slices` what of several
//! servers' pace is its own · `pulse` time-outs · `http1` rest ·
//! `admin` the operator's JSON.

mod admin;
mod background;
mod certificate;
pub mod config;
pub mod gateway;
mod http1;
mod kept_replies;
mod listener;
mod metrics;
mod pace;
mod page;
mod pulse;
mod refusal;
mod request_body;
mod roster;
pub mod running;
mod slices;
pub mod source;
mod stream;
mod tls;
mod turn;
mod wire_face;
mod wire_log;

pub use config::{
    ConnectionLimits, Pace, Refusal, Replica, ServerConfig, SignedFields, TlsMaterial, WireOptions,
};
pub use gateway::{Gateway, GatewayOptions, Upstream};
pub use kept_replies::KeptReplies;
pub use running::{Running, StartError, start};
pub use source::Source;
