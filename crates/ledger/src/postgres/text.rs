//! Texts as PostgreSQL holds them: it has no U+0000.

use super::fault::damaged;
use crate::error::LedgerError;
use bytes::BytesMut;
use std::borrow::Cow;
use std::error::Error;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

/// Leads what stands for U+0000 and for itself. No message on the wire can hold either
/// (XML 1.0, 2.2), so a text that has one is rare, and escaping keeps the bytewise order.
const ESCAPE: char = '\u{1}';

/// A text on its way into the database.
#[derive(Clone, Copy, Debug)]
pub(super) struct Text<'t>(pub(super) &'t str);

/// A text, where there is one.
pub(super) fn maybe(text: Option<&str>) -> Option<Text<'_>> {
    text.map(Text)
}

impl ToSql for Text<'_> {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        escaped(self.0).to_sql(kind, out)
    }

    fn accepts(kind: &Type) -> bool {
        <&str as ToSql>::accepts(kind)
    }

    to_sql_checked!();
}

/// The condition that a column is a text, in the form in which the index over its first characters finds it: an
/// entry of an index has room for 2,700 bytes, and a text of upstream may be longer.
pub(super) fn is(column: &str, place: &str) -> String {
    format!("left({column}, 64) = left({place}, 64) AND {column} = {place}")
}

fn escaped(text: &str) -> Cow<'_, str> {
    if !text.contains(['\0', ESCAPE]) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace(ESCAPE, "\u{1}\u{2}").replace('\0', "\u{1}\u{1}"))
}

/// The text that was written.
pub(super) fn unescaped(stored: &str) -> Result<Cow<'_, str>, LedgerError> {
    if !stored.contains(ESCAPE) {
        return Ok(Cow::Borrowed(stored));
    }
    let mut text = String::with_capacity(stored.len());
    let mut chars = stored.chars();
    while let Some(char) = chars.next() {
        text.push(match char {
            ESCAPE => match chars.next() {
                Some('\u{1}') => '\0',
                Some('\u{2}') => ESCAPE,
                _ => return Err(damaged("a text")),
            },
            other => other,
        });
    }
    Ok(Cow::Owned(text))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const TEXTS: [&str; 9] =
        ["", "\0", "\0\0", "\0a", "\u{1}", "\u{1}\0", "\u{1}\u{2}", "\u{2}", "a 红包 \0 ' \u{1}"];

    #[test]
    fn a_text_comes_back_without_a_nul_in_between() {
        for text in TEXTS {
            let stored = escaped(text);
            assert!(!stored.contains('\0'), "{text:?}");
            assert_eq!(unescaped(&stored).unwrap(), text);
        }
    }

    #[test]
    fn the_bytewise_order_stays() {
        for one in TEXTS {
            for other in TEXTS {
                let stored = escaped(one).as_bytes().cmp(escaped(other).as_bytes());
                assert_eq!(stored, one.as_bytes().cmp(other.as_bytes()), "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn an_escape_that_is_none_is_damage() {
        for stored in ["\u{1}", "a\u{1}b"] {
            assert!(matches!(unescaped(stored), Err(LedgerError::Damaged(_))));
        }
    }
}
