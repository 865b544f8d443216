//! Movements in the order of their keys, in memory of fixed size: what does not fit goes, sorted,
//! into files that have no name, and the files are merged.
//!
//! Of our own, as it is one screen; the crate for it brings a thread pool and a test framework.

use hongbao_inquiry::fund_flow::{Direction, Movement};
use hongbao_wire::Fen;
use jiff::Timestamp;
use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Lines, Seek, Write};
use std::vec::IntoIter;

/// Movements that are held in memory.
const HELD: usize = 50_000;

/// A movement under a key: its voucher, or the packet that it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keyed {
    /// The key.
    pub key: Box<str>,
    /// The movement.
    pub movement: Movement,
}

impl Ord for Keyed {
    /// By key; then so that what two bills tell of one movement stands together; then by place.
    fn cmp(&self, other: &Self) -> Ordering {
        let order = |keyed: &Self| {
            let Movement { direction, bill, line, .. } = &keyed.movement;
            (*direction, *bill, *line)
        };
        let (a, b) = (&self.movement, &other.movement);
        self.key.cmp(&other.key).then(a.flow.cmp(&b.flow)).then(order(self).cmp(&order(other)))
    }
}

impl PartialOrd for Keyed {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// A line of a file.
type Record<'t> = (
    std::borrow::Cow<'t, str>,
    i64,
    std::borrow::Cow<'t, str>,
    std::borrow::Cow<'t, str>,
    std::borrow::Cow<'t, str>,
    bool,
    u64,
    std::borrow::Cow<'t, str>,
    u32,
    u64,
);

impl Keyed {
    fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let m = &self.movement;
        let record: Record<'_> = (
            (&*self.key).into(),
            m.booked_at.as_millisecond(),
            (&*m.transaction).into(),
            (&*m.flow).into(),
            (&*m.business).into(),
            m.direction == Direction::Out,
            m.amount.get(),
            (&*m.voucher).into(),
            m.bill,
            m.line,
        );
        serde_json::to_writer(&mut *out, &record)?;
        out.write_all(b"\n")
    }

    fn read(line: &str) -> io::Result<Self> {
        let record: Record<'_> = serde_json::from_str(line)?;
        let (key, booked, transaction, flow, business, is_out, fen, voucher, bill, line) = record;
        let bad = || io::Error::from(io::ErrorKind::InvalidData);
        let movement = Movement {
            booked_at: Timestamp::from_millisecond(booked).map_err(|_| bad())?,
            transaction: transaction.into(),
            flow: flow.into(),
            business: business.into(),
            direction: if is_out { Direction::Out } else { Direction::In },
            amount: Fen::new(fen).ok_or_else(bad)?,
            voucher: voucher.into(),
            bill,
            line,
        };
        Ok(Self { key: key.into(), movement })
    }
}

/// Takes movements in.
#[derive(Debug)]
pub struct Sorter {
    held: Vec<Keyed>,
    held_max: usize,
    files: Vec<File>,
}

impl Sorter {
    /// An empty one.
    #[must_use]
    pub const fn new() -> Self {
        Self { held: Vec::new(), held_max: HELD, files: Vec::new() }
    }

    /// Takes one in.
    ///
    /// # Errors
    /// Where no temporary file can be written.
    pub fn push(&mut self, keyed: Keyed) -> io::Result<()> {
        self.held.push(keyed);
        if self.held.len() < self.held_max {
            return Ok(());
        }
        self.held.sort_unstable();
        let mut out = BufWriter::new(tempfile::tempfile()?);
        for keyed in self.held.drain(..) {
            keyed.write(&mut out)?;
        }
        let mut file = out.into_inner().map_err(|failed| failed.into_error())?;
        file.rewind()?;
        self.files.push(file);
        Ok(())
    }

    /// All of them, in order.
    ///
    /// # Errors
    /// Where a temporary file cannot be read.
    pub fn sorted(mut self) -> io::Result<Sorted> {
        self.held.sort_unstable();
        let files = self.files.into_iter().map(|file| Part::File(BufReader::new(file).lines()));
        let mut parts: Vec<Part> = files.collect();
        parts.push(Part::Held(self.held.into_iter()));
        let mut next = BinaryHeap::new();
        for (at, part) in parts.iter_mut().enumerate() {
            if let Some(keyed) = part.next()? {
                next.push(Reverse((keyed, at)));
            }
        }
        Ok(Sorted { again: 0, last: None, parts, next })
    }
}

