//! Why devices could not do what they were asked for, in their own words.

use std::collections::VecDeque;

use muster_agent::AnswerClass;
use muster_protocol::{CommandId, ErrorItem};

/// Reasons that wait for the end of their command. A report shows the first of each kind of error:
/// the latest ones are enough.
const REASONS_MAX: usize = 64;

/// The reasons of the latest commands that went wrong.
#[derive(Debug, Default)]
pub(super) struct Reasons(VecDeque<(CommandId, Box<ErrorItem>)>);

impl Reasons {
    /// Keeps what a device says of a command.
    pub(super) fn keep(&mut self, command: CommandId, error: Box<ErrorItem>) {
        if self.0.len() >= REASONS_MAX {
            self.0.pop_front();
        }
        self.0.push_back((command, error));
    }

    /// What a device has made of a command, with domain and code of its error.
    pub(super) fn tell(&self, command: CommandId, class: Option<AnswerClass>) -> String {
        let said = class.map_or("it has not answered", said);
        let reason = self.0.iter().rev().find(|(known, _error)| *known == command);
        reason.map_or_else(
            || said.to_owned(),
            |(_command, error)| {
                let ErrorItem { domain, code, description } = &**error;
                format!("{said}: {domain} {code}, {description}")
            },
        )
    }
}

const fn said(class: AnswerClass) -> &'static str {
    match class {
        AnswerClass::Acknowledged => "it has done it, but not all of it",
        AnswerClass::NotNow => "it has put it off",
        AnswerClass::Locked => "it is locked",
        AnswerClass::Error => "it has failed",
        AnswerClass::NotSupported => "it does not support that",
        AnswerClass::FormatError => "it does not understand that",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(number: u8) -> CommandId {
        CommandId::from_bytes([number; 16])
    }

    fn error(code: i32) -> Box<ErrorItem> {
        let (domain, description) = ("MCMDMErrorDomain".to_owned(), "not supervised".to_owned());
        Box::new(ErrorItem { domain, code, description })
    }

    #[test]
    fn a_command_is_told_with_domain_and_code_of_its_own_error() {
        let mut reasons = Reasons::default();
        reasons.keep(command(1), error(12_021));
        reasons.keep(command(2), error(7));
        assert_eq!(
            reasons.tell(command(1), Some(AnswerClass::Error)),
            "it has failed: MCMDMErrorDomain 12021, not supervised"
        );
        let other = reasons.tell(command(3), Some(AnswerClass::FormatError));
        assert_eq!(other, "it does not understand that");
    }

    #[test]
    fn only_the_latest_reasons_are_kept() {
        let mut reasons = Reasons::default();
        for number in 0..=64 {
            reasons.keep(command(number), error(i32::from(number)));
        }
        assert_eq!(reasons.0.len(), REASONS_MAX);
        assert_eq!(reasons.tell(command(0), None), "it has not answered");
    }
}
