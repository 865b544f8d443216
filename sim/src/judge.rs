//! The checks while it runs: of every attempt, every commit and every verdict.

use crate::check::Check;
use crate::world::World;
use futures_util::FutureExt;
use hongbao_client::Call;
use hongbao_inquiry::reconcile::Found;
use hongbao_inquiry::{Asked, Sent};
use hongbao_ledger::{Entry, Inquiries, Inquiry, Key};
use hongbao_wire::Verdict;
use hongbao_wire::verdict::Unknown;
use hongbao_wire::xml::Document;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

const CONTRADICTION: Verdict = Verdict::Unknown(Unknown::Contradiction);

/// What was counted, so that a test can see that the worlds are rich enough.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Attempts that left a process.
    pub posts: u64,
    /// Those that were sends.
    pub sends: u64,
    /// Numbers that were sent.
    pub numbers: u64,
    /// Those that replaced one that had failed.
    pub replaced: u64,
    /// Lives that ended by death.
    pub deaths: u64,
    /// Final verdicts, a number once.
    pub finals: u64,
    /// Payments that were refused here.
    pub refusals: u64,
    /// Turns that did not come in time.
    pub over_pace: u64,
    /// Numbers that a person was called for in the end.
    pub attention: u64,
    /// Those of them where the payer signed two things that exclude each other.
    pub contradicted: u64,
}

impl Tally {
    /// Adds another seed's.
    pub fn add(&mut self, other: &Self) {
        self.posts += other.posts;
        self.sends += other.sends;
        self.numbers += other.numbers;
        self.replaced += other.replaced;
        self.deaths += other.deaths;
        self.finals += other.finals;
        self.refusals += other.refusals;
        self.over_pace += other.over_pace;
        self.attention += other.attention;
        self.contradicted += other.contradicted;
    }
}

/// What was seen so far.
#[derive(Debug)]
pub(crate) struct Judge {
    muted: Vec<Check>,
    pub(crate) broken: Option<(Check, String)>,
    pub(crate) tally: Tally,
    /// The bytes of each call, by its nonce.
    calls: BTreeMap<String, Vec<u8>>,
    /// The signed fields of each number's send, but for what is made anew.
    orders: BTreeMap<String, Vec<(String, String)>>,
    /// The numbers of each reference that were sent, in that order.
    numbers: BTreeMap<Box<str>, Vec<Box<str>>>,
    /// The final verdict of each number, and the version that it was first given with.
    finals: BTreeMap<Box<str>, (&'static str, u64)>,
    /// The numbers about which the payer signed a status that no page names.
    pub(crate) riddles: BTreeSet<Box<str>>,
    /// The version from which on a number is contradicted.
    contradicted: BTreeMap<Box<str>, u64>,
    /// The turns that each life took within the last second.
    turns: BTreeMap<u64, VecDeque<Duration>>,
    /// What the ledger acknowledged last of each number, and how many entries in all.
    acknowledged: BTreeMap<Box<str>, (Inquiry, usize)>,
    /// Which operators have nothing left to do, by machine and job.
    pub(crate) done: BTreeSet<(usize, usize)>,
}

impl Judge {
    pub(crate) fn new(muted: Vec<Check>) -> Self {
        Self {
            muted,
            broken: None,
            tally: Tally::default(),
            calls: BTreeMap::new(),
            orders: BTreeMap::new(),
            numbers: BTreeMap::new(),
            finals: BTreeMap::new(),
            riddles: BTreeSet::new(),
            contradicted: BTreeMap::new(),
            turns: BTreeMap::new(),
            acknowledged: BTreeMap::new(),
            done: BTreeSet::new(),
        }
    }

    /// Whether this is the first check that is broken.
    pub(crate) fn blame(&mut self, check: Check, detail: String) -> bool {
        if self.broken.is_some() || self.muted.contains(&check) {
            return false;
        }
        self.broken = Some((check, detail));
        true
    }

    /// The numbers of a reference that were sent.
    pub(crate) fn numbers_of(&self, business_ref: &str) -> Vec<Box<str>> {
        self.numbers.get(business_ref).cloned().unwrap_or_default()
    }

