//! How attempts make up a call: over a transport that answers as each test says, with a clock
//! that is stepped.
#![allow(clippy::unwrap_used)]

use async_trait::async_trait;
use hongbao_client::{
    AttemptLimits, Call, Client, ClientOptions, Dice, Exchange, Host, Pace, RawReply, Seen,
    Transport, Trouble,
};
use hongbao_wire::failure::FailureReply;
use hongbao_wire::observation::{Observation, Silence};
use hongbao_wire::send::Sender;
use hongbao_wire::sign::Policy;
use hongbao_wire::{
    ApiKey, ErrorCode, Fen, QueryReply, QueryRequest, SendReply, SendRequest, WorkwxSecret,
};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::{Instant, advance, sleep};

/// What the transport does with one request.
#[derive(Clone, Debug)]
enum Act {
    NotConnected,
    Lost,
    TimedOut,
    Refused,
    Status(u16),
    Code(ErrorCode),
    Body(&'static str),
    Never,
}

use Act::{Body, Code, Lost, Never, NotConnected, Refused, Status, TimedOut};

#[derive(Clone, Debug, PartialEq, Eq)]
struct Posted {
    at: Instant,
    host: Host,
    call: Call,
    body: Vec<u8>,
}

#[derive(Debug, Default)]
struct Script {
    acts: Mutex<VecDeque<Act>>,
    posted: Mutex<Vec<Posted>>,
}

impl Script {
    fn posted(&self) -> Vec<Posted> {
        self.posted.lock().unwrap().clone()
    }

    fn hosts(&self) -> Vec<Host> {
        self.posted().iter().map(|posted| posted.host).collect()
    }
}

#[async_trait]
impl Transport for Script {
    async fn post(&self, host: Host, call: Call, body: Vec<u8>) -> Result<RawReply, Trouble> {
        self.posted.lock().unwrap().push(Posted { at: Instant::now(), host, call, body });
        let act = self.acts.lock().unwrap().pop_front().expect("no more attempts were expected");
        let trouble = |seen, was_sent| Err(Trouble { seen, was_sent, cause: format!("{act:?}") });
        let reply = |http_status, body: &[u8]| {
            Ok(RawReply { http_status, date: None, body: body.to_vec(), broke: None })
        };
        match &act {
            NotConnected => trouble(Seen::Silence(Silence::NotConnected), false),
            Lost => trouble(Seen::Silence(Silence::ConnectionLost), true),
            TimedOut => trouble(Seen::Silence(Silence::TimedOut), true),
            Refused => trouble(Seen::CertificateRefused, false),
            Status(status) => reply(*status, b"<html></html>"),
            Code(code) => reply(200, &FailureReply::business(code.clone(), "x").write(None)),
            Body(body) => reply(200, body.as_bytes()),
            Never => {
                sleep(Duration::from_secs(1_000_000)).await;
                unreachable!("nobody waits for so long")
            }
        }
    }
}

struct Scene {
    script: Arc<Script>,
    client: Client,
}

fn scene_with(acts: &[Act], options: ClientOptions) -> Scene {
    let script = Arc::new(Script::default());
    script.acts.lock().unwrap().extend(acts.iter().cloned());
    let client = Client::with_transport(Arc::clone(&script) as Arc<dyn Transport>, options);
    Scene { script, client }
}

fn options() -> ClientOptions {
    ClientOptions { dice: Dice::seeded(1), has_failover: true, ..ClientOptions::default() }
}

fn scene(acts: &[Act]) -> Scene {
    scene_with(acts, options())
}

fn key() -> ApiKey {
    ApiKey::new(*b"192006250b4c09247ec02edce69f6a2d")
}

const ASKED: QueryRequest<'static> = QueryRequest {
    nonce_str: "5K8264ILTKCH16CQ2502SI8ZNMTM67VS",
    mch_billno: "123456",
    mch_id: "10000098",
    appid: "wx8888888888888888",
};

