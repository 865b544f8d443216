//! The merchant's side of a profile: its client, its account, its ledger, and the inquirer that
//! joins them. Every command that asks or pays begins here.

use crate::commands::serve::Stop;
use crate::exit::{Exit, Failure};
use crate::ledger_place::LedgerPlace;
use crate::output::Output;
use crate::profile::Profile;
use crate::say;
use crate::share_watch::{ShareWatch, no_share};
use hongbao_client::{Client, ClientConfig, ClientError, Dice, IdentityWarning};
use hongbao_inquiry::{
    Inquirer, InquirerOptions, InquiryError, Part, SendRefusal, SliceKeeper, SystemClock,
    UPSTREAM_PACE,
};
use hongbao_ledger::{Inquiries, LedgerError, MemoryLedger};
use hongbao_wire::sign::Policy;
use rand::distr::{Alphanumeric, SampleString};
use std::path::Path;
use std::sync::Arc;

/// The length of a process's name on leases, characters.
const HOLDER_CHARS: usize = 20;

/// Where what is learnt is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Memory {
    /// In the profile's ledger.
    Ledger,
    /// Nowhere: it is forgotten with the process.
    Nowhere,
}

/// How the merchant's side shall behave.
#[derive(Clone, Copy, Debug)]
pub struct SideOptions {
    /// What is demanded of a success reply's signature; `None`: what the profile says.
    pub policy: Option<Policy>,
    /// Where what is learnt is kept.
    pub memory: Memory,
    /// Whether an own send that the payer does not know is sent again under its number.
    pub resends: bool,
}

/// The merchant's side of one profile.
#[derive(Debug)]
pub struct MerchantSide {
    /// What asks and pays.
    pub inquirer: Arc<Inquirer>,
    ledger: LedgerPlace,
    /// This process's part of the merchant's pace, where others may ask over the same ledger.
    part: Option<Part>,
}

impl MerchantSide {
    /// Reads a profile, makes its client, and opens its ledger, or makes it; `ledger` is the place of
    /// the ledger, where the command line names one.
    ///
    /// A certificate that expires soon is told on stderr, and that the ledger is new.
    ///
    /// # Errors
    /// [`Failure`], exit 9: the profile, what it names, or the ledger cannot be used.
    pub async fn open(
        path: &Path,
        ledger: Option<&str>,
        options: SideOptions,
        out: &mut Output,
    ) -> Result<Self, Failure> {
        Self::of(Profile::load(path)?.with_ledger(path, ledger)?, options, out).await
    }

    /// The same of a profile that was read already.
    ///
    /// # Errors
    /// As [`MerchantSide::open`].
    pub async fn of(
        profile: Profile,
        options: SideOptions,
        out: &mut Output,
    ) -> Result<Self, Failure> {
        warn(&profile, out);
        let mut holder = None;
        let ledger: Arc<dyn Inquiries> = match options.memory {
            Memory::Ledger => {
                let (ledger, is_new) = profile.ledger.open_or_make().await?;
                if is_new {
                    out.talk(say!("side-ledger-made", file = profile.ledger));
                }
                ledger.warn(out);
                holder = ledger.is_shared().then(new_holder);
                ledger.store
            }
            Memory::Nowhere => Arc::new(MemoryLedger::new()),
        };
        let inquirer = inquirer(&profile, &options, ledger, holder)?;
        let part = part(&inquirer, profile.whole_pace());
        Ok(Self { inquirer, ledger: profile.ledger, part })
    }

    /// Watches whether this process has its share of the pace, where others have theirs.
    #[must_use]
    pub fn share(&self) -> ShareWatch<'_> {
        ShareWatch::new(self.part.as_ref().map(|_| self.inquirer.client().pace()))
    }

    /// Does what a command is for; where the ledger is shared, a signal ends it in order, so that
    /// what this process holds is given back.
    ///
    /// # Errors
    /// As `work`; `NO_SIGNALS`.
    pub async fn until_stopped(
        &self,
        work: impl Future<Output = Result<Exit, Failure>>,
    ) -> Result<Exit, Failure> {
        if self.part.is_none() {
            return work.await;
        }
        until_signal(work).await
    }

    /// Gives back what others wait for: its part of the pace, and what it was asking about. No
    /// question may be on its way any more.
    pub async fn close(self) {
        let Some(part) = self.part else { return };
        tokio::join!(part.give_back(), self.inquirer.let_go());
    }

    /// Why there is no outcome, with what to do.
    #[must_use]
    pub fn failure(&self, error: &InquiryError) -> Failure {
        let has_share = self.part.is_none() || self.inquirer.client().pace().permitted().is_some();
        if matches!(error, InquiryError::OverPace) && !has_share {
            return no_share();
        }
        inquiry_failure(&self.ledger, error)
    }

    /// What the ledger said, with what to do.
    #[must_use]
    pub fn ledger_failure(&self, error: &LedgerError) -> Failure {
        self.ledger.failure(error)
    }
}

