//! One exchange with the server: what came back, and what stood in its way.

use hongbao_wire::observation::{Observation, Silence};
use std::error::Error;
use std::io;

/// The longest reply that is read, bytes: one more than the longest that is understood
/// (64 KiB), so that an overlong one is seen to be overlong.
pub const REPLY_BYTES_MAX: usize = 64 * 1024 + 1;

/// What one request led to.
#[derive(Clone, Debug)]
pub struct Exchange<R> {
    /// What was seen, ready for the verdict.
    pub observation: Observation<R>,
    /// The bytes of the reply as they came, at most [`REPLY_BYTES_MAX`]; also of one that
    /// broke off.
    pub raw: Option<Vec<u8>>,
    /// The HTTP status, where one came.
    pub http_status: Option<u16>,
    /// The `Date` header, where one came: the server's clock.
    pub date: Option<String>,
    /// What stood in the way, for people: never branched on.
    pub cause: Option<String>,
}

/// Bytes of a reply, before anything is read into them.
pub(crate) struct RawReply {
    pub http_status: u16,
    pub date: Option<String>,
    pub body: Vec<u8>,
    /// Where the body broke off.
    pub broke: Option<Trouble>,
}

/// What stood in the way of a reply.
pub(crate) struct Trouble {
    pub seen: Seen,
    pub cause: String,
}

/// The class of a trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    Silence(Silence),
    CertificateRefused,
}

impl Trouble {
    /// Sorts an error of the HTTP stack. A certificate is refused by either side.
    ///
    /// In TLS 1.3 a refusal of the client's certificate arrives only after the handshake, in
    /// place of the reply: hence the look into the whole chain of sources.
    pub fn of(error: &reqwest::Error) -> Self {
        let seen = if refuses_certificate(error) {
            Seen::CertificateRefused
        } else if error.is_connect() {
            Seen::Silence(Silence::NotConnected)
        } else if error.is_timeout() {
            Seen::Silence(Silence::TimedOut)
        } else {
            Seen::Silence(Silence::ConnectionLost)
        };
        Self { seen, cause: innermost(error) }
    }

    /// The trouble as an observation.
    pub fn observation<R>(&self) -> Observation<R> {
        match self.seen {
            Seen::Silence(silence) => Observation::Silence(silence),
            Seen::CertificateRefused => Observation::CertificateRefused,
        }
    }
}

fn refuses_certificate(error: &reqwest::Error) -> bool {
    chain(error).any(|error| match tls_error(error) {
        Some(rustls::Error::AlertReceived(alert)) => is_about_certificate(*alert),
        // ours of the server's: asking again changes nothing, the set-up must
        Some(rustls::Error::InvalidCertificate(_)) => true,
        _ => false,
    })
}

/// An I/O error hides what it wraps, maybe another one, from `source`: it is asked by name.
fn tls_error<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e rustls::Error> {
    match error.downcast_ref::<io::Error>() {
        Some(wrapping) => tls_error(wrapping.get_ref()?),
        None => error.downcast_ref::<rustls::Error>(),
    }
}

/// Whether an alert refuses the certificate of the one who receives it.
pub(crate) const fn is_about_certificate(alert: rustls::AlertDescription) -> bool {
    use rustls::AlertDescription as Alert;
    matches!(
        alert,
        Alert::NoCertificate
            | Alert::BadCertificate
            | Alert::UnsupportedCertificate
            | Alert::CertificateRevoked
            | Alert::CertificateExpired
            | Alert::CertificateUnknown
            | Alert::UnknownCA
            // a CA of the same name with another key
            | Alert::DecryptError
            | Alert::AccessDenied
            | Alert::CertificateRequired
    )
}

fn chain<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error: &&'e (dyn Error + 'static)| (*error).source())
}

/// The innermost error says what happened; those around it name layers (and the URL).
fn innermost(error: &reqwest::Error) -> String {
    let last = chain(error).last().map_or_else(String::new, ToString::to_string);
    last.trim_end_matches('.').to_owned()
}
