//! Plays the plan: every moment at its instant, on a thread of its own.
//!
//! An open model: what the plan wants begins when the plan says, whatever became of what was before
//! it. A pacer that is late catches up and leaves nothing out.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::time::Instant;

use muster_protocol::Timestamp;
use muster_scenario::{Moment, What};

use super::clock::RunClock;
use super::control::Control;
use super::deed::{Deed, Done, Request};
use super::fleet_side::{Remote, Tell};
use super::submit::Submitter;
use super::tap::Tap;
use super::timeline::Timeline;
use super::wreck::Wrecker;

/// How the pacer goes before others, from 19 for last to -20 for first.
#[cfg(target_os = "linux")]
const NICENESS: i32 = -10;

/// How a plan came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Played {
    /// All of it was played.
    Out,
    /// Somebody wanted it to end.
    Stopped,
}

/// Plays the moments of a plan.
pub(crate) struct Pacer {
    pub(crate) clock: RunClock,
    pub(crate) timeline: Timeline,
    pub(crate) controls: Receiver<Control>,
    pub(crate) deeds: Arc<Tap<Deed>>,
    pub(crate) submitter: Submitter,
    pub(crate) remote: Remote,
    pub(crate) wrecker: Wrecker,
    /// Which device stands where in the fleet of this process.
    pub(crate) places: Places,
    pub(crate) in_flight: InFlight,
}

/// Where the devices of a shard stand in its fleet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Places {
    pub(crate) shards: u32,
}

/// Commands under way, and how many may be.
#[derive(Clone, Debug)]
pub(crate) struct InFlight {
    count: Arc<AtomicU32>,
    max: u32,
}

/// What a wait came to.
enum Waited {
    Due(Instant),
    Stopped,
}

impl Places {
    /// The place of the device with this number in the whole fleet.
    pub(crate) fn of(self, device: u32) -> usize {
        usize::try_from(device / self.shards.max(1)).unwrap_or(usize::MAX)
    }
}

impl InFlight {
    pub(crate) fn up_to(max: u32) -> Self {
        Self { count: Arc::default(), max }
    }

    /// Nobody counts.
    pub(crate) fn without_end() -> Self {
        Self::up_to(u32::MAX)
    }

    /// Takes room for one more, if there is any.
    pub(crate) fn enter(&self) -> bool {
        if self.max == u32::MAX {
            return true;
        }
        let entered = self.count.fetch_add(1, Ordering::Relaxed) < self.max;
        if !entered {
            self.leave();
        }
        entered
    }

    /// Gives room back.
    pub(crate) fn leave(&self) {
        if self.max == u32::MAX {
            return;
        }
        self.count.fetch_sub(1, Ordering::Relaxed);
    }

    /// How many there are.
    pub(crate) fn count(&self) -> u32 {
        self.count.load(Ordering::Relaxed)
    }
}

impl Pacer {
    /// Plays all moments, or until somebody wants it to end.
    pub(crate) fn play(mut self, moments: impl Iterator<Item = Moment>) -> Played {
        ask_for_precedence();
        self.remote.time_faults(self.timeline.of_faults());
        for moment in moments {
            match self.wait(moment.at) {
                Waited::Due(instant) => self.carry_out(self.clock.at(instant), moment),
                Waited::Stopped => return Played::Stopped,
            }
        }
        Played::Out
    }

    /// Waits for a moment, doing what is wished meanwhile. One that is over does not wait.
    fn wait(&mut self, at: Timestamp) -> Waited {
        loop {
            let wished = match self.timeline.instant(at) {
                Some(due) if due <= Instant::now() => match self.controls.try_recv() {
                    Ok(control) => control,
                    Err(TryRecvError::Empty | TryRecvError::Disconnected) => {
                        return Waited::Due(due);
                    }
                },
                Some(due) => {
                    let left = due.saturating_duration_since(Instant::now());
                    match self.controls.recv_timeout(left) {
                        Ok(control) => control,
                        Err(RecvTimeoutError::Timeout) => return Waited::Due(due),
                        Err(RecvTimeoutError::Disconnected) => return Waited::Stopped,
                    }
                }
                None => match self.controls.recv() {
                    Ok(control) => control,
                    Err(_nobody_left) => return Waited::Stopped,
                },
            };
            if wished == Control::Stop {
                return Waited::Stopped;
            }
            self.heed(wished);
        }
    }

