//! Rust source without what is not code, and with its tests told apart.

use crate::tree::{File, Tree};

/// A `.rs` file, read for the rules.
#[derive(Clone, Debug)]
pub struct Source<'a> {
    /// The file itself.
    pub file: &'a File,
    /// Its code, line by line: comments and the insides of literals are blanks.
    pub code: Vec<String>,
    /// The lines of its inline `#[cfg(test)] mod`, counted from 0; empty if it has none.
    pub test_lines: std::ops::Range<usize>,
}

/// Every `.rs` file of the tree.
#[must_use]
pub fn sources(tree: &Tree) -> Vec<Source<'_>> {
    tree.ending(".rs").map(Source::read).collect()
}

impl<'a> Source<'a> {
    /// Reads one file.
    #[must_use]
    pub fn read(file: &'a File) -> Self {
        let code: Vec<String> = blank(&file.text).lines().map(str::to_owned).collect();
        let test_lines = inline_tests(&code);
        Self { file, code, test_lines }
    }

    /// Whether line `index` belongs to a test, to a test's crate or to a bench or example.
    #[must_use]
    pub fn is_test(&self, index: usize) -> bool {
        let path = &self.file.path;
        let beside = ["/tests/", "/benches/"].iter().any(|part| path.contains(part));
        beside || path.ends_with("/tests.rs") || self.test_lines.contains(&index)
    }

    /// The lines where `word` stands in the code as a word of its own, counted from 0.
    pub fn lines_with<'b>(&'b self, word: &'b str) -> impl Iterator<Item = usize> + 'b {
        let found = move |(_index, line): &(usize, &String)| has_word(line, word);
        self.code.iter().enumerate().filter(found).map(|(index, _line)| index)
    }
}

/// Whether `word` stands in `line` with no letter, digit or underscore around it.
#[must_use]
pub fn has_word(line: &str, word: &str) -> bool {
    let inside = |c: char| c.is_alphanumeric() || c == '_';
    let opens = word.starts_with(inside);
    let closes = word.ends_with(inside);
    line.match_indices(word).any(|(start, _match)| {
        let before = line[..start].chars().next_back().is_some_and(inside);
        let after = line[start + word.len()..].chars().next().is_some_and(inside);
        !(before && opens || after && closes)
    })
}

/// Replaces comments and the insides of literals by blanks; line breaks stay.
#[must_use]
pub fn blank(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = skipped(rest, out.chars().next_back());
        if length == 0 {
            out.push(first);
            rest = &rest[first.len_utf8()..];
        } else {
            let blank = |c: char| if c == '\n' { '\n' } else { ' ' };
            out.extend(rest[..length].chars().map(blank));
            rest = &rest[length..];
        }
    }
    out
}

/// Bytes of the comment or literal `rest` begins with; 0 if it begins with code.
fn skipped(rest: &str, before: Option<char>) -> usize {
    let in_word = before.is_some_and(|c| c.is_alphanumeric() || c == '_');
    if rest.starts_with("//") {
        rest.find('\n').unwrap_or(rest.len())
    } else if rest.starts_with("/*") {
        block_comment(rest)
    } else if rest.starts_with('"') {
        quoted(rest)
    } else if rest.starts_with('r') && !in_word {
        raw_string(rest)
    } else if rest.starts_with('\'') {
        character(rest)
    } else {
        0
    }
}

fn block_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < rest.len() {
        let now = &rest[at..];
        if now.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if now.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += now.chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

fn quoted(rest: &str) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            '"' if !escaped => return at + 1,
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    rest.len()
}

fn raw_string(rest: &str) -> usize {
    let hashes = rest[1..].bytes().take_while(|byte| *byte == b'#').count();
    let opening = 1 + hashes;
    if !rest[opening..].starts_with('"') {
        return 0;
    }
    let end = format!("\"{}", "#".repeat(hashes));
    let body = &rest[opening + 1..];
    body.find(&end).map_or(rest.len(), |at| opening + 1 + at + end.len())
}

/// A character literal, and not a lifetime.
fn character(rest: &str) -> usize {
    let mut chars = rest.char_indices().skip(1);
    match (chars.next(), chars.next()) {
        (Some((_, '\\')), Some(_)) => {
            let close = rest[3..].find('\'');
            close.map_or(0, |at| 3 + at + 1)
        }
        (Some(_), Some((at, '\''))) => at + 1,
        _ => 0,
    }
}

/// From the `#[cfg(test)]` before an inline module to its closing brace.
fn inline_tests(code: &[String]) -> std::ops::Range<usize> {
    let opens = |index: &usize| {
        let module = code.get(index + 1..).and_then(|after| {
            after.iter().find(|line| !line.trim().is_empty() && !line.trim().starts_with("#["))
        });
        code[*index].trim() == "#[cfg(test)]"
            && module.is_some_and(|line| has_word(line, "mod") && line.contains('{'))
    };
    let Some(start) = (0..code.len()).find(opens) else {
        return 0..0;
    };
    let mut depth = 0_usize;
    for (index, line) in code.iter().enumerate().skip(start) {
        depth += line.matches('{').count();
        let closing = line.matches('}').count();
        depth = depth.saturating_sub(closing);
        if depth == 0 && closing > 0 {
            return start..index + 1;
        }
    }
    start..code.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> File {
        File { path: "crates/x/src/lib.rs".to_owned(), text: text.to_owned() }
    }

    #[test]
    fn comments_and_literals_are_no_code() {
        let text =
            "a /* std:: /* b */ */ c // std::\n\"std:: \\\" x\" d r#\"std:: \" y\"# e '\"' f";
        let blanked = blank(text);
        assert!(!blanked.contains("std"), "{blanked}");
        let left: Vec<&str> = blanked.split_whitespace().collect();
        assert_eq!(left, ["a", "c", "d", "e", "f"]);
        assert_eq!(blanked.lines().count(), text.lines().count());
    }

    #[test]
    fn a_lifetime_opens_no_literal() {
        assert_eq!(blank("fn a<'a>(b: &'a str) {}"), "fn a<'a>(b: &'a str) {}");
        assert_eq!(blank(r"f('\'', '\u{1f}', b'x') g").trim_end(), "f(    ,         , b   ) g");
    }

    #[test]
    fn the_inline_tests_end_at_their_own_brace() {
        let file =
            file("fn a() {}\n#[cfg(test)]\nmod tests {\n    fn b() { \"}\"; }\n}\nfn c() {}\n");
        let source = Source::read(&file);
        assert_eq!(source.test_lines, 1..5);
        assert!(!source.is_test(0) && source.is_test(3) && !source.is_test(5));
    }

    #[test]
    fn a_word_is_not_found_inside_another() {
        assert!(has_word("use std::fmt;", "std::"));
        assert!(!has_word("use my_std::fmt;", "std::"));
        assert!(has_word("#![no_std]", "no_std"));
        assert!(!has_word("ignored", "ignore"));
    }
}
