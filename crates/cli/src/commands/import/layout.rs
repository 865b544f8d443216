//! Which columns of a file hold what.

use crate::commands::reconcile::columns::list;
use crate::exit::Failure;
use crate::packet_field::{Field, Unit, plain};
use crate::say;
use hongbao_sheet::{Column, Format};

/// The fields that an import reads; of the others a file is no witness.
const READ: [Field; 17] = [
    Field::MchId,
    Field::MchBillno,
    Field::BusinessRef,
    Field::SentAt,
    Field::Status,
    Field::Reason,
    Field::TotalAmount,
    Field::Received,
    Field::Refunded,
    Field::RcvTime,
    Field::RefundTime,
    Field::ActName,
    Field::SenderName,
    Field::Remark,
    Field::Wishing,
    Field::DetailId,
    Field::Openid,
];

/// Where the fields are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// For each field that the file has: its column, and the unit of an amount.
    columns: Vec<(Field, usize, Unit)>,
    /// Whether a spreadsheet's marks stand before texts.
    pub is_delimited: bool,
    /// The names of the columns that are not read.
    pub ignored: Vec<String>,
}

impl Layout {
    /// Finds the columns; `unit` is that of amounts whose names do not say it.
    ///
    /// # Errors
    /// `COLUMN_MISSING` without bill numbers; `COLUMN_AMBIGUOUS` where two columns could be
    /// meant; `AMOUNT_UNIT_UNKNOWN`. Exit 2: nothing was imported.
    pub fn find(columns: &[Column], unit: Option<Unit>, format: Format) -> Result<Self, Failure> {
        let is_delimited = matches!(format, Format::Csv | Format::Tsv);
        let mut layout = Self { columns: Vec::new(), is_delimited, ignored: Vec::new() };
        let of_wire = columns.iter().any(|column| plain(&column.name) == "total_amount");
        for (at, column) in columns.iter().enumerate() {
            let found = match plain(&column.name).as_str() {
                // beside `total_amount` of the wire, its `amount` is what was received
                "amount" if of_wire => Some((Field::Received, Some(Unit::Fen))),
                _ => Field::of_header(&column.name),
            };
            let found = found.filter(|(field, _)| READ.contains(field));
            let Some((field, said)) = found else {
                if !column.name.trim().is_empty() {
                    layout.ignored.push(column.name.to_string());
                }
                continue;
            };
            if let Some(first) = layout.at(field) {
                let both = list([&columns[first], column].into_iter());
                return Err(Failure::usage(
                    "COLUMN_AMBIGUOUS",
                    say!("reconcile-ambiguous", columns = both),
                )
                .hint(say!("import-ambiguous-hint")));
            }
            let unit = match (field.is_amount(), said.or(unit)) {
                (true, None) => return Err(unit_unknown(column)),
                (_, unit) => unit.unwrap_or(Unit::Fen),
            };
            layout.columns.push((field, at, unit));
        }
        if layout.at(Field::MchBillno).is_none() {
            let message = say!("reconcile-no-billno", columns = list(columns.iter()));
            return Err(
                Failure::usage("COLUMN_MISSING", message).hint(say!("import-no-billno-hint"))
            );
        }
        Ok(layout)
    }

    /// The column of a field.
    pub fn at(&self, field: Field) -> Option<usize> {
        self.columns.iter().find(|(known, ..)| *known == field).map(|(_, at, _)| *at)
    }

    /// The column of an amount, and its unit.
    pub fn amount(&self, field: Field) -> Option<(usize, Unit)> {
        let found = self.columns.iter().find(|(known, ..)| *known == field);
        found.map(|(_, at, unit)| (*at, *unit))
    }
}

fn unit_unknown(column: &Column) -> Failure {
    Failure::usage("AMOUNT_UNIT_UNKNOWN", say!("import-unit", column = column.name))
        .hint(say!("import-unit-hint"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn find(names: &[&str], unit: Option<Unit>) -> Result<Layout, &'static str> {
        let columns: Vec<Column> = names.iter().map(|name| Column::text(name)).collect();
        Layout::find(&columns, unit, Format::Csv).map_err(|failure| failure.code)
    }

    #[test]
    fn columns_are_found_by_the_names_of_the_wire_of_exports_and_of_the_console() {
        let console =
            find(&["商户订单号", "微信单号", "创建时间", "金额（元）", "状态", "什么"], None)
                .unwrap();
        assert_eq!(console.amount(Field::TotalAmount), Some((3, Unit::Yuan)));
        assert_eq!(console.at(Field::DetailId), Some(1));
        assert_eq!(console.at(Field::SentAt), Some(2));
        assert_eq!(console.ignored, ["什么"]);
        let wire = find(&["mch_billno", "total_amount", "amount", "refund_amount"], None).unwrap();
        assert_eq!(wire.amount(Field::TotalAmount), Some((1, Unit::Fen)));
        assert_eq!(wire.amount(Field::Received), Some((2, Unit::Fen)));
        assert_eq!(wire.amount(Field::Refunded), Some((3, Unit::Fen)));
    }

    #[test]
    fn nothing_is_guessed() {
        assert_eq!(find(&["who"], None), Err("COLUMN_MISSING"));
        assert_eq!(find(&["billno", "mch_billno"], None), Err("COLUMN_AMBIGUOUS"));
        let both = ["billno", "total_amount_fen", "金额(元)"];
        assert_eq!(find(&both, None), Err("COLUMN_AMBIGUOUS"));
        for bare in ["金额", "amount"] {
            assert_eq!(find(&["billno", bare], None), Err("AMOUNT_UNIT_UNKNOWN"), "{bare}");
            let told = find(&["billno", bare], Some(Unit::Yuan)).unwrap();
            assert_eq!(told.amount(Field::TotalAmount), Some((1, Unit::Yuan)));
        }
        let said = find(&["billno", "金额(分)"], Some(Unit::Yuan)).unwrap();
        assert_eq!(said.amount(Field::TotalAmount), Some((1, Unit::Fen)), "the name goes first");
    }
}
