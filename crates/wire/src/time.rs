//! Times of the wire: civil time at +08:00, without a zone.

use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, ZonedDateTime};
use std::fmt;

const OFFSET: Offset = Offset::constant(8);

/// The wire's offset: +08:00 all year (`protocol.md` §9 row 15).
#[must_use]
pub fn beijing() -> TimeZone {
    TimeZone::fixed(OFFSET)
}

/// A time as it stood on the wire, and the instant that it means where it can be read.
///
/// A time that cannot be read is not a parse failure of the message
/// (`protocol.md` §9 row 3): `instant` is `None` and the text is kept.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct WireTime {
    text: Box<str>,
    instant: Option<Timestamp>,
}

impl WireTime {
    /// Reads `yyyy-MM-dd HH:mm:ss` (full-width colons allowed) or `yyyyMMddHHmmss`.
    #[must_use]
    pub fn from_wire(text: &str) -> Self {
        Self { instant: parse(text.trim()), text: text.into() }
    }

    /// The time of `instant`, to the second, as the wire writes it.
    #[must_use]
    pub fn at(instant: Timestamp) -> Self {
        let text = format(instant);
        Self { instant: parse(&text), text: text.into() }
    }

    /// The text as it stood on the wire.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The instant, where the text could be read; whole seconds.
    #[must_use]
    pub const fn instant(&self) -> Option<Timestamp> {
        self.instant
    }
}

impl fmt::Display for WireTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

/// `instant` at +08:00: `2017-07-20 22:45:12`.
#[must_use]
pub fn format(instant: Timestamp) -> String {
    written(instant, ' ', "")
}

/// `instant` at +08:00.
#[must_use]
pub fn zoned(instant: Timestamp) -> ZonedDateTime {
    instant.to_zoned_datetime(beijing())
}

/// RFC 3339 at +08:00, to the second: `2017-07-20T22:45:12+08:00`.
#[must_use]
pub fn rfc3339(instant: Timestamp) -> String {
    written(instant, 'T', "+08:00")
}

/// Digit by digit, without the machinery of `format!`: an export writes a few of these a row.
fn written(instant: Timestamp, between: char, zone: &str) -> String {
    let civil = OFFSET.to_datetime(instant);
    let mut text = String::with_capacity("2017-07-20T22:45:12+08:00".len());
    match u16::try_from(civil.year()) {
        Ok(year) => {
            two_digits(&mut text, year / 100);
            two_digits(&mut text, year % 100);
        }
        Err(_) => text = format!("{:04}", civil.year()),
    }
    let parts = [
        ('-', civil.month()),
        ('-', civil.day()),
        (between, civil.hour()),
        (':', civil.minute()),
        (':', civil.second()),
    ];
    for (before, number) in parts {
        text.push(before);
        two_digits(&mut text, number.unsigned_abs().into());
    }
    text.push_str(zone);
    text
}

fn two_digits(text: &mut String, number: u16) {
    for digit in [number / 10, number % 10] {
        text.extend(char::from_digit(digit.into(), 10));
    }
}

fn parse(text: &str) -> Option<Timestamp> {
    if text.contains('：') {
        return parse_ascii(text.replace('：', ":").as_bytes());
    }
    parse_ascii(text.as_bytes())
}

fn parse_ascii(text: &[u8]) -> Option<Timestamp> {
    let form: &[u8] = if text.len() == 14 { b"dddddddddddddd" } else { b"dddd-dd-dd dd:dd:dd" };
    if text.len() != form.len() {
        return None;
    }
    let mut digits = [0_i8; 14];
    let mut found = 0;
    for (byte, expected) in text.iter().zip(form) {
        match expected {
            b'd' if byte.is_ascii_digit() => {
                digits[found] = (byte - b'0').cast_signed();
                found += 1;
            }
            b'd' => return None,
            mark if byte == mark => {}
            _ => return None,
        }
    }
    let two = |at: usize| digits[at] * 10 + digits[at + 1];
    let year = i16::from(two(0)) * 100 + i16::from(two(2));
    let civil = DateTime::new(year, two(4), two(6), two(8), two(10), two(12), 0).ok()?;
    OFFSET.to_timestamp(civil).ok()
}
