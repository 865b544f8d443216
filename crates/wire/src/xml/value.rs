//! The value of one field, gathered from text and CDATA sections.

use std::borrow::Cow;

/// What a field holds so far; borrowed as long as it is one piece.
#[derive(Default)]
pub(super) struct Value<'a> {
    /// Text and sections.
    all: Cow<'a, str>,
    /// Sections alone.
    sections: Cow<'a, str>,
    has_section: bool,
    has_text: bool,
}

impl<'a> Value<'a> {
    /// A piece of text without references.
    pub(super) fn text(&mut self, piece: &'a str) {
        self.has_text |= !piece.bytes().all(|b| matches!(b, b' ' | b'\t' | b'\r' | b'\n'));
        append(&mut self.all, normalise(piece));
    }

    /// A character that a reference stood for: text even where it is a blank.
    pub(super) fn character(&mut self, character: char) {
        self.has_text = true;
        self.all.to_mut().push(character);
    }

    /// The inside of a CDATA section.
    pub(super) fn section(&mut self, piece: &'a str) {
        self.has_section = true;
        let piece = normalise(piece);
        append(&mut self.sections, piece.clone());
        append(&mut self.all, piece);
    }

    /// Whether there was neither a section nor text other than white space.
    pub(super) const fn is_blank(&self) -> bool {
        !self.has_section && !self.has_text
    }

    /// The value. White space around CDATA comes from pretty-printing and is
    /// dropped; otherwise nothing is trimmed (`protocol.md` §2.1, §4).
    pub(super) fn finish(self) -> Cow<'a, str> {
        if self.has_section && !self.has_text { self.sections } else { self.all }
    }
}

fn append<'a>(whole: &mut Cow<'a, str>, piece: Cow<'a, str>) {
    if whole.is_empty() {
        *whole = piece;
    } else if !piece.is_empty() {
        whole.to_mut().push_str(&piece);
    }
}

/// Line ends as XML reads them: `\r\n` and `\r` are `\n`.
fn normalise(piece: &str) -> Cow<'_, str> {
    if piece.contains('\r') {
        Cow::Owned(piece.replace("\r\n", "\n").replace('\r', "\n"))
    } else {
        Cow::Borrowed(piece)
    }
}
