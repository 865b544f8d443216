//! A file that is written over a long time, and gone on with after an interruption.
//!
//! Its rows go into a part of it, beside it, under its name and `.part`. What a checkpoint has
//! promised of the part is on the disk. CSV, TSV and JSON lines are parts of themselves: the
//! part gets the file's name when it is whole. XLSX and Parquet cannot be continued: the rows of a
//! worksheet wait as CSV, and those of Parquet as row groups, out of which the file is made in the end.

use crate::cell::{Cell, View};
use crate::column::{self, Column, Kind};
use crate::error::SheetError;
use crate::format::Format;
use crate::limits::XLSX_ROWS_MAX;
use crate::parquet::part::Groups;
use crate::reader::{ReadOptions, Reader};
use crate::target::{Target, folder, place, sync_folder};
use crate::text::TextWriter;
use crate::writer::{WriteOptions, Writer, check};
use std::fs::{self, File, OpenOptions, Permissions, TryLockError};
use std::io::{BufWriter, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// What of a part that is text waits in memory.
const BUFFER_BYTES: usize = 1 << 18;

/// How far a part is on the disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Checkpoint {
    /// Bytes of the part.
    pub bytes: u64,
    /// Rows of the table.
    pub rows: u64,
}

/// A table on its way into a file. Dropped before its end, its part stays, to be gone on with.
/// One process at a time has it.
pub struct Part {
    columns: Vec<Column>,
    format: Format,
    options: WriteOptions,
    out: Rows,
    rows: u64,
    /// The file, and its mode where one is there already.
    path: PathBuf,
    mode: Option<Permissions>,
    part: PathBuf,
}

/// The rows of a part.
enum Rows {
    Text(TextWriter<BufWriter<File>>),
    Groups(Box<Groups>),
}

impl Part {
    /// Begins a file anew; what there was of an interrupted one goes.
    ///
    /// # Errors
    /// [`SheetError::ReadOnly`] for lines; [`SheetError::InUse`]; columns that no table may have; a
    /// path that is a folder or a device, or in a folder that cannot be written to.
    pub fn begin(
        path: &Path,
        format: Format,
        options: WriteOptions,
        columns: &[Column],
    ) -> Result<Part, SheetError> {
        column::check(columns)?;
        let (path, mode) = place(path)?;
        let part = beside(&path);
        let file = open(&part)?;
        file.set_len(0)?;
        let out = match staged(format, options) {
            None => Rows::Groups(Box::new(Groups::new(file, columns)?)),
            Some((of_part, in_part)) => {
                let file = BufWriter::with_capacity(BUFFER_BYTES, file);
                Rows::Text(TextWriter::new(file, of_part, in_part, columns)?)
            }
        };
        let columns = columns.to_vec();
        Ok(Part { columns, format, options, out, rows: 0, path, mode, part })
    }

    /// Goes on with what was interrupted, from a checkpoint of it on. All else must be as it
    /// was when it was begun.
    ///
    /// # Errors
    /// As [`Part::begin`]; [`SheetError::PartLost`] where less is there than the checkpoint says.
    pub fn go_on(
        path: &Path,
        format: Format,
        options: WriteOptions,
        columns: &[Column],
        from: Checkpoint,
    ) -> Result<Part, SheetError> {
        column::check(columns)?;
        let (path, mode) = place(path)?;
        let part = beside(&path);
        if !part.exists() {
            return Err(SheetError::PartLost(shown(&part)));
        }
        let mut file = open(&part)?;
        if file.metadata()?.len() < from.bytes {
            return Err(SheetError::PartLost(shown(&part)));
        }
        file.set_len(from.bytes)?;
        file.seek(SeekFrom::Start(from.bytes))?;
        let out = match staged(format, options) {
            None => Rows::Groups(Box::new(Groups::go_on(file, columns)?)),
            Some((of_part, in_part)) => {
                let file = BufWriter::with_capacity(BUFFER_BYTES, file);
                Rows::Text(TextWriter::headed(file, of_part, in_part, columns)?)
            }
        };
        let columns = columns.to_vec();
        Ok(Part { columns, format, options, out, rows: from.rows, path, mode, part })
    }

