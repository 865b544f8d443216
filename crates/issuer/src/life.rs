//! What may happen to a packet: a pure table, no clock, no store (`protocol.md` §3).
//!
//! ```text
//! UNSTORED --accept--> ACCEPTED --store--> SENDING --deliver--> SENT --receive--> RECEIVED
//!    |                                     |  ^  |                 \
//!    | refuse                       refuse |  |  | fail             expire
//!    |                                     v  |  |                   \
//!    +-----------------------------------> REFUSED --fail--> FAILED   RFUND_ING --refund--> REFUND
//!    | fail                                (accept leads back to SENDING)
//!    +-----------------------------------------------------> FAILED
//! ```

/// Where a packet is. `Refused` is the wire's SENDING with a `reason`; the first two
/// are NOT_FOUND to a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// A send was seen, but the payer took no order: nothing will ever move by itself.
    Unstored,
    /// The order is accepted, but not yet stored where queries look.
    Accepted,
    /// SENDING.
    Sending,
    /// SENDING with a `reason`: the same number may be sent again.
    Refused,
    /// SENT.
    Sent,
    /// RECEIVED; final.
    Received,
    /// RFUND_ING.
    RefundIng,
    /// REFUND; final.
    Refund,
    /// FAILED; final.
    Failed,
}

/// What can happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// The order is accepted and the money taken from the merchant.
    Accept,
    /// The order is refused with a reason.
    Refuse,
    /// The order becomes visible to queries.
    Store,
    /// The packet reaches its receiver.
    Deliver,
    /// The receiver opens it.
    Receive,
    /// Nobody opened it in time.
    Expire,
    /// The money of an unclaimed packet is back.
    Refund,
    /// It will never be paid.
    Fail,
}

/// What happens to the merchant's balance with a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Money {
    /// Nothing.
    Stays,
    /// The amount leaves it.
    Taken,
    /// The amount comes back to it.
    GivenBack,
}

impl State {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Unstored,
        Self::Accepted,
        Self::Sending,
        Self::Refused,
        Self::Sent,
        Self::Received,
        Self::RefundIng,
        Self::Refund,
        Self::Failed,
    ];

    /// Whether it never changes again.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Received | Self::Refund | Self::Failed)
    }

    /// Whether the merchant's money is under way: taken, and neither received nor given back.
    #[must_use]
    pub const fn holds_money(self) -> bool {
        matches!(self, Self::Accepted | Self::Sending | Self::Sent | Self::RefundIng)
    }
}

impl Event {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Accept,
        Self::Refuse,
        Self::Store,
        Self::Deliver,
        Self::Receive,
        Self::Expire,
        Self::Refund,
        Self::Fail,
    ];
}

/// The whole life: where `event` leads from `state`, or `None` where it does not fit.
#[must_use]
pub const fn next(state: State, event: Event) -> Option<(State, Money)> {
    Some(match (state, event) {
        (State::Unstored, Event::Accept) => (State::Accepted, Money::Taken),
        // The order exists already, so it is visible at once.
        (State::Refused, Event::Accept) => (State::Sending, Money::Taken),
        (State::Unstored | State::Refused, Event::Refuse) => (State::Refused, Money::Stays),
        (State::Sending, Event::Refuse) => (State::Refused, Money::GivenBack),
        (State::Accepted, Event::Store) => (State::Sending, Money::Stays),
        (State::Sending, Event::Deliver) => (State::Sent, Money::Stays),
        (State::Sent, Event::Receive) => (State::Received, Money::Stays),
        (State::Sent, Event::Expire) => (State::RefundIng, Money::Stays),
        (State::RefundIng, Event::Refund) => (State::Refund, Money::GivenBack),
        (State::Sending, Event::Fail) => (State::Failed, Money::GivenBack),
        // Unstored too: whose sender was told SEND_FAILED must never be paid under it.
        (State::Unstored | State::Refused, Event::Fail) => (State::Failed, Money::Stays),
        _ => return None,
    })
}

/// The events that lead from `state` to and including `target`, for a person who points at
/// a place further down the road; empty where `target` is not ahead.
#[must_use]
pub fn road(state: State, target: Event) -> Vec<Event> {
    let first = match (state, target) {
        (_, Event::Accept | Event::Store) => return Vec::new(),
        _ if next(state, target).is_some() => return vec![target],
        (State::Accepted, _) => Event::Store,
        (State::Sending, Event::Receive | Event::Expire | Event::Refund) => Event::Deliver,
        (State::Sent, Event::Refund) => Event::Expire,
        _ => return Vec::new(),
    };
    let Some((after, _)) = next(state, first) else { return Vec::new() };
    let rest = road(after, target);
    if rest.is_empty() { rest } else { std::iter::once(first).chain(rest).collect() }
}