/// Does what a command is for, unless a signal ends it first.
///
/// # Errors
/// As `work`; `NO_SIGNALS`.
pub async fn until_signal(
    work: impl Future<Output = Result<Exit, Failure>>,
) -> Result<Exit, Failure> {
    let mut stop = Stop::listen()?;
    tokio::select! {
        biased;
        _ = stop.wait() => Ok(Exit::Interrupted),
        done = work => done,
    }
}

/// A client; it connects to nothing yet.
///
/// # Errors
/// `BASE_URL`, `CA_UNREADABLE`, `PROXY_URL`, `TLS_SET_UP`.
pub fn client(config: ClientConfig) -> Result<Client, Failure> {
    Client::new(config).map_err(|error| client_failure(&error))
}

/// Why there is no client, with what to do.
#[must_use]
pub fn client_failure(error: &ClientError) -> Failure {
    Failure::config(error.code(), say!("client-failed", why = error))
        .hint(say!("client-failed-hint"))
}

/// What asks and pays as the merchant of `profile`, and remembers it in `ledger`, which others
/// share where there is a `holder`.
///
/// # Errors
/// As [`client`].
fn inquirer(
    profile: &Profile,
    side: &SideOptions,
    ledger: Arc<dyn Inquiries>,
    holder: Option<Box<str>>,
) -> Result<Arc<Inquirer>, Failure> {
    let (schedule, resends) = (profile.schedule, side.resends);
    let options = InquirerOptions { schedule, resends, holder, ..InquirerOptions::default() };
    let (account, client) = (profile.account(side.policy), client(profile.client_config())?);
    let clock = Arc::new(SystemClock);
    Ok(Arc::new(Inquirer::new(account, client, ledger, clock, Dice::random(), options)))
}

/// A name on leases: no two are alike.
#[must_use]
pub fn new_holder() -> Box<str> {
    Alphanumeric.sample_string(&mut rand::rng(), HOLDER_CHARS).into()
}

/// Keeps this process's part of the merchant's pace, where the inquirer is one of several. Who was
/// told to be slower gives less than its part.
fn part(inquirer: &Arc<Inquirer>, whole_per_second: u32) -> Option<Part> {
    let holder = inquirer.options().holder.clone()?;
    let pace = inquirer.client().pace().clone();
    let keeper = SliceKeeper {
        ledger: Arc::clone(inquirer.ledger()),
        clock: Arc::new(SystemClock),
        mch_id: inquirer.account().mch_id.as_str().into(),
        pace: UPSTREAM_PACE.into(),
        whole_per_1000_seconds: u64::from(whole_per_second) * 1000,
        holder,
        is_exact: true,
    };
    Some(Part::of_pace(keeper, pace, || {}))
}

/// Says on stderr what a person should do something about before long.
fn warn(profile: &Profile, out: &mut Output) {
    for warning in &profile.warnings {
        // who issued it and how strong it is, `hongbao doctor` says
        if let IdentityWarning::ExpiresSoon { days } = warning {
            out.warning(warning.code(), say!("side-expires-soon", days = days));
        }
    }
}

/// Why there is no outcome, with what to do. What is refused was not sent (exit 2).
#[must_use]
pub fn inquiry_failure(ledger: &LedgerPlace, error: &InquiryError) -> Failure {
    match error {
        InquiryError::Ledger(error) => ledger.failure(error),
        InquiryError::OverPace => Failure {
            code: error.code(),
            message: say!("side-over-pace"),
            hint: Some(say!("side-over-pace-hint")),
            exit: Exit::NoAnswer,
        },
        InquiryError::Refused(refusal) => refused(refusal),
    }
}

fn refused(refusal: &SendRefusal) -> Failure {
    let (message, hint) = match refusal {
        SendRefusal::NoSecret => {
            return Failure::config(refusal.code(), say!("profile-no-secret"))
                .hint(say!("profile-no-secret-hint"));
        }
        SendRefusal::OtherParameters { mch_billno, field } => (
            say!("side-other-parameters", billno = mch_billno, field = field),
            say!("side-other-parameters-hint"),
        ),
        SendRefusal::ReferenceOpen { business_ref, mch_billno } => (
            say!("side-ref-open", business_ref = business_ref, billno = mch_billno),
            say!("side-ref-open-hint", billno = mch_billno),
        ),
        SendRefusal::OtherReference { mch_billno } => {
            (say!("side-other-ref", billno = mch_billno), say!("side-other-ref-hint"))
        }
        SendRefusal::SentElsewhere { mch_billno } => {
            (say!("side-elsewhere", billno = mch_billno), say!("side-elsewhere-hint"))
        }
        SendRefusal::BillnoNeeded(mch_id) => {
            (say!("send-billno-needed", mch_id = mch_id), say!("send-billno-needed-hint"))
        }
    };
    Failure::usage(refusal.code(), message).hint(hint)
}
