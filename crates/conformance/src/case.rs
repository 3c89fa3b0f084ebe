//! One case: what it promises, what it needs, and its script.

use alloc::boxed::Box;
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use muster_protocol::{Mode, Seed};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::catalogue::requirement;
use crate::requirement::{Level, Profile, Side};
use crate::scene::{Play, Scene};
use crate::script::Script;

/// One promise and the script that tries it.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// `MDM-<GROUP>-<number>`; never given to another case.
    pub id: &'static str,
    /// The promise, as a sentence about the target.
    pub promise: &'static str,
    /// The requirements it tries.
    pub tries: &'static [&'static str],
    /// Whom it tries.
    pub side: Side,
    /// Which part of the protocol it belongs to.
    pub profile: Profile,
    /// What it is played over.
    pub over: Over,
    /// The one mode its devices are managed in, if it says which.
    pub mode: Option<Mode>,
    /// Writes the script.
    pub(crate) write: fn(&mut Scene),
}

/// What a case needs beside the protocol. A target that lacks it says so in its capabilities.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Need {
    /// The hook can accept commands.
    Enqueue,
    /// The hook can take them back.
    Cancel,
    /// The hook can say what the target knows.
    Inspect,
    /// The hook hands out one-time tokens.
    OneTimeToken,
    /// The hook hands out a token that has ended.
    ExpiredToken,
    /// The suite has the key of the target's CA, and makes certificates that are wrong on purpose.
    CaKey,
    /// The target's clock can be moved.
    Clock,
    /// The target can be stopped, killed and started on what it has stored.
    Power,
    /// The runner can go on from another address.
    ChangeAddress,
    /// Somebody at the device does as the case says, and it is made as the case says.
    Person,
    /// The device can be pushed to.
    Push,
    /// Time passes in no time: the case waits for minutes.
    VirtualTime,
}

/// What a case is played over, once for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// Nothing: it is played once.
    Nothing,
    /// The modes of management a target claims.
    Modes,
}

/// One play of a case.
#[derive(Clone, Copy, Debug)]
pub struct Variant {
    /// Which case.
    pub case: &'static Case,
    /// With which mode, if it is played over modes.
    pub mode: Option<Mode>,
}

/// How a script is played.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// What is drawn from.
    pub seed: Seed,
    /// How much longer than usual a script waits, in percent: 100 is as long as usual.
    pub patience_percent: u32,
    /// The mode of devices of which a case does not say how they are managed.
    pub usual_mode: Mode,
    /// What devices enrol with is drawn from this, if the suite hands it out.
    pub tokens: Seed,
}

impl Case {
    /// How much the strongest of its requirements binds.
    #[must_use]
    pub fn level(&self) -> Level {
        let levels = self.tries.iter().filter_map(|id| requirement(id)).map(|row| row.level);
        levels.max().unwrap_or(Level::May)
    }

    /// What it needs of the target and of the runner, beside the protocol.
    #[must_use]
    pub fn needs(&self) -> BTreeSet<Need> {
        let mut scene = Scene::new(Seed::root(0), Mode::AppleAutomatedDevice, self.side);
        (self.write)(&mut scene);
        scene.needs
    }

    /// The word between the dashes: `QUEUE` of `MDM-QUEUE-001`.
    #[must_use]
    pub fn group(&self) -> &'static str {
        self.id.split('-').nth(1).unwrap_or_default()
    }

    /// The plays of it for a target that claims these modes.
    #[must_use]
    pub fn variants(&'static self, modes: &[Mode]) -> Vec<Variant> {
        match self.over {
            Over::Nothing => Vec::from([Variant { case: self, mode: None }]),
            Over::Modes => {
                modes.iter().map(|mode| Variant { case: self, mode: Some(*mode) }).collect()
            }
        }
    }
}

impl Variant {
    /// `MDM-ENROL-001`, or `MDM-ENROL-001/mode:fully-managed`.
    #[must_use]
    pub fn name(&self) -> String {
        match self.mode {
            None => String::from(self.case.id),
            Some(mode) => format!("{}/mode:{mode}", self.case.id),
        }
    }

    /// The script, at its beginning.
    #[must_use]
    pub fn script(&self, setting: &Setting) -> Box<dyn Script> {
        let mode = self.mode.or(self.case.mode).unwrap_or(setting.usual_mode);
        let mut scene = Scene::new(setting.seed, mode, self.case.side);
        (self.case.write)(&mut scene);
        scene.draw_tokens_from(setting.tokens);
        Box::new(Play::new(scene, setting.patience_percent))
    }
}

/// A case of the core profile that tries a server.
pub(crate) const fn case(
    id: &'static str,
    promise: &'static str,
    tries: &'static [&'static str],
    write: fn(&mut Scene),
) -> Case {
    let (side, profile, over) = (Side::Server, Profile::Core, Over::Nothing);
    Case { id, promise, tries, side, profile, over, mode: None, write }
}

/// A case of the core profile that tries a device.
pub(crate) const fn agent_case(
    id: &'static str,
    promise: &'static str,
    tries: &'static [&'static str],
    write: fn(&mut Scene),
) -> Case {
    Case { side: Side::Device, ..case(id, promise, tries, write) }
}

impl Case {
    /// The same, in another profile.
    pub(crate) const fn of(self, profile: Profile) -> Self {
        Self { profile, ..self }
    }

    /// The same, with devices of this mode.
    pub(crate) const fn of_mode(self, mode: Mode) -> Self {
        Self { mode: Some(mode), ..self }
    }

    /// The same, for each mode.
    pub(crate) const fn over_modes(self) -> Self {
        Self { over: Over::Modes, ..self }
    }
}
