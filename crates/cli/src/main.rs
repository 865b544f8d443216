//! The binary `hongbao`: chooses the language, reads the command line, runs one
//! command, and turns what came of it into an exit code.

mod admin;
mod args;
mod cell;
mod commands;
mod config;
mod culprit;
mod exit;
mod files;
mod lang;
mod ledger_place;
mod localise;
mod merchant_folder;
mod merchant_side;
mod migration;
mod outcome;
mod output;
mod packet_field;
mod pages;
mod profile;
mod progress;
mod record;
mod remembered;
mod retention;
mod run_file;
mod share_watch;
mod signature;
mod sorted;
mod upstream;
mod usage;
mod verdict_text;
mod vocabulary;
mod workdir;

use args::Cli;
use clap::FromArgMatches;
use exit::{Exit, Failure};
use lang::Lang;
use output::Output;
use std::ffi::OsString;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

fn main() -> ExitCode {
    let args: Vec<OsString> = std::env::args_os().collect();
    lang::choose(asked_lang(&args));
    report_panics();
    let exit = catch_unwind(AssertUnwindSafe(|| run(&args))).unwrap_or(Exit::Bug);
    ExitCode::from(exit.code())
}

fn run(args: &[OsString]) -> Exit {
    let mut out = Output::standard();
    let exit = match parse(args) {
        Err(error) => usage::report(&error, lang::current(), &mut out),
        Ok(cli) => execute(&cli, &mut out).unwrap_or_else(|failure| {
            out.failure(&failure);
            failure.exit
        }),
    };
    match out.finish() {
        Ok(()) => exit,
        Err(error) => {
            let failure = Failure::config("OUTPUT_LOST", say!("main-output-lost", error = error))
                .hint(say!("main-output-lost-hint"));
            Output::standard().failure(&failure);
            failure.exit
        }
    }
}

fn parse(args: &[OsString]) -> Result<Cli, clap::Error> {
    let matches = localise::command(lang::current()).try_get_matches_from(args)?;
    Cli::from_arg_matches(&matches)
}

fn execute(cli: &Cli, out: &mut Output) -> Result<Exit, Failure> {
    let runtime = tokio::runtime::Runtime::new().map_err(|error| {
        Failure::config("NO_RUNTIME", say!("main-no-runtime", error = error))
            .hint(say!("main-no-runtime-hint"))
    })?;
    runtime.block_on(commands::run(cli, out))
}

/// The language, before the command line is read: its errors and help speak it already.
fn asked_lang(args: &[OsString]) -> Lang {
    let mut words = args.iter().skip(1).map(|word| word.to_string_lossy());
    while let Some(word) = words.next() {
        let asked = match word.strip_prefix("--lang") {
            Some("") => words.next(),
            Some(rest) => rest.strip_prefix('=').map(|lang| lang.to_owned().into()),
            None if word == "--" => break,
            None => None,
        };
        if let Some(lang) = asked {
            return Lang::from_locale(Some(&lang));
        }
    }
    Lang::from_locale(sys_locale::get_locale().as_deref())
}

/// The thread of `hongbao-sheet` that reads a file, whose panics come back as `SHEET_DAMAGED`:
/// the readers of formats may panic on a damaged file.
const SHEET_THREAD: &str = "sheet";

/// A panic is a bug of ours: says so, where it was, and asks for a report.
fn report_panics() {
    std::panic::set_hook(Box::new(|panic| {
        if std::thread::current().name() == Some(SHEET_THREAD) {
            return;
        }
        let payload = panic.payload();
        let what = payload.downcast_ref::<&str>().copied();
        let what = what.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        let what = what.unwrap_or("?");
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let version = env!("CARGO_PKG_VERSION");
        let message = say!("main-bug", what = what, place = place, version = version);
        let failure =
            Failure { code: "BUG", message, hint: Some(say!("main-bug-hint")), exit: Exit::Bug };
        Output::standard().failure(&failure);
    }));
}
