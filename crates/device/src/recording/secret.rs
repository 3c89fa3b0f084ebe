//! Secrets, and the names that stand for them in a recording.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use muster_protocol::secret::{BypassCode, Passcode, ProfilePayload, UnlockToken};
use serde::{Deserialize, Serialize};

use crate::activation::{BypassKey, key_of};

/// Secrets told apart in one recording: a device makes at most two with one input, so all that
/// the kept inputs can be about are among the newest.
const NAMED_MAX: usize = 1_024;

/// What an unknown text is replaced by, repeated: no passcode and no code looks like it.
const UNKNOWN_LETTER: &str = "?";

/// The same for bytes.
const UNKNOWN_BYTE: u8 = 0xee;

/// What stands in a recording where a secret was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reference {
    /// A secret this device made: counted in the order in which it showed them.
    Own(u32),
    /// Any other, of so many bytes. Nothing of it is kept.
    Other {
        /// Its length.
        bytes: usize,
    },
}

/// The content of a secret, whatever its form: a bypass code is the same typed in any case.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Content {
    Key([u8; 16]),
    Raw(Vec<u8>),
}

impl Content {
    pub(super) fn of_text(text: &str) -> Self {
        key_of(text).map_or_else(|| Self::Raw(text.as_bytes().to_vec()), Self::Key)
    }

    pub(super) fn of_token(token: &UnlockToken) -> Self {
        Self::Raw(token.expose().clone())
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Key(key) => key.len(),
            Self::Raw(raw) => raw.len(),
        }
    }
}

