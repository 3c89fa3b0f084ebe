//! `--connectivity`: which devices of a fleet keep their connection.

use std::str::FromStr;

use muster_device::{Contact, DeviceSpec};
use muster_protocol::Seed;

/// How many of a fleet's devices are woken by pushes, in percent; the others stay connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Connectivity {
    woken_percent: u8,
}

impl Connectivity {
    /// All keep their connection.
    pub(crate) const CONNECTED: Self = Self { woken_percent: 0 };

    /// All are woken.
    const WOKEN: Self = Self { woken_percent: 100 };

    /// The same device, with the contact that is drawn for its index.
    pub(crate) fn of(self, index: u64, spec: DeviceSpec, seed: Seed) -> DeviceSpec {
        let is_woken =
            seed.child("connectivity", index).stream().chance(u64::from(self.woken_percent), 100);
        DeviceSpec { contact: if is_woken { Contact::Woken } else { Contact::Connected }, ..spec }
    }
}

impl FromStr for Connectivity {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let share = text.strip_suffix('%').and_then(|percent| percent.parse().ok());
        match (text, share) {
            ("connected", _) => Ok(Self::CONNECTED),
            ("woken", _) => Ok(Self::WOKEN),
            (_, Some(woken_percent)) if woken_percent <= 100 => Ok(Self { woken_percent }),
            (_, Some(_) | None) => {
                Err("expected connected, woken, or the share that is woken, such as 30%".to_owned())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use muster_agent::population;

    fn woken(connectivity: &str) -> usize {
        let connectivity: Connectivity = connectivity.parse().unwrap();
        let seed = Seed::root(1);
        let specs = (0..).zip(population(1_000, seed));
        let specs = specs.map(|(index, spec)| connectivity.of(index, spec, seed));
        specs.filter(|spec| spec.contact == Contact::Woken).count()
    }

    #[test]
    fn a_share_of_the_devices_is_woken() {
        assert_eq!((woken("connected"), woken("0%")), (0, 0));
        assert_eq!((woken("woken"), woken("100%")), (1_000, 1_000));
        assert!((250..350).contains(&woken("30%")), "{}", woken("30%"));
    }

    #[test]
    fn what_is_no_share_is_refused() {
        for text in ["", "30", "101%", "-1%", "sometimes", "256%"] {
            assert!(text.parse::<Connectivity>().is_err(), "{text}");
        }
    }
}
