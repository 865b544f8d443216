//! The certificates of a sandbox: its CA, its server, its merchants.
//!
//! Everything is text in and text out; nothing here touches a disk or reads a clock.
//!
//! Where to look: [`authority`] the CA and what it issues · [`issued`] a certificate with its
//! key, as PEM and PKCS#12 · [`validity`] from when until when.

pub mod authority;
pub mod error;
pub mod issued;
pub mod validity;

pub use authority::Authority;
pub use error::AuthorityError;
pub use issued::Issued;
pub use validity::Validity;