    pub(crate) fn references(&self) -> Vec<Box<str>> {
        self.numbers.keys().cloned().collect()
    }

    pub(crate) fn acknowledged(&self) -> Vec<(Inquiry, usize)> {
        self.acknowledged.values().cloned().collect()
    }

    /// Whether another attempt now keeps the pace.
    fn keeps_pace(&mut self, life: u64, now: Duration, pace: u32) -> bool {
        let turns = self.turns.entry(life).or_default();
        let second = Duration::from_secs(1);
        while turns.front().is_some_and(|first| now.saturating_sub(*first) >= second) {
            turns.pop_front();
        }
        turns.push_back(now);
        turns.len() <= pace as usize
    }
}

/// An attempt leaves a process; returns the number that it is about.
pub(crate) fn posted(world: &World, life: u64, call: Call, body: &[u8]) -> String {
    let document = Document::parse(body).expect("the client writes XML");
    let text = |name: &str| document.get(name).unwrap_or_default().to_owned();
    let (number, nonce) = (text("mch_billno"), text("nonce_str"));
    {
        let mut judge = world.judge();
        judge.tally.posts += 1;
        judge.tally.sends += u64::from(call == Call::Send);
        let keeps_pace = judge.keeps_pace(life, world.time.age(), world.pace);
        let first = judge.calls.entry(nonce).or_insert_with(|| body.to_vec());
        let is_same = *first == body;
        drop(judge);
        if !keeps_pace {
            world.blame(Check::PaceKept, format!("more than {}/s in life {life:x}", world.pace));
        }
        if !is_same {
            world.blame(Check::BytesKept, format!("two attempts about `{number}` differ"));
        }
    }
    if call == Call::Send {
        sending(world, &document, &number);
    }
    number
}

fn sending(world: &World, document: &Document<'_>, number: &str) {
    let fresh = ["nonce_str", "workwx_sign"];
    let order: Vec<(String, String)> = document
        .signed_pairs()
        .filter(|(name, _)| !fresh.contains(name))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let business_ref = document.get("remark").unwrap_or_default();
    let mut judge = world.judge();
    let same = *judge.orders.entry(number.to_owned()).or_insert_with(|| order.clone()) == order;
    let numbers = judge.numbers.entry(business_ref.into()).or_default();
    let is_new = numbers.iter().all(|known| **known != *number);
    let is_first = numbers.is_empty();
    if is_new {
        numbers.push(number.into());
    }
    let numbers = numbers.clone();
    judge.tally.numbers += u64::from(is_new);
    judge.tally.replaced += u64::from(is_new && !is_first);
    drop(judge);
    if !same {
        world.blame(Check::BytesKept, format!("`{number}` is sent with another order"));
    }
    let truths = numbers.iter().map(|number| (number, world.truth(number)));
    let open: Vec<_> = truths.filter(|(_, truth)| *truth != crate::truth::Truth::Failed).collect();
    if open.len() > 1 {
        let detail = format!("`{business_ref}` is sent as `{number}`, and has {open:?}");
        world.blame(Check::NumberKept, detail);
    }
    let key = Key::new(world.merchant.mch_id.as_str(), number);
    let known = world.ledger.inquiry(&key).now_or_never().and_then(Result::ok).flatten();
    let is_noted = known.is_some_and(|known| {
        let noted = known.order.as_ref().map(|order| order.total_amount.get().to_string());
        noted.as_deref() == document.get("total_amount") && known.sends > 0
    });
    if !is_noted {
        world.blame(Check::IntentNoted, format!("`{number}` is sent, and not in the ledger"));
    }
}

/// The ledger acknowledged a change.
pub(crate) fn committed(world: &World, after: &Inquiry, entries: &[Entry]) {
    let mut judge = world.judge();
    let number: Box<str> = after.key.mch_billno.as_str().into();
    let before = judge.acknowledged.get(&number).cloned();
    let count = before.as_ref().map_or(0, |(_, count)| *count) + entries.len();
    judge.acknowledged.insert(number.clone(), (after.clone(), count));
    drop(judge);
    let (before, version) = match &before {
        Some((before, _)) => (before, before.version + 1),
        None => (after, 1),
    };
    let withheld = entries.iter().any(|entry| &*entry.event == "send withheld");
    let kept = after.version == version
        && (before.order.is_none() || before.order == after.order)
        && (before.business_ref.is_none() || before.business_ref == after.business_ref)
        && (before.reply.is_none() || after.reply.is_some())
        && (!before.conclusion.is_final || before.reply == after.reply)
        && (before.noted_at, before.appid.clone()) == (after.noted_at, after.appid.clone())
        && (withheld || before.sends <= after.sends)
        && before.asks <= after.asks
        && (!before.is_contradicted || after.is_contradicted);
    if !kept {
        world.blame(Check::NothingLost, format!("of `{number}`: {before:?} became {after:?}"));
    }
    let is_final = before.conclusion.is_final;
    let excluded = is_final && is_excluded(world, after);
    if excluded {
        world.judge().contradicted.entry(number.clone()).or_insert(after.version);
    }
    let stays = before.conclusion == after.conclusion;
    if (is_final && !excluded || before.is_contradicted) && !stays {
        let words = (&before.conclusion.verdict, &after.conclusion.verdict);
        world.blame(Check::VerdictStays, format!("of `{number}`: {words:?}"));
    }
}

/// Whether a person is called because the payer signed what excludes what it signed before.
fn is_excluded(world: &World, after: &Inquiry) -> bool {
    let conclusion = &after.conclusion;
    let words = (&*conclusion.verdict, conclusion.cause.as_deref());
    words == ("unknown", Some("contradiction"))
        && (after.is_contradicted, after.due_at) == (true, None)
        && after.attention.as_deref() == Some("contradiction")
        && world.judge().riddles.contains(after.key.mch_billno.as_str())
}

/// Somebody was told what became of a number, of which `read` is the version; `None`: it may have
/// been read long before it is told.
fn told(world: &World, number: &str, read: Option<u64>, verdict: &Verdict) {
    let word = if verdict.is_final() { verdict.as_str() } else { "" };
    world.note(format_args!("told {number} {} {:?}", verdict.as_str(), verdict.cause()));
    let mut judge = world.judge();
    let known = judge.finals.get(number).copied();
    match known {
        None if word.is_empty() => return,
        None => {
            let newest = judge.acknowledged.get(number).map_or(0, |(newest, _)| newest.version);
            judge.finals.insert(number.into(), (word, read.unwrap_or(newest)));
            judge.tally.finals += 1;
        }
        Some((first, version)) => {
            let contradicted = judge.contradicted.get(number).copied();
            let is_contradicted = contradicted.is_some_and(|from| read.is_none_or(|r| r >= from));
            // what was read before it was final may be told after
            let changed = if is_contradicted && *verdict == CONTRADICTION {
                false
            } else if word.is_empty() {
                read.is_some_and(|read| read >= version)
            } else {
                first != word || (is_contradicted && read.is_some())
            };
            drop(judge);
            if changed {
                let detail = format!("`{number}` was `{first}` and is {verdict:?}");
                world.blame(Check::VerdictStays, detail);
            }
            return;
        }
    }
    drop(judge);
    let truth = world.truth(number);
    if truth.word() != word {
        let detail = format!("`{number}` is told to be `{word}`, and is {truth:?}");
        world.blame(Check::VerdictTrue, detail);
    }
}

pub(crate) fn told_asked(world: &World, asked: &Asked) {
    let inquiry = &asked.inquiry;
    told(world, inquiry.key.mch_billno.as_str(), Some(inquiry.version), &asked.verdict);
}

pub(crate) fn told_sent(world: &World, sent: &Sent) {
    let inquiry = &sent.inquiry;
    told(world, inquiry.key.mch_billno.as_str(), Some(inquiry.version), &sent.verdict);
}

pub(crate) fn told_found(world: &World, number: &str, found: &Found) {
    told(world, number, None, &found.verdict);
}
