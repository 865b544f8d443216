//! Asks a payer, WeChat Pay or a hongbao server, as one merchant.
//!
//! Bytes of credentials in, what was observed out. Nothing here touches a disk, reads a
//! clock or decides what an observation means: that is `hongbao_wire::verdict`.
//!
//! Where to look: [`identity`] the merchant's certificate · [`trust`] which servers are
//! believed · [`client`] one request · [`exchange`] what came of it · [`probe`] the way to a
//! server, stage by stage · [`certificate`] what a certificate says.

pub mod certificate;
pub mod client;
pub mod error;
pub mod exchange;
pub mod identity;
pub mod probe;
pub mod trust;

pub use certificate::{Certificate, KeyKind};
pub use client::{Client, ClientConfig};
pub use error::{ClientError, IdentityError};
pub use exchange::Exchange;
pub use identity::Identity;
pub use probe::{Obstacle, Probe, probe};
pub use trust::Trust;