/// A secret in its place.
#[derive(Debug)]
pub(crate) enum SecretMut<'a> {
    UnlockToken(&'a mut UnlockToken),
    BypassCode(&'a mut BypassCode),
    BypassKey(&'a mut BypassKey),
    Passcode(&'a mut Passcode),
    Profile(&'a mut ProfilePayload),
    ResetToken(&'a mut Vec<u8>),
}

impl SecretMut<'_> {
    pub(super) fn content(&self) -> Content {
        match self {
            Self::UnlockToken(token) => Content::of_token(token),
            Self::BypassCode(code) => Content::of_text(code.expose()),
            Self::BypassKey(key) => Content::Key(*key.bytes()),
            Self::Passcode(passcode) => Content::of_text(passcode.expose()),
            Self::Profile(payload) => Content::Raw(payload.expose().clone()),
            Self::ResetToken(bytes) => Content::Raw((**bytes).clone()),
        }
    }

    /// Puts a content in the place. One that does not fit the form is as good as an unknown one.
    pub(super) fn set(&mut self, content: &Content) {
        let text = || match content {
            Content::Key(key) => BypassKey::from_bytes(*key).code().expose().clone(),
            Content::Raw(raw) => String::from_utf8_lossy(raw).into_owned(),
        };
        let raw = || match content {
            Content::Key(key) => key.to_vec(),
            Content::Raw(raw) => raw.clone(),
        };
        match self {
            Self::UnlockToken(token) => **token = UnlockToken::new(raw()),
            Self::BypassCode(code) => **code = BypassCode::new(text()),
            Self::BypassKey(key) => {
                if let Content::Key(bytes) = content {
                    **key = BypassKey::from_bytes(*bytes);
                }
            }
            Self::Passcode(passcode) => **passcode = Passcode::new(text()),
            Self::Profile(payload) => **payload = ProfilePayload::new(raw()),
            Self::ResetToken(bytes) => **bytes = raw(),
        }
    }

    /// A content of the same form and length that says nothing.
    pub(super) fn unknown(&self, bytes: usize) -> Content {
        match self {
            Self::UnlockToken(_) | Self::Profile(_) | Self::ResetToken(_) => {
                Content::Raw(alloc::vec![UNKNOWN_BYTE; bytes])
            }
            Self::BypassCode(_) | Self::Passcode(_) | Self::BypassKey(_) => {
                Content::Raw(UNKNOWN_LETTER.repeat(bytes).into_bytes())
            }
        }
    }

    /// A content of the same form and length that stands for the own secret with this number.
    fn pseudonym(&self, number: u32) -> Content {
        match (self, self.content()) {
            (_, Content::Key(_)) => Content::Key(u128::from(number).to_be_bytes()),
            (Self::Passcode(_) | Self::BypassCode(_) | Self::BypassKey(_), Content::Raw(raw)) => {
                let width = raw.len();
                Content::Raw(format!("{number:0width$}").into_bytes())
            }
            (Self::UnlockToken(_) | Self::Profile(_) | Self::ResetToken(_), Content::Raw(raw)) => {
                let bytes = number.to_be_bytes().into_iter().cycle();
                Content::Raw(bytes.take(raw.len()).collect())
            }
        }
    }
}

/// The secrets a device has shown, by content, and their numbers.
#[derive(Clone, Default)]
pub(super) struct Own {
    number_by_content: BTreeMap<Content, u32>,
    next: u32,
}

impl Own {
    /// Goes on counting from here, with what is known of the numbers in use.
    pub(super) fn resumed(next: u32, names: impl IntoIterator<Item = (Content, u32)>) -> Self {
        Self { number_by_content: names.into_iter().collect(), next }
    }

    /// The number the next new secret gets.
    pub(super) const fn next(&self) -> u32 {
        self.next
    }

    /// The number of a secret the device shows, a new one if it is new.
    pub(super) fn shown(&mut self, content: Content) -> u32 {
        let number = *self.number_by_content.entry(content).or_insert(self.next);
        self.next = self.next.max(number.saturating_add(1));
        if self.number_by_content.len() > NAMED_MAX {
            self.forget_oldest();
        }
        number
    }

    /// What stands for a secret that comes from outside.
    pub(super) fn reference(&self, content: &Content) -> Reference {
        match self.number_by_content.get(content) {
            Some(number) => Reference::Own(*number),
            None => Reference::Other { bytes: content.bytes() },
        }
    }

    /// Puts into `place` what `reference` stands for.
    pub(super) fn restore(&self, reference: Reference, place: &mut SecretMut<'_>) {
        let content = match reference {
            Reference::Other { bytes } => place.unknown(bytes),
            Reference::Own(number) => self.content(number).unwrap_or_else(|| place.unknown(1)),
        };
        place.set(&content);
    }

    /// Replaces a secret by a pseudonym; returns its number.
    ///
    /// One that was never shown gets the next number: nothing refers to it.
    pub(super) fn disguise(&mut self, place: &mut SecretMut<'_>) -> u32 {
        let number = self.shown(place.content());
        let pseudonym = place.pseudonym(number);
        place.set(&pseudonym);
        number
    }

    fn content(&self, number: u32) -> Option<Content> {
        let found = self.number_by_content.iter().find(|(_, own)| **own == number);
        found.map(|(content, _)| content.clone())
    }

    fn forget_oldest(&mut self) {
        let oldest = self.number_by_content.values().min().copied();
        self.number_by_content.retain(|_, number| Some(*number) != oldest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(bytes: [u8; 16]) -> String {
        BypassKey::from_bytes(bytes).code().expose().clone()
    }

    #[test]
    fn a_code_is_the_same_secret_in_every_form() {
        let mut own = Own::default();
        let number = own.shown(Content::Key([7; 16]));
        let typed = Content::of_text(&code([7; 16]).to_lowercase().replace('-', ""));
        assert_eq!(own.reference(&typed), Reference::Own(number));
        assert_eq!(own.reference(&Content::of_text("1234")), Reference::Other { bytes: 4 });
    }

    #[test]
    fn a_reference_brings_back_the_own_secret_and_nothing_of_another() {
        let mut own = Own::default();
        let number = own.shown(Content::of_text("271828"));
        let mut passcode = Passcode::new(String::new());
        own.restore(Reference::Own(number), &mut SecretMut::Passcode(&mut passcode));
        assert_eq!(passcode.expose(), "271828");
        own.restore(Reference::Other { bytes: 3 }, &mut SecretMut::Passcode(&mut passcode));
        assert_eq!(passcode.expose(), "???");
    }

    #[test]
    fn a_pseudonym_has_the_form_and_nothing_of_the_content() {
        let mut own = Own::default();
        let mut code = BypassCode::new(code([9; 16]));
        let number = own.disguise(&mut SecretMut::BypassCode(&mut code));
        let content = Content::of_text(code.expose());
        assert!(content == Content::Key(u128::from(number).to_be_bytes()));
        let resumed = Own::resumed(0, [(content.clone(), number)]);
        assert_eq!(resumed.reference(&content), Reference::Own(number));
    }

    #[test]
    fn the_oldest_names_make_room() {
        let mut own = Own::default();
        let name = |number: u32| Content::Raw(number.to_be_bytes().to_vec());
        for number in 0..=1_024 {
            own.shown(name(number));
        }
        assert_eq!(own.reference(&name(0)), Reference::Other { bytes: 4 });
        assert_eq!(own.reference(&name(1_024)), Reference::Own(1_024));
    }
}
