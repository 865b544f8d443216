//! A server on free ports with two merchants, and raw clients for it.

#![allow(dead_code, clippy::unwrap_used, reason = "each test file uses a part of it")]

pub mod client;
pub mod gateway;
pub mod pki;
pub mod store;

use client::{Connection, Response};
use hongbao_issuer::{Issuer, IssuerConfig, ManualClock};
use hongbao_ledger::{Ledger, Limits, MemoryLedger, Merchant};
use hongbao_server::{
    ConnectionLimits, Pace, Replica, Running, ServerConfig, StartError, TlsMaterial, WireOptions,
    start,
};
use hongbao_wire::send::Sender;
use hongbao_wire::{ApiKey, Fen, QueryRequest, SendRequest, WorkwxSecret};
use jiff::Timestamp;
use pki::{PKI, Shown};
use std::sync::Arc;

/// The merchant of most tests.
pub const MCH: &str = "10000098";
/// Another merchant.
pub const OTHER: &str = "10000099";
/// The corpid of both.
pub const APPID: &str = "wx8888888888888888";
/// The receiver of every packet.
pub const OPENID: &str = "ohO4GtzOAAYMp2yapORH3dQB3W18";
/// When the issuer's clock begins.
pub const BEGIN: &str = "2026-01-01T08:00:00+08:00";

/// The API key of a merchant.
pub fn api_key(mch_id: &str) -> ApiKey {
    ApiKey::new(format!("MARKERapikeyMARKERapikey{mch_id}").into_bytes())
}

/// The WeCom secret of a merchant.
pub fn secret(mch_id: &str) -> WorkwxSecret {
    WorkwxSecret::new(format!("MARKERsecretMARKERsecret{mch_id}").into_bytes())
}

/// A merchant with a million yuan.
pub fn merchant(mch_id: &str) -> Merchant {
    Merchant {
        mch_id: mch_id.into(),
        name: "a company".into(),
        appids: vec![APPID.into()],
        api_key: api_key(mch_id),
        workwx_secret: secret(mch_id),
        key_version: 1,
        limits: Limits::default(),
        balance: Fen::new(100_000_000).unwrap(),
        product_enabled: true,
        api_send_enabled: true,
        address_whitelist: Vec::new(),
        revoked_serials: Vec::new(),
        version: 1,
        added_at: BEGIN.parse().unwrap(),
    }
}

/// How a server is set up; change what a test is about.
pub struct Setup {
    pub wire: WireOptions,
    pub connection: ConnectionLimits,
    pub pace: Pace,
    pub issuer: IssuerConfig,
    pub merchant: Merchant,
    pub ledger: Arc<dyn Ledger>,
    pub replica: Option<Replica>,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            wire: WireOptions::default(),
            connection: ConnectionLimits::default(),
            pace: Pace { settle_ms: 5, refresh_ms: 5 },
            issuer: IssuerConfig::default(),
            merchant: merchant(MCH),
            ledger: Arc::new(MemoryLedger::new()),
            replica: None,
        }
    }
}

/// What every server of a test shows and trusts.
pub fn tls_material() -> TlsMaterial {
    TlsMaterial {
        server_chain: vec![PKI.server.cert.clone()],
        server_key: PKI.server.key.clone_key(),
        client_ca: vec![PKI.ca.clone()],
    }
}

/// A running server.
pub struct World {
    pub running: Running,
    pub issuer: Arc<Issuer>,
    pub ledger: Arc<dyn Ledger>,
    pub clock: Arc<ManualClock>,
}

impl Setup {
    pub async fn start(self) -> World {
        self.try_start("127.0.0.1:0").await.unwrap()
    }

    pub async fn try_start(self, admin: &str) -> Result<World, StartError> {
        self.ledger.add_merchant(self.merchant.clone()).await.unwrap();
        self.ledger.add_merchant(merchant(OTHER)).await.unwrap();
        let clock = Arc::new(ManualClock::new(BEGIN.parse::<Timestamp>().unwrap()));
        self.open(clock, admin).await
    }

    /// One of several servers on a ledger.
    pub fn replica(ledger: &Arc<MemoryLedger>, holder: &str) -> Self {
        let replica = Replica {
            holder: holder.into(),
            ledger: ledger.clone(),
            clock: Arc::new(hongbao_inquiry::SystemClock),
        };
        let issuer = IssuerConfig { holder: Some(holder.into()), ..IssuerConfig::default() };
        Self { ledger: ledger.clone(), replica: Some(replica), issuer, ..Self::default() }
    }

