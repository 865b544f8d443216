//! Faults of the sandbox: the traps that the seed's notes name, on request.

use hongbao_wire::{ErrorCode, Status};
use serde::{Deserialize, Serialize};

/// A trap. Where the money moves is what makes each of them one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// The request is processed, then the connection closes without a reply.
    ReplyLost,
    /// The reply comes after `delay_ms`.
    Delay,
    /// HTTP 400 and HTML instead of processing: a front end that refused the certificate.
    #[serde(rename = "http_400")]
    Http400,
    /// HTTP 502 and HTML; `stored` says whether the request was processed (default true).
    #[serde(rename = "http_502")]
    Http502,
    /// Processed; HTTP 200 with no byte.
    EmptyBody,
    /// Processed; the reply stops in its middle.
    TruncatedXml,
    /// A failure with `err_code` (default `UNHEARD_OF`): any code can be had so; `stored`
    /// says whether the request was processed (default true).
    UnknownErrorCode,
    /// Processed; the reply has a field that no page names, signed over.
    NewField,
    /// Processed; the reply's fields in the reverse order.
    OtherOrder,
    /// Processed; a success without a signature.
    Unsigned,
    /// Processed; a success with a signature that does not hold.
    WronglySigned,
    /// Queries: the reply's `status` is `status` (default `PAUSED`), signed over.
    UnknownStatus,
    /// SYSTEMERROR; `stored` says whether the request was processed (default true).
    #[serde(rename = "systemerror")]
    SystemError,
    /// FREQ_LIMIT instead of processing.
    FreqLimit,
    /// Queries: NOT_FOUND for the `first` queries of each packet.
    NotFoundFirst,
    /// The connection closes and nothing is processed.
    ResetBefore,
    /// The request is processed, then the connection is reset.
    ResetAfter,
}

impl Fault {
    /// All of them, in the order of the documentation.
    pub const ALL: [Self; 17] = [
        Self::ReplyLost,
        Self::Delay,
        Self::Http400,
        Self::Http502,
        Self::EmptyBody,
        Self::TruncatedXml,
        Self::UnknownErrorCode,
        Self::NewField,
        Self::OtherOrder,
        Self::Unsigned,
        Self::WronglySigned,
        Self::UnknownStatus,
        Self::SystemError,
        Self::FreqLimit,
        Self::NotFoundFirst,
        Self::ResetBefore,
        Self::ResetAfter,
    ];

    /// The stable word, as in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ReplyLost => "reply_lost",
            Self::Delay => "delay",
            Self::Http400 => "http_400",
            Self::Http502 => "http_502",
            Self::EmptyBody => "empty_body",
            Self::TruncatedXml => "truncated_xml",
            Self::UnknownErrorCode => "unknown_error_code",
            Self::NewField => "new_field",
            Self::OtherOrder => "other_order",
            Self::Unsigned => "unsigned",
            Self::WronglySigned => "wrongly_signed",
            Self::UnknownStatus => "unknown_status",
            Self::SystemError => "systemerror",
            Self::FreqLimit => "freq_limit",
            Self::NotFoundFirst => "not_found_first",
            Self::ResetBefore => "reset_before",
            Self::ResetAfter => "reset_after",
        }
    }

    /// The fault of a word, `_` or `-` alike; `None` for any other.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        let snake = word.replace('-', "_");
        Self::ALL.into_iter().find(|fault| fault.as_str() == snake)
    }

    /// Whether it is about queries alone.
    #[must_use]
    pub const fn queries_only(self) -> bool {
        matches!(self, Self::UnknownStatus | Self::NotFoundFirst)
    }
}

/// The calls that a rule is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum On {
    /// Sends.
    Send,
    /// Queries.
    Query,
    /// Sends and queries.
    #[default]
    Both,
}

impl On {
    /// Whether a rule on `self` is about a call of kind `call`.
    #[must_use]
    pub const fn covers(self, call: Self) -> bool {
        matches!(
            (self, call),
            (Self::Both, _) | (Self::Send, Self::Send) | (Self::Query, Self::Query)
        )
    }
}

