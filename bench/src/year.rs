//! The packets of a year as merchants of very different size send them: the same ones for the
//! same seed, each made from its number alone, in the order of their time.

mod asked;
mod calendar;
mod fill;
pub mod rows;
mod words;

pub use asked::Asked;
pub use fill::{Book, fill, prepare};

use crate::scene::{APPID, MCH_ID};
use calendar::Calendar;
use hongbao_ledger::record::{Order, Receipt, Refund, Told};
use hongbao_ledger::{Commit, Entry, Expect, Key, Limits, Merchant, Record, Source};
use hongbao_wire::send::{Scene, Sender};
use hongbao_wire::{ApiKey, Fen, SendRequest, Status, WorkwxSecret};
use jiff::{SignedDuration, Timestamp};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// How many merchants there are.
const MERCHANTS: usize = 50;
/// The `k`th merchant sends in proportion to `1 / k^ZIPF`.
const ZIPF: f64 = 1.1;
/// Packets a receiver, on average.
const PACKETS_A_RECEIVER: f64 = 8.0;
/// For so long the raw request of a send is kept, as a retention of 30 days would have it.
const RAW_KEPT_FOR: SignedDuration = SignedDuration::from_hours(30 * 24);

/// A year of packets.
#[derive(Debug)]
pub struct Year {
    seed: u64,
    /// How many packets there are.
    pub records: u64,
    calendar: Calendar,
    merchants: Vec<Merchant>,
    /// The share of all packets that the merchants up to each have.
    shares: Vec<f64>,
}

impl Year {
    /// So many packets; another seed makes others.
    pub fn new(seed: u64, records: u64) -> Self {
        let weights: Vec<f64> = (1..=MERCHANTS).map(|k| (k as f64).powf(-ZIPF)).collect();
        let whole: f64 = weights.iter().sum();
        let shares = weights.iter().scan(0.0, |sum, weight| {
            *sum += weight / whole;
            Some(*sum)
        });
        Self {
            seed,
            records,
            calendar: Calendar::new(),
            shares: shares.collect(),
            merchants: (0..MERCHANTS).map(merchant).collect(),
        }
    }

    /// Who sends.
    pub fn merchants(&self) -> &[Merchant] {
        &self.merchants
    }

    /// Bill numbers drawn uniformly over all packets.
    pub fn keys(&self, count: usize) -> Vec<Key> {
        let mut random = StdRng::seed_from_u64(self.seed ^ 11_544);
        (0..count).map(|_| self.key(random.random_range(0..self.records))).collect()
    }

    /// What names the `n`th packet.
    pub fn key(&self, n: u64) -> Key {
        self.draw(n).1
    }

    /// The `n`th packet as it stands when the year is over.
    pub fn record(&self, n: u64) -> Record {
        let (mut random, key, merchant, sent_at) = self.draw(n);
        let order = self.order(&mut random, merchant, sent_at);
        let age = self.calendar.end().duration_since(sent_at);
        let status = status(&mut random, age);
        let after = |seconds: u64| {
            sent_at.checked_add(SignedDuration::from_secs(seconds as i64)).unwrap_or(sent_at)
        };
        let day = 86_400;
        // Most are opened within minutes, and some late.
        let opened = random.random_range(0.0..1.0_f64).powi(6) * day as f64;
        let status_at = match &status {
            Some(Status::Received) => after(5 + opened as u64),
            Some(Status::RefundIng) => after(day),
            Some(Status::Refund) => after(day + random.random_range(60..2 * day)),
            Some(Status::Failed) => after(random.random_range(1..600)),
            _ => after(1),
        };
        let due_at = match &status {
            Some(Status::Sent | Status::Sending) => Some(after(day)),
            Some(Status::RefundIng) => Some(after(3 * day)),
            _ => None,
        };
        let (openid, amount) = (order.re_openid.clone(), order.total_amount);
        Record {
            detail_id: status.as_ref().map(|_| format!("1000041701{n:018}").as_str().into()),
            reason: matches!(status, Some(Status::Failed)).then(|| words::REASON.into()),
            receipt: matches!(status, Some(Status::Received)).then(|| Receipt {
                openid,
                amount,
                rcv_time: status_at,
            }),
            refund: matches!(status, Some(Status::Refund))
                .then_some(Refund { refund_amount: amount, refund_time: status_at }),
            told: if status.is_some() { Told::Clear } else { Told::Unclear },
            key,
            order,
            sent_at,
            status,
            status_at,
            due_at,
            play: "".into(),
            version: 0,
        }
    }

