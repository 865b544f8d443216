//! Reading bills: which column holds what, and what each row says.

use crate::commands::reconcile::fault;
use crate::exit::Failure;
use crate::files;
use crate::say;
use crate::sorted::{Keyed, Sorter};
use hongbao_inquiry::fund_flow::{Days, Direction, Flaw, Movement, Statement, Totals};
use hongbao_sheet::{Cell, Column, Format, ReadOptions, Reader, Row, RowFault, SheetError};
use hongbao_wire::{Fen, WireTime};
use std::io;
use std::path::{Path, PathBuf};

/// What a bill's last header begins with: of the row below it, which sums up.
const SUMMARY: &str = "资金流水总笔数";
/// The most rows that are told one by one because they cannot be read.
pub const UNREADABLE_TOLD_MAX: usize = 100;
/// What a file of a spreadsheet in China is written in, where it is not UTF-8.
const CHINESE: &str = "gb18030";

/// The columns, by the names that WeChat Pay gives them.
#[derive(Clone, Copy, Debug)]
struct Layout {
    booked_at: usize,
    direction: usize,
    amount: usize,
    voucher: usize,
    transaction: Option<usize>,
    flow: Option<usize>,
    name: Option<usize>,
    kind: Option<usize>,
    balance: Option<usize>,
}

impl Layout {
    fn find(columns: &[Column]) -> Result<Self, Failure> {
        let find = |name: &str| columns.iter().position(|c| plain_name(&c.name) == name);
        let need = |name: &str| {
            find(name).ok_or_else(|| {
                let message = say!("fund-flow-no-column", column = name);
                let failure = Failure::usage("COLUMN_MISSING", message);
                failure.hint(say!("fund-flow-no-column-hint"))
            })
        };
        Ok(Self {
            booked_at: need("记账时间")?,
            direction: need("收支类型")?,
            amount: need("收支金额(元)")?,
            voucher: need("业务凭证号")?,
            transaction: find("微信支付业务单号"),
            flow: find("资金流水单号"),
            name: find("业务名称"),
            kind: find("业务类型"),
            balance: find("账户结余(元)"),
        })
    }
}

/// A row of a bill that cannot be read.
#[derive(Clone, Debug)]
pub struct Unreadable {
    /// Which bill, from 0.
    pub bill: u32,
    /// Its line, from 1.
    pub line: u64,
    /// Why: a name of the column, or a code.
    pub why: &'static str,
}

/// What the bills hold.
#[derive(Debug)]
pub struct Bills {
    /// Their movements, under their vouchers.
    pub movements: Sorter,
    /// How many movements they have.
    pub count: u64,
    /// Which days they cover.
    pub days: Days,
    /// What is wrong with a bill itself.
    pub flaws: Vec<(u32, Flaw)>,
    /// How many rows cannot be read.
    pub unreadable: u64,
    /// The first of them.
    pub unreadable_rows: Vec<Unreadable>,
}

/// Reads bills, in memory of fixed size. Blocks.
///
/// # Errors
/// What is wrong with a file or its header.
pub fn read(paths: &[PathBuf], encoding: Option<&str>, days: Days) -> Result<Bills, Failure> {
    let (movements, flaws, unreadable_rows) = (Sorter::new(), Vec::new(), Vec::new());
    let mut bills = Bills { movements, count: 0, days, flaws, unreadable: 0, unreadable_rows };
    for (bill, path) in (0..).zip(paths) {
        let reader = open(path, encoding).map_err(|error| failure(path, &error))?;
        let layout = Layout::find(reader.columns())?;
        Bill { bill, layout, statement: Statement::default(), bills: &mut bills }
            .read(reader)
            .map_err(|error| failure(path, &error))?;
    }
    Ok(bills)
}

/// A bill is CSV, whatever its name, unless that is a workbook's.
fn open(path: &Path, encoding: Option<&str>) -> Result<Reader, SheetError> {
    let format = match Format::of_path(path) {
        Ok(format @ (Format::Xlsx | Format::Parquet)) => format,
        _ => Format::Csv,
    };
    let with = |encoding: Option<&str>| {
        let encoding = encoding.map(str::to_owned);
        let options = ReadOptions { encoding, ..ReadOptions::default() };
        Reader::open(path, format, &options)
    };
    let reader = match with(encoding) {
        // the header is Chinese, so that it tells the encoding
        Err(SheetError::Row(error)) if encoding.is_none() && error.fault == RowFault::NotUtf8 => {
            with(Some(CHINESE))
        }
        opened => opened,
    };
    Ok(reader?.with_short_rows())
}

fn failure(path: &Path, error: &SheetError) -> Failure {
    match error {
        SheetError::Io(error) => files::unreadable(path, error),
        error => {
            fault::of_table(&path.display().to_string(), error).hint(say!("fund-flow-sheet-hint"))
        }
    }
}

/// One bill on its way in.
struct Bill<'b> {
    bill: u32,
    layout: Layout,
    statement: Statement,
    bills: &'b mut Bills,
}

