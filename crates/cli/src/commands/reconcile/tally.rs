//! What a run came to: counts, fen, differences, problems, and the exit code.

use super::row::Problem;
use crate::exit::Exit;
use hongbao_inquiry::reconcile::{Difference, Expected, Found, Period};
use hongbao_wire::verdict::NoAnswer;
use hongbao_wire::{Fen, Verdict};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The most rows with problems that the summary lists.
pub const PROBLEM_ROWS_MAX: usize = 100;

/// Packets of one verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// How many.
    pub packets: u64,
    /// Fen that the rows expect, where they say.
    pub expected: u64,
    /// Fen of the records, where there are any.
    pub found: u64,
}

/// What a run came to so far. Of constant size.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Rows of the input, whatever became of them.
    pub rows: u64,
    /// By verdict, in the order of [`Verdict::WORDS`].
    pub verdicts: [Count; 7],
    /// By difference, in the order of [`Difference::ALL`].
    pub differences: [u64; 4],
    /// Fen of the records of unexpected packets.
    pub unexpected_fen: u64,
    /// Rows with problems, by word.
    pub problems: BTreeMap<&'static str, u64>,
    /// The first rows with problems.
    pub problem_rows: Vec<(u64, Problem)>,
    /// Rows that the payer was asked about in this run.
    pub asked: u64,
    /// Rows that the ledger answered.
    pub from_ledger: u64,
    /// Rows that the set-up stood in the way of.
    set_up: u64,
    /// The earliest and the latest sending time.
    sent: Option<(Timestamp, Timestamp)>,
}

impl Tally {
    /// Counts a row with a problem.
    pub fn problem(&mut self, line: u64, problem: Problem) {
        *self.problems.entry(problem.as_str()).or_default() += 1;
        if self.problem_rows.len() < PROBLEM_ROWS_MAX {
            self.problem_rows.push((line, problem));
        }
    }

    /// Counts what was found of a row's packet.
    pub fn found(&mut self, expected: &Expected, found: &Found, differences: &[Difference]) {
        let count = &mut self.verdicts[place(&found.verdict)];
        count.packets += 1;
        add(&mut count.expected, expected.amount);
        add(&mut count.found, found.seen.as_ref().and_then(|seen| seen.total_amount));
        self.note(differences);
        let by = if found.is_asked_in_run { &mut self.asked } else { &mut self.from_ledger };
        *by += 1;
        self.set_up += u64::from(found.verdict == Verdict::NoAnswer(NoAnswer::FixSetUp));
        if let Some(at) = found.sent_at {
            let (first, last) = self.sent.unwrap_or((at, at));
            self.sent = Some((first.min(at), last.max(at)));
        }
    }

    /// Counts a packet that no row names.
    pub fn unexpected(&mut self, found: &Found) {
        add(&mut self.unexpected_fen, found.seen.as_ref().and_then(|seen| seen.total_amount));
        self.note(&[Difference::Unexpected]);
    }

    /// From the earliest to the latest sending time, both included; `None` where none is known.
    #[must_use]
    pub fn period(&self) -> Option<Period> {
        let (from, last) = self.sent?;
        let until = last.checked_add(SignedDuration::from_millis(1)).ok()?;
        Some(Period { from, until })
    }

    /// How many rows have a final verdict.
    #[must_use]
    pub fn finals(&self) -> u64 {
        let of = |word: &str| self.count(word).packets;
        of("received") + of("refunded") + of("failed")
    }

    /// The packets of a verdict.
    #[must_use]
    pub fn count(&self, word: &str) -> Count {
        let at = Verdict::WORDS.iter().position(|known| *known == word);
        at.map_or_else(Count::default, |at| self.verdicts[at])
    }

    /// 0 where everything is final and nothing differs; 4 and 7 where the payer refused the
    /// set-up or did not answer; else 6. Never 3: no one answer permits new numbers for a file.
    #[must_use]
    pub fn exit(&self) -> Exit {
        let answered: u64 = self.verdicts.iter().map(|count| count.packets).sum();
        let is_clean = self.problems.is_empty() && self.differences == [0; 4];
        if self.set_up > 0 {
            Exit::SetUp
        } else if self.count("no_answer").packets > 0 {
            Exit::NoAnswer
        } else if self.finals() == answered && is_clean {
            Exit::Ok
        } else {
            Exit::Unknown
        }
    }

