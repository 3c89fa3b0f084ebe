//! The workers of a run, as processes.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read as _};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::thread;

use anyhow::{Context as _, ensure};
use muster_report::{READ_BYTES_MAX, RunReport};
use tokio::sync::mpsc::{self, Receiver, Sender};

use super::pulse::Pulse;
use super::voice::Voice;
use super::whole::Whole;
use super::words::{Said, Told};

/// Words of workers that may wait: they say one a second.
const WORDS_MAX: usize = 1_024;

/// All workers of a run.
pub(super) struct Crew {
    workers: Vec<Worker>,
    news: Receiver<(usize, News)>,
    voice: Voice,
    /// Where is shown how all are.
    whole: Arc<Whole>,
}

/// One of them.
pub(super) struct Worker {
    process: u32,
    pub(super) stand: Stand,
    /// How it was when it last told.
    pulse: Pulse,
}

/// How far a worker is.
#[derive(Debug)]
pub(super) enum Stand {
    /// Its devices come up.
    Coming,
    /// It waits for the beginning.
    Up,
    /// It plays.
    Goes,
    /// It has told what it found, and ends.
    Told(Box<RunReport>),
    /// It has ended, and this is what it found.
    Over(Box<RunReport>),
    /// It has ended without a report: which one, and how.
    Dead(String),
}

/// What is heard of a worker.
enum News {
    Said(Said),
    /// Its process has ended, in this way.
    Gone(String),
}

impl Crew {
    /// Starts a process for each of these command lines.
    ///
    /// # Errors
    /// If one cannot be started; those before it end by themselves, as nobody speaks to them.
    pub(super) fn start(
        command_lines: Vec<Vec<OsString>>,
        whole: Arc<Whole>,
    ) -> anyhow::Result<Self> {
        let program = std::env::current_exe().context("failed to find this program")?;
        let (tell, news) = mpsc::channel(WORDS_MAX);
        let (mut workers, mut ears) = (Vec::new(), Vec::new());
        for (index, arguments) in command_lines.into_iter().enumerate() {
            let mut command = Command::new(&program);
            command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
            let mut process = command.spawn().context("failed to start a worker")?;
            ears.push(process.stdin.take().context("a worker has no standard input")?);
            let (stand, pulse) = (Stand::Coming, Pulse::default());
            workers.push(Worker { process: process.id(), stand, pulse });
            let tell = tell.clone();
            let thread = thread::Builder::new().name(format!("worker-{}", index + 1));
            let listening = thread.spawn(move || listen(process, index, &tell));
            listening.context("failed to start listening to a worker")?;
        }
        Ok(Self { workers, news, voice: Voice::to(ears), whole })
    }

    /// Waits for the next news, takes it in and shows it; returns of whom it was.
    ///
    /// Cancel safe: yes.
    pub(super) async fn hear(&mut self) -> Option<&Worker> {
        let (index, news) = self.news.recv().await?;
        let of = self.workers.len();
        self.workers.get_mut(index)?.takes_in(news, (index + 1, of));
        self.whole.goes(&self.workers.iter().map(|worker| &worker.pulse).collect::<Vec<_>>());
        self.workers.get(index)
    }

    /// What all workers hear.
    pub(super) fn voice(&self) -> Voice {
        self.voice.clone()
    }

    /// Tells all workers.
    pub(super) fn tell(&self, word: Told) {
        self.voice.tell(word);
    }

    /// Whether all are so far.
    pub(super) fn all(&self, so_far: impl Fn(&Stand) -> bool) -> bool {
        self.workers.iter().all(|worker| so_far(&worker.stand))
    }

    /// Those that have ended without a report, by name.
    pub(super) fn dead(&self) -> Vec<String> {
        let dead = self.workers.iter().filter_map(|worker| match &worker.stand {
            Stand::Dead(how) => Some(how.clone()),
            Stand::Coming | Stand::Up | Stand::Goes | Stand::Told(_) | Stand::Over(_) => None,
        });
        dead.collect()
    }

