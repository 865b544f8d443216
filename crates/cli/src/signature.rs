//! What a request or reply signs, whether its signatures hold, and why not.

use crate::culprit::{self, Case, Mistake, Pair};
use hongbao_wire::sign::{self, Method, Rule, WORKWX_FIELDS};
use hongbao_wire::xml::Document;
use hongbao_wire::{ApiKey, WorkwxSecret, query, send};

/// The length of both secrets, characters (`protocol.md` §2.1).
pub const SECRET_CHARS: usize = 32;

/// What a document is, and so which fields its `sign` covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A query.
    QueryRequest,
    /// A send.
    SendRequest,
    /// A query's reply.
    QueryReply,
    /// A send's reply.
    SendReply,
    /// Something else: every field is signed.
    Other,
}

impl Kind {
    /// Told apart by the fields that only one of them has.
    #[must_use]
    pub fn of(document: &Document<'_>) -> Self {
        let has = |name| document.get(name).is_some();
        match () {
            () if has("return_code") && (has("send_listid") || has("re_openid")) => Self::SendReply,
            () if has("return_code") => Self::QueryReply,
            () if has("re_openid") || has("workwx_sign") => Self::SendRequest,
            () if has("mch_billno") && has("appid") => Self::QueryRequest,
            () => Self::Other,
        }
    }

    /// The stable word of the JSON contract.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::QueryRequest => "query_request",
            Self::SendRequest => "send_request",
            Self::QueryReply => "query_reply",
            Self::SendReply => "send_reply",
            Self::Other => "other",
        }
    }

    /// The fields that the API knows; none for what it does not know at all.
    const fn known(self) -> &'static [&'static str] {
        match self {
            Self::QueryRequest => &query::REQUEST_FIELDS,
            Self::SendRequest => &send::REQUEST_FIELDS,
            Self::QueryReply => &query::REPLY_FIELDS,
            Self::SendReply => &send::REPLY_FIELDS,
            Self::Other => &[],
        }
    }

    /// A server signs the fields it knows; a client verifies all that it received
    /// (`protocol.md` §2.1).
    const fn signs_known_only(self) -> bool {
        matches!(self, Self::QueryRequest | Self::SendRequest)
    }
}

/// One signature of a document.
#[derive(Clone, Debug)]
pub struct Signature {
    /// What is signed, its secret end masked.
    pub string: String,
    /// By which method.
    pub method: Method,
    /// What it must be.
    pub computed: String,
    /// What stands there.
    pub given: Option<String>,
    /// Why it does not hold, where that could be found.
    pub culprits: Vec<Mistake>,
    /// Whether the secret has the length that WeChat's have.
    pub secret_chars: usize,
}

impl Signature {
    /// Whether it holds; `None` where there is none.
    #[must_use]
    pub fn holds(&self) -> Option<bool> {
        self.given.as_ref().map(|given| *given == self.computed)
    }
}

/// The `sign` of a document.
#[must_use]
pub fn sign_of(document: &Document<'_>, key: &ApiKey, other: Option<&WorkwxSecret>) -> Signature {
    let kind = Kind::of(document);
    let given = document.get("sign");
    // red packets sign by MD5; a reply of a sibling API may have 64 characters
    let long = given.is_some_and(|given| given.len() == 64);
    let method = if long && !kind.signs_known_only() { Method::HmacSha256 } else { Method::Md5 };
    let signed = signed_names(document, kind);
    let pairs = || document.signed_pairs().filter(|(name, _)| signed.contains(name));
    let computed = sign::sign_with(method, pairs(), key);
    debug_assert_eq!(
        sign::verify(document, key, rule(kind)).is_ok(),
        given == Some(computed.as_str()) || (long && kind.signs_known_only()),
        "this tool and the wire agree"
    );
    let case = Case {
        fields: &fields(document),
        signed: &signed,
        known: kind.known(),
        label: "&key=",
        secret: key.expose(),
        other_secret: other.map(WorkwxSecret::expose),
        hmac: method == Method::HmacSha256,
        given: given.unwrap_or_default(),
    };
    finish(sign::base_string(pairs()), method, computed, given, &case)
}

/// The `workwx_sign` of a send.
#[must_use]
pub fn workwx_sign_of(document: &Document<'_>, secret: &WorkwxSecret, key: &ApiKey) -> Signature {
    let given = document.get("workwx_sign");
    let pairs = WORKWX_FIELDS.iter().filter_map(|name| Some((*name, document.get(name)?)));
    let computed = sign::workwx_sign(|name| document.get(name), secret);
    let case = Case {
        fields: &fields(document),
        signed: &WORKWX_FIELDS,
        known: &send::REQUEST_FIELDS,
        label: "&secret=",
        secret: secret.expose(),
        other_secret: Some(key.expose()),
        hmac: false,
        given: given.unwrap_or_default(),
    };
    finish(sign::base_string(pairs), Method::Md5, computed, given, &case)
}

fn finish(
    base: String,
    method: Method,
    computed: String,
    given: Option<&str>,
    case: &Case<'_>,
) -> Signature {
    let wrong = given.is_some_and(|given| given != computed);
    let culprits = if wrong { culprit::find(case).unwrap_or_default() } else { Vec::new() };
    let secret_chars = case.secret.len();
    let string = format!("{base}{}<{secret_chars} characters>", case.label);
    let given = given.map(str::to_owned);
    Signature { string, method, computed, given, culprits, secret_chars }
}

fn rule(kind: Kind) -> Rule<'static> {
    if kind.signs_known_only() { Rule::Known(kind.known()) } else { Rule::AllReceived }
}

fn signed_names<'d>(document: &'d Document<'_>, kind: Kind) -> Vec<&'d str> {
    let names = document.signed_pairs().map(|(name, _)| name);
    names.filter(|name| !kind.signs_known_only() || kind.known().contains(name)).collect()
}

/// Every field with its value, empty ones included, nested ones left out.
fn fields<'d>(document: &'d Document<'_>) -> Vec<Pair<'d>> {
    document.fields().iter().filter_map(|field| Some((field.name(), field.value()?))).collect()
}
