//! One request to a push service.

use std::net::SocketAddr;
use std::time::Duration;

use reqwest::header::RETRY_AFTER;
use reqwest::{Client, Response, StatusCode};

use super::order::{Letter, Verdict, verdict};

/// How long one request may take.
pub(super) const PUSH_WITHIN: Duration = Duration::from_secs(10);

/// Longest answer that is read, in bytes: a reason in JSON.
const ANSWER_BYTES_MAX: usize = 16 * 1024;

/// The services, as one reading of their folder describes them.
#[derive(Clone, Debug)]
pub(crate) struct Service {
    http: Client,
    address: SocketAddr,
}

/// What came of a request.
#[derive(Debug)]
pub(super) enum Answer {
    /// The service has read it.
    Told(Verdict, StatusCode),
    /// The service takes nothing at present, and may have said for how long.
    Down { retry_after: Option<Duration> },
}

impl Service {
    pub(super) const fn new(http: Client, address: SocketAddr) -> Self {
        Self { http, address }
    }

    /// Sends a push.
    ///
    /// Cancel safe: yes; whether the push was taken is then unknown, and a second one is harmless.
    ///
    /// # Errors
    /// If there is no answer.
    pub(super) async fn send(&self, letter: &Letter) -> Result<Answer, reqwest::Error> {
        let url = format!("https://{}{}", self.address, letter.path);
        let headers = letter.headers.iter();
        let request = headers.fold(self.http.post(url), |request, (name, value)| {
            request.header(*name, value.as_str())
        });
        // The address names the device; it is in the span already.
        let sent = request.json(&letter.body).send().await.map_err(reqwest::Error::without_url);
        let answer = sent?;
        let status = answer.status();
        let retry_after = retry_after(&answer);
        let body = read(answer).await?;
        Ok(match verdict(status, &body) {
            Verdict::Down => Answer::Down { retry_after },
            told @ (Verdict::Of(_) | Verdict::Odd) => Answer::Told(told, status),
        })
    }
}

/// In seconds; a date is not understood and means nothing said.
fn retry_after(answer: &Response) -> Option<Duration> {
    let text = answer.headers().get(RETRY_AFTER)?.to_str().ok()?;
    text.parse().ok().map(Duration::from_secs)
}

/// The body of an answer; nothing if it is too long to be one of the service's.
async fn read(mut answer: Response) -> Result<Vec<u8>, reqwest::Error> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(reqwest::Error::without_url)? {
        if body.len() + chunk.len() > ANSWER_BYTES_MAX {
            return Ok(Vec::new());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}