/// Movements in order.
#[derive(Debug)]
pub struct Sorted {
    /// How many were left out until now, as they were told again.
    pub again: u64,
    /// The one that was given last.
    last: Option<Keyed>,
    parts: Vec<Part>,
    /// The first of each part, and of which it is.
    next: BinaryHeap<Reverse<(Keyed, usize)>>,
}

#[derive(Debug)]
enum Part {
    Held(IntoIter<Keyed>),
    File(Lines<BufReader<File>>),
}

impl Part {
    fn next(&mut self) -> io::Result<Option<Keyed>> {
        match self {
            Self::Held(held) => Ok(held.next()),
            Self::File(lines) => {
                lines.next().transpose()?.map(|line| Keyed::read(&line)).transpose()
            }
        }
    }
}

impl Sorted {
    /// The next movement that is not told again.
    ///
    /// # Errors
    /// Where a temporary file cannot be read.
    pub fn next(&mut self) -> io::Result<Option<Keyed>> {
        self.next_if(|_| true)
    }

    /// The same, where its key is wanted: one after the other, as a key may have any number of them.
    ///
    /// # Errors
    /// As [`Sorted::next`].
    pub fn next_if(&mut self, is_wanted: impl Fn(&str) -> bool) -> io::Result<Option<Keyed>> {
        while self.key().is_some_and(&is_wanted) {
            let Some(keyed) = self.pop()? else { break };
            let is_again = self.last.as_ref().is_some_and(|last| {
                last.key == keyed.key && keyed.movement.is_again(&last.movement)
            });
            if !is_again {
                self.last = Some(keyed.clone());
                return Ok(Some(keyed));
            }
            self.again += 1;
        }
        Ok(None)
    }

    /// The key of what comes next.
    pub fn key(&self) -> Option<&str> {
        self.next.peek().map(|Reverse((keyed, _))| &*keyed.key)
    }

    fn pop(&mut self) -> io::Result<Option<Keyed>> {
        let Some(Reverse((keyed, at))) = self.next.pop() else { return Ok(None) };
        if let Some(following) = self.parts[at].next()? {
            self.next.push(Reverse((following, at)));
        }
        Ok(Some(keyed))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn keyed(key: u64, flow: &str, line: u64) -> Keyed {
        let movement = Movement {
            booked_at: Timestamp::from_second(1_700_000_000).unwrap(),
            transaction: "1000\t\"".into(),
            flow: flow.into(),
            business: "企业微信红包".into(),
            direction: Direction::Out,
            amount: Fen::new(100).unwrap(),
            voucher: key.to_string().into(),
            bill: 0,
            line,
        };
        Keyed { key: format!("{key:04}").into(), movement }
    }

    #[test]
    fn what_does_not_fit_into_memory_comes_in_order_all_the_same() {
        let mut sorter = Sorter { held_max: 7, ..Sorter::new() };
        // 37 has no divisor in common with 100: every key once, in a scattered order
        for at in 0..100 {
            sorter.push(keyed(at * 37 % 100, "", at)).unwrap();
        }
        assert_eq!(sorter.files.len(), 14);
        let mut sorted = sorter.sorted().unwrap();
        for key in 0..100 {
            let expected = keyed(key, "", key * 73 % 100);
            assert_eq!(sorted.key(), Some(&*expected.key));
            assert_eq!(sorted.next_if(|key| *key < *expected.key).unwrap(), None);
            assert_eq!(sorted.next().unwrap(), Some(expected));
        }
        assert_eq!((sorted.next().unwrap(), sorted.key(), sorted.again), (None, None, 0));
    }

    #[test]
    fn a_movement_that_two_bills_tell_counts_once() {
        let mut sorter = Sorter { held_max: 2, ..Sorter::new() };
        for (flow, line) in [("b", 2), ("a", 3), ("", 4), ("b", 5), ("", 6), ("b", 7)] {
            sorter.push(keyed(1, flow, line)).unwrap();
        }
        let mut sorted = sorter.sorted().unwrap();
        let mut lines = Vec::new();
        while let Some(keyed) = sorted.next_if(|key| key == "0001").unwrap() {
            lines.push(keyed.movement.line);
        }
        assert_eq!((lines, sorted.again), (vec![4, 6, 3, 2], 2));
    }
}
