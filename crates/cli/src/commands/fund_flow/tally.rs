//! What a comparison came to: counts, fen, the exit code.

use super::sink::Line;
use crate::cell::yuan;
use crate::exit::Exit;
use crate::lang;
use crate::output::Output;
use crate::say;
use comfy_table::presets::ASCII_MARKDOWN;
use comfy_table::{CellAlignment, Table};
use hongbao_inquiry::fund_flow::{Difference, Flows};
use hongbao_wire::Fen;
use serde_json::{Map, Value, json};

/// One kind of difference.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// How many.
    pub count: u64,
    /// Fen of the packets, as the ledger has them.
    pub ledger: u64,
    /// Fen of the movements.
    pub bill: u64,
}

/// What it came to. Of constant size.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Bills.
    pub bills: usize,
    /// Movements of the bills.
    pub movements: u64,
    /// Those of a packet of the ledger.
    pub matched: u64,
    /// Those of other business.
    pub other: u64,
    /// Those that were there before, in another bill.
    pub again: u64,
    /// Packets that have movements, or should have.
    pub packets: u64,
    /// What left for packets of the ledger, fen.
    pub out: u64,
    /// What came back of packets of the ledger, fen.
    pub back: u64,
    /// By difference, in the order of [`Difference::ALL`].
    differences: [Count; 12],
}

impl Tally {
    /// Counts a packet and its movements.
    pub fn packet(&mut self, flows: &Flows) {
        self.packets += 1;
        self.matched += flows.outs + flows.ins;
        self.out = self.out.saturating_add(flows.out);
        self.back = self.back.saturating_add(flows.back);
    }

    /// Counts a row of the output.
    pub fn line(&mut self, line: &Line<'_>) {
        let Some(difference) = line.difference else { return };
        let at = Difference::ALL.iter().position(|known| *known == difference);
        let Some(count) = at.map(|at| &mut self.differences[at]) else { return };
        count.count += 1;
        let Line { packet, flows, .. } = line;
        let amount = packet.and_then(|packet| match difference.is_of_refund() {
            true => packet.refund_amount.or(packet.amount),
            false => packet.amount,
        });
        let moved = flows.map_or(0, |flows| match (difference, difference.is_of_refund()) {
            (Difference::NoPacket, _) => flows.out.saturating_add(flows.back),
            (_, true) => flows.back,
            (_, false) => flows.out,
        });
        count.ledger = count.ledger.saturating_add(amount.map_or(0, Fen::get));
        count.bill = count.bill.saturating_add(moved);
    }

    /// Counts rows that are not told one by one.
    pub fn more(&mut self, difference: Difference, more: u64) {
        if let Some(at) = Difference::ALL.iter().position(|known| *known == difference) {
            self.differences[at].count += more;
        }
    }

    /// 0 where nothing differs, else 6. Never 3: no movement permits a new number.
    #[must_use]
    pub fn exit(&self) -> Exit {
        if self.differences == [Count::default(); 12] { Exit::Ok } else { Exit::Unknown }
    }

    /// The summary of the JSON contract (`docs/cli-json.md`).
    #[must_use]
    pub fn to_json(&self, out: Option<&std::path::Path>) -> Value {
        let differences: Map<String, Value> = Difference::ALL
            .iter()
            .zip(&self.differences)
            .map(|(difference, Count { count, ledger, bill })| {
                let value = json!({"count": count, "ledger_fen": ledger, "bill_fen": bill});
                (difference.as_str().to_owned(), value)
            })
            .collect();
        json!({
            "bills": self.bills,
            "movements": self.movements,
            "matched": self.matched,
            "other_business": self.other,
            "repeated": self.again,
            "packets": self.packets,
            "out_fen": self.out,
            "in_fen": self.back,
            "differences": differences,
            "out": out,
            "exit_code": self.exit().code(),
        })
    }

    /// The summary for people, on stderr, as the rows may be on stdout.
    pub fn tell(&self, out: &mut Output) {
        let (bills, movements) = (self.bills, self.movements);
        let (matched, other, again) = (self.matched, self.other, self.again);
        out.talk(say!(
            "fund-flow-movements",
            bills = bills,
            movements = movements,
            matched = matched,
            other = other,
            again = again
        ));
        let (paid, back) = (yuan(self.out), yuan(self.back));
        out.talk(say!("fund-flow-packets", packets = self.packets, out = paid, back = back));
        if self.exit() == Exit::Ok {
            out.talk(say!("fund-flow-clean"));
            return;
        }
        out.talk(self.table());
        for (difference, count) in Difference::ALL.iter().zip(&self.differences) {
            let word = difference.as_str();
            let meaning = lang::current().find(&format!("about-movement-{word}"), &[]);
            if let (1.., Some(meaning)) = (count.count, meaning) {
                out.talk(say!("fund-flow-meaning", word = word, meaning = meaning));
            }
        }
    }

    fn table(&self) -> Table {
        let mut table = Table::new();
        table.load_style(ASCII_MARKDOWN).set_header([
            say!("fund-flow-head-difference"),
            say!("fund-flow-head-count"),
            say!("fund-flow-head-ledger"),
            say!("fund-flow-head-bill"),
        ]);
        for (difference, Count { count, ledger, bill }) in
            Difference::ALL.iter().zip(self.differences)
        {
            if count > 0 {
                let word = difference.as_str().to_owned();
                table.add_row([word, count.to_string(), yuan(ledger), yuan(bill)]);
            }
        }
        for column in table.column_iter_mut().skip(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        table
    }
}
