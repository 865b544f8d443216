//! Rows into Parquet, a row group at a time.

use super::group::{Group, Joined};
use crate::cell::View;
use crate::column::Column;
use crate::error::SheetError;
use crate::target::Target;
use std::io::BufWriter;

pub(crate) struct ParquetWriter {
    file: Joined<BufWriter<Target>>,
    group: Group,
}

impl ParquetWriter {
    pub(crate) fn new(target: Target, columns: &[Column]) -> Result<ParquetWriter, SheetError> {
        let group = Group::new(columns)?;
        Ok(ParquetWriter { file: group.shape().begin(BufWriter::new(target))?, group })
    }

    pub(crate) fn row(&mut self, cells: &[View<'_>]) -> Result<(), SheetError> {
        self.group.push(cells)?;
        if self.group.is_full() { self.flush() } else { Ok(()) }
    }

    pub(crate) fn finish(mut self) -> Result<Target, SheetError> {
        self.flush()?;
        let out = self.file.finish()?;
        out.into_inner().map_err(|error| SheetError::Io(error.into_error()))
    }

    fn flush(&mut self) -> Result<(), SheetError> {
        if self.group.rows() == 0 {
            return Ok(());
        }
        self.file.join(self.group.encoded()?.into())?;
        self.group.clear();
        Ok(())
    }
}
