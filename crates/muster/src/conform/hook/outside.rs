//! Adapters of other servers: over HTTP, or as a program.

use std::process::Stdio;

use anyhow::{Context as _, bail};
use muster_conformance::hook::{Answer, Verb};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::Command;

use super::failed;
use crate::conform::http;

/// Longest answer of an adapter, in bytes.
const ANSWER_BYTES_MAX: usize = 1 << 20;

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
        Ok(Self { url, client: http::client()? })
    }

    pub(super) async fn answer(&self, verb: &Verb) -> Answer {
        let asked = self.client.post(&self.url).json(verb).send().await;
        let answer = match asked.and_then(reqwest::Response::error_for_status) {
            Ok(answer) => answer,
            Err(error) => return failed(format_args!("the hook at {} fails: {error}", self.url)),
        };
        match body(answer).await {
            Ok(told) => serde_json::from_slice(&told)
                .unwrap_or_else(|error| failed(format_args!("the hook's answer is none: {error}"))),
            Err(error) => failed(format_args!("{error:#}")),
        }
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
        let answer = self.ask(&verb).await;
        answer.unwrap_or_else(|error| failed(format_args!("{error:#}")))
    }

    /// Cancel safe: whoever waits no longer has the program ended.
    async fn ask(&self, verb: &Verb) -> anyhow::Result<Answer> {
        let mut child = Command::new(&self.program)
            .args(&self.arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("failed to start the hook {:?}", self.program))?;
        if let Some(mut input) = child.stdin.take() {
            // A hook that does not read its input may still answer.
            drop(input.write_all(&serde_json::to_vec(verb)?).await);
        }
        let mut told = Vec::new();
        if let Some(output) = child.stdout.take() {
            let bound = u64::try_from(ANSWER_BYTES_MAX).unwrap_or(u64::MAX);
            output.take(bound).read_to_end(&mut told).await.context("the hook says nothing")?;
        }
        child.wait().await.context("the hook does not end")?;
        serde_json::from_slice(&told).context("the hook's answer is none")
    }
}

/// The body of an answer, unless it is longer than any should be.
async fn body(mut answer: reqwest::Response) -> anyhow::Result<Vec<u8>> {
    let mut told = Vec::new();
    while let Some(chunk) = answer.chunk().await.context("the hook's answer broke off")? {
        told.extend_from_slice(&chunk);
        if told.len() > ANSWER_BYTES_MAX {
            bail!("the hook answers with more than a mebibyte");
        }
    }
    Ok(told)
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead as _, BufReader, Write as _};
    use std::net::TcpListener;
    use std::time::Duration;

    use super::*;

    /// Answers one POST with this body, and returns where.
    fn adapter(body: &'static str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            let (mut stream, _peer) = listener.accept().unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            while lines.next().is_some_and(|line| !line.unwrap().is_empty()) {}
            let head = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length";
            write!(stream, "{head}: {}\r\n\r\n{body}", body.len()).unwrap();
        });
        url
    }

    #[tokio::test]
    async fn a_program_answers_on_its_output() {
        let hook = CommandHook::of(r#"echo {"answer":"unsupported"}"#).unwrap();
        assert_eq!(hook.answer(Verb::Reset).await, Answer::Unsupported);
    }

    #[tokio::test]
    async fn a_program_that_says_something_else_has_failed() {
        for line in ["echo hello", "false", "no-such-program"] {
            let answer = CommandHook::of(line).unwrap().answer(Verb::Reset).await;
            assert!(matches!(answer, Answer::Failed { .. }), "{line}");
        }
        assert!(CommandHook::of(" ").is_err());
    }

    /// The runtime of the test waits for all threads it has begun.
    #[tokio::test]
    async fn a_program_that_never_answers_holds_nobody_who_has_stopped_waiting() {
        let hook = CommandHook::of("sleep 600").unwrap();
        let answered = tokio::time::timeout(Duration::from_millis(1), hook.answer(Verb::Reset));
        assert!(answered.await.is_err());
    }

    #[tokio::test]
    async fn an_adapter_answers_over_http() {
        drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
        let told = HttpHook::at(adapter(r#"{"answer":"tokens","reusable":"a"}"#)).unwrap();
        assert!(matches!(told.answer(&Verb::Reset).await, Answer::Tokens(_)));
        let wrong = HttpHook::at(adapter("hello")).unwrap();
        assert!(matches!(wrong.answer(&Verb::Reset).await, Answer::Failed { .. }));
    }
}
