//! `hongbao follow`: asks about every number on schedule, until each is final or a person's.

mod board;
mod tally;

use crate::args::FollowArgs;
use crate::commands::serve::Stop;
use crate::exit::{Exit, Failure};
use crate::merchant_side::{Memory, MerchantSide, SideOptions};
use crate::output::Output;
use crate::pages::each_page;
use crate::say;
use crate::share_watch::ShareWatch;
use board::{Board, Outlook};
use hongbao_inquiry::{FollowOptions, Follower};
use hongbao_ledger::{InquiryFilter, LedgerError};
use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

/// After how long without a share of the pace that is said: longer than a start takes.
const SAID_AFTER: Duration = Duration::from_secs(10);

/// Follows what the ledger holds and the numbers given; ends as `--until` says, or by SIGINT or
/// SIGTERM. Whatever ends it, nothing is lost: what is due is in the ledger.
///
/// # Errors
/// [`Failure`] where the profile or the ledger stands in the way.
pub async fn run(args: &FollowArgs, out: &mut Output) -> Result<Exit, Failure> {
    let mut stop = Stop::listen()?;
    let options = SideOptions {
        policy: args.policy.map(Into::into),
        memory: Memory::Ledger,
        resends: !args.no_resend,
    };
    let side = MerchantSide::open(&args.profile, args.at.place(), options, out).await?;
    let followed = follow(args, &side, &mut stop, out).await;
    side.close().await;
    followed
}

async fn follow(
    args: &FollowArgs,
    side: &MerchantSide,
    stop: &mut Stop,
    out: &mut Output,
) -> Result<Exit, Failure> {
    for mch_billno in &args.billnos {
        side.inquirer.follow(mch_billno).await.map_err(|error| side.failure(&error))?;
    }
    let concurrency = usize::from(args.concurrency);
    let options = FollowOptions { concurrency, ..FollowOptions::default() };
    let follower = Follower::new(Arc::clone(&side.inquirer), options);
    let board = RefCell::new(Board::new(side, args.json, out));
    let stopped = async {
        stop.wait().await;
    };
    let followed = tokio::select! {
        followed = follower.run(args.until.into(), stopped, |event| board.borrow_mut().note(&event)) => followed,
        () = board::tick(&board) => Ok(()),
        () = say_once_without_share(side.share(), &board) => Ok(()),
    };
    followed.map_err(|error| side.failure(&error))?;
    let outlook = outlook(side).await.map_err(|error| side.ledger_failure(&error))?;
    Ok(board.into_inner().close(&outlook, &args.profile))
}

/// Says that it waits for its share of the pace, where it has none; never ends.
async fn say_once_without_share(mut share: ShareWatch<'_>, board: &RefCell<Board<'_>>) {
    share.missing(SAID_AFTER).await;
    board.borrow_mut().say(&say!("follow-no-share"));
    std::future::pending().await
}

/// What the ledger still expects of the merchant.
async fn outlook(side: &MerchantSide) -> Result<Outlook, LedgerError> {
    let (ledger, mch_id) = (side.inquirer.ledger(), side.inquirer.account().mch_id.as_str());
    let mut attention = 0;
    let filter = InquiryFilter { attention: Some(true), ..InquiryFilter::default() };
    each_page(&**ledger, mch_id, filter, |page| {
        attention += page.len();
        true
    })
    .await?;
    let (next_due, waiting) = ledger.next_due(mch_id).await?;
    Ok(Outlook { attention, next_due, waiting })
}
