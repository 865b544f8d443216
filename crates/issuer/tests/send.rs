//! Sends: what is accepted, refused, repeated and expired (`protocol.md` §1).
#![allow(clippy::unwrap_used, missing_docs)]

mod common;
use common::*;
use hongbao_issuer::Trigger;
use hongbao_ledger::Limits;
use hongbao_wire::SendRequest;
use hongbao_wire::send::Sender;

#[tokio::test]
async fn an_accepted_send_says_what_the_page_says() {
    let rig = Rig::new(sandbox()).await;
    let reply = rig.send(&order("123456")).await;
    let names = [
        "return_code",
        "return_msg",
        "sign",
        "result_code",
        "mch_billno",
        "mch_id",
        "wxappid",
        "re_openid",
        "total_amount",
        "send_listid",
        "sender_name",
        "sender_header_media_id",
    ];
    assert_eq!(reply.names(), names);
    assert_eq!(reply.get("return_msg"), Some("ok"));
    assert_eq!(reply.get("total_amount"), Some("1000"));
    assert_eq!(rig.balance().await, BALANCE - 1_000);
    assert_eq!(rig.query("123456").await.get("detail_id"), reply.get("send_listid"));
}

#[tokio::test]
async fn a_detail_id_has_31_digits_and_the_day_in_beijing() {
    let rig = Rig::new(sandbox()).await;
    let reply = rig.send(&order("1")).await;
    let id = reply.get("send_listid").unwrap();
    assert_eq!(id.len(), 31);
    assert!(id.bytes().all(|b| b.is_ascii_digit()));
    assert!(id.starts_with("1000041701201707203"), "{id}");
    assert_ne!(rig.send(&order("2")).await.get("send_listid"), Some(id));
    // It follows from the seed and the key: kept ledgers and replays depend on it.
    let reply = rig.send(&order("123456")).await;
    assert_eq!(reply.get("send_listid"), Some("1000041701201707203405862713159"));
}

#[tokio::test]
async fn the_same_number_gets_the_same_bytes_and_one_packet() {
    let rig = Rig::new(sandbox()).await;
    let first = rig.answer_send(&order("123456")).await.body;
    for hours in [0, 1, 30, 24 * 40] {
        rig.clock.advance(HOUR * hours);
        assert_eq!(rig.answer_send(&order("123456")).await.body, first);
    }
    assert_eq!(rig.balance().await, BALANCE - 1_000);
}

#[tokio::test]
async fn another_openid_is_fatal_and_another_amount_a_wrong_parameter() {
    let rig = Rig::new(sandbox()).await;
    rig.send(&order("123456")).await;
    let other = SendRequest { re_openid: "oOther".into(), ..order_of("123456", 2_000) };
    assert_eq!(rig.send(&other).await.err_code(), "FATAL_ERROR");
    assert_eq!(rig.send(&order_of("123456", 2_000)).await.err_code(), "PARAM_ERROR");
    let other = SendRequest { wishing: "恭喜发财".into(), ..order("123456") };
    assert_eq!(rig.send(&other).await.err_code(), "FATAL_ERROR");
    assert_eq!(rig.balance().await, BALANCE - 1_000);
}

#[tokio::test]
async fn another_nonce_is_the_same_order() {
    let rig = Rig::new(sandbox()).await;
    let first = rig.send(&order("123456")).await;
    let again = SendRequest { nonce_str: "another".into(), ..order("123456") };
    assert_eq!(rig.send(&again).await, first);
}

#[tokio::test]
async fn an_unbound_appid_is_worded_like_the_capture() {
    let rig = Rig::new(sandbox()).await;
    let reply = rig.send(&SendRequest { wxappid: "wxother".into(), ..order("1") }).await;
    assert_eq!(reply.err_code(), "PARAM_ERROR");
    assert_eq!(reply.get("err_code_des"), Some("参数错误:wxappid字段必填,最长为32个字符."));
    assert_eq!(rig.query("1").await.err_code(), "NOT_FOUND");
}

