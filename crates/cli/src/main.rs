//! The binary `hongbao`.

mod args;
mod commands;
mod exit;
mod lang;
mod output;

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = args::Cli::parse();
    lang::choose(
        cli.lang.unwrap_or_else(|| lang::Lang::from_locale(sys_locale::get_locale().as_deref())),
    );
    let mut out = output::Output::standard();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime can be made");
    let exit = match runtime.block_on(commands::run(&cli, &mut out)) {
        Ok(exit) => exit,
        Err(failure) => {
            out.failure(&failure);
            failure.exit
        }
    };
    ExitCode::from(exit.code())
}
