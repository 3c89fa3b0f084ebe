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
    assert_eq!((loss.share, loss.window), (Rate::ALWAYS, Window::ALWAYS));
    let hole = read("black-hole lasts=10s every=60s share=20%").unwrap();
    assert_eq!(hole.what, WhatFails::Link(LinkFault::BlackHole, Direction::Both));
    assert_eq!(hole.share, Rate::percent(20));
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
        "length" => "3",
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
        "rebind takes \"rate\" not at all or once: it takes share, at, lasts, every"
    );
    assert_eq!(
        refusal("crash rate=5% rate=5%"),
        "crash takes \"rate\" not at all or once: it takes rate, share, at, lasts, every"
    );
    assert_eq!(refusal("one-way direction=both"), "direction=both is no up or down");
    assert_eq!(refusal("black-hole lasts=2s every=1s"), "lasts=2s is not shorter than every=1s");
    assert_eq!(refusal("rebind every=0s"), "every=0s is no span above zero");
}

fn rate() -> impl Strategy<Value = Rate> {
    (0..=1_000_000_u32).prop_map(Rate::per_million)
}

fn span() -> impl Strategy<Value = Duration> {
    (0..10_000_000_u64).prop_map(Duration::from_millis)
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
        (link, direction).prop_map(|(fault, direction)| WhatFails::Link(fault, direction)),
        prop::sample::select(&[PathFault::Rebind, PathFault::Migrate]).prop_map(WhatFails::Path),
        (device, rate()).prop_map(|(fault, rate)| WhatFails::Answer(fault, rate)),
    ];
    let lasts = prop::option::of(span());
    let every = prop::option::of((1..10_000_000_u64).prop_map(Duration::from_millis));
    (what, rate(), span(), lasts, every)
        .prop_map(|(what, share, at, lasts, every)| FleetFault {
            what,
            share,
            window: Window { at, lasts, every },
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
