//! What the columns of tables of packets are called: the one place where names of columns are
//! known, in English, as the fields of the wire, and in Chinese, as the merchant console prints
//! them (`docs/data.md`).

/// In what an amount is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Whole fen.
    Fen,
    /// Yuan with up to two decimals.
    Yuan,
}

/// Names of a column of amounts in fen that `reconcile` expects.
pub const EXPECTED_FEN: [&str; 4] = ["amount", "total_amount", "total_amount_fen", "金额(分)"];
/// Names of a column of amounts in yuan that `reconcile` expects.
pub const EXPECTED_YUAN: [&str; 4] = ["amount_yuan", "total_amount_yuan", "金额", "金额(元)"];

/// What a column says of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the table below says what each is called")]
pub enum Field {
    MchId,
    MchBillno,
    BusinessRef,
    SentAt,
    Status,
    Reason,
    Verdict,
    Cause,
    NextStep,
    IsFinal,
    TotalAmount,
    Received,
    Refunded,
    RcvTime,
    RefundTime,
    ActName,
    SenderName,
    AgentId,
    Remark,
    Wishing,
    SceneId,
    DetailId,
    Openid,
    Attention,
    NotedAt,
    AskedAt,
    AnsweredAt,
    DueAt,
    Sends,
    Asks,
    StatusAt,
    AppId,
}

/// The names of each: the first English one is that of exports, the Chinese one too; amounts
/// have their unit behind it.
#[rustfmt::skip]
const NAMES: [(Field, &[&str], &str); 32] = [
    (Field::MchId, &["mch_id", "商户号"], "商户号"),
    (Field::MchBillno, &["mch_billno", "billno", "商户订单号", "商户单号"], "商户订单号"),
    (Field::BusinessRef, &["business_ref", "ref", "业务编号"], "业务编号"),
    (Field::SentAt, &["sent_at", "send_time", "发放时间", "发送时间", "创建时间"], "发放时间"),
    (Field::Status, &["status", "状态", "红包状态"], "状态"),
    (Field::Reason, &["reason", "原因"], "原因"),
    (Field::Verdict, &["verdict", "结论"], "结论"),
    (Field::Cause, &["cause", "结论依据"], "结论依据"),
    (Field::NextStep, &["next_step", "下一步"], "下一步"),
    (Field::IsFinal, &["is_final", "是否终态"], "是否终态"),
    (Field::TotalAmount, &["total_amount", "amount", "金额", "红包金额", "总金额"], "金额"),
    (Field::Received, &["received", "领取金额"], "领取金额"),
    (Field::Refunded, &["refunded", "refund_amount", "退款金额"], "退款金额"),
    (Field::RcvTime, &["rcv_time", "领取时间"], "领取时间"),
    (Field::RefundTime, &["refund_time", "退款时间"], "退款时间"),
    (Field::ActName, &["act_name", "活动名称"], "活动名称"),
    (Field::SenderName, &["sender_name", "发送者名称", "发送方名称"], "发送者名称"),
    (Field::AgentId, &["agentid", "应用id"], "应用ID"),
    (Field::Remark, &["remark", "备注"], "备注"),
    (Field::Wishing, &["wishing", "祝福语", "红包祝福语"], "祝福语"),
    (Field::SceneId, &["scene_id", "场景"], "场景"),
    (Field::DetailId, &["detail_id", "send_listid", "红包单号", "微信单号", "微信红包单号"], "红包单号"),
    (Field::Openid, &["openid", "re_openid", "用户openid", "领取人openid"], "用户openid"),
    (Field::Attention, &["attention", "待人工处理"], "待人工处理"),
    (Field::NotedAt, &["noted_at", "首次记录时间"], "首次记录时间"),
    (Field::AskedAt, &["asked_at", "最近查询时间"], "最近查询时间"),
    (Field::AnsweredAt, &["answered_at", "最近应答时间"], "最近应答时间"),
    (Field::DueAt, &["due_at", "下次查询时间"], "下次查询时间"),
    (Field::Sends, &["sends", "发放次数"], "发放次数"),
    (Field::Asks, &["asks", "查询次数"], "查询次数"),
    (Field::StatusAt, &["status_at", "状态时间"], "状态时间"),
    (Field::AppId, &["appid", "wxappid", "企业id"], "企业ID"),
];

impl Field {
    /// Every field, in the order of exports.
    pub fn all() -> impl Iterator<Item = Field> {
        NAMES.iter().map(|(field, ..)| *field)
    }

