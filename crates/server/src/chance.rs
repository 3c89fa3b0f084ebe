//! What nobody may guess: texts of tokens, and ids.

use muster_protocol::{CommandId, DeviceId};

use crate::clock::unix_us;

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

/// The id of a device that enrols now.
///
/// # Errors
/// If the system has no randomness to give.
pub(crate) fn new_device_id() -> Result<DeviceId, getrandom::Error> {
    Ok(DeviceId::from_parts(unix_ms(), random()?))
}

/// The id of a command that is accepted now.
///
/// # Errors
/// If the system has no randomness to give.
pub(crate) fn new_command_id() -> Result<CommandId, getrandom::Error> {
    Ok(CommandId::from_parts(unix_ms(), random()?))
}

fn unix_ms() -> u64 {
    unix_us() / 1_000
}

fn random<const N: usize>() -> Result<[u8; N], getrandom::Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}