/// Which calls run into which fault. What is left out of the JSON matches everything.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultRule {
    /// Its name, 1-64 of `0-9 a-z A-Z . _ -`; made up where left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Only this merchant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mch_id: Option<String>,
    /// Only this bill number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mch_billno: Option<String>,
    /// Sends, queries or both (default).
    #[serde(default)]
    pub on: On,
    /// The fault.
    pub fault: Fault,
    /// How likely, 0-1 (default 1).
    #[serde(default = "certain")]
    pub probability: f64,
    /// Whether the n-th matching call is hit follows from this, the id and n. Default 0.
    #[serde(default)]
    pub seed: u64,
    /// The most hits, then the rule rests; left out: no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
    /// `delay`: milliseconds, at most 600,000; default 3,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay_ms: Option<u64>,
    /// `unknown_error_code`: the code, at most 32 of `0-9 a-z A-Z _` and blank.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub err_code: Option<String>,
    /// `unknown_status`: the status, at most 16 of `0-9 a-z A-Z _`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// `not_found_first`: how many queries of each packet; default `times`, else 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<u32>,
    /// `http_502`, `unknown_error_code`, `systemerror` on a send: whether the order was
    /// processed; default true, the trap of `protocol.md` §7 story 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stored: Option<bool>,
}

const fn certain() -> f64 {
    1.0
}

impl FaultRule {
    /// A rule that hits every call of every merchant, to be narrowed.
    #[must_use]
    pub const fn new(fault: Fault) -> Self {
        Self {
            id: None,
            mch_id: None,
            mch_billno: None,
            on: On::Both,
            fault,
            probability: certain(),
            seed: 0,
            times: None,
            delay_ms: None,
            err_code: None,
            status: None,
            first: None,
            stored: None,
        }
    }

    /// Why the rule cannot be kept, or nothing.
    ///
    /// # Errors
    /// A few words on what is wrong with it.
    pub fn check(&self) -> Result<(), String> {
        if !(0.0..=1.0).contains(&self.probability) {
            return Err("`probability` is not between 0 and 1".into());
        }
        if self.fault.queries_only() && self.on == On::Send {
            return Err(format!("`{}` is about queries alone", self.fault.as_str()));
        }
        if self.delay_ms.is_some_and(|ms| ms > 600_000) {
            return Err("`delay_ms` is more than ten minutes".into());
        }
        let word = |text: &str, chars_max: usize, extra: &[u8]| {
            let fits = |b: u8| b.is_ascii_alphanumeric() || extra.contains(&b);
            !text.is_empty() && text.len() <= chars_max && text.bytes().all(fits)
        };
        if self.id.as_deref().is_some_and(|id| !word(id, 64, b"._-")) {
            return Err("`id` is not 1-64 of `0-9 a-z A-Z . _ -`".into());
        }
        if self.err_code.as_deref().is_some_and(|code| !word(code, 32, b"_ ")) {
            return Err("`err_code` is not 1-32 of `0-9 a-z A-Z _` and blank".into());
        }
        if self.err_code.as_deref() == Some("SEND_FAILED") {
            return Err("`SEND_FAILED` must be true: fail the packet instead".into());
        }
        if self.status.as_deref().is_some_and(|status| !word(status, 16, b"_")) {
            return Err("`status` is not 1-16 of `0-9 a-z A-Z _`".into());
        }
        let known = self.status.as_deref().map(Status::from_wire);
        if known.is_some_and(|status| !matches!(status, Status::Unknown(_))) {
            return Err("`status` is one that clients know".into());
        }
        let long = |text: &Option<String>| text.as_deref().is_some_and(|t| t.len() > 32);
        if long(&self.mch_id) || long(&self.mch_billno) {
            return Err("`mch_id` or `mch_billno` is longer than 32 characters".into());
        }
        Ok(())
    }

    /// The code of an `unknown_error_code`.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        ErrorCode::from_wire(self.err_code.as_deref().unwrap_or("UNHEARD_OF"))
    }

    /// Whether a call of kind `call` on this packet is matched.
    #[must_use]
    pub fn matches(&self, call: On, mch_id: &str, mch_billno: &str) -> bool {
        let same = |want: &Option<String>, is: &str| want.as_deref().is_none_or(|w| w == is);
        self.on.covers(call)
            && (call == On::Query || !self.fault.queries_only())
            && same(&self.mch_id, mch_id)
            && same(&self.mch_billno, mch_billno)
    }
}