    /// The one commit that makes the `n`th packet, with its life so far as its history.
    pub fn commit(&self, n: u64) -> Commit {
        let record = self.record(n);
        let merchant = self.merchant_of(&record.key);
        let at = record.sent_at;
        let is_young = self.calendar.end().duration_since(at) < RAW_KEPT_FOR;
        let raw = is_young.then(|| raw_send(&record, merchant).into());
        let event =
            |at, event: &str| Entry { at, source: Source::Issuer, event: event.into(), raw: None };
        let mut entries =
            vec![Entry { at, source: Source::Merchant, event: "accepted".into(), raw }];
        match &record.status {
            None => {}
            Some(Status::Sent) => entries.push(event(record.status_at, "SENT")),
            Some(status) => {
                let word = status.as_str();
                entries.extend([event(at, "SENT"), event(record.status_at, word)]);
            }
        }
        let style = hongbao_issuer::ReplyStyle::default();
        Commit {
            reply: hongbao_issuer::reply::kept(&record, merchant, &style),
            record,
            expect: Expect::Absent,
            entries,
            budget: None,
            refund: None,
            findings: Vec::new(),
        }
    }

    /// When the year is over.
    pub fn end(&self) -> Timestamp {
        self.calendar.end()
    }

    fn merchant_of(&self, key: &Key) -> &Merchant {
        let found = self.merchants.iter().find(|merchant| merchant.mch_id == key.mch_id);
        found.expect("every key is of one of the merchants")
    }

    /// What a packet's number alone decides: its dice, its key, its sender and its time.
    fn draw(&self, n: u64) -> (StdRng, Key, usize, Timestamp) {
        let mut random = StdRng::seed_from_u64(self.seed ^ n.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let place = (n as f64 + random.random_range(0.0..1.0)) / self.records.max(1) as f64;
        let sent_at = self.calendar.at(place);
        let share: f64 = random.random_range(0.0..1.0);
        let merchant = self.shares.partition_point(|sum| *sum <= share).min(MERCHANTS - 1);
        let mch_id = self.merchants[merchant].mch_id.clone();
        let day = hongbao_ledger::total::day_of(sent_at).strftime("%Y%m%d");
        let billno = format!("{}{day}{n:010}", mch_id.as_str());
        (random, Key::new(mch_id, billno.as_str()), merchant, sent_at)
    }

    fn order(&self, random: &mut StdRng, merchant: usize, sent_at: Timestamp) -> Order {
        let share = self.shares[merchant] - merchant.checked_sub(1).map_or(0.0, |k| self.shares[k]);
        let receivers = (self.records as f64 * share / PACKETS_A_RECEIVER).max(1.0);
        // Some receive often, most seldom.
        let receiver = (receivers * random.random_range(0.0..1.0_f64).powi(2)) as u64;
        let act = words::act(merchant, sent_at, random.random_range(0..10) == 0);
        let amount = amount(random);
        Order {
            wxappid: APPID.into(),
            re_openid: format!("oHb{merchant:02}{receiver:023}").as_str().into(),
            total_amount: Fen::new(amount).unwrap_or_default(),
            wishing: act.wishing.into(),
            act_name: act.name.into(),
            remark: act.remark.into(),
            sender: match merchant % 5 {
                4 => Sender::Agent(1_000_002),
                _ => Sender::Name(words::SENDERS[merchant % words::SENDERS.len()].into()),
            },
            sender_header_media_id: None,
            scene: (amount > 20_000).then_some(Scene::ChannelShare),
        }
    }
}

/// The `k`th merchant; the first is the sandbox's.
fn merchant(k: usize) -> Merchant {
    let mch_id = if k == 0 { MCH_ID.to_owned() } else { (10_000_200 + k).to_string() };
    Merchant {
        mch_id: mch_id.as_str().into(),
        name: words::COMPANIES[k % words::COMPANIES.len()].into(),
        appids: vec![APPID.into()],
        api_key: ApiKey::new(format!("a key of a benchmark, not a secret {k:02}").as_bytes()),
        workwx_secret: WorkwxSecret::new(&b"no secret either, as nobody asks"[..]),
        key_version: 1,
        limits: Limits { queries_per_second: u32::MAX, ..Limits::default() },
        balance: Fen::new(100_000_000_000).unwrap_or_default(),
        product_enabled: true,
        api_send_enabled: true,
        address_whitelist: Vec::new(),
        revoked_serials: Vec::new(),
        version: 1,
        added_at: Timestamp::UNIX_EPOCH,
    }
}

/// Many small, few large, and the lucky numbers; fen.
fn amount(random: &mut StdRng) -> u64 {
    match random.random_range(0..1_000) {
        0..150 => [188, 520, 666, 888, 1_314, 1_888][random.random_range(0..6)],
        150..600 => random.random_range(100..=500),
        600..920 => random.random_range(500..=5_000),
        920..990 => random.random_range(5_000..=20_000),
        _ => random.random_range(20_001..=500_000),
    }
}

/// What became of a packet of this age; `None`: it was never stored.
fn status(random: &mut StdRng, age: SignedDuration) -> Option<Status> {
    let die = random.random_range(0..1_000);
    Some(match age.as_hours() {
        ..24 => match die {
            0..550 => Status::Received,
            550..960 => Status::Sent,
            960..985 => Status::Sending,
            _ => Status::Failed,
        },
        24..72 => match die {
            0..905 => Status::Received,
            905..950 => Status::RefundIng,
            950..977 => Status::Refund,
            _ => Status::Failed,
        },
        _ => match die {
            0..905 => Status::Received,
            905..976 => Status::Refund,
            976..998 => Status::Failed,
            _ => return None,
        },
    })
}

fn raw_send(record: &Record, merchant: &Merchant) -> Vec<u8> {
    let Order { wxappid, re_openid, total_amount, wishing, act_name, remark, .. } = &record.order;
    let request = SendRequest {
        nonce_str: "5K8264ILTKCH16CQ2502SI8ZNMTM67VS".into(),
        mch_billno: record.key.mch_billno.clone(),
        mch_id: record.key.mch_id.clone(),
        wxappid: wxappid.clone(),
        sender: record.order.sender.clone(),
        sender_header_media_id: None,
        re_openid: re_openid.clone(),
        total_amount: *total_amount,
        wishing: wishing.clone(),
        act_name: act_name.clone(),
        remark: remark.clone(),
        scene: record.order.scene,
    };
    request.write(&merchant.api_key, &merchant.workwx_secret)
}

#[cfg(test)]
mod tests {
    use super::{Asked, Year};
    use hongbao_ledger::total::day_of;
    use hongbao_wire::Status;
    use jiff::civil::date;
    use std::collections::HashMap;

