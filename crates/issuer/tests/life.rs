//! The life of a packet, every state against every event, and what no sequence breaks.
#![allow(clippy::unwrap_used, missing_docs)]

use hongbao_issuer::life::{Event, Money, State, next, road};
use proptest::prelude::*;

/// The whole table, written out a second time: state, event, where it leads, the money.
const STEPS: [(State, Event, State, Money); 13] = [
    (State::Unstored, Event::Accept, State::Accepted, Money::Taken),
    (State::Unstored, Event::Refuse, State::Refused, Money::Stays),
    (State::Unstored, Event::Fail, State::Failed, Money::Stays),
    (State::Accepted, Event::Store, State::Sending, Money::Stays),
    (State::Sending, Event::Deliver, State::Sent, Money::Stays),
    (State::Sending, Event::Refuse, State::Refused, Money::GivenBack),
    (State::Sending, Event::Fail, State::Failed, Money::GivenBack),
    (State::Refused, Event::Accept, State::Sending, Money::Taken),
    (State::Refused, Event::Refuse, State::Refused, Money::Stays),
    (State::Refused, Event::Fail, State::Failed, Money::Stays),
    (State::Sent, Event::Receive, State::Received, Money::Stays),
    (State::Sent, Event::Expire, State::RefundIng, Money::Stays),
    (State::RefundIng, Event::Refund, State::Refund, Money::GivenBack),
];

#[test]
fn every_state_against_every_event() {
    for state in State::ALL {
        for event in Event::ALL {
            let expected = STEPS.iter().find(|(s, e, ..)| (*s, *e) == (state, event));
            let expected = expected.map(|(_, _, to, money)| (*to, *money));
            assert_eq!(next(state, event), expected, "{state:?} on {event:?}");
        }
    }
}

#[test]
fn final_states_never_change() {
    for state in State::ALL.into_iter().filter(|state| state.is_final()) {
        for event in Event::ALL {
            assert_eq!(next(state, event), None, "{state:?} on {event:?}");
            assert_eq!(road(state, event), [], "{state:?} towards {event:?}");
        }
    }
}

#[test]
fn a_road_is_made_of_steps_and_ends_at_its_target() {
    for state in State::ALL {
        for target in Event::ALL {
            let road = road(state, target);
            let mut at = state;
            for event in &road {
                at = next(at, *event).unwrap_or_else(|| panic!("{state:?} to {target:?}")).0;
            }
            assert!(road.is_empty() || road.last() == Some(&target));
        }
    }
}

#[test]
fn roads_lead_only_ahead() {
    use Event::{Deliver, Expire, Fail, Receive, Refund, Refuse, Store};
    assert_eq!(road(State::Accepted, Receive), [Store, Deliver, Receive]);
    assert_eq!(road(State::Accepted, Refuse), [Store, Refuse]);
    assert_eq!(road(State::Accepted, Fail), [Store, Fail]);
    assert_eq!(road(State::Sending, Receive), [Deliver, Receive]);
    assert_eq!(road(State::Sending, Refund), [Deliver, Expire, Refund]);
    assert_eq!(road(State::Sent, Refund), [Expire, Refund]);
    assert_eq!(road(State::Sent, Refuse), []);
    assert_eq!(road(State::Sent, Fail), []);
    assert_eq!(road(State::RefundIng, Receive), []);
    assert_eq!(road(State::Refused, Deliver), []);
    assert_eq!(road(State::Unstored, Receive), []);
}

proptest! {
    /// Whatever happens in whatever order: money is neither made nor lost, it is out
    /// exactly while a state holds it, and a final state is the last.
    #[test]
    fn money_is_conserved(events in prop::collection::vec(0..Event::ALL.len(), 0..40)) {
        const AMOUNT: i64 = 100;
        let (mut balance, mut outstanding, mut received) = (1_000_i64, 0_i64, 0_i64);
        let mut state = State::Unstored;
        for event in events.into_iter().map(|i| Event::ALL[i]) {
            let Some((to, money)) = next(state, event) else { continue };
            prop_assert!(!state.is_final());
            let moved = match money {
                Money::Stays => 0,
                Money::Taken => AMOUNT,
                Money::GivenBack => -AMOUNT,
            };
            balance -= moved;
            outstanding += moved;
            if to == State::Received {
                outstanding -= AMOUNT;
                received += AMOUNT;
            }
            prop_assert_eq!(balance + outstanding + received, 1_000);
            prop_assert_eq!(outstanding, if to.holds_money() { AMOUNT } else { 0 });
            state = to;
        }
    }
}
