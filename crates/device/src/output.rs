//! What a device wants done.

use muster_protocol::CommandId;
use muster_protocol::management::ToServer;

use crate::activation::ActivationCall;
use crate::note::Note;

/// One effect, to be carried out in the order handed out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Enrol this hardware with its token.
    Enrol,
    /// Keep a management connection from now on, until [`Output::Disconnect`]: one that is lost is
    /// made again.
    Connect,
    /// The state has changed: it must be durable before later outputs are carried out.
    Persist,
    /// Send this on the management connection.
    Send(ToServer),
    /// An effect took place; a second one of the same command would be a fault.
    Executed {
        /// Which command.
        command: CommandId,
        /// The platform's name of its request.
        request: &'static str,
    },
    /// Close the management connection with `CloseCode::Done` and forget the identity.
    Leave,
    /// Close the management connection once everything sent has arrived, and keep away.
    ///
    /// The identity stays: the device comes back with the next [`Output::Connect`].
    Disconnect,
    /// Ask the vendor's activation service, and give the device its answer as the next input.
    Activation(ActivationCall),
    /// Something a person would see, or an event that did not fit.
    Note(Note),
}
