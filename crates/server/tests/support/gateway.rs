//! Two servers in a row: an issuer, and a gateway to it over mutual TLS.

use super::client::{Connection, Response};
use super::pki::{PKI, Shown};
use super::{
    APPID, MCH, OTHER, Setup, World, api_key, merchant, query_body, secret, send_body, tls_material,
};
use hongbao_client::{ClientConfig, ClientOptions, HttpTransport, Identity, Transport, Trust};
use hongbao_inquiry::{Account, Clock, Schedule, SystemClock};
use hongbao_issuer::{Clock as _, FaultRule, IssuerConfig, ManualClock, On, Play, Trigger};
use hongbao_ledger::{Inquiries, Inquiry, Key, Ledger, MemoryLedger};
use hongbao_server::{
    ConnectionLimits, Gateway, GatewayOptions, Pace, Replica, Running, ServerConfig, Upstream,
    WireOptions, start,
};
use hongbao_wire::sign::Policy;
use hongbao_wire::{QUERY_PATH, SEND_PATH};
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;

/// The gateway reads the time where the issuer does.
#[derive(Debug)]
struct Shared(Arc<ManualClock>);

impl Clock for Shared {
    fn now(&self) -> Timestamp {
        self.0.now()
    }
}

/// An issuer and a gateway to it.
pub struct Pair {
    pub upstream: World,
    pub gateway: Running,
    pub ledger: Arc<MemoryLedger>,
}

/// What a gateway does in these tests, unless they are about it: it does not follow.
pub fn options() -> GatewayOptions {
    GatewayOptions { follow: false, ..GatewayOptions::default() }
}

/// An issuer whose packets move by trigger only.
fn still() -> IssuerConfig {
    let never = SignedDuration::from_hours(24 * 300);
    let play =
        Play { sent_after: never, received_after: never, expired_after: never, ..Play::default() };
    IssuerConfig { play, ..IssuerConfig::default() }
}

/// A way to the upstream over mutual TLS; both merchants have one.
fn upstream(mch_id: &str, shown: &Shown, world: &World) -> Upstream {
    let identity = Identity::from_pem(shown.cert_pem.as_bytes(), shown.key_pem.as_bytes()).unwrap();
    let base_url = format!("https://{}", world.running.wire_addr());
    let trust = Trust::Ca(PKI.ca_pem.clone().into_bytes());
    let config = ClientConfig::new(base_url, identity, trust);
    let transport: Arc<dyn Transport> = Arc::new(HttpTransport::new(&config).unwrap());
    Upstream {
        account: account(mch_id),
        transport,
        client: ClientOptions::default(),
        schedule: Schedule::default(),
    }
}

/// As whom a gateway asks.
pub fn account(mch_id: &str) -> Account {
    Account {
        mch_id: mch_id.into(),
        appid: APPID.into(),
        api_key: api_key(mch_id),
        former_api_keys: Vec::new(),
        workwx_secret: Some(secret(mch_id)),
        policy: Policy::Require,
    }
}

/// A gateway on a ledger.
pub async fn open(world: &World, ledger: &Arc<MemoryLedger>, options: GatewayOptions) -> Running {
    let replica = options.holder.clone().map(|holder| Replica {
        holder,
        ledger: ledger.clone(),
        clock: Arc::new(SystemClock),
    });
    let upstreams = vec![upstream(MCH, &PKI.merchant, world), upstream(OTHER, &PKI.other, world)];
    let inquiries: Arc<dyn Inquiries> = ledger.clone();
    let clock: Arc<dyn Clock> = Arc::new(Shared(world.clock.clone()));
    let gateway = Arc::new(Gateway::new(upstreams, &inquiries, &clock, options));
    let config = ServerConfig {
        listen: "127.0.0.1:0".parse().unwrap(),
        admin: "127.0.0.1:0".parse().unwrap(),
        tls: tls_material(),
        wire: WireOptions::default(),
        connection: ConnectionLimits::default(),
        pace: Pace { settle_ms: 5, refresh_ms: 5 },
        replica,
    };
    start(config, ledger.clone(), gateway).await.unwrap()
}

