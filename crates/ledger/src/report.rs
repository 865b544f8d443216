//! A report: totals, brought together by day, activity, status or sender.

use crate::error::LedgerError;
use crate::inquiry::IMPORTED;
use crate::record::CLOSED_AFTER;
use crate::total::{Outcome, Sum, Total, TotalKey, day_of};
use hongbao_wire::Fen;
use jiff::Timestamp;
use jiff::civil::Date;
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
    /// Those of the unknown that were on their way when the 30 days in which one can ask ended.
    pub beyond_window: Money,
    /// Those of the received and the refunded that an imported file alone says: no reply proves it.
    pub imported: Money,
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

    /// Adds a total; of one whose day `is_closed` nothing is outstanding any more.
    fn add(&mut self, key: &TotalKey, sum: &Sum, is_closed: bool) -> Result<(), LedgerError> {
        let fen = match key.outcome {
            Outcome::Received => sum.received,
            Outcome::Refunded => sum.refunded,
            Outcome::Failed | Outcome::Outstanding | Outcome::Unknown => sum.ordered,
        };
        let is_beyond = is_closed && key.outcome == Outcome::Outstanding;
        let outcome = if is_beyond { Outcome::Unknown } else { key.outcome };
        self.sent.add(sum.packets, sum.ordered)?;
        self.outcomes[place(outcome)].add(sum.packets, fen)?;
        if is_beyond {
            self.beyond_window.add(sum.packets, fen)?;
        }
        if *key.status == *IMPORTED && matches!(outcome, Outcome::Received | Outcome::Refunded) {
            self.imported.add(sum.packets, fen)?;
        }
        Ok(())
    }

    /// Adds another line; what goes over the largest amount stays at it.
    pub fn saturating_add(&mut self, other: &Self) {
        let add = |into: &mut Money, from: &Money| {
            into.packets = into.packets.saturating_add(from.packets);
            into.fen = into.fen.checked_add(from.fen).unwrap_or(Fen::MAX);
        };
        add(&mut self.sent, &other.sent);
        self.outcomes.iter_mut().zip(&other.outcomes).for_each(|(into, from)| add(into, from));
        add(&mut self.beyond_window, &other.beyond_window);
        add(&mut self.imported, &other.imported);
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

/// The first day that is not wholly beyond the window at `now`: of packets sent on earlier days
/// (where that is unknown, noted) nobody can ask any more.
#[must_use]
pub fn first_open_day(now: Timestamp) -> Date {
    day_of(now.checked_sub(CLOSED_AFTER).unwrap_or(Timestamp::MIN))
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
    /// Brings totals together. What was on its way when it was last told of, and was sent before
    /// `open_from` ([`first_open_day`]), is unknown: nobody can ask what became of it. `None`: the
    /// words are the payer's own, and never old.
    ///
    /// # Errors
    /// [`LedgerError::Overflow`] where a sum goes over [`Fen::MAX`].
    pub fn of(totals: &[Total], by: By, open_from: Option<Date>) -> Result<Self, LedgerError> {
        let mut lines = BTreeMap::<Box<str>, Line>::new();
        let mut total = Line::default();
        for Total { key, sum } in totals {
            let name = by.of(key);
            let line = lines.entry(name.clone()).or_default();
            line.key = name;
            let is_closed = open_from.is_some_and(|open_from| key.day < open_from);
            line.add(key, sum, is_closed)?;
            total.add(key, sum, is_closed)?;
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
        let report = Report::of(&totals, By::Day, None).unwrap();
        let keys: Vec<&str> = report.lines.iter().map(|line| &*line.key).collect();
        assert_eq!(keys, ["2026-11-01", "2026-11-02"]);
        assert_eq!(report.lines[0].sent, money(3, 300));
        assert_eq!(report.lines[1].of(Outcome::Received), money(1, 49));
        assert_eq!(report.lines[1].of(Outcome::Outstanding), money(1, 300));
        assert_eq!([report.lines[0].difference(), report.lines[1].difference()], [0, 1]);
        assert_eq!((report.total.sent, report.total.difference()), (money(5, 650), 1));
        let lines = |by| Report::of(&totals, by, None).unwrap().lines.len();
        assert_eq!(By::ALL.map(lines), [2, 2, 3, 1]);
    }

    #[test]
    fn what_nobody_can_ask_about_any_more_is_unknown_and_no_longer_outstanding() {
        let totals = [
            total(1, "SENT", Outcome::Outstanding, "", [2, 300, 0, 0]),
            total(1, "RECEIVED", Outcome::Received, "", [1, 50, 50, 0]),
            total(2, "SENT", Outcome::Outstanding, "", [1, 70, 0, 0]),
            total(1, "", Outcome::Unknown, "", [1, 11, 0, 0]),
        ];
        // at +08:00 the 2nd of December has begun, and the 1st of November ended 30 days before
        let begins: Timestamp = "2026-12-01T16:00:00Z".parse().unwrap();
        let open_from = first_open_day(begins);
        assert_eq!(open_from, jiff::civil::date(2026, 11, 2));
        let before = begins.checked_sub(jiff::SignedDuration::from_millis(1)).unwrap();
        assert_eq!(first_open_day(before), jiff::civil::date(2026, 11, 1));
        let money = |packets, fen| Money { packets, fen: Fen::new(fen).unwrap() };
        let told = |open_from| {
            let Report { total, .. } = Report::of(&totals, By::Status, open_from).unwrap();
            let of = |outcome| total.of(outcome);
            assert_eq!((total.sent, total.difference()), (money(5, 431), 0));
            [of(Outcome::Outstanding), of(Outcome::Unknown), total.beyond_window]
        };
        assert_eq!(told(Some(open_from)), [money(1, 70), money(3, 311), money(2, 300)]);
        assert_eq!(told(first_open_day(before).into()), told(None));
        assert_eq!(told(None), [money(3, 370), money(1, 11), money(0, 0)]);
    }

    #[test]
    fn what_a_file_alone_says_is_told_apart() {
        let totals = [
            total(1, IMPORTED, Outcome::Received, "", [2, 300, 290, 0]),
            total(1, IMPORTED, Outcome::Refunded, "", [1, 40, 0, 40]),
            total(1, IMPORTED, Outcome::Unknown, "", [4, 800, 0, 0]),
            total(1, "RECEIVED", Outcome::Received, "", [1, 50, 50, 0]),
        ];
        let report = Report::of(&totals, By::Day, None).unwrap();
        let money = |packets, fen| Money { packets, fen: Fen::new(fen).unwrap() };
        assert_eq!(report.total.of(Outcome::Received), money(3, 340));
        assert_eq!(report.total.imported, money(3, 330));
        let mut twice = report.total.clone();
        twice.saturating_add(&report.lines[0]);
        assert_eq!((twice.imported, twice.sent), (money(6, 660), money(16, 2_380)));
    }

    #[test]
    fn sums_beyond_all_money_are_refused() {
        let much = total(1, "SENT", Outcome::Outstanding, "", [1, Fen::MAX.get(), 0, 0]);
        assert!(matches!(
            Report::of(&[much.clone(), much], By::Day, None),
            Err(LedgerError::Overflow)
        ));
    }
}
