//! One file a command; here, which is run.

pub mod attention;
pub mod demo;
pub mod doctor;
pub mod explain;
pub mod export;
pub mod follow;
pub mod fund_flow;
pub mod generate;
pub mod history;
pub mod import;
pub mod ledger;
pub mod merchant;
pub mod query;
pub mod reconcile;
pub mod records;
pub mod report;
pub mod sandbox;
pub mod send;
pub mod serve;
pub mod sign;

use crate::args::{Cli, Command};
use crate::exit::{Exit, Failure};
use crate::output::Output;

/// Runs the command that was asked for.
///
/// # Errors
/// The command's own [`Failure`].
pub async fn run(cli: &Cli, out: &mut Output) -> Result<Exit, Failure> {
    match &cli.command {
        Command::Query(args) => query::run(args, out).await,
        Command::Send(args) => send::run(args, out).await,
        Command::Follow(args) => follow::run(args, out).await,
        Command::Records(args) => records::run(args, out).await,
        Command::History(args) => history::run(args, out).await,
        Command::Attention(args) => attention::run(args, out).await,
        Command::Reconcile(args) => reconcile::run(args, out).await,
        Command::Export(args) => export::run(args, out).await,
        Command::Import(args) => import::run(args, out).await,
        Command::FundFlow(args) => fund_flow::run(args, out).await,
        Command::Report(args) => report::run(args, out).await,
        Command::Sign(args) => sign::run(args, out),
        Command::Doctor(args) => doctor::run(args, out).await,
        Command::Explain(args) => explain::run(args, out),
        Command::Completions(args) => generate::completions(args, out),
        Command::Man(args) => generate::man(args, out),
        Command::Serve(args) => serve::run(args, out).await,
        Command::Merchant(args) => merchant::run(args, out).await,
        Command::Ledger(args) => ledger::run(args, out).await,
        Command::Sandbox(args) => sandbox::run(args, out).await,
        Command::Demo(args) => demo::run(args, out).await,
    }
}