    /// The summary of the JSON contract (`docs/cli-json.md`), without the run's own facts.
    #[must_use]
    pub fn to_json(&self) -> Map<String, Value> {
        let verdicts: Map<String, Value> = Verdict::WORDS
            .iter()
            .zip(&self.verdicts)
            .map(|(word, count)| {
                let Count { packets, expected, found } = count;
                let value =
                    json!({"packets": packets, "expected_fen": expected, "found_fen": found});
                ((*word).to_owned(), value)
            })
            .collect();
        let differences: Map<String, Value> = Difference::ALL
            .iter()
            .zip(self.differences)
            .map(|(difference, count)| (difference.as_str().to_owned(), json!(count)))
            .collect();
        let problem_rows: Vec<Value> = self
            .problem_rows
            .iter()
            .map(|(line, problem)| json!({"line": line, "problem": problem.cell()}))
            .collect();
        let summary = json!({
            "rows": self.rows,
            "final": self.finals(),
            "verdicts": verdicts,
            "differences": differences,
            "unexpected_fen": self.unexpected_fen,
            "problems": self.problems,
            "problem_rows": problem_rows,
            "asked": self.asked,
            "from_ledger": self.from_ledger,
            "exit_code": self.exit().code(),
        });
        match summary {
            Value::Object(summary) => summary,
            _ => Map::new(),
        }
    }

    /// The verdicts that there are, such as `received 12, open 3`; the words are the contract's.
    #[must_use]
    pub fn words(&self) -> String {
        let counts = Verdict::WORDS.iter().zip(&self.verdicts).filter(|(_, c)| c.packets > 0);
        let counts: Vec<String> =
            counts.map(|(word, count)| format!("{word} {}", count.packets)).collect();
        counts.join(", ")
    }

    fn note(&mut self, differences: &[Difference]) {
        for (difference, count) in Difference::ALL.iter().zip(&mut self.differences) {
            *count += u64::from(differences.contains(difference));
        }
    }
}

fn place(verdict: &Verdict) -> usize {
    let at = Verdict::WORDS.iter().position(|word| *word == verdict.as_str());
    at.expect("every verdict has its word in the list")
}

/// Adds fen; a sum beyond all money stays at the most.
fn add(sum: &mut u64, fen: Option<Fen>) {
    *sum = sum.saturating_add(fen.map_or(0, Fen::get));
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use hongbao_wire::verdict::{Open, Unknown};

    fn exit(verdicts: &[Verdict], differences: &[Difference], problem: Option<Problem>) -> Exit {
        let mut tally = Tally::default();
        for verdict in verdicts {
            let found = Found {
                verdict: verdict.clone(),
                seen: None,
                ordered: None,
                sent_at: None,
                asked_at: None,
                is_asked_in_run: true,
            };
            tally.found(&Expected::default(), &found, differences);
        }
        if let Some(problem) = problem {
            tally.problem(2, problem);
        }
        tally.exit()
    }

    #[test]
    fn only_a_clean_and_final_run_is_0_and_none_is_3() {
        let open = Verdict::Open(Open::Sent);
        let missing = Verdict::Unknown(Unknown::NotFound);
        let away = Verdict::NoAnswer(NoAnswer::TryAgain);
        let refused = Verdict::NoAnswer(NoAnswer::FixSetUp);
        let done = [Verdict::Received, Verdict::Refunded];
        assert_eq!(exit(&[], &[], None), Exit::Ok);
        assert_eq!(exit(&done, &[], None), Exit::Ok);
        assert_eq!(exit(&done, &[Difference::Amount], None), Exit::Unknown);
        assert_eq!(exit(&done, &[], Some(Problem::BadBillno)), Exit::Unknown);
        assert_eq!(exit(&[Verdict::Received, open], &[], None), Exit::Unknown);
        assert_eq!(exit(std::slice::from_ref(&missing), &[], None), Exit::Unknown);
        assert_eq!(exit(&[Verdict::BeyondWindow], &[], None), Exit::Unknown);
        assert_eq!(exit(&[missing, away.clone()], &[], None), Exit::NoAnswer);
        assert_eq!(exit(&[away, refused], &[], None), Exit::SetUp);
    }

    #[test]
    fn problems_are_all_counted_and_the_first_listed() {
        let mut tally = Tally::default();
        for line in 2..=202 {
            tally.problem(line, Problem::NoBillno);
        }
        tally.problem(300, Problem::Duplicate { first_line: 2 });
        let summary = tally.to_json();
        assert_eq!(summary["problems"], json!({"no_billno": 201, "duplicate": 1}));
        assert_eq!(summary["problem_rows"].as_array().unwrap().len(), PROBLEM_ROWS_MAX);
        assert_eq!(summary["problem_rows"][0], json!({"line": 2, "problem": "no_billno"}));
    }
}
