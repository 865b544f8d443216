//! `err_code`: what the call ran into.

use std::fmt;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $word:literal,)*) => {
        /// An error code of the query (seed, 错误码) or the send (`protocol.md` §1.4).
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub enum ErrorCode {
            $($(#[$doc])* $name,)*
            /// A code that this version does not know: the bill number stays, a person
            /// asks support (seed, note on `err_code`). Kept as it came.
            Unknown(Box<str>),
        }

        impl ErrorCode {
            /// Every code that this version knows, in the order of the tables.
            pub const KNOWN: &'static [Self] = &[$(Self::$name,)*];

            /// Reads the wire's word.
            #[must_use]
            pub fn from_wire(word: &str) -> Self {
                match word {
                    $($word => Self::$name,)*
                    other => Self::Unknown(other.into()),
                }
            }

            /// The wire's word.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$name => $word,)*
                    Self::Unknown(word) => word,
                }
            }
        }
    };
}

codes! {
    /// No client certificate, or a wrong one.
    CaError = "CA_ERROR",
    /// A wrong payment signature, or a wrong `workwx_sign`.
    SignError = "SIGN_ERROR",
    /// The product, the address or the receiver is not permitted.
    NoAuth = "NO_AUTH",
    /// No such packet: not yet stored, never stored, not ours, or too old. Not a failure.
    NotFound = "NOT_FOUND",
    /// Too many requests.
    FreqLimit = "FREQ_LIMIT",
    /// The request is not XML, or empty.
    XmlError = "XML_ERROR",
    /// A field is missing or wrong; on a repeated send also another amount.
    ParamError = "PARAM_ERROR",
    /// Outcome unknown (the seed's example).
    SystemError = "SYSTEMERROR",
    /// Outcome unknown (the seed's table): the same as `SYSTEMERROR`.
    PSystemError = "PSYSTEMERROR",
    /// Send: the receiver's daily count is used up.
    SendNumLimit = "SENDNUM_LIMIT",
    /// Send: the merchant's daily amount is used up.
    SendAmountLimit = "SENDAMOUNT_LIMIT",
    /// Send: the receiver's daily amount is used up (the wire's spelling).
    RcvdAmountLimit = "RCVDAMOUNT_LIMIT",
    /// Send: an appid of an app was used.
    IllegalAppid = "ILLEGAL_APPID",
    /// Send: the amount is outside the permitted range.
    MoneyLimit = "MONEY_LIMIT",
    /// Send: this bill number has failed for good; the query confirms it.
    SendFailed = "SEND_FAILED",
    /// Send: the bill number was used with other parameters; the first order stands.
    FatalError = "FATAL_ERROR",
    /// Send: the merchant's balance is too low.
    NotEnough = "NOTENOUGH",
    /// Send: the openid is not under this appid.
    OpenidError = "OPENID_ERROR",
    /// Send: accepted, still running; ask after 20 minutes.
    Processing = "PROCESSING",
    /// Send: the merchant has not enabled paying out.
    NoCompetence = "NO_COMPETENCE",
    /// Send: sending by API is switched off in the console.
    ApiMethodClosed = "API_METHOD_CLOSED",
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
