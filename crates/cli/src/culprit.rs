//! Why a signature does not hold: tries the mistakes that people make, one alone and then
//! two together, until one of them gives the signature that stands there.
//!
//! Pure: fields, a given signature and secrets in, mistakes out.

use hmac::{Hmac, KeyInit, Mac};
use md5::{Digest, Md5};
use sha2::Sha256;
use std::cmp::Ordering;
use zeroize::Zeroizing;

/// A field as it stood on the wire, empty ones included.
pub type Pair<'d> = (&'d str, &'d str);

/// A mistake in making a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mistake {
    /// Sorted as dictionaries do: `_` ignored, case ignored (`protocol.md` §2.1).
    CultureOrder,
    /// Not sorted: the order of the wire.
    WireOrder,
    /// Fields without a value took part.
    EmptyValues,
    /// Blanks around values were cut.
    TrimmedValues,
    /// Values were URL-encoded.
    UrlEncoded,
    /// The hexadecimal digits are lower-case.
    LowerCase,
    /// HMAC-SHA256 in place of MD5.
    HmacSha256,
    /// MD5 in place of HMAC-SHA256, cut to nothing: the `sign` is 32 characters long.
    Md5,
    /// `sign_type` took part although this API does not know it.
    SignTypeSigned,
    /// `sign_type` was left out although the verifier counts it.
    SignTypeLeftOut,
    /// Fields that this API does not know took part.
    UnknownFieldsSigned,
    /// Fields that this API does not know were left out.
    UnknownFieldsLeftOut,
    /// `workwx_sign` was left out of `sign`.
    WorkwxSignLeftOut,
    /// All fields were signed, not only the seven of `workwx_sign`.
    AllFieldsSigned,
    /// The key ended in a line feed.
    KeyWithLineFeed,
    /// The key ended in carriage return and line feed.
    KeyWithCrLf,
    /// The key had a blank at an end.
    KeyWithBlank,
    /// The other secret was used: API key and WeCom secret are swapped.
    OtherSecret,
    /// The label of the other signature: `key=` for `secret=`, or the other way round.
    OtherLabel,
    /// The secret was appended without its label.
    NoLabel,
}

impl Mistake {
    /// Every mistake, the likeliest first: the first that fits is named.
    pub const ALL: [Self; 20] = [
        Self::OtherSecret,
        Self::CultureOrder,
        Self::WireOrder,
        Self::EmptyValues,
        Self::TrimmedValues,
        Self::LowerCase,
        Self::HmacSha256,
        Self::Md5,
        Self::SignTypeSigned,
        Self::SignTypeLeftOut,
        Self::UnknownFieldsSigned,
        Self::UnknownFieldsLeftOut,
        Self::WorkwxSignLeftOut,
        Self::AllFieldsSigned,
        Self::UrlEncoded,
        Self::KeyWithLineFeed,
        Self::KeyWithCrLf,
        Self::KeyWithBlank,
        Self::OtherLabel,
        Self::NoLabel,
    ];

    /// The stable word of the JSON contract.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CultureOrder => "culture_order",
            Self::WireOrder => "wire_order",
            Self::EmptyValues => "empty_values",
            Self::TrimmedValues => "trimmed_values",
            Self::UrlEncoded => "url_encoded",
            Self::LowerCase => "lower_case",
            Self::HmacSha256 => "hmac_sha256",
            Self::Md5 => "md5",
            Self::SignTypeSigned => "sign_type_signed",
            Self::SignTypeLeftOut => "sign_type_left_out",
            Self::UnknownFieldsSigned => "unknown_fields_signed",
            Self::UnknownFieldsLeftOut => "unknown_fields_left_out",
            Self::WorkwxSignLeftOut => "workwx_sign_left_out",
            Self::AllFieldsSigned => "all_fields_signed",
            Self::KeyWithLineFeed => "key_with_line_feed",
            Self::KeyWithCrLf => "key_with_cr_lf",
            Self::KeyWithBlank => "key_with_blank",
            Self::OtherSecret => "other_secret",
            Self::OtherLabel => "other_label",
            Self::NoLabel => "no_label",
        }
    }
}

/// A signature that does not hold, and everything that it could have been made from.
pub struct Case<'d> {
    /// Every field of the document in the order of the wire, empty ones included.
    pub fields: &'d [Pair<'d>],
    /// The fields that take part when nothing went wrong.
    pub signed: &'d [&'d str],
    /// The fields that this API knows.
    pub known: &'d [&'d str],
    /// `&key=` or `&secret=`.
    pub label: &'d str,
    /// The right secret.
    pub secret: &'d [u8],
    /// The other one: the WeCom secret for `sign`, the API key for `workwx_sign`.
    pub other_secret: Option<&'d [u8]>,
    /// Whether HMAC-SHA256 is right here.
    pub hmac: bool,
    /// The signature that stands there.
    pub given: &'d str,
}

