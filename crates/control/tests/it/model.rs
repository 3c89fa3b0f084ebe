//! A second, plain account of the queue, written without looking at the first.

use std::collections::BTreeSet;

use muster_control::{ActionKind, CancelOutcome, Settled, VendorOutcome};

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
    /// It has said hello.
    pub(crate) greeted: bool,
    /// It has had its chance to hand over secrets.
    pub(crate) introduced: bool,
    /// When the bypass code was handed over.
    pub(crate) code_since: Option<u64>,
    /// Whether the activation service removes locks, and not the device.
    pub(crate) by_service: bool,
    /// When the device was heard of last.
    pub(crate) seen: u64,
    pub(crate) recalled_call: bool,
    pub(crate) deferred: BTreeSet<usize>,
    pub(crate) recalled: Option<usize>,
}

/// Seconds a certificate is good for.
const CERTIFICATE_SECONDS: u64 = 365 * 86_400;

/// Seconds a record outlives the certificate of a device nobody hears of.
const SILENCE_SECONDS: u64 = 180 * 86_400;

/// Seconds a bypass code is of use.
const CODE_SECONDS: u64 = 15 * 86_400;

fn is_final(kind: ActionKind) -> bool {
    [ActionKind::Wipe, ActionKind::Retire, ActionKind::Delete].contains(&kind)
}

impl Entry {
    pub(crate) fn is_live(&self) -> bool {
        ["queued", "in flight", "not now", "at service"].contains(&self.word)
    }

    fn waits(&self) -> bool {
        self.is_live() && self.word != "in flight" && self.word != "at service"
    }
}

impl Model {
    pub(crate) fn in_flight(&self) -> Option<usize> {
        self.entries.iter().position(|entry| entry.word == "in flight")
    }

    fn end(&self) -> u64 {
        self.seen.max(CERTIFICATE_SECONDS) + SILENCE_SECONDS
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
        if self.gone {
            return false;
        }
        if is_final(kind) {
            self.close_all("superseded", Entry::waits);
        } else if self.live() >= 64 {
            return false;
        }
        let expires = if is_final(kind) { self.end() } else { now + lifetime };
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
            let fits = |at: &usize| {
                let kind = self.entries[*at].kind;
                let elsewhere = self.by_service && kind == ActionKind::BypassActivationLock;
                !elsewhere && (!held || is_final(kind))
            };
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
        if entry.attempt != attempt || ["queued", "at service"].contains(&entry.word) {
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
        } else if self.entries[at].word == "at service" {
            self.recalled_call = true;
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
        self.code_since = self.code_since.filter(|since| now < since + CODE_SECONDS);
        if now >= self.end() {
            self.leave();
        }
    }

    pub(crate) fn disconnected(&mut self) {
        if let Some(at) = self.in_flight() {
            self.wait_again(at, "queued");
        }
    }

    /// Which command the activation service is asked for, if any.
    pub(crate) fn call(&mut self, now: u64) -> Option<usize> {
        if !self.by_service {
            return None;
        }
        self.expire(now);
        if self.called().is_some() {
            return None;
        }
        let bypass =
            |entry: &Entry| entry.waits() && entry.kind == ActionKind::BypassActivationLock;
        if self.code_since.is_none() && !self.introduced {
            return None;
        }
        if self.code_since.is_none() {
            self.close_all("failed", bypass);
        }
        let at = self.entries.iter().position(bypass)?;
        self.entries[at].word = "at service";
        self.entries[at].attempt += 1;
        Some(at)
    }

    pub(crate) fn called(&self) -> Option<usize> {
        self.entries.iter().position(|entry| entry.word == "at service")
    }

    /// The service speaks of the command it was asked for.
    pub(crate) fn service(&mut self, outcome: VendorOutcome) {
        let Some(at) = self.called() else {
            return;
        };
        match outcome {
            VendorOutcome::Unlocked => {
                self.land(at, "done");
                self.code_since = None;
            }
            VendorOutcome::KeyMismatch => self.land(at, "failed"),
            VendorOutcome::UnknownDevice => self.land(at, "not supported"),
            VendorOutcome::Unreachable => self.wait_again(at, "queued"),
        }
    }

    /// The server stopped: nothing is out any more.
    pub(crate) fn restarted(&mut self) {
        self.disconnected();
        self.introduced = self.greeted;
        if let Some(at) = self.called() {
            self.wait_again(at, "queued");
        }
    }

    pub(crate) fn new_run(&mut self) {
        self.deferred.clear();
    }

    pub(crate) fn leave(&mut self) {
        if !self.gone {
            self.gone = true;
            (self.has_token, self.code_since) = (false, None);
            (self.recalled, self.recalled_call) = (None, false);
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
            self.code_since = None;
        }
        if is_final(kind) {
            self.leave();
        }
    }

    fn land(&mut self, at: usize, word: Word) {
        if self.in_flight() == Some(at) {
            self.recalled = None;
        }
        if self.entries[at].word == "at service" {
            self.recalled_call = false;
        }
        self.entries[at].word = word;
    }

    fn wait_again(&mut self, at: usize, word: Word) {
        let later = &self.entries[at + 1..];
        let superseded = later.iter().any(|entry| entry.is_live() && is_final(entry.kind));
        let called_back = self.entries[at].word == "at service" && self.recalled_call;
        let word = match (called_back || self.recalled == Some(at), superseded) {
            (true, _) => "taken back",
            (false, true) => "superseded",
            (false, false) => word,
        };
        self.land(at, word);
    }

    fn lacks_secret(&self, at: usize) -> bool {
        match self.entries[at].kind {
            ActionKind::ResetPasscode => !self.has_token,
            ActionKind::BypassActivationLock => self.code_since.is_none(),
            ActionKind::Wipe
            | ActionKind::Retire
            | ActionKind::RemoteLock
            | ActionKind::SyncDevice
            | ActionKind::RebootNow
            | ActionKind::ShutDown
            | ActionKind::EnableLostMode
            | ActionKind::DisableLostMode
            | ActionKind::LocateDevice
            | ActionKind::PlayLostModeSound
            | ActionKind::Delete
            | ActionKind::DeviceConfigured
            | ActionKind::SetDeviceName
            | ActionKind::LogoutSharedAppleDeviceActiveUser
            | ActionKind::DeleteUserFromSharedAppleDevice => false,
        }
    }

    fn close_all(&mut self, word: Word, which: impl Fn(&Entry) -> bool) {
        for entry in self.entries.iter_mut().filter(|entry| which(entry)) {
            entry.word = word;
        }
    }
}
