//! Looks from outside whether what a device has answered is over at its server.
//!
//! ```text
//! collector --Look--> lookout --GET managedDevices/{id}--> the server
//!     ^                  |
//!     '---Tap<Outside>---'   over, and whether it was looked at in time
//! ```
//!
//! Of each kind of action the API shows the latest of a device. A device gets its commands one after
//! the other: an earlier one is over when a later one of its kind is.

use std::sync::Arc;
use std::time::{Duration, Instant};

use muster_agent::AnswerClass;
use muster_protocol::{CommandId, DeviceId};
use muster_scenario::Action;
use muster_server::CommandEnd;
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore};
use tokio::time::{Interval, MissedTickBehavior, interval, sleep};

use super::room::Room;
use super::tap::Tap;
use super::target::{id_of, latest};
use crate::client::{ActionResult, AdminClient};

/// Looks that may wait: as many commands as a scenario has under way at most, and then some.
const LOOKS_MAX: usize = 1 << 17;

/// Commands that are followed at once; others wait until one of them is over.
const FOLLOWED_AT_ONCE: usize = 1 << 14;

/// Requests under way at once, and the time between two: looking must not be the load.
const LOOKS_AT_ONCE: usize = 64;
const LOOK_EVERY: Duration = Duration::from_micros(500);

/// A look that begins later than this after the answer, or after the last look that showed that the
/// command was not over, says that it is, and no longer since when; unless this is less than a tenth
/// of what it has taken anyway.
const IN_TIME: Duration = Duration::from_millis(100);
const SHARE_IN_TIME: u32 = 10;

/// How long to wait before the same is looked at again: at first, and at most.
const AGAIN_AFTER: Duration = Duration::from_millis(10);
const AGAIN_AFTER_MAX: Duration = Duration::from_secs(1);

/// A command that a device has answered, to be looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    pub(crate) device: DeviceId,
    pub(crate) command: CommandId,
    pub(crate) action: Action,
    pub(crate) class: AnswerClass,
    /// When the device had answered, and how long that was after it was planned.
    pub(crate) answered: Instant,
    pub(crate) took: Duration,
}

impl Look {
    /// Whether a look that begins so late is in time, if it was not over so long after the answer.
    fn timing(&self, late_by: Duration, open_until: Duration) -> Timing {
        let in_time = IN_TIME.max(self.took.saturating_add(late_by) / SHARE_IN_TIME);
        if late_by.saturating_sub(open_until) <= in_time { Timing::InTime } else { Timing::Late }
    }
}

/// What was seen of a server elsewhere.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Outside {
    /// It has taken a command.
    Taken(CommandId),
    /// A command is over.
    Over { command: CommandId, end: CommandEnd, timing: Timing },
}

/// Whether it was looked at soon enough to say when it was over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Timing {
    /// Its instant is that of the end.
    InTime,
    /// It was over some time before.
    Late,
}

/// Whoever looks.
struct Lookout {
    client: AdminClient,
    seen: Arc<Tap<Outside>>,
    at_once: Semaphore,
    pace: Mutex<Interval>,
}

/// Posts a lookout in a room; returns where it is told what to look at.
pub(crate) fn post(room: &Room, client: AdminClient, seen: Arc<Tap<Outside>>) -> Sender<Look> {
    let (wishes, wanted) = mpsc::channel(LOOKS_MAX);
    let remote = room.remote();
    room.spawn(async move {
        let lookout = Arc::new(Lookout {
            client,
            seen,
            at_once: Semaphore::new(LOOKS_AT_ONCE),
            pace: Mutex::new(pace()),
        });
        let followed = Arc::new(Semaphore::new(FOLLOWED_AT_ONCE));
        let mut wanted: Receiver<Look> = wanted;
        while let Some(look) = wanted.recv().await {
            let Ok(room) = Arc::clone(&followed).acquire_owned().await else { return };
            remote.spawn(Arc::clone(&lookout).follow(look, room));
        }
    });
    wishes
}

/// After a quiet time the looks come no faster.
fn pace() -> Interval {
    let mut pace = interval(LOOK_EVERY);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    pace
}

impl Lookout {
    /// Looks until the command is over.
    async fn follow(self: Arc<Self>, look: Look, _room: OwnedSemaphorePermit) {
        let (mut again_after, mut open_until) = (AGAIN_AFTER, Duration::ZERO);
        loop {
            match self.look(&look).await {
                Some((late_by, Some((end, certain)))) => {
                    let timing = match certain {
                        Certain::Moment => look.timing(late_by, open_until),
                        Certain::Afterwards => Timing::Late,
                    };
                    return self.seen.note(Outside::Over { command: look.command, end, timing });
                }
                Some((late_by, None)) => open_until = late_by,
                // A server that is away is asked again.
                None => {}
            }
            sleep(again_after).await;
            again_after = (again_after * 2).min(AGAIN_AFTER_MAX);
        }
    }

