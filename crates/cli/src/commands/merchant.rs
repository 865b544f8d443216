//! `hongbao merchant`: works on the folder of a server, which takes note within a second
//! where it runs.

mod change;

use crate::args::{
    MerchantAddArgs, MerchantArgs, MerchantCommand, MerchantRevokeArgs, MerchantSetArgs,
};
use crate::exit::{Exit, Failure};
use crate::ledger_place::{LedgerPlace, OpenLedger};
use crate::merchant_folder::{MerchantFolder, NewMerchant, Secrets};
use crate::output::Output;
use crate::profile::ProfileFile;
use crate::say;
use crate::workdir::{FIRST_MCH_ID, WorkDir, authority_failure};
use hongbao_client::Identity;
use hongbao_issuer::{Clock, SystemClock};
use hongbao_ledger::{LedgerError, Merchant, Store};
use hongbao_wire::Fen;
use jiff::Timestamp;
use jiff::tz::Offset;
use serde_json::{Value, json};
use std::sync::Arc;

/// How often a change begins anew where another process was first. Each time one of them
/// succeeds, so it is more than any number of people and scripts at once.
const TRIES_MAX: u32 = 64;

/// Runs it.
///
/// # Errors
/// The folder or its ledger cannot be used, the merchant is there already or is not: exit 9.
/// Nothing to set, or limits that exclude each other: exit 2.
pub async fn run(args: &MerchantArgs, out: &mut Output) -> Result<Exit, Failure> {
    if let MerchantCommand::Set(MerchantSetArgs { changes, .. }) = &args.command
        && changes.is_empty()
    {
        let failure = Failure::usage("USAGE", say!("merchant-set-nothing"));
        return Err(failure.hint(say!("usage-hint-help")));
    }
    let dir = WorkDir::open(&args.dir)?;
    let OpenLedger { store, place, .. } = dir.ledger_at(args.ledger.as_deref())?.open().await?;
    let desk = Desk { ledger: store, place, dir };
    match &args.command {
        MerchantCommand::Add(args) => desk.add(args, out).await?,
        MerchantCommand::List(args) => {
            for merchant in desk.ledger.merchants().await.map_err(|e| desk.failed(&e))? {
                print(out, args.json, &merchant, &line(&merchant));
            }
        }
        MerchantCommand::Show(args) => {
            let merchant = desk.merchant(&args.mch_id).await?;
            print(out, args.json, &merchant, &page(&merchant));
        }
        MerchantCommand::Set(args) => desk.set(args, out).await?,
        MerchantCommand::Revoke(args) => desk.revoke(args, out).await?,
    }
    Ok(Exit::Ok)
}

struct Desk {
    dir: WorkDir,
    ledger: Arc<dyn Store>,
    place: LedgerPlace,
}

impl Desk {
    async fn add(&self, args: &MerchantAddArgs, out: &mut Output) -> Result<(), Failure> {
        let there = self.ledger.merchant(&args.mch_id).await.map_err(|e| self.failed(&e))?;
        if there.is_some() {
            return Err(self.failed(&LedgerError::MerchantExists(args.mch_id.clone())));
        }
        let new = NewMerchant {
            mch_id: &args.mch_id,
            appids: &args.appid,
            company: args.company.as_deref().unwrap_or(&args.mch_id),
            balance: args.balance.unwrap_or(Fen::ZERO),
            base_url: &self.base_url()?,
            secrets: Secrets::random(),
        };
        let folder = self.dir.merchant(&args.mch_id);
        let merchant = folder.make(&self.dir.authority()?, &new, SystemClock.now())?;
        self.ledger.add_merchant(merchant.clone()).await.map_err(|error| self.failed(&error))?;
        if args.json {
            let mut object = object(&merchant);
            object["folder"] = folder.path().display().to_string().into();
            object["profile"] = folder.profile_path().display().to_string().into();
            out.json(&object);
            return Ok(());
        }
        out.data(folder.path().display());
        out.talk(say!("merchant-added", mch_id = args.mch_id));
        out.hint(say!("merchant-added-hint", profile = folder.profile_path().display()));
        Ok(())
    }

