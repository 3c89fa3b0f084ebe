//! The people who share an iPad.

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

/// Accounts a Shared iPad keeps; the one that was used longest ago makes room for another.
const RESIDENTS_MAX: usize = 10;

/// Whose accounts are on it when its management begins, the last of them logged in.
///
/// A decision: no request tells who uses an iPad, and one that nobody has used has nobody to log
/// out or to delete.
const CLASS: [&str; 2] = ["pupil-1@school.example", "pupil-2@school.example"];

/// The accounts on a Shared iPad.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SharedUsers {
    /// The one used last stands last.
    residents: Vec<Resident>,
    session: Session,
}

/// Whether somebody uses it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
enum Session {
    #[default]
    Nobody,
    /// The last of the residents.
    Open,
}

/// An account and its data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Resident {
    name: String,
    data: Data,
}

/// Where the data of an account is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Data {
    Synced,
    /// Some of it is on this iPad only.
    OnlyHere,
}

/// How an account stands in the way of its deletion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Idle,
    /// Some of its data would be lost.
    Unsynced,
    LoggedIn,
}

impl Standing {
    /// The same for a deletion that takes data along.
    pub(super) const fn forced(self) -> Self {
        match self {
            Self::Idle | Self::Unsynced => Self::Idle,
            Self::LoggedIn => Self::LoggedIn,
        }
    }
}

impl SharedUsers {
    /// Those of a device that people have begun to share.
    pub(super) fn of_a_class() -> Self {
        let mut users = Self::default();
        for name in CLASS {
            users.log_in(name);
        }
        users
    }

    /// Somebody logs in, and whoever was logged in is no more.
    pub(super) fn log_in(&mut self, name: &str) {
        let known = self.residents.iter().position(|resident| resident.name == name);
        let resident = known.map_or_else(
            || Resident { name: name.to_string(), data: Data::Synced },
            |place| self.residents.remove(place),
        );
        if self.residents.len() == RESIDENTS_MAX {
            self.residents.remove(0);
        }
        self.residents.push(resident);
        self.session = Session::Open;
    }

    pub(super) const fn log_out(&mut self) {
        self.session = Session::Nobody;
    }

    pub(super) fn is_in_use(&self) -> bool {
        self.session == Session::Open
    }

    /// Whoever is logged in does something that no server hears of for now.
    pub(super) fn work_offline(&mut self) {
        if self.is_in_use()
            && let Some(active) = self.residents.last_mut()
        {
            active.data = Data::OnlyHere;
        }
    }

    /// How the account of this name stands, if there is one.
    pub(super) fn standing(&self, name: &str) -> Option<Standing> {
        let place = self.residents.iter().position(|resident| resident.name == name)?;
        let is_last = place + 1 == self.residents.len();
        if is_last && self.is_in_use() {
            return Some(Standing::LoggedIn);
        }
        Some(match self.residents[place].data {
            Data::OnlyHere => Standing::Unsynced,
            Data::Synced => Standing::Idle,
        })
    }

    /// Deletes an account that is not logged in, with its data.
    pub(super) fn delete(&mut self, name: &str) {
        self.residents.retain(|resident| resident.name != name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn the_account_used_longest_ago_makes_room_for_another() {
        let mut users = SharedUsers::default();
        for number in 0..=RESIDENTS_MAX {
            users.log_in(&format!("pupil-{number}"));
        }
        assert_eq!(users.standing("pupil-0"), None);
        assert_eq!(users.standing("pupil-1"), Some(Standing::Idle));
        assert_eq!(users.standing("pupil-10"), Some(Standing::LoggedIn));
    }

    #[test]
    fn work_of_an_account_stays_unsynced_after_its_user_has_logged_out() {
        let mut users = SharedUsers::of_a_class();
        users.work_offline();
        users.log_out();
        users.work_offline();
        assert_eq!(users.standing(CLASS[1]), Some(Standing::Unsynced));
        assert_eq!(users.standing(CLASS[0]), Some(Standing::Idle));
    }

    #[test]
    fn whoever_logs_in_again_is_not_there_twice() {
        let mut users = SharedUsers::of_a_class();
        users.log_in(CLASS[0]);
        users.log_out();
        users.delete(CLASS[0]);
        assert_eq!(users.standing(CLASS[0]), None);
        assert_eq!(users.standing(CLASS[1]), Some(Standing::Idle), "it was not the one in use");
    }
}