fn order() -> SendRequest {
    SendRequest {
        nonce_str: ASKED.nonce_str.into(),
        mch_billno: ASKED.mch_billno.into(),
        mch_id: ASKED.mch_id.into(),
        wxappid: ASKED.appid.into(),
        sender: Sender::Company,
        sender_header_media_id: None,
        re_openid: "o1".into(),
        total_amount: Fen::new(100).unwrap(),
        wishing: "恭喜发财".into(),
        act_name: "红包".into(),
        remark: "红包".into(),
        scene: None,
    }
}

async fn query(client: &Client) -> Exchange<QueryReply> {
    client.query(&ASKED, &key(), Policy::Require).await
}

async fn send(client: &Client) -> Exchange<SendReply> {
    client.send(&order(), &key(), &WorkwxSecret::new(*b"secret"), Policy::Require).await
}

fn said<R>(exchange: &Exchange<R>) -> String {
    match &exchange.observation {
        Observation::Success(_) => "success".to_owned(),
        Observation::Failure(failure) => failure.err_code.as_ref().unwrap().to_string(),
        Observation::Silence(silence) => format!("{silence:?}"),
        Observation::CertificateRefused => "certificate refused".to_owned(),
        Observation::Unreadable(_) => "unreadable".to_owned(),
    }
}

#[tokio::test(start_paused = true)]
async fn every_attempt_carries_the_very_same_bytes() {
    let Scene { script, client } = scene(&[Lost, Status(502), Code(ErrorCode::Processing)]);
    let exchange = send(&client).await;
    assert_eq!((said(&exchange).as_str(), exchange.attempts), ("PROCESSING", 3));
    let posted = script.posted();
    assert!(posted.iter().all(|p| p.body == posted[0].body && p.call == Call::Send));
    let text = String::from_utf8(posted[0].body.clone()).unwrap();
    assert!(text.contains("<mch_billno><![CDATA[123456]]></mch_billno>"), "{text}");
    for pair in posted.windows(2) {
        assert!(pair[1].at - pair[0].at >= Duration::from_secs(1), "the interval of one order");
    }
    assert_eq!(script.hosts(), [Host::Main, Host::Main, Host::Failover]);
}

