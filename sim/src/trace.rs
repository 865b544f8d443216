//! What happened: a hash of all of it, and the end of it in words.

use std::collections::VecDeque;
use std::fmt::{Arguments, Write};

/// The lines that are kept for people.
const KEPT: usize = 60;

/// The events of one seed. Two runs of a seed have the same hash.
#[derive(Debug)]
pub(crate) struct Trace {
    hash: u64,
    lines: VecDeque<String>,
    kept_max: usize,
    scratch: String,
}

impl Trace {
    /// `whole`: every line is kept.
    pub(crate) fn new(whole: bool) -> Self {
        let kept_max = if whole { usize::MAX } else { KEPT };
        let hash = 0xcbf2_9ce4_8422_2325;
        Self { hash, lines: VecDeque::new(), kept_max, scratch: String::new() }
    }

    pub(crate) fn note(&mut self, ms: u128, event: Arguments<'_>) {
        let mut line = std::mem::take(&mut self.scratch);
        line.clear();
        // writing to a string does not fail
        let _ = write!(line, "{:>6}.{:03} {event}", ms / 1000, ms % 1000);
        let fold = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        self.hash = line.bytes().fold(self.hash, fold);
        if self.lines.len() >= self.kept_max {
            self.scratch = self.lines.pop_front().unwrap_or_default();
        }
        self.lines.push_back(line);
    }

    pub(crate) const fn hash(&self) -> u64 {
        self.hash
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.lines.iter().cloned().collect()
    }
}
