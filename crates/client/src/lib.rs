#![doc = include_str!("../README.md")]
//!
//! # Sending
//!
//! ```no_run
//! use hongbao_client::{Client, Dice};
//! use hongbao_wire::send::Sender;
//! use hongbao_wire::sign::Policy;
//! use hongbao_wire::verdict::judge_send;
//! use hongbao_wire::{ApiKey, Fen, SendRequest, WorkwxSecret};
//!
//! # async fn send(client: &Client, key: &ApiKey, secret: &WorkwxSecret) {
//! let request = SendRequest {
//!     nonce_str: Dice::random().nonce_str().into(),
//!     // kept before anything is sent: it stays with this payment until it is final
//!     mch_billno: "100000982026072000000001".into(),
//!     mch_id: "10000098".into(),
//!     wxappid: "wx8888888888888888".into(),
//!     sender: Sender::Company,
//!     sender_header_media_id: None,
//!     re_openid: "oxTWIuGaIt6gTKsQRLau2M0yL16E".into(),
//!     total_amount: Fen::new(100).unwrap_or_default(),
//!     wishing: "恭喜发财".into(),
//!     act_name: "新年红包".into(),
//!     remark: "新年红包".into(),
//!     scene: None,
//! };
//! let seen = client.send(&request, key, secret, Policy::Require).await;
//! let verdict = judge_send(&seen.observation);
//! // whatever came back, a new number is not permitted: only a query can prove a failure
//! assert!(!verdict.new_billno_permitted());
//! if !seen.may_have_arrived {
//!     println!("nobody was reached; the same number may be sent later");
//! }
//! # }
//! ```
//!
//! # The rooms of this crate
//!
//! Bytes of credentials in, what was observed out. Nothing here touches a disk, reads the
//! time of day or decides what an observation means: that is `hongbao_wire::verdict`.
//!
//! Where to look: [`identity`] the merchant's certificate · [`trust`] which servers are
//! believed · [`config`] all that can be set · [`client`] one call · `attempts.rs` whether it
//! is made again · `failover.rs` of which host · [`pace`] how often · [`transport`] what carries
//! it, [`http`] in the field · [`exchange`] what came of it · [`dice`] randomness · [`probe()`] the
//! way to a server, stage by stage · [`certificate`] what a certificate says.

pub mod attempts;
pub mod certificate;
pub mod client;
pub mod config;
pub mod dice;
pub mod error;
pub mod exchange;
mod failover;
pub mod http;
pub mod identity;
pub mod pace;
pub mod probe;
pub mod transport;
pub mod trust;

pub use attempts::AttemptLimits;
pub use certificate::{Certificate, IdentityWarning, KeyKind};
pub use client::Client;
pub use config::{ClientConfig, ClientOptions};
pub use dice::Dice;
pub use error::{ClientError, IdentityError};
pub use exchange::{Exchange, Superseded};
pub use failover::FAILOVER_REST;
pub use http::HttpTransport;
pub use identity::Identity;
pub use pace::{OverPace, Pace, Rate};
pub use probe::{Obstacle, Probe, probe};
pub use transport::{Call, Host, RawReply, Seen, Transport, Trouble};
pub use trust::Trust;
