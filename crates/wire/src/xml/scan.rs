//! One pass over the bytes of a body. Everything that XML 1.0 (fifth edition)
//! demands of a document without a DOCTYPE is checked here, whether or not the
//! value is kept; what it permits and two readers might read differently is
//! refused by name.

use super::name;
use super::value::Value;
use super::{ATTRIBUTES_MAX, DEPTH_MAX, FIELDS_MAX, Field, XmlError};
use memchr::memchr2;
use std::borrow::Cow;

const ENDS_EARLY: XmlError = XmlError::Malformed("it ends within an element");

/// Reads the fields of the root element `xml`.
pub(super) fn fields(text: &str) -> Result<Vec<Field<'_>>, XmlError> {
    let mut scanner = Scanner { text, at: 0 };
    scanner.declaration()?;
    scanner.misc()?;
    if scanner.peek().is_none() {
        return Err(XmlError::Empty);
    }
    if !scanner.eat("<") {
        return Err(XmlError::Malformed("no root element"));
    }
    let (root, closed) = scanner.start_tag()?;
    let fields = if closed { Vec::new() } else { scanner.root(root)? };
    scanner.misc()?;
    if scanner.peek().is_some() {
        return Err(XmlError::TrailingData);
    }
    if root != "xml" {
        return Err(XmlError::OtherRoot);
    }
    Ok(fields)
}

struct Scanner<'a> {
    text: &'a str,
    /// Always at the boundary of a character.
    at: usize,
}

