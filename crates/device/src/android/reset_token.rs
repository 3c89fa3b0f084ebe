//! The reset-password token: what lets the agent set a passcode from Android 8 on.

use alloc::vec::Vec;
use core::{fmt, mem};

use muster_protocol::status::{Presence, ResetPasswordToken as Token};
use serde::{Deserialize, Serialize};

/// Fewest bytes of a token.
///
/// Source: `DevicePolicyManager.setResetPasswordToken`.
pub(super) const TOKEN_BYTES_MIN: usize = 32;

/// The token with its bytes, which the agent keeps and Android has in escrow.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum ResetToken {
    /// None was set, or it is gone.
    #[default]
    None,
    /// In memory only, until the user confirms the credential.
    Pending(TokenBytes),
    /// In escrow: opens the lock whatever the user does to it, before the first unlock too.
    Active(TokenBytes),
}

/// At least [`TOKEN_BYTES_MIN`] bytes that must not reach a log.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct TokenBytes(Vec<u8>);

impl fmt::Debug for TokenBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenBytes(..)")
    }
}

/// `IllegalArgumentException`: the token is shorter than [`TOKEN_BYTES_MIN`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooShort;

impl ResetToken {
    /// The token itself, to be replaced in a copy.
    pub(super) const fn bytes_mut(&mut self) -> Option<&mut Vec<u8>> {
        match self {
            Self::None => None,
            Self::Pending(TokenBytes(bytes)) | Self::Active(TokenBytes(bytes)) => Some(bytes),
        }
    }

    /// The state as it is reported.
    pub(super) const fn status(&self) -> Token {
        match self {
            Self::None => Token::None,
            Self::Pending(_) => Token::Pending,
            Self::Active(_) => Token::Active,
        }
    }

    /// Sets a token; one that is there is removed first. Whether the user has a `credential`
    /// decides what the new one is worth.
    ///
    /// # Errors
    /// [`TooShort`], and the one that is there stays.
    pub(super) fn set(&mut self, bytes: &[u8], credential: Presence) -> Result<(), TooShort> {
        if bytes.len() < TOKEN_BYTES_MIN {
            return Err(TooShort);
        }
        let bytes = TokenBytes(bytes.to_vec());
        *self = match credential {
            Presence::NotSet => Self::Active(bytes),
            Presence::Set => Self::Pending(bytes),
        };
        Ok(())
    }

    /// Moves as the table says; `None` if `event` changes nothing.
    pub(super) fn on(&mut self, event: TokenEvent) -> Option<Token> {
        let to = next(self.status(), event)?;
        *self = match (to, mem::take(self)) {
            (Token::Active, Self::Pending(bytes)) => Self::Active(bytes),
            (_, _) => Self::None,
        };
        Some(to)
    }
}

/// What happens to a token after it was set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenEvent {
    /// The user confirms the credential.
    Confirmed,
    /// The device restarts.
    Rebooted,
    /// The agent has no use for it any more.
    Cleared,
    /// The management ends: the escrow is destroyed.
    Unmanaged,
}

/// The legal moves of a token: from, why, to. Everything else leaves it as it is.
///
/// A wipe resets it together with everything else.
///
/// Source: `LockSettingsService` and `DevicePolicyManager.setResetPasswordToken`, Android 8.
const TRANSITIONS: &[(Token, TokenEvent, Token)] = &[
    (Token::Pending, TokenEvent::Confirmed, Token::Active),
    (Token::Pending, TokenEvent::Rebooted, Token::None),
    (Token::Pending, TokenEvent::Cleared, Token::None),
    (Token::Active, TokenEvent::Cleared, Token::None),
    (Token::Pending, TokenEvent::Unmanaged, Token::None),
    (Token::Active, TokenEvent::Unmanaged, Token::None),
];

fn next(token: Token, event: TokenEvent) -> Option<Token> {
    let found = TRANSITIONS.iter().find(|(from, why, _)| (*from, *why) == (token, event));
    found.map(|(_, _, to)| *to)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::String;

    const TOKEN: [u8; 32] = [7; 32];

    /// A token in each state.
    fn tokens() -> [ResetToken; 3] {
        let bytes = || TokenBytes(TOKEN.to_vec());
        [ResetToken::None, ResetToken::Pending(bytes()), ResetToken::Active(bytes())]
    }

    #[test]
    fn the_token_moves_only_as_the_table_says() {
        let mut table = String::new();
        for event in [
            TokenEvent::Confirmed,
            TokenEvent::Rebooted,
            TokenEvent::Cleared,
            TokenEvent::Unmanaged,
        ] {
            for mut token in tokens() {
                let from = token.status();
                let to = token.on(event);
                assert_eq!(token.status(), to.unwrap_or(from));
                let to = to.map_or_else(|| String::from("-"), |to| format!("{to:?}"));
                table += &format!("{event:?} | {from:?} -> {to}\n");
            }
        }
        insta::assert_snapshot!(table);
    }

    #[test]
    fn a_new_token_takes_the_place_of_the_old_one() {
        for mut token in tokens() {
            assert_eq!(token.set(&[9; 33], Presence::Set), Ok(()));
            assert_eq!(token, ResetToken::Pending(TokenBytes([9; 33].to_vec())));
        }
    }

    #[test]
    fn without_a_credential_a_token_is_active_at_once() {
        let mut token = ResetToken::None;
        assert_eq!(token.set(&TOKEN, Presence::NotSet), Ok(()));
        assert_eq!(token.status(), Token::Active);
    }

    #[test]
    fn a_token_below_thirty_two_bytes_is_refused_and_changes_nothing() {
        for mut token in tokens() {
            let before = token.clone();
            assert_eq!(token.set(&[9; 31], Presence::NotSet), Err(TooShort));
            assert_eq!(token, before);
        }
    }

    #[test]
    fn a_token_does_not_print_its_bytes() {
        assert_eq!(format!("{:?}", tokens()[2]), "Active(TokenBytes(..))");
    }
}