#[tokio::test]
async fn amounts_outside_the_range_need_a_scene() {
    let rig = Rig::new(sandbox()).await;
    for amount in [0, 1, 99, 20_001, 500_001] {
        assert_eq!(rig.send(&order_of("1", amount)).await.err_code(), "MONEY_LIMIT", "{amount}");
    }
    for amount in [0, 500_001] {
        assert_eq!(rig.send(&scene_order("1", amount)).await.err_code(), "MONEY_LIMIT", "{amount}");
    }
    assert_eq!(rig.balance().await, BALANCE);
    for (billno, amount) in [("a", 100), ("b", 20_000)] {
        assert_eq!(rig.send(&order_of(billno, amount)).await.err_code(), "SUCCESS", "{amount}");
    }
    for (billno, amount) in [("c", 1), ("d", 20_001)] {
        assert_eq!(rig.send(&scene_order(billno, amount)).await.err_code(), "SUCCESS", "{amount}");
    }
}

#[tokio::test]
async fn api_sending_can_be_closed() {
    let mut closed = merchant();
    closed.api_send_enabled = false;
    let rig = Rig::with(sandbox(), closed).await;
    assert_eq!(rig.send(&order("1")).await.err_code(), "API_METHOD_CLOSED");
    assert_eq!(rig.query("1").await.err_code(), "NOT_FOUND");
}

async fn limited(limits: Limits, balance: u64) -> Rig {
    let mut merchant = merchant();
    merchant.limits = limits;
    merchant.balance = fen(balance);
    Rig::with(sandbox(), merchant).await
}

/// A refused order stays SENDING with the reason, costs nothing, and fails a day later
/// without one.
async fn refuses(rig: Rig, code: &str, reason: &str) {
    assert_eq!(rig.send(&order("1")).await.err_code(), "SUCCESS");
    let balance = rig.balance().await;
    let refused = rig.send(&order("2")).await;
    assert_eq!(refused.err_code(), code);
    assert_eq!(refused.get("err_code_des"), Some(reason));
    assert_eq!(refused.names().len(), 5);
    let query = rig.query("2").await;
    assert_eq!((query.status(), query.get("reason")), ("SENDING", Some(reason)));
    for _ in 0..3 {
        assert_eq!(rig.send(&order("2")).await.err_code(), code);
    }
    assert_eq!(rig.events("2").await, ["refused", &format!("told:{code}")]);
    rig.advance(DAY).await;
    let query = rig.query("2").await;
    assert_eq!((query.status(), query.get("reason")), ("FAILED", None));
    let failed = rig.send(&order("2")).await;
    assert_eq!(failed.err_code(), "SEND_FAILED");
    assert_eq!(failed.get("err_code_des"), Some("该订单已经过期,请更换商户单号"));
    assert_eq!(rig.balance().await, balance);
}

#[tokio::test]
async fn the_receivers_daily_count_is_limited() {
    let limits = Limits { user_packets_per_day: 1, ..Limits::default() };
    let reason = "该用户今日操作次数超过限制,如有需要请登录微信支付商户平台更改API安全配置";
    refuses(limited(limits, BALANCE).await, "SENDNUM_LIMIT", reason).await;
}

#[tokio::test]
async fn the_receivers_daily_amount_is_limited() {
    let limits = Limits { user_amount_per_day: fen(1_999), ..Limits::default() };
    let reason = "该用户今日领取金额超过限制,如有需要请登录微信支付商户平台更改API安全配置";
    refuses(limited(limits, BALANCE).await, "RCVDAMOUNT_LIMIT", reason).await;
}

#[tokio::test]
async fn the_merchants_daily_amount_is_limited() {
    let limits = Limits { merchant_amount_per_day: fen(1_999), ..Limits::default() };
    let reason = "该商户今日发放金额超过限制,如有需要请登录微信支付商户平台更改API安全配置";
    refuses(limited(limits, BALANCE).await, "SENDAMOUNT_LIMIT", reason).await;
}

#[tokio::test]
async fn an_empty_account_refuses() {
    let reason = "帐号余额不足，请到商户平台充值后再重试";
    refuses(limited(Limits::default(), 1_999).await, "NOTENOUGH", reason).await;
}

