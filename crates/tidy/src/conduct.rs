//! What no source may do, and what no test may.

use crate::finding::Finding;
use crate::source::{Source, has_word, sources};
use crate::tree::Tree;

/// A word of code and what to do instead.
type Banned = (&'static str, &'static str);

/// Banned everywhere.
const BANNED: [Banned; 8] = [
    ("todo!", "write it, or leave the feature out"),
    ("unimplemented!", "write it, or leave the feature out"),
    ("dbg!", "remove it, or trace! it"),
    ("#[allow", "use #[expect(.., reason = \"..\")], which complains once it is not needed"),
    ("#![allow", "use #![expect(.., reason = \"..\")], which complains once it is not needed"),
    ("unbounded_channel", "give the queue a bound, a reason for it, and a plan for full"),
    ("mpsc::channel()", "use sync_channel with a bound"),
    ("#[ignore", "repair the test or remove it"),
];

/// Banned in tests.
const BANNED_IN_TESTS: [Banned; 3] = [
    ("sleep", "wait for the event itself, or let virtual time advance"),
    ("sleep_until", "wait for the event itself, or let virtual time advance"),
    ("sleep_ms", "wait for the event itself, or let virtual time advance"),
];

/// Marks of unfinished work, put together here so that this file has none.
const MARKS: [&str; 3] = [concat!("FIX", "ME"), concat!("TO", "DO"), concat!("XX", "X")];

/// Finds shortcuts in code, left-over marks, sleeping and badly named tests.
#[must_use]
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in &sources(tree) {
        for (word, remedy) in BANNED {
            report(source, word, remedy, source.lines_with(word), &mut findings);
        }
        for (word, remedy) in BANNED_IN_TESTS {
            let in_tests = source.lines_with(word).filter(|line| source.is_test(*line));
            report(source, word, remedy, in_tests, &mut findings);
        }
        let named = source.code.iter().enumerate();
        let prefixed = named.filter(|(_index, line)| line.contains("fn test_"));
        let remedy = "name the promise the test holds the code to";
        let lines = prefixed.map(|(index, _line)| index);
        report(source, "fn test_", remedy, lines, &mut findings);
        check_marks(source, &mut findings);
    }
    findings
}

fn check_marks(source: &Source<'_>, findings: &mut Vec<Finding>) {
    let remedy = "finish it, or file it where open work is kept";
    for mark in MARKS {
        let lines = source.file.text.lines().enumerate();
        let marked = lines.filter(|(_index, line)| has_word(line, mark));
        report(source, mark, remedy, marked.map(|(index, _line)| index), findings);
    }
}

fn report(
    source: &Source<'_>,
    word: &str,
    remedy: &str,
    lines: impl Iterator<Item = usize>,
    findings: &mut Vec<Finding>,
) {
    for line in lines {
        let finding = Finding::new(&source.file.path, format!("`{word}`"), remedy);
        findings.push(finding.at_line(line + 1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(path: &str, text: &str) -> usize {
        check(&Tree::of(&[(path, text)])).len()
    }

    #[test]
    fn shortcuts_are_found_wherever_they_stand() {
        for text in
            ["todo!()", "dbg!(1);", "#[allow(dead_code)]", "#[ignore]", "#[ignore = \"slow\"]"]
        {
            assert_eq!(findings("crates/x/src/lib.rs", text), 1, "{text}");
        }
        assert_eq!(findings("crates/x/src/lib.rs", "let (a, b) = mpsc::unbounded_channel();"), 1);
        assert_eq!(findings("crates/x/src/lib.rs", "let a = mpsc::channel(64);"), 0);
    }

    #[test]
    fn a_shortcut_in_a_string_is_only_a_string() {
        assert_eq!(findings("crates/x/src/lib.rs", "let a = \"todo!\";"), 0);
    }

    #[test]
    fn a_mark_in_a_comment_is_found() {
        let text = format!("// {}: later", MARKS[0]);
        assert_eq!(findings("crates/x/src/lib.rs", &text), 1);
    }

    #[test]
    fn tests_do_not_sleep_and_say_what_they_promise() {
        let sleeping = "async fn a() { tokio::time::sleep(SECOND).await; }";
        assert_eq!(findings("crates/x/tests/it/main.rs", sleeping), 1);
        assert_eq!(findings("crates/x/tests/it/main.rs", "use tokio::time::{sleep, timeout};"), 1);
        assert_eq!(findings("crates/x/src/lib.rs", sleeping), 0);
        assert_eq!(findings("crates/x/src/lib.rs", "fn test_it() {}"), 1);
    }
}
