//! In what a packet that was found differs from the one that was expected.

use super::Found;
use hongbao_wire::verdict::Unknown;
use hongbao_wire::{Fen, OpenId, Verdict};

/// What a row expects of its packet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    /// How much it holds.
    pub amount: Option<Fen>,
    /// Who receives it.
    pub openid: Option<OpenId>,
}

/// A difference. None says that a packet failed: only a verdict does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Difference {
    /// The amounts that are known are not all the same: expected, ordered by us, of the
    /// record, received.
    Amount,
    /// The receivers that are known are not all the same: expected, of our order, of the
    /// record.
    Receiver,
    /// The payer has no such packet (NOT_FOUND): not yet, or never. It is unknown, not failed.
    Missing,
    /// The ledger has the packet, and no row names it.
    Unexpected,
}

impl Difference {
    /// Every difference.
    pub const ALL: [Self; 4] = [Self::Amount, Self::Receiver, Self::Missing, Self::Unexpected];

    /// The stable word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Amount => "amount",
            Self::Receiver => "receiver",
            Self::Missing => "missing",
            Self::Unexpected => "unexpected",
        }
    }
}

/// In what they differ, in the order of [`Difference::ALL`]; a row's packet is never
/// [`Difference::Unexpected`].
#[must_use]
pub fn differences(expected: &Expected, found: &Found) -> Vec<Difference> {
    let seen = found.seen.as_ref();
    let ordered = found.ordered.as_ref();
    let amounts = [
        expected.amount,
        ordered.map(|(amount, _)| *amount),
        seen.and_then(|seen| seen.total_amount),
        seen.and_then(|seen| seen.amount),
    ];
    let receivers = [
        expected.openid.as_ref(),
        ordered.map(|(_, openid)| openid),
        seen.and_then(|seen| seen.openid.as_ref()),
    ];
    let is_missing = matches!(found.verdict, Verdict::Unknown(Unknown::NotFound));
    let checks = [
        (Difference::Amount, differ(amounts)),
        (Difference::Receiver, differ(receivers)),
        (Difference::Missing, is_missing),
    ];
    checks.into_iter().filter_map(|(difference, differs)| differs.then_some(difference)).collect()
}

/// Whether those that are known are not all the same.
fn differ<T: PartialEq, const N: usize>(values: [Option<T>; N]) -> bool {
    let mut known = values.into_iter().flatten();
    known.next().is_some_and(|first| known.any(|other| other != first))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use hongbao_ledger::inquiry::Seen;
    use hongbao_wire::verdict::{NoAnswer, Open};

    fn fen(fen: u64) -> Option<Fen> {
        Some(Fen::new(fen).unwrap())
    }

    fn seen(total_amount: Option<Fen>, amount: Option<Fen>, openid: Option<&str>) -> Seen {
        Seen {
            status: "RECEIVED".into(),
            detail_id: None,
            total_amount,
            reason: None,
            act_name: None,
            sender_name: None,
            send_time: None,
            openid: openid.map(OpenId::from),
            amount,
            rcv_time: None,
            refund_amount: None,
            refund_time: None,
        }
    }

    fn found(verdict: Verdict, seen: Option<Seen>, ordered: Option<(u64, &str)>) -> Found {
        let ordered = ordered.map(|(amount, openid)| (fen(amount).unwrap(), openid.into()));
        let (sent_at, asked_at, is_asked_in_run) = (None, None, false);
        Found { verdict, seen, ordered, sent_at, asked_at, is_asked_in_run }
    }

    fn words(expected: (Option<Fen>, Option<&str>), found: &Found) -> String {
        let (amount, openid) = (expected.0, expected.1.map(OpenId::from));
        let words = differences(&Expected { amount, openid }, found);
        words.into_iter().map(Difference::as_str).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_is_known_must_be_the_same_and_what_is_not_known_differs_from_nothing() {
        let received = |total, amount, openid| {
            found(Verdict::Received, Some(seen(total, amount, openid)), None)
        };
        let none = (None, None);
        let cases = [
            (none, received(fen(100), fen(100), Some("o1")), ""),
            ((fen(100), Some("o1")), received(fen(100), fen(100), Some("o1")), ""),
            ((fen(100), Some("o1")), received(None, None, None), ""),
            ((fen(101), None), received(fen(100), fen(100), None), "amount"),
            ((fen(100), None), received(fen(100), fen(99), None), "amount"),
            (none, received(fen(100), fen(99), None), "amount"),
            ((fen(100), None), received(None, fen(99), None), "amount"),
            ((None, Some("o2")), received(None, None, Some("o1")), "receiver"),
            ((fen(1), Some("o2")), received(fen(2), None, Some("o1")), "amount receiver"),
        ];
        for (expected, found, words_expected) in cases {
            assert_eq!(words(expected, &found), words_expected, "{expected:?} {found:?}");
        }
    }

    #[test]
    fn our_own_order_counts_where_nothing_was_seen_yet() {
        let sent = found(Verdict::Open(Open::Accepted), None, Some((100, "o1")));
        assert_eq!(words((fen(100), Some("o1")), &sent), "");
        assert_eq!(words((fen(200), Some("o2")), &sent), "amount receiver");
        let given_away = Some(seen(fen(100), fen(100), Some("o2")));
        let received = found(Verdict::Received, given_away, Some((100, "o1")));
        assert_eq!(words((None, None), &received), "receiver");
    }

    #[test]
    fn only_not_found_is_missing() {
        let missing = found(Verdict::Unknown(Unknown::NotFound), None, None);
        assert_eq!(words((fen(100), None), &missing), "missing");
        let verdicts = [
            Verdict::Unknown(Unknown::Contradiction),
            Verdict::NoAnswer(NoAnswer::TryAgain),
            Verdict::BeyondWindow,
            Verdict::Open(Open::Sending),
        ];
        for verdict in verdicts {
            assert_eq!(words((fen(100), None), &found(verdict, None, None)), "");
        }
    }
}
