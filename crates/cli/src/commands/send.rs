//! `hongbao send`: orders one red packet.

use crate::args::SendArgs;
use crate::commands::ask::{Asker, random_digits};
use crate::exit::{Exit, Failure};
use crate::outcome::Outcome;
use crate::output::Output;
use crate::say;
use hongbao_client::Call;
use hongbao_issuer::{Clock, SystemClock};
use hongbao_wire::send::Sender;
use hongbao_wire::verdict::judge_send;
use hongbao_wire::{SendRequest, time};
use jiff::Timestamp;

/// The most characters of a bill number (`protocol.md` §1.1).
const BILLNO_CHARS_MAX: usize = 28;
/// The random digits that end a made bill number, where there is room for them.
const BILLNO_DIGITS: usize = 10;
/// The fewest random digits that keep two sends of a day apart.
const BILLNO_DIGITS_MIN: usize = 8;

/// Sends, and says what came of it. Where that is unknown the same bytes go out again, a few
/// times within half a minute; later it is the caller who decides, with the same number.
///
/// # Errors
/// [`Failure`] where the profile or the client stands in the way; nothing was sent then.
pub async fn run(args: &SendArgs, out: &mut Output) -> Result<Exit, Failure> {
    let asker = Asker::new(&args.profile)?;
    let (key, secret) = (asker.api_key(), asker.workwx_secret()?);
    let mch_billno = match &args.billno {
        Some(given) => given.clone(),
        None => {
            let made = make_billno(asker.mch_id(), SystemClock.now())?;
            // before the first byte is sent: whatever happens then, the number is not lost
            out.talk(say!("send-billno", billno = made));
            made
        }
    };
    let request = request(args, &asker, &mch_billno);
    let seen = asker.client.send(&request, key, secret, args.policy.into()).await;
    let verdict = judge_send(&seen.observation);
    let outcome =
        Outcome { mch_billno: &mch_billno, call: Call::Send, seen: &seen, verdict: &verdict };
    if args.json {
        out.json(&outcome.to_json());
    } else {
        outcome.write(out);
    }
    Ok(outcome.exit())
}

fn request(args: &SendArgs, asker: &Asker, mch_billno: &str) -> SendRequest {
    let sender = match (&args.sender_name, args.agentid) {
        (Some(name), _) => Sender::Name(name.as_str().into()),
        (None, Some(agentid)) => Sender::Agent(agentid),
        (None, None) => Sender::Company,
    };
    SendRequest {
        nonce_str: asker.nonce_str().into(),
        mch_billno: mch_billno.into(),
        mch_id: asker.mch_id().into(),
        wxappid: asker.appid().into(),
        sender,
        sender_header_media_id: args.sender_header_media_id.as_deref().map(Into::into),
        re_openid: args.to.as_str().into(),
        total_amount: args.amount,
        wishing: args.wishing.as_str().into(),
        act_name: args.act_name.as_str().into(),
        remark: args.remark.as_str().into(),
        scene: args.scene,
    }
}

/// `mch_id` + `yyyymmdd` at +08:00 + 10 random digits (`protocol.md` §1.1); fewer digits,
/// but at least 8, where the merchant's number is long.
fn make_billno(mch_id: &str, now: Timestamp) -> Result<String, Failure> {
    let day: String = time::format(now)[..10].replace('-', "");
    let room = BILLNO_CHARS_MAX.saturating_sub(mch_id.len() + day.len());
    if room < BILLNO_DIGITS_MIN || !mch_id.bytes().all(|b| b.is_ascii_alphanumeric()) {
        let message = say!("send-billno-needed", mch_id = mch_id);
        return Err(Failure::usage("BILLNO_NEEDED", message).hint(say!("send-billno-needed-hint")));
    }
    Ok(format!("{mch_id}{day}{}", random_digits(room.min(BILLNO_DIGITS))))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_made_number_is_merchant_day_in_beijing_and_digits() {
        let new_year: Timestamp = "2026-12-31T16:00:00Z".parse().unwrap();
        for (mch_id, length) in [("10000098", 26), ("1234567890", 28), ("123456789012", 28)] {
            let made = make_billno(mch_id, new_year).unwrap();
            assert!(made.starts_with(&format!("{mch_id}20270101")), "{made}");
            assert_eq!(made.len(), length);
            assert!(made.bytes().all(|b| b.is_ascii_digit()));
        }
        assert_eq!(make_billno("1234567890123", new_year).unwrap_err().code, "BILLNO_NEEDED");
    }
}
