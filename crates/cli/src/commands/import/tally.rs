//! What an import came to. Of constant size.

use super::row::{Draft, ImportProblem};
use crate::exit::Exit;
use hongbao_inquiry::import::Imported;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The most rows with problems, and with differences, that the summary lists.
const ROWS_MAX: usize = 100;

/// A row whose number the ledger knows otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DifferenceRow {
    /// Its line.
    pub line: u64,
    /// Its number.
    pub mch_billno: String,
    /// In which fields.
    pub fields: Vec<&'static str>,
}

/// What an import came to so far.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Rows of the file, whatever became of them.
    pub rows: u64,
    /// Numbers that the ledger did not know.
    pub imported: u64,
    /// Numbers that it knew; nothing was changed.
    pub known: u64,
    /// How many of these it knows otherwise.
    pub differing: u64,
    /// Rows of which nothing was imported, by word.
    pub problems: BTreeMap<&'static str, u64>,
    /// The first of them.
    pub problem_rows: Vec<(u64, ImportProblem)>,
    /// The first rows that the ledger knows otherwise.
    pub difference_rows: Vec<DifferenceRow>,
}

impl Tally {
    /// Counts a row, with what it came to.
    pub fn count(&mut self, draft: Draft, imported: Option<Imported>) {
        self.rows += 1;
        let Draft { line, claim } = draft;
        match (claim, imported) {
            (Err(problem), _) => self.problem(line, problem),
            (Ok(_), Some(Imported::RefTaken(_))) => self.problem(line, ImportProblem::RefTaken),
            (Ok(claim), Some(Imported::Known(fields))) => {
                self.known += 1;
                if !fields.is_empty() {
                    self.differing += 1;
                    if self.difference_rows.len() < ROWS_MAX {
                        let mch_billno = claim.mch_billno.to_string();
                        self.difference_rows.push(DifferenceRow { line, mch_billno, fields });
                    }
                }
            }
            (Ok(_), Some(Imported::New) | None) => self.imported += 1,
        }
    }

    fn problem(&mut self, line: u64, problem: ImportProblem) {
        *self.problems.entry(problem.as_str()).or_default() += 1;
        if self.problem_rows.len() < ROWS_MAX {
            self.problem_rows.push((line, problem));
        }
    }

    /// The counts, for the line of progress.
    pub fn words(&self) -> String {
        let problems: u64 = self.problems.values().sum();
        let counts = [("imported", self.imported), ("known", self.known), ("problems", problems)];
        let counts: Vec<String> = counts
            .iter()
            .filter(|(_, count)| *count > 0)
            .map(|(word, count)| format!("{word} {count}"))
            .collect();
        counts.join(", ")
    }

    /// 0 where every row is in the ledger now and none differs; else 6.
    pub fn exit(&self) -> Exit {
        let is_clean = self.problems.is_empty() && self.differing == 0;
        if is_clean { Exit::Ok } else { Exit::Unknown }
    }

    /// The summary of the JSON contract (`docs/data.md`).
    pub fn to_json(&self, ignored: &[String], dry_run: bool) -> Value {
        let problem_rows: Vec<Value> = self
            .problem_rows
            .iter()
            .map(|(line, problem)| json!({"line": line, "problem": problem.as_str()}))
            .collect();
        let difference_rows: Vec<Value> = self
            .difference_rows
            .iter()
            .map(|row| {
                let (line, billno, fields) = (row.line, &row.mch_billno, &row.fields);
                json!({"line": line, "mch_billno": billno, "differences": fields})
            })
            .collect();
        json!({
            "rows": self.rows,
            "imported": self.imported,
            "known": self.known,
            "differing": self.differing,
            "problems": self.problems,
            "problem_rows": problem_rows,
            "difference_rows": difference_rows,
            "ignored_columns": ignored,
            "dry_run": dry_run,
            "exit_code": self.exit().code(),
        })
    }
}