impl Bill<'_> {
    fn read(mut self, reader: Reader) -> Result<(), SheetError> {
        let mut sums_up = false;
        for row in reader {
            let row = match row {
                Ok(row) => row,
                Err(SheetError::Row(error)) => {
                    self.unreadable(error.line, error.code());
                    continue;
                }
                Err(error) => return Err(error),
            };
            let first = row.cells.first().map(plain).unwrap_or_default();
            if sums_up {
                sums_up = false;
                self.summary(&row);
            } else if first == SUMMARY {
                sums_up = true;
            } else if row.cells.iter().all(Cell::is_blank) || first == "记账时间" {
                // between the bills of several days in one file
            } else {
                self.row(&row)?;
            }
        }
        // whatever came after the last summary has none
        self.end(None);
        Ok(())
    }

    fn summary(&mut self, row: &Row) {
        let cell = |at: usize| row.cells.get(at).map(plain).unwrap_or_default();
        let totals = || {
            let fen = |at| Fen::from_yuan(&cell(at)).ok().map(Fen::get);
            let totals = Totals {
                ins: count(&cell(1))?,
                back: fen(2)?,
                outs: count(&cell(3))?,
                out: fen(4)?,
            };
            (count(&cell(0))? == totals.ins.checked_add(totals.outs)?).then_some(totals)
        };
        match totals() {
            Some(totals) => self.end(Some(totals)),
            None => self.unreadable(row.line, "summary"),
        }
    }

    fn end(&mut self, stated: Option<Totals>) {
        let flaws = self.statement.end(stated).into_iter().map(|flaw| (self.bill, flaw));
        self.bills.flaws.extend(flaws);
    }

    fn row(&mut self, row: &Row) -> io::Result<()> {
        match self.movement(row) {
            Err(why) => self.unreadable(row.line, why),
            Ok(movement) => {
                let balance = self.layout.balance.and_then(|at| signed(&plain(&row.cells[at])));
                self.statement.row(movement.direction, movement.amount, balance, row.line);
                self.bills.days.see(movement.booked_at);
                self.bills.count += 1;
                self.bills.movements.push(Keyed { key: movement.voucher.clone(), movement })?;
            }
        }
        Ok(())
    }

    fn movement(&self, row: &Row) -> Result<Movement, &'static str> {
        let Layout { booked_at, direction, amount, voucher, .. } = self.layout;
        let cell = |at: usize| row.cells.get(at).map(plain).unwrap_or_default();
        let optional = |at: Option<usize>| at.map(cell).unwrap_or_default();
        if matches!(row.cells.get(voucher), Some(Cell::LostDigits(_))) {
            return Err("lost_digits");
        }
        let (name, kind) = (optional(self.layout.name), optional(self.layout.kind));
        let business =
            if kind.is_empty() || kind == name { name } else { format!("{name}/{kind}") };
        Ok(Movement {
            booked_at: WireTime::from_wire(&cell(booked_at)).instant().ok_or("bad_time")?,
            direction: Direction::from_word(&cell(direction)).ok_or("bad_direction")?,
            amount: Fen::from_yuan(&cell(amount)).map_err(|_| "bad_amount")?,
            voucher: cell(voucher).into(),
            transaction: optional(self.layout.transaction).into(),
            flow: optional(self.layout.flow).into(),
            business: business.into(),
            bill: self.bill,
            line: row.line,
        })
    }

    fn unreadable(&mut self, line: u64, why: &'static str) {
        let bills = &mut *self.bills;
        bills.unreadable += 1;
        if bills.unreadable_rows.len() < UNREADABLE_TOLD_MAX {
            bills.unreadable_rows.push(Unreadable { bill: self.bill, line, why });
        }
    }
}

/// A cell's text without blanks around it and the mark before it that keeps it text.
fn plain(cell: &Cell) -> String {
    let text = cell.to_string();
    let text = text.trim();
    text.strip_prefix(['`', '\'']).unwrap_or(text).trim().to_owned()
}

/// A column's name: WeChat Pay writes brackets of both widths.
fn plain_name(name: &str) -> String {
    let name = name.trim().trim_start_matches('`').replace('（', "(");
    name.replace('）', ")").replace(' ', "")
}

/// A count, which the bills write as `20.0` too.
fn count(text: &str) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.bytes().any(|byte| byte != b'0') || !whole.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    whole.parse().ok()
}

/// Yuan as fen, below zero too.
fn signed(text: &str) -> Option<i64> {
    match text.strip_prefix('-') {
        Some(rest) => Some(-Fen::from_yuan(rest).ok()?.as_i64()),
        None => Some(Fen::from_yuan(text).ok()?.as_i64()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_balances_are_read_as_the_bills_write_them() {
        assert_eq!([count("20.0"), count("20"), count("20.")], [Some(20); 3]);
        assert_eq!([count("20.5"), count(""), count("-1"), count("1e3")], [None; 4]);
        assert_eq!(signed("0.17"), Some(17));
        assert_eq!(signed("-1.50"), Some(-150));
        assert_eq!([signed(""), signed("--1"), signed("1,000.00")], [None; 3]);
        assert_eq!(plain_name(" 收支金额（元）"), "收支金额(元)");
    }
}
