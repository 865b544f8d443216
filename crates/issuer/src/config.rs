//! How an issuer is set up.

use hongbao_wire::ErrorCode;
use jiff::SignedDuration;

/// Whether packets are played with or paid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Packets move by themselves as [`Play`] says, and the clock can be advanced.
    #[default]
    Sandbox,
    /// Packets move only by trigger; the clock is the machine's.
    Production,
}

impl Mode {
    /// The stable word: `sandbox` or `production`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sandbox => "sandbox",
            Self::Production => "production",
        }
    }
}

/// What a sandbox plays with every packet (`protocol.md` §3).
///
/// No delay of WeChat's is published but the 24 hours; the others are ours, long
/// enough for a person or a script to step in between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Play {
    /// From the acceptance to SENDING; until then a query says NOT_FOUND. Default 0.
    pub stored_after: SignedDuration,
    /// From SENDING to SENT. Default 5 s.
    pub sent_after: SignedDuration,
    /// From SENT to RECEIVED. Default 60 s.
    pub received_after: SignedDuration,
    /// From `send_time` to RFUND_ING where nobody claims; where the packet was delivered
    /// later than that, from SENT. Default 24 h.
    pub expired_after: SignedDuration,
    /// From RFUND_ING to REFUND. Default 1 h.
    pub refunded_after: SignedDuration,
    /// From the refusal (SENDING with a `reason`) to FAILED. Default 24 h.
    pub failed_after: SignedDuration,
    /// How many of a thousand packets nobody claims, 0-1000. Which ones follows from the
    /// seed, the merchant and the bill number. Default 100.
    pub unclaimed_share_permille: u16,
}

impl Default for Play {
    fn default() -> Self {
        Self {
            stored_after: SignedDuration::ZERO,
            sent_after: SignedDuration::from_secs(5),
            received_after: SignedDuration::from_secs(60),
            expired_after: SignedDuration::from_hours(24),
            refunded_after: SignedDuration::from_hours(1),
            failed_after: SignedDuration::from_hours(24),
            unclaimed_share_permille: 100,
        }
    }
}

/// How replies are written where `protocol.md` leaves it open (§9 rows 1 and 7).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplyStyle {
    /// Whether success replies are signed. Default true.
    pub sign_success: bool,
    /// Whether failure replies are signed. Default false.
    pub sign_failures: bool,
    /// The code of a storage failure: `SYSTEMERROR` (default) or `PSYSTEMERROR`.
    pub system_error: ErrorCode,
}

impl Default for ReplyStyle {
    fn default() -> Self {
        Self { sign_success: true, sign_failures: false, system_error: ErrorCode::SystemError }
    }
}

/// Everything that an issuer is told when it opens.
#[derive(Clone, Debug)]
pub struct IssuerConfig {
    /// Sandbox or production.
    pub mode: Mode,
    /// What a sandbox plays; unused in production.
    pub play: Play,
    /// Whether it watches for double payments. Default true.
    pub watch: bool,
    /// Seeds everything that looks random: `detail_id`, who claims.
    pub seed: u64,
    /// How replies are written.
    pub style: ReplyStyle,
    /// Where several processes work on one ledger: the name of this one, 1-64 characters, new
    /// with every start. What is due is then leased before it is moved, and the sandbox's clock
    /// and faults are those of the ledger at every step. Default: nobody else does.
    pub holder: Option<Box<str>>,
}

impl Default for IssuerConfig {
    fn default() -> Self {
        Self {
            mode: Mode::default(),
            play: Play::default(),
            watch: true,
            seed: 1,
            style: ReplyStyle::default(),
            holder: None,
        }
    }
}
