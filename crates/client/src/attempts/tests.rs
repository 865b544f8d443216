#![allow(clippy::unwrap_used)]
use super::*;
use hongbao_wire::QueryReply;
use hongbao_wire::failure::FailureReply;
use hongbao_wire::observation::Unreadable;
use hongbao_wire::xml::XmlError;
use std::fmt::Write;

const CALLS: [Call; 2] = [Call::Query, Call::Send];
const CAME: [Came; 5] = [Came::Silence, Came::ServerError, Came::Busy, Came::TooFast, Came::Answer];
const HOSTS: [Host; 2] = [Host::Main, Host::Failover];
const MINUTE: Duration = Duration::from_secs(60);

fn tried(call: Call, came: Came, was_sent: bool) -> Tried {
    let host = Host::Main;
    Tried { call, came, was_sent, made: 1, time_left: MINUTE, host, has_failover: true }
}

fn limits(count_max: u32) -> AttemptLimits {
    AttemptLimits { count_max, deadline: MINUTE, unsent_only: false }
}

/// Every combination of classes, with counts and times around every bound.
fn all() -> Vec<(Tried, AttemptLimits)> {
    let times = [0, 1, 999, 1000, 1001, 1500, 1999, 2000, 2001, 2250, 4000, 9999, 60_000];
    let mut all = Vec::new();
    for call in CALLS {
        for came in CAME {
            for was_sent in [false, true] {
                for host in HOSTS {
                    for has_failover in [false, true] {
                        for made in 1..=12 {
                            for count_max in [0, 1, 3, 12, 13] {
                                for time in times.map(Duration::from_millis) {
                                    let tried = tried(call, came, was_sent);
                                    let tried = Tried {
                                        made,
                                        time_left: time,
                                        host,
                                        has_failover,
                                        ..tried
                                    };
                                    all.push((tried, limits(count_max)));
                                }
                            }
                        }
                    }
                }
            }
        }
    }
    all
}

#[test]
fn nothing_is_repeated_beyond_its_bounds() {
    let mut repeated = 0;
    for (tried, limits) in all() {
        let Next::Again { after_min, jitter_max, host } = next(&tried, limits) else { continue };
        repeated += 1;
        assert_ne!(tried.came, Came::Answer, "{tried:?}");
        assert!(tried.made < limits.count_max, "{tried:?}");
        assert!(after_min + jitter_max + ATTEMPT_MIN <= tried.time_left, "{tried:?}");
        assert!(jitter_max <= BACK_OFF_MAX, "{tried:?}");
        if tried.call == Call::Send && tried.was_sent {
            assert_eq!(after_min, SAME_ORDER_MIN, "{tried:?}");
        } else {
            assert_eq!(after_min, Duration::ZERO, "{tried:?}");
        }
        let connect_error = tried.came == Came::Silence && !tried.was_sent;
        let other = tried.has_failover && (connect_error || tried.came == Came::ServerError);
        assert_eq!(host != tried.host, other, "{tried:?}");
    }
    assert!(repeated > 1000);
}

/// Nor is anything given up that could be asked again.
#[test]
fn nothing_is_given_up_within_its_bounds() {
    for (tried, limits) in all() {
        let stopped = next(&tried, limits) == Next::Stop;
        let min = if tried.call == Call::Send && tried.was_sent {
            SAME_ORDER_MIN
        } else {
            Duration::ZERO
        };
        let may = tried.came != Came::Answer
            && tried.made < limits.count_max
            && tried.time_left >= min + ATTEMPT_MIN;
        assert_eq!(stopped, !may, "{tried:?} {limits:?}");
    }
}

#[test]
fn jitter_doubles_with_each_attempt_up_to_its_most() {
    let bounds = |came| {
        (1..=7_u32)
            .map(|made| {
                let tried = Tried { made, ..tried(Call::Query, came, true) };
                match next(&tried, limits(99)) {
                    Next::Again { jitter_max, .. } => jitter_max.as_millis(),
                    Next::Stop => panic!("{came:?} {made}"),
                }
            })
            .collect::<Vec<_>>()
    };
    for fast in [Came::Silence, Came::ServerError] {
        assert_eq!(bounds(fast), [250, 500, 1000, 2000, 4000, 8000, 8000]);
    }
    for slow in [Came::Busy, Came::TooFast] {
        assert_eq!(bounds(slow), [2000, 4000, 8000, 8000, 8000, 8000, 8000]);
    }
    assert_eq!(back_off(BACK_OFF, u32::MAX), BACK_OFF_MAX);
    assert_eq!(back_off(BACK_OFF, 0), BACK_OFF);
}

