//! An issuer over a ledger in memory and a clock that stands still, and a merchant's hands.
#![allow(dead_code, reason = "each test file uses its part")]

use hongbao_issuer::{
    Answer, Delivery, FaultRule, Issuer, IssuerConfig, ManualClock, Mode, Play, ReplyStyle,
};
use hongbao_ledger::{Key, Ledger, Limits, MemoryLedger, Merchant, Record, SealKey, SqliteLedger};
use hongbao_wire::send::{Scene, Sender};
use hongbao_wire::sign::{self, Rule};
use hongbao_wire::xml::Document;
use hongbao_wire::{ApiKey, Fen, QueryRequest, SendRequest, Status, WorkwxSecret};
use jiff::{SignedDuration, Timestamp};
use std::path::Path;
use std::sync::Arc;

pub const MCH: &str = "10000098";
pub const APPID: &str = "wx8888888888888888";
pub const OPENID: &str = "oxTWIuGaIt6gTKsQRLau2M0yL16E";
/// What the merchant owns before the first send, fen.
pub const BALANCE: u64 = 1_000_000;

/// 2017-07-20 22:45:12 at +08:00.
pub fn start() -> Timestamp {
    "2017-07-20T14:45:12Z".parse().unwrap()
}

pub fn fen(fen: u64) -> Fen {
    Fen::new(fen).unwrap()
}

pub fn merchant() -> Merchant {
    Merchant {
        mch_id: MCH.into(),
        name: "sandbox".into(),
        appids: vec![APPID.into()],
        api_key: ApiKey::new(*b"192006250b4c09247ec02edce69f6a2d"),
        workwx_secret: WorkwxSecret::new(*b"synthetic-workwx-secret-01234567"),
        key_version: 1,
        limits: Limits::default(),
        balance: fen(BALANCE),
        product_enabled: true,
        api_send_enabled: true,
        address_whitelist: Vec::new(),
        revoked_serials: Vec::new(),
        version: 1,
        added_at: start(),
    }
}

/// Everybody claims.
pub fn sandbox() -> IssuerConfig {
    let play = Play { unclaimed_share_permille: 0, ..Play::default() };
    IssuerConfig { play, ..IssuerConfig::default() }
}

/// Nobody claims.
pub fn unclaimed() -> IssuerConfig {
    let play = Play { unclaimed_share_permille: 1000, ..Play::default() };
    IssuerConfig { play, ..IssuerConfig::default() }
}

pub fn production() -> IssuerConfig {
    IssuerConfig { mode: Mode::Production, ..IssuerConfig::default() }
}

pub fn order(mch_billno: &str) -> SendRequest {
    SendRequest {
        nonce_str: "5K8264ILTKCH16CQ2502SI8ZNMTM67VS".into(),
        mch_billno: mch_billno.into(),
        mch_id: MCH.into(),
        wxappid: APPID.into(),
        sender: Sender::Name("XX活动".into()),
        sender_header_media_id: Some("1G6nrLmr5EC3MMb_-zK1dDdzmd0p7".into()),
        re_openid: OPENID.into(),
        total_amount: fen(1_000),
        wishing: "新年快乐".into(),
        act_name: "新年红包".into(),
        remark: "新年红包 & <more>".into(),
        scene: None,
    }
}

pub fn order_of(mch_billno: &str, amount: u64) -> SendRequest {
    SendRequest { total_amount: fen(amount), ..order(mch_billno) }
}

pub fn scene_order(mch_billno: &str, amount: u64) -> SendRequest {
    SendRequest { scene: Some(Scene::InternalBenefit), ..order_of(mch_billno, amount) }
}

/// The ledger in a folder.
pub fn on_disk(dir: &Path) -> Arc<dyn Ledger> {
    let seal = SealKey::load_or_create(dir.join("ledger.key")).unwrap();
    Arc::new(SqliteLedger::open(dir.join("ledger.sqlite"), seal).unwrap())
}

#[derive(Debug)]
pub struct Rig {
    pub ledger: Arc<dyn Ledger>,
    pub clock: Arc<ManualClock>,
    pub issuer: Issuer,
    pub merchant: Merchant,
}

impl Rig {
    pub async fn new(config: IssuerConfig) -> Self {
        Self::with(config, merchant()).await
    }

    pub async fn with(config: IssuerConfig, merchant: Merchant) -> Self {
        Self::on(Arc::new(MemoryLedger::new()), config, merchant).await
    }

    pub async fn on(ledger: Arc<dyn Ledger>, config: IssuerConfig, merchant: Merchant) -> Self {
        ledger.add_merchant(merchant.clone()).await.unwrap();
        let clock = Arc::new(ManualClock::new(start()));
        let issuer = Issuer::open(ledger.clone(), clock.clone(), config).await.unwrap();
        Self { ledger, clock, issuer, merchant }
    }

