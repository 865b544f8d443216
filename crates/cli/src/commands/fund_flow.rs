//! `hongbao fund-flow`: what the ledger knows of packets against the movements of money that
//! WeChat Pay's fund-flow bills (资金账单) list. Nobody is asked, and the ledger is not changed.

mod bill;
mod sink;
mod tally;

use crate::args::FundFlowArgs;
use crate::exit::{Exit, Failure};
use crate::files;
use crate::output::Output;
use crate::remembered::Remembered;
use crate::say;
use crate::sorted::{Keyed, Sorted, Sorter};
use bill::Bills;
use hongbao_inquiry::fund_flow::{
    Days, Difference, Flaw, Flows, Movement, Packet, Packets, REFUND_WITHIN, differences,
};
use hongbao_inquiry::{Clock, SystemClock};
use hongbao_wire::MchBillno;
use sink::{Line, Sink};
use std::collections::{BTreeSet, HashMap};
use std::io;

/// Movements without a packet of their number that wait to be found by WeChat's number, at most.
const WAITING_MAX: usize = 50_000;

/// Compares, and writes what differs.
///
/// # Errors
/// [`Failure`] where a bill, the output, the profile or the ledger stands in the way.
pub async fn run(args: &FundFlowArgs, out: &mut Output) -> Result<Exit, Failure> {
    let remembered = Remembered::open(&args.whose, args.policy.map(Into::into)).await?;
    refuse_output_among_input(args)?;
    let days = match (args.from, args.to) {
        (Some(from), Some(to)) => Days::Told(from, to),
        _ => Days::Seen(BTreeSet::new()),
    };
    let (files, encoding) = (args.files.clone(), args.encoding.clone());
    let bills =
        tokio::task::spawn_blocking(move || bill::read(&files, encoding.as_deref(), days)).await;
    let bills = match bills {
        Ok(bills) => bills?,
        Err(gone) => std::panic::resume_unwind(gone.into_panic()),
    };
    let mut sink = Sink::create(args.out.as_deref())?;
    (sink.tally.bills, sink.tally.movements) = (args.files.len(), bills.count);
    let packets = Packets::new(&*remembered.ledger, &remembered.account, SystemClock.now());
    let names: Vec<String> = args.files.iter().map(|file| file.display().to_string()).collect();
    let (all, days) = (args.all, bills.days.clone());
    let mut comparison = Comparison { remembered: &remembered, packets, names, days, all, sink };
    comparison.bills_themselves(&bills)?;
    let of_packets = comparison.matched(bills.movements).await?;
    comparison.packets(of_packets).await?;
    let tally = comparison.sink.finish()?;
    if args.json {
        out.json(&tally.to_json(args.out.as_deref()));
    } else {
        tally.tell(out);
    }
    Ok(tally.exit())
}

fn refuse_output_among_input(args: &FundFlowArgs) -> Result<(), Failure> {
    let Some(path) = &args.out else { return Ok(()) };
    let Ok(whole) = path.canonicalize() else { return Ok(()) };
    match args.files.iter().any(|file| file.canonicalize().is_ok_and(|file| file == whole)) {
        false => Ok(()),
        true => {
            let message = say!("reconcile-out-is-input", file = path.display());
            Err(Failure::usage("OUT_IS_INPUT", message).hint(say!("fund-flow-out-hint")))
        }
    }
}

fn spilled(error: &io::Error) -> Failure {
    files::not_written(&std::env::temp_dir(), error)
}

/// A comparison under way.
struct Comparison<'c> {
    remembered: &'c Remembered,
    packets: Packets<'c>,
    /// The bills.
    names: Vec<String>,
    days: Days,
    /// Whether packets without a difference are written too.
    all: bool,
    sink: Sink,
}

