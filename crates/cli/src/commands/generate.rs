//! `hongbao completions` and `hongbao man`, from the one definition of the command line.

use crate::args::{CompletionsArgs, ManArgs};
use crate::exit::{Exit, Failure};
use crate::files;
use crate::lang;
use crate::localise;
use crate::output::Output;
use crate::say;
use clap::Command;
use clap_mangen::Man;
use std::path::Path;

/// Prints the completions of a shell.
///
/// # Errors
/// None: the signature is that of every command.
pub fn completions(args: &CompletionsArgs, out: &mut Output) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    let mut command = localise::command(lang::current());
    clap_complete::generate(args.shell, &mut command, "hongbao", &mut script);
    out.bytes(&script);
    Ok(Exit::Ok)
}

/// Writes a manual page for every command, `hongbao-query.1` and so on.
///
/// # Errors
/// `FILE_NOT_WRITTEN`.
pub fn man(args: &ManArgs, out: &mut Output) -> Result<Exit, Failure> {
    std::fs::create_dir_all(&args.dir).map_err(|error| files::not_written(&args.dir, &error))?;
    let mut command = localise::command(lang::current());
    command.build();
    let count = pages(&command, &args.dir)?;
    out.talk(say!("man-written", count = count, dir = args.dir.display()));
    Ok(Exit::Ok)
}

fn pages(command: &Command, dir: &Path) -> Result<usize, Failure> {
    let mut count = 1;
    for sub in command.get_subcommands() {
        count += pages(sub, dir)?;
    }
    let page = Man::new(command.clone());
    let path = dir.join(page.get_filename());
    let mut text = Vec::new();
    page.render(&mut text).map_err(|error| files::not_written(&path, &error))?;
    let text = localise::page_words(&String::from_utf8_lossy(&text), lang::current());
    files::write(&path, text.as_bytes(), files::PUBLIC)?;
    Ok(count)
}
