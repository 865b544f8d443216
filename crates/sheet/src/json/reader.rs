//! Rows out of JSON lines. The file is read twice: objects may leave out what is null, so that
//! only all of them together name the columns.

use crate::cell::{Cell, Row};
use crate::column::{self, Column, shown};
use crate::error::{RowFault, SheetError};
use crate::limits::{COLUMNS_MAX, RECORD_BYTES_MAX, fits_a_cell};
use crate::lines::BoundedLines;
use crate::number::{self, DOUBLE_LIMIT};
use crate::source::Source;
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;
use std::fs::File;
use std::io::{Seek, SeekFrom};

pub(crate) struct JsonReader {
    lines: BoundedLines,
    columns: Vec<Column>,
    places: HashMap<Box<str>, usize>,
}

impl JsonReader {
    /// Reads the names of all columns, in the order in which they first come.
    pub(crate) fn open(
        file: File,
        encoding: Option<&str>,
    ) -> Result<(Vec<Column>, JsonReader), SheetError> {
        let source = |file: &File| Source::new(Box::new(file.try_clone()?), encoding);
        let mut lines = BoundedLines::new(source(&file)?, RECORD_BYTES_MAX);
        let (mut columns, mut places) = (Vec::new(), HashMap::new());
        while let Some(whole) = lines.advance()? {
            let Some(text) = lines.text().ok().filter(|_| whole) else { continue };
            let Ok(Object(fields)) = serde_json::from_str::<Object<IgnoredAny>>(text) else {
                continue; // told when the row is read
            };
            for (name, _) in fields {
                let Entry::Vacant(vacant) = places.entry(name) else { continue };
                if columns.len() == COLUMNS_MAX {
                    return Err(SheetError::TooManyColumns);
                }
                columns.push(Column::text(vacant.key()));
                vacant.insert(columns.len() - 1);
            }
        }
        column::check(&columns)?;
        (&file).seek(SeekFrom::Start(0))?;
        let lines = BoundedLines::new(source(&file)?, RECORD_BYTES_MAX);
        Ok((columns.clone(), JsonReader { lines, columns, places }))
    }

    pub(crate) fn next(&mut self) -> Result<Option<Row>, SheetError> {
        while let Some(whole) = self.lines.advance()? {
            let line = self.lines.line;
            if !whole {
                return Err(RowFault::RecordTooLong.on(line));
            }
            let text = self.lines.text().map_err(|fault| fault.on(line))?;
            if !text.trim().is_empty() {
                let cells = self.cells(text).map_err(|fault| fault.on(line))?;
                return Ok(Some(Row { line, cells }));
            }
        }
        Ok(None)
    }

    fn cells(&self, text: &str) -> Result<Vec<Cell>, RowFault> {
        let object: Object<Field> = serde_json::from_str(text).map_err(|_| RowFault::NotJson)?;
        let mut cells: Vec<Option<Cell>> = vec![None; self.columns.len()];
        for (name, Field(cell)) in object.0 {
            // the file has changed since its names were read
            let at = *self.places.get(&name).ok_or(RowFault::BeyondHeader)?;
            let cell = cell.ok_or_else(|| RowFault::NoText(shown(&name)))?;
            if matches!(&cell, Cell::Text(text) if !fits_a_cell(text)) {
                return Err(RowFault::CellTooLong);
            }
            if cells[at].replace(cell).is_some() {
                return Err(RowFault::NotJson);
            }
        }
        Ok(cells.into_iter().map(Option::unwrap_or_default).collect())
    }
}

/// The fields of an object in their order, a name that is there twice too.
struct Object<T>(Vec<(Box<str>, T)>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields<T>(std::marker::PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Fields<T> {
            type Value = Object<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object<T>, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry::<Box<str>, T>()? {
                    fields.push(field);
                }
                Ok(Object(fields))
            }
        }
        deserializer.deserialize_map(Fields(std::marker::PhantomData))
    }
}

/// A value as a cell; `None` for a list or an object.
struct Field(Option<Cell>);

impl<'de> Deserialize<'de> for Field {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FieldVisitor)
    }
}

struct FieldVisitor;

impl<'de> Visitor<'de> for FieldVisitor {
    type Value = Field;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<Field, E> {
        Ok(Field(Some(Cell::Empty)))
    }

    fn visit_bool<E: Error>(self, truth: bool) -> Result<Field, E> {
        Ok(Field(Some(if truth { "true" } else { "false" }.into())))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Field, E> {
        Ok(Field(Some(number.into())))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Field, E> {
        let whole = i64::try_from(number).map(Cell::Int);
        Ok(Field(Some(whole.unwrap_or_else(|_| number.to_string().into()))))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Field, E> {
        Ok(Field(Some(number::cell(number, DOUBLE_LIMIT, number))))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Field, E> {
        Ok(Field(Some(Cell::of_text(text))))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Field, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Field(None))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Field, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Field(None))
    }
}
