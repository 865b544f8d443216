//! What carries a request to the payer and a reply back: HTTP in the field, anything in a
//! simulation.

use async_trait::async_trait;
use hongbao_wire::observation::Silence;
use std::fmt::Debug;

/// Which host is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Host {
    /// `api.mch.weixin.qq.com`, or what stands for it.
    Main,
    /// `api2.mch.weixin.qq.com`, or what stands for it (`protocol.md` §5).
    Failover,
}

impl Host {
    /// The host that is not this one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Main => Self::Failover,
            Self::Failover => Self::Main,
        }
    }

    /// A stable word for logs and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Main => "main",
            Self::Failover => "failover",
        }
    }
}

/// Which of the two calls is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Call {
    /// `queryworkwxredpack`: asks what became of a packet (seed).
    Query,
    /// `sendworkwxredpack`: orders one (`protocol.md` §1).
    Send,
}

/// Carries one request and its reply, once: it repeats nothing, chooses no host and waits
/// for no turn. [`crate::Client`] does.
///
/// A future of [`Transport::post`] may be dropped at any time, after which the transport
/// must be usable as before.
#[async_trait]
pub trait Transport: Send + Sync + Debug {
    /// Posts `body` to the path of `call` at `host`, and reads what comes back.
    ///
    /// # Errors
    /// [`Trouble`] where no reply began. A reply that began and broke off is no error: its
    /// bytes are kept, and [`RawReply::broke`] says why it ended.
    async fn post(&self, host: Host, call: Call, body: Vec<u8>) -> Result<RawReply, Trouble>;
}

/// Bytes of a reply, before anything is read into them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawReply {
    /// The HTTP status.
    pub http_status: u16,
    /// The `Date` header, where one came: the server's clock.
    pub date: Option<String>,
    /// The body, at most [`crate::exchange::REPLY_BYTES_MAX`] bytes of it.
    pub body: Vec<u8>,
    /// Why the body broke off, where it did.
    pub broke: Option<Trouble>,
}

/// What stood in the way of a reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// Its class, which is what decides.
    pub seen: Seen,
    /// Whether the request may have reached the payer. Only a transport that is certain that
    /// no byte of it left says no.
    pub was_sent: bool,
    /// What happened, for people: never branched on.
    pub cause: String,
}

/// The class of a trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// Nothing usable came.
    Silence(Silence),
    /// A certificate was refused, the client's or the server's.
    CertificateRefused,
}
