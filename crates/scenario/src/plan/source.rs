//! What a work brings about, moment by moment.

mod arrivals;

use alloc::boxed::Box;
use alloc::vec::Vec;

use muster_protocol::Timestamp;

use super::moment::{Moment, What};
use super::moments::Source;
use super::{Plan, timeline};
use crate::action::Action;
use crate::units::{Span, Spread};
use crate::work::{Backlog, Broadcast, MassWipe, Work, WorkKind};

/// The moments of the work with this index, in the order of time.
pub(super) fn of_work(plan: &Plan, index: usize) -> Source<'_> {
    let playing = Playing { plan, index, work: &plan.scenario.works[index] };
    match &playing.work.kind {
        WorkKind::Arrivals(arrivals) => arrivals::source(playing, arrivals),
        WorkKind::Broadcast(broadcast) => playing.broadcast(*broadcast),
        WorkKind::EnrolmentWave(_) => playing.wave(),
        WorkKind::ReconnectStorm(away) => playing.storm(away),
        WorkKind::Backlog(backlog) => playing.backlog(backlog),
        WorkKind::MassWipe(wipe) => playing.mass_wipe(wipe),
    }
}

/// About how many commands a work asks for, whatever their shard.
pub(super) fn commands_of_work(plan: &Plan, index: usize) -> f64 {
    let playing = Playing { plan, index, work: &plan.scenario.works[index] };
    let devices = || f64::from(playing.present_count());
    match &playing.work.kind {
        WorkKind::Arrivals(arrivals) => arrivals::count(playing, arrivals),
        WorkKind::Broadcast(_) | WorkKind::MassWipe(_) => devices(),
        WorkKind::Backlog(backlog) => devices() * f64::from(backlog.commands_each),
        WorkKind::EnrolmentWave(_) | WorkKind::ReconnectStorm(_) => 0.0,
    }
}

/// A work as a plan plays it.
#[derive(Clone, Copy)]
struct Playing<'a> {
    plan: &'a Plan,
    index: usize,
    work: &'a Work,
}

impl<'a> Playing<'a> {
    fn begins(self) -> Timestamp {
        self.plan.begins(self.work)
    }

    /// When its phase, or the run, is over.
    fn ends(self) -> Timestamp {
        timeline::part(&self.plan.phases, self.work.phase).1
    }

