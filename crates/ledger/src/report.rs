//! A report: totals, brought together by day, activity, status or sender.

use crate::error::LedgerError;
use crate::total::{Outcome, Sum, Total, TotalKey};
use hongbao_wire::Fen;
use std::collections::BTreeMap;

/// By what packets are brought together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum By {
    /// The day at +08:00 of the sending.
    Day,
    /// `act_name`.
    Activity,
    /// The status word.
    Status,
    /// `sender_name`, or `agentid N`.
    Sender,
}

impl By {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Day, Self::Activity, Self::Status, Self::Sender];

    /// The stable word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Activity => "activity",
            Self::Status => "status",
            Self::Sender => "sender",
        }
    }

    /// Reads the stable word; `None` for any other.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|by| by.as_str() == word)
    }

    fn of(self, key: &TotalKey) -> Box<str> {
        match self {
            Self::Day => key.day.to_string().into(),
            Self::Activity => key.act_name.clone(),
            Self::Status => key.status.clone(),
            Self::Sender => key.sender.clone(),
        }
    }
}

/// So many packets and so much money.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Money {
    /// Packets.
    pub packets: u64,
    /// Fen.
    pub fen: Fen,
}

impl Money {
    fn add(&mut self, packets: u64, fen: Fen) -> Result<(), LedgerError> {
        self.packets = self.packets.checked_add(packets).ok_or(LedgerError::Overflow)?;
        self.fen = self.fen.checked_add(fen).ok_or(LedgerError::Overflow)?;
        Ok(())
    }
}

/// A line of a report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// What its packets have in common; empty where nothing is known.
    pub key: Box<str>,
    /// All of them, and what was ordered.
    pub sent: Money,
    /// Those of each outcome, in the order of [`Outcome::ALL`]: what was received, what went back,
    /// and of the rest what was ordered.
    pub outcomes: [Money; 5],
}

impl Line {
    /// Those of an outcome.
    #[must_use]
    pub fn of(&self, outcome: Outcome) -> Money {
        self.outcomes[place(outcome)]
    }

    /// What was ordered beyond what the outcomes add up to, fen: 0 unless a record has another
    /// amount than was ordered.
    #[must_use]
    pub fn difference(&self) -> i128 {
        let outcomes = self.outcomes.iter().map(|money| i128::from(money.fen.get()));
        i128::from(self.sent.fen.get()) - outcomes.sum::<i128>()
    }

    fn add(&mut self, outcome: Outcome, sum: &Sum) -> Result<(), LedgerError> {
        let fen = match outcome {
            Outcome::Received => sum.received,
            Outcome::Refunded => sum.refunded,
            Outcome::Failed | Outcome::Outstanding | Outcome::Unknown => sum.ordered,
        };
        self.sent.add(sum.packets, sum.ordered)?;
        self.outcomes[place(outcome)].add(sum.packets, fen)
    }
}

fn place(outcome: Outcome) -> usize {
    match outcome {
        Outcome::Received => 0,
        Outcome::Refunded => 1,
        Outcome::Failed => 2,
        Outcome::Outstanding => 3,
        Outcome::Unknown => 4,
    }
}

/// A report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// By what.
    pub by: By,
    /// Its lines, in bytewise order of their keys.
    pub lines: Vec<Line>,
    /// All lines together.
    pub total: Line,
}

impl Report {
    /// Brings totals together.
    ///
    /// # Errors
    /// [`LedgerError::Overflow`] where a sum goes over [`Fen::MAX`].
    pub fn of(totals: &[Total], by: By) -> Result<Self, LedgerError> {
        let mut lines = BTreeMap::<Box<str>, Line>::new();
        let mut total = Line::default();
        for Total { key, sum } in totals {
            let name = by.of(key);
            let line = lines.entry(name.clone()).or_default();
            line.key = name;
            line.add(key.outcome, sum)?;
            total.add(key.outcome, sum)?;
        }
        Ok(Self { by, lines: lines.into_values().collect(), total })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn total(day: i8, status: &str, outcome: Outcome, act_name: &str, sums: [u64; 4]) -> Total {
        let [packets, ordered, received, refunded] = sums;
        let fen = |fen| Fen::new(fen).unwrap();
        let sum = Sum {
            packets,
            ordered: fen(ordered),
            received: fen(received),
            refunded: fen(refunded),
        };
        let day = jiff::civil::date(2026, 11, day);
        let (status, act_name) = (status.into(), act_name.into());
        Total { key: TotalKey { day, status, outcome, act_name, sender: "".into() }, sum }
    }

    #[test]
    fn a_line_has_what_was_ordered_and_what_became_of_it() {
        let totals = [
            total(1, "RECEIVED", Outcome::Received, "a", [2, 200, 200, 0]),
            total(1, "REFUND", Outcome::Refunded, "b", [1, 100, 0, 100]),
            total(2, "SENT", Outcome::Outstanding, "a", [1, 300, 0, 0]),
            total(2, "RECEIVED", Outcome::Received, "a", [1, 50, 49, 0]),
        ];
        let money = |packets, fen| Money { packets, fen: Fen::new(fen).unwrap() };
        let report = Report::of(&totals, By::Day).unwrap();
        let keys: Vec<&str> = report.lines.iter().map(|line| &*line.key).collect();
        assert_eq!(keys, ["2026-11-01", "2026-11-02"]);
        assert_eq!(report.lines[0].sent, money(3, 300));
        assert_eq!(report.lines[1].of(Outcome::Received), money(1, 49));
        assert_eq!(report.lines[1].of(Outcome::Outstanding), money(1, 300));
        assert_eq!([report.lines[0].difference(), report.lines[1].difference()], [0, 1]);
        assert_eq!((report.total.sent, report.total.difference()), (money(5, 650), 1));
        let lines = |by| Report::of(&totals, by).unwrap().lines.len();
        assert_eq!(By::ALL.map(lines), [2, 2, 3, 1]);
    }

    #[test]
    fn sums_beyond_all_money_are_refused() {
        let much = total(1, "SENT", Outcome::Outstanding, "", [1, Fen::MAX.get(), 0, 0]);
        assert!(matches!(Report::of(&[much.clone(), much], By::Day), Err(LedgerError::Overflow)));
    }
}
