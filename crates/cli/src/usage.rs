//! A command line that cannot be understood, said in the user's language.

use crate::exit::{Exit, Failure};
use crate::lang::Lang;
use crate::localise;
use crate::output::Output;
use crate::say;
use clap::Error;
use clap::error::{ContextKind, ContextValue, ErrorKind};

/// Writes what clap found: help and version as data, everything else as a failure.
pub fn report(error: &Error, lang: Lang, out: &mut Output) -> Exit {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            out.data(rendered(error, lang).trim_end());
            Exit::Ok
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            out.talk(rendered(error, lang).trim_end());
            Exit::Usage
        }
        _ => {
            out.failure(&failure(error));
            Exit::Usage
        }
    }
}

fn rendered(error: &Error, lang: Lang) -> String {
    localise::fixed_words(&error.render().ansi().to_string(), lang)
}

fn failure(error: &Error) -> Failure {
    let get = |kind| error.get(kind).map(words).unwrap_or_default();
    let argument = get(ContextKind::InvalidArg);
    let value = get(ContextKind::InvalidValue);
    let bad = if value.is_empty() { "``" } else { value.as_str() };
    let message = match error.kind() {
        ErrorKind::UnknownArgument => say!("usage-unknown-argument", argument = argument),
        ErrorKind::InvalidSubcommand => {
            say!("usage-unknown-command", command = get(ContextKind::InvalidSubcommand))
        }
        ErrorKind::MissingRequiredArgument => {
            say!("usage-missing-argument", argument = argument)
        }
        ErrorKind::ArgumentConflict => {
            let other = get(ContextKind::PriorArg);
            say!("usage-conflict", argument = argument, other = other)
        }
        ErrorKind::InvalidValue if value.is_empty() => {
            say!("usage-missing-value", argument = argument)
        }
        ErrorKind::InvalidValue => {
            let valid = get(ContextKind::ValidValue);
            say!("usage-invalid-value", argument = argument, value = value, valid = valid)
        }
        ErrorKind::ValueValidation => {
            let why = std::error::Error::source(error).map(ToString::to_string);
            let why = why.unwrap_or_default();
            say!("usage-bad-value", argument = argument, value = bad, why = why)
        }
        ErrorKind::InvalidUtf8 => say!("usage-not-utf8"),
        _ => say!("usage-other"),
    };
    Failure::usage("USAGE", message).hint(hint(error))
}

/// What clap thinks was meant, else where the help is.
fn hint(error: &Error) -> String {
    let kinds =
        [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand, ContextKind::SuggestedValue];
    let suggestion = kinds.into_iter().find_map(|kind| error.get(kind)).map(words);
    match suggestion {
        Some(meant) => say!("usage-hint-meant", meant = meant),
        None => say!("usage-hint-help"),
    }
}

/// The values of a context, each in backticks.
fn words(value: &ContextValue) -> String {
    let words = match value {
        ContextValue::Strings(words) => words.clone(),
        other => vec![other.to_string()],
    };
    let quoted: Vec<String> =
        words.iter().filter(|word| !word.is_empty()).map(|word| format!("`{word}`")).collect();
    quoted.join(", ")
}