    /// Who they are, for whoever wants to look at one of them.
    pub(super) fn processes(&self) -> String {
        let processes = self.workers.iter().map(|worker| worker.process.to_string());
        processes.collect::<Vec<_>>().join(", ")
    }

    /// What they have found.
    pub(super) fn into_reports(self) -> Vec<RunReport> {
        let reports = self.workers.into_iter().filter_map(|worker| match worker.stand {
            Stand::Told(report) | Stand::Over(report) => Some(*report),
            Stand::Coming | Stand::Up | Stand::Goes | Stand::Dead(_) => None,
        });
        reports.collect()
    }
}

impl Worker {
    /// Takes in what is heard of it, the nth of so many.
    fn takes_in(&mut self, news: News, (nth, of): (usize, usize)) {
        self.stand = match (news, std::mem::replace(&mut self.stand, Stand::Up)) {
            (News::Said(Said::Coming(pulse)), _) => {
                self.pulse = *pulse;
                Stand::Coming
            }
            (News::Said(Said::Up), _) => Stand::Up,
            (News::Said(Said::Goes(pulse)), _) => {
                self.pulse = *pulse;
                Stand::Goes
            }
            (News::Said(Said::Over(report)), _) => {
                self.pulse.ends();
                Stand::Told(report)
            }
            (News::Gone(_), Stand::Told(report) | Stand::Over(report)) => Stand::Over(report),
            (News::Gone(how), Stand::Coming | Stand::Up | Stand::Goes | Stand::Dead(_)) => {
                let process = self.process;
                let how = format!(
                    "worker {nth} of {of} (process {process}) ended without a report: {how}"
                );
                self.pulse.dies(how.clone());
                Stand::Dead(how)
            }
        };
    }
}

/// Passes on what a worker says, to its end.
fn listen(mut process: Child, index: usize, tell: &Sender<(usize, News)>) {
    let output = process.stdout.take();
    let understood = output.map_or(Ok(()), |output| pass_on(output, index, tell));
    let how = match process.wait() {
        Ok(status) => status.to_string(),
        Err(error) => error.to_string(),
    };
    let how = match understood {
        Ok(()) => how,
        Err(error) => format!("{error:#} ({how})"),
    };
    let _nobody_listens = tell.blocking_send((index, News::Gone(how)));
}

/// Passes on what is said, as far as it is understood.
fn pass_on(output: ChildStdout, index: usize, tell: &Sender<(usize, News)>) -> anyhow::Result<()> {
    let mut output = BufReader::new(output);
    while let Some(said) = read(&mut output, READ_BYTES_MAX)? {
        if tell.blocking_send((index, News::Said(said))).is_err() {
            break;
        }
    }
    Ok(())
}

/// The next thing a worker says, in so many bytes at most; nothing at its end.
fn read(output: &mut impl BufRead, bytes_max: usize) -> anyhow::Result<Option<Said>> {
    let mut line = Vec::new();
    let most = u64::try_from(bytes_max).unwrap_or(u64::MAX);
    output.take(most).read_until(b'\n', &mut line).context("failed to read what it said")?;
    if line.is_empty() {
        return Ok(None);
    }
    ensure!(line.len() < bytes_max, "it said more than {bytes_max} bytes at once");
    let said = serde_json::from_slice(&line).context("it said what is no word of a worker")?;
    Ok(Some(said))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BYTES_MAX: usize = 64;

    fn heard(mut said: &[u8]) -> anyhow::Result<Option<Said>> {
        read(&mut said, BYTES_MAX)
    }

    #[test]
    fn what_a_worker_says_is_heard_line_by_line_to_its_end() {
        assert!(matches!(heard(b"\"up\"\nmore"), Ok(Some(Said::Up))));
        assert!(matches!(heard(b""), Ok(None)));
    }

    #[test]
    fn why_a_worker_was_not_understood_is_told() {
        let why = |said: &[u8]| heard(said).unwrap_err().to_string();
        assert_eq!(why(b"hello\n"), "it said what is no word of a worker");
        assert_eq!(why(&[b' '; 2 * BYTES_MAX]), "it said more than 64 bytes at once");
    }
}
