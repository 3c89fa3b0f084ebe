//! What workers and whoever started them tell each other: a JSON value a line, over the worker's
//! standard input and output.

use muster_report::RunReport;
use serde::{Deserialize, Serialize};

use super::pulse::Pulse;
use crate::load::control::{Control, Injection};

/// What a worker says.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Said {
    /// Its devices come up.
    Coming(Box<Pulse>),
    /// They are there: it waits for the beginning.
    Up,
    /// It plays its share.
    Goes(Box<Pulse>),
    /// It is through, and this is what it has found.
    Over(Box<RunReport>),
}

/// What a worker is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Told {
    /// The plan begins at this instant, in microseconds since 1970.
    Begin(u64),
    /// The run ends: somebody wants it to.
    Stop,
    /// The run ends: a threshold wants it to.
    Abort,
    /// Somebody wishes that the run changes, and each share does it.
    Wish(Control),
    /// Somebody wants this of the server, and whoever has it does it: that has to be noted.
    Asked(Injection),
    /// The server goes by it, at this moment.
    Goes(Injection),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_one_line_and_read_as_they_were_said() {
        let wishes = [
            Control::Pause,
            Control::Resume,
            Control::Pace(150),
            Control::Inject(Injection::Outage(10)),
        ];
        let injections = [Injection::Restart, Injection::Kill];
        let told = [Told::Begin(7), Told::Stop, Told::Abort].into_iter();
        let told = told.chain(wishes.map(Told::Wish)).chain(injections.map(Told::Asked));
        for told in told.chain(injections.map(Told::Goes)) {
            let line = serde_json::to_string(&told).unwrap();
            assert!(!line.contains('\n'));
            assert_eq!(serde_json::from_str::<Told>(&line).unwrap(), told);
        }
    }
}