    /// Writes a row; whether a checkpoint behind it costs no more than the disk takes. One of
    /// Parquet within a row group costs as much as the rows of the group until then.
    ///
    /// # Errors
    /// As [`Writer::write`].
    pub fn write(&mut self, cells: &[View<'_>]) -> Result<bool, SheetError> {
        check(&self.columns, cells)?;
        if self.format == Format::Xlsx && self.rows == XLSX_ROWS_MAX {
            return Err(SheetError::TooManyRows);
        }
        let is_at_ease = match &mut self.out {
            Rows::Text(out) => out.row(cells).map(|()| true)?,
            Rows::Groups(groups) => groups.row(cells)?,
        };
        self.rows += 1;
        Ok(is_at_ease)
    }

    /// Brings all rows to the disk, and says how far that is.
    ///
    /// # Errors
    /// [`SheetError::Io`].
    pub fn checkpoint(&mut self) -> Result<Checkpoint, SheetError> {
        let mut file = match &mut self.out {
            Rows::Text(out) => out.flushed()?.get_ref(),
            Rows::Groups(groups) => groups.flushed()?,
        };
        file.sync_all()?;
        Ok(Checkpoint { bytes: file.stream_position()?, rows: self.rows })
    }

    /// Makes the file of its part. `is_to_go_on` is asked now and then with the number of rows
    /// that are in it; where it says no, the part stays and the file is not made: `false`.
    ///
    /// # Errors
    /// [`SheetError::Io`]; then what was there before is.
    pub fn finish(mut self, mut is_to_go_on: impl FnMut(u64) -> bool) -> Result<bool, SheetError> {
        self.checkpoint()?;
        if is_text(self.format) {
            if let Some(mode) = self.mode {
                fs::set_permissions(&self.part, mode)?;
            }
            fs::rename(&self.part, &self.path)?;
            sync_folder(folder(&self.path))?;
            return Ok(true);
        }
        if let Rows::Groups(groups) = self.out {
            let Some(target) = groups.join(Target::new(&self.path)?, is_to_go_on)? else {
                return Ok(false);
            };
            target.commit()?;
            fs::remove_file(&self.part)?;
            return Ok(true);
        }
        let mut writer = Writer::create(&self.path, self.format, self.options, &self.columns)?;
        let mut rows = 0;
        for row in Reader::open(&self.part, Format::Csv, &ReadOptions::default())? {
            let mut cells = row?.cells;
            for (cell, column) in cells.iter_mut().zip(&self.columns) {
                of_kind(cell, column.kind);
            }
            writer.write(&cells)?;
            rows += 1;
            if rows % 1024 == 0 && !is_to_go_on(rows) {
                return Ok(false);
            }
        }
        writer.finish()?;
        fs::remove_file(&self.part)?;
        Ok(true)
    }
}

impl std::fmt::Debug for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Part").field("path", &self.path).finish_non_exhaustive()
    }
}

const fn is_text(format: Format) -> bool {
    matches!(format, Format::Csv | Format::Tsv | Format::JsonLines | Format::Lines)
}

/// The format of a part that is text, and how it is written; `None`: it is of row groups.
fn staged(format: Format, options: WriteOptions) -> Option<(Format, WriteOptions)> {
    match format {
        Format::Parquet => None,
        Format::Xlsx => Some((Format::Csv, WriteOptions::default())),
        Format::Csv | Format::Tsv | Format::JsonLines | Format::Lines => Some((format, options)),
    }
}

/// A number of a part, which is text there, as a number again.
pub(crate) fn of_kind(cell: &mut Cell, kind: Kind) {
    let Cell::Text(text) = &*cell else { return };
    let whole = match kind {
        Kind::Text => return,
        Kind::Int => text.parse(),
        Kind::Hundredths => text.replacen('.', "", 1).parse(),
    };
    if let Ok(number) = whole {
        *cell = Cell::Int(number);
    }
}

/// The name of a file's part.
fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    PathBuf::from(name)
}

/// Opens a part for this process alone; its owner's alone where it is made, as it may hold openids.
fn open(part: &Path) -> Result<File, SheetError> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(part)?;
    match file.try_lock() {
        // whoever had it may have given it its file's name meanwhile
        Ok(()) if !is_the_same(&file, part) => Err(SheetError::InUse(shown(part))),
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(SheetError::InUse(shown(part))),
        Err(TryLockError::Error(error)) => Err(error.into()),
    }
}

#[cfg(unix)]
fn is_the_same(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let (open, named) = (file.metadata().map(|it| it.ino()), fs::metadata(path).map(|it| it.ino()));
    matches!((open, named), (Ok(open), Ok(named)) if open == named)
}

#[cfg(not(unix))]
fn is_the_same(_: &File, path: &Path) -> bool {
    path.exists()
}

fn shown(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str());
    column::shown(&name.to_string_lossy())
}