impl<'a> Scanner<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn rest(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    fn eat(&mut self, token: &str) -> bool {
        let here = self.rest().starts_with(token.as_bytes());
        if here {
            self.at += token.len();
        }
        here
    }

    /// Skips white space; whether there was any.
    fn blanks(&mut self) -> bool {
        let start = self.at;
        while self.peek().is_some_and(is_blank) {
            self.at += 1;
        }
        self.at > start
    }

    fn name(&mut self) -> Result<&'a str, XmlError> {
        let len = name::length(&self.text[self.at..]);
        let name = &self.text[self.at..self.at + len];
        self.at += len;
        if name.is_empty() { Err(XmlError::Malformed("a name is expected")) } else { Ok(name) }
    }

    /// White space and comments, before and after the root element.
    fn misc(&mut self) -> Result<(), XmlError> {
        loop {
            self.blanks();
            if self.rest().starts_with(b"<!") || self.rest().starts_with(b"<?") {
                self.comment()?;
            } else {
                return Ok(());
            }
        }
    }

    /// A comment, or the name of what stands in its place.
    fn comment(&mut self) -> Result<(), XmlError> {
        if !self.eat("<!--") {
            let rest = self.rest();
            return Err(if rest.starts_with(b"<!DOCTYPE") {
                XmlError::Doctype
            } else if rest.starts_with(b"<?") {
                XmlError::ProcessingInstruction
            } else if rest.starts_with(b"<![CDATA[") {
                XmlError::MixedContent
            } else {
                XmlError::Malformed("`<!` begins nothing known")
            });
        }
        self.until("--").ok_or(XmlError::Malformed("a comment does not end"))?;
        if self.eat(">") { Ok(()) } else { Err(XmlError::Malformed("`--` in a comment")) }
    }

    /// Everything before `mark`, which is skipped; `None` where there is none.
    fn until(&mut self, mark: &str) -> Option<&'a str> {
        let (rest, mark_bytes) = (self.rest(), mark.as_bytes());
        let mut length = 0;
        loop {
            length += rest[length..].iter().position(|b| *b == mark_bytes[0])?;
            if rest[length..].starts_with(mark_bytes) {
                break;
            }
            length += 1;
        }
        let inner = &self.text[self.at..self.at + length];
        self.at += length + mark.len();
        Some(inner)
    }

    /// `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>`, where there is one.
    fn declaration(&mut self) -> Result<(), XmlError> {
        const BAD: XmlError = XmlError::Malformed("the declaration");
        if !self.rest().starts_with(b"<?xml") || !self.rest().get(5).copied().is_some_and(is_blank)
        {
            return Ok(());
        }
        self.at += 5;
        match self.pseudo_attribute("version")? {
            Some("1.0") => {}
            Some(_) => return Err(XmlError::OtherVersion),
            None => return Err(BAD),
        }
        match self.pseudo_attribute("encoding")? {
            None => {}
            Some(name) if ["utf-8", "utf8"].iter().any(|n| n.eq_ignore_ascii_case(name)) => {}
            Some(_) => return Err(XmlError::NotUtf8),
        }
        if !matches!(self.pseudo_attribute("standalone")?, None | Some("yes" | "no")) {
            return Err(BAD);
        }
        self.blanks();
        if self.eat("?>") { Ok(()) } else { Err(BAD) }
    }

    /// ` name = "value"` of the declaration; `None` where another follows.
    fn pseudo_attribute(&mut self, name: &str) -> Result<Option<&'a str>, XmlError> {
        let start = self.at;
        if !self.blanks() || !self.eat(name) {
            self.at = start;
            return Ok(None);
        }
        self.equals()?;
        self.quoted().map(Some)
    }

    fn equals(&mut self) -> Result<(), XmlError> {
        self.blanks();
        if !self.eat("=") {
            return Err(XmlError::Malformed("an attribute has no `=`"));
        }
        self.blanks();
        Ok(())
    }

    fn quoted(&mut self) -> Result<&'a str, XmlError> {
        let quote = if self.eat("\"") {
            "\""
        } else if self.eat("'") {
            "'"
        } else {
            return Err(XmlError::Malformed("an attribute's value is not quoted"));
        };
        self.until(quote).ok_or(XmlError::Malformed("an attribute's value does not end"))
    }

    /// After `<`: the element's name, and whether it is closed at once.
    fn start_tag(&mut self) -> Result<(&'a str, bool), XmlError> {
        let name = self.name()?;
        if self.eat(">") {
            return Ok((name, false));
        }
        let mut seen: Vec<&str> = Vec::new();
        loop {
            let apart = self.blanks();
            if self.eat(">") {
                return Ok((name, false));
            }
            if self.eat("/>") {
                return Ok((name, true));
            }
            if !apart {
                return Err(XmlError::Malformed("a start tag"));
            }
            let attribute = self.attribute()?;
            if seen.contains(&attribute) {
                return Err(XmlError::Malformed("an attribute stands twice"));
            }
            if seen.len() == ATTRIBUTES_MAX {
                return Err(XmlError::TooManyAttributes);
            }
            seen.push(attribute);
        }
    }

    /// One attribute: checked, its value forgotten.
    fn attribute(&mut self) -> Result<&'a str, XmlError> {
        let name = self.name()?;
        self.equals()?;
        let value = self.quoted()?;
        if value.contains('<') {
            return Err(XmlError::Malformed("`<` in an attribute"));
        }
        let mut inner = Scanner { text: value, at: 0 };
        while let Some(length) = inner.rest().iter().position(|b| *b == b'&') {
            inner.at += length;
            inner.reference()?;
        }
        Ok(name)
    }

    /// After `</`: the rest of the end tag of `name`.
    fn end_tag(&mut self, name: &str) -> Result<(), XmlError> {
        let matches = self.eat(name);
        self.blanks();
        if matches && self.eat(">") {
            return Ok(());
        }
        Err(XmlError::Malformed("an end tag does not match"))
    }

    /// The content of the root: fields, white space and comments.
    fn root(&mut self, root: &str) -> Result<Vec<Field<'a>>, XmlError> {
        let mut fields: Vec<Field<'a>> = Vec::with_capacity(24);
        loop {
            self.blanks();
            match (self.peek(), self.rest().get(1)) {
                (None, _) => return Err(ENDS_EARLY),
                (Some(b'<'), Some(b'/')) => {
                    self.at += 2;
                    self.end_tag(root)?;
                    return Ok(fields);
                }
                (Some(b'<'), Some(b'!' | b'?')) => self.comment()?,
                (Some(b'<'), _) => {
                    self.at += 1;
                    let field = self.field()?;
                    if fields.iter().any(|f| f.name == field.name) {
                        return Err(XmlError::DuplicateField(field.name.into()));
                    }
                    if fields.len() == FIELDS_MAX {
                        return Err(XmlError::TooManyFields);
                    }
                    fields.push(field);
                }
                (Some(_), _) => {
                    self.run(&mut Value::default())?;
                    return Err(XmlError::MixedContent);
                }
            }
        }
    }

    /// After `<`: one field, up to and with its end tag.
    fn field(&mut self) -> Result<Field<'a>, XmlError> {
        if let Some(field) = self.plain_field() {
            return Ok(field);
        }
        let (name, closed) = self.start_tag()?;
        if closed {
            return Ok(Field { name, value: Some(Cow::Borrowed("")) });
        }
        let mut value = Value::default();
        let nested = self.content(name, &mut value, 2)?;
        match (nested, value.is_blank()) {
            (false, _) => Ok(Field { name, value: Some(value.finish()) }),
            (true, true) if !name::is_known(name) => Ok(Field { name, value: None }),
            (true, _) => Err(XmlError::MixedContent),
        }
    }

    /// After `<`: the shortcut for nearly every field, a plain name and one CDATA section
    /// without `]` and `\r`. Where there is anything else, nothing is read.
    fn plain_field(&mut self) -> Option<Field<'a>> {
        let rest = self.rest();
        let (name, rest) = rest.split_at(name::ascii_length(rest)?);
        let inner = rest.strip_prefix(b"><![CDATA[")?;
        let length = memchr2(b']', b'\r', inner)?;
        let end = inner[length..].strip_prefix(b"]]></")?;
        let after = end.strip_prefix(name)?.strip_prefix(b">")?;
        let section = self.text.len() - inner.len();
        let field = Field {
            name: &self.text[self.at..self.at + name.len()],
            value: Some(Cow::Borrowed(&self.text[section..section + length])),
        };
        self.at = self.text.len() - after.len();
        Some(field)
    }

    /// The content of `name` up to and with its end tag; whether elements were in it.
    fn content(
        &mut self,
        name: &str,
        value: &mut Value<'a>,
        depth: usize,
    ) -> Result<bool, XmlError> {
        let mut nested = false;
        loop {
            match (self.peek(), self.rest().get(1)) {
                (None, _) => return Err(ENDS_EARLY),
                (Some(b'<'), Some(b'/')) => {
                    self.at += 2;
                    return self.end_tag(name).map(|()| nested);
                }
                (Some(b'<'), Some(b'!')) if self.eat("<![CDATA[") => {
                    let section = self.until("]]>");
                    value.section(section.ok_or(XmlError::Malformed("a CDATA does not end"))?);
                }
                (Some(b'<'), Some(b'!' | b'?')) => self.comment()?,
                (Some(b'<'), _) => {
                    self.at += 1;
                    nested = true;
                    self.skip(depth + 1)?;
                }
                (Some(_), _) => self.run(value)?,
            }
        }
    }

    /// After `<`: an element within a field, checked and forgotten.
    fn skip(&mut self, depth: usize) -> Result<(), XmlError> {
        if depth > DEPTH_MAX {
            return Err(XmlError::TooDeep);
        }
        let (name, closed) = self.start_tag()?;
        if !closed {
            self.content(name, &mut Value::default(), depth)?;
        }
        Ok(())
    }

    /// Text up to the next `<`.
    fn run(&mut self, value: &mut Value<'a>) -> Result<(), XmlError> {
        let mut start = self.at;
        loop {
            match self.peek() {
                None | Some(b'<') => break,
                Some(b'&') => {
                    value.text(&self.text[start..self.at]);
                    value.character(self.reference()?);
                    start = self.at;
                }
                Some(b']') if self.rest().starts_with(b"]]>") => {
                    return Err(XmlError::Malformed("`]]>` in text"));
                }
                Some(_) => self.at += 1,
            }
        }
        value.text(&self.text[start..self.at]);
        Ok(())
    }

    /// `&lt;` and the like: the five predefined entities and the numeric ones.
    fn reference(&mut self) -> Result<char, XmlError> {
        const BAD: XmlError = XmlError::Malformed("a reference");
        self.at += 1;
        if self.eat("#") {
            let radix = if self.eat("x") { 16 } else { 10 };
            return self.numeric(radix);
        }
        let name = self.name().map_err(|_| BAD)?;
        if !self.eat(";") {
            return Err(BAD);
        }
        match name {
            "lt" => Ok('<'),
            "gt" => Ok('>'),
            "amp" => Ok('&'),
            "apos" => Ok('\''),
            "quot" => Ok('"'),
            _ => Err(XmlError::UnknownEntity),
        }
    }

    fn numeric(&mut self, radix: u32) -> Result<char, XmlError> {
        const BAD: XmlError = XmlError::Malformed("a reference");
        let start = self.at;
        let mut code: u32 = 0;
        while let Some(digit) = self.peek().and_then(|b| char::from(b).to_digit(radix)) {
            code = code.saturating_mul(radix).saturating_add(digit);
            self.at += 1;
        }
        if self.at == start || !self.eat(";") {
            return Err(BAD);
        }
        char::from_u32(code).filter(|c| name::is_char(*c)).ok_or(XmlError::ControlCharacter)
    }
}

const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}
