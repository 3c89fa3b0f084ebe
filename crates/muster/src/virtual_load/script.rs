//! The plan of a scenario, as a plan of the world.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Context as _;
use muster_agent::FleetFault;
use muster_control::{PUSH_GAP_MAX, Readings};
use muster_protocol::{Policy, Timestamp};
use muster_scenario::{
    Contact, FaultKind, Holder, Moment, Plan, PlannedDevice, PlannedFault, ServerFault,
    What as Planned, WorkKind,
};
use muster_server::profile_named;
use muster_sim::{Act, Asking, Network, What};

use super::faults::{self, Round};
use crate::load::action::action;
use crate::load::deed::Request;
use crate::load::population;

/// How long the devices have to enrol and connect before the plan begins.
const LEAD: Duration = Duration::from_secs(10);

/// How messages travel while nothing is wrong: 20 to 40 ms, as on a phone in a good network.
const NETWORK: Network =
    Network { delay: Duration::from_millis(20), jitter: Duration::from_millis(20) };

/// How long a command may wait: as long as in a live run.
const COMMAND_LIFETIME: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// What the calm has to last for a device that may be pushed as late as the longest gap.
const CALM_FOR_WOKEN: Duration = Duration::from_secs(PUSH_GAP_MAX.as_secs() + 15 * 60);

/// Most commands of a run, about: a world keeps every line of its log until it is read.
const COMMANDS_MAX: f64 = 250_000.0;

/// Numbers of the rounds of one fault; those of the next follow.
const NUMBERS_PER_FAULT: u32 = 10_000;

/// Where a point of the plan is in the time of its world.
pub(super) fn in_world(planned: Timestamp) -> Timestamp {
    planned.after(LEAD)
}

/// Where a moment of the world is in the time of the plan; what was before is at its beginning.
pub(super) fn in_plan(at: Timestamp) -> Timestamp {
    Timestamp::ZERO.after(at.since(Timestamp::ZERO.after(LEAD)))
}

/// A plan of the world with what it was made of.
pub(crate) struct Script {
    pub(crate) plan: muster_sim::Plan,
    /// What is asked, each at the place that is its number in the plan of the world.
    pub(super) requests: Vec<Request>,
    /// What of the scenario the world does not play, and why.
    pub(super) not_played: BTreeMap<String, &'static str>,
}

/// A plan with more commands than a world keeps track of.
#[derive(Debug, thiserror::Error)]
#[error(
    "about {commands:.0} commands are more than the {COMMANDS_MAX:.0} of a run in virtual time: \
     `--devices {fitting}` scales it down"
)]
pub(crate) struct TooLarge {
    commands: f64,
    fitting: u32,
}

impl TooLarge {
    /// Refuses a plan that is too large.
    ///
    /// # Errors
    /// If it is.
    pub(crate) fn check(plan: &Plan) -> Result<(), Self> {
        let commands = plan.commands_about();
        if commands <= COMMANDS_MAX {
            return Ok(());
        }
        let devices = f64::from(u32::try_from(plan.whole_fleet().len()).unwrap_or(u32::MAX));
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of them"
        )]
        let fitting = (devices * COMMANDS_MAX / commands) as u32;
        Err(Self { commands, fitting: fitting.max(1) })
    }
}

impl Script {
    /// The plan of the world for a plan of a scenario, in which everything is calm for so long
    /// behind it.
    ///
    /// # Errors
    /// If a cohort wants a version of a system on which one of its modes does not exist, or if a
    /// fault is none that a fleet knows.
    pub(crate) fn of(plan: &Plan, seed: u64, calm: Duration) -> anyhow::Result<Self> {
        let calm_at = in_world(plan.ends()).after(plan.scenario().limits.drain);
        let any_woken = plan.devices().any(|device| device.contact == Contact::Woken);
        let calm = if any_woken { calm.max(CALM_FOR_WOKEN) } else { calm };
        let mut script = Self {
            plan: muster_sim::Plan {
                seed,
                network: NETWORK,
                readings: Readings::default(),
                devices: devices(plan)?,
                acts: Vec::new(),
                calm_at,
                end_at: calm_at.after(calm),
                day: plan.day_length(),
                asking: Asking::Again,
            },
            requests: Vec::new(),
            not_played: BTreeMap::new(),
        };
        script.begin(plan);
        for moment in plan.moments() {
            script.play(plan, moment)?;
        }
        Ok(script)
    }

    /// Whoever is switched on later has no network at first.
    fn begin(&mut self, plan: &Plan) {
        for device in plan.devices() {
            if device.switched_on_at.is_some() {
                let what = What::Offline { device: device.index };
                self.plan.acts.push(Act { at: Timestamp::ZERO, what });
            }
        }
        if plan.devices().any(|device| device.holder != Holder::Nobody) {
            let why = "whoever has forgotten it keeps commands waiting for good";
            self.leave_out("people who forget their passcode", why);
        }
    }

