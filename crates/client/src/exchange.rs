//! One call and its attempts: what came back, and what stood in its way.

use crate::attempts::Came;
use crate::transport::{Host, RawReply, Seen, Trouble};
use hongbao_wire::ApiKey;
use hongbao_wire::observation::{self, Asked, Echo, Observation, Silence};
use hongbao_wire::sign::Policy;

/// The longest reply that is read, bytes: one more than the longest that is understood
/// (64 KiB), so that an overlong one is seen to be overlong.
pub const REPLY_BYTES_MAX: usize = 64 * 1024 + 1;

/// What one call led to.
///
/// Where it took several attempts, this tells of the one that says most, and of the last
/// among equals: a reply that settles the call, before one that leaves the outcome open
/// (time-out, lost connection, 5xx, SYSTEMERROR), before FREQ_LIMIT, before no connection.
/// So a second attempt that found nobody does not hide that the first may have arrived.
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
    /// The host that was asked.
    pub host: Host,
    /// How many attempts were made in all, at least 1.
    pub attempts: u32,
    /// Whether any attempt may have reached the payer. After a send, yes means that the
    /// money may move, whatever else is said here.
    pub may_have_arrived: bool,
    /// What the other attempts brought, in the order in which they were superseded: at most one
    /// less than [`crate::AttemptLimits::count_max`].
    pub superseded: Vec<Superseded<R>>,
}

/// What an attempt brought that says less than another one of its call.
#[derive(Clone, Debug)]
pub struct Superseded<R> {
    /// What was seen; it counts for nothing in the verdict.
    pub observation: Observation<R>,
    /// The bytes of the reply as they came, as [`Exchange::raw`].
    pub raw: Option<Vec<u8>>,
    /// The HTTP status, where one came.
    pub http_status: Option<u16>,
}

impl<R: Echo> Exchange<R> {
    /// Reads what one attempt brought.
    pub(crate) fn read(
        asked: Asked<'_>,
        host: Host,
        reply: Result<RawReply, Trouble>,
        key: &ApiKey,
        policy: Policy,
    ) -> Self {
        match reply {
            Err(trouble) => Self {
                observation: trouble.observation(),
                raw: None,
                http_status: None,
                date: None,
                host,
                attempts: 1,
                may_have_arrived: trouble.was_sent,
                superseded: Vec::new(),
                cause: Some(trouble.cause),
            },
            Ok(RawReply { http_status, date, body, broke }) => Self {
                observation: match &broke {
                    Some(trouble) => trouble.observation(),
                    None => observation::read(asked, http_status, &body, key, policy),
                },
                raw: Some(body),
                http_status: Some(http_status),
                date,
                host,
                attempts: 1,
                may_have_arrived: true,
                superseded: Vec::new(),
                cause: broke.map(|trouble| trouble.cause),
            },
        }
    }
}

impl<R> Exchange<R> {
    /// The exchange that this one and a later attempt make together.
    pub(crate) fn then(self, later: Self) -> Self {
        let attempts = self.attempts.saturating_add(later.attempts);
        let may_have_arrived = self.may_have_arrived || later.may_have_arrived;
        let (says_most, says_less) =
            if later.says() >= self.says() { (later, self) } else { (self, later) };
        let Self { observation, raw, http_status, mut superseded, .. } = says_less;
        // one of the two is a single attempt, which superseded nothing
        superseded.splice(0..0, says_most.superseded);
        superseded.push(Superseded { observation, raw, http_status });
        Self { attempts, may_have_arrived, superseded, ..says_most }
    }

    /// How much an attempt says.
    fn says(&self) -> Says {
        match Came::of(&self.observation) {
            Came::Answer => Says::Settled,
            Came::ServerError | Came::Busy => Says::Open,
            Came::Silence if self.may_have_arrived => Says::Open,
            Came::TooFast => Says::NotTaken,
            Came::Silence => Says::NotSent,
        }
    }
}

/// How much an attempt says of what the payer did, the least first.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Says {
    NotSent,
    NotTaken,
    Open,
    Settled,
}

impl Trouble {
    /// The trouble as an observation. "Not connected" stands for "not sent": where the
    /// request may have left, the connection was lost.
    fn observation<R>(&self) -> Observation<R> {
        match self.seen {
            Seen::Silence(Silence::NotConnected) if self.was_sent => {
                Observation::Silence(Silence::ConnectionLost)
            }
            Seen::Silence(silence) => Observation::Silence(silence),
            Seen::CertificateRefused => Observation::CertificateRefused,
        }
    }
}
