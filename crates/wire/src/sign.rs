//! Both signatures (`protocol.md` §2).

use crate::key::{ApiKey, WorkwxSecret};
use crate::xml::Document;
use hmac::{Hmac, KeyInit, Mac};
use md5::{Digest, Md5};
use sha2::Sha256;
use std::fmt;
use subtle::ConstantTimeEq;

/// The seven fields of `workwx_sign`, in the order that they are signed (`protocol.md` §2.3).
pub const WORKWX_FIELDS: [&str; 7] =
    ["act_name", "mch_billno", "mch_id", "nonce_str", "re_openid", "total_amount", "wxappid"];

/// How a signature was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// MD5, 32 hexadecimal digits: what red packets use.
    Md5,
    /// HMAC-SHA256, 64 hexadecimal digits: recognised on verification.
    HmacSha256,
}

/// Why a signature does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignError {
    /// There is none.
    Missing,
    /// It is another one.
    Mismatch,
}

impl fmt::Display for SignError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "there is no `sign`",
            Self::Mismatch => "the `sign` does not hold",
        })
    }
}

impl std::error::Error for SignError {}

/// Which fields of a document are signed.
#[derive(Clone, Copy, Debug)]
pub enum Rule<'r> {
    /// All that were received, unknown ones included: what a client verifies.
    AllReceived,
    /// Those that the server knows for this call: what WeChat seems to do (`protocol.md` §2.1).
    Known(&'r [&'r str]),
}

/// What a client demands of a success reply's signature (`protocol.md` §2.4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Policy {
    /// It must be there and hold.
    #[default]
    Require,
    /// Where it is there, it must hold; its absence is accepted.
    VerifyIfPresent,
}

/// Why a value counts as verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// Its signature held.
    Signed(Method),
    /// It had none, and [`Policy::VerifyIfPresent`] accepts that.
    ExemptByPolicy,
}

/// A value read from a reply whose signature was checked. Only the readers of
/// this crate can make one.
#[derive(Clone, Debug)]
pub struct Verified<T> {
    value: T,
    proof: Proof,
}

impl<T> Verified<T> {
    pub(crate) const fn new(value: T, proof: Proof) -> Self {
        Self { value, proof }
    }

    /// The value.
    pub const fn get(&self) -> &T {
        &self.value
    }

    /// Why it counts as verified.
    pub const fn proof(&self) -> Proof {
        self.proof
    }

    /// The value alone, no longer known to be verified.
    pub fn into_inner(self) -> T {
        self.value
    }
}

/// The string that is signed, without its secret end: `a=1&b=2`, sorted by name
/// bytewise, empty values and `sign` left out (`protocol.md` §2.1 steps 1-3).
#[must_use]
pub fn base_string<'p>(pairs: impl IntoIterator<Item = (&'p str, &'p str)>) -> String {
    let mut sorted = Vec::with_capacity(24);
    let signed = |(name, value): &(&str, &str)| *name != "sign" && !value.is_empty();
    sorted.extend(pairs.into_iter().filter(signed).map(|(name, value)| (head(name), name, value)));
    sorted.sort_unstable_by_key(|(head, name, _)| (*head, *name));
    let mut text = String::with_capacity(1024);
    for (_, name, value) in sorted {
        if !text.is_empty() {
            text.push('&');
        }
        text.push_str(name);
        text.push('=');
        text.push_str(value);
    }
    text
}

/// The first eight bytes as one number, which tells most names apart.
fn head(name: &str) -> u64 {
    let bytes = name.as_bytes();
    u64::from_be_bytes(bytes.first_chunk().copied().unwrap_or_else(|| {
        let mut padded = [0; 8];
        padded[..bytes.len()].copy_from_slice(bytes);
        padded
    }))
}

/// The payment signature over `pairs`: MD5, 32 upper-case hexadecimal digits.
#[must_use]
pub fn sign<'p>(pairs: impl IntoIterator<Item = (&'p str, &'p str)>, key: &ApiKey) -> String {
    sign_with(Method::Md5, pairs, key)
}

