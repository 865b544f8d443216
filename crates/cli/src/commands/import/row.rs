//! What a row of a file claims, and what is wrong with it.

use super::layout::Layout;
use super::when;
use crate::commands::reconcile::Problem;
use crate::commands::reconcile::row::{amount, billno, is_scientific, plain};
use crate::packet_field::Field;
use hongbao_inquiry::import::{Claim, ClaimFault, IMPORTED};
use hongbao_sheet::{Cell, Row, RowError, unguarded};
use hongbao_wire::{DetailId, Fen, OpenId};
use jiff::Timestamp;

/// A row on its way into the ledger.
#[derive(Debug)]
pub struct Draft {
    /// Its line.
    pub line: u64,
    /// What it claims; else why nothing of it is imported.
    pub claim: Result<Claim, ImportProblem>,
}

/// Why nothing of a row is imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportProblem {
    /// As for `reconcile`.
    Row(Problem),
    /// A time that cannot be read.
    BadTime,
    /// A text that is longer than its field may be.
    TooLong,
    /// It was sent later than now.
    SentAhead,
    /// It is another merchant's.
    OtherMerchant,
    /// Its reference was paid from this ledger under another number.
    RefTaken,
}

impl ImportProblem {
    /// The stable words beside those of [`Problem`].
    pub const WORDS: [&'static str; 5] =
        ["bad_time", "too_long", "sent_ahead", "other_merchant", "ref_taken"];

    /// The stable word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Row(problem) => problem.as_str(),
            Self::BadTime => "bad_time",
            Self::TooLong => "too_long",
            Self::SentAhead => "sent_ahead",
            Self::OtherMerchant => "other_merchant",
            Self::RefTaken => "ref_taken",
        }
    }
}

impl From<Problem> for ImportProblem {
    fn from(problem: Problem) -> Self {
        Self::Row(problem)
    }
}

impl From<ClaimFault> for ImportProblem {
    fn from(fault: ClaimFault) -> Self {
        match fault {
            ClaimFault::TooLong => Self::TooLong,
            ClaimFault::SentAhead => Self::SentAhead,
        }
    }
}

/// What a row claims of a packet of the merchant `mch_id`.
pub fn read(row: &Row, layout: &Layout, mch_id: &str, now: Timestamp) -> Draft {
    let claim = Cells { row, layout }.claim(mch_id).and_then(|claim| match claim.fault(now) {
        None => Ok(claim),
        Some(fault) => Err(fault.into()),
    });
    Draft { line: row.line, claim }
}

/// A row that could not be read.
pub fn unreadable(error: &RowError) -> Draft {
    let problem = Problem::Unreadable { line: error.line, code: error.code() };
    Draft { line: error.line, claim: Err(problem.into()) }
}

struct Cells<'r> {
    row: &'r Row,
    layout: &'r Layout,
}

