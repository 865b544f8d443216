//! `report`: what was sent and what became of it, in sums.

use super::remember::{LedgerOf, day};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use hongbao_ledger::{Book, By};
use jiff::civil::Date;
use std::path::PathBuf;

/// `hongbao report`.
#[derive(Debug, clap::Args)]
pub struct ReportArgs {
    /// Whose ledger.
    #[command(flatten)]
    pub whose: LedgerOf,
    /// By what packets are brought together
    #[arg(long, value_name = "WHAT", value_parser = words(By::ALL.map(By::as_str), By::from_word))]
    pub by: By,
    /// From this day on (+08:00): of the sending, where that is unknown, of the first note
    #[arg(long, value_name = "DATE", value_parser = day)]
    pub from: Option<Date>,
    /// Until this day, which counts whole
    #[arg(long, value_name = "DATE", value_parser = day)]
    pub to: Option<Date>,
    /// Of this month, such as `2026-01`
    #[arg(long, value_name = "MONTH", value_parser = month, conflicts_with_all = ["from", "to"])]
    pub month: Option<Date>,
    /// Which book: what the merchant's side was told, or, of a server's folder, the payer's own records
    #[arg(long, value_name = "BOOK", default_value = "inquiries", value_parser = words(Book::ALL.map(Book::as_str), Book::from_word))]
    pub book: Book,
    /// A file for the lines too: CSV, XLSX with a line of totals, or Parquet
    #[arg(short, long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// A chart of the lines, stacked bars as SVG
    #[arg(long, value_name = "FILE.svg")]
    pub chart: Option<PathBuf>,
    /// Amounts of the file and of JSON in yuan with two decimals, exact, instead of fen
    #[arg(long)]
    pub yuan: bool,
    /// Print one JSON object instead of a table
    #[arg(long)]
    pub json: bool,
}

impl ReportArgs {
    /// The first and the last day.
    #[must_use]
    pub fn days(&self) -> (Option<Date>, Option<Date>) {
        match self.month {
            Some(month) => (Some(month), Some(month.last_of_month())),
            None => (self.from, self.to),
        }
    }
}

fn words<T: Clone + Send + Sync + 'static, const N: usize>(
    words: [&'static str; N],
    read: fn(&str) -> Option<T>,
) -> impl TypedValueParser<Value = T> {
    PossibleValuesParser::new(words)
        .try_map(move |word| read(&word).ok_or_else(|| crate::say!("args-bad-month")))
}

/// The first day of a month.
fn month(text: &str) -> Result<Date, String> {
    let first = (text.len() == "2026-01".len()).then(|| format!("{text}-01").parse::<Date>());
    match first {
        Some(Ok(first)) => Ok(first),
        _ => Err(crate::say!("args-bad-month")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_month_is_whole() {
        let february = month("2028-02");
        assert_eq!(february, Ok(date(2028, 2, 1)));
        assert_eq!(february.map(Date::last_of_month), Ok(date(2028, 2, 29)));
        for bad in ["2026-13", "2026-1", "202601", "2026-01-01", ""] {
            assert!(month(bad).is_err(), "{bad}");
        }
    }
}
