//! Reads as much of PromQL as it takes to see what an expression asks for.

use std::collections::BTreeSet;
use std::iter::Peekable;
use std::str::Chars;

/// Words with labels in parentheses behind them.
const GROUPING: [&str; 4] = ["by", "without", "on", "ignoring"];

/// Other words that are no metric.
const WORDS: [&str; 9] = ["and", "or", "unless", "bool", "sum", "max", "min", "avg", "count"];

/// What an expression asks for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Asked {
    /// Each metric, with the labels it has to have and their values.
    pub(super) metrics: Vec<(String, Vec<(String, String)>)>,
    /// The labels that sums are kept apart by.
    pub(super) grouped_by: BTreeSet<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Name(String),
    Text(String),
    Sign(char),
}

/// The values of a key in a file of rules, each on one line.
pub(super) fn values<'a>(yaml: &'a str, key: &'a str) -> impl Iterator<Item = &'a str> {
    let lines = yaml.lines().map(|line| line.trim_start().trim_start_matches("- "));
    lines.filter_map(move |line| line.strip_prefix(key)?.strip_prefix(": "))
}

/// Reads an expression.
pub(super) fn read(expression: &str) -> Asked {
    let tokens = tokens(expression);
    let mut asked = Asked::default();
    let mut rest = tokens.as_slice();
    while let Some((token, after)) = rest.split_first() {
        rest = after;
        let Token::Name(name) = token else { continue };
        match after.first() {
            Some(Token::Sign('(')) if GROUPING.contains(&name.as_str()) => {
                rest = grouping(after, &mut asked);
            }
            // A function.
            Some(Token::Sign('(')) => {}
            _ if WORDS.contains(&name.as_str()) => {}
            _ => rest = selector(name, after, &mut asked),
        }
    }
    asked
}

/// `(label, label)`
fn grouping<'a>(tokens: &'a [Token], asked: &mut Asked) -> &'a [Token] {
    let end = position(tokens, ')');
    let labels = tokens[..end].iter().filter_map(name);
    asked.grouped_by.extend(labels.map(str::to_owned));
    &tokens[end..]
}

/// `{label="value"}` behind the name of a metric, or nothing.
fn selector<'a>(metric: &str, tokens: &'a [Token], asked: &mut Asked) -> &'a [Token] {
    if tokens.first() != Some(&Token::Sign('{')) {
        asked.metrics.push((metric.to_owned(), Vec::new()));
        return tokens;
    }
    let end = position(tokens, '}');
    let labels = tokens[..end].iter().filter_map(name);
    let values = tokens[..end].iter().filter_map(|token| match token {
        Token::Text(text) => Some(text.clone()),
        Token::Name(_) | Token::Sign(_) => None,
    });
    asked.metrics.push((metric.to_owned(), labels.map(str::to_owned).zip(values).collect()));
    &tokens[end..]
}

fn position(tokens: &[Token], sign: char) -> usize {
    tokens.iter().position(|token| *token == Token::Sign(sign)).expect("what opens closes")
}

fn name(token: &Token) -> Option<&str> {
    match token {
        Token::Name(name) => Some(name),
        Token::Text(_) | Token::Sign(_) => None,
    }
}

/// Names, texts and signs; numbers, spans in brackets and space mean nothing here.
fn tokens(expression: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut letters = expression.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => tokens.push(Token::Text(letters.by_ref().take_while(|it| *it != '"').collect())),
            '[' => drop(letters.by_ref().take_while(|it| *it != ']').count()),
            letter if is_name(letter) => {
                let word = word(letter, &mut letters);
                if !word.starts_with(|first: char| first.is_ascii_digit()) {
                    tokens.push(Token::Name(word));
                }
            }
            letter if letter.is_whitespace() => {}
            sign => tokens.push(Token::Sign(sign)),
        }
    }
    tokens
}

fn word(first: char, letters: &mut Peekable<Chars<'_>>) -> String {
    let mut word = String::from(first);
    while let Some(letter) = letters.next_if(|letter| is_name(*letter)) {
        word.push(letter);
    }
    word
}

const fn is_name(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_' || letter == ':'
}

#[test]
fn an_expression_is_read_as_prometheus_reads_it() {
    let asked = read(
        "histogram_quantile(0.99, sum by (le, job) (rate(a_bucket{b=\"c\",d=~\"e.*\"}[5m]))) > 1e3 \
         and on(job) f:g:rate1m == 0 or (h)",
    );
    let pair = |label: &str, value: &str| (label.to_owned(), value.to_owned());
    let bucket = ("a_bucket".to_owned(), vec![pair("b", "c"), pair("d", "e.*")]);
    let plain = |name: &str| (name.to_owned(), Vec::new());
    assert_eq!(asked.metrics, [bucket, plain("f:g:rate1m"), plain("h")]);
    assert_eq!(asked.grouped_by, ["job", "le"].map(str::to_owned).into());
}

#[test]
fn rules_are_found_in_their_file() {
    let yaml = "groups:\n  - rules:\n      - record: a\n        expr: b > 1\n";
    assert_eq!(values(yaml, "record").collect::<Vec<_>>(), ["a"]);
    assert_eq!(values(yaml, "expr").collect::<Vec<_>>(), ["b > 1"]);
}