impl Cells<'_> {
    fn claim(&self, mch_id: &str) -> Result<Claim, ImportProblem> {
        let mch_billno = billno(self.cell(Field::MchBillno))?;
        if self.plain(Field::MchId)?.is_some_and(|claimed| claimed != mch_id) {
            return Err(ImportProblem::OtherMerchant);
        }
        let status = self.plain(Field::Status)?;
        // an export of what was imported: what its file claimed stands beside
        let status = match status.as_deref() {
            Some(IMPORTED) => self.text(Field::Reason)?,
            _ => status.map(Into::into),
        };
        Ok(Claim {
            mch_billno,
            business_ref: self.text(Field::BusinessRef)?,
            sent_at: self.time(Field::SentAt)?,
            status,
            total_amount: self.amount(Field::TotalAmount)?,
            received: self.amount(Field::Received)?,
            rcv_time: self.time(Field::RcvTime)?,
            refunded: self.amount(Field::Refunded)?,
            refund_time: self.time(Field::RefundTime)?,
            detail_id: self.id(Field::DetailId)?.map(DetailId::from),
            openid: self.id(Field::Openid)?.map(OpenId::from),
            act_name: self.text(Field::ActName)?,
            sender_name: self.text(Field::SenderName)?,
            wishing: self.text(Field::Wishing)?,
            remark: self.text(Field::Remark)?,
        })
    }

    fn cell(&self, field: Field) -> Option<&Cell> {
        self.row.cells.get(self.layout.at(field)?)
    }

    /// A cell without blanks and marks around it; `None` where nothing is in it.
    fn plain(&self, field: Field) -> Result<Option<String>, ImportProblem> {
        match self.cell(field) {
            Some(Cell::LostDigits(_)) => Err(Problem::LostDigits.into()),
            cell => Ok(cell.map(plain).filter(|text| !text.is_empty())),
        }
    }

    fn id(&self, field: Field) -> Result<Option<String>, ImportProblem> {
        match self.plain(field)? {
            Some(text) if is_scientific(&text) => Err(Problem::LostDigits.into()),
            text => Ok(text),
        }
    }

    /// A text as it stands, without the mark that CSV puts before some.
    fn text(&self, field: Field) -> Result<Option<Box<str>>, ImportProblem> {
        let text = match self.cell(field) {
            Some(Cell::LostDigits(_)) => return Err(Problem::LostDigits.into()),
            cell => cell.map(ToString::to_string).unwrap_or_default(),
        };
        let text = match self.layout.is_delimited {
            false => text.as_str(),
            true => match unguarded(&text) {
                same if same == text => same.strip_prefix('`').unwrap_or(same),
                text => text,
            },
        };
        Ok((!text.is_empty()).then(|| text.into()))
    }

    fn time(&self, field: Field) -> Result<Option<Timestamp>, ImportProblem> {
        let Some(text) = self.plain(field)? else { return Ok(None) };
        when::read(&text).map(Some).ok_or(ImportProblem::BadTime)
    }

    fn amount(&self, field: Field) -> Result<Option<Fen>, ImportProblem> {
        let Some((at, unit)) = self.layout.amount(field) else { return Ok(None) };
        let text = self.row.cells.get(at).map(plain).unwrap_or_default();
        Ok(amount(&text, unit)?)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use hongbao_sheet::{Column, Format};

    const NOW: &str = "2026-11-24T09:00:00Z";

    fn draft(format: Format, names: &[&str], cells: &[Cell]) -> Result<Claim, &'static str> {
        let columns: Vec<Column> = names.iter().map(|name| Column::text(name)).collect();
        let layout = Layout::find(&columns, None, format).unwrap();
        let row = Row { line: 2, cells: cells.to_vec() };
        let draft = read(&row, &layout, "10000098", NOW.parse().unwrap());
        draft.claim.map_err(ImportProblem::as_str)
    }

    #[test]
    fn a_row_of_the_console_is_read() {
        let names =
            ["商户订单号", "红包单号", "创建时间", "金额(元)", "状态", "活动名称", "用户openid"];
        let cells: [Cell; 7] = [
            "`1000009820261101000000000001".into(),
            "`1000000000202611013000000000001".into(),
            "2026-11-01 10:00:00".into(),
            "`1.05".into(),
            "已领取".into(),
            "`新年红包".into(),
            "o1".into(),
        ];
        let claim = draft(Format::Csv, &names, &cells).unwrap();
        assert_eq!(claim.mch_billno.as_str(), "1000009820261101000000000001");
        assert_eq!(claim.detail_id, Some("1000000000202611013000000000001".into()));
        assert_eq!(claim.sent_at, Some("2026-11-01T02:00:00Z".parse().unwrap()));
        assert_eq!(claim.total_amount, Fen::new(105));
        assert_eq!(
            (claim.status.as_deref(), claim.act_name.as_deref()),
            (Some("已领取"), Some("新年红包"))
        );
        assert_eq!(claim.openid, Some("o1".into()));
    }

    #[test]
    fn nothing_of_a_bad_row_is_taken() {
        let of = |name: &str, cell: Cell| {
            draft(Format::Csv, &["mch_billno", name], &["1".into(), cell]).map(|_| ())
        };
        let cases: [(&str, Cell, Result<(), &str>); 12] = [
            ("total_amount_fen", "1.00".into(), Err("bad_amount")),
            ("total_amount_yuan", "1.001".into(), Err("bad_amount")),
            ("total_amount_yuan", "1.00".into(), Ok(())),
            ("sent_at", "2026-11-24".into(), Err("bad_time")),
            ("sent_at", "2026-11-26 17:00:01".into(), Err("sent_ahead")),
            ("rcv_time", "x".into(), Err("bad_time")),
            ("mch_id", "10000099".into(), Err("other_merchant")),
            ("mch_id", 10_000_098.into(), Ok(())),
            ("detail_id", "1E+30".into(), Err("lost_digits")),
            ("detail_id", Cell::LostDigits("1E+30".into()), Err("lost_digits")),
            ("business_ref", "x".repeat(129).into(), Err("too_long")),
            ("status", "没见过".into(), Ok(())),
        ];
        for (name, cell, expected) in cases {
            assert_eq!(of(name, cell.clone()), expected, "{name} {cell:?}");
        }
        assert_eq!(draft(Format::Csv, &["mch_billno"], &[Cell::Empty]).err(), Some("no_billno"));
        assert_eq!(draft(Format::Csv, &["billno"], &["1-2".into()]).err(), Some("bad_billno"));
    }

    #[test]
    fn texts_lose_the_marks_of_csv_alone() {
        let of = |format, text: &str| {
            let cells = ["1".into(), text.into()];
            let claim = draft(format, &["mch_billno", "act_name"], &cells).unwrap();
            claim.act_name.map(String::from).unwrap()
        };
        for (written, text) in
            [("'=1", "=1"), ("''x", "'x"), ("``x", "`x"), ("`x", "x"), (" x ", " x ")]
        {
            assert_eq!(of(Format::Csv, written), text, "{written}");
            assert_eq!(of(Format::JsonLines, written), written);
        }
    }

    #[test]
    fn what_was_imported_is_imported_again_with_what_its_file_claimed() {
        let names = ["mch_billno", "status", "reason"];
        let claimed = |status: &str, reason: &str| {
            let cells = ["1".into(), status.into(), reason.into()];
            draft(Format::Csv, &names, &cells).unwrap().status.map(String::from)
        };
        assert_eq!(claimed("IMPORTED", "已领取").as_deref(), Some("已领取"));
        assert_eq!(claimed("SENDING", "余额不足").as_deref(), Some("SENDING"));
    }
}