    /// The names that it is known by, without the unit of an amount.
    #[must_use]
    pub fn names(self) -> &'static [&'static str] {
        self.row().1
    }

    /// Its English name in exports, in a unit where it is an amount: `total_amount_fen`.
    #[must_use]
    pub fn english(self, unit: Unit) -> String {
        let name = self.names()[0];
        match (self.is_amount(), unit) {
            (false, _) => name.to_owned(),
            (true, Unit::Fen) => format!("{name}_fen"),
            (true, Unit::Yuan) => format!("{name}_yuan"),
        }
    }

    /// Its Chinese name in exports, in a unit where it is an amount: `金额(分)`.
    #[must_use]
    pub fn chinese(self, unit: Unit) -> String {
        let name = self.row().2;
        match (self.is_amount(), unit) {
            (false, _) => name.to_owned(),
            (true, Unit::Fen) => format!("{name}(分)"),
            (true, Unit::Yuan) => format!("{name}(元)"),
        }
    }

    /// Whether it is an amount of money.
    #[must_use]
    pub const fn is_amount(self) -> bool {
        matches!(self, Self::TotalAmount | Self::Received | Self::Refunded)
    }

    /// Whether it is an id, which may look like a number and is none.
    #[must_use]
    pub const fn is_id(self) -> bool {
        matches!(
            self,
            Self::MchId | Self::MchBillno | Self::BusinessRef | Self::DetailId | Self::Openid
        )
    }

    /// The field that a column's name stands for, and the unit of an amount where the name says
    /// it: `金额(元)`, `total_amount_fen`, and the fields of the wire, which are in fen.
    #[must_use]
    pub fn of_header(name: &str) -> Option<(Field, Option<Unit>)> {
        let name = plain(name);
        let name = name.as_str();
        if matches!(name, "total_amount" | "refund_amount") {
            return Self::named(name).map(|field| (field, Some(Unit::Fen)));
        }
        if let Some(field) = Self::named(name) {
            return Some((field, None));
        }
        let units =
            [("_fen", Unit::Fen), ("(分)", Unit::Fen), ("_yuan", Unit::Yuan), ("(元)", Unit::Yuan)];
        let (base, unit) =
            units.iter().find_map(|(end, unit)| Some((name.strip_suffix(end)?, *unit)))?;
        Self::named(base).filter(|field| field.is_amount()).map(|field| (field, Some(unit)))
    }

    fn named(name: &str) -> Option<Field> {
        NAMES.iter().find(|(_, names, _)| names.contains(&name)).map(|(field, ..)| *field)
    }

    fn row(self) -> &'static (Field, &'static [&'static str], &'static str) {
        NAMES.iter().find(|(field, ..)| *field == self).expect("every field is in the table")
    }
}

/// A name as names are compared: without blanks around it, in lower case, with the brackets
/// of ASCII.
#[must_use]
pub fn plain(name: &str) -> String {
    name.trim().to_lowercase().replace('（', "(").replace('）', ")")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_name_of_an_export_is_read_back_and_no_name_means_two_things() {
        for unit in [Unit::Fen, Unit::Yuan] {
            for field in Field::all() {
                let amount = field.is_amount().then_some(unit);
                let expected = Some((field, amount));
                assert_eq!(Field::of_header(&field.english(unit)), expected, "{field:?}");
                assert_eq!(Field::of_header(&field.chinese(unit)), expected, "{field:?}");
            }
        }
        let names: Vec<&str> = NAMES.iter().flat_map(|(_, names, _)| *names).copied().collect();
        assert_eq!(names.iter().collect::<HashSet<_>>().len(), names.len());
        assert!(names.iter().all(|name| plain(name) == **name), "names are compared plain");
    }

    #[test]
    fn names_of_the_wire_are_in_fen_and_a_bare_amount_says_nothing() {
        assert_eq!(Field::of_header("total_amount"), Some((Field::TotalAmount, Some(Unit::Fen))));
        assert_eq!(Field::of_header("refund_amount"), Some((Field::Refunded, Some(Unit::Fen))));
        let yuan = Some((Field::TotalAmount, Some(Unit::Yuan)));
        assert_eq!(Field::of_header(" 金额（元） "), yuan);
        assert_eq!(Field::of_header("amount_yuan"), yuan);
        for bare in ["amount", "金额", "红包金额"] {
            assert_eq!(Field::of_header(bare), Some((Field::TotalAmount, None)), "{bare}");
        }
        for strange in ["", "单价", "mch_billno_fen", "_yuan"] {
            assert_eq!(Field::of_header(strange), None, "{strange}");
        }
    }
}