    async fn set(&self, args: &MerchantSetArgs, out: &mut Output) -> Result<(), Failure> {
        let (mch_id, changes) = (args.mch_id.as_str(), &args.changes);
        let put = |merchant: &mut Merchant| {
            let balance = changes.top_up.map(|amount| merchant.balance.checked_add(amount));
            if balance == Some(None) {
                return Err(self.failed(&LedgerError::Overflow));
            }
            change::apply(changes, merchant)
        };
        self.update(mch_id, put).await?;
        // last, as it alone is not the same when done twice
        if let Some(amount) = changes.top_up {
            self.ledger.top_up(mch_id, amount).await.map_err(|error| self.failed(&error))?;
        }
        let merchant = self.merchant(mch_id).await?;
        print(out, args.json, &merchant, &page(&merchant));
        if !args.json {
            out.talk(say!("merchant-set", mch_id = mch_id));
        }
        Ok(())
    }

    /// Changes a merchant: what another process wrote meanwhile is read again and stays.
    async fn update<F>(&self, mch_id: &str, change: F) -> Result<(), Failure>
    where
        F: Fn(&mut Merchant) -> Result<(), Failure>,
    {
        for _ in 0..TRIES_MAX {
            let mut merchant = self.merchant(mch_id).await?;
            change(&mut merchant)?;
            match self.ledger.update_merchant(merchant).await {
                Err(LedgerError::Conflict) => {}
                written => return written.map_err(|error| self.failed(&error)),
            }
        }
        Err(self.failed(&LedgerError::Conflict))
    }

    async fn revoke(&self, args: &MerchantRevokeArgs, out: &mut Output) -> Result<(), Failure> {
        self.merchant(&args.mch_id).await?;
        let folder = self.dir.merchant(&args.mch_id);
        let serial: Box<str> = match &args.serial {
            Some(serial) => serial.as_str().into(),
            None => serial_in(&folder)?,
        };
        let revoke = |merchant: &mut Merchant| {
            if !merchant.revoked_serials.contains(&serial) {
                merchant.revoked_serials.push(serial.clone());
            }
            Ok(())
        };
        self.update(&args.mch_id, revoke).await?;
        if args.reissue {
            self.reissue(&args.mch_id, &folder).await?;
        }
        if args.json {
            let new = if args.reissue { Some(serial_in(&folder)?) } else { None };
            let mch_id = args.mch_id.as_str();
            out.json(&json!({ "mch_id": mch_id, "revoked": serial, "reissued": new }));
            return Ok(());
        }
        out.data(&serial);
        out.talk(say!("merchant-revoked", mch_id = args.mch_id, serial = serial));
        if args.reissue {
            let folder = folder.path().display();
            out.talk(say!("merchant-reissued", mch_id = args.mch_id, folder = folder));
        }
        Ok(())
    }

    async fn reissue(&self, mch_id: &str, folder: &MerchantFolder) -> Result<(), Failure> {
        let company = self.merchant(mch_id).await?.name;
        let authority = self.dir.authority()?;
        let issued = authority.issue_merchant(mch_id, &company, SystemClock.now());
        let issued = issued.map_err(|error| authority_failure(&error))?;
        folder.replace_certificate(&issued, mch_id)
    }

    async fn merchant(&self, mch_id: &str) -> Result<Merchant, Failure> {
        let merchant = self.ledger.merchant(mch_id).await.map_err(|error| self.failed(&error))?;
        merchant.ok_or_else(|| {
            Failure::config("NO_MERCHANT", say!("merchant-none", mch_id = mch_id))
                .hint(say!("merchant-none-hint"))
        })
    }

    /// Where profiles of this folder ask: as `serve` wrote it last.
    fn base_url(&self) -> Result<String, Failure> {
        let first = self.dir.merchant(FIRST_MCH_ID).profile_path();
        match ProfileFile::load(&first) {
            Ok(profile) => Ok(profile.base_url),
            Err(_) => Ok(format!("https://{}", self.dir.config()?.listen)),
        }
    }

    fn failed(&self, error: &LedgerError) -> Failure {
        self.place.failure(error)
    }
}