/// The table of the docstring, as the function has it.
#[test]
fn the_table_is_as_written() {
    let mut table = String::new();
    for came in CAME {
        for was_sent in [false, true] {
            for call in CALLS {
                let next = match next(&tried(call, came, was_sent), AttemptLimits::DEFAULT) {
                    Next::Stop => "stop".to_owned(),
                    Next::Again { after_min, jitter_max, host } => format!(
                        "{} + 0..{} ms, {}",
                        after_min.as_millis(),
                        jitter_max.as_millis(),
                        host.as_str()
                    ),
                };
                let sent = if was_sent { "sent" } else { "not sent" };
                writeln!(table, "{came:?}, {sent}, {call:?}: {next}").unwrap();
            }
        }
    }
    let expected = "\
Silence, not sent, Query: 0 + 0..250 ms, failover
Silence, not sent, Send: 0 + 0..250 ms, failover
Silence, sent, Query: 0 + 0..250 ms, main
Silence, sent, Send: 1000 + 0..250 ms, main
ServerError, not sent, Query: 0 + 0..250 ms, failover
ServerError, not sent, Send: 0 + 0..250 ms, failover
ServerError, sent, Query: 0 + 0..250 ms, failover
ServerError, sent, Send: 1000 + 0..250 ms, failover
Busy, not sent, Query: 0 + 0..2000 ms, main
Busy, not sent, Send: 0 + 0..2000 ms, main
Busy, sent, Query: 0 + 0..2000 ms, main
Busy, sent, Send: 1000 + 0..2000 ms, main
TooFast, not sent, Query: 0 + 0..2000 ms, main
TooFast, not sent, Send: 0 + 0..2000 ms, main
TooFast, sent, Query: 0 + 0..2000 ms, main
TooFast, sent, Send: 1000 + 0..2000 ms, main
Answer, not sent, Query: stop
Answer, not sent, Send: stop
Answer, sent, Query: stop
Answer, sent, Send: stop
";
    assert_eq!(table, expected);
}

#[test]
fn the_failover_host_fails_over_to_the_main_one() {
    let tried = Tried { host: Host::Failover, ..tried(Call::Query, Came::ServerError, true) };
    let Next::Again { host, .. } = next(&tried, AttemptLimits::DEFAULT) else { panic!() };
    assert_eq!(host, Host::Main);
}

#[test]
fn the_limits_are_as_documented() {
    let seconds = Duration::from_secs;
    let limits = AttemptLimits::default();
    let default = AttemptLimits { count_max: 3, deadline: seconds(30), unsent_only: false };
    assert_eq!(limits, default);
    assert_eq!(AttemptLimits::ONCE, AttemptLimits { count_max: 1, ..default });
    assert_eq!((SAME_ORDER_MIN, ATTEMPT_MIN), (seconds(1), seconds(1)));
}

fn failure(code: Option<ErrorCode>, communicated: bool) -> Observation<QueryReply> {
    let reply = FailureReply::business(ErrorCode::NotFound, "");
    Observation::Failure(FailureReply { err_code: code, communicated, ..reply })
}

#[test]
fn of_the_error_codes_three_are_asked_again() {
    let mut again = Vec::new();
    for code in ErrorCode::KNOWN {
        match Came::of(&failure(Some(code.clone()), true)) {
            Came::Answer => {}
            came => again.push((code.as_str(), came)),
        }
        // whatever `return_code` says, it is the code that counts
        let twin = Came::of(&failure(Some(code.clone()), false));
        assert_eq!(twin, Came::of(&failure(Some(code.clone()), true)), "{code}");
    }
    let expected =
        [("FREQ_LIMIT", Came::TooFast), ("SYSTEMERROR", Came::Busy), ("PSYSTEMERROR", Came::Busy)];
    assert_eq!(again, expected);
    for communicated in [false, true] {
        assert_eq!(Came::of(&failure(None, communicated)), Came::Answer);
        let unknown = failure(Some(ErrorCode::from_wire("SOMETHING_NEW")), communicated);
        assert_eq!(Came::of(&unknown), Came::Answer);
    }
}

#[test]
fn every_other_observation_has_its_class() {
    let silence = |silence| Came::of(&Observation::<QueryReply>::Silence(silence));
    assert_eq!(silence(Silence::NotConnected), Came::Silence);
    assert_eq!(silence(Silence::TimedOut), Came::Silence);
    assert_eq!(silence(Silence::ConnectionLost), Came::Silence);
    for status in 100..=1000 {
        let server_error = (500..600).contains(&status);
        let expected = if server_error { Came::ServerError } else { Came::Answer };
        assert_eq!(silence(Silence::HttpStatus(status)), expected, "{status}");
    }
    let refused = Observation::<QueryReply>::CertificateRefused;
    assert_eq!(Came::of(&refused), Came::Answer);
    for unreadable in [
        Unreadable::Xml(XmlError::ControlCharacter),
        Unreadable::ControlCharactersStripped,
        Unreadable::OtherEcho,
    ] {
        let seen = Observation::<QueryReply>::Unreadable(unreadable);
        assert_eq!(Came::of(&seen), Came::Answer);
    }
}

#[test]
fn where_one_may_arrive_only_what_never_left_is_repeated() {
    for (tried, _) in all() {
        let once = next(&tried, AttemptLimits::ARRIVING_ONCE);
        let twice = AttemptLimits { count_max: 2, ..AttemptLimits::DEFAULT };
        let expected = if tried.was_sent { Next::Stop } else { next(&tried, twice) };
        assert_eq!(once, expected, "{tried:?}");
    }
}
