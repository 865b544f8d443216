//! Packets against movements of money: every kind of difference, and what is none.
#![allow(clippy::unwrap_used)]

mod common;
mod given;

use Direction::{In, Out};
use common::{HOUR, account, start};
use given::Side;
use hongbao_inquiry::Freshness;
use hongbao_inquiry::fund_flow::{
    Days, Direction, Flows, Movement, Packet, Packets, REFUND_WITHIN, differences,
};
use hongbao_ledger::total::day_of;
use hongbao_wire::Fen;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;

fn movement(direction: Direction, fen: u64, booked_at: Timestamp) -> Movement {
    Movement {
        booked_at,
        transaction: "".into(),
        flow: "".into(),
        business: "企业微信红包".into(),
        direction,
        amount: Fen::new(fen).unwrap(),
        voucher: "1".into(),
        bill: 0,
        line: 2,
    }
}

/// Bills of the day on which packets are sent.
fn today() -> Days {
    let mut days = Days::Seen(BTreeSet::new());
    days.see(start());
    days
}

/// The packet of each status that the payer says.
async fn packets(statuses: &[&'static str]) -> Vec<Packet> {
    let side = Side::new();
    for status in statuses {
        side.payer.pays(status, status, start());
    }
    for status in statuses {
        side.inquirer.ask(status, Freshness::New).await.unwrap();
    }
    let account = account();
    let packets = Packets::new(&*side.ledger, &account, start() + HOUR);
    let mut found = Vec::new();
    for status in statuses {
        found.push(packets.find(status).await.unwrap().unwrap());
    }
    found
}

/// The words for each packet, with so much out and so much back.
fn words(packet: &Packet, moved: &[(Direction, u64)]) -> String {
    let movements: Vec<Movement> =
        moved.iter().map(|(direction, fen)| movement(*direction, *fen, start())).collect();
    let found = differences(packet, &Flows::of(&movements), &today());
    found.into_iter().map(|difference| difference.as_str()).collect::<Vec<_>>().join(" ")
}

/// Movements, and the words for each of [`STATUSES`].
type Row = (&'static [(Direction, u64)], [&'static str; 6]);

const STATUSES: [&str; 6] = ["RECEIVED", "REFUND", "FAILED", "SENT", "SENDING", "NEWSTATUS"];
const OUT: (Direction, u64) = (Out, 1_000);
const BACK: (Direction, u64) = (In, 1_000);
const NONE: &str = "";
const TABLE: [Row; 7] = [
    (&[], ["no_movement", "no_movement refund_missing", NONE, "no_movement", NONE, NONE]),
    (&[OUT], [NONE, "refund_missing", "paid_although_failed", NONE, NONE, "paid_but_unknown"]),
    (
        &[OUT, BACK],
        [
            "refund_unexpected",
            NONE,
            NONE,
            "refund_unexpected",
            "refund_unexpected",
            "refund_unexpected",
        ],
    ),
    (
        &[OUT, OUT],
        [
            "doubled",
            "doubled refund_missing",
            "doubled paid_although_failed",
            "doubled",
            "doubled",
            "doubled paid_but_unknown",
        ],
    ),
    (
        &[OUT, BACK, OUT],
        [
            "refund_unexpected",
            "doubled",
            "doubled paid_although_failed",
            "refund_unexpected",
            "refund_unexpected",
            "paid_but_unknown refund_unexpected",
        ],
    ),
    (
        &[(Out, 1_001), (In, 999)],
        [
            "amount_differs refund_unexpected",
            "amount_differs",
            "amount_differs",
            "amount_differs refund_unexpected",
            "amount_differs refund_unexpected",
            "amount_differs refund_unexpected",
        ],
    ),
    (
        &[BACK],
        [
            "no_movement refund_unexpected",
            "no_movement",
            "refund_unexpected",
            "no_movement refund_unexpected",
            "refund_unexpected",
            "refund_unexpected",
        ],
    ),
];

#[tokio::test(start_paused = true)]
async fn each_verdict_has_the_movements_that_it_must_have() {
    let mut packets = packets(&STATUSES).await;
    packets[1].refund_time = Some(start());
    packets[1].refund_amount = Some(Fen::new(1_000).unwrap());
    for (moved, expected) in TABLE {
        let found: Vec<String> = packets.iter().map(|packet| words(packet, moved)).collect();
        assert_eq!(found, expected, "{moved:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_bills_do_not_cover_is_no_difference() {
    let packets = packets(&["RECEIVED", "REFUND", "FAILED"]).await;
    let mut days = Days::Seen(BTreeSet::new());
    assert_eq!(days.period(REFUND_WITHIN), None);
    days.see(start() + SignedDuration::from_hours(48));
    for packet in &packets {
        assert_eq!(differences(packet, &Flows::default(), &days), [], "{packet:?}");
    }
    // the money of a failure that left before these bills, back in them
    let back = [movement(Direction::In, 1_000, start())];
    assert_eq!(differences(&packets[2], &Flows::of(&back), &days), []);
    let told = Days::Told(day_of(start()), day_of(start()));
    let found = differences(&packets[0], &Flows::default(), &told);
    assert_eq!(found.iter().map(|d| d.as_str()).collect::<Vec<_>>(), ["no_movement"]);
}

#[tokio::test(start_paused = true)]
async fn a_movement_more_than_a_day_away_is_told() {
    let packet = &packets(&["RECEIVED"]).await[0];
    for (hours, expected) in [(24, 0), (25, 1), (-24, 0), (-25, 1)] {
        let at = start() + SignedDuration::from_hours(hours);
        let flows = Flows::of(&[movement(Direction::Out, 1_000, at)]);
        assert_eq!(differences(packet, &flows, &today()).len(), expected, "{hours}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_walk_gives_every_packet_of_the_days_in_the_order_of_their_numbers() {
    let side = Side::new();
    for at in 0..1_203_u32 {
        let billno = format!("{at:05}");
        let sent = start() - SignedDuration::from_hours(i64::from(at % 2) * 24 * 30);
        side.payer.takes(&billno, std::time::Duration::ZERO);
        side.payer.pays(billno.as_str(), "RECEIVED", sent);
        side.inquirer.ask(&billno, Freshness::New).await.unwrap();
    }
    let account = account();
    let packets = Packets::new(&*side.ledger, &account, start() + HOUR);
    let mut walk = packets.of(today().period(REFUND_WITHIN).unwrap());
    let mut found = Vec::new();
    while let Some(packet) = walk.next().await.unwrap() {
        found.push(packet.mch_billno.as_str().to_owned());
    }
    let expected: Vec<String> = (0..1_203).step_by(2).map(|at| format!("{at:05}")).collect();
    assert_eq!(found, expected);
}
