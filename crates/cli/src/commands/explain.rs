//! `hongbao explain`: every word that people and scripts meet, in both languages.

use crate::args::ExplainArgs;
use crate::exit::{Exit, Failure};
use crate::lang;
use crate::output::{Output, printable};
use crate::say;
use crate::vocabulary::{self, Kind, Word};
use owo_colors::OwoColorize;
use serde_json::json;

/// Explains one word, or lists all.
///
/// # Errors
/// `UNKNOWN_CODE`, exit 2: a word that nobody knows never permits a new bill number.
pub fn run(args: &ExplainArgs, out: &mut Output) -> Result<Exit, Failure> {
    let words = match &args.code {
        None => vocabulary::all(),
        Some(asked) => vocabulary::find(asked),
    };
    if let (true, Some(asked)) = (words.is_empty(), &args.code) {
        let message = say!("explain-unknown", code = asked);
        return Err(Failure::usage("UNKNOWN_CODE", message).hint(say!("explain-unknown-hint")));
    }
    let mut kind = None;
    for word in &words {
        if args.json {
            out.json(&to_json(word));
        } else if args.code.is_some() {
            explain(word, out);
        } else {
            list(word, &mut kind, out);
        }
    }
    Ok(Exit::Ok)
}

fn explain(word: &Word, out: &mut Output) {
    let lang = lang::current();
    let kind = kind_words(word.kind);
    out.data(format_args!("{}  ({kind})", printable(&word.word).bold()));
    out.data(format_args!("  {}", word.meaning(lang).unwrap_or_default()));
    if let Some(what) = word.what_to_do(lang) {
        out.data(format_args!("  {what}"));
    }
    let number = match word.kind {
        _ if word.permits_new_billno() => Some(say!("explain-permits")),
        Kind::Status
        | Kind::ErrorCode
        | Kind::Verdict
        | Kind::NextStep
        | Kind::Attention
        | Kind::Difference
        | Kind::RowProblem
        | Kind::Exit => Some(say!("explain-stays")),
        Kind::Failure | Kind::Fault | Kind::Mistake | Kind::Finding | Kind::LedgerFault => None,
    };
    if let Some(number) = number {
        out.data(format_args!("  {number}"));
    }
}

fn list(word: &Word, kind: &mut Option<Kind>, out: &mut Output) {
    if *kind != Some(word.kind) {
        if kind.is_some() {
            out.data("");
        }
        *kind = Some(word.kind);
        out.data(kind_words(word.kind).bold());
    }
    let meaning = word.meaning(lang::current()).unwrap_or_default();
    out.data(format_args!("  {:<30} {meaning}", word.word));
}

fn kind_words(kind: Kind) -> String {
    match kind {
        Kind::Status => say!("explain-kind-status"),
        Kind::ErrorCode => say!("explain-kind-err-code"),
        Kind::Verdict => say!("explain-kind-verdict"),
        Kind::NextStep => say!("explain-kind-next-step"),
        Kind::Attention => say!("explain-kind-attention"),
        Kind::Difference => say!("explain-kind-difference"),
        Kind::RowProblem => say!("explain-kind-row-problem"),
        Kind::Exit => say!("explain-kind-exit"),
        Kind::Failure => say!("explain-kind-failure"),
        Kind::Fault => say!("explain-kind-fault"),
        Kind::Mistake => say!("explain-kind-mistake"),
        Kind::Finding => say!("explain-kind-finding"),
        Kind::LedgerFault => say!("explain-kind-ledger-fault"),
    }
}

fn to_json(word: &Word) -> serde_json::Value {
    let lang = lang::current();
    json!({
        "kind": word.kind.as_str(),
        "code": word.word,
        "meaning": word.meaning(lang),
        "what_to_do": word.what_to_do(lang),
        "new_billno_permitted": word.permits_new_billno(),
    })
}
