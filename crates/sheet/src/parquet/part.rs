//! The part of a Parquet file: its row groups, each with its length before it. What waits for its
//! group when a checkpoint is made is written as a group too, marked as one that the next replaces.

use super::group::Group;
use super::reader;
use crate::cell::View;
use crate::column::{Column, Kind};
use crate::error::SheetError;
use crate::part::of_kind;
use crate::target::Target;
use ::bytes::Bytes;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};

/// A group that is whole.
const WHOLE: u8 = b'G';
/// One that waits for more rows: the next one begins with the same.
const WAITING: u8 = b'W';
/// The mark, and the length of what follows.
const HEAD_BYTES: usize = 9;

/// Row groups on their way into a file.
pub(crate) struct Groups {
    file: File,
    group: Group,
    /// Whether rows came since the last that were written.
    is_newer: bool,
}

impl Groups {
    /// Begins a part, which is empty.
    pub(crate) fn new(file: File, columns: &[Column]) -> Result<Groups, SheetError> {
        Ok(Groups { file, group: Group::new(columns)?, is_newer: false })
    }

    /// Goes on at the end of a part.
    pub(crate) fn go_on(file: File, columns: &[Column]) -> Result<Groups, SheetError> {
        let mut groups = Groups::new(file, columns)?;
        if let Some((WAITING, waiting)) = groups.last()? {
            let kinds: Vec<Kind> = columns.iter().map(|column| column.kind).collect();
            let (_, mut rows) = reader::open(waiting)?;
            while let Some(mut row) = rows.next()? {
                row.cells.iter_mut().zip(&kinds).for_each(|(cell, kind)| of_kind(cell, *kind));
                groups.group.push(&row.cells.iter().map(View::from).collect::<Vec<_>>())?;
            }
        }
        groups.file.seek(SeekFrom::End(0))?;
        Ok(groups)
    }

    /// Takes a row in; whether it was the last of its group, so that nothing waits.
    pub(crate) fn row(&mut self, cells: &[View<'_>]) -> Result<bool, SheetError> {
        self.group.push(cells)?;
        self.is_newer = true;
        if !self.group.is_full() {
            return Ok(false);
        }
        self.put(WHOLE)?;
        self.group.clear();
        Ok(true)
    }

    /// Writes what waits; the file then holds every row.
    pub(crate) fn flushed(&mut self) -> Result<&File, SheetError> {
        if self.is_newer && self.group.rows() > 0 {
            self.put(WAITING)?;
        }
        Ok(&self.file)
    }

    fn put(&mut self, mark: u8) -> Result<(), SheetError> {
        let encoded = self.group.encoded()?;
        let mut out = BufWriter::new(&self.file);
        out.write_all(&[mark])?;
        out.write_all(&(encoded.len() as u64).to_le_bytes())?;
        out.write_all(&encoded)?;
        out.flush()?;
        self.is_newer = false;
        Ok(())
    }

    /// The last group, and its mark.
    fn last(&mut self) -> Result<Option<(u8, Bytes)>, SheetError> {
        let mut last = None;
        let mut groups = Walk::begin(&self.file)?;
        while let Some(head) = groups.next()? {
            last = Some(head);
        }
        last.map(|head| Ok((head.mark, groups.read(head)?))).transpose()
    }

    /// Makes the file. `is_to_go_on` is asked behind each group with the rows that are in it;
    /// `None` where it says no.
    pub(crate) fn join(
        mut self,
        target: Target,
        mut is_to_go_on: impl FnMut(u64) -> bool,
    ) -> Result<Option<Target>, SheetError> {
        self.flushed()?;
        let mut joined = self.group.shape().begin(BufWriter::new(target))?;
        let (mut groups, mut rows) = (Walk::begin(&self.file)?, 0);
        let mut next = groups.next()?;
        while let Some(head) = next {
            next = groups.next()?;
            if head.mark == WHOLE || next.is_none() {
                rows += joined.join(groups.read(head)?)?;
                if !is_to_go_on(rows) {
                    return Ok(None);
                }
            }
        }
        let out = joined.finish()?;
        out.into_inner().map(Some).map_err(|error| SheetError::Io(error.into_error()))
    }
}

/// The mark of a group, and where it lies.
#[derive(Clone, Copy)]
struct Head {
    mark: u8,
    begin: u64,
    len: u64,
}

/// A walk over the groups of a part.
struct Walk<'f> {
    file: &'f File,
    at: u64,
    end: u64,
}

impl<'f> Walk<'f> {
    fn begin(file: &'f File) -> io::Result<Walk<'f>> {
        Ok(Walk { file, at: 0, end: file.metadata()?.len() })
    }

    fn next(&mut self) -> io::Result<Option<Head>> {
        if self.at >= self.end {
            return Ok(None);
        }
        let mut head = [0; HEAD_BYTES];
        self.file.seek(SeekFrom::Start(self.at))?;
        self.file.read_exact(&mut head)?;
        let [mark, len @ ..] = head;
        let (begin, len) = (self.at + HEAD_BYTES as u64, u64::from_le_bytes(len));
        let end = begin.checked_add(len).filter(|end| *end <= self.end);
        if !matches!(mark, WHOLE | WAITING) || end.is_none() {
            return Err(io::ErrorKind::InvalidData.into());
        }
        self.at = begin + len;
        Ok(Some(Head { mark, begin, len }))
    }

    /// The group itself.
    fn read(&self, head: Head) -> io::Result<Bytes> {
        let mut file = self.file;
        file.seek(SeekFrom::Start(head.begin))?;
        let mut group = Vec::new();
        BufReader::new(file).take(head.len).read_to_end(&mut group)?;
        Ok(group.into())
    }
}
