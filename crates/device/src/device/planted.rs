//! Where the planted faults of `muster_protocol::planted` bite in a device, if it takes more than a
//! word.
//!
//! Without the feature `planted` none of it is ever true, and the compiler takes it out.

use muster_protocol::management::{CommandResult, ToServer};
use muster_protocol::planted::{Plant, is};
use muster_protocol::{Attempt, CommandHead, Request, Timestamp};

use super::Device;

impl Device {
    /// What a faulty device says behind its hello.
    pub(super) fn say_too_much(&mut self) {
        if is(Plant::HelloTwice)
            && let Some(hello) = self.outputs.back().cloned()
        {
            self.push(hello);
        }
        if is(Plant::ResultResent)
            && let Some((id, outcome)) = self.enrolment().and_then(|it| it.journal.latest())
        {
            let attempt = Attempt::new(1);
            self.send(ToServer::CommandResult(CommandResult { id, attempt, outcome }));
        }
    }
}

/// Whether a faulty device does not even answer this.
pub(super) fn is_passed_over(
    now: Timestamp,
    head: &CommandHead,
    request: Option<&Request>,
) -> bool {
    (is(Plant::UnreadableIgnored) && request.is_none())
        || (is(Plant::ExpiryJudged) && head.expires_at <= now)
}
