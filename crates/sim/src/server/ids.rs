//! Ids that are numbers: which hardware, and which of its own.

use muster_protocol::{CommandId, DeviceId};

/// What an id of a life begins with.
const LIFE: u8 = 1;

/// What an id of a command begins with.
const COMMAND: u8 = 2;

/// The id of a life of this hardware.
pub(super) fn life_id(device: u32, number: u64) -> DeviceId {
    DeviceId::from_bytes(numbered(LIFE, device, number))
}

/// The id of a command for this hardware.
pub(super) fn command_id(device: u32, number: u64) -> CommandId {
    CommandId::from_bytes(numbered(COMMAND, device, number))
}

/// The hardware a life is of.
pub(crate) fn owner(life: DeviceId) -> u32 {
    hardware(life.as_bytes())
}

/// The hardware a command is for, and which of its commands it is; `None` for an id that no
/// server of this world has given out.
pub(crate) fn command_number(command: CommandId) -> Option<(u32, u64)> {
    let bytes = command.as_bytes();
    let (device, number) = (hardware(bytes), within(bytes));
    (command == command_id(device, number)).then_some((device, number))
}

/// Sixteen bytes with a kind, the number of a hardware, and a number within it: one device more
/// changes no id of another.
fn numbered(kind: u8, device: u32, number: u64) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[0] = kind;
    bytes[4..8].copy_from_slice(&device.to_be_bytes());
    bytes[8..].copy_from_slice(&number.to_be_bytes());
    bytes
}

fn hardware(bytes: &[u8; 16]) -> u32 {
    let mut number = [0; 4];
    number.copy_from_slice(&bytes[4..8]);
    u32::from_be_bytes(number)
}

fn within(bytes: &[u8; 16]) -> u64 {
    let mut number = [0; 8];
    number.copy_from_slice(&bytes[8..]);
    u64::from_be_bytes(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_says_whose_it_is_and_a_foreign_one_does_not() {
        assert_eq!(owner(life_id(7, 2)), 7);
        assert_eq!(command_number(command_id(7, 12)), Some((7, 12)));
        assert_eq!(command_number(CommandId::from_bytes([0xfe; 16])), None);
    }
}
