//! Text out of a file: gzipped or not, its byte order mark and its encoding.

use crate::error::{RowFault, SheetError};
use encoding_rs::{Encoding, UTF_8};
use encoding_rs_io::DecodeReaderBytesBuilder;
use flate2::read::MultiGzDecoder;
use std::io::{self, Read};

/// What a gzipped file begins with (RFC 1952). No text begins so.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Bytes that should be UTF-8.
pub(crate) struct Source {
    bytes: Box<dyn Read + Send>,
    /// Whether they were of another encoding: then U+FFFD stands for what was not of it.
    decoded: bool,
}

impl Source {
    /// Of a byte order mark, the encoding that was named, or UTF-8, the first there is.
    pub(crate) fn new(
        mut raw: Box<dyn Read + Send>,
        named: Option<&str>,
    ) -> Result<Source, SheetError> {
        let named = named.map(encoding).transpose()?;
        let mut head = head(&mut raw)?;
        if head.starts_with(&GZIP) {
            raw = Box::new(MultiGzDecoder::new(io::Cursor::new(head).chain(raw)));
            head = self::head(&mut raw)?;
        }
        let mark = Encoding::for_bom(&head);
        let rest = head.split_off(mark.map_or(0, |(_, length)| length));
        let bytes = io::Cursor::new(rest).chain(raw);
        let encoding = mark.map(|(encoding, _)| encoding).or(named).unwrap_or(UTF_8);
        if encoding == UTF_8 {
            return Ok(Source { bytes: Box::new(bytes), decoded: false });
        }
        let decoder = DecodeReaderBytesBuilder::new()
            .encoding(Some(encoding))
            .bom_sniffing(false)
            .build(bytes);
        Ok(Source { bytes: Box::new(decoder), decoded: true })
    }

    /// A stretch of the bytes as text.
    pub(crate) fn text<'a>(&self, bytes: &'a [u8]) -> Result<&'a str, RowFault> {
        let text = std::str::from_utf8(bytes).map_err(|_| RowFault::NotUtf8)?;
        if self.decoded && text.contains('\u{FFFD}') {
            return Err(RowFault::NotOfEncoding);
        }
        Ok(text)
    }
}

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.bytes.read(buffer)
    }
}

/// As many bytes as the longest mark has.
fn head(raw: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    raw.take(3).read_to_end(&mut head)?;
    Ok(head)
}

fn encoding(label: &str) -> Result<&'static Encoding, SheetError> {
    Encoding::for_label(label.as_bytes())
        .ok_or_else(|| SheetError::EncodingUnknown(crate::column::shown(label)))
}
