//! Bytes ⇄ one flat document (`protocol.md` §0, §4, §6).
//!
//! In: any order, CDATA or not, the five predefined entities and numeric ones.
//! Everything that could make two readers disagree is refused by name. Out:
//! CDATA as WeChat does.

mod name;
mod scan;
mod value;
mod writer;

use std::borrow::Cow;
use std::fmt;

pub use writer::Writer;

/// The largest body that is read, in bytes.
pub const BODY_BYTES_MAX: usize = 64 * 1024;
/// The most fields that one document may have.
pub const FIELDS_MAX: usize = 64;
/// The deepest that elements may stand within each other; the root is 1, a field 2.
pub const DEPTH_MAX: usize = 16;
/// The most attributes that one element may have; they are checked and ignored.
pub const ATTRIBUTES_MAX: usize = 16;

/// Why a body is not one flat document.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum XmlError {
    /// No bytes, or nothing but blanks.
    Empty,
    /// More than [`BODY_BYTES_MAX`] bytes.
    TooLong,
    /// More than [`FIELDS_MAX`] fields.
    TooManyFields,
    /// Not UTF-8, or declared to be something else.
    NotUtf8,
    /// More than [`ATTRIBUTES_MAX`] attributes at one element.
    TooManyAttributes,
    /// Elements within each other more than [`DEPTH_MAX`] deep.
    TooDeep,
    /// A version of XML other than 1.0.
    OtherVersion,
    /// A root element other than `xml` (`protocol.md` §0): no message of this protocol.
    OtherRoot,
    /// A `<!DOCTYPE`: never read, whatever it says (`protocol.md` §6).
    Doctype,
    /// A processing instruction other than the declaration.
    ProcessingInstruction,
    /// The same field twice.
    DuplicateField(Box<str>),
    /// An entity other than the five predefined and the numeric ones.
    UnknownEntity,
    /// A character outside the Char range of XML 1.0.
    ControlCharacter,
    /// Text beside elements, or elements inside a known field.
    MixedContent,
    /// Something after the root element.
    TrailingData,
    /// Not well-formed; a few words on where.
    Malformed(&'static str),
}

impl fmt::Display for XmlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the body is empty"),
            Self::TooLong => f.write_str("the body is longer than 64 KiB"),
            Self::TooManyFields => f.write_str("the body has more than 64 fields"),
            Self::TooManyAttributes => f.write_str("an element has more than 16 attributes"),
            Self::TooDeep => f.write_str("elements are nested more than 16 deep"),
            Self::OtherVersion => f.write_str("the body is not XML 1.0"),
            Self::OtherRoot => f.write_str("the root element is not `xml`"),
            Self::NotUtf8 => f.write_str("the body is not UTF-8"),
            Self::Doctype => f.write_str("the body has a DOCTYPE, which is never read"),
            Self::ProcessingInstruction => f.write_str("the body has a processing instruction"),
            Self::DuplicateField(name) => write!(f, "the field `{name}` stands twice"),
            Self::UnknownEntity => {
                f.write_str("the body uses an entity that XML does not predefine")
            }
            Self::ControlCharacter => f.write_str("the body has a character that XML forbids"),
            Self::MixedContent => f.write_str("text and elements are mixed"),
            Self::TrailingData => f.write_str("something follows the root element"),
            Self::Malformed(what) => write!(f, "the body is not well-formed XML: {what}"),
        }
    }
}

impl std::error::Error for XmlError {}

/// One element of the flat document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    name: &'a str,
    value: Option<Cow<'a, str>>,
}

impl<'a> Field<'a> {
    /// The element's name.
    #[must_use]
    pub const fn name(&self) -> &'a str {
        self.name
    }

    /// The value, entities resolved; empty means absent; `None` for a nested
    /// element (`hblist`), which is skipped.
    #[must_use]
    pub fn value(&self) -> Option<&str> {
        self.value.as_deref()
    }
}

/// One flat document: the fields in the order of the wire, no name twice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Document<'a> {
    fields: Vec<Field<'a>>,
}

impl<'a> Document<'a> {
    /// Reads a body: UTF-8, with or without a byte order mark and a declaration.
    ///
    /// # Errors
    /// [`XmlError`], by name.
    pub fn parse(body: &'a [u8]) -> Result<Self, XmlError> {
        if body.len() > BODY_BYTES_MAX {
            return Err(XmlError::TooLong);
        }
        let text = std::str::from_utf8(body).map_err(|_| XmlError::NotUtf8)?;
        if has_forbidden(text) {
            return Err(XmlError::ControlCharacter);
        }
        let fields = scan::fields(text.strip_prefix('\u{FEFF}').unwrap_or(text))?;
        Ok(Self { fields })
    }

    /// The fields, in the order of the wire.
    pub fn fields(&self) -> &[Field<'a>] {
        &self.fields
    }

    /// The value of a field; `None` where it is missing, empty or nested.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let field = self.fields.iter().find(|f| f.name == name)?;
        field.value().filter(|v| !v.is_empty())
    }

    /// The names and values that are there: not empty, not nested.
    pub fn pairs(&self) -> impl Iterator<Item = (&'a str, &str)> {
        let pairs = self.fields.iter().filter_map(|f| Some((f.name, f.value()?)));
        pairs.filter(|(_, value)| !value.is_empty())
    }

    /// The names and values that take part in a signature: not empty, not nested, not `sign`.
    pub fn signed_pairs(&self) -> impl Iterator<Item = (&'a str, &str)> {
        self.pairs().filter(|(name, _)| *name != "sign")
    }
}

/// A copy of `body` without the characters that XML forbids, where it holds any:
/// the second attempt of `protocol.md` §4, which a caller records.
#[must_use]
pub fn strip_control_characters(body: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(body).ok()?;
    has_forbidden(text)
        .then(|| text.chars().filter(|c| name::is_char(*c)).collect::<String>().into_bytes())
}

/// Whether `text` holds a character that XML 1.0 cannot carry, escaped or not.
#[must_use]
pub fn has_forbidden(text: &str) -> bool {
    // A pass that never branches, so that it runs on many bytes at a time.
    let control = text
        .bytes()
        .fold(false, |any, b| any | ((b < 0x20) & (b != b'\t') & (b != b'\n') & (b != b'\r')));
    control || may_hold_noncharacter(text) && has_noncharacter(text.as_bytes())
}

/// Most texts are told by one byte that they lack.
fn may_hold_noncharacter(text: &str) -> bool {
    text.bytes().fold(false, |any, b| any | (b == 0xEF))
}

/// U+FFFE or U+FFFF; surrogates cannot stand in a `str`.
fn has_noncharacter(text: &[u8]) -> bool {
    text.windows(3).any(|bytes| matches!(bytes, [0xEF, 0xBF, 0xBE | 0xBF]))
}
