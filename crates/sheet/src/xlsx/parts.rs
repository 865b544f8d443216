//! What a workbook unpacks to, measured before it is read: sizes that a file states are a
//! claim, and the reader makes room for as many shared texts as a file claims to have.

use super::damaged;
use crate::error::SheetError;
use crate::limits::PARTS_BYTES_MAX;
use quick_xml::events::Event;
use std::fs::File;
use std::io::{self, BufReader, Read};
use zip::ZipArchive;

/// Parts of a workbook: some a worksheet, few others.
const PARTS_MAX: usize = 10_000;

/// The least that a shared text takes in its table: `<si/>`.
const SHARED_TEXT_BYTES_MIN: u64 = 5;

/// Refuses a workbook whose parts, its worksheets apart, are too large together.
pub(super) fn check(file: &File) -> Result<(), SheetError> {
    let mut archive =
        ZipArchive::new(BufReader::new(file)).map_err(|_| damaged("it is no ZIP archive"))?;
    if archive.len() > PARTS_MAX {
        return Err(SheetError::TooLarge);
    }
    let mut left = PARTS_BYTES_MAX;
    for at in 0..archive.len() {
        let part = archive.by_index(at).map_err(|_| damaged("a part of it is unreadable"))?;
        let name = part.name().map_err(|_| damaged("a part of it has no name"))?;
        let name = name.to_ascii_lowercase().replace('\\', "/");
        let is_text = name.ends_with(".xml") || name.ends_with(".rels");
        if !is_text || name.contains("/worksheets/") {
            continue;
        }
        let mut counted = Counted { inner: part, left };
        if name.ends_with("sharedstrings.xml") {
            shared_texts(&mut counted)?;
        } else {
            rest(&mut counted)?;
        }
        left = counted.left;
    }
    Ok(())
}

/// Refuses a table that claims more texts than fit in it.
fn shared_texts(part: &mut Counted<impl Read>) -> Result<(), SheetError> {
    let before = part.left;
    let mut claimed = 0;
    let mut xml = quick_xml::Reader::from_reader(BufReader::new(&mut *part));
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        match xml.read_event_into(&mut buffer) {
            Ok(Event::Start(tag) | Event::Empty(tag)) if tag.local_name().as_ref() == "sst" => {
                claimed = claim(tag.as_ref());
                break;
            }
            Ok(Event::Eof) | Err(_) => break,
            Ok(_) => {}
        }
    }
    drop(xml);
    rest(part)?;
    if claimed > (before - part.left) / SHARED_TEXT_BYTES_MIN {
        return Err(damaged("it claims more texts than it holds"));
    }
    Ok(())
}

/// The number that a tag states as its `uniqueCount`: the largest that any reader might see,
/// however the attributes are written.
fn claim(tag: &str) -> u64 {
    tag.split("uniqueCount")
        .skip(1)
        .filter_map(|rest| rest.split(|c: char| !c.is_ascii_digit()).find(|part| !part.is_empty()))
        .map(|digits| digits.parse().unwrap_or(u64::MAX))
        .max()
        .unwrap_or(0)
}

/// Reads a part to its end.
fn rest(part: &mut Counted<impl Read>) -> Result<(), SheetError> {
    match io::copy(part, &mut io::sink()) {
        Ok(_) => Ok(()),
        Err(_) if part.left == 0 => Err(SheetError::TooLarge),
        Err(_) => Err(damaged("a part of it is cut off or altered")),
    }
}

/// A part, and the bytes that may still be read.
struct Counted<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.left = self.left.saturating_sub(read as u64);
        if self.left == 0 {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_is_seen_however_it_is_written() {
        assert_eq!(claim("sst count=\"9\""), 0);
        assert_eq!(claim("sst count=\"9\" uniqueCount=\"3\""), 3);
        assert_eq!(claim("sst uniqueCount = '3' x:uniqueCount=\"40\""), 40);
        assert_eq!(claim("sst uniqueCount=\"99999999999999999999\""), u64::MAX);
    }
}
