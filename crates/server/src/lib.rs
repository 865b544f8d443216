//! The faces: the wire endpoint for merchants, the admin listener for operators.
pub mod config;
mod kept_replies;
pub mod running;

pub use config::{
    ConnectionLimits, Pace, Refusal, ServerConfig, SignedFields, TlsMaterial, WireOptions,
};
pub use kept_replies::KeptReplies;
pub use running::{Running, StartError, start};
