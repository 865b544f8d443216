//! `hongbao send`: orders one red packet.

use crate::args::SendArgs;
use crate::exit::{Exit, Failure};
use crate::merchant_side::{Memory, MerchantSide, SideOptions, until_signal};
use crate::outcome::Outcome;
use crate::output::Output;
use crate::say;
use crate::share_watch::{SHARE_WITHIN, no_share};
use hongbao_inquiry::Payment;
use hongbao_inquiry::follow::Event;
use hongbao_ledger::Inquiry;
use hongbao_ledger::record::Order;
use hongbao_wire::MchBillno;
use hongbao_wire::send::Sender;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// The longest that is waited: then the window has closed.
const WAIT_MAX: Duration = Duration::from_secs(31 * 24 * 60 * 60);

/// Pays once, however often it is run for one number or reference, and says what came of it.
///
/// # Errors
/// [`Failure`]: the profile, the client or the ledger stands in the way (exit 9), or the payment
/// is refused (exit 2); nothing was sent then.
pub async fn run(args: &SendArgs, out: &mut Output) -> Result<Exit, Failure> {
    let options =
        SideOptions { policy: args.policy.map(Into::into), memory: Memory::Ledger, resends: true };
    let side = MerchantSide::open(&args.profile, args.at.place(), options, out).await?;
    let open = Mutex::new(None);
    let paid = until_signal(pay(args, &side, &open, out)).await;
    side.close().await;
    if let (Ok(Exit::Interrupted), Some(mch_billno)) = (&paid, &*lock(&open)) {
        out.talk(say!("send-stopped", billno = mch_billno));
    }
    paid
}

fn lock(open: &Mutex<Option<MchBillno>>) -> MutexGuard<'_, Option<MchBillno>> {
    // it holds one value, which a panic cannot leave half changed
    open.lock().unwrap_or_else(PoisonError::into_inner)
}

/// `open` is the number that is noted and of which nothing was said yet.
async fn pay(
    args: &SendArgs,
    side: &MerchantSide,
    open: &Mutex<Option<MchBillno>>,
    out: &mut Output,
) -> Result<Exit, Failure> {
    let started = Instant::now();
    let payment = payment(args, side);
    let mut noted = |mch_billno: &MchBillno| {
        *lock(open) = Some(mch_billno.clone());
        // before the first byte is sent: whatever happens then, the number is not lost
        if args.billno.is_none() {
            Output::standard().talk(say!("send-billno", billno = mch_billno));
        }
    };
    let sent = side.inquirer.send_noted(&payment, SHARE_WITHIN, &mut noted).await;
    let sent = sent.map_err(|error| side.failure(&error))?;
    let outcome = Outcome::of_send(&sent, side.inquirer.account());
    outcome.print(args.json, out);
    lock(open).take();
    let mut exit = outcome.exit();
    let end = args.wait.map(|wait| started + wait.min(WAIT_MAX));
    if let Some(end) = end
        && let Some(last) = follow(side, sent.inquiry.clone(), end).await?
    {
        exit = print(side, &last, args.json, out)?;
    }
    Ok(exit)
}

/// Follows one number until nothing is due of it, or until `end`; returns what came last.
async fn follow(
    side: &MerchantSide,
    mut inquiry: Inquiry,
    end: Instant,
) -> Result<Option<Event>, Failure> {
    let mut last = None;
    while let Some(due_at) = inquiry.due_at {
        let nap = due_at.duration_since(side.inquirer.now());
        let due = Instant::now() + Duration::try_from(nap).unwrap_or_default().min(WAIT_MAX);
        if due > end {
            break;
        }
        sleep_until(due).await;
        let mut share = side.share();
        let event = tokio::select! {
            biased;
            event = side.inquirer.step(inquiry) => event,
            // what was noted stays due
            () = share.missing(SHARE_WITHIN) => return Err(no_share()),
        };
        inquiry = match &event {
            Event::Asked(asked) => asked.inquiry.clone(),
            Event::Resent(sent) => sent.inquiry.clone(),
            Event::Failed { error, .. } => return Err(side.failure(error)),
        };
        last = Some(event);
    }
    Ok(last)
}

fn print(
    side: &MerchantSide,
    event: &Event,
    json: bool,
    out: &mut Output,
) -> Result<Exit, Failure> {
    let account = side.inquirer.account();
    match event {
        Event::Asked(asked) => {
            let outcome = Outcome::of_query(asked, account);
            outcome.print(json, out);
            Ok(outcome.exit())
        }
        Event::Resent(sent) => {
            let outcome = Outcome::of_send(sent, account);
            outcome.print(json, out);
            Ok(outcome.exit())
        }
        Event::Failed { error, .. } => Err(side.failure(error)),
    }
}

fn payment(args: &SendArgs, side: &MerchantSide) -> Payment {
    let sender = match (&args.sender_name, args.agentid) {
        (Some(name), _) => Sender::Name(name.as_str().into()),
        (None, Some(agentid)) => Sender::Agent(agentid),
        (None, None) => Sender::Company,
    };
    let order = Order {
        wxappid: side.inquirer.account().appid.clone(),
        sender,
        sender_header_media_id: args.sender_header_media_id.as_deref().map(Into::into),
        re_openid: args.to.as_str().into(),
        total_amount: args.amount,
        wishing: args.wishing.as_str().into(),
        act_name: args.act_name.as_str().into(),
        remark: args.remark.as_str().into(),
        scene: args.scene,
    };
    Payment {
        order,
        mch_billno: args.billno.as_deref().map(Into::into),
        business_ref: args.business_ref.as_deref().map(Into::into),
    }
}
