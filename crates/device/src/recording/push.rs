//! Push addresses in a recording: told apart, and good for nothing.

use alloc::format;
use alloc::string::String;
use core::fmt::Write as _;

use muster_protocol::PushTarget;

use super::output::Digest;

/// What a name begins with that stands for another: no token and no magic does.
const MARK: char = '~';

/// The same target with names for its token and its magic.
pub(super) fn disguise(target: &mut PushTarget) {
    target.token = name(&target.token);
    target.magic = name(&target.magic);
}

/// A name for a token or a magic, the same each time; a name keeps its own.
pub(super) fn name(of: &str) -> String {
    if of.starts_with(MARK) {
        return of.into();
    }
    let mut digest = Digest::default();
    // Writing into a digest does not fail.
    let _infallible = digest.write_str(of);
    format!("{MARK}{:016x}", digest.number())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_apart_and_keep_their_own() {
        let (one, other) = (name("6d61676963"), name("6d61676964"));
        assert_ne!(one, other);
        assert_eq!(name(&one), one);
        assert!(!one.contains("6d6167"));
    }
}