    /// Looks once; tells how long after the answer, and what the end is if it is one. Nothing if the
    /// server does not answer.
    async fn look(&self, look: &Look) -> Option<(Duration, Option<(CommandEnd, Certain)>)> {
        self.pace.lock().await.tick().await;
        let _room = self.at_once.acquire().await.ok()?;
        let late_by = look.answered.elapsed();
        let shown = self.client.known(&look.device.to_string()).await.ok()?;
        let shown = shown.map(|device| device.device_action_results);
        Some((late_by, end(look, shown.as_deref())))
    }
}

/// What an end was seen by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Certain {
    /// It is shown: it has just come.
    Moment,
    /// Something that follows from it is shown.
    Afterwards,
}

/// The end of a command, from what is shown of its device; `None` if it is not over.
fn end(look: &Look, shown: Option<&[ActionResult]>) -> Option<(CommandEnd, Certain)> {
    // A device that has left takes its commands with it: this one has made it leave, or was before.
    let Some(shown) = shown else { return Some((answered(look.class), Certain::Moment)) };
    let result = latest(shown, look.command, look.action)?;
    if !result.is_over() {
        return None;
    }
    if id_of(result) == Some(look.command) {
        return Some((told(&result.action_state), Certain::Moment));
    }
    Some((answered(look.class), Certain::Afterwards))
}

fn told(state: &str) -> CommandEnd {
    match state {
        "done" => CommandEnd::Done,
        "notSupported" => CommandEnd::NotSupported,
        "canceled" => CommandEnd::Canceled,
        _ => CommandEnd::Failed,
    }
}

const fn answered(class: AnswerClass) -> CommandEnd {
    match class {
        AnswerClass::Acknowledged => CommandEnd::Done,
        AnswerClass::NotSupported => CommandEnd::NotSupported,
        AnswerClass::Error
        | AnswerClass::FormatError
        | AnswerClass::NotNow
        | AnswerClass::Locked => CommandEnd::Failed,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const EARLIER: CommandId = CommandId::from_bytes([1; 16]);
    const LATER: CommandId = CommandId::from_bytes([2; 16]);

    fn look(class: AnswerClass) -> Look {
        Look {
            device: DeviceId::from_bytes([7; 16]),
            command: EARLIER,
            action: Action::Lock,
            class,
            answered: Instant::now(),
            took: Duration::from_secs(10),
        }
    }

    fn shown(command: CommandId, state: &str) -> Vec<ActionResult> {
        let result = json!({
            "actionName": "remoteLock", "actionState": state, "startDateTime": "",
            "lastUpdatedDateTime": "", "x-muster-command-id": command.to_string(),
        });
        vec![serde_json::from_value(result).unwrap()]
    }

    #[test]
    fn a_command_is_over_when_it_is_shown_to_be() {
        let seen = |state| end(&look(AnswerClass::Acknowledged), Some(&shown(EARLIER, state)));
        assert_eq!(seen("pending"), None);
        assert_eq!(seen("active"), None);
        assert_eq!(seen("done"), Some((CommandEnd::Done, Certain::Moment)));
        assert_eq!(seen("failed"), Some((CommandEnd::Failed, Certain::Moment)));
    }

    #[test]
    fn a_command_in_whose_place_a_later_one_is_shown_is_over_when_that_is() {
        let seen = |state| end(&look(AnswerClass::NotSupported), Some(&shown(LATER, state)));
        assert_eq!(seen("active"), None);
        assert_eq!(seen("done"), Some((CommandEnd::NotSupported, Certain::Afterwards)));
    }

    #[test]
    fn a_device_that_has_left_has_taken_its_commands_with_it() {
        let seen = end(&look(AnswerClass::Acknowledged), None);
        assert_eq!(seen, Some((CommandEnd::Done, Certain::Moment)));
    }

    #[test]
    fn a_look_may_be_as_late_as_does_not_matter() {
        let (look, first) = (look(AnswerClass::Acknowledged), Duration::ZERO);
        assert_eq!(look.timing(Duration::from_millis(1_111), first), Timing::InTime);
        assert_eq!(look.timing(Duration::from_millis(1_112), first), Timing::Late);
        let quick = Look { took: Duration::from_millis(5), ..look };
        assert_eq!(quick.timing(IN_TIME, first), Timing::InTime);
        assert_eq!(quick.timing(IN_TIME + Duration::from_millis(1), first), Timing::Late);
    }

    #[test]
    fn a_later_look_is_in_time_if_the_one_before_was_not_long_ago() {
        let look = Look { took: Duration::from_millis(5), ..look(AnswerClass::Acknowledged) };
        let ms = Duration::from_millis;
        assert_eq!(look.timing(ms(400), ms(300)), Timing::InTime);
        assert_eq!(
            look.timing(ms(400), ms(150)),
            Timing::Late,
            "a first look in time is no excuse"
        );
    }
}
