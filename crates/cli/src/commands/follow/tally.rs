//! What a follower has been told of each number: bounded, however many numbers there are.

use crate::exit::Exit;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Of how many open numbers it is known what was told last, about 10 MB of them.
const OPEN_MAX: usize = 50_000;

/// What is known of a number that is not final, for the next event to be compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// The word of the verdict.
    pub verdict: &'static str,
    /// Its cause.
    pub cause: Option<&'static str>,
    /// Why a person is needed.
    pub attention: Option<Box<str>>,
    /// What it means for the exit code.
    pub exit: Exit,
}

/// Counts numbers by what is known of them, and tells what is new.
#[derive(Debug)]
pub struct Tally {
    open_max: usize,
    open: HashMap<Box<str>, Known>,
    finals: BTreeMap<&'static str, u64>,
    /// Events of the numbers that `open` has no room for: each counts and is told.
    beyond: BTreeMap<&'static str, u64>,
    /// The exit codes of those.
    exits: BTreeSet<u8>,
}

impl Default for Tally {
    fn default() -> Self {
        Self::remembering(OPEN_MAX)
    }
}

impl Tally {
    fn remembering(open_max: usize) -> Self {
        let (open, finals, beyond) = (HashMap::new(), BTreeMap::new(), BTreeMap::new());
        Self { open_max, open, finals, beyond, exits: BTreeSet::new() }
    }

    /// Takes note of an end.
    pub fn ended(&mut self, mch_billno: &str, verdict: &'static str) {
        *self.finals.entry(verdict).or_default() += 1;
        self.open.remove(mch_billno);
    }

    /// Takes note of what is not an end; says whether it is new.
    pub fn learn(&mut self, mch_billno: &str, known: &Known) -> bool {
        if let Some(before) = self.open.get_mut(mch_billno) {
            let is_new = before != known;
            *before = known.clone();
            return is_new;
        }
        if self.open.len() < self.open_max {
            self.open.insert(mch_billno.into(), known.clone());
        } else {
            *self.beyond.entry(known.verdict).or_default() += 1;
            self.exits.insert(known.exit.code());
        }
        true
    }

    /// Whether any number that is not final means that exit code.
    pub fn has(&self, exit: Exit) -> bool {
        self.exits.contains(&exit.code()) || self.open.values().any(|known| known.exit == exit)
    }

    /// How many numbers stand at which verdict.
    pub fn counts(&self) -> BTreeMap<&'static str, u64> {
        let mut counts = self.finals.clone();
        let open = self.open.values().map(|known| (known.verdict, 1));
        for (verdict, count) in open.chain(self.beyond.iter().map(|(word, count)| (*word, *count)))
        {
            *counts.entry(verdict).or_default() += count;
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_it_remembers_does_not_grow_past_its_bound() {
        let known = |verdict, exit| Known { verdict, cause: None, attention: None, exit };
        let (open, no_answer) = (known("open", Exit::Ok), known("no_answer", Exit::NoAnswer));
        let mut tally = Tally::remembering(2);
        assert!(tally.learn("1", &open) && tally.learn("2", &open));
        assert!(!tally.learn("1", &open), "it is nothing new");
        assert!(tally.learn("3", &no_answer) && tally.learn("3", &no_answer), "nobody knows");
        assert_eq!(tally.open.len(), 2);
        assert!(tally.has(Exit::NoAnswer) && !tally.has(Exit::Config));
        assert_eq!(tally.counts(), BTreeMap::from([("open", 2), ("no_answer", 2)]));
        tally.ended("1", "received");
        assert!(tally.learn("3", &open) && !tally.learn("3", &open), "now there is room");
    }
}