impl Comparison<'_> {
    /// Writes in what the bills do not agree with themselves.
    fn bills_themselves(&mut self, bills: &Bills) -> Result<(), Failure> {
        for (bill, flaw) in &bills.flaws {
            let (difference, line, note) = told(flaw);
            let bill = self.names.get(*bill as usize).map(String::as_str);
            let line =
                Line { difference: Some(difference), bill, line, note: &note, ..Line::default() };
            self.sink.write(&line)?;
        }
        let difference = Difference::UnreadableRow;
        for row in &bills.unreadable_rows {
            let bill = self.names.get(row.bill as usize).map(String::as_str);
            let (line, note) = (Some(row.line), row.why);
            let line = Line { difference: Some(difference), bill, line, note, ..Line::default() };
            self.sink.write(&line)?;
        }
        self.sink.tally.more(difference, bills.unreadable - bills.unreadable_rows.len() as u64);
        Ok(())
    }

    /// The movements of packets of the ledger, under the packets' numbers. Those of red packets
    /// that the ledger does not know are written, and those of other business counted.
    async fn matched(&mut self, movements: Sorter) -> Result<Sorter, Failure> {
        let mut movements = movements.sorted().map_err(|error| spilled(&error))?;
        let mut of_packets = Sorter::new();
        let mut waiting = Waiting::default();
        // the voucher that was looked for last, and whether there is a packet of its number
        let mut looked_for: Option<(Box<str>, bool)> = None;
        while let Some(keyed) = movements.next().map_err(|error| spilled(&error))? {
            let is_known = match &looked_for {
                Some((voucher, is_known)) if *voucher == keyed.key => *is_known,
                _ => {
                    let is_known = MchBillno::is_well_formed(&keyed.key) && {
                        let found = self.packets.find(&keyed.key).await;
                        found.map_err(|error| self.remembered.failure(&error))?.is_some()
                    };
                    looked_for = Some((keyed.key.clone(), is_known));
                    is_known
                }
            };
            if is_known {
                of_packets.push(keyed).map_err(|error| spilled(&error))?;
            } else if keyed.movement.is_of_a_red_packet() {
                waiting.push(keyed.movement);
            } else {
                self.sink.tally.other += 1;
            }
            if waiting.count >= WAITING_MAX {
                self.found_by_detail_id(std::mem::take(&mut waiting), &mut of_packets).await?;
            }
        }
        self.sink.tally.again += movements.again;
        self.found_by_detail_id(waiting, &mut of_packets).await?;
        Ok(of_packets)
    }

    /// Looks for packets whose `detail_id` is the number of a transaction, in one walk.
    async fn found_by_detail_id(
        &mut self,
        mut waiting: Waiting,
        of_packets: &mut Sorter,
    ) -> Result<(), Failure> {
        let period = self.days.period(REFUND_WITHIN).filter(|_| !waiting.by_transaction.is_empty());
        if let Some(period) = period {
            let mut walk = self.packets.of(period);
            while let Some(packet) =
                walk.next().await.map_err(|error| self.remembered.failure(&error))?
            {
                let Some(detail_id) = &packet.detail_id else { continue };
                for movement in
                    waiting.by_transaction.remove(detail_id.as_str()).into_iter().flatten()
                {
                    let keyed = Keyed { key: packet.mch_billno.as_str().into(), movement };
                    of_packets.push(keyed).map_err(|error| spilled(&error))?;
                }
            }
        }
        let mut rest = waiting.nameless;
        rest.extend(waiting.by_transaction.into_values().flatten());
        rest.sort_by_key(|movement| (movement.bill, movement.line));
        rest.into_iter().try_for_each(|movement| self.unknown(&movement))
    }

    /// Writes a movement of a red packet that the ledger does not know.
    fn unknown(&mut self, movement: &Movement) -> Result<(), Failure> {
        let flows = Flows::of(std::slice::from_ref(movement));
        let line = Line {
            difference: Some(Difference::NoPacket),
            flows: Some(&flows),
            movement: Some(movement),
            bill: self.names.get(movement.bill as usize).map(String::as_str),
            line: Some(movement.line),
            ..Line::default()
        };
        self.sink.write(&line)
    }

    /// Compares every packet that has movements, and every packet of the days that has none.
    async fn packets(&mut self, of_packets: Sorter) -> Result<(), Failure> {
        let mut groups = of_packets.sorted().map_err(|error| spilled(&error))?;
        let failed = |error| self.remembered.failure(&error);
        let packets =
            Packets::new(&*self.remembered.ledger, &self.remembered.account, SystemClock.now());
        let mut walk = self.days.period(REFUND_WITHIN).map(|period| packets.of(period));
        let mut next = match &mut walk {
            Some(walk) => walk.next().await.map_err(failed)?,
            None => None,
        };
        loop {
            let key = groups.key();
            // the packets before it have no movements; both are in the order of their numbers
            while let Some(packet) =
                next.take_if(|packet| key.is_none_or(|key| packet.mch_billno.as_str() < key))
            {
                self.packet(&packet, &OfPacket::default())?;
                if let Some(walk) = &mut walk {
                    next = walk.next().await.map_err(|error| self.remembered.failure(&error))?;
                }
            }
            let Some(key) = key.map(str::to_owned) else {
                self.sink.tally.again += groups.again;
                return Ok(());
            };
            let movements = OfPacket::next(&mut groups, &key).map_err(|error| spilled(&error))?;
            let packet = match next.take_if(|packet| packet.mch_billno.as_str() == key) {
                Some(packet) => {
                    if let Some(walk) = &mut walk {
                        next = walk.next().await.map_err(|e| self.remembered.failure(&e))?;
                    }
                    Some(packet)
                }
                None => packets.find(&key).await.map_err(|e| self.remembered.failure(&e))?,
            };
            if let Some(packet) = packet {
                self.packet(&packet, &movements)?;
            }
        }
    }

    fn packet(&mut self, packet: &Packet, movements: &OfPacket) -> Result<(), Failure> {
        let OfPacket { flows, first: movement } = movements;
        let found = differences(packet, flows, &self.days);
        if movement.is_none() && found.is_empty() {
            return Ok(());
        }
        self.sink.tally.packet(flows);
        let movement = movement.as_ref();
        let mut line = Line {
            packet: Some(packet),
            flows: Some(flows),
            movement,
            bill: movement.and_then(|m| self.names.get(m.bill as usize)).map(String::as_str),
            line: movement.map(|movement| movement.line),
            ..Line::default()
        };
        for difference in &found {
            line.difference = Some(*difference);
            self.sink.write(&line)?;
        }
        if found.is_empty() && self.all { self.sink.write(&line) } else { Ok(()) }
    }
}

