//! Which characters XML 1.0 (fifth edition) permits, and which names are ours.

use crate::{query, send};

/// Whether a document may hold the character at all (production 2, `Char`).
pub(super) const fn is_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{FFFD}' | '\u{10000}'..='\u{10FFFF}')
}

/// The bytes of the name that `text` begins with; 0 where it begins with none
/// (production 5, `Name`).
pub(super) fn length(text: &str) -> usize {
    if let Some(length) = ascii_length(text.as_bytes()) {
        return length;
    }
    if !text.starts_with(is_start) {
        return 0;
    }
    text.find(|c| !is_part(c)).unwrap_or(text.len())
}

/// The shortcut for nearly every name: plain ASCII, and ended by what ends most names.
pub(super) fn ascii_length(bytes: &[u8]) -> Option<usize> {
    /// `0-9 a-z A-Z _`, by byte.
    const PLAIN: [bool; 256] = {
        let mut plain = [false; 256];
        let mut byte = 0_u8;
        while byte < 128 {
            plain[byte as usize] = byte.is_ascii_alphanumeric() || byte == b'_';
            byte += 1;
        }
        plain
    };
    let is_plain = |b: &u8| PLAIN[usize::from(*b)];
    bytes.first().filter(|b| is_plain(b) && !b.is_ascii_digit())?;
    let end = bytes.iter().position(|b| !is_plain(b))?;
    matches!(bytes[end], b'>' | b'/' | b' ' | b';' | b'=').then_some(end)
}

/// Production 4, `NameStartChar`.
const fn is_start(c: char) -> bool {
    matches!(c,
        ':' | '_' | 'A'..='Z' | 'a'..='z'
        | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}'
        | '\u{370}'..='\u{37D}' | '\u{37F}'..='\u{1FFF}' | '\u{200C}'..='\u{200D}'
        | '\u{2070}'..='\u{218F}' | '\u{2C00}'..='\u{2FEF}' | '\u{3001}'..='\u{D7FF}'
        | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}' | '\u{10000}'..='\u{EFFFF}')
}

/// Production 4a, `NameChar`.
const fn is_part(c: char) -> bool {
    is_start(c)
        || matches!(c,
            '-' | '.' | '0'..='9' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
}

/// Whether the pages name the field: then it is flat, and elements in it are refused.
pub(super) fn is_known(field: &str) -> bool {
    query::REPLY_FIELDS.contains(&field)
        || query::REQUEST_FIELDS.contains(&field)
        || send::REPLY_FIELDS.contains(&field)
        || send::REQUEST_FIELDS.contains(&field)
}
