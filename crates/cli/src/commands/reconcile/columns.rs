//! Which columns hold what: by their names, or as told.

use crate::args::ReconcileArgs;
use crate::exit::Failure;
use crate::packet_field::{EXPECTED_FEN, EXPECTED_YUAN, Field, Unit, plain};
use crate::say;
use hongbao_sheet::Column;

/// Where a row's cells are that are not only carried along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The bill number.
    pub billno: usize,
    /// The expected amount.
    pub amount: Option<(usize, Unit)>,
    /// The expected receiver.
    pub openid: Option<usize>,
}

impl Layout {
    /// Finds the columns.
    ///
    /// # Errors
    /// `COLUMN_MISSING` where none, or not the one that was told, is there;
    /// `COLUMN_AMBIGUOUS`, which names the candidates. Exit 2: nothing was asked.
    pub fn find(columns: &[Column], args: &ReconcileArgs) -> Result<Self, Failure> {
        let billno = match &args.billno_column {
            Some(told) => Some(find_told(columns, told)?),
            None => one(columns, &named(columns, Field::MchBillno.names()), "--billno-column")?,
        };
        let Some(billno) = billno else {
            let message = say!("reconcile-no-billno", columns = list(columns.iter()));
            return Err(
                Failure::usage("COLUMN_MISSING", message).hint(say!("reconcile-no-billno-hint"))
            );
        };
        let amount = match (&args.amount_column, &args.yuan_column) {
            (Some(told), _) => Some((find_told(columns, told)?, Unit::Fen)),
            (None, Some(told)) => Some((find_told(columns, told)?, Unit::Yuan)),
            (None, None) => {
                let (fen, yuan) = (named(columns, &EXPECTED_FEN), named(columns, &EXPECTED_YUAN));
                let all = [fen.clone(), yuan].concat();
                one(columns, &all, "--amount-column")?
                    .map(|at| (at, if fen.contains(&at) { Unit::Fen } else { Unit::Yuan }))
            }
        };
        let openid = match &args.openid_column {
            Some(told) => Some(find_told(columns, told)?),
            None => one(columns, &named(columns, Field::Openid.names()), "--openid-column")?,
        };
        Ok(Self { billno, amount, openid })
    }
}

/// The columns with one of these names.
fn named(columns: &[Column], names: &[&str]) -> Vec<usize> {
    let is_named = |column: &Column| names.contains(&plain(&column.name).as_str());
    columns.iter().enumerate().filter(|(_, c)| is_named(c)).map(|(at, _)| at).collect()
}

/// The only one; `None` where there is none.
fn one(columns: &[Column], found: &[usize], flag: &str) -> Result<Option<usize>, Failure> {
    match found {
        [] => Ok(None),
        [only] => Ok(Some(*only)),
        several => {
            let names = list(several.iter().map(|at| &columns[*at]));
            Err(Failure::usage("COLUMN_AMBIGUOUS", say!("reconcile-ambiguous", columns = names))
                .hint(say!("reconcile-ambiguous-hint", flag = flag)))
        }
    }
}

/// The column that was told: by its exact name, else by one that differs in case alone.
fn find_told(columns: &[Column], told: &str) -> Result<usize, Failure> {
    let exact = columns.iter().position(|column| &*column.name == told);
    let alike = || columns.iter().position(|column| plain(&column.name) == plain(told));
    exact.or_else(alike).ok_or_else(|| {
        let columns = list(columns.iter());
        let message = say!("reconcile-no-column", column = told, columns = columns);
        Failure::usage("COLUMN_MISSING", message).hint(say!("reconcile-no-column-hint"))
    })
}

/// At most ten names, for people.
pub fn list<'c>(columns: impl Iterator<Item = &'c Column>) -> String {
    let mut names: Vec<String> = columns.take(11).map(|c| format!("`{}`", c.name)).collect();
    if names.len() > 10 {
        names[10] = "…".to_owned();
    }
    names.join(", ")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::args::{Cli, Command};
    use clap::Parser;

    fn find(names: &[&str], flags: &[&str]) -> Result<Layout, Failure> {
        let words = ["hongbao", "reconcile", "--profile", "p", "f.csv"];
        let cli = Cli::parse_from([&words[..], flags].concat());
        let Command::Reconcile(args) = cli.command else { panic!("it is reconcile") };
        let columns: Vec<Column> = names.iter().map(|name| Column::text(name)).collect();
        Layout::find(&columns, &args)
    }

    fn layout(billno: usize, amount: Option<(usize, Unit)>, openid: Option<usize>) -> Layout {
        Layout { billno, amount, openid }
    }

    #[test]
    fn columns_are_found_by_their_names_in_both_languages() {
        let fen = |at| Some((at, Unit::Fen));
        let yuan = |at| Some((at, Unit::Yuan));
        let cases: [(&[&str], Layout); 7] = [
            (&["mch_billno"], layout(0, None, None)),
            (&["note", " MCH_BILLNO ", "amount", "openid"], layout(1, fen(2), Some(3))),
            (&["billno", "amount_yuan", "re_openid"], layout(0, yuan(1), Some(2))),
            (&["商户订单号", "金额"], layout(0, yuan(1), None)),
            (&["商户单号", "金额（元）"], layout(0, yuan(1), None)),
            (&["商户单号", "金额（分）"], layout(0, fen(1), None)),
            (&["Total_Amount", "BillNo"], layout(1, fen(0), None)),
        ];
        for (names, expected) in cases {
            assert_eq!(find(names, &[]), Ok(expected), "{names:?}");
        }
    }

    #[test]
    fn what_is_told_goes_before_what_is_found() {
        let names = ["billno", "mch_billno", "amount", "单价", "who"];
        let flags = ["--billno-column", "mch_billno", "--yuan-column", "单价"];
        let flags = [&flags[..], &["--openid-column", "WHO"]].concat();
        assert_eq!(find(&names, &flags), Ok(layout(1, Some((3, Unit::Yuan)), Some(4))));
    }

    #[test]
    fn what_is_missing_or_ambiguous_is_said_with_the_candidates() {
        let failure = find(&["billno", "商户订单号", "x"], &[]).unwrap_err();
        assert_eq!(failure.code, "COLUMN_AMBIGUOUS");
        assert!(failure.message.contains("`billno`, `商户订单号`"), "{}", failure.message);
        assert!(failure.hint.unwrap().contains("--billno-column"));
        let failure = find(&["billno", "amount", "金额"], &[]).unwrap_err();
        assert_eq!(failure.code, "COLUMN_AMBIGUOUS");
        assert!(failure.message.contains("`amount`, `金额`"), "{}", failure.message);
        let failure = find(&["order", "x"], &[]).unwrap_err();
        assert_eq!(failure.code, "COLUMN_MISSING");
        assert!(failure.message.contains("`order`, `x`"), "{}", failure.message);
        let failure = find(&["billno"], &["--amount-column", "fee"]).unwrap_err();
        assert_eq!(failure.code, "COLUMN_MISSING");
        assert!(failure.message.contains("`fee`"), "{}", failure.message);
    }
}
