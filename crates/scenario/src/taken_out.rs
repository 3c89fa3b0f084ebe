//! Devices that a mass wipe takes out of service, in whatever world it is played.

/// What becomes of a device when its management ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TakenOut {
    /// Whatever it does by itself.
    #[default]
    No,
    /// It lies there, switched off.
    Away,
    /// Somebody waits to set it up.
    Awaited,
}

/// What happens to a device that may be taken out of service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServiceEvent {
    /// A mass wipe asks it to leave management.
    TakeOut,
    /// Its management has ended.
    Left,
    /// It is to be set up again, and is still managed.
    SetUpWhileManaged,
    /// It is to be set up again, and nobody manages it.
    SetUpWhileFree,
}

/// What is done with such a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handling {
    /// It is switched off, until somebody sets it up.
    SwitchOff,
    /// Somebody sets it up, and it enrols again.
    SetUp,
}

impl TakenOut {
    /// Takes in what happens to the device; says what is done with it now, if anything is.
    #[must_use]
    pub const fn handle(&mut self, event: ServiceEvent) -> Option<Handling> {
        let (after, handling) = self.after(event);
        *self = after;
        handling
    }

    /// Every move there is.
    const fn after(self, event: ServiceEvent) -> (Self, Option<Handling>) {
        match (event, self) {
            (ServiceEvent::TakeOut, Self::No | Self::Away | Self::Awaited) => (Self::Away, None),
            (ServiceEvent::Left, Self::No) => (Self::No, None),
            (ServiceEvent::Left, Self::Away) => (Self::Away, Some(Handling::SwitchOff)),
            (ServiceEvent::Left, Self::Awaited)
            | (ServiceEvent::SetUpWhileFree, Self::No | Self::Away | Self::Awaited) => {
                (Self::No, Some(Handling::SetUp))
            }
            (ServiceEvent::SetUpWhileManaged, Self::No | Self::Away | Self::Awaited) => {
                (Self::Awaited, None)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Handling::{SetUp, SwitchOff};
    use super::ServiceEvent::{Left, SetUpWhileFree, SetUpWhileManaged, TakeOut};
    use super::TakenOut::{Awaited, Away, No};

    #[test]
    fn a_device_taken_out_stays_away_until_somebody_sets_it_up() {
        let table = [
            (No, TakeOut, Away, None),
            (Away, TakeOut, Away, None),
            (Awaited, TakeOut, Away, None),
            (No, Left, No, None),
            (Away, Left, Away, Some(SwitchOff)),
            (Awaited, Left, No, Some(SetUp)),
            (No, SetUpWhileManaged, Awaited, None),
            (Away, SetUpWhileManaged, Awaited, None),
            (Awaited, SetUpWhileManaged, Awaited, None),
            (No, SetUpWhileFree, No, Some(SetUp)),
            (Away, SetUpWhileFree, No, Some(SetUp)),
            (Awaited, SetUpWhileFree, No, Some(SetUp)),
        ];
        for (before, event, after, handling) in table {
            let mut device = before;
            assert_eq!((device.handle(event), device), (handling, after), "{before:?}, {event:?}");
        }
    }
}
