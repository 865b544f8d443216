//! What carries the bytes: it loses, delays, doubles, reorders, breaks off and forges.

use crate::bug::Bug;
use crate::chance::Chance;
use crate::gate;
use crate::spoil::{self, Spoil};
use crate::weather::Weather;
use crate::world::World;
use async_trait::async_trait;
use hongbao_client::{Call, Host, RawReply, Seen, Transport, Trouble};
use hongbao_issuer::Delivery;
use hongbao_wire::observation::Silence;
use hongbao_wire::xml::Document;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};

/// How long an attempt may take, as over HTTP.
const PATIENCE: Duration = Duration::from_secs(10);
const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);
/// How late a request may arrive.
const LATE_MAX: Duration = Duration::from_secs(3 * 3600);
/// How many old replies of a number are remembered.
const OLD_MAX: usize = 8;

/// How often a trouble happens.
type Share = fn(&Weather) -> u32;

/// The network's state.
#[derive(Debug)]
pub(crate) struct Network {
    chance: Chance,
    /// Until when the main host and the failover host are away, since the world began.
    away_until: [Duration; 2],
    /// Replies that travelled before, by call and number.
    old: BTreeMap<(bool, String), Vec<Vec<u8>>>,
}

/// What becomes of one attempt.
#[derive(Debug)]
struct Journey {
    out: Duration,
    back: Duration,
    loss: Loss,
    /// When the request arrives once more.
    again: Option<Duration>,
    spoil: Option<Spoil>,
    /// Whether a lost reply is noticed only by waiting.
    hangs: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Loss {
    Nothing,
    /// It does not arrive.
    Request,
    /// It arrives, and nobody waits any more.
    Reply,
}

impl Network {
    pub(crate) fn new(seed: u64) -> Self {
        let chance = Chance::new(seed, "network");
        Self { chance, away_until: [Duration::ZERO; 2], old: BTreeMap::new() }
    }

    /// Whether the host is away now.
    fn is_away(&mut self, world: &World, host: Host) -> bool {
        let (now, index) = (world.time.age(), usize::from(host == Host::Failover));
        if self.chance.hits(world.permille(|weather| weather.outage)) {
            self.away_until[index] = now + self.chance.wait(SECOND, 600 * SECOND);
        }
        now < self.away_until[index] && !world.is_calm()
    }

    fn roll(&mut self, world: &World) -> Journey {
        let chance = &mut self.chance;
        let often = |share: Share| world.permille(share);
        let mut journey = Journey {
            out: chance.wait(MS, 100 * MS),
            back: chance.wait(MS, 100 * MS),
            loss: Loss::Nothing,
            again: None,
            spoil: None,
            hangs: chance.hits(500),
        };
        if chance.hits(often(|w| w.lost_before)) {
            journey.loss = Loss::Request;
        } else if chance.hits(often(|w| w.late)) {
            (journey.loss, journey.out) = (Loss::Reply, chance.wait(11 * SECOND, LATE_MAX));
        } else if chance.hits(often(|w| w.lost_after)) {
            journey.loss = Loss::Reply;
        }
        if chance.hits(often(|w| w.slow)) {
            journey.out = chance.wait(SECOND, 20 * SECOND);
            journey.back = chance.wait(SECOND, 20 * SECOND);
        }
        if chance.hits(often(|w| w.doubled)) {
            journey.again = Some(chance.wait(MS, LATE_MAX));
        }
        let spoils: [(Share, Spoil); 5] = [
            (|w| w.cut, Spoil::Cut),
            (|w| w.forged, Spoil::Forged),
            (|w| w.stale, Spoil::Stale),
            (|w| w.html, Spoil::Html),
            (|w| w.too_fast, Spoil::TooFast),
        ];
        let hit = spoils.into_iter().find(|(share, _)| chance.hits(often(*share)));
        journey.spoil = hit.map(|(_, spoil)| spoil);
        journey
    }