    /// The same ledger and clock, another issuer.
    pub async fn reopened(self, config: IssuerConfig) -> Self {
        let issuer = Issuer::open(self.ledger.clone(), self.clock.clone(), config).await.unwrap();
        Self { issuer, ..self }
    }

    /// The same folder and clock after everything else is gone.
    pub async fn restarted(self, dir: &Path, config: IssuerConfig) -> Self {
        let Self { clock, merchant, ledger, issuer } = self;
        drop((ledger, issuer));
        let ledger = on_disk(dir);
        let issuer = Issuer::open(ledger.clone(), clock.clone(), config).await.unwrap();
        Self { ledger, clock, issuer, merchant }
    }

    pub async fn answer_send(&self, request: &SendRequest) -> Answer {
        let raw = request.write(&self.merchant.api_key, &self.merchant.workwx_secret);
        self.issuer.send(&self.merchant, request, &raw).await
    }

    pub async fn answer_query(&self, mch_billno: &str) -> Answer {
        let request = QueryRequest {
            nonce_str: "5K8264ILTKCH16CQ2502SI8ZNMTM67VS",
            mch_billno,
            mch_id: MCH,
            appid: APPID,
        };
        self.issuer.query(&self.merchant, &request).await
    }

    /// Sends; the reply travelled plainly.
    pub async fn send(&self, request: &SendRequest) -> Fields {
        let answer = self.answer_send(request).await;
        assert_eq!(answer.delivery, Delivery::Plain);
        self.read(&answer)
    }

    /// Queries; the reply travelled plainly.
    pub async fn query(&self, mch_billno: &str) -> Fields {
        let answer = self.answer_query(mch_billno).await;
        assert_eq!(answer.delivery, Delivery::Plain);
        self.read(&answer)
    }

    /// The fields of an answer; a success must be signed, a failure must not.
    pub fn read(&self, answer: &Answer) -> Fields {
        let document = Document::parse(&answer.body).unwrap();
        let success = document.get("result_code") == Some("SUCCESS");
        if success {
            sign::verify(&document, &self.merchant.api_key, Rule::AllReceived).unwrap();
        } else {
            assert_eq!(document.get("sign"), None);
        }
        let fields = Fields::of(&document);
        assert_eq!(answer.err_code.as_ref().map(|c| c.as_str()), fields.get("err_code"));
        fields
    }

    pub fn key(&self, mch_billno: &str) -> Key {
        Key::new(MCH, mch_billno)
    }

    pub async fn record(&self, mch_billno: &str) -> Record {
        self.ledger.find(&self.key(mch_billno)).await.unwrap().unwrap()
    }

    pub async fn events(&self, mch_billno: &str) -> Vec<String> {
        let history = self.ledger.history(&self.key(mch_billno)).await.unwrap();
        history.into_iter().map(|entry| entry.event.into()).collect()
    }

    pub async fn balance(&self) -> u64 {
        self.ledger.merchant(MCH).await.unwrap().unwrap().balance.get()
    }

    pub async fn advance(&self, by: SignedDuration) -> usize {
        self.issuer.advance(by).await.unwrap().moved
    }

    pub async fn fault(&self, rule: FaultRule) -> FaultRule {
        self.issuer.add_fault(rule).await.unwrap()
    }

    pub async fn status(&self, mch_billno: &str) -> Option<Status> {
        self.record(mch_billno).await.status
    }
}

/// A reply's fields, in the order of the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fields(pub Vec<(String, String)>);

impl Fields {
    pub fn of(document: &Document<'_>) -> Self {
        let fields = document.fields().iter();
        Self(fields.map(|f| (f.name().into(), f.value().unwrap_or_default().into())).collect())
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    pub fn names(&self) -> Vec<&str> {
        self.0.iter().map(|(name, _)| name.as_str()).collect()
    }

    pub fn err_code(&self) -> &str {
        self.get("err_code").unwrap_or("SUCCESS")
    }

    pub fn status(&self) -> &str {
        self.get("status").unwrap_or_else(|| self.err_code())
    }
}

pub const HOUR: SignedDuration = SignedDuration::from_hours(1);
pub const DAY: SignedDuration = SignedDuration::from_hours(24);

pub fn seconds(seconds: i64) -> SignedDuration {
    SignedDuration::from_secs(seconds)
}

/// Another style of replies.
pub fn styled(style: ReplyStyle) -> IssuerConfig {
    IssuerConfig { style, ..sandbox() }
}