    fn play(&mut self, plan: &Plan, moment: Moment) -> anyhow::Result<()> {
        let Moment { at, what } = moment;
        match what {
            Planned::PhaseBegins { .. }
            | Planned::PhaseEnds { .. }
            | Planned::WorkBegins { .. }
            | Planned::FaultEnds { .. } => {}
            Planned::SwitchOn { device } => self.act(at, What::Online { device }),
            Planned::SwitchOff { device } => self.act(at, What::Offline { device }),
            Planned::EnrolAgain { device } => self.act(at, What::SetUp { device }),
            Planned::Submit { device, command: action, work } => {
                self.submit(plan, Request { moment: at, device, action, work });
            }
            Planned::FaultBegins { fault } => self.fleet_fault(plan, at, fault)?,
            Planned::Server { fault, kind } => self.server_fault(plan, (at, fault), kind),
        }
        Ok(())
    }

    fn submit(&mut self, plan: &Plan, request: Request) {
        let Request { moment, device, action: asked, work } = request;
        let work = plan.scenario().works.get(work).map(|work| &work.kind);
        if let Some(WorkKind::MassWipe(_)) = work {
            self.act(moment, What::TakeOut { device });
        }
        let command = u32::try_from(self.requests.len()).unwrap_or(u32::MAX);
        let (action, lifetime) = (action(asked), COMMAND_LIFETIME);
        self.act(moment, What::Submit { device, command, action, lifetime });
        self.requests.push(request);
    }

    fn fleet_fault(&mut self, plan: &Plan, at: Timestamp, fault: usize) -> anyhow::Result<()> {
        let Some(planned) = plan.faults().get(fault) else { return Ok(()) };
        let FaultKind::Fleet(words) = &planned.kind else { return Ok(()) };
        let read: FleetFault = words
            .parse()
            .with_context(|| format!("fault {:?} is none of a fleet", planned.name))?;
        let round = self.round(plan, at, fault);
        match faults::of_fleet(&read, round) {
            Ok(what) => self.act(at, what),
            Err(why) => self.leave_out(&format!("fault {}: {words}", planned.name), why),
        }
        Ok(())
    }

    fn server_fault(&mut self, plan: &Plan, (at, fault): (Timestamp, usize), kind: ServerFault) {
        let round = self.round(plan, at, fault);
        match faults::of_server(kind, round) {
            Ok(what) => self.act(at, what),
            Err(why) => {
                let name = plan.faults().get(fault).map_or("", |fault| fault.name.as_str());
                self.leave_out(&format!("fault {name}: {kind}"), why);
            }
        }
    }

    /// The time that a fault comes now.
    fn round(&self, plan: &Plan, at: Timestamp, fault: usize) -> Round {
        let planned = plan.faults().get(fault);
        let lasts = planned.and_then(|fault| Some(fault.ends?.since(fault.begins)));
        let rest = self.plan.calm_at.since(in_world(at));
        let nth = planned.map_or(0, |fault| nth_round(fault, at)) % NUMBERS_PER_FAULT;
        let first = u32::try_from(fault).unwrap_or(0) * NUMBERS_PER_FAULT;
        Round { number: first + nth, lasts, rest }
    }

    fn act(&mut self, planned: Timestamp, what: What) {
        self.plan.acts.push(Act { at: in_world(planned), what });
    }

    fn leave_out(&mut self, what: &str, why: &'static str) {
        self.not_played.insert(what.to_owned(), why);
    }
}

/// Which of the rounds of a fault begins then.
fn nth_round(fault: &PlannedFault, at: Timestamp) -> u32 {
    let every = fault.every.map_or(0, |every| every.as_micros());
    let nth = at.since(fault.begins).as_micros().checked_div(every);
    nth.and_then(|nth| u32::try_from(nth).ok()).unwrap_or(0)
}

fn devices(plan: &Plan) -> anyhow::Result<Vec<muster_sim::PlannedDevice>> {
    let policy = profile_named("default").context("no default profile")?.policy;
    plan.devices().map(|device| held(plan, device, policy)).collect()
}

fn held(
    plan: &Plan,
    device: &PlannedDevice,
    policy: Policy,
) -> anyhow::Result<muster_sim::PlannedDevice> {
    let spec = population::spec(plan, device)?;
    let habit = population::habit_of(plan, device);
    let planned = muster_sim::PlannedDevice::new(device.index, spec, policy);
    Ok(muster_sim::PlannedDevice { habit, ..planned })
}
