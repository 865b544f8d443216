//! What the faces need to know before they open.

use hongbao_inquiry::Clock;
use hongbao_issuer::ReplyStyle;
use hongbao_ledger::Inquiries;
use hongbao_wire::ErrorCode;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use serde::Deserialize;
use std::net::SocketAddr;
use std::sync::Arc;

/// Everything that [`start`](crate::start) needs beside the ledger and the issuer.
#[derive(Debug)]
pub struct ServerConfig {
    /// Where merchants connect; port 0 picks a free one.
    pub listen: SocketAddr,
    /// Where the operator connects, without TLS; must be a loopback address.
    pub admin: SocketAddr,
    /// Certificates and the server's key.
    pub tls: TlsMaterial,
    /// How the wire endpoint behaves.
    pub wire: WireOptions,
    /// How much time and room one connection gets, on either listener.
    pub connection: ConnectionLimits,
    /// How often the background work runs.
    pub pace: Pace,
    /// Where several servers share the ledger: this one among them. `None`: it is the ledger's
    /// only server.
    pub replica: Option<Replica>,
}

/// One of several servers on a ledger. None of them may stand behind
/// [`KeptReplies`](crate::KeptReplies).
#[derive(Clone, Debug)]
pub struct Replica {
    /// Its name: 1-64 characters, new with every start; the same as that of its source.
    pub holder: Box<str>,
    /// Where it leases its share of what merchants may call.
    pub ledger: Arc<dyn Inquiries>,
    /// The time of leases.
    pub clock: Arc<dyn Clock>,
}

/// Certificates and the server's key, as DER.
#[derive(Debug)]
pub struct TlsMaterial {
    /// The server's certificate, then its issuers.
    pub server_chain: Vec<CertificateDer<'static>>,
    /// The key of the first certificate.
    pub server_key: PrivateKeyDer<'static>,
    /// The authorities whose client certificates name merchants; at least one.
    pub client_ca: Vec<CertificateDer<'static>>,
}

/// The Content-Type of XML replies that was seen (`protocol.md` §0).
pub(crate) const CONTENT_TYPE_USUAL: &str = "text/plain;charset=utf-8";

/// How the wire endpoint behaves where evidence leaves a choice (`protocol.md` §9).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "snake_case")]
pub struct WireOptions {
    /// How trouble with a certificate is answered (§9 row 18).
    pub certificate_refusal: Refusal,
    /// Whether success replies are signed (§9 row 7): `true`.
    pub sign_success: bool,
    /// Whether failure replies are signed where the merchant is known (§2.4): `false`.
    pub sign_failures: bool,
    /// Whether the fields are checked before the signature (§9, end): `true`.
    pub params_before_sign: bool,
    /// Which fields of a request its signature covers (§2.1).
    pub signed_fields: SignedFields,
    /// Whether a failing store is PSYSTEMERROR (the seed's table) rather than
    /// SYSTEMERROR (its example) (§9 row 1): `false`.
    pub psystemerror: bool,
    /// Content-Type of every XML reply (§0): `text/plain;charset=utf-8`.
    pub content_type: String,
    /// How much memory finished replies may take, MiB; for whoever puts
    /// [`KeptReplies`](crate::KeptReplies) in front of the ledger: 64.
    pub kept_replies_mib: u32,
}

impl Default for WireOptions {
    fn default() -> Self {
        Self {
            certificate_refusal: Refusal::Xml,
            sign_success: true,
            sign_failures: false,
            params_before_sign: true,
            signed_fields: SignedFields::Known,
            psystemerror: false,
            content_type: CONTENT_TYPE_USUAL.to_owned(),
            kept_replies_mib: 64,
        }
    }
}

/// How trouble with a certificate is answered; both were seen (`protocol.md` §4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// Status 200 and CA_ERROR in XML.
    #[default]
    Xml,
    /// Status 400 and a page for people, as from a front end; but for a certificate of
    /// another merchant, which a front end cannot know.
    Html400,
}

/// Which fields of a request its signature covers (`protocol.md` §2.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignedFields {
    /// Those that the page names: a signed extra field breaks the signature, as at WeChat.
    #[default]
    Known,
    /// All that were received.
    AllReceived,
}

/// How much time and room one connection gets. Times are milliseconds and are
/// enforced within a quarter of the shortest of them.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "snake_case")]
pub struct ConnectionLimits {
    /// The most connections at once on each listener; more wait to be accepted: 12,000.
    pub connections_max: u32,
    /// The most requests over one connection, then it is closed; 0 is no limit: 0.
    pub requests_max: u32,
    /// The largest request head, bytes, at least 8,192: 16,384.
    pub head_bytes_max: u32,
    /// From the connection to the end of the TLS handshake: 10,000.
    pub handshake_ms: u32,
    /// From the first byte of a head to its end: 10,000.
    pub head_ms: u32,
    /// From the end of the head to the end of the body: 10,000.
    pub body_ms: u32,
    /// From the reply to its last byte taken by the other side: 10,000.
    pub write_ms: u32,
    /// Between requests: 75,000.
    pub idle_ms: u32,
    /// What a stop waits for requests that were accepted: 10,000.
    pub stop_ms: u32,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            connections_max: 12_000,
            requests_max: 0,
            head_bytes_max: 16 * 1024,
            handshake_ms: 10_000,
            head_ms: 10_000,
            body_ms: 10_000,
            write_ms: 10_000,
            idle_ms: 75_000,
            stop_ms: 10_000,
        }
    }
}

/// How often the background work runs, in milliseconds; 0 counts as 1.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "snake_case")]
pub struct Pace {
    /// Moving the packets that are due, in sandbox mode: 200.
    pub settle_ms: u32,
    /// Looking whether a merchant was added, changed or revoked: 500.
    pub refresh_ms: u32,
}

impl Default for Pace {
    fn default() -> Self {
        Self { settle_ms: 200, refresh_ms: 500 }
    }
}

impl WireOptions {
    /// The part of these options that the issuer needs: it writes its own replies.
    #[must_use]
    pub fn reply_style(&self) -> ReplyStyle {
        let system_error =
            if self.psystemerror { ErrorCode::PSystemError } else { ErrorCode::SystemError };
        ReplyStyle {
            sign_success: self.sign_success,
            sign_failures: self.sign_failures,
            system_error,
        }
    }
}