#[tokio::test(start_paused = true)]
async fn what_settles_a_call_ends_it() {
    let settling = [
        Refused,
        Status(400),
        Status(404),
        Body("<xml>"),
        Body(""),
        Code(ErrorCode::Processing),
        Code(ErrorCode::SendFailed),
        Code(ErrorCode::NotEnough),
        Code(ErrorCode::CaError),
        Code(ErrorCode::from_wire("NEW_CODE")),
    ];
    for act in settling {
        let Scene { client, .. } = scene(std::slice::from_ref(&act));
        assert_eq!(query(&client).await.attempts, 1, "{act:?}");
        let Scene { client, .. } = scene(std::slice::from_ref(&act));
        assert_eq!(send(&client).await.attempts, 1, "{act:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn count_and_deadline_bound_a_call() {
    let acts = vec![Lost; 3];
    let Scene { client, .. } = scene(&acts);
    assert_eq!(query(&client).await.attempts, 3);

    let limits = AttemptLimits {
        count_max: 100,
        deadline: Duration::from_secs(20),
        ..AttemptLimits::DEFAULT
    };
    let busy = vec![Code(ErrorCode::SystemError); 100];
    let Scene { client, .. } = scene_with(&busy, ClientOptions { attempts: limits, ..options() });
    let start = Instant::now();
    let exchange = query(&client).await;
    assert!(exchange.attempts > 3, "{exchange:?}");
    let took = Instant::now() - start;
    assert!(took > Duration::from_secs(10) && took <= limits.deadline, "{took:?}");

    // an attempt that never ends is cut off, and may have arrived
    let Scene { client, .. } =
        scene_with(&[Never], ClientOptions { attempts: limits, ..options() });
    let start = Instant::now();
    let exchange = send(&client).await;
    assert_eq!((said(&exchange).as_str(), exchange.attempts), ("TimedOut", 1));
    assert!(exchange.may_have_arrived);
    assert_eq!(Instant::now() - start, limits.deadline);
}

#[tokio::test(start_paused = true)]
async fn a_call_tells_of_the_attempt_that_says_most() {
    let limited = || Code(ErrorCode::FreqLimit);
    let busy = || Code(ErrorCode::SystemError);
    let cases: [(&[Act], &str, bool); 10] = [
        (&[TimedOut, NotConnected, NotConnected], "TimedOut", true),
        (&[NotConnected, NotConnected, NotConnected], "NotConnected", false),
        (&[NotConnected, NotConnected, Lost], "ConnectionLost", true),
        (&[Lost, TimedOut, NotConnected], "TimedOut", true),
        (&[busy(), NotConnected, NotConnected], "SYSTEMERROR", true),
        (&[busy(), Lost, limited()], "ConnectionLost", true),
        (&[limited(), NotConnected, limited()], "FREQ_LIMIT", true),
        (&[TimedOut, limited(), NotConnected], "TimedOut", true),
        (&[TimedOut, Refused], "certificate refused", true),
        (&[NotConnected, Refused], "certificate refused", false),
    ];
    for (acts, expected, may_have_arrived) in cases {
        let Scene { client, .. } = scene(acts);
        let sent = send(&client).await;
        assert_eq!((said(&sent).as_str(), sent.may_have_arrived), (expected, may_have_arrived));
        assert_eq!(usize::try_from(sent.attempts).unwrap(), acts.len());
        let Scene { client, .. } = scene(acts);
        assert_eq!(said(&query(&client).await), expected);
    }
}

/// Status, bytes, cause and host are those of the attempt that is told of.
#[tokio::test(start_paused = true)]
async fn an_exchange_is_of_one_piece() {
    let Scene { client, .. } = scene(&[Status(503), NotConnected, NotConnected]);
    let exchange = send(&client).await;
    assert_eq!((exchange.http_status, exchange.host), (Some(503), Host::Main));
    assert_eq!(exchange.raw.as_deref(), Some(b"<html></html>".as_slice()));
    assert_eq!((exchange.cause.as_deref(), exchange.attempts), (None, 3));
}

/// A transport that says "not connected" of a request that left is not believed.
#[tokio::test(start_paused = true)]
async fn not_connected_is_said_only_of_what_was_not_sent() {
    #[derive(Debug)]
    struct Liar;
    #[async_trait]
    impl Transport for Liar {
        async fn post(&self, _: Host, _: Call, _: Vec<u8>) -> Result<RawReply, Trouble> {
            let seen = Seen::Silence(Silence::NotConnected);
            Err(Trouble { seen, was_sent: true, cause: String::new() })
        }
    }
    let client = Client::with_transport(Arc::new(Liar), options());
    let exchange = send(&client).await;
    assert_eq!((said(&exchange).as_str(), exchange.host), ("ConnectionLost", Host::Main));
}

#[tokio::test(start_paused = true)]
async fn the_failover_host_is_remembered_and_left_when_the_main_one_answers() {
    let found = || Code(ErrorCode::NotFound);
    let Scene { script, client } = scene(&[NotConnected, found(), found(), found(), found()]);
    query(&client).await;
    query(&client).await;
    assert_eq!(script.hosts(), [Host::Main, Host::Failover, Host::Failover]);
    advance(hongbao_client::FAILOVER_REST).await;
    query(&client).await;
    query(&client).await;
    assert_eq!(script.hosts()[3..], [Host::Main, Host::Main]);
}

#[tokio::test(start_paused = true)]
async fn without_a_failover_host_the_main_one_is_asked_again() {
    let acts = [NotConnected, Status(502), NotConnected];
    let Scene { script, client } =
        scene_with(&acts, ClientOptions { has_failover: false, ..options() });
    query(&client).await;
    assert_eq!(script.hosts(), [Host::Main; 3]);
}

#[tokio::test(start_paused = true)]
async fn every_attempt_takes_a_turn_and_freq_limit_slows_all() {
    let pace = Pace::per_second(2);
    let options = ClientOptions { pace: pace.clone(), ..options() };
    let Scene { script, client } = scene_with(&[Lost, Lost, Lost, Lost, Lost, Lost], options);
    query(&client).await;
    query(&client).await;
    for (at, posted) in script.posted().iter().enumerate() {
        let second = script.posted()[at..]
            .iter()
            .filter(|other| other.at < posted.at + Duration::from_secs(1))
            .count();
        assert!(second <= 2, "{second} attempts in one second");
    }
    script.acts.lock().unwrap().extend([Code(ErrorCode::FreqLimit), Code(ErrorCode::NotFound)]);
    assert_eq!(said(&query(&client).await), "NOT_FOUND");
    assert_eq!(client.pace().rate().to_string(), "1/s");
}

#[tokio::test(start_paused = true)]
async fn who_will_not_wait_for_the_pace_sends_nothing() {
    let options = ClientOptions { pace: Pace::per_second(1), ..options() };
    let Scene { script, client } = scene_with(&[Code(ErrorCode::NotFound); 1], options);
    let (key, secret, wait) = (key(), WorkwxSecret::new(*b"s"), Duration::from_millis(500));
    client.query_within(wait, &ASKED, &key, Policy::Require).await.unwrap();
    client.query_within(wait, &ASKED, &key, Policy::Require).await.unwrap_err();
    client.send_within(wait, &order(), &key, &secret, Policy::Require).await.unwrap_err();
    assert_eq!(script.posted().len(), 1);
}

/// A repeat for which the pace has no turn before the deadline is not made.
#[tokio::test(start_paused = true)]
async fn the_pace_can_end_a_call_with_what_it_has() {
    let pace = Pace::per_second(1);
    let attempts =
        AttemptLimits { count_max: 3, deadline: Duration::from_secs(2), ..AttemptLimits::DEFAULT };
    let options = ClientOptions { pace: pace.clone(), attempts, ..options() };
    let Scene { client, .. } = scene_with(&[Lost], options);
    pace.turn().await;
    let start = Instant::now();
    let asking = tokio::spawn(async move { query(&client).await });
    tokio::task::yield_now().await;
    let rival = tokio::spawn(async move { while pace.turn_within(Duration::MAX).await.is_ok() {} });
    let exchange = asking.await.unwrap();
    rival.abort();
    assert_eq!((said(&exchange).as_str(), exchange.attempts), ("ConnectionLost", 1));
    assert!(Instant::now() - start <= Duration::from_secs(4));
}

/// Dropped at whatever moment, a call leaves pace and transport as they were.
#[tokio::test(start_paused = true)]
async fn a_call_may_be_dropped_at_any_moment() {
    for ms in (0..6_000).step_by(50) {
        let acts = [Lost, Status(502), Never];
        let options = ClientOptions { pace: Pace::per_second(2), ..options() };
        let Scene { script, client } = scene_with(&acts, options);
        let patience = Duration::from_millis(ms);
        let dropped = tokio::time::timeout(patience, send(&client)).await.is_err();
        assert!(dropped, "the last attempt never ends");
        script.acts.lock().unwrap().clear();
        script.acts.lock().unwrap().push_back(Code(ErrorCode::NotFound));
        let start = Instant::now();
        assert_eq!(said(&query(&client).await), "NOT_FOUND", "dropped after {ms} ms");
        assert!(Instant::now() - start <= Duration::from_millis(520), "dropped after {ms} ms");
    }
}

/// The same seed makes the same jitter, so that a simulation can be replayed.
#[tokio::test(start_paused = true)]
async fn a_seed_replays_a_call() {
    let mut took = Vec::new();
    for seed in [5, 5, 6] {
        let options = ClientOptions { dice: Dice::seeded(seed), ..options() };
        let Scene { client, .. } = scene_with(&[Lost, Lost, Lost], options);
        let start = Instant::now();
        query(&client).await;
        took.push(Instant::now() - start);
    }
    assert_eq!(took[0], took[1]);
    assert_ne!(took[0], took[2]);
}

#[test]
fn futures_may_move_between_threads() {
    fn is_send<T: Send>(_: T) {}
    let Scene { client, .. } = scene(&[]);
    let (key, secret, order) = (key(), WorkwxSecret::new(*b"s"), order());
    is_send(client.query(&ASKED, &key, Policy::Require));
    is_send(client.send(&order, &key, &secret, Policy::Require));
    is_send(client.query_within(Duration::ZERO, &ASKED, &key, Policy::Require));
    is_send(client.pace().turn());
}
