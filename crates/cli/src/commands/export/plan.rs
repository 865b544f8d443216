//! What is to be written: columns, format, options.

use super::cells::{self, Packet};
use crate::args::{BookArg, ExportArgs, HeadersArg};
use crate::commands::reconcile::fault;
use crate::exit::Failure;
use crate::ledger_place::LedgerPlace;
use crate::packet_field::{Field, Unit};
use crate::say;
use hongbao_sheet::{Column, Format, View, WriteOptions};
use serde_json::{Value, json};

/// A column of the file.
#[derive(Clone, Copy, Debug)]
pub struct Chosen {
    field: Field,
    unit: Unit,
    /// Whether ids of digits get a `` ` `` before them, which keeps them text.
    marks_digits: bool,
    /// Whether what begins with such a mark itself gets another.
    marks_marks: bool,
}

impl Chosen {
    /// What it says of a packet.
    pub fn cell<'p>(&self, packet: &'p Packet) -> View<'p> {
        match cells::cell(self.field, packet) {
            View::Text(text)
                if (self.marks_digits && is_of_digits(&text))
                    || (self.marks_marks && text.starts_with('`')) =>
            {
                View::Text(format!("`{text}").into())
            }
            cell => cell,
        }
    }
}

fn is_of_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// What is to be written.
#[derive(Debug)]
pub struct Plan {
    /// The columns, in their order.
    pub columns: Vec<Chosen>,
    /// The same, as they stand in the file.
    pub heads: Vec<Column>,
    /// The format.
    pub format: Format,
    /// How it is written.
    pub options: WriteOptions,
    /// All that decides what is written, so that an interrupted export is not gone on with as
    /// another.
    pub request: Value,
}

impl Plan {
    /// What the arguments ask for.
    ///
    /// # Errors
    /// `COLUMN_UNKNOWN`, `EXPORT_FILTER`; `SHEET_FORMAT_UNKNOWN`.
    pub fn of(args: &ExportArgs) -> Result<Self, Failure> {
        refuse_filters(args)?;
        let format = match (args.format, &args.out) {
            (Some(format), _) => format,
            (None, None) => Format::Csv,
            (None, Some(path)) => Format::of_path(path).map_err(|error| {
                let failure = fault::of_table(&path.display().to_string(), &error);
                failure.hint(say!("export-format-hint"))
            })?,
        };
        let is_delimited = matches!(format, Format::Csv | Format::Tsv);
        let excel = args.excel && is_delimited;
        let unit = if args.yuan { Unit::Yuan } else { Unit::Fen };
        let fields = match args.columns.is_empty() {
            true => Field::all()
                .filter(|field| cells::has(args.book, *field))
                .map(|f| (f, unit))
                .collect(),
            false => args
                .columns
                .iter()
                .map(|name| chosen(args, name, unit))
                .collect::<Result<Vec<_>, _>>()?,
        };
        let columns: Vec<Chosen> = fields
            .into_iter()
            .map(|(field, unit)| Chosen {
                field,
                unit,
                marks_digits: excel && field.is_id(),
                marks_marks: is_delimited && !args.as_is,
            })
            .collect();
        let heads = columns.iter().map(|column| head(column, args.headers)).collect();
        let options =
            WriteOptions { byte_order_mark: excel, guard_formulas: is_delimited && !args.as_is };
        Ok(Self { heads, request: request(args, format, &columns), columns, format, options })
    }
}

impl Plan {
    /// The ledger that it is read from, whatever named that.
    pub fn reads(&mut self, place: &LedgerPlace) {
        self.request["ledger"] = json!(place.named_once());
    }
}

/// The field of a name, which may say in which unit.
fn chosen(args: &ExportArgs, name: &str, unit: Unit) -> Result<(Field, Unit), Failure> {
    let name = name.trim();
    let own = |unit: Unit| {
        let mut fields = Field::all().filter(|field| cells::has(args.book, *field));
        fields.find(|field| field.english(unit) == name)
    };
    let bare = || {
        let mut fields = Field::all().filter(|field| cells::has(args.book, *field));
        fields.find(|field| field.names()[0] == name)
    };
    let found = own(Unit::Fen)
        .filter(|field| field.is_amount())
        .map(|field| (field, Unit::Fen))
        .or_else(|| own(Unit::Yuan).filter(|f| f.is_amount()).map(|f| (f, Unit::Yuan)))
        .or_else(|| bare().map(|field| (field, unit)));
    found.ok_or_else(|| {
        let fields = Field::all().filter(|field| cells::has(args.book, *field));
        let known: Vec<String> = fields.map(|field| field.english(unit)).collect();
        let message = say!("export-no-column", column = name);
        Failure::usage("COLUMN_UNKNOWN", message)
            .hint(say!("export-no-column-hint", columns = known.join(", ")))
    })
}

/// The payer's own records have no verdict, reference or attention.
fn refuse_filters(args: &ExportArgs) -> Result<(), Failure> {
    let filter = &args.filter;
    let refused = [
        ("--verdict", filter.verdict.is_some()),
        ("--ref", filter.business_ref.is_some()),
        ("--attention", filter.attention),
    ];
    let refused = refused.into_iter().find(|(_, is_given)| *is_given);
    match refused {
        Some((flag, _)) if args.book == BookArg::Records => {
            Err(Failure::usage("EXPORT_FILTER", say!("export-filter", flag = flag))
                .hint(say!("export-filter-hint")))
        }
        _ if args.book == BookArg::Records && args.whose.dir.is_none() => {
            Err(Failure::usage("EXPORT_FILTER", say!("export-needs-dir"))
                .hint(say!("export-needs-dir-hint")))
        }
        _ => Ok(()),
    }
}

fn head(column: &Chosen, headers: HeadersArg) -> Column {
    let name = match headers {
        HeadersArg::En => column.field.english(column.unit),
        HeadersArg::Zh => column.field.chinese(column.unit),
    };
    match (column.field.is_amount(), column.unit) {
        (true, Unit::Fen) => Column::int(&name),
        (true, Unit::Yuan) => Column::hundredths(&name),
        _ if matches!(column.field, Field::Sends | Field::Asks) => Column::int(&name),
        _ => Column::text(&name),
    }
}

fn request(args: &ExportArgs, format: Format, columns: &[Chosen]) -> Value {
    let (whose, filter) = (&args.whose, &args.filter);
    let columns: Vec<String> = columns.iter().map(|it| it.field.english(it.unit)).collect();
    let at = |at: Option<jiff::Timestamp>| at.map(|at| at.as_nanosecond().to_string());
    json!({
        "profile": whose.profile,
        "dir": whose.dir,
        "merchant": whose.merchant,
        "book": hongbao_ledger::Book::from(args.book).as_str(),
        "status": filter.status,
        "verdict": filter.verdict,
        "activity": filter.activity,
        "openid": filter.openid,
        "ref": filter.business_ref,
        "attention": filter.attention,
        "from": at(filter.from),
        "to": at(filter.to),
        "limit": filter.limit,
        "policy": args.policy.map(|policy| format!("{policy:?}")),
        "format": format.word(),
        "columns": columns,
        "headers": format!("{:?}", args.headers),
        "excel": args.excel,
        "as_is": args.as_is,
    })
}
