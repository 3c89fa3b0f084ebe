//! What has become of commands of which nobody has seen the end.

use muster_protocol::DeviceId;

use super::collect::Pending;
use super::submit::Book;
use super::target::{Known, Question, Target};

/// What was found out about them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fates {
    /// They wait for their devices.
    pub(crate) waiting: u64,
    /// They are over, and their end was not seen.
    pub(crate) over: u64,
    /// The server has taken them and knows nothing of them.
    pub(crate) lost: u64,
    /// Nobody outside can tell: the server shows a later command of the same kind.
    pub(crate) untold: u64,
    /// The server has not taken them yet.
    pub(crate) not_taken: u64,
}

/// Asks the server.
pub(crate) async fn fates(
    pending: &[Pending],
    book: &Book,
    server: &Target,
) -> anyhow::Result<Fates> {
    let (taken, not_taken): (Vec<&Pending>, Vec<&Pending>) =
        pending.iter().partition(|pending| pending.accepted);
    let mut fates = Fates { not_taken: count(not_taken.len()), ..Fates::default() };
    let asked = taken.iter().map(|pending| {
        let device = book.last(pending.place).unwrap_or(DeviceId::from_bytes([0; 16]));
        Question { device, command: pending.command, action: pending.action }
    });
    for known in server.knows(asked.collect()).await? {
        match known {
            Known::Live => fates.waiting += 1,
            Known::Over => fates.over += 1,
            Known::Replaced => fates.untold += 1,
            Known::Nothing => fates.lost += 1,
        }
    }
    Ok(fates)
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
