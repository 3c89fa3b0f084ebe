//! Adapters of other servers: over HTTP, or as a program.

use std::io::{Read as _, Write as _};
use std::process::{Command, Stdio};

use anyhow::Context as _;
use muster_conformance::hook::{Answer, Verb};

use super::failed;

/// Longest answer of an adapter, in bytes.
const ANSWER_BYTES_MAX: u64 = 1 << 20;

/// An adapter that takes each verb as the body of a POST.
pub(crate) struct HttpHook {
    url: String,
    client: reqwest::Client,
}

/// An adapter that reads a verb from its standard input and writes the answer to its output.
pub(crate) struct CommandHook {
    program: String,
    arguments: Vec<String>,
}

impl HttpHook {
    /// The adapter at `url`.
    pub(crate) fn at(url: String) -> anyhow::Result<Self> {
        let client = reqwest::Client::builder().no_proxy().build();
        Ok(Self { url, client: client.context("failed to make an HTTP client")? })
    }

    pub(super) async fn answer(&self, verb: &Verb) -> Answer {
        let asked = self.client.post(&self.url).json(verb).send().await;
        let answer = match asked.and_then(reqwest::Response::error_for_status) {
            Ok(answer) => answer,
            Err(error) => return failed(format_args!("the hook at {} fails: {error}", self.url)),
        };
        if answer.content_length().is_some_and(|bytes| bytes > ANSWER_BYTES_MAX) {
            return failed("the hook answers with more than a mebibyte");
        }
        answer.json().await.unwrap_or_else(|error| failed(format_args!("no answer: {error}")))
    }
}

impl CommandHook {
    /// The program of this command line, whose words stand apart by spaces.
    pub(crate) fn of(line: &str) -> anyhow::Result<Self> {
        let mut words = line.split_whitespace().map(str::to_owned);
        let program = words.next().context("the command line of the hook is empty")?;
        Ok(Self { program, arguments: words.collect() })
    }

    pub(super) async fn answer(&self, verb: Verb) -> Answer {
        let (program, arguments) = (self.program.clone(), self.arguments.clone());
        let asked = tokio::task::spawn_blocking(move || ask(&program, &arguments, &verb)).await;
        match asked {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => failed(format_args!("{error:#}")),
            Err(died) => failed(died),
        }
    }
}

fn ask(program: &str, arguments: &[String], verb: &Verb) -> anyhow::Result<Answer> {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("failed to start the hook {program:?}"))?;
    if let Some(mut input) = child.stdin.take() {
        // A hook that does not read its input may still answer.
        drop(input.write_all(&serde_json::to_vec(verb)?));
    }
    let mut told = Vec::new();
    if let Some(output) = child.stdout.take() {
        output.take(ANSWER_BYTES_MAX).read_to_end(&mut told).context("the hook says nothing")?;
    }
    child.wait().context("the hook does not end")?;
    serde_json::from_slice(&told).context("the hook's answer is none")
}
