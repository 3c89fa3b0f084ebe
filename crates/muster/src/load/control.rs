//! Changing a run while it runs.

use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};

use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

/// Wishes that may wait: nobody types faster than a pacer looks.
const WISHES_MAX: usize = 64;

/// The slowest and the fastest a plan is played, in percent of its own pace.
pub(crate) const PACE_MIN: u32 = 10;
pub(crate) const PACE_MAX: u32 = 1_000;

/// The paces among which a key or a button chooses.
pub(crate) const PACES: [u32; 9] = [PACE_MIN, 25, 50, 75, 100, 150, 200, 500, PACE_MAX];

/// What somebody wants of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Control {
    /// Stop the clock of the plan; what is under way goes on.
    Pause,
    /// Let it go on.
    Resume,
    /// Play the rest at so many percent of its own pace, [`PACE_MIN`] to [`PACE_MAX`].
    Pace(u32),
    /// Let something go wrong now.
    Inject(Injection),
    /// End the run, and report what there is.
    Stop,
}

/// Something that goes wrong because somebody wants it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Injection {
    /// The server stops and starts again.
    Restart,
    /// The server is killed and starts again.
    Kill,
    /// So many percent of the devices lose their network for ten seconds.
    Outage(u32),
}

/// A wish that is not heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unheard {
    /// The plan is played, or its end is wished for: nobody listens any more.
    #[error("the plan of the run is over")]
    Over,
    /// As many wishes as may wait do so already.
    #[error("{WISHES_MAX} wishes wait already")]
    Busy,
}

/// Where wishes are left.
#[derive(Clone, Debug)]
pub(crate) struct Controls {
    wishes: SyncSender<Control>,
    /// The end is wished for: heard after the plan, too, when no pacer listens any more.
    end: CancellationToken,
}

impl Controls {
    /// A run's controls, and the pacer's end of them.
    pub(crate) fn new() -> (Self, Receiver<Control>) {
        let (wishes, waiting) = sync_channel(WISHES_MAX);
        (Self { wishes, end: CancellationToken::new() }, waiting)
    }

    /// Leaves a wish. One too many, or one for a run that is over, is not heard.
    pub(crate) fn wish(&self, control: Control) {
        let _not_heard = self.leave(control);
    }

    /// Leaves a wish, for whoever wants to know whether it is heard. That the run ends always is.
    ///
    /// # Errors
    /// [`Unheard`] if it is not.
    pub(crate) fn leave(&self, control: Control) -> Result<(), Unheard> {
        if control == Control::Stop {
            self.end.cancel();
        }
        match self.wishes.try_send(control) {
            Ok(()) => Ok(()),
            Err(_) if control == Control::Stop => Ok(()),
            Err(TrySendError::Full(_)) => Err(Unheard::Busy),
            Err(TrySendError::Disconnected(_)) => Err(Unheard::Over),
        }
    }

    /// Waits until somebody wishes that the run ends.
    ///
    /// Cancel safe: yes.
    pub(crate) async fn end_wished(&self) {
        self.end.cancelled().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_wish_that_a_run_ends_is_heard_when_its_plan_is_over_too() {
        let (controls, pacers_end) = Controls::new();
        drop(pacers_end);
        controls.wish(Control::Stop);
        controls.end_wished().await;
    }

    #[test]
    fn whoever_wants_to_know_is_told_that_a_wish_is_not_heard() {
        let (controls, pacers_end) = Controls::new();
        for _wish in 0..WISHES_MAX {
            assert_eq!(controls.leave(Control::Pause), Ok(()));
        }
        assert_eq!(controls.leave(Control::Pause), Err(Unheard::Busy));
        assert_eq!(controls.leave(Control::Stop), Ok(()), "this one is heard in any case");
        drop(pacers_end);
        assert_eq!(controls.leave(Control::Resume), Err(Unheard::Over));
        assert_eq!(controls.leave(Control::Stop), Ok(()));
    }
}
