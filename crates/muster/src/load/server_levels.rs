//! What a server elsewhere takes of its machine, as its page of metrics tells.
//!
//! Source: Prometheus, "Writing client libraries", section "Standard and runtime collectors": the
//! names `process_cpu_seconds_total` and `process_resident_memory_bytes`.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use muster_report::Gauges;
use reqwest::Url;
use tokio::time::{MissedTickBehavior, interval};

use super::room::Room;
use crate::exit::{Exit, ExitWith};

/// How often the page is read.
const READ_EVERY: Duration = Duration::from_secs(1);

/// How long reading it may take.
const READ_WITHIN: Duration = Duration::from_secs(2);

/// For how long what was read last is what the server takes.
const FRESH_FOR: Duration = Duration::from_secs(3);

/// Largest page that is read, in bytes.
const PAGE_BYTES_MAX: usize = 4 * 1024 * 1024;

/// What the server takes, for the collector and for the report. Every clone is the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct ServerLevels(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    last: Option<Sight>,
    cpu_percent: Option<f64>,
    reads: u64,
    /// How often nothing was read, and why the last time.
    misses: u64,
    why: String,
}

/// What the page has said.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Sight {
    at: Instant,
    taken: Taken,
}

/// What a process has taken.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Taken {
    cpu_s: f64,
    rss_bytes: u64,
}

/// The page of metrics of a server elsewhere.
#[derive(Debug)]
struct Page {
    http: reqwest::Client,
    url: Url,
}

impl Page {
    /// Reads the page for the first time.
    ///
    /// # Errors
    /// If it cannot be read, or does not say what its process takes.
    async fn open(url: Url) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(READ_WITHIN)
            .build()
            .context("failed to make an HTTP client")?;
        let page = Self { http, url };
        match page.read().await {
            Ok(_first) => Ok(page),
            Err(why) => {
                let message = format!("nothing is read at --server-metrics {}: {why:#}", page.url);
                Err(ExitWith { exit: Exit::Unreachable, message }.into())
            }
        }
    }

    /// Reads the page again and again, for as long as its room is open.
    async fn watch(self, levels: ServerLevels) {
        let mut ticks = interval(READ_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let read = self.read().await.map(|taken| Sight { at: Instant::now(), taken });
            levels.note(read);
        }
    }

    async fn read(&self) -> anyhow::Result<Taken> {
        let mut answer = self.http.get(self.url.clone()).send().await?.error_for_status()?;
        let mut page = Vec::new();
        while let Some(part) = answer.chunk().await? {
            ensure!(
                page.len().saturating_add(part.len()) <= PAGE_BYTES_MAX,
                "the page is longer than {PAGE_BYTES_MAX} bytes"
            );
            page.extend_from_slice(&part);
        }
        taken(&String::from_utf8_lossy(&page))
    }
}

impl ServerLevels {
    /// Those of the server with this page, read once a second in a room.
    ///
    /// # Errors
    /// If the page cannot be read, or does not say what its process takes.
    pub(crate) async fn watched(url: Url, room: &Room) -> anyhow::Result<Self> {
        let (page, levels) = (room.run(Page::open(url)).await??, Self::default());
        room.spawn(page.watch(levels.clone()));
        Ok(levels)
    }

    /// What the server takes now, as far as that is known.
    pub(crate) fn gauges(&self) -> Gauges {
        let state = self.lock();
        match state.last.filter(|sight| sight.at.elapsed() < FRESH_FOR) {
            Some(sight) => Gauges {
                server_cpu_percent: state.cpu_percent,
                server_rss_bytes: Some(sight.taken.rss_bytes),
                ..Gauges::default()
            },
            None => Gauges::default(),
        }
    }

    /// What was not seen, if anything was not.
    pub(crate) fn unseen(&self) -> Option<String> {
        let State { reads, misses, why, .. } = &*self.lock();
        (*misses > 0).then(|| {
            format!(
                "what the server took of memory and processor in {misses} of {reads} looks at its \
                 metrics, the last time because {why}"
            )
        })
    }

