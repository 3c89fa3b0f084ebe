//! The reset-password token: what lets the agent set a passcode from Android 8 on.

use muster_protocol::status::{Presence, ResetPasswordToken as Token};

/// What happens to a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenEvent {
    /// The agent sets one; whether the user has a credential decides what it is worth.
    Provisioned {
        /// The credential of the device or profile.
        credential: Presence,
    },
    /// The user confirms the credential.
    Confirmed,
    /// The device restarts: a pending token was in memory only.
    Rebooted,
}

/// The legal moves of a token: from, why, to. Everything else leaves it as it is.
///
/// A wipe or the end of the management resets it together with everything else.
///
/// Source: `LockSettingsService` and `DevicePolicyManager.setResetPasswordToken`, Android 8.
const TRANSITIONS: &[(Token, TokenEvent, Token)] = &[
    (Token::None, TokenEvent::Provisioned { credential: Presence::NotSet }, Token::Active),
    (Token::None, TokenEvent::Provisioned { credential: Presence::Set }, Token::Pending),
    (Token::Pending, TokenEvent::Confirmed, Token::Active),
    (Token::Pending, TokenEvent::Rebooted, Token::None),
];

/// Where `event` takes the token; `None` if it changes nothing.
pub(super) fn next(token: Token, event: TokenEvent) -> Option<Token> {
    let found = TRANSITIONS.iter().find(|(from, why, _)| (*from, *why) == (token, event));
    found.map(|(_, _, to)| *to)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::String;

    #[test]
    fn the_token_moves_only_as_the_table_says() {
        let credentials = [Presence::NotSet, Presence::Set];
        let events = credentials
            .map(|credential| TokenEvent::Provisioned { credential })
            .into_iter()
            .chain([TokenEvent::Confirmed, TokenEvent::Rebooted]);
        let mut table = String::new();
        for event in events {
            for token in [Token::None, Token::Pending, Token::Active] {
                let to = next(token, event);
                let to = to.map_or_else(|| String::from("-"), |to| format!("{to:?}"));
                table += &format!("{event:?} | {token:?} -> {to}\n");
            }
        }
        insta::assert_snapshot!(table);
    }
}
