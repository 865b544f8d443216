//! Asks a payer, WeChat Pay or a hongbao server, as one merchant.
//!
//! Bytes of credentials in, what was observed out. Nothing here touches a disk, reads a
//! clock or decides what an observation means: that is `hongbao_wire::verdict`.
//!
//! Where to look: [`identity`] the merchant's certificate · [`trust`] which servers are
//! believed · [`client`] one request · [`exchange`] what came of it.

pub mod client;
pub mod error;
pub mod exchange;
pub mod identity;
pub mod trust;

pub use client::{Client, ClientConfig};
pub use error::{ClientError, IdentityError};
pub use exchange::Exchange;
pub use identity::Identity;
pub use trust::Trust;
