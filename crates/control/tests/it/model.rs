//! A second, plain account of the queue, written without looking at the first.

use std::collections::BTreeSet;

use muster_control::{ActionKind, CancelOutcome, Settled};

/// Where a command stands, in one word.
pub(crate) type Word = &'static str;

/// Seconds until a temporary passcode is no longer shown.
const SHOWN_SECONDS: u64 = 7 * 86_400;

#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) kind: ActionKind,
    pub(crate) word: Word,
    pub(crate) attempt: u32,
    pub(crate) expires: u64,
    pub(crate) shown_until: Option<u64>,
}

/// How a device answers, in one word.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Says {
    Done,
    Passcode,
    Error,
    NotSupported,
    FormatError,
    NotNow,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Model {
    pub(crate) entries: Vec<Entry>,
    pub(crate) gone: bool,
    pub(crate) has_token: bool,
    pub(crate) has_code: bool,
    deferred: BTreeSet<usize>,
    recalled: Option<usize>,
}

fn is_final(kind: ActionKind) -> bool {
    kind == ActionKind::Wipe || kind == ActionKind::Retire
}

impl Entry {
    pub(crate) fn is_live(&self) -> bool {
        ["queued", "in flight", "not now"].contains(&self.word)
    }

    fn waits(&self) -> bool {
        self.is_live() && self.word != "in flight"
    }
}

impl Model {
    pub(crate) fn in_flight(&self) -> Option<usize> {
        self.entries.iter().position(|entry| entry.word == "in flight")
    }

    pub(crate) fn live(&self) -> usize {
        self.entries.iter().filter(|entry| entry.is_live()).count()
    }

    /// Whether the command was accepted.
    pub(crate) fn submit(&mut self, now: u64, kind: ActionKind, lifetime: u64) -> bool {
        if self.gone {
            return false;
        }
        self.expire(now);
        if is_final(kind) {
            self.close_all("superseded", Entry::waits);
        } else if self.live() >= 64 {
            return false;
        }
        let expires = now + lifetime;
        let entry = Entry { kind, word: "queued", attempt: 0, expires, shown_until: None };
        self.entries.push(entry);
        true
    }

    /// Which command goes out, if any.
    pub(crate) fn next(&mut self, now: u64) -> Option<usize> {
        self.expire(now);
        if self.in_flight().is_some() {
            return None;
        }
        loop {
            let held = self.entries.iter().any(|entry| entry.is_live() && is_final(entry.kind));
            let fits = |at: &usize| !held || is_final(self.entries[*at].kind);
            let all = 0..self.entries.len();
            let fresh = all.clone().filter(|at| self.entries[*at].word == "queued");
            let again =
                all.filter(|at| self.entries[*at].word == "not now" && !self.deferred.contains(at));
            let chosen = fresh.chain(again).find(fits)?;
            if self.lacks_secret(chosen) {
                self.entries[chosen].word = "failed";
                continue;
            }
            self.entries[chosen].word = "in flight";
            self.entries[chosen].attempt += 1;
            return Some(chosen);
        }
    }

    pub(crate) fn settle(&mut self, now: u64, at: usize, attempt: u32, says: Says) -> Settled {
        let entry = &self.entries[at];
        if !entry.is_live() {
            return Settled::Duplicate;
        }
        if entry.attempt != attempt || entry.word == "queued" {
            return Settled::StaleAttempt;
        }
        if entry.word == "not now" {
            return Settled::Duplicate;
        }
        match says {
            Says::Done => self.acknowledged(at, None),
            Says::Passcode => self.acknowledged(at, Some(now + SHOWN_SECONDS)),
            Says::Error => self.land(at, "failed"),
            Says::NotSupported | Says::FormatError => self.land(at, "not supported"),
            Says::NotNow => {
                self.wait_again(at, "not now");
                if self.entries[at].is_live() {
                    self.deferred.insert(at);
                    return Settled::Deferred;
                }
            }
        }
        Settled::Closed
    }

    pub(crate) fn cancel(&mut self, at: usize) -> CancelOutcome {
        if !self.entries[at].is_live() {
            CancelOutcome::TooLate
        } else if self.in_flight() == Some(at) {
            self.recalled = Some(at);
            CancelOutcome::Raced
        } else {
            self.entries[at].word = "taken back";
            CancelOutcome::BeforeDelivery
        }
    }

    pub(crate) fn expire(&mut self, now: u64) {
        for at in 0..self.entries.len() {
            if self.entries[at].is_live() && self.entries[at].expires <= now {
                self.land(at, "expired");
            }
            let shown = &mut self.entries[at].shown_until;
            *shown = shown.filter(|until| now < *until);
        }
    }

    pub(crate) fn disconnected(&mut self) {
        if let Some(at) = self.in_flight() {
            self.wait_again(at, "queued");
        }
    }

    pub(crate) fn new_run(&mut self) {
        self.deferred.clear();
    }

    pub(crate) fn leave(&mut self) {
        if !self.gone {
            self.gone = true;
            (self.has_token, self.has_code) = (false, false);
            self.recalled = None;
            self.close_all("unenrolled", Entry::is_live);
        }
    }

    fn acknowledged(&mut self, at: usize, shown: Option<u64>) {
        let kind = self.entries[at].kind;
        self.land(at, "done");
        if let (Some(until), ActionKind::ResetPasscode) = (shown, kind) {
            self.entries.iter_mut().for_each(|entry| entry.shown_until = None);
            self.entries[at].shown_until = Some(until);
        }
        if kind == ActionKind::BypassActivationLock {
            self.has_code = false;
        }
        if is_final(kind) {
            self.leave();
        }
    }

    fn land(&mut self, at: usize, word: Word) {
        if self.in_flight() == Some(at) {
            self.recalled = None;
        }
        self.entries[at].word = word;
    }

    fn wait_again(&mut self, at: usize, word: Word) {
        let later = &self.entries[at + 1..];
        let superseded = later.iter().any(|entry| entry.is_live() && is_final(entry.kind));
        let word = match (self.recalled == Some(at), superseded) {
            (true, _) => "taken back",
            (false, true) => "superseded",
            (false, false) => word,
        };
        self.land(at, word);
    }

    fn lacks_secret(&self, at: usize) -> bool {
        match self.entries[at].kind {
            ActionKind::ResetPasscode => !self.has_token,
            ActionKind::BypassActivationLock => !self.has_code,
            ActionKind::Wipe
            | ActionKind::Retire
            | ActionKind::RemoteLock
            | ActionKind::SyncDevice => false,
        }
    }

    fn close_all(&mut self, word: Word, which: impl Fn(&Entry) -> bool) {
        for entry in self.entries.iter_mut().filter(|entry| which(entry)) {
            entry.word = word;
        }
    }
}