    /// Remembers a reply, and what it comes out as.
    fn pass(&mut self, spoil: Option<Spoil>, letter: &Letter, body: Vec<u8>) -> RawReply {
        let key = |number: &str| (letter.call == Call::Send, number.to_owned());
        let old = self.old.entry(key(&letter.mch_billno)).or_default();
        if old.len() < OLD_MAX && old.last() != Some(&body) {
            old.push(body.clone());
        }
        match spoil {
            None => spoil::plain(200, body),
            Some(spoil) => {
                let own = self.old.get(&key(&letter.mch_billno)).map(Vec::as_slice);
                let others = self.old.iter().filter(|((send, number), _)| {
                    *send == (letter.call == Call::Send) && *number != letter.mch_billno
                });
                let others: Vec<&Vec<u8>> = others.flat_map(|(_, bodies)| bodies).collect();
                let sources = spoil::Sources { own: own.unwrap_or_default(), others: &others };
                spoil::spoil(spoil, &letter.mch_billno, body, &sources, &mut self.chance)
            }
        }
    }
}

/// A request under way.
#[derive(Clone, Debug)]
struct Letter {
    call: Call,
    mch_billno: String,
    body: Vec<u8>,
}

/// A process's line to the payer.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) world: Arc<World>,
    /// Which process, and which life of it.
    pub(crate) life: u64,
}

#[async_trait]
impl Transport for Line {
    async fn post(&self, host: Host, call: Call, body: Vec<u8>) -> Result<RawReply, Trouble> {
        let world = &self.world;
        let mch_billno = crate::judge::posted(world, self.life, call, &body);
        world.note(format_args!("{:x} {call:?} {mch_billno} to {}", self.life, host.as_str()));
        let away = world.network().is_away(world, host);
        let journey = world.network().roll(world);
        if away {
            sleep(journey.out).await;
            return Err(trouble(Silence::NotConnected, false));
        }
        let letter = Letter { call, mch_billno, body };
        let (teller, told) = oneshot::channel();
        // the network goes on when the process dies
        tokio::spawn(travel(world.clone(), letter.clone(), journey, teller));
        match timeout(PATIENCE, told).await {
            Ok(Ok(reply)) => Ok(through(world.bug, world, &letter, reply)),
            Ok(Err(_)) => Err(trouble(Silence::ConnectionLost, true)),
            Err(_) => Err(trouble(Silence::TimedOut, true)),
        }
    }
}

fn trouble(silence: Silence, was_sent: bool) -> Trouble {
    Trouble { seen: Seen::Silence(silence), was_sent, cause: "the simulation's".to_owned() }
}

async fn travel(
    world: Arc<World>,
    letter: Letter,
    journey: Journey,
    teller: oneshot::Sender<RawReply>,
) {
    let Journey { out, back, loss, again, spoil, hangs } = journey;
    if let Some(after) = again {
        let (world, letter) = (world.clone(), letter.clone());
        tokio::spawn(async move {
            sleep(after).await;
            world.note(format_args!("again {:?} {}", letter.call, letter.mch_billno));
            gate::answer(&world, letter.call, &letter.body).await;
        });
    }
    let reply = async {
        if loss == Loss::Request {
            return None;
        }
        sleep(out).await;
        let answer = gate::answer(&world, letter.call, &letter.body).await;
        let status = match answer.delivery {
            Delivery::Plain => 200,
            Delivery::After(delay) => {
                sleep(delay).await;
                200
            }
            Delivery::Html(status) => status,
            Delivery::ResetBeforeRequest | Delivery::ResetAfterRequest => return None,
        };
        sleep(back).await;
        if loss == Loss::Reply {
            return None;
        }
        let body = answer.body.to_vec();
        let is_patient = !matches!(answer.delivery, Delivery::After(delay) if delay > 8 * SECOND);
        Some(match status {
            200 if is_patient => world.network().pass(spoil, &letter, body),
            other => spoil::plain(other, body),
        })
    };
    match reply.await {
        Some(reply) => drop(teller.send(reply)),
        None if hangs => {
            sleep(2 * PATIENCE).await;
            drop(teller);
        }
        None => drop(teller),
    }
}

/// The reply as a client with this bug reads it.
fn through(bug: Option<Bug>, world: &World, letter: &Letter, reply: RawReply) -> RawReply {
    let Some(bug) = bug else { return reply };
    let key = &world.merchant.api_key;
    let Ok(document) = Document::parse(&reply.body) else { return reply };
    let body = match bug {
        Bug::NotFoundIsFailed if document.get("err_code") == Some("NOT_FOUND") => {
            spoil::failed_record(&letter.mch_billno).write(Some(key))
        }
        Bug::SignatureIgnored if document.get("result_code") == Some("SUCCESS") => {
            spoil::signed_anew(&document, key)
        }
        _ => return reply,
    };
    RawReply { body, ..reply }
}