    #[test]
    fn the_same_seed_makes_the_same_packets_and_another_makes_others() {
        let (one, same, other) = (Year::new(1, 1_000), Year::new(1, 1_000), Year::new(2, 1_000));
        for n in 0..1_000 {
            assert_eq!(one.commit(n).record, same.commit(n).record);
            assert_eq!(one.commit(n).reply, same.commit(n).reply);
            assert_eq!(one.key(n), one.record(n).key);
            assert_eq!(Asked(&one).commit(n).inquiry.key, one.key(n));
        }
        assert!((0..1_000).any(|n| one.key(n) != other.key(n)));
    }

    #[test]
    fn time_and_the_year_go_on_with_the_number() {
        let year = Year::new(3, 10_000);
        let times: Vec<_> = (0..10_000).map(|n| year.record(n).sent_at).collect();
        assert!(times.is_sorted());
        assert_eq!(day_of(times[0]), date(2025, 1, 1));
        assert_eq!(day_of(times[9_999]), date(2025, 12, 31));
    }

    #[test]
    fn days_merchants_and_statuses_have_their_shares() {
        const RECORDS: u64 = 20_000;
        let year = Year::new(4, RECORDS);
        let (mut days, mut merchants, mut statuses) =
            (HashMap::new(), HashMap::new(), HashMap::new());
        for record in (0..RECORDS).map(|n| year.record(n)) {
            assert!(record.key.mch_billno.as_str().len() <= 28);
            *days.entry(day_of(record.sent_at)).or_insert(0) += 1;
            *merchants.entry(record.key.mch_id).or_insert(0) += 1;
            *statuses.entry(record.status).or_insert(0) += 1;
        }
        let busiest = days.iter().max_by_key(|(_, packets)| **packets);
        assert_eq!(busiest.map(|(day, _)| *day), Some(date(2025, 1, 28)));
        let first = merchants[&year.merchants()[0].mch_id];
        assert!((RECORDS / 5..RECORDS / 3).contains(&first), "{first}");
        let received = statuses[&Some(Status::Received)];
        assert!((RECORDS * 88 / 100..RECORDS * 92 / 100).contains(&received), "{received}");
        let refunded = statuses[&Some(Status::Refund)];
        assert!((RECORDS * 6 / 100..RECORDS * 8 / 100).contains(&refunded), "{refunded}");
        assert!(statuses.contains_key(&Some(Status::Sent)));
        assert!(statuses.contains_key(&Some(Status::Failed)));
        assert!(statuses.contains_key(&None));
    }
}