/// The serial number of the certificate in a merchant's folder.
fn serial_in(folder: &MerchantFolder) -> Result<Box<str>, Failure> {
    let serial = Identity::serial_of(&folder.certificate()?).map_err(|error| {
        let file = folder.path().join("apiclient_cert.pem");
        let message = say!("identity-unusable", file = file.display(), why = error);
        Failure::config(error.code(), message).hint(say!("dir-damaged-hint"))
    })?;
    Ok(serial.into())
}

fn print(out: &mut Output, json: bool, merchant: &Merchant, shown: &str) {
    if json { out.json(&object(merchant)) } else { out.data(shown) }
}

fn line(merchant: &Merchant) -> String {
    let yuan = merchant.balance.to_yuan();
    let revoked = merchant.revoked_serials.len();
    let name = &merchant.name;
    say!("merchant-line", mch_id = merchant.mch_id, name = name, yuan = yuan, revoked = revoked)
}

fn page(merchant: &Merchant) -> String {
    let limits = &merchant.limits;
    let list = |texts: &[String]| match texts.join(", ") {
        none if none.is_empty() => say!("merchant-nothing"),
        texts => texts,
    };
    let texts =
        |texts: &[Box<str>]| list(&texts.iter().map(ToString::to_string).collect::<Vec<_>>());
    let appids: Vec<String> = merchant.appids.iter().map(ToString::to_string).collect();
    let rows = [
        ("mch_id", merchant.mch_id.to_string()),
        ("name", merchant.name.to_string()),
        ("appids", list(&appids)),
        ("key_version", merchant.key_version.to_string()),
        ("balance", merchant.balance.to_yuan()),
        ("product_enabled", merchant.product_enabled.to_string()),
        ("api_send_enabled", merchant.api_send_enabled.to_string()),
        ("address_whitelist", texts(&merchant.address_whitelist)),
        ("revoked_serials", texts(&merchant.revoked_serials)),
        ("packet_min", limits.packet_min.to_yuan()),
        ("packet_max", limits.packet_max.to_yuan()),
        ("packet_max_with_scene", limits.packet_max_with_scene.to_yuan()),
        ("user_packets_per_day", limits.user_packets_per_day.to_string()),
        ("user_amount_per_day", limits.user_amount_per_day.to_yuan()),
        ("merchant_amount_per_day", limits.merchant_amount_per_day.to_yuan()),
        ("queries_per_second", limits.queries_per_second.to_string()),
        ("sends_per_minute", limits.sends_per_minute.to_string()),
        ("added_at", rfc3339(merchant.added_at)),
    ];
    let lines = rows.map(|(name, value)| format!("{name:<25}{value}"));
    lines.join("\n")
}

/// As in every other answer: at +08:00.
fn rfc3339(at: Timestamp) -> String {
    at.display_with_offset(Offset::constant(8)).to_string()
}

/// What may be shown of a merchant: everything but its secrets. Amounts are fen.
fn object(merchant: &Merchant) -> Value {
    let limits = &merchant.limits;
    json!({
        "mch_id": merchant.mch_id.as_str(),
        "name": merchant.name,
        "appids": merchant.appids.iter().map(|appid| appid.as_str()).collect::<Vec<_>>(),
        "key_version": merchant.key_version,
        "balance": merchant.balance.get(),
        "product_enabled": merchant.product_enabled,
        "api_send_enabled": merchant.api_send_enabled,
        "address_whitelist": merchant.address_whitelist,
        "revoked_serials": merchant.revoked_serials,
        "limits": {
            "packet_min": limits.packet_min.get(),
            "packet_max": limits.packet_max.get(),
            "packet_max_with_scene": limits.packet_max_with_scene.get(),
            "user_packets_per_day": limits.user_packets_per_day,
            "user_amount_per_day": limits.user_amount_per_day.get(),
            "merchant_amount_per_day": limits.merchant_amount_per_day.get(),
            "queries_per_second": limits.queries_per_second,
            "sends_per_minute": limits.sends_per_minute,
        },
        "added_at": rfc3339(merchant.added_at),
    })
}
