//! What a server may do or leave: it does one of two things, and nothing else.

use alloc::format;

use muster_protocol::CloseCode;
use muster_protocol::management::ToDevice;

use super::stage::Heard;
use super::{Judged, Scene, told};
use crate::script::{Ending, Line};

impl Scene {
    /// The server lets the device in, or closes with this code.
    pub(crate) fn may_be_refused(&mut self, line: Line, code: CloseCode) {
        let wanted = u64::from(code.code());
        let expected = format!("it is let in, or closed with {}", told::code_name(wanted));
        self.expect(expected, move |stage| {
            let heard = stage.lines[line.0].next()?;
            Some(Judged::holds(|| is_either(&heard, wanted), || told::heard(&heard)))
        });
    }
}

fn is_either(heard: &Heard, wanted: u64) -> bool {
    match heard {
        Heard::Reply(_) | Heard::Said(ToDevice::Welcome(_)) => true,
        Heard::Ended(Ending::Closed(code)) => *code == wanted,
        Heard::Said(
            ToDevice::TokenUpdateAck { .. }
            | ToDevice::Command(_)
            | ToDevice::Empty
            | ToDevice::PolicyUpdate(_),
        )
        | Heard::Asked(_)
        | Heard::Told(_)
        | Heard::Garbled(_)
        | Heard::Finished
        | Heard::StreamOpened
        | Heard::Ended(
            Ending::Refused(_)
            | Ending::Objected(_)
            | Ending::Reset
            | Ending::TimedOut
            | Ending::Left
            | Ending::Other(_),
        ) => false,
    }
}
