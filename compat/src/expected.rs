//! What a reply must hold, as the ledger has it.

use serde_json::Value;
use std::collections::BTreeMap;

/// Fields of the wire and their texts.
pub type Fields = BTreeMap<String, String>;

/// What a query must answer, from the admin API's `packet` (seed, 返回参数).
#[must_use]
pub fn query_fields(packet: &Value) -> Fields {
    const SAME: [&str; 15] = [
        "mch_billno",
        "mch_id",
        "detail_id",
        "status",
        "total_amount",
        "reason",
        "refund_amount",
        "wishing",
        "remark",
        "act_name",
        "openid",
        "amount",
        "sender_name",
        "sender_header_media_id",
        "send_type",
    ];
    let mut fields = envelope();
    fields.insert("send_type".into(), "API".into());
    SAME.iter().for_each(|name| put(&mut fields, name, packet.get(*name)));
    for name in ["send_time", "refund_time", "rcv_time"] {
        if let Some(time) = packet.get(name).and_then(Value::as_str) {
            fields.insert(name.to_owned(), wire_time(time));
        }
    }
    fields
}

/// What a send must answer, from the admin API's `packet` (`protocol.md` §1.3).
#[must_use]
pub fn send_fields(packet: &Value) -> Fields {
    let mut fields = envelope();
    for name in ["mch_billno", "mch_id", "wxappid", "re_openid", "total_amount", "sender_name"] {
        put(&mut fields, name, packet.get(name));
    }
    put(&mut fields, "sender_header_media_id", packet.get("sender_header_media_id"));
    put(&mut fields, "send_listid", packet.get("detail_id"));
    fields
}

fn envelope() -> Fields {
    [("return_code", "SUCCESS"), ("return_msg", "ok"), ("result_code", "SUCCESS")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}

fn put(fields: &mut Fields, name: &str, value: Option<&Value>) {
    let text = match value {
        None | Some(Value::Null) => return,
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    fields.insert(name.to_owned(), text);
}

/// RFC 3339 at +08:00 as the wire has it: `2017-07-20 22:45:12`.
fn wire_time(rfc3339: &str) -> String {
    assert!(rfc3339.ends_with("+08:00"), "{rfc3339}");
    rfc3339[..19].replace('T', " ")
}
