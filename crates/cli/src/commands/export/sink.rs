//! Where the rows go.

use super::plan::Plan;
use super::state::State;
use crate::commands::reconcile::fault;
use crate::exit::Failure;
use crate::say;
use hongbao_sheet::{Part, SheetError, View, Writer};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// What became of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Row {
    /// It is written.
    Written,
    /// It is written, and the state may well be kept behind it.
    AtEase,
    /// Nobody reads standard output any more.
    Unread,
}

/// Standard output, or the part of a file.
pub enum Sink {
    /// Standard output.
    Stdout(Box<Writer>),
    /// A file, which has its name once it is whole.
    File {
        /// Its part.
        part: Box<Part>,
        /// Its name.
        path: PathBuf,
    },
}

impl Sink {
    /// Begins standard output.
    ///
    /// # Errors
    /// `SHEET_NEEDS_FILE`, and what is wrong with the columns.
    pub fn to_stdout(plan: &Plan) -> Result<Self, Failure> {
        let writer = Writer::to_stream(std::io::stdout(), plan.format, plan.options, &plan.heads);
        writer.map(|writer| Self::Stdout(Box::new(writer))).map_err(|error| failure("-", &error))
    }

    /// Begins a file.
    ///
    /// # Errors
    /// What is wrong with it or with the columns; `SHEET_IN_USE`.
    pub fn begin(path: &Path, plan: &Plan) -> Result<Self, Failure> {
        let part = Part::begin(path, plan.format, plan.options, &plan.heads);
        let part = part.map_err(|error| failure(&path.display().to_string(), &error))?;
        Ok(Self::File { part: Box::new(part), path: path.to_owned() })
    }

    /// Goes on with the part of a file; `None` where that is gone.
    ///
    /// # Errors
    /// As [`Sink::begin`].
    pub fn go_on(path: &Path, plan: &Plan, state: &State) -> Result<Option<Self>, Failure> {
        let checkpoint = state.checkpoint();
        match Part::go_on(path, plan.format, plan.options, &plan.heads, checkpoint) {
            Ok(part) => Ok(Some(Self::File { part: Box::new(part), path: path.to_owned() })),
            Err(SheetError::PartLost(_)) => Ok(None),
            Err(error) => Err(failure(&path.display().to_string(), &error)),
        }
    }

    /// Writes a row.
    ///
    /// # Errors
    /// What the file refuses.
    pub fn row(&mut self, cells: &[View<'_>]) -> Result<Row, Failure> {
        let wrote = match self {
            Self::Stdout(writer) => match writer.write_views(cells) {
                Err(error) if has_left(&error) => return Ok(Row::Unread),
                wrote => wrote.map(|()| false),
            },
            Self::File { part, .. } => part.write(cells),
        };
        match wrote {
            Ok(true) => Ok(Row::AtEase),
            Ok(false) => Ok(Row::Written),
            Err(error) => Err(failure(&self.name(), &error)),
        }
    }

    /// Keeps the state, so that the file can be gone on with from here.
    ///
    /// # Errors
    /// What the disk refuses.
    pub fn keep(&mut self, state: &mut State) -> Result<(), Failure> {
        let Self::File { part, path } = self else { return Ok(()) };
        let checkpoint = part.checkpoint();
        let checkpoint =
            checkpoint.map_err(|error| failure(&path.display().to_string(), &error))?;
        state.keep(path, checkpoint)
    }

    /// Gives the file its name; `is_to_go_on` is asked meanwhile, with the rows that are in it.
    /// Whether it was made.
    ///
    /// # Errors
    /// What the file refuses.
    pub fn finish(self, is_to_go_on: impl FnMut(u64) -> bool) -> Result<bool, Failure> {
        let name = self.name();
        let (finished, path) = match self {
            Self::Stdout(writer) => (writer.finish().map(|()| true), None),
            Self::File { part, path } => (part.finish(is_to_go_on), Some(path)),
        };
        match finished {
            Err(error) if path.is_none() && has_left(&error) => Ok(true),
            Err(error) => Err(failure(&name, &error)),
            Ok(is_made) => {
                if let Some(path) = path.filter(|_| is_made) {
                    State::forget(&path)?;
                }
                Ok(is_made)
            }
        }
    }

    fn name(&self) -> String {
        match self {
            Self::Stdout(_) => "-".to_owned(),
            Self::File { path, .. } => path.display().to_string(),
        }
    }
}

/// Whether nobody reads any more what is written.
fn has_left(error: &SheetError) -> bool {
    matches!(error, SheetError::Io(error) if error.kind() == ErrorKind::BrokenPipe)
}

fn failure(name: &str, error: &SheetError) -> Failure {
    let hint = match error {
        SheetError::NeedsFile(_) | SheetError::ReadOnly(_) => say!("export-format-hint"),
        SheetError::TooManyRows => say!("export-too-many-rows-hint"),
        _ => say!("export-failed-hint"),
    };
    fault::of_table(name, error).hint(hint)
}
