//! What has become of commands of which nobody has seen the end.

use muster_report::Label;

use super::collect::Pending;
use super::target::{Known, Target};

/// What was found out about them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fates {
    /// They wait for their devices.
    pub(crate) waiting: u64,
    /// They are over, and their end was not seen.
    pub(crate) over: u64,
    /// The server has taken them and knows nothing of them.
    pub(crate) lost: Vec<Label>,
    /// Nobody outside can tell: the server shows a later command of the same kind.
    pub(crate) replaced: u64,
    /// The server did not answer.
    pub(crate) untold: u64,
    /// The server has not taken them yet.
    pub(crate) not_taken: u64,
}

/// Asks the server.
///
/// # Errors
/// If it is the run's own and cannot be asked.
pub(crate) async fn fates(pending: &[Pending], server: &Target) -> anyhow::Result<Fates> {
    let asked = pending.iter().filter_map(|pending| Some((pending.question()?, pending.label)));
    let (questions, labels): (Vec<_>, Vec<_>) = asked.unzip();
    let not_taken = u64::try_from(pending.len() - labels.len()).unwrap_or(u64::MAX);
    let mut fates = Fates { not_taken, ..Fates::default() };
    for (label, known) in labels.into_iter().zip(server.knows(questions).await?) {
        fates.add(label, known);
    }
    Ok(fates)
}

impl Fates {
    fn add(&mut self, label: Label, known: Known) {
        match known {
            Known::Live => self.waiting += 1,
            Known::Over => self.over += 1,
            Known::Replaced => self.replaced += 1,
            Known::Untold => self.untold += 1,
            Known::Nothing => self.lost.push(label),
        }
    }
}

#[cfg(test)]
mod tests {
    use muster_protocol::Platform;
    use muster_report::{CommandIndex, PhaseIndex};

    use super::*;

    fn label(command: u16) -> Label {
        let (phase, command) = (PhaseIndex(0), CommandIndex(command));
        Label { phase, command, platform: Platform::Apple }
    }

    #[test]
    fn of_what_is_lost_it_is_known_which_it_was() {
        let mut fates = Fates::default();
        fates.add(label(1), Known::Live);
        fates.add(label(2), Known::Nothing);
        fates.add(label(3), Known::Untold);
        assert_eq!((fates.waiting, fates.untold, fates.lost), (1, 1, vec![label(2)]));
    }
}
