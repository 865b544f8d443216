//! Amounts, times, ids, statuses, codes.
#![allow(clippy::unwrap_used, missing_docs)]

use hongbao_wire::fen::{Fen, FenError};
use hongbao_wire::send::{Scene, Sender};
use hongbao_wire::time::{beijing, format, rfc3339, zoned};
use hongbao_wire::{
    AppId, DetailId, ErrorCode, HumanText, MchBillno, MchId, OpenId, Status, WireTime,
};
use jiff::Timestamp;
use std::borrow::Borrow;

fn fen(text: &str) -> Result<u64, FenError> {
    text.parse::<Fen>().map(Fen::get)
}

#[test]
fn amounts_are_plain_digits() {
    assert_eq!(fen("0"), Ok(0));
    assert_eq!(fen("5000"), Ok(5000));
    assert_eq!(fen("0100"), Ok(100));
    assert_eq!(fen(" \t\r\n100 \t\r\n"), Ok(100));
    assert_eq!(fen("9223372036854775807"), Ok(i64::MAX.cast_unsigned()));
    for large in [
        "9223372036854775808",
        "18446744073709551615",
        "18446744073709551616",
        "99999999999999999999",
    ] {
        assert_eq!(fen(large), Err(FenError::TooLarge), "{large}");
    }
    assert_eq!(fen(""), Err(FenError::Empty));
    assert_eq!(fen(" \n"), Err(FenError::Empty));
    for bad in ["+1", "-1", "1.0", "1E+2", "1e2", "0x1", "1 0", "１", "1,000", "/", ":", "\u{a0}1"]
    {
        assert_eq!(fen(bad), Err(FenError::NotDigits), "{bad}");
    }
}

#[test]
fn amounts_add_up_or_do_not() {
    let one = Fen::new(1).unwrap();
    assert_eq!(Fen::new(i64::MAX.cast_unsigned()), Some(Fen::MAX));
    assert_eq!(Fen::new(i64::MAX.cast_unsigned() + 1), None);
    assert_eq!(one.checked_add(one), Fen::new(2));
    assert_eq!(Fen::MAX.checked_add(one), None);
    assert_eq!(Fen::MAX.checked_add(Fen::ZERO), Some(Fen::MAX));
    assert_eq!(one.checked_sub(one), Some(Fen::ZERO));
    assert_eq!(Fen::ZERO.checked_sub(one), None);
    assert_eq!(Fen::MAX.as_i64(), i64::MAX);
    assert_eq!(one.as_i64(), 1);
    assert_eq!(Fen::ZERO.to_string(), "0");
    assert_eq!(format!("{:>4}", one), "   1");
}

#[test]
fn yuan_as_people_write_it() {
    let yuan = |text: &str| Fen::from_yuan(text).map(Fen::get);
    for (text, expected) in [("1", 100), ("1.5", 150), ("1.05", 105), ("1.00", 100), ("0.01", 1)] {
        assert_eq!(yuan(text), Ok(expected), "{text}");
    }
    assert_eq!(yuan("92233720368547758.07"), Ok(i64::MAX.cast_unsigned()));
    assert_eq!(yuan("92233720368547758.08"), Err(FenError::TooLarge));
    assert_eq!(yuan("9223372036854775807"), Err(FenError::TooLarge));
    assert_eq!(yuan("1.005"), Err(FenError::FractionOfFen));
    for bad in ["-1", "1.-1", "1.+1", "1e2", "1,5", "1.5.1", "1. 5", "1 .5", " 1", "¥1"] {
        assert_eq!(yuan(bad), Err(FenError::NotDigits), "{bad}");
    }
    for bad in ["", ".5", "1.", "."] {
        assert_eq!(yuan(bad), Err(FenError::Empty), "{bad}");
    }
    assert_eq!(Fen::new(1205).unwrap().to_yuan(), "12.05");
    assert_eq!(Fen::new(5).unwrap().to_yuan(), "0.05");
    assert_eq!(FenError::Empty.to_string(), "is empty");
    assert_eq!(FenError::NotDigits.to_string(), "is not a plain number");
    assert_eq!(FenError::TooLarge.to_string(), "is too large");
    assert_eq!(FenError::FractionOfFen.to_string(), "has more than two decimals");
}

#[test]
fn times_in_every_form() {
    let instant: Timestamp = "2017-07-20T14:45:12Z".parse().unwrap();
    for text in [
        "2017-07-20 22:45:12",
        "2017-07-20 22：45：12",
        "2017-07-20 22：45:12",
        "20170720224512",
        " 20170720224512\n",
    ] {
        let time = WireTime::from_wire(text);
        assert_eq!(time.instant(), Some(instant), "{text}");
        assert_eq!(time.as_str(), text);
        assert_eq!(time.to_string(), text);
    }
    for bad in [
        "",
        "########",
        "2017-07-20",
        "2017-07-20T22:45:12",
        "2017-13-20 22:45:12",
        "2017-02-29 22:45:12",
        "2017-07-20 24:45:12",
        "2017-07-20 22:60:12",
        "2017-07-20 22:45:60",
        "2017-7-20 22:45:12",
        "2017-07-20 22:45:1d",
        "dddd-dd-dd dd:dd:dd",
        "dddddddddddddd",
        "2017072022451",
        "201707202245120",
        "+017-07-20 22:45:12",
        "2017-07-20 22:45:12 ",
        "2017:07:20 22-45-12",
        "２017072022451",
    ] {
        let time = WireTime::from_wire(bad);
        let trimmed_is_good = bad == "2017-07-20 22:45:12 ";
        assert_eq!(time.instant().is_some(), trimmed_is_good, "{bad:?}");
        assert_eq!(time.as_str(), bad);
    }
}