impl Pair {
    pub async fn start() -> Self {
        Self::start_with(options()).await
    }

    pub async fn start_with(options: GatewayOptions) -> Self {
        let upstream = Setup { issuer: still(), ..Setup::default() }.start().await;
        let ledger = Arc::new(MemoryLedger::new());
        for mch_id in [MCH, OTHER] {
            ledger.add_merchant(merchant(mch_id)).await.unwrap();
        }
        let gateway = open(&upstream, &ledger, options).await;
        Self { upstream, gateway, ledger }
    }

    /// The gateway stops, and another one starts on its ledger.
    pub async fn restart(self, options: GatewayOptions) -> Self {
        self.gateway.stop().await;
        let gateway = open(&self.upstream, &self.ledger, options).await;
        Self { gateway, ..self }
    }

    /// The same, an hour later, and the other one follows.
    pub async fn restart_following(self) -> Self {
        self.pass(SignedDuration::from_hours(1));
        self.restart(GatewayOptions { follow: true, ..options() }).await
    }

    pub async fn connect(&self) -> Connection {
        Connection::tls(self.gateway.wire_addr(), Some(&PKI.merchant)).await.unwrap()
    }

    /// A query through the gateway.
    pub async fn query(&self, mch_billno: &str) -> Response {
        timeless(self.connect().await.post(QUERY_PATH, &query_body(MCH, mch_billno)).await)
    }

    /// A send of one yuan through the gateway.
    pub async fn send(&self, mch_billno: &str) -> Response {
        self.send_as(&send_body(MCH, mch_billno)).await
    }

    pub async fn send_as(&self, body: &[u8]) -> Response {
        timeless(self.connect().await.post(SEND_PATH, body).await)
    }

    /// What the issuer itself says to the same query.
    pub async fn direct(&self, mch_billno: &str) -> Response {
        timeless(self.upstream.post_query(&query_body(MCH, mch_billno)).await)
    }

    /// What the issuer itself says to the same send.
    pub async fn direct_send(&self, body: &[u8]) -> Response {
        timeless(self.upstream.post_send(body).await)
    }

    /// Moves a packet.
    pub async fn trigger(&self, mch_billno: &str, trigger: Trigger) {
        self.upstream.issuer.trigger(&Key::new(MCH, mch_billno), trigger).await.unwrap();
    }

    /// From now on calls run into the fault.
    pub async fn fault(&self, rule: FaultRule, on: On) {
        self.upstream.issuer.add_fault(FaultRule { on, ..rule }).await.unwrap();
    }

    /// Time passes for both.
    pub fn pass(&self, time: SignedDuration) {
        self.upstream.clock.advance(time);
    }

    /// Records are no longer young enough.
    pub fn grow_old(&self) {
        self.pass(SignedDuration::from_secs(6));
    }

    /// The time at the gateway.
    pub fn now(&self) -> Timestamp {
        Shared(self.upstream.clock.clone()).now()
    }

    /// What the gateway knows.
    pub async fn known(&self, mch_billno: &str) -> Option<Inquiry> {
        self.ledger.inquiry(&Key::new(MCH, mch_billno)).await.unwrap()
    }

    /// JSON of the gateway's admin listener.
    pub async fn desk(&self, method: &str, path: &str) -> Response {
        Connection::plain(self.gateway.admin_addr()).await.json(method, path, "{}").await
    }

    pub async fn stop(self) {
        self.gateway.stop().await;
        self.upstream.running.stop().await;
    }
}

/// A response without the header that says when it was made.
pub fn timeless(mut response: Response) -> Response {
    response.headers.retain(|(name, _)| name != "date");
    response
}

/// `err_code` of a reply; `None` on a success.
pub fn err_code(reply: &Response) -> Option<String> {
    field(reply, "err_code")
}

/// A field of a reply.
pub fn field(reply: &Response, name: &str) -> Option<String> {
    assert_eq!(reply.status, 200, "{}", reply.text());
    let document = hongbao_wire::xml::Document::parse(&reply.body).unwrap();
    document.get(name).map(str::to_owned)
}
