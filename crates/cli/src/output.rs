//! The one door to the terminal: data on stdout, talk on stderr.
//!
//! Colour is written always and taken out by `anstream` where no terminal wants
//! it, or `NO_COLOR` is set. A reader that closes its end (`| head -1`) is no
//! error: the rest is dropped, and the exit code stays the answer.

use crate::exit::Failure;
use anstream::AutoStream;
use owo_colors::OwoColorize;
use std::fmt::Display;
use std::io::{self, ErrorKind, Write};

/// Where a command writes. Methods never fail; what went wrong is kept for [`Output::finish`].
pub struct Output {
    data: AutoStream<io::Stdout>,
    talk: AutoStream<io::Stderr>,
    broken: Option<io::Error>,
}

impl Output {
    /// Stdout and stderr.
    #[must_use]
    pub fn standard() -> Self {
        Self { data: anstream::stdout(), talk: anstream::stderr(), broken: None }
    }

    /// One line of data, on stdout, at once.
    pub fn data(&mut self, line: impl Display) {
        let wrote = writeln!(self.data, "{line}").and_then(|()| self.data.flush());
        keep(&mut self.broken, wrote);
    }

    /// Data as it is, without an end of line of our own, on stdout.
    pub fn bytes(&mut self, bytes: &[u8]) {
        // past the colour filter: generated scripts and pages are data, not text
        let out = self.data.as_inner();
        let mut lock = out.lock();
        let wrote = lock.write_all(bytes).and_then(|()| lock.flush());
        keep(&mut self.broken, wrote);
    }

    /// One JSON object on one line, on stdout.
    pub fn json(&mut self, value: &serde_json::Value) {
        self.data(value);
    }

    /// One line for people, on stderr.
    pub fn talk(&mut self, line: impl Display) {
        // nobody to tell where talk cannot be written
        let _ = writeln!(self.talk, "{line}");
    }

    /// `hint: …` for people, on stderr.
    pub fn hint(&mut self, hint: impl Display) {
        let word = "hint:";
        self.talk(format_args!("{} {hint}", word.cyan()));
    }

    /// `warning[CODE]: …` for people, on stderr.
    pub fn warning(&mut self, code: &str, warning: impl Display) {
        let word = format!("warning[{code}]:");
        self.talk(format_args!("{} {warning}", word.yellow()));
    }

    /// `error[CODE]: …` and its hint, on stderr.
    pub fn failure(&mut self, failure: &Failure) {
        let word = format!("error[{}]:", failure.code);
        self.talk(format_args!("{} {}", word.red().bold(), failure.message));
        if let Some(hint) = &failure.hint {
            self.hint(hint);
        }
    }

    /// Whether everything that was data could be written.
    ///
    /// # Errors
    /// The first error of stdout other than a reader that left.
    pub fn finish(self) -> io::Result<()> {
        self.broken.map_or(Ok(()), Err)
    }
}

fn keep(broken: &mut Option<io::Error>, wrote: io::Result<()>) {
    if let Err(error) = wrote
        && error.kind() != ErrorKind::BrokenPipe
    {
        broken.get_or_insert(error);
    }
}

/// Text from outside, safe for a terminal: control characters, which could move the
/// cursor or turn the line around, are shown as escapes.
#[must_use]
pub fn printable(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() || is_bidi_control(c) {
            safe.extend(c.escape_unicode());
        } else {
            safe.push(c);
        }
    }
    safe
}

const fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::printable;

    #[test]
    fn what_could_move_the_cursor_or_turn_the_line_is_escaped() {
        assert_eq!(printable("新年\u{1b}[2J"), "新年\\u{1b}[2J");
        assert_eq!(printable("a\u{202e}b\r\n"), "a\\u{202e}b\\u{d}\\u{a}");
    }
}
