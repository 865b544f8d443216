//! Merchants' programs: each packet is sent until it is accepted, and asked about, at any server.

use crate::fleet::{APPID, Fleet, MCH_ID, Sdk};
use hongbao_client::Dice;
use hongbao_wire::observation::Observation;
use hongbao_wire::send::Sender;
use hongbao_wire::sign::Policy;
use hongbao_wire::{Fen, SendRequest};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// Programs at work.
const WORKERS: u64 = 6;
/// The most packets of each.
const PACKETS: u64 = 120;
/// Packets that are accepted between two troubles.
const PROGRESS: u64 = 8;

struct Shared {
    servers: Mutex<Vec<Sdk>>,
    /// Every packet that was acknowledged, and its amount.
    accepted: Mutex<BTreeMap<String, u64>>,
    done: watch::Sender<u64>,
    stop: AtomicBool,
    seed: u64,
}

pub struct Load {
    shared: Arc<Shared>,
    workers: JoinSet<()>,
}

impl Load {
    pub fn begin(fleet: &Fleet, seed: u64) -> Self {
        let shared = Arc::new(Shared {
            servers: Mutex::new((0..3).map(|which| fleet.client(which)).collect()),
            accepted: Mutex::default(),
            done: watch::Sender::new(0),
            stop: AtomicBool::new(false),
            seed,
        });
        let mut workers = JoinSet::new();
        for worker in 0..WORKERS {
            workers.spawn(shared.clone().work(worker));
        }
        Self { shared, workers }
    }

    /// A server is elsewhere now.
    pub fn moved(&self, which: usize, sdk: Sdk) {
        self.shared.servers.lock().unwrap()[which] = sdk;
    }

    /// Until some more packets were acknowledged, or all were.
    pub async fn wait_for_progress(&self) {
        let mut done = self.shared.done.subscribe();
        let enough = (*done.borrow() + PROGRESS).min(WORKERS * PACKETS);
        let progress = done.wait_for(|done| *done >= enough);
        let progress = timeout(Duration::from_secs(60), progress).await;
        assert!(progress.is_ok(), "seed {}: no progress", self.shared.seed);
    }

    /// Lets everybody finish what they are at; returns what was acknowledged.
    pub async fn finish(self) -> BTreeMap<String, u64> {
        self.shared.stop.store(true, Ordering::SeqCst);
        let seed = self.shared.seed;
        let finished = timeout(Duration::from_secs(120), self.workers.join_all()).await;
        assert!(finished.is_ok(), "seed {seed}: a packet is never accepted");
        std::mem::take(&mut self.shared.accepted.lock().unwrap())
    }
}

impl Shared {
    async fn work(self: Arc<Self>, worker: u64) {
        let dice = Dice::seeded(self.seed ^ (worker << 32));
        for n in 0..PACKETS {
            if self.stop.load(Ordering::SeqCst) {
                return;
            }
            let billno = format!("W{worker}N{n:04}");
            // amounts tell the packets apart, receivers stay below their limits
            let amount = 100 + worker * PACKETS + n;
            let request = request(&billno, amount, &format!("receiver{worker}x{}", n / 8));
            while !self.sends(&self.any(&dice), &request).await {
                // a program that is told to ask again does not do so at once
                sleep(Duration::from_millis(20)).await;
            }
            self.accepted.lock().unwrap().insert(billno.clone(), amount);
            self.done.send_modify(|done| *done += 1);
            self.looks(&dice, &billno).await;
        }
    }

    /// Whether it was acknowledged. Whatever else came, the same number is sent again.
    async fn sends(&self, server: &Sdk, request: &SendRequest) -> bool {
        let Sdk { client, api_key, secret } = server;
        let seen = client.send(request, api_key, secret, Policy::Require).await;
        match seen.observation {
            Observation::Success(_) => true,
            Observation::Failure(failure) => {
                let code = failure.err_code.map(|code| code.as_str().to_owned());
                let code = code.as_deref().unwrap_or("FAIL");
                let is_passing = ["SYSTEMERROR", "FREQ_LIMIT"].contains(&code);
                assert!(is_passing, "seed {}: {code} of {}", self.seed, request.mch_billno);
                false
            }
            _ => false,
        }
    }

    /// What was acknowledged is known everywhere, and its status never goes back.
    async fn looks(&self, dice: &Dice, billno: &str) {
        const ORDER: [&str; 5] = ["SENDING", "SENT", "RFUND_ING", "RECEIVED", "REFUND"];
        let mut rank = 0;
        for _ in 0..3 {
            let said = self.any(dice).ask(billno).await;
            let seed = self.seed;
            match said.as_deref() {
                Ok(status) => {
                    let now = ORDER.iter().position(|known| *known == status).unwrap();
                    assert!(now >= rank, "seed {seed}: {billno} went back to {status}");
                    rank = now;
                }
                Err(code) => {
                    let is_lost =
                        ["NOT_FOUND", "PARAM_ERROR", "SIGN_ERROR"].contains(&code.as_str());
                    assert!(!is_lost, "seed {seed}: {code} of {billno}");
                }
            }
        }
    }

    fn any(&self, dice: &Dice) -> Sdk {
        let which = dice.below(Duration::from_nanos(2)).as_nanos();
        self.servers.lock().unwrap()[usize::try_from(which).unwrap()].clone()
    }
}

fn request(billno: &str, amount: u64, re_openid: &str) -> SendRequest {
    SendRequest {
        nonce_str: "5K8264ILTKCH16CQ2502SI8ZNMTM67VS".into(),
        mch_billno: billno.into(),
        mch_id: MCH_ID.into(),
        wxappid: APPID.into(),
        sender: Sender::Company,
        sender_header_media_id: None,
        re_openid: re_openid.into(),
        total_amount: Fen::new(amount).unwrap(),
        wishing: "恭喜发财".into(),
        act_name: "新年红包".into(),
        remark: "新年红包".into(),
        scene: None,
    }
}
