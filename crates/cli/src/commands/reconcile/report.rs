//! What a run came to, for people: on stderr, as its rows may be on stdout.

use super::row::Problem;
use super::source::Source;
use super::tally::Tally;
use crate::cell::yuan;
use crate::lang;
use crate::output::Output;
use crate::say;
use comfy_table::presets::ASCII_MARKDOWN;
use comfy_table::{CellAlignment, Table};
use hongbao_inquiry::reconcile::Difference;
use hongbao_wire::Verdict;
use std::fmt::Display;

/// The most rows with problems that are told one by one.
const ROWS_TOLD_MAX: usize = 20;

/// The summary.
pub fn write(tally: &Tally, source: &Source, out: &mut Output) {
    problems(tally, source, out);
    out.talk(table(tally));
    for (difference, count) in Difference::ALL.iter().zip(tally.differences) {
        if count > 0 {
            out.talk(difference_words(*difference, count));
        }
    }
    let (rows, asked, ledger) = (tally.rows, tally.asked, tally.from_ledger);
    out.talk(say!("reconcile-sources", rows = rows, asked = asked, ledger = ledger));
}

/// The packets of each verdict, in yuan.
fn table(tally: &Tally) -> Table {
    let mut table = Table::new();
    table.load_style(ASCII_MARKDOWN).set_header([
        say!("reconcile-head-verdict"),
        say!("reconcile-head-packets"),
        say!("reconcile-head-expected"),
        say!("reconcile-head-found"),
    ]);
    for (word, count) in Verdict::WORDS.iter().zip(&tally.verdicts) {
        if count.packets > 0 {
            table.add_row([
                (*word).to_owned(),
                count.packets.to_string(),
                yuan(count.expected),
                yuan(count.found),
            ]);
        }
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn problems(tally: &Tally, source: &Source, out: &mut Output) {
    for (line, problem) in tally.problem_rows.iter().take(ROWS_TOLD_MAX) {
        let words = problem_words(*problem);
        out.talk(say!("reconcile-problem", file = source.name, line = line, problem = words));
    }
    let all: u64 = tally.problems.values().sum();
    let told = tally.problem_rows.len().min(ROWS_TOLD_MAX) as u64;
    if all > told {
        out.talk(say!("reconcile-problems-more", count = all - told));
    }
    if tally.problems.contains_key(Problem::LostDigits.as_str()) {
        out.hint(say!("reconcile-lost-digits-hint"));
    }
}

fn problem_words(problem: Problem) -> String {
    match problem {
        Problem::NoBillno => say!("reconcile-problem-no-billno"),
        Problem::BadBillno => say!("reconcile-problem-bad-billno"),
        Problem::LostDigits => say!("reconcile-problem-lost-digits"),
        Problem::BadAmount => say!("reconcile-problem-bad-amount"),
        Problem::Duplicate { first_line } => say!("reconcile-problem-duplicate", line = first_line),
        Problem::Unreadable { code, .. } => {
            let meaning = lang::current().find(&format!("about-failure-{code}"), &[]);
            meaning.unwrap_or_else(|| code.to_owned())
        }
    }
}

fn difference_words(difference: Difference, count: impl Display) -> String {
    match difference {
        Difference::Amount => say!("reconcile-difference-amount", count = count),
        Difference::Receiver => say!("reconcile-difference-receiver", count = count),
        Difference::Missing => say!("reconcile-difference-missing", count = count),
        Difference::Unexpected => say!("reconcile-difference-unexpected", count = count),
    }
}
