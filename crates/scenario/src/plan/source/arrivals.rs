//! Commands one after another, each for a device drawn from those the work concerns.

use alloc::boxed::Box;
use alloc::format;

use muster_protocol::seed::Stream;
use muster_protocol::{Seed, Timestamp};

use super::Playing;
use crate::plan::curve::{Instants, Stretch, pieces};
use crate::plan::moment::Moment;
use crate::plan::moments::Source;
use crate::units::{Percent, Span};
use crate::work::{Arrivals, Pace};

/// How often another device is drawn if one is not there yet, before nothing is asked at all.
const DRAWN_AGAIN_MAX: u64 = 8;

/// The moments of arrivals.
///
/// Every shard draws the whole and keeps what concerns its devices, so that together they are the
/// same as one.
pub(super) fn source<'a>(playing: Playing<'a>, arrivals: &'a Arrivals) -> Source<'a> {
    let (begins, ends) = window(playing, arrivals);
    let seed = playing.plan.run.seed.child(&format!("work {}", playing.work.name), 0);
    let mut asked = Asked {
        playing,
        arrivals,
        devices: seed.child("device", 0).stream(),
        commands: seed.child("command", 0).stream(),
        again: seed.child("again", 0),
        nth: 0,
    };
    let instants = instants(playing, &arrivals.pace, ends.since(begins), seed);
    let times = instants.map(move |after| begins.after(after)).take_while(move |at| *at < ends);
    Box::new(times.filter_map(move |at| asked.next(at)))
}

/// About how many there are, whatever their shard.
pub(super) fn count(playing: Playing<'_>, arrivals: &Arrivals) -> f64 {
    let (begins, ends) = window(playing, arrivals);
    match &arrivals.pace {
        Pace::Rate(course, _) => {
            pieces(course, stretch(playing, ends.since(begins))).map(|piece| piece.area()).sum()
        }
        Pace::Trace(instants) => {
            let is_played = |instant: &&Span| begins.after(playing.plan.scaled(**instant)) < ends;
            let played = u32::try_from(instants.iter().filter(is_played).count());
            f64::from(played.unwrap_or(u32::MAX)) * playing.plan.growth().min(1.0)
        }
    }
}

/// When they begin and end.
fn window(playing: Playing<'_>, arrivals: &Arrivals) -> (Timestamp, Timestamp) {
    let begins = playing.begins();
    let lasts = arrivals.lasts.map_or(Span::MAX, |lasts| playing.plan.scaled(lasts));
    (begins, playing.ends().min(begins.after(lasts)))
}

fn stretch(playing: Playing<'_>, lasts: Span) -> Stretch {
    Stretch {
        begins: playing.begins().since(Timestamp::ZERO),
        lasts,
        day_length: playing.plan.day_length(),
        scale: playing.plan.run.time_scale,
        growth: playing.plan.growth(),
    }
}

fn instants<'a>(
    playing: Playing<'a>,
    pace: &'a Pace,
    lasts: Span,
    seed: Seed,
) -> Box<dyn Iterator<Item = Span> + Send + 'a> {
    let plan = playing.plan;
    match pace {
        Pace::Rate(course, spacing) => {
            let draws = seed.child("spacing", 0).stream();
            Box::new(Instants::new(pieces(course, stretch(playing, lasts)), *spacing, draws))
        }
        Pace::Trace(instants) => {
            let mut draws = seed.child("kept", 0).stream();
            let kept = share(plan.growth());
            let kept = instants.iter().filter(move |_| kept.hits_by(&mut draws));
            Box::new(kept.map(|instant| plan.scaled(*instant)))
        }
    }
}

/// How much of a trace a fleet keeps that is smaller than the one it was recorded with. A larger
/// one keeps all of it: what was not recorded cannot be made up.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "from 0 to a million, and positive"
)]
fn share(growth: f64) -> Percent {
    Percent::per_million((growth.clamp(0.0, 1.0) * f64::from(Percent::ALL.hits())) as u32)
}

/// Draws whom and what each is about.
struct Asked<'a> {
    playing: Playing<'a>,
    arrivals: &'a Arrivals,
    devices: Stream,
    commands: Stream,
    again: Seed,
    nth: u64,
}

impl Asked<'_> {
    /// What arrives at `at`; nothing if it belongs to another shard, or if nobody is there yet.
    fn next(&mut self, at: Timestamp) -> Option<Moment> {
        let place = self.devices.next_u64();
        let command = *self.arrivals.commands.draw(&mut self.commands);
        self.nth += 1;
        let device = self.present(place, at)?;
        self.playing.is_ours(device).then(|| self.playing.submit(at, device, command))
    }

    /// The device drawn, or another if that one is not there yet.
    fn present(&self, first: u64, at: Timestamp) -> Option<u32> {
        let chosen = &self.playing.plan.chosen[self.playing.index];
        let is_there = |device: &u32| self.playing.plan.is_there(*device, at);
        let device = |draw: u64| chosen.device(below(draw, chosen.count().into()));
        device(first).filter(is_there).or_else(|| {
            let mut again = self.again.child("nth", self.nth).stream();
            (0..DRAWN_AGAIN_MAX).filter_map(|_| device(again.next_u64())).find(is_there)
        })
    }
}

/// A draw as a number below `bound`.
fn below(draw: u64, bound: u64) -> u64 {
    let wide = u128::from(draw) * u128::from(bound);
    u64::try_from(wide >> u64::BITS).unwrap_or(0)
}