/// What the movements of a packet come to, and the first of them.
#[derive(Debug, Default)]
struct OfPacket {
    flows: Flows,
    first: Option<Movement>,
}

impl OfPacket {
    /// Those of a key that come next.
    fn next(movements: &mut Sorted, key: &str) -> io::Result<Self> {
        let mut all = Self::default();
        while let Some(Keyed { movement, .. }) = movements.next_if(|next| next == key)? {
            all.flows.add(&movement);
            let place = |movement: &Movement| (movement.booked_at, movement.bill, movement.line);
            if all.first.as_ref().is_none_or(|first| place(&movement) < place(first)) {
                all.first = Some(movement);
            }
        }
        Ok(all)
    }
}

/// Movements of red packets whose number the ledger does not know.
#[derive(Debug, Default)]
struct Waiting {
    by_transaction: HashMap<Box<str>, Vec<Movement>>,
    /// Those without a number of WeChat's.
    nameless: Vec<Movement>,
    count: usize,
}

impl Waiting {
    fn push(&mut self, movement: Movement) {
        self.count += 1;
        match movement.transaction.is_empty() {
            true => self.nameless.push(movement),
            false => {
                let transaction = movement.transaction.clone();
                self.by_transaction.entry(transaction).or_default().push(movement);
            }
        }
    }
}

/// A flaw of a bill: its kind, its line, and both figures, in fen.
fn told(flaw: &Flaw) -> (Difference, Option<u64>, String) {
    match flaw {
        Flaw::Summary { stated: None, .. } => {
            (Difference::SummaryDiffers, None, "no summary".to_owned())
        }
        Flaw::Summary { stated: Some(stated), found } => {
            let [a, b, c, d] = [stated.ins, stated.back, stated.outs, stated.out];
            let [e, f, g, h] = [found.ins, found.back, found.outs, found.out];
            let note =
                format!("stated: in {a} / {b}, out {c} / {d}; rows: in {e} / {f}, out {g} / {h}");
            (Difference::SummaryDiffers, None, note)
        }
        Flaw::Balance { gaps, line, expected, found } => {
            let note = format!("balance {found}, expected {expected}; gaps: {gaps}");
            (Difference::BalanceGap, Some(*line), note)
        }
    }
}