#[test]
fn times_are_written_at_eight_hours_east() {
    let instant: Timestamp = "2017-07-20T14:45:12.9Z".parse().unwrap();
    let time = WireTime::at(instant);
    assert_eq!(time.as_str(), "2017-07-20 22:45:12");
    assert_eq!(time.instant(), Some("2017-07-20T14:45:12Z".parse().unwrap()));
    assert_eq!(format(instant), "2017-07-20 22:45:12");
    assert_eq!(rfc3339(instant), "2017-07-20T22:45:12+08:00");
    for (second, text) in [
        (0, "1970-01-01 08:00:00"),
        (253_402_185_599, "9999-12-30 23:59:59"),
        (-62_135_625_601, "0000-12-31 23:59:59"),
        (-62_167_248_001, "-001-12-31 23:59:59"),
    ] {
        assert_eq!(format(Timestamp::from_second(second).unwrap()), text);
    }
    assert_eq!(zoned(instant).hour(), 22);
    assert_eq!(beijing().to_datetime(instant).hour(), 22);
    let new_year: Timestamp = "2017-12-31T16:00:00Z".parse().unwrap();
    assert_eq!(format(new_year), "2018-01-01 00:00:00");
}

#[test]
fn ids_are_opaque() {
    let id = MchBillno::new("0010010404201411170000046545");
    assert_eq!(id.as_str(), "0010010404201411170000046545");
    assert_eq!(id.to_string(), id.as_str());
    assert_eq!(format!("{:>3}|{:>5}", MchId::from("12345"), MchId::from("1")), "12345|    1");
    assert_eq!(format!("{:?}", DetailId::from("1E+27")), "DetailId(1E+27)");
    assert_eq!(AppId::from("wx".to_owned()).as_ref(), "wx");
    assert_eq!(<OpenId as Borrow<str>>::borrow(&OpenId::from("o")), "o");
    assert_ne!(MchBillno::from("A"), MchBillno::from("a"));
}

#[test]
fn a_request_s_number_is_1_to_28_letters_and_digits() {
    for good in ["1", "aZ09", "1000009820170720aBcDeFgHiJ28"] {
        assert!(MchBillno::is_well_formed(good), "{good}");
    }
    for bad in ["", "1000009820170720aBcDeFgHiJ280", "12-3", "1 2", "1\n", "单号", "１２"] {
        assert!(!MchBillno::is_well_formed(bad), "{bad}");
    }
}

#[test]
fn statuses() {
    let words = ["SENDING", "SENT", "FAILED", "RECEIVED", "RFUND_ING", "REFUND", "NEW"];
    for word in words {
        assert_eq!(Status::from_wire(word).as_str(), word);
        assert_eq!(Status::from_wire(word).to_string(), word);
        let is_final = matches!(word, "RECEIVED" | "REFUND" | "FAILED");
        assert_eq!(Status::from_wire(word).is_final(), is_final, "{word}");
    }
    assert_eq!(Status::from_wire("REFUNDING"), Status::RefundIng);
    assert_eq!(Status::from_wire("REFUND_ING"), Status::RefundIng);
    assert_eq!(Status::from_wire("sent"), Status::Unknown("sent".into()));
}

#[test]
fn error_codes() {
    for code in ErrorCode::KNOWN {
        assert_eq!(&ErrorCode::from_wire(code.as_str()), code);
        assert_eq!(code.to_string(), code.as_str());
    }
    assert_eq!(ErrorCode::KNOWN.len(), 21);
    let unknown = ErrorCode::from_wire("DAY_ OVER_LIMITED");
    assert_eq!(unknown, ErrorCode::Unknown("DAY_ OVER_LIMITED".into()));
    assert_eq!(unknown.as_str(), "DAY_ OVER_LIMITED");
}

#[test]
fn scenes_and_senders() {
    for (number, scene) in (1..).zip(Scene::ALL) {
        assert_eq!(scene.as_str(), format!("PRODUCT_{number}"));
        assert_eq!(Scene::from_wire(scene.as_str()), Some(scene));
    }
    assert_eq!(Scene::from_wire("PRODUCT_9"), None);
    assert_eq!(Scene::from_wire("product_1"), None);
    assert_eq!(Sender::Name("X".into()).name(), Some("X"));
    assert_eq!(Sender::Agent(1).name(), None);
    assert_eq!(Sender::Company.name(), None);
}

#[test]
fn texts_for_people_can_be_shown() {
    let text = HumanText::new("余额不足");
    assert_eq!(text.to_string(), "余额不足");
    assert_eq!(format!("{text:>6}"), "  余额不足");
    assert_eq!(format!("{text:?}"), "HumanText(\"余额不足\")");
    assert_eq!(HumanText::default().to_string(), "");
}