/// The mistakes that together give the signature that stands there: none where none fits.
#[must_use]
pub fn find(case: &Case<'_>) -> Option<Vec<Mistake>> {
    let all = Mistake::ALL;
    let alone = all.iter().map(|one| vec![*one]);
    let pairs = all
        .iter()
        .enumerate()
        .flat_map(|(at, one)| all[at + 1..].iter().map(move |other| vec![*one, *other]));
    alone.chain(pairs).find(|mistakes| case.made_with(mistakes).as_deref() == Some(case.given))
}

impl Case<'_> {
    /// The signature with these mistakes; `None` where one of them cannot be made here.
    fn made_with(&self, mistakes: &[Mistake]) -> Option<String> {
        let made = |mistake| mistakes.contains(&mistake);
        let mut message = Zeroizing::new(self.base_string(&made).into_bytes());
        let label = match (made(Mistake::NoLabel), made(Mistake::OtherLabel)) {
            (true, _) => "",
            (_, true) if self.label == "&key=" => "&secret=",
            (_, true) => "&key=",
            _ => self.label,
        };
        let secret = self.secret(&made)?;
        message.extend_from_slice(label.as_bytes());
        message.extend_from_slice(&secret);
        let hmac = (self.hmac || made(Mistake::HmacSha256)) && !made(Mistake::Md5);
        let digest =
            if hmac { hmac_sha256(&secret, &message)? } else { Md5::digest(&*message).to_vec() };
        let upper = !made(Mistake::LowerCase);
        Some(hex(&digest, upper))
    }

    fn secret(&self, made: &impl Fn(Mistake) -> bool) -> Option<Zeroizing<Vec<u8>>> {
        let secret = if made(Mistake::OtherSecret) { self.other_secret? } else { self.secret };
        let mut secret = Zeroizing::new(secret.to_vec());
        let ends: [(Mistake, &[u8]); 3] = [
            (Mistake::KeyWithLineFeed, b"\n"),
            (Mistake::KeyWithCrLf, b"\r\n"),
            (Mistake::KeyWithBlank, b" "),
        ];
        for (mistake, end) in ends {
            if made(mistake) {
                secret.extend_from_slice(end);
            }
        }
        Some(secret)
    }

    fn base_string(&self, made: &impl Fn(Mistake) -> bool) -> String {
        let mut pairs: Vec<(&str, String)> = self
            .fields
            .iter()
            .filter(|(name, value)| self.takes_part(name, value, made))
            .map(|(name, value)| (*name, formed(value, made)))
            .collect();
        if made(Mistake::CultureOrder) {
            pairs.sort_by(|(a, _), (b, _)| by_culture(a, b));
        } else if !made(Mistake::WireOrder) {
            pairs.sort_by_key(|(name, _)| *name);
        }
        let joined: Vec<String> =
            pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        joined.join("&")
    }

    fn takes_part(&self, name: &str, value: &str, made: &impl Fn(Mistake) -> bool) -> bool {
        if name == "sign" || (value.is_empty() && !made(Mistake::EmptyValues)) {
            return false;
        }
        let known = self.known.contains(&name);
        match name {
            "sign_type" if made(Mistake::SignTypeSigned) => true,
            "sign_type" if made(Mistake::SignTypeLeftOut) => false,
            "workwx_sign" if made(Mistake::WorkwxSignLeftOut) => false,
            _ if made(Mistake::AllFieldsSigned) => name != "workwx_sign",
            _ if !known && made(Mistake::UnknownFieldsSigned) => true,
            _ if !known && made(Mistake::UnknownFieldsLeftOut) => false,
            _ => self.signed.contains(&name),
        }
    }
}

fn formed(value: &str, made: &impl Fn(Mistake) -> bool) -> String {
    let value = if made(Mistake::TrimmedValues) { value.trim() } else { value };
    if made(Mistake::UrlEncoded) { url_encoded(value) } else { value.to_owned() }
}

/// Percent-encodes everything but the unreserved characters of RFC 3986.
fn url_encoded(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push('%');
            text.push_str(&hex(&[byte], true));
        }
    }
    text
}

/// As dictionaries sort: letters and digits alone count, whatever their case.
fn by_culture(a: &str, b: &str) -> Ordering {
    let letters = |text: &str| text.replace('_', "").to_ascii_lowercase();
    letters(a).cmp(&letters(b)).then_with(|| a.cmp(b))
}

fn hmac_sha256(secret: &[u8], message: &[u8]) -> Option<Vec<u8>> {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(secret).ok()?;
    mac.update(message);
    Some(mac.finalize().into_bytes().to_vec())
}

fn hex(bytes: &[u8], upper: bool) -> String {
    let digits: &[u8; 16] = if upper { b"0123456789ABCDEF" } else { b"0123456789abcdef" };
    let pair = |byte: &u8| [digits[usize::from(byte >> 4)], digits[usize::from(byte & 15)]];
    bytes.iter().flat_map(pair).map(char::from).collect()
}

#[cfg(test)]
#[path = "culprit_tests.rs"]
mod tests;
