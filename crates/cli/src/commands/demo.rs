//! `hongbao demo`: a server, a merchant and some packets, over real mutual TLS, in a folder
//! that is gone afterwards.

mod account;
mod asker;
mod buyer;
mod keep;

use crate::args::DemoArgs;
use crate::commands::serve::{Flags, Served, Stop};
use crate::exit::{Exit, Failure};
use crate::files;
use crate::output::Output;
use crate::say;
use crate::workdir::FIRST_MCH_ID;
use account::Account;
use buyer::Buyer;
use hongbao_issuer::{
    Fault, FaultRule, Issuer, IssuerConfig, IssuerError, Mode, On, Play, Trigger,
};
use hongbao_ledger::Key;
use jiff::SignedDuration;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

/// Runs it.
///
/// # Errors
/// The temporary folder cannot be used: exit 9.
pub async fn run(args: &DemoArgs, out: &mut Output) -> Result<Exit, Failure> {
    let mut stop = Stop::listen()?;
    let folder = tempfile::Builder::new()
        .prefix("hongbao-demo-")
        .tempdir()
        .map_err(|error| files::not_written(&std::env::temp_dir(), &error))?;
    let free = Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
    let dir = folder.path().join("server");
    let served = Served::start(
        &dir,
        Flags { listen: free, admin: free, upstream: &[], ledger: None },
        |_| issuer_config(),
    )
    .await?;
    let buyer = Buyer::new(&served.dir.merchant(FIRST_MCH_ID).profile_path())?;
    let mut account = Account::new(out);
    account.opening(&served.base_url(), buyer.mch_id());
    let issuer = served.issuer().map(Arc::clone).expect("nothing told it to be a gateway");
    Stories { buyer, issuer, account: &mut account }.tell().await?;
    if args.keep {
        keep::explain(&served, out)?;
        stop.wait().await;
    }
    served.stop().await;
    Ok(Exit::Ok)
}

/// Nobody opens a packet by itself: the stories say who does.
fn issuer_config() -> IssuerConfig {
    let play = Play { received_after: SignedDuration::from_hours(48), ..Play::default() };
    IssuerConfig { mode: Mode::Sandbox, play, ..IssuerConfig::default() }
}

/// The packets of the demo, one trap of the seed's notes each.
struct Stories<'s, 'o> {
    buyer: Buyer,
    issuer: Arc<Issuer>,
    account: &'s mut Account<'o>,
}

impl Stories<'_, '_> {
    async fn tell(mut self) -> Result<(), Failure> {
        self.received().await?;
        self.unclaimed().await?;
        self.failed().await?;
        self.system_error().await?;
        self.reply_lost().await?;
        self.not_stored_yet().await?;
        self.paid_twice().await?;
        self.account.closing();
        Ok(())
    }

    async fn received(&mut self) -> Result<(), Failure> {
        self.account.story(&say!("demo-received"));
        self.send("demo0001").await;
        self.query("demo0001").await;
        self.pass(SignedDuration::from_secs(5), &say!("demo-5-seconds")).await?;
        self.query("demo0001").await;
        self.account.meanwhile(&say!("demo-opened"));
        self.trigger("demo0001", Trigger::Receive).await?;
        self.query("demo0001").await;
        Ok(())
    }

    async fn unclaimed(&mut self) -> Result<(), Failure> {
        self.account.story(&say!("demo-unclaimed"));
        self.send("demo0002").await;
        self.pass(SignedDuration::from_hours(24), &say!("demo-24-hours")).await?;
        self.query("demo0002").await;
        self.pass(SignedDuration::from_hours(1), &say!("demo-1-hour")).await?;
        self.query("demo0002").await;
        Ok(())
    }

    async fn failed(&mut self) -> Result<(), Failure> {
        self.account.story(&say!("demo-failed"));
        self.send("demo0003").await;
        self.account.meanwhile(&say!("demo-refused"));
        let refuse = Trigger::Refuse { reason: "该用户当日领取金额已达上限".into() };
        self.trigger("demo0003", refuse).await?;
        self.query("demo0003").await;
        self.pass(SignedDuration::from_hours(24), &say!("demo-24-hours")).await?;
        self.query("demo0003").await;
        Ok(())
    }

    async fn system_error(&mut self) -> Result<(), Failure> {
        self.account.story(&say!("demo-system-error"));
        self.fault("demo0004", Fault::SystemError, On::Send).await?;
        self.send("demo0004").await;
        self.query("demo0004").await;
        Ok(())
    }

    async fn reply_lost(&mut self) -> Result<(), Failure> {
        self.account.story(&say!("demo-reply-lost"));
        self.fault("demo0005", Fault::ReplyLost, On::Send).await?;
        self.send("demo0005").await;
        self.query("demo0005").await;
        Ok(())
    }

    async fn not_stored_yet(&mut self) -> Result<(), Failure> {
        self.account.story(&say!("demo-not-stored"));
        self.fault("demo0006", Fault::NotFoundFirst, On::Query).await?;
        self.send("demo0006").await;
        self.query("demo0006").await;
        self.query("demo0006").await;
        Ok(())
    }

    async fn paid_twice(&mut self) -> Result<(), Failure> {
        self.account.story(&say!("demo-paid-twice"));
        self.fault("demo0007", Fault::ReplyLost, On::Send).await?;
        self.send("demo0007").await;
        self.account.meanwhile(&say!("demo-impatient"));
        let again = self.buyer.send_as("demo0008", "demo0007").await;
        self.account.asked_send("demo0008", &again);
        self.query("demo0007").await;
        self.query("demo0008").await;
        for finding in self.issuer.findings(None).await.map_err(|error| failed(&error))? {
            self.account.found(&finding);
        }
        Ok(())
    }

    async fn send(&mut self, mch_billno: &str) {
        let answer = self.buyer.send(mch_billno, self.issuer.now()).await;
        self.account.asked_send(mch_billno, &answer);
    }

    async fn query(&mut self, mch_billno: &str) {
        let answer = self.buyer.query(mch_billno, self.issuer.now()).await;
        self.account.asked_query(mch_billno, &answer);
    }

    async fn pass(&mut self, time: SignedDuration, words: &str) -> Result<(), Failure> {
        self.account.meanwhile(words);
        self.issuer.advance(time).await.map(|_| ()).map_err(|error| failed(&error))
    }

    async fn trigger(&self, mch_billno: &str, trigger: Trigger) -> Result<(), Failure> {
        let key = Key::new(FIRST_MCH_ID, mch_billno);
        self.issuer.trigger(&key, trigger).await.map(|_| ()).map_err(|error| failed(&error))
    }

    /// A fault that meets one packet once.
    async fn fault(&self, mch_billno: &str, fault: Fault, on: On) -> Result<(), Failure> {
        let rule = FaultRule {
            mch_billno: Some(mch_billno.to_owned()),
            times: Some(1),
            on,
            ..FaultRule::new(fault)
        };
        self.issuer.add_fault(rule).await.map(|_| ()).map_err(|error| failed(&error))
    }
}

fn failed(error: &IssuerError) -> Failure {
    Failure::config(error.code(), say!("demo-broke-off", why = error))
        .hint(say!("ledger-storage-hint"))
}
