//! The token of a run's control: whoever has it may change the run.

use std::fmt;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use hyper::header::{AUTHORIZATION, HeaderMap};
use subtle::ConstantTimeEq as _;

/// How much chance a token is made of, in bytes.
const TOKEN_BYTES: usize = 32;

/// A token, by its text: 64 hexadecimal digits. A run has its own.
pub(super) struct Token(String);

impl Token {
    /// A new one.
    ///
    /// # Errors
    /// If the system gives no chance.
    pub(super) fn random() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; TOKEN_BYTES];
        getrandom::fill(&mut bytes)?;
        Ok(Self(bytes.iter().map(|byte| format!("{byte:02x}")).collect()))
    }

    /// For whoever started the run.
    pub(super) fn text(&self) -> &str {
        &self.0
    }

    /// Leaves it in a file that only its owner reads, whatever was there before.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub(super) fn write(&self, file: &Path) -> io::Result<()> {
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.map_or_else(|| PathBuf::from("."), Path::to_owned);
        // A file of `tempfile` is its owner's only, from the beginning on.
        let mut fresh = tempfile::NamedTempFile::new_in(folder)?;
        writeln!(fresh, "{}", self.0)?;
        fresh.persist(file)?;
        Ok(())
    }

    /// Whether a request shows it. How long that takes does not tell where another one differs.
    ///
    /// Source: RFC 6750, section 2.1; the name of a scheme has no letter case (RFC 9110, 11.1).
    pub(super) fn is_shown(&self, headers: &HeaderMap) -> bool {
        let mut values = headers.get_all(AUTHORIZATION).iter();
        let only = values.next().filter(|_first| values.next().is_none());
        let shown = only.and_then(|value| value.to_str().ok()?.split_once(' '));
        shown.is_some_and(|(scheme, token)| {
            let is_it: bool = self.0.as_bytes().ct_eq(token.trim().as_bytes()).into();
            scheme.eq_ignore_ascii_case("bearer") && is_it
        })
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn shows(token: &Token, values: &[&str]) -> bool {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, value.parse().unwrap());
        }
        token.is_shown(&headers)
    }

    #[test]
    fn only_the_one_token_opens() {
        let token = Token::random().unwrap();
        let right = format!("Bearer {}", token.text());
        assert!(shows(&token, &[&right]) && shows(&token, &[&right.replace("Bearer", "bearer")]));
        let longer = format!("{right}0");
        let other = format!("Bearer {}", Token::random().unwrap().text());
        for wrong in [&right[..right.len() - 1], &longer, &other, "Bearer ", "Bearer", ""] {
            assert!(!shows(&token, &[wrong]), "{wrong}");
        }
        assert!(!shows(&token, &[&format!("Basic {}", token.text())]));
        assert!(!shows(&token, &[&right, &right]), "one of two would be chosen");
        assert!(!shows(&token, &[]));
    }

    #[test]
    fn a_token_does_not_print_its_value() {
        assert_eq!(format!("{:?}", Token::random().unwrap()), "Token(..)");
    }

    #[test]
    fn a_token_in_a_file_is_its_owners_only_even_if_the_file_was_everybodys() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("token");
        std::fs::write(&file, "of another run, and longer than any of these tokens ever is")
            .unwrap();
        let token = Token::random().unwrap();
        token.write(&file).unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap().trim(), token.text());
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
}
