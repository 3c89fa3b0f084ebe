//! `redaction.json`: which secrets of the run were looked for, and what became of them.

use std::fmt::Write as _;

use muster_sim::Secrets;
use serde::{Deserialize, Serialize};

use super::error::RecordingError;

/// What stands in the place of a secret.
const TAKEN_OUT: &str = "[taken out]";

/// The report.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Redaction {
    /// Unlock tokens looked for, as bytes in hexadecimal, in base 64 and as numbers.
    pub(crate) unlock_tokens: usize,
    /// Bypass codes looked for, with and without dashes.
    pub(crate) bypass_codes: usize,
    /// Temporary passcodes looked for.
    pub(crate) passcodes: usize,
    /// How many places of the transcript held one and now say so.
    pub(crate) taken_out: usize,
}

impl Redaction {
    pub(super) fn of(secrets: &Secrets) -> Self {
        Self {
            unlock_tokens: secrets.unlock_tokens.len(),
            bypass_codes: secrets.bypass_codes.len(),
            passcodes: secrets.passcodes.len(),
            taken_out: 0,
        }
    }

    /// The text without any secret.
    pub(super) fn scrub(&mut self, secrets: &Secrets, mut text: String) -> String {
        for (_kind, form) in forms(secrets) {
            let found = places(&text, &form);
            self.taken_out += found.len();
            for at in found.into_iter().rev() {
                text.replace_range(at..at + form.len(), TAKEN_OUT);
            }
        }
        text
    }

    /// Refuses a text that has to stay as it is and holds a secret.
    pub(super) fn refuse(&self, secrets: &Secrets, text: &str) -> Result<(), RecordingError> {
        let held = forms(secrets).into_iter().find(|(_, form)| !places(text, form).is_empty());
        held.map_or(Ok(()), |(kind, _form)| Err(RecordingError::Secret { kind }))
    }
}

/// Every way a secret may be written.
fn forms(secrets: &Secrets) -> Vec<(&'static str, String)> {
    let mut forms = Vec::new();
    for token in &secrets.unlock_tokens {
        let hex = hexadecimal(token.expose());
        forms.push(("an unlock token", hex.to_uppercase()));
        forms.push(("an unlock token", hex));
        forms.push(("an unlock token", base64(token.expose())));
        forms.push(("an unlock token", listed(token.expose(), ", ")));
        forms.push(("an unlock token", listed(token.expose(), ",")));
    }
    for code in &secrets.bypass_codes {
        forms.push(("a bypass code", code.expose().clone()));
        forms.push(("a bypass code", code.expose().replace('-', "")));
    }
    for passcode in &secrets.passcodes {
        forms.push(("a passcode", passcode.expose().clone()));
    }
    forms.retain(|(_, form)| !form.is_empty());
    forms
}

/// Where `form` stands by itself, and not as part of a longer word or number.
fn places(text: &str, form: &str) -> Vec<usize> {
    let whole = |at: &usize| {
        let before = text[..*at].chars().next_back();
        let after = text[*at + form.len()..].chars().next();
        let joined = |next: Option<char>| next.is_some_and(char::is_alphanumeric);
        !joined(before) && !joined(after)
    };
    text.match_indices(form).map(|(at, _)| at).filter(whole).collect()
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _written = write!(text, "{byte:02x}");
        text
    })
}

fn listed(bytes: &[u8], between: &str) -> String {
    bytes.iter().map(u8::to_string).collect::<Vec<_>>().join(between)
}

/// Base 64 without the padding, which is not needed to find it.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digits = |chunk: &[u8]| {
        let three = [0, 1, 2].map(|index| u32::from(chunk.get(index).copied().unwrap_or(0)));
        let joined = three[0] << 16 | three[1] << 8 | three[2];
        let count = chunk.len() + 1;
        let digit = move |place: usize| {
            let value = joined >> (18 - 6 * place) & 63;
            char::from(DIGITS[usize::try_from(value).unwrap_or(0)])
        };
        (0..count).map(digit).collect::<String>()
    };
    bytes.chunks(3).map(digits).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use muster_protocol::secret::{BypassCode, Passcode, UnlockToken};

    fn secrets() -> Secrets {
        let mut secrets = Secrets::default();
        secrets.unlock_tokens.insert(UnlockToken::new(b"any carnal pleas".to_vec()));
        secrets.bypass_codes.insert(BypassCode::new("AAAAA-BBBBB".to_owned()));
        secrets.passcodes.insert(Passcode::new("271828".to_owned()));
        secrets
    }

    #[test]
    fn every_way_to_write_a_secret_is_taken_out() {
        let secrets = secrets();
        let text = "x 616e79206361726e616c20706c656173 YW55IGNhcm5hbCBwbGVhcw== AAAAABBBBB \
            AAAAA-BBBBB (271828)"
            .to_owned();
        let mut redaction = Redaction::of(&secrets);
        let left = redaction.scrub(&secrets, text);
        assert_eq!(redaction.taken_out, 5, "{left}");
        assert_eq!(left.matches(TAKEN_OUT).count(), 5, "{left}");
    }

    #[test]
    fn a_number_that_contains_a_passcode_is_left_alone() {
        let secrets = secrets();
        let mut redaction = Redaction::of(&secrets);
        let left = redaction.scrub(&secrets, "1271828 2718281".to_owned());
        assert_eq!((left.as_str(), redaction.taken_out), ("1271828 2718281", 0));
    }

    #[test]
    fn a_plan_with_a_secret_is_refused_and_the_secret_not_repeated() {
        let secrets = secrets();
        let refused = Redaction::of(&secrets).refuse(&secrets, "{\"code\": \"AAAAA-BBBBB\"}");
        let said = refused.unwrap_err().to_string();
        assert!(said.contains("a bypass code") && !said.contains("BBBBB"), "{said}");
    }
}
