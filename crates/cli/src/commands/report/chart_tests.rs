#![allow(clippy::unwrap_used)]
use super::*;
use hongbao_ledger::total::{Sum, Total, TotalKey};
use hongbao_ledger::{By, Report};
use hongbao_wire::Fen;
use jiff::civil::date;
use snapbox::Data;
use std::path::Path;

/// A month of packets, some of each outcome, and none on two of its days.
fn totals() -> Vec<Total> {
    let activities = ["新年红包", "员工生日", "Spring drive 2026", "客户答谢", ""];
    let mut totals = Vec::new();
    for (at, day) in (1..=30_u64).zip(1..).filter(|(_, day)| ![8, 22].contains(day)) {
        for (outcome, weight) in Outcome::ALL.into_iter().zip([60, 9, 2, 12, 1]) {
            let packets = (weight * (40 + at * 37 % 53) / 40).max(1);
            let fen = Fen::new(packets * (300 + at * 71 % 400)).unwrap();
            let (status, sender) = (outcome.as_str().into(), "".into());
            let place = usize::try_from(at + weight).unwrap() % activities.len();
            let key = TotalKey {
                day: date(2026, 11, day),
                status,
                outcome,
                act_name: activities[place].into(),
                sender,
            };
            let of = |wanted| if outcome == wanted { fen } else { Fen::ZERO };
            let (received, refunded) = (of(Outcome::Received), of(Outcome::Refunded));
            totals.push(Total { key, sum: Sum { packets, ordered: fen, received, refunded } });
        }
    }
    totals
}

fn drawn(by: By) -> String {
    let days = (Some(date(2026, 11, 1)), Some(date(2026, 11, 30)));
    svg(&Report::of(&totals(), by, None).unwrap(), days).unwrap()
}

/// The pictures of `docs/report.md`.
fn picture(name: &str) -> Data {
    let docs = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs"));
    Data::read_from(&docs.join(name), None).raw()
}

#[test]
fn equal_reports_are_equal_pictures() {
    snapbox::assert_data_eq!(drawn(By::Day), picture("report-by-day.svg"));
    snapbox::assert_data_eq!(drawn(By::Activity), picture("report-by-activity.svg"));
}

#[test]
fn names_cannot_break_out_of_the_picture() {
    let mut totals = totals();
    totals[0].key.act_name = "<script>\u{1b}&\"".into();
    let picture = svg(&Report::of(&totals, By::Activity, None).unwrap(), (None, None)).unwrap();
    assert!(picture.contains("&lt;script&gt;\\u{1b}&amp;"), "{picture}");
    assert!(!picture.contains("<script") && !picture.contains('\u{1b}'));
}

#[test]
fn an_empty_report_and_one_of_too_many_lines_are_drawn() {
    let empty = Report::of(&[], By::Day, None).unwrap();
    assert!(svg(&empty, (None, None)).unwrap().contains("</svg>"));
    let mut many = Vec::new();
    for at in 0..100 {
        let mut total = totals()[0].clone();
        total.key.sender = format!("sender {at:03}").into();
        many.push(total);
    }
    let bars = largest(&Report::of(&many, By::Sender, None).unwrap());
    let keys: Vec<&str> = bars.iter().map(|bar| &*bar.key).collect();
    assert_eq!((keys.len(), keys[0], keys[23]), (24, "sender 000", "77 others"));
    let shown: u64 = bars.iter().map(height_of).sum();
    assert_eq!(shown, 100 * height_of(&bars[0]));
}

#[test]
fn an_axis_has_whole_steps_and_room_for_the_highest_bar() {
    let cases = [(0, 20, 100), (100, 20, 100), (101, 50, 150), (1_234, 500, 1_500)];
    for (most, step, top) in cases {
        assert_eq!(scale(most), (step, top), "{most}");
    }
    assert_eq!(scale(99_999_999), (20_000_000, 100_000_000));
    let labels = [0, 5, 100, 123_456_700].map(axis);
    assert_eq!(labels, ["0", "0.05", "1", "1,234,567"]);
    assert_eq!([share(0, 0, 9), share(1, 3, 90), share(3, 3, 90)], [0, 30, 90]);
}

/// No money is left out of a chart, however many days it is of.
#[test]
fn of_many_days_the_months_have_a_bar_and_of_many_months_the_years() {
    let on = |at: Date| Total {
        key: TotalKey { day: at, ..totals()[0].key.clone() },
        ..totals()[0].clone()
    };
    let drawn = |days: &[Date], asked| {
        let totals: Vec<Total> = days.iter().map(|day| on(*day)).collect();
        let (bars, period) = periods(&Report::of(&totals, By::Day, None).unwrap(), asked);
        let keys: Vec<String> = bars.iter().map(|bar| bar.key.to_string()).collect();
        let packets: Vec<u64> = bars.iter().map(|bar| bar.sent.packets).collect();
        (period, keys, packets)
    };
    let one = totals()[0].sum.packets;
    let unasked = (None, None);
    let (period, keys, packets) = drawn(&[date(2025, 1, 1), date(2026, 2, 4)], unasked);
    assert_eq!((period, keys.len(), &*keys[399]), (Period::Day, 400, "2026-02-04"));
    assert_eq!((packets[0], packets[399], packets.iter().sum::<u64>()), (one, one, 2 * one));

    let days = [date(2025, 1, 2), date(2025, 1, 31), date(2026, 2, 6)];
    let (period, keys, packets) = drawn(&days, unasked);
    assert_eq!((period, keys.len()), (Period::Month, 14));
    assert_eq!((&*keys[0], &*keys[13]), ("2025-01", "2026-02"));
    assert_eq!((packets[0], packets[1], packets[13]), (2 * one, 0, one));
    let asked = (Some(date(2024, 12, 31)), Some(date(2026, 3, 1)));
    let (_, keys, _) = drawn(&days, asked);
    assert_eq!((keys.len(), &*keys[0], &*keys[15]), (16, "2024-12", "2026-03"));

    let (period, keys, packets) = drawn(&[date(1990, 5, 5), date(2026, 2, 5)], unasked);
    assert_eq!((period, keys.len()), (Period::Year, 37));
    assert_eq!((&*keys[0], &*keys[36], packets[36]), ("1990", "2026", one));
}
