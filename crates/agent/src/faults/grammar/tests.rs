use muster_protocol::Mode;
use muster_protocol::fault::{Condition, Moment};
use proptest::prelude::*;

use super::*;

fn read(text: &str) -> Result<FleetFault, FaultError> {
    text.parse()
}

fn refusal(text: &str) -> String {
    read(text).unwrap_err().to_string()
}

#[test]
fn the_examples_of_the_manual_are_read() {
    let loss = read("loss rate=5% direction=up").unwrap();
    let fault = LinkFault::Loss { rate: Rate::percent(5) };
    assert_eq!(loss.what, WhatFails::Link(fault, Direction::Up));
    assert_eq!((loss.scope, loss.trigger), (Scope::All, Trigger::AtOnce));
    assert_eq!(loss.window, Window::ALWAYS);
    let hole = read("black-hole lasts=10s every=60s share=20%").unwrap();
    assert_eq!(hole.what, WhatFails::Link(LinkFault::BlackHole, Direction::Both));
    assert_eq!(hole.scope, Scope::Share { hits: 200_000, of: 1_000_000 });
    assert_eq!(hole.window.lasts, Some(Duration::from_secs(10)));
    let partition = read("one-way direction=down").unwrap();
    assert_eq!(partition.what, WhatFails::Link(LinkFault::BlackHole, Direction::Down));
    let rebind = read("rebind every=10s").unwrap();
    assert_eq!(rebind.what, WhatFails::Path(PathFault::Rebind));
}

#[test]
fn every_name_is_read_with_all_it_takes() {
    let value = |key: &str| match key {
        "rate" | "share" => "12.5%",
        "direction" => "up",
        "length" | "queue" | "bytes" | "bytes-per-second" => "3",
        _span => "50ms",
    };
    for (name, keys) in NAMES {
        let words = keys.iter().map(|key| format!(" {key}={}", value(key))).collect::<String>();
        let fault = read(&format!("{name}{words} share=1% at=1s lasts=2s every=1m")).unwrap();
        assert_eq!(fault.what.name(), name);
    }
}

#[test]
fn a_mistake_is_named_and_what_would_do_instead() {
    assert!(refusal("").starts_with("no fault named: expected one of loss, burst-loss"));
    assert!(refusal("los rate=5%").starts_with("no fault is called \"los\": expected one of loss"));
    assert_eq!(refusal("loss"), "loss needs rate=");
    assert_eq!(refusal("loss 5%"), "\"5%\" is no KEY=VALUE");
    assert_eq!(refusal("loss rate=5"), "rate=5 is no share such as 5% or 0.5%, at most 100%");
    assert_eq!(refusal("loss rate=101%"), "rate=101% is no share such as 5% or 0.5%, at most 100%");
    assert_eq!(refusal("delay by=5"), "by=5 is no span such as 50ms, 10s, 5m or 1h");
    assert_eq!(
        refusal("rebind rate=5%"),
        "rebind has no key \"rate\": it takes share, device, mode, at, lasts, every, until, \
         after, nth, odds, when"
    );
    assert_eq!(refusal("crash rate=5% rate=5%"), "crash takes rate= once");
    assert_eq!(refusal("one-way direction=both"), "direction=both is no up or down");
    assert_eq!(refusal("black-hole lasts=2s every=1s"), "lasts=2s is not shorter than every=1s");
    assert_eq!(refusal("rebind every=0s"), "every=0s is no span above zero");
    assert_eq!(refusal("mtu-shrinks bytes=0"), "bytes=0 is no number of bytes from 1 to 65535");
    assert_eq!(refusal("rate-limit queue=2"), "rate-limit needs bytes-per-second=");
}

#[test]
fn whom_and_when_are_the_words_of_virtual_time() {
    let crash = read("crash device=3 after=executed").unwrap();
    assert_eq!(crash.scope, Scope::Device(3));
    assert_eq!(crash.trigger, Trigger::After(Moment::Executed));
    let third = read("cut mode=dedicated after=command-arrives nth=3").unwrap();
    assert_eq!(third.scope, Scope::Mode(Mode::AndroidDedicated));
    assert_eq!(third.trigger, Trigger::Nth { moment: Moment::CommandArrives, nth: 3 });
    let lost = read("black-hole when=lost lasts=5s").unwrap();
    assert_eq!(lost.trigger, Trigger::When(Condition::Lost));
    let odds = Trigger::Odds { moment: Moment::Answered, hits: 50_000, of: 1_000_000 };
    assert_eq!(read("cut after=answered odds=5%").unwrap().trigger, odds);
}

#[test]
fn words_that_do_not_go_together_are_named() {
    let together = |one, other| format!("{one}= and {other}= cannot be had together");
    assert_eq!(refusal("crash share=5% device=1"), together("share", "device"));
    assert_eq!(refusal("crash device=1 mode=dedicated"), together("device", "mode"));
    assert_eq!(refusal("crash after=executed when=lost"), together("after", "when"));
    assert_eq!(refusal("crash after=executed nth=2 odds=5%"), together("nth", "odds"));
    assert_eq!(refusal("crash after=executed every=5s"), together("after", "every"));
    assert_eq!(refusal("crash when=lost every=5s"), together("when", "every"));
    assert_eq!(refusal("crash nth=2"), "nth= needs after=");
    assert_eq!(refusal("cut until=5s"), "until= needs every=");
    assert_eq!(refusal("crash when=lost odds=2%"), "odds= needs after=");
    for moment in [Moment::Committing, Moment::Committed] {
        let expected = format!("after={moment} is no moment of a device such as executed");
        assert_eq!(refusal(&format!("crash after={moment}")), expected);
    }
}