    fn note(&self, read: anyhow::Result<Sight>) {
        let mut state = self.lock();
        state.reads += 1;
        match read {
            Ok(now) => {
                state.cpu_percent = state.last.and_then(|before| cpu_percent(before, now));
                state.last = Some(now);
            }
            Err(why) => {
                state.misses += 1;
                state.why = format!("{why:#}");
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere leaves at worst an old sight.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Of one core, between two looks; `None` of a server that was started again meanwhile.
fn cpu_percent(before: Sight, now: Sight) -> Option<f64> {
    let passed = now.at.saturating_duration_since(before.at).as_secs_f64();
    let ran = now.taken.cpu_s - before.taken.cpu_s;
    (passed > 0.0 && ran >= 0.0).then(|| 100.0 * ran / passed)
}

/// What a page says its process has taken.
fn taken(page: &str) -> anyhow::Result<Taken> {
    let cpu_s = sample(page, "process_cpu_seconds_total")?;
    let rss_bytes = sample(page, "process_resident_memory_bytes")?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole bytes")]
    let rss_bytes = rss_bytes as u64;
    Ok(Taken { cpu_s, rss_bytes })
}

/// The value of a sample without labels: two of them need no parser of the whole format.
fn sample(page: &str, name: &str) -> anyhow::Result<f64> {
    let value = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    let value = value.with_context(|| format!("the page has no {name}"))?;
    let number = value.split(' ').next().and_then(|text| text.parse::<f64>().ok());
    let number = number.filter(|number| number.is_finite() && *number >= 0.0);
    number.with_context(|| format!("{name} is {value:?}, which no process takes"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PAGE: &str = "# TYPE process_cpu_seconds_total counter\n\
                        process_cpu_seconds_total_by{thread=\"a\"} 9\n\
                        process_cpu_seconds_total 12.5\n\
                        # TYPE process_resident_memory_bytes gauge\n\
                        process_resident_memory_bytes 1.5e+09 1520879607.789\n# EOF\n";

    fn sight(at: Instant, cpu_s: f64) -> Sight {
        Sight { at, taken: Taken { cpu_s, rss_bytes: 7 } }
    }

    #[test]
    fn a_page_says_what_its_process_has_taken() {
        assert_eq!(taken(PAGE).unwrap(), Taken { cpu_s: 12.5, rss_bytes: 1_500_000_000 });
    }

    #[test]
    fn a_page_that_does_not_say_it_is_refused_with_what_is_missing() {
        let why = |page: &str| taken(page).unwrap_err().to_string();
        assert!(why("# EOF\n").contains("process_cpu_seconds_total"));
        assert!(why("process_cpu_seconds_total 1\n").contains("process_resident_memory_bytes"));
        assert!(why("process_cpu_seconds_total -1\n").contains("-1"));
        assert!(why("process_cpu_seconds_total NaN\n").contains("NaN"));
    }

    #[test]
    fn processor_time_is_that_between_two_looks() {
        let (levels, now) = (ServerLevels::default(), Instant::now());
        let before = now - Duration::from_secs(2);
        levels.note(Ok(sight(before, 10.0)));
        assert_eq!(levels.gauges().server_cpu_percent, None, "nobody knows since when");
        levels.note(Ok(sight(now, 13.0)));
        let gauges = levels.gauges();
        assert_eq!((gauges.server_cpu_percent, gauges.server_rss_bytes), (Some(150.0), Some(7)));
        levels.note(Ok(sight(now + Duration::from_secs(1), 0.5)));
        assert_eq!(levels.gauges().server_cpu_percent, None, "it has been started again");
        assert_eq!(levels.unseen(), None);
    }

    #[test]
    fn what_was_read_long_ago_is_not_what_the_server_takes() {
        let levels = ServerLevels::default();
        levels.note(Ok(sight(Instant::now() - FRESH_FOR, 1.0)));
        assert_eq!(levels.gauges(), Gauges::default());
        levels.note(Err(anyhow::anyhow!("nobody listens")));
        let told = levels.unseen().unwrap();
        assert!(told.contains("1 of 2") && told.ends_with("nobody listens"), "{told}");
    }

    proptest! {
        #[test]
        fn no_page_does_harm(page in ".*", value in "\\PC*") {
            let _no_panic = taken(&page);
            let _no_panic = taken(&PAGE.replace("12.5", &value));
        }
    }
}
