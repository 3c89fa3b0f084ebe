//! The faults of a scenario, as a world has them.

use std::time::Duration;

use muster_agent::{DeviceFault, FleetFault, PathFault, WakeFault, WhatFails};
use muster_protocol::fault::{Moment, Trigger};
use muster_scenario::ServerFault;
use muster_sim::{Fault, FoulPushes, Injection, Way, What};
use muster_transport::{Direction, LinkFault, Rate};

/// Why a world has no such fault.
type WhyNot = &'static str;

const NO_PACKETS: WhyNot = "there are messages and no packets in virtual time";
const NO_ADDRESSES: WhyNot = "connections have no addresses in virtual time";
const ONE_WAY: WhyNot = "in virtual time only a hole has a direction";

/// One time that a fault comes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Round {
    /// Names it in the plan of its world.
    pub(super) number: u32,
    /// For how long it is there; `None` if to the end of the run.
    pub(super) lasts: Option<Duration>,
    /// How long it is to the end of the run.
    pub(super) rest: Duration,
}

impl Round {
    fn span(self) -> Duration {
        self.lasts.unwrap_or(self.rest)
    }
}

/// A fault of the server.
pub(super) fn of_server(fault: ServerFault, round: Round) -> Result<What, WhyNot> {
    match fault {
        ServerFault::Restart { away } => Ok(What::Restart { away }),
        ServerFault::Kill { away } => {
            let fault = Fault::ServerCrash { lasts: away };
            Ok(What::Fault(Injection::of_all(round.number, fault)))
        }
        ServerFault::SlowDisk { .. } => Err("a disk takes no time in virtual time"),
        ServerFault::Retry => Err(NO_PACKETS),
    }
}

/// A fault of the devices' side.
pub(super) fn of_fleet(fault: &FleetFault, round: Round) -> Result<What, WhyNot> {
    let injection = |what, trigger| {
        let Round { number, .. } = round;
        What::Fault(Injection { number, fault: what, scope: fault.scope, trigger })
    };
    match fault.what {
        WhatFails::Link(link, direction) => {
            Ok(injection(of_link(link, direction, round.span())?, fault.trigger))
        }
        WhatFails::Path(PathFault::Cut) => Ok(injection(Fault::Cut, fault.trigger)),
        WhatFails::Path(PathFault::Rebind | PathFault::Migrate) => Err(NO_ADDRESSES),
        WhatFails::Answer(DeviceFault::Slow { by }, Rate::ALWAYS) => {
            Ok(injection(Fault::Slow { delay: by, lasts: round.span() }, fault.trigger))
        }
        WhatFails::Answer(answer, rate) => {
            let (what, moment) = of_answer(answer)?;
            Ok(injection(what, when_answered(fault.trigger, (moment, rate), round)?))
        }
        WhatFails::Wake(wake, rate) => foul_pushes(fault, of_wake(wake), (rate, round)),
    }
}

fn of_link(link: LinkFault, direction: Direction, lasts: Duration) -> Result<Fault, WhyNot> {
    match (link, direction) {
        (LinkFault::BlackHole | LinkFault::UdpBlocked, Direction::Both) => {
            Ok(Fault::BlackHole { lasts })
        }
        (LinkFault::BlackHole, Direction::Up) => Ok(Fault::OneWay { way: Way::Up, lasts }),
        (LinkFault::BlackHole, Direction::Down) => Ok(Fault::OneWay { way: Way::Down, lasts }),
        (LinkFault::Loss { rate }, Direction::Both) => {
            Ok(Fault::Loss { hits: rate.hits(), of: Rate::ALWAYS.hits(), lasts })
        }
        (LinkFault::Delay { by }, Direction::Both) => {
            Ok(Fault::Latency { delay: by, jitter: Duration::ZERO, lasts })
        }
        (LinkFault::Jitter { below }, Direction::Both) => {
            Ok(Fault::Latency { delay: Duration::ZERO, jitter: below, lasts })
        }
        (
            LinkFault::Loss { .. }
            | LinkFault::Delay { .. }
            | LinkFault::Jitter { .. }
            | LinkFault::UdpBlocked,
            Direction::Up | Direction::Down,
        ) => Err(ONE_WAY),
        (LinkFault::MappingForgotten { .. }, _) => Err(NO_ADDRESSES),
        (
            LinkFault::BurstLoss { .. }
            | LinkFault::Duplicate { .. }
            | LinkFault::Reorder { .. }
            | LinkFault::Corrupt { .. }
            | LinkFault::RateLimit { .. }
            | LinkFault::MtuShrinks { .. },
            _,
        ) => Err(NO_PACKETS),
    }
}

/// What goes wrong with an answer, and at which moment of it.
const fn of_answer(answer: DeviceFault) -> Result<(Fault, Moment), WhyNot> {
    match answer {
        DeviceFault::RepeatAnswer => Ok((Fault::RepeatAnswer, Moment::Answered)),
        DeviceFault::UnknownAnswer => Ok((Fault::StrayAnswer, Moment::Answered)),
        DeviceFault::LoseAnswer => Ok((Fault::Cut, Moment::Answering)),
        DeviceFault::Crash => Ok((Fault::AgentCrash, Moment::Answering)),
        DeviceFault::OldAttempt => {
            Err("in virtual time only a command that was sent twice has one")
        }
        DeviceFault::KeepAnswer => Err("in virtual time a device that stays keeps no answer"),
        DeviceFault::Slow { .. } => Err("in virtual time a device is slow with every answer"),
    }
}

/// At every answer with these odds, or at the moment that was asked for.
fn when_answered(
    trigger: Trigger,
    (moment, rate): (Moment, Rate),
    round: Round,
) -> Result<Trigger, WhyNot> {
    match (trigger, round.lasts) {
        (Trigger::AtOnce, None) => {
            Ok(Trigger::Odds { moment, hits: rate.hits(), of: Rate::ALWAYS.hits() })
        }
        (Trigger::AtOnce, Some(_)) => Err("in virtual time odds of an answer last to the end"),
        (Trigger::After(_) | Trigger::When(_) | Trigger::Nth { .. } | Trigger::Odds { .. }, _) => {
            let is_certain = rate == Rate::ALWAYS;
            is_certain.then_some(trigger).ok_or("in virtual time a fault has odds of one kind")
        }
    }
}

const fn of_wake(wake: WakeFault) -> Fault {
    match wake {
        WakeFault::Lost => Fault::WakeLost,
        WakeFault::Late { by } => Fault::WakeLate { delay: by },
        WakeFault::Duplicated => Fault::WakeDuplicated,
    }
}

fn foul_pushes(
    fault: &FleetFault,
    what: Fault,
    (rate, round): (Rate, Round),
) -> Result<What, WhyNot> {
    match fault.trigger {
        Trigger::AtOnce => Ok(What::FoulPushes(FoulPushes {
            number: round.number,
            fault: what,
            scope: fault.scope,
            hits: rate.hits(),
            of: Rate::ALWAYS.hits(),
            lasts: round.span(),
        })),
        Trigger::After(_) | Trigger::When(_) | Trigger::Nth { .. } | Trigger::Odds { .. } => {
            Err("in virtual time pushes wait for no moment of a device")
        }
    }
}