fn rate() -> impl Strategy<Value = Rate> {
    (0..=1_000_000_u32).prop_map(Rate::per_million)
}

fn span() -> impl Strategy<Value = Duration> {
    (0..10_000_000_u64).prop_map(Duration::from_millis)
}

fn scope() -> impl Strategy<Value = Scope> {
    prop_oneof![
        Just(Scope::All),
        any::<u32>().prop_map(Scope::Device),
        prop::sample::select(&Mode::ALL).prop_map(Scope::Mode),
        (0..1_000_000_u32).prop_map(|hits| Scope::Share { hits, of: 1_000_000 }),
    ]
}

fn trigger() -> impl Strategy<Value = Trigger> {
    let moments = Moment::ALL.into_iter().filter(|moment| !moment.is_of_the_server());
    let moment = prop::sample::select(moments.collect::<Vec<_>>());
    prop_oneof![
        Just(Trigger::AtOnce),
        moment.clone().prop_map(Trigger::After),
        (moment.clone(), 1..=u32::MAX).prop_map(|(moment, nth)| Trigger::Nth { moment, nth }),
        (moment, 0..=1_000_000_u32).prop_map(|(moment, hits)| Trigger::Odds {
            moment,
            hits,
            of: 1_000_000
        }),
        prop::sample::select(&Condition::ALL).prop_map(Trigger::When),
    ]
}

/// Some are of the network as a whole: they have no direction to be written.
fn link_fault(fault: LinkFault, direction: Direction) -> WhatFails {
    match fault {
        LinkFault::UdpBlocked | LinkFault::MappingForgotten { .. } => {
            WhatFails::Link(fault, Direction::Both)
        }
        LinkFault::Loss { .. }
        | LinkFault::BurstLoss { .. }
        | LinkFault::Delay { .. }
        | LinkFault::Jitter { .. }
        | LinkFault::Duplicate { .. }
        | LinkFault::Reorder { .. }
        | LinkFault::Corrupt { .. }
        | LinkFault::BlackHole
        | LinkFault::RateLimit { .. }
        | LinkFault::MtuShrinks { .. } => WhatFails::Link(fault, direction),
    }
}

fn fault() -> impl Strategy<Value = FleetFault> {
    let link = prop_oneof![
        rate().prop_map(|rate| LinkFault::Loss { rate }),
        (rate(), 1..100_u32).prop_map(|(rate, length)| LinkFault::BurstLoss { rate, length }),
        span().prop_map(|by| LinkFault::Delay { by }),
        span().prop_map(|below| LinkFault::Jitter { below }),
        rate().prop_map(|rate| LinkFault::Duplicate { rate }),
        (rate(), span()).prop_map(|(rate, by)| LinkFault::Reorder { rate, by }),
        rate().prop_map(|rate| LinkFault::Corrupt { rate }),
        Just(LinkFault::BlackHole),
        Just(LinkFault::UdpBlocked),
        (1..=u32::MAX, 1..=u32::MAX)
            .prop_map(|(bytes_per_s, queue)| LinkFault::RateLimit { bytes_per_s, queue }),
        (1..=u16::MAX).prop_map(|bytes| LinkFault::MtuShrinks { bytes }),
        span().prop_map(|idle| LinkFault::MappingForgotten { idle }),
    ];
    let direction = prop::sample::select(&[Direction::Up, Direction::Down, Direction::Both]);
    let device = prop_oneof![
        Just(DeviceFault::RepeatAnswer),
        Just(DeviceFault::OldAttempt),
        Just(DeviceFault::UnknownAnswer),
        Just(DeviceFault::LoseAnswer),
        Just(DeviceFault::KeepAnswer),
        Just(DeviceFault::Crash),
        span().prop_map(|by| DeviceFault::Slow { by }),
    ];
    let what = prop_oneof![
        (link, direction).prop_map(|(fault, direction)| link_fault(fault, direction)),
        prop::sample::select(&[PathFault::Rebind, PathFault::Migrate, PathFault::Cut])
            .prop_map(WhatFails::Path),
        (device, rate()).prop_map(|(fault, rate)| WhatFails::Answer(fault, rate)),
    ];
    let lasts = prop::option::of(span());
    let every = prop::option::of((1..10_000_000_u64).prop_map(Duration::from_millis));
    let until = prop::option::of(span());
    (what, scope(), trigger(), (span(), lasts, every, until))
        .prop_map(|(what, scope, trigger, (at, lasts, every, until))| {
            let every = every.filter(|_| trigger == Trigger::AtOnce);
            let until = until.filter(|_| every.is_some());
            FleetFault { what, scope, trigger, window: Window { at, lasts, every, until } }
        })
        .prop_filter("comes again before it is over", |fault| {
            let Window { lasts, every, .. } = fault.window;
            lasts.zip(every).is_none_or(|(lasts, every)| lasts < every)
        })
}

proptest! {
    #[test]
    fn a_fault_reads_as_it_is_written(fault in fault()) {
        prop_assert_eq!(read(&fault.to_string()), Ok(fault));
    }

    #[test]
    fn any_text_at_all_is_read_or_refused(text in "[a-z =%0-9.-]{0,40}") {
        let _ = read(&text);
    }
}