    fn heed(&mut self, wished: Control) {
        let now = Instant::now();
        let said = match wished {
            Control::Pause => {
                self.timeline.pause(now);
                Done::Changed("paused".to_owned())
            }
            Control::Resume => {
                self.timeline.resume(now);
                Done::Changed("resumed".to_owned())
            }
            Control::Pace(percent) => {
                self.timeline.pace(now, percent);
                Done::Changed(format!("played at {percent} % of its pace"))
            }
            Control::Inject(injection) => {
                let (deeds, planned) = (Arc::clone(&self.deeds), self.clock.at(now));
                let goes = move |injected| {
                    deeds.note(Deed { planned, what: Done::Injected(injected) });
                };
                let said = self.wrecker.inject(injection, &self.remote, goes);
                said.map_or_else(Done::Unheeded, Done::Changed)
            }
            Control::Stop => return,
        };
        self.remote.time_faults(self.timeline.of_faults());
        let at = self.clock.at(now);
        self.tell(at, said);
        self.tell(at, Done::Retimed(self.timeline));
    }

    fn carry_out(&mut self, planned: Timestamp, Moment { at: moment, what }: Moment) {
        match what {
            What::PhaseBegins { phase } => self.tell(planned, Done::PhaseBegan { phase }),
            What::PhaseEnds { phase } => self.tell(planned, Done::PhaseEnded { phase }),
            What::WorkBegins { work, .. } => self.tell(planned, Done::WorkBegan { work }),
            What::SwitchOn { device } => {
                self.tell(planned, Done::SwitchedOn { device });
                self.remote.tell(self.places.of(device), Tell::On);
            }
            What::SwitchOff { device } => {
                self.tell(planned, Done::SwitchedOff { device });
                self.remote.tell(self.places.of(device), Tell::Off);
            }
            What::EnrolAgain { device } => self.tell(planned, Done::EnrolAgain { device }),
            What::Submit { device, command: action, work } => {
                self.submit(planned, Request { moment, device, action, work });
            }
            // The fleet has its faults by itself, in the time of the plan.
            What::FaultBegins { fault } => self.tell(planned, Done::FaultBegan { fault }),
            What::FaultEnds { fault } => {
                self.tell(planned, Done::FaultEnded { fault });
                self.wrecker.mend(fault);
            }
            What::Server { fault, kind } => {
                self.tell(planned, Done::FaultBegan { fault });
                self.wrecker.wreck(kind);
            }
        }
    }

    fn submit(&mut self, planned: Timestamp, request: Request) {
        if !self.in_flight.enter() {
            return self.tell(planned, Done::Dropped(request));
        }
        let place = self.places.of(request.device);
        self.submitter.submit(planned, request, place);
    }

    fn tell(&self, planned: Timestamp, what: Done) {
        self.deeds.note(Deed { planned, what });
    }
}

/// Asks the system to let this thread go before those it measures: it hardly works, but what it does
/// late makes the whole run late. A system that does not want to, without the right to it, changes
/// nothing: what is late is measured.
///
/// Source: setpriority(2), on Linux of one thread.
#[cfg(target_os = "linux")]
fn ask_for_precedence() {
    let thread = rustix::thread::gettid();
    if let Err(refusal) = rustix::process::setpriority_process(Some(thread), NICENESS) {
        tracing::debug!(error = %refusal, "the pacer has the priority of all other threads");
    }
}

/// Elsewhere a priority is one of a whole process.
#[cfg(not(target_os = "linux"))]
const fn ask_for_precedence() {}
