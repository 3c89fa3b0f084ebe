//! A case: one device and what happens to it.

use muster_device::UserAction;
use serde::Deserialize;

use super::outcome::{Expect, Truth};
use super::role::Role;

/// One failure or one feature, reproduced on one device.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    /// The name of its file.
    pub(crate) name: String,
    /// What it shows, in a few words.
    pub(crate) title: String,
    /// What people meet, in two sentences.
    pub(crate) story: String,
    /// Where that is written.
    pub(crate) source: String,
    /// Its place in the tour of the demo, if it has one.
    pub(crate) tour: Option<u32>,
    /// Who plays.
    pub(crate) role: Role,
    /// What happens, in order.
    pub(crate) script: Vec<Step>,
}

/// One step of a case. Those that expect something are judged.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// An administrator asks for an action.
    Ask(&'static str, Expect),
    /// The action asked for last comes to its end.
    Await(&'static str, Expect),
    /// The user does something.
    User(UserAction, Truth),
    /// Somebody types something.
    Type {
        /// What is typed.
        what: Typed,
        /// The user name beside it; blank if nothing is said.
        user_name: String,
        /// What can be seen then.
        see: Truth,
    },
    /// The connection goes.
    Offline,
    /// The connection comes back.
    Online,
    /// The administrator copies the bypass code.
    CopyBypassCode,
}

/// What is typed at Setup Assistant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Typed {
    /// The bypass code the administrator copied.
    CopiedCode,
    /// Another code of the right form.
    WrongCode,
}