/// The payment signature by either method.
#[must_use]
pub fn sign_with<'p>(
    method: Method,
    pairs: impl IntoIterator<Item = (&'p str, &'p str)>,
    key: &ApiKey,
) -> String {
    digest(method, &base_string(pairs), "&key=", key.expose()).as_str().to_owned()
}

/// `workwx_sign` over the fields of [`WORKWX_FIELDS`] that `get` finds.
#[must_use]
pub fn workwx_sign<'p>(get: impl Fn(&str) -> Option<&'p str>, secret: &WorkwxSecret) -> String {
    workwx_digest(get, secret).as_str().to_owned()
}

fn workwx_digest<'p>(get: impl Fn(&str) -> Option<&'p str>, secret: &WorkwxSecret) -> Digits {
    let pairs = WORKWX_FIELDS.iter().filter_map(|name| Some((*name, get(name)?)));
    digest(Method::Md5, &base_string(pairs), "&secret=", secret.expose())
}

/// Checks the `sign` of a document, in constant time. 64 characters mean HMAC-SHA256.
///
/// # Errors
/// [`SignError`]: missing, or another one.
pub fn verify(document: &Document<'_>, key: &ApiKey, rule: Rule<'_>) -> Result<Method, SignError> {
    let given = document.get("sign").ok_or(SignError::Missing)?;
    let method = if given.len() == 64 { Method::HmacSha256 } else { Method::Md5 };
    let known = |name: &str| match rule {
        Rule::AllReceived => true,
        Rule::Known(names) => names.contains(&name),
    };
    let pairs = document.signed_pairs().filter(|(name, _)| known(name));
    let right = digest(method, &base_string(pairs), "&key=", key.expose());
    check(given, &right).map(|()| method)
}

/// Checks the `workwx_sign` of a send request, in constant time.
///
/// # Errors
/// [`SignError`]: missing, or another one.
pub fn verify_workwx(document: &Document<'_>, secret: &WorkwxSecret) -> Result<(), SignError> {
    let given = document.get("workwx_sign").ok_or(SignError::Missing)?;
    check(given, &workwx_digest(|name| document.get(name), secret))
}

/// Checks a reply as `policy` says, over all fields received.
///
/// # Errors
/// [`SignError`]: missing although required, or another one.
pub fn verify_reply(
    document: &Document<'_>,
    key: &ApiKey,
    policy: Policy,
) -> Result<Proof, SignError> {
    match verify(document, key, Rule::AllReceived) {
        Ok(method) => Ok(Proof::Signed(method)),
        Err(SignError::Missing) if policy == Policy::VerifyIfPresent => Ok(Proof::ExemptByPolicy),
        Err(error) => Err(error),
    }
}

fn check(given: &str, right: &Digits) -> Result<(), SignError> {
    if bool::from(given.as_bytes().ct_eq(right.as_str().as_bytes())) {
        Ok(())
    } else {
        Err(SignError::Mismatch)
    }
}

/// Hashes piece by piece, so that the key is never copied.
fn digest(method: Method, base: &str, label: &str, secret: &[u8]) -> Digits {
    let pieces = [base.as_bytes(), label.as_bytes(), secret];
    match method {
        Method::Md5 => {
            let mut hash = Md5::new();
            pieces.iter().for_each(|piece| Digest::update(&mut hash, piece));
            Digits::upper(&hash.finalize())
        }
        Method::HmacSha256 => {
            let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(secret)
                .expect("HMAC takes a key of any length");
            pieces.iter().for_each(|piece| Mac::update(&mut mac, piece));
            Digits::upper(&mac.finalize().into_bytes())
        }
    }
}

/// Upper-case hexadecimal digits, at most 64.
struct Digits {
    ascii: [u8; 64],
    len: usize,
}

impl Digits {
    fn upper(bytes: &[u8]) -> Self {
        const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
        let mut digits = Self { ascii: [0; 64], len: bytes.len() * 2 };
        for (pair, byte) in digits.ascii.chunks_exact_mut(2).zip(bytes) {
            pair[0] = DIGITS[usize::from(byte >> 4)];
            pair[1] = DIGITS[usize::from(byte & 15)];
        }
        digits
    }

    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.ascii[..self.len]).expect("digits are ASCII")
    }
}
