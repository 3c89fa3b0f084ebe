//! What of the plan is nobody's share, on a thread of its own: the faults of the server, which whoever
//! has it does. What somebody wishes is told to all workers.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use anyhow::Context as _;
use muster_protocol::Timestamp;
use muster_scenario::{Moment, Plan, Run, Shard, What};

use super::voice::Voice;
use super::whole::Whole;
use super::words::Told;
use crate::load::control::{Control, Injection};
use crate::load::order::Order;
use crate::load::target::{Embedded, Leave};
use crate::load::timeline::Timeline;
use crate::load::wreck::Wrecker;

/// Between whom a player stands.
pub(super) struct Links {
    pub(super) wishes: Receiver<Control>,
    pub(super) voice: Voice,
    /// Where is shown how the plan is played.
    pub(super) whole: Arc<Whole>,
}

/// Plays what is nobody's share of a plan that begins at `start`, until that ends or its end is wished
/// for. The server is the run's own, or none.
///
/// # Errors
/// If the scenario has no plan, which it had for the workers, or the system no thread to give.
pub(super) fn play(
    order: &Order,
    start: Instant,
    server: Option<Arc<Embedded>>,
    links: Links,
) -> anyhow::Result<JoinHandle<()>> {
    let plan = without_devices(order)?;
    let wrecker = Wrecker {
        server,
        time_scale: order.run.time_scale,
        faults: plan.faults().iter().map(|fault| fault.kind.clone()).collect(),
        devices: 0,
    };
    let player = Player { timeline: Timeline::from(start), links, wrecker };
    let thread = thread::Builder::new().name("player".to_owned());
    let thread = thread.spawn(move || player.play(plan.moments()));
    thread.context("failed to start playing the faults of the server")
}

/// The plan of a share that no device belongs to: what is left is everybody's.
fn without_devices(order: &Order) -> anyhow::Result<Plan> {
    let nobody = Shard::new(u32::MAX - 1, NonZeroU32::MAX).context("the last share of many")?;
    let run = Run { shard: nobody, ..order.run };
    order.scenario.plan(run).context("the faults of the server have no plan")
}

struct Player {
    timeline: Timeline,
    links: Links,
    wrecker: Wrecker,
}

/// What a wait came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Waited {
    Due,
    Stopped,
}

impl Player {
    fn play(mut self, moments: impl Iterator<Item = Moment>) {
        for Moment { at, what } in moments {
            match self.wait(at) {
                Waited::Due => self.carry_out(what),
                Waited::Stopped => return,
            }
        }
    }

    /// Waits for a moment, heeding what is wished meanwhile.
    fn wait(&mut self, at: Timestamp) -> Waited {
        loop {
            let wished = match self.timeline.instant(at) {
                None => self.links.wishes.recv().ok(),
                Some(due) => {
                    let left = due.saturating_duration_since(Instant::now());
                    match self.links.wishes.recv_timeout(left) {
                        Ok(control) => Some(control),
                        Err(RecvTimeoutError::Timeout) => return Waited::Due,
                        Err(RecvTimeoutError::Disconnected) => None,
                    }
                }
            };
            match wished {
                None | Some(Control::Stop) => return Waited::Stopped,
                Some(control) => self.heed(control),
            }
        }
    }

    fn heed(&mut self, wished: Control) {
        let now = Instant::now();
        match wished {
            Control::Pause => self.timeline.pause(now),
            Control::Resume => self.timeline.resume(now),
            Control::Pace(percent) => self.timeline.pace(now, percent),
            Control::Inject(Injection::Restart) => {
                return self.take_away(Injection::Restart, Leave::Stop);
            }
            Control::Inject(Injection::Kill) => {
                return self.take_away(Injection::Kill, Leave::Kill);
            }
            Control::Inject(Injection::Outage(_)) | Control::Stop => {}
        }
        self.links.voice.tell(Told::Wish(wished));
        self.links.whole.is_played(self.timeline.tempo());
    }

    /// Takes the server away. If it is not ours, all workers say so.
    fn take_away(&self, wanted: Injection, how: Leave) {
        let voice = self.links.voice.clone();
        let goes = move || voice.tell(Told::Goes(wanted));
        let told = match self.wrecker.take_away(how, goes) {
            Ok(()) => Told::Asked(wanted),
            Err(_not_ours) => Told::Wish(Control::Inject(wanted)),
        };
        self.links.voice.tell(told);
    }

    fn carry_out(&self, what: What) {
        match what {
            What::Server { kind, .. } => self.wrecker.wreck(kind),
            What::FaultEnds { fault } => self.wrecker.mend(fault),
            What::PhaseBegins { .. }
            | What::PhaseEnds { .. }
            | What::WorkBegins { .. }
            | What::SwitchOn { .. }
            | What::SwitchOff { .. }
            | What::EnrolAgain { .. }
            | What::Submit { .. }
            | What::FaultBegins { .. } => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};
    use std::sync::{Mutex, PoisonError};

    use muster_scenario::TimeScale;

    use super::*;
    use crate::load::control::Controls;
    use crate::load::timeline::{Course, Tempo};

    /// What a worker has heard.
    #[derive(Clone, Default)]
    struct Ear(Arc<Mutex<Vec<u8>>>);

    impl Write for Ear {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Ear {
        fn heard(&self) -> Vec<Told> {
            let heard = self.0.lock().unwrap().clone();
            let lines = String::from_utf8(heard).unwrap();
            lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
        }
    }

    /// A player of a server that is somebody else's, with two workers.
    fn player() -> (Player, Controls, [Ear; 2]) {
        let ((controls, wishes), ears) = (Controls::new(), [Ear::default(), Ear::default()]);
        let whole = Arc::new(Whole::of_nothing());
        let links = Links { wishes, voice: Voice::to(ears.clone()), whole };
        let wrecker =
            Wrecker { server: None, time_scale: TimeScale::REAL, faults: Vec::new(), devices: 0 };
        (Player { timeline: Timeline::from(Instant::now()), links, wrecker }, controls, ears)
    }

    #[test]
    fn what_is_wished_is_told_to_all_workers_and_in_its_order() {
        let (mut player, _controls, ears) = player();
        let wishes = [
            Control::Pause,
            Control::Pace(200),
            Control::Inject(Injection::Outage(50)),
            Control::Inject(Injection::Kill),
        ];
        wishes.into_iter().for_each(|wish| player.heed(wish));
        for ear in ears {
            assert_eq!(ear.heard(), wishes.map(Told::Wish));
        }
        let tempo = Tempo { percent: 200, course: Course::Stands };
        assert_eq!(player.links.whole.sight().shown.borrow().tempo, tempo);
    }

    #[test]
    fn faults_of_the_server_wait_while_the_plan_stands_and_end_with_it() {
        let (mut player, controls, _ears) = player();
        let (soon, late) = (Timestamp::from_micros(1), Timestamp::from_micros(u64::MAX));
        player.heed(Control::Pause);
        assert_eq!(player.timeline.instant(soon), None);
        controls.wish(Control::Resume);
        assert_eq!(player.wait(soon), Waited::Due);
        controls.wish(Control::Stop);
        assert_eq!(player.wait(late), Waited::Stopped);
        player.heed(Control::Pause);
        drop(controls);
        assert_eq!(player.wait(late), Waited::Stopped, "nobody is left to let it go on");
    }
}
