//! The control hook, as the suite asks it.

mod admin;
mod in_process;
mod outside;

use muster_conformance::hook::{Answer, Verb};

use super::house::Abode;

pub(crate) use admin::AdminHook;
pub(crate) use outside::{CommandHook, HttpHook};

/// How the hook of a target is asked.
pub(crate) enum Hook {
    /// The target is a server of this process.
    InProcess,
    /// The target is a muster server with a data folder: its admin API.
    Admin(AdminHook),
    /// An adapter that takes verbs over HTTP.
    Http(HttpHook),
    /// An adapter that is a program, run once for each verb.
    Command(CommandHook),
}

impl Hook {
    /// Asks.
    pub(super) async fn answer(&self, abode: &Abode, verb: Verb) -> Answer {
        match self {
            Self::InProcess => in_process::answer(abode, verb).await,
            Self::Admin(admin) => admin.answer(verb).await,
            Self::Http(http) => http.answer(&verb).await,
            Self::Command(command) => command.answer(verb).await,
        }
    }
}

/// An answer for something that went wrong.
fn failed(reason: impl ToString) -> Answer {
    Answer::Failed { reason: reason.to_string() }
}