    /// Starts beside another server, whose ledger has its merchants.
    pub async fn start_beside(self, other: &World) -> World {
        self.open(other.clock.clone(), "127.0.0.1:0").await.unwrap()
    }

    async fn open(mut self, clock: Arc<ManualClock>, admin: &str) -> Result<World, StartError> {
        self.issuer.style = self.wire.reply_style();
        let issuer = Issuer::open(self.ledger.clone(), clock.clone(), self.issuer).await.unwrap();
        let issuer = Arc::new(issuer);
        let config = ServerConfig {
            listen: "127.0.0.1:0".parse().unwrap(),
            admin: admin.parse().unwrap(),
            tls: tls_material(),
            wire: self.wire,
            connection: self.connection,
            pace: self.pace,
            replica: self.replica,
        };
        let running = start(config, self.ledger.clone(), issuer.clone()).await?;
        Ok(World { running, issuer, ledger: self.ledger, clock })
    }
}

impl World {
    /// A connection that shows the merchant's certificate.
    pub async fn connect(&self) -> Connection {
        self.connect_with(Some(&PKI.merchant)).await
    }

    /// A connection that shows this certificate, or none.
    pub async fn connect_with(&self, shown: Option<&Shown>) -> Connection {
        Connection::tls(self.running.wire_addr(), shown).await.unwrap()
    }

    /// A plain connection to the admin listener.
    pub async fn desk(&self) -> Connection {
        Connection::plain(self.running.admin_addr()).await
    }

    /// Posts a body to the query with the merchant's certificate.
    pub async fn post_query(&self, body: &[u8]) -> Response {
        self.connect().await.post(hongbao_wire::QUERY_PATH, body).await
    }

    /// Posts a body to the send with the merchant's certificate.
    pub async fn post_send(&self, body: &[u8]) -> Response {
        self.connect().await.post(hongbao_wire::SEND_PATH, body).await
    }

    /// Sends a packet of one yuan, which is accepted.
    pub async fn sent(&self, mch_billno: &str) {
        let reply = self.post_send(&send_body(MCH, mch_billno)).await;
        assert!(reply.text().contains("<result_code><![CDATA[SUCCESS]]>"), "{}", reply.text());
    }
}

/// A query, signed.
pub fn query_body(mch_id: &str, mch_billno: &str) -> Vec<u8> {
    query_body_by(mch_id, mch_billno, &api_key(mch_id))
}

/// A query, signed with any key.
pub fn query_body_by(mch_id: &str, mch_billno: &str, key: &ApiKey) -> Vec<u8> {
    QueryRequest { nonce_str: "5K8264ILTKCH16CQ2502SI8ZNMTM67VS", mch_billno, mch_id, appid: APPID }
        .write(key)
}

/// A send of one yuan.
pub fn send_request(mch_id: &str, mch_billno: &str) -> SendRequest {
    SendRequest {
        nonce_str: "5K8264ILTKCH16CQ2502SI8ZNMTM67VS".into(),
        mch_billno: mch_billno.into(),
        mch_id: mch_id.into(),
        wxappid: APPID.into(),
        sender: Sender::Name("XX活动".into()),
        sender_header_media_id: None,
        re_openid: OPENID.into(),
        total_amount: Fen::new(100).unwrap(),
        wishing: "新年快乐".into(),
        act_name: "新年红包".into(),
        remark: "新年红包".into(),
        scene: None,
    }
}

/// A send of one yuan, signed twice.
pub fn send_body(mch_id: &str, mch_billno: &str) -> Vec<u8> {
    send_request(mch_id, mch_billno).write(&api_key(mch_id), &secret(mch_id))
}

/// A business error as the captures have it.
pub fn failure(err_code: &str, text: &str) -> String {
    format!(
        "<xml>\n<return_code><![CDATA[SUCCESS]]></return_code>\n\
         <return_msg><![CDATA[{text}]]></return_msg>\n\
         <result_code><![CDATA[FAIL]]></result_code>\n\
         <err_code><![CDATA[{err_code}]]></err_code>\n\
         <err_code_des><![CDATA[{text}]]></err_code_des>\n</xml>"
    )
}
