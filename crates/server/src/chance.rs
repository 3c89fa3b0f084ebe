//! What nobody may guess: texts of tokens, and ids.

use std::sync::{Mutex, PoisonError};

use muster_protocol::seed::Stream;
use muster_protocol::{CommandId, DeviceId, Seed};

/// Random bytes in a token.
const TOKEN_BYTES: usize = 32;

/// Hexadecimal text of a new token.
///
/// # Errors
/// If the system has no randomness to give.
pub(crate) fn random_text() -> Result<String, getrandom::Error> {
    let bytes: [u8; TOKEN_BYTES] = random()?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Where the random part of an id comes from. The first part is the time in milliseconds since
/// 1970.
#[derive(Debug, Default)]
pub(crate) enum Chance {
    /// The system.
    #[default]
    System,
    /// The seed of a run that is to come out the same again.
    Seeded(Mutex<Stream>),
}

impl Chance {
    /// Draws from `seed`.
    pub(crate) fn of(seed: Seed) -> Self {
        Self::Seeded(Mutex::new(seed.child("server ids", 0).stream()))
    }

    /// The id of a device that enrols now.
    ///
    /// # Errors
    /// If the system has no randomness to give.
    pub(crate) fn device_id(&self, unix_ms: u64) -> Result<DeviceId, getrandom::Error> {
        Ok(DeviceId::from_parts(unix_ms, self.draw()?))
    }

    /// The id of a command that is accepted now.
    ///
    /// # Errors
    /// If the system has no randomness to give.
    pub(crate) fn command_id(&self, unix_ms: u64) -> Result<CommandId, getrandom::Error> {
        Ok(CommandId::from_parts(unix_ms, self.draw()?))
    }

    fn draw<const N: usize>(&self) -> Result<[u8; N], getrandom::Error> {
        match self {
            Self::System => random(),
            Self::Seeded(draws) => Ok(draws.lock().unwrap_or_else(PoisonError::into_inner).bytes()),
        }
    }
}

fn random<const N: usize>() -> Result<[u8; N], getrandom::Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_a_seed_come_again_and_no_two_are_alike() {
        let ids = |chance: Chance| [0, 0, 7].map(|unix_ms| chance.device_id(unix_ms).unwrap());
        let drawn = ids(Chance::of(Seed::root(1)));
        assert_eq!(ids(Chance::of(Seed::root(1))), drawn);
        assert_ne!(ids(Chance::of(Seed::root(2))), drawn);
        assert_ne!(ids(Chance::System), drawn);
        assert_ne!(drawn[0], drawn[1]);
    }
}