#[tokio::test]
async fn a_refused_number_succeeds_once_the_cause_is_gone() {
    let rig = limited(Limits::default(), 0).await;
    assert_eq!(rig.send(&order("1")).await.err_code(), "NOTENOUGH");
    rig.ledger.top_up(MCH, fen(1_500)).await.unwrap();
    let detail_id = rig.query("1").await.get("detail_id").map(str::to_owned);
    let reply = rig.send(&order("1")).await;
    assert_eq!(reply.err_code(), "SUCCESS");
    assert_eq!(reply.get("send_listid"), detail_id.as_deref());
    assert_eq!(rig.balance().await, 500);
    let query = rig.query("1").await;
    assert_eq!((query.status(), query.get("reason")), ("SENDING", None));
    assert_eq!(rig.events("1").await[..2], ["refused", "told:NOTENOUGH"]);
}

#[tokio::test]
async fn limits_start_anew_each_day_in_beijing() {
    let limits = Limits { user_packets_per_day: 1, ..Limits::default() };
    let rig = limited(limits, BALANCE).await;
    rig.send(&order("1")).await;
    assert_eq!(rig.send(&order("2")).await.err_code(), "SENDNUM_LIMIT");
    rig.clock.advance(HOUR * 2);
    assert_eq!(rig.send(&order("2")).await.err_code(), "SUCCESS");
}

#[tokio::test]
async fn a_production_order_that_was_refused_expires_and_fails_for_good() {
    let mut poor = merchant();
    poor.balance = fen(0);
    let rig = Rig::with(production(), poor).await;
    assert_eq!(rig.send(&order("1")).await.err_code(), "NOTENOUGH");
    rig.clock.advance(DAY - seconds(1));
    assert_eq!(rig.send(&order("1")).await.err_code(), "NOTENOUGH");
    rig.clock.advance(seconds(1));
    rig.ledger.top_up(MCH, fen(5_000)).await.unwrap();
    assert_eq!(rig.query("1").await.status(), "SENDING");
    assert_eq!(rig.send(&order("1")).await.err_code(), "SEND_FAILED");
    assert_eq!(rig.query("1").await.status(), "FAILED");
    assert_eq!(rig.balance().await, 5_000);
}

#[tokio::test]
async fn a_failed_number_stays_failed_and_gives_back_once() {
    let rig = Rig::new(sandbox()).await;
    rig.send(&order("1")).await;
    let fail = Trigger::Fail { reason: Some("风险拦截".into()) };
    rig.issuer.trigger(&rig.key("1"), fail.clone()).await.unwrap();
    assert_eq!(rig.balance().await, BALANCE);
    let query = rig.query("1").await;
    assert_eq!((query.status(), query.get("reason")), ("FAILED", Some("风险拦截")));
    let reply = rig.send(&order("1")).await;
    assert_eq!(reply.err_code(), "SEND_FAILED");
    assert_eq!(reply.get("err_code_des"), Some("红包发放失败,请更换商户单号再重试"));
    let refused = rig.issuer.trigger(&rig.key("1"), fail).await.unwrap_err();
    assert_eq!(refused.code(), "TRANSITION_REFUSED");
    assert_eq!(rig.balance().await, BALANCE);
}

#[tokio::test]
async fn an_apps_packet_has_no_sender_name() {
    let rig = Rig::new(sandbox()).await;
    let request = SendRequest { sender: Sender::Agent(1_000_002), ..order("1") };
    assert_eq!(rig.send(&request).await.get("sender_name"), None);
    assert_eq!(rig.query("1").await.get("sender_name"), None);
}

#[tokio::test]
async fn the_request_is_kept_in_the_history() {
    let rig = Rig::new(sandbox()).await;
    rig.send(&order("1")).await;
    let history = rig.issuer.history(&rig.key("1")).await.unwrap();
    let raw = order("1").write(&rig.merchant.api_key, &rig.merchant.workwx_secret);
    assert_eq!(history[0].raw.as_deref(), Some(&*raw));
    assert_eq!(rig.events("1").await, ["accepted", "SENDING", "told:clear"]);
}