    /// The devices it concerns that are there when it begins, whatever their shard.
    fn present(self) -> impl Iterator<Item = u32> + 'a {
        let begins = self.begins();
        let chosen = self.plan.chosen[self.index].iter();
        chosen.filter(move |device| self.plan.is_there(*device, begins))
    }

    fn present_count(self) -> u32 {
        u32::try_from(self.present().count()).unwrap_or(u32::MAX)
    }

    /// Those of them that belong to the shard.
    fn ours(self) -> impl Iterator<Item = u32> + 'a {
        self.present().filter(move |device| self.is_ours(*device))
    }

    fn is_ours(self, device: u32) -> bool {
        self.plan.run.shard.has(device)
    }

    /// The clock of the work begins.
    fn beginning(self, at: Timestamp, devices: u32) -> Moment {
        Moment { at, what: What::WorkBegins { work: self.index, devices } }
    }

    fn submit(self, at: Timestamp, device: u32, command: Action) -> Moment {
        Moment { at, what: What::Submit { device, command, work: self.index } }
    }

    /// A span drawn for a device, for this purpose.
    fn drawn(self, purpose: &str, device: u32, spread: &Spread) -> Span {
        let seed = self.plan.work_seed(self.work, device).child(purpose, 0);
        spread.draw(&mut seed.stream())
    }

    /// Our devices with a span drawn for each, shortest first.
    fn spread_out(self, spread: &Spread) -> Vec<(Span, u32)> {
        let spread = spread.scaled(self.plan.run.time_scale);
        let mut devices: Vec<(Span, u32)> =
            self.ours().map(|device| (self.drawn("when", device, &spread), device)).collect();
        devices.sort_unstable();
        devices
    }

    fn broadcast(self, broadcast: Broadcast) -> Source<'a> {
        let begins = self.begins();
        let devices = self.spread_out(&Spread::Uniform(Span::ZERO, broadcast.within));
        let beginning = self.beginning(begins, self.present_count());
        let requests = devices.into_iter().map(move |(after, device)| {
            self.submit(begins.after(after), device, broadcast.command)
        });
        Box::new(core::iter::once(beginning).chain(requests))
    }

    fn wave(self) -> Source<'a> {
        let chosen = &self.plan.chosen[self.index];
        let beginning = self.beginning(self.begins(), chosen.count());
        let ours = chosen.iter().filter(|device| self.is_ours(*device));
        let mut devices: Vec<(Timestamp, u32)> =
            ours.filter_map(|device| Some((self.plan.switched_on_at(device)?, device))).collect();
        devices.sort_unstable();
        let switched_on =
            devices.into_iter().map(|(at, device)| Moment { at, what: What::SwitchOn { device } });
        Box::new(core::iter::once(beginning).chain(switched_on))
    }

    fn storm(self, away: &Spread) -> Source<'a> {
        let begins = self.begins();
        let beginning = self.beginning(begins, self.present_count());
        let devices = self.spread_out(away);
        let gone = self.gone(begins);
        let back = devices.into_iter().map(move |(after, device)| Moment {
            at: begins.after(after),
            what: What::SwitchOn { device },
        });
        Box::new(core::iter::once(beginning).chain(gone).chain(back))
    }

    /// Our devices vanish.
    fn gone(self, at: Timestamp) -> impl Iterator<Item = Moment> + 'a {
        self.ours().map(move |device| Moment { at, what: What::SwitchOff { device } })
    }

    fn backlog(self, backlog: &'a Backlog) -> Source<'a> {
        let (begins, away) = (self.begins(), self.plan.scaled(backlog.away));
        let returns = begins.after(away);
        let beginning = self.beginning(returns, self.present_count());
        let gone = self.gone(begins);
        let piled_up = self.piled_up(backlog, away);
        let back = self.spread_out(&backlog.back_within).into_iter();
        let back = back.map(move |(after, device)| Moment {
            at: returns.after(after),
            what: What::SwitchOn { device },
        });
        Box::new(gone.chain(piled_up).chain(core::iter::once(beginning)).chain(back))
    }

    /// Round after round, each device once in each: the time away is divided by the number of
    /// commands, and a device is asked at the same place of each part.
    fn piled_up(self, backlog: &'a Backlog, away: Span) -> impl Iterator<Item = Moment> + 'a {
        let part = away / backlog.commands_each;
        let place = Spread::Uniform(Span::ZERO, part);
        let mut devices: Vec<(Span, u32)> =
            self.ours().map(|device| (self.drawn("place", device, &place), device)).collect();
        devices.sort_unstable();
        let begins = self.begins();
        (0..backlog.commands_each).flat_map(move |round| {
            let asked = begins.after(part * round);
            let devices = devices.clone();
            devices.into_iter().map(move |(after, device)| {
                let seed = self.plan.work_seed(self.work, device).child("round", round.into());
                let command = *backlog.commands.draw(&mut seed.stream());
                self.submit(asked.after(after), device, command)
            })
        })
    }

    fn mass_wipe(self, wipe: &MassWipe) -> Source<'a> {
        let (begins, command) = (self.begins(), wipe.command);
        let beginning = self.beginning(begins, self.present_count());
        let devices = self.spread_out(&Spread::Uniform(Span::ZERO, wipe.within));
        let again = wipe.enrol_again.as_ref().map(|it| it.scaled(self.plan.run.time_scale));
        let set_up = |(after, device): &(Span, u32)| {
            let span = self.drawn("again", *device, again.as_ref()?);
            let at = begins.after(*after).after(span);
            Some(Moment { at, what: What::EnrolAgain { device: *device } })
        };
        let mut moments: Vec<Moment> = devices.iter().filter_map(set_up).collect();
        let wiped = devices
            .iter()
            .map(|(after, device)| self.submit(begins.after(*after), *device, command));
        moments.extend(wiped);
        moments.sort_by_key(|moment| moment.at);
        Box::new(core::iter::once(beginning).chain(moments))
    }
}
