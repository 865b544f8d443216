//! Whether a bill agrees with itself: its summary with its rows, each balance with the one before.

use super::movement::Direction;
use hongbao_wire::Fen;

/// What a bill's summary states, or its rows add up to: counts, and fen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// 收入笔数.
    pub ins: u64,
    /// 收入金额.
    pub back: u64,
    /// 支出笔数.
    pub outs: u64,
    /// 支出金额.
    pub out: u64,
}

/// In what a bill does not agree with itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// Its summary is another than its rows add up to, or is not there.
    Summary {
        /// What it states; `None`: it has no summary, and may be cut off.
        stated: Option<Totals>,
        /// What the rows add up to.
        found: Totals,
    },
    /// A balance does not follow from the one before and the movement between: rows are missing.
    Balance {
        /// On how many lines.
        gaps: u64,
        /// The first of them, from 1.
        line: u64,
        /// The balance that would follow, fen.
        expected: i64,
        /// The balance that stands there, fen.
        found: i64,
    },
}

/// A bill, row by row.
#[derive(Clone, Debug, Default)]
pub struct Statement {
    found: Totals,
    /// The row before: its signed amount and its balance.
    before: Option<(i64, i64)>,
    /// Gaps where the oldest row comes first, and where the newest does.
    oldest_first: Gaps,
    newest_first: Gaps,
}

#[derive(Clone, Copy, Debug, Default)]
struct Gaps {
    count: u64,
    /// Its line, expected and found.
    first: Option<(u64, i64, i64)>,
}

impl Gaps {
    fn check(&mut self, line: u64, expected: i64, found: i64) {
        if expected != found {
            self.count += 1;
            self.first.get_or_insert((line, expected, found));
        }
    }
}

impl Statement {
    /// Takes a row in. `balance` is 账户结余 in fen, where it can be read.
    pub fn row(&mut self, direction: Direction, amount: Fen, balance: Option<i64>, line: u64) {
        let found = &mut self.found;
        let (count, sum, signed) = match direction {
            Direction::Out => (&mut found.outs, &mut found.out, -amount.as_i64()),
            Direction::In => (&mut found.ins, &mut found.back, amount.as_i64()),
        };
        *count += 1;
        *sum = sum.saturating_add(amount.get());
        if let (Some((before, was)), Some(is)) = (self.before, balance) {
            self.oldest_first.check(line, was.saturating_add(signed), is);
            self.newest_first.check(line, was.saturating_sub(before), is);
        }
        self.before = balance.map(|balance| (signed, balance));
    }

    /// Its flaws, once its summary has come (`None`: none came), and begins anew.
    pub fn end(&mut self, stated: Option<Totals>) -> Vec<Flaw> {
        let Self { found, oldest_first, newest_first, .. } = std::mem::take(self);
        let is_empty = found == Totals::default();
        let mut flaws = Vec::new();
        if stated != Some(found) && !(stated.is_none() && is_empty) {
            flaws.push(Flaw::Summary { stated, found });
        }
        let gaps = match oldest_first.count <= newest_first.count {
            true => oldest_first,
            false => newest_first,
        };
        if let Some((line, expected, found)) = gaps.first {
            flaws.push(Flaw::Balance { gaps: gaps.count, line, expected, found });
        }
        flaws
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use Direction::{In, Out};

    fn ended(rows: &[(Direction, u64, i64)], stated: Option<Totals>) -> Vec<Flaw> {
        let mut statement = Statement::default();
        for (line, (direction, fen, balance)) in (2..).zip(rows) {
            statement.row(*direction, Fen::new(*fen).unwrap(), Some(*balance), line);
        }
        statement.end(stated)
    }

    const ROWS: [(Direction, u64, i64); 4] =
        [(Out, 100, 900), (Out, 200, 700), (In, 50, 750), (Out, 100, 650)];
    const TOTALS: Totals = Totals { ins: 1, back: 50, outs: 3, out: 400 };

    #[test]
    fn a_bill_that_agrees_with_itself_has_no_flaw_in_either_order() {
        assert_eq!(ended(&ROWS, Some(TOTALS)), []);
        let mut newest_first = ROWS;
        newest_first.reverse();
        assert_eq!(ended(&newest_first, Some(TOTALS)), []);
        assert_eq!(ended(&[], None), []);
        assert_eq!(ended(&[], Some(Totals::default())), []);
    }

    #[test]
    fn a_row_that_is_missing_shows_in_the_summary_and_in_the_balances() {
        let cut = [ROWS[0], ROWS[2], ROWS[3]];
        let found = Totals { ins: 1, back: 50, outs: 2, out: 200 };
        let summary = Flaw::Summary { stated: Some(TOTALS), found };
        let balance = Flaw::Balance { gaps: 1, line: 3, expected: 950, found: 750 };
        assert_eq!(ended(&cut, Some(TOTALS)), [summary, balance]);
    }

    #[test]
    fn a_bill_without_a_summary_may_be_cut_off() {
        let found = Totals { ins: 0, back: 0, outs: 1, out: 100 };
        assert_eq!(ended(&ROWS[..1], None), [Flaw::Summary { stated: None, found }]);
    }
}
