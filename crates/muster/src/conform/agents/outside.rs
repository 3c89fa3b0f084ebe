//! Agents of others on trial: started as a program, asked for over HTTP, or waited for.

use std::fs::{OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context as _, bail};
use muster_conformance::script::{Deed, Make, Power, token_of};
use muster_protocol::Seed;
use muster_protocol::secret::EnrolmentToken;
use muster_transport::RunCa;
use serde::Serialize;
use tokio::process::{Child, Command};

use super::premises::Premises;
use crate::conform::http;

/// Where the CA of the suite is kept below the folder of the agents: its key is none of theirs, and
/// they trust it in the next run as well.
const OWN_FOLDER: &str = "of-the-suite";

/// Permission bits of a token: its owner's alone.
const SECRET_MODE: u32 = 0o600;

/// How agents of others are had.
pub(crate) enum Outside {
    /// A program, run anew for each device.
    Exec(Vec<String>),
    /// Something that starts them when it is told to.
    Trigger {
        /// Where it takes its orders.
        url: String,
        /// What asks it.
        client: reqwest::Client,
    },
    /// Agents that come by themselves, one after the other.
    Wait(Waiting),
}

/// Where agents are waited for that come by themselves.
pub(crate) struct Waiting {
    /// The suite listens here.
    pub(crate) address: SocketAddr,
    /// What an agent has to know is left here: `ca.pem` and `token`.
    pub(crate) brief: PathBuf,
    /// What its token is drawn from.
    pub(crate) tokens: Seed,
}

/// What an agent has to know, and what is wanted of it.
#[derive(Clone, Debug, Serialize)]
struct Briefing {
    server: String,
    ca: PathBuf,
    token: String,
    device: String,
    mode: String,
    state: PathBuf,
}

/// One order to a trigger.
#[derive(Debug, Serialize)]
struct Order<'a> {
    verb: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    deed: Option<&'static str>,
    #[serde(flatten)]
    briefing: &'a Briefing,
}

/// An agent of somebody else.
pub(super) struct Played {
    how: How,
    briefing: Briefing,
}

enum How {
    Program { line: Vec<String>, child: Option<Child> },
    Triggered { url: String, client: reqwest::Client },
    Awaited,
}

impl Outside {
    /// The program of this command line, whose words stand apart by spaces.
    pub(crate) fn exec(line: &str) -> anyhow::Result<Self> {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        if words.is_empty() {
            bail!("the command line of the agent is empty");
        }
        Ok(Self::Exec(words))
    }

    /// What starts agents at this URL.
    pub(crate) fn trigger(url: String) -> anyhow::Result<Self> {
        Ok(Self::Trigger { url, client: http::client()? })
    }

    pub(super) fn place(&self) -> String {
        match self {
            Self::Exec(line) => format!("exec:{}", line.join(" ")),
            Self::Trigger { url, .. } => url.clone(),
            Self::Wait(waiting) => format!("whoever comes to {}", waiting.address),
        }
    }

    pub(super) const fn at_once(&self) -> usize {
        match self {
            Self::Exec(_) | Self::Trigger { .. } => usize::MAX,
            Self::Wait(_) => 1,
        }
    }

    pub(super) fn premises(&self) -> anyhow::Result<Premises> {
        match self {
            Self::Exec(_) | Self::Trigger { .. } => Premises::anywhere(),
            Self::Wait(waiting) => waiting.premises(),
        }
    }

    /// Has an agent play this device.
    pub(super) async fn start(
        &self,
        premises: &Premises,
        at: (SocketAddr, EnrolmentToken),
        make: Make,
    ) -> anyhow::Result<Played> {
        let briefing = briefing(premises, at, &make)?;
        let how = match self {
            Self::Exec(line) => How::Program { line: line.clone(), child: None },
            Self::Trigger { url, client } => {
                How::Triggered { url: url.clone(), client: client.clone() }
            }
            Self::Wait(_) => How::Awaited,
        };
        let mut played = Played { how, briefing };
        played.suffer(Power::Start).await?;
        Ok(played)
    }
}

impl Waiting {
    /// Writes what an agent has to know.
    fn premises(&self) -> anyhow::Result<Premises> {
        let Self { address, brief, tokens } = self;
        let failed = || format!("failed to use {}", brief.display());
        let ca = RunCa::open_or_create(&brief.join(OWN_FOLDER)).with_context(failed)?;
        std::fs::write(brief.join("ca.pem"), ca.certificate_pem()).with_context(failed)?;
        let token = token_of(*tokens, 0);
        write_secret(&brief.join("token"), token.expose()).with_context(failed)?;
        Premises::waiting(*address, ca)
    }
}

impl Played {
    /// Something befalls the agent.
    pub(super) async fn suffer(&mut self, power: Power) -> anyhow::Result<()> {
        let Self { how, briefing } = self;
        match (how, power) {
            (How::Program { line, child }, Power::Start) => *child = Some(run(line, briefing)?),
            (How::Program { child, .. }, Power::Stop | Power::Kill) => kill(child.take()).await?,
            (How::Triggered { url, client }, Power::Start) => {
                let order = Order { verb: "start", deed: None, briefing };
                tell(client, url, &order).await?;
            }
            (How::Triggered { url, client }, Power::Stop | Power::Kill) => {
                tell(client, url, &Order { verb: "kill", deed: None, briefing }).await?;
            }
            (How::Awaited, Power::Start | Power::Stop | Power::Kill) => {}
        }
        Ok(())
    }

    /// Somebody does something at the device.
    pub(super) async fn person(&self, deed: Deed) -> anyhow::Result<()> {
        match &self.how {
            How::Triggered { url, client } => {
                let briefing = &self.briefing;
                let order = Order { verb: "person", deed: Some(deed.name()), briefing };
                tell(client, url, &order).await
            }
            How::Program { .. } | How::Awaited => {
                bail!("nobody is at the device: only a trigger can have somebody do something")
            }
        }
    }

    /// Ends it, and forgets it: the case may be played again with the same device. One that is gone
    /// already is gone.
    pub(super) async fn end(mut self) {
        let _is_gone = self.suffer(Power::Kill).await;
        let _kept_nothing = std::fs::remove_dir_all(&self.briefing.state);
    }
}

/// The files an agent is told of, and the words.
fn briefing(
    premises: &Premises,
    (server, token): (SocketAddr, EnrolmentToken),
    make: &Make,
) -> anyhow::Result<Briefing> {
    let folder = premises.folder.path();
    let token_file = folder.join(format!("{}.token", make.serial));
    std::fs::write(&token_file, token.expose()).context("failed to write the token of the case")?;
    Ok(Briefing {
        server: server.to_string(),
        ca: folder.join("ca.pem"),
        token: token.expose().clone(),
        device: make.serial.to_string(),
        mode: make.mode.to_string(),
        state: folder.join(make.serial.as_str()),
    })
}

/// Writes what nobody else may read, whoever could read the file that was there before.
fn write_secret(path: &Path, text: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(SECRET_MODE).open(path)?;
    file.set_permissions(Permissions::from_mode(SECRET_MODE))?;
    file.write_all(text.as_bytes())
}

fn run(line: &[String], briefing: &Briefing) -> anyhow::Result<Child> {
    let words: Vec<String> = line.iter().map(|word| filled(word, briefing)).collect();
    let (program, arguments) = words.split_first().context("the command line is empty")?;
    Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("failed to start the agent {program:?}"))
}

/// A word of the command line with its placeholders filled in.
fn filled(word: &str, briefing: &Briefing) -> String {
    let token_file = briefing.state.with_extension("token");
    let parts = [
        ("{server}", briefing.server.clone()),
        ("{ca}", briefing.ca.display().to_string()),
        ("{token}", briefing.token.clone()),
        ("{token-file}", token_file.display().to_string()),
        ("{device}", briefing.device.clone()),
        ("{mode}", briefing.mode.clone()),
        ("{state}", briefing.state.display().to_string()),
    ];
    parts.iter().fold(word.to_owned(), |word, (name, value)| word.replace(name, value))
}

async fn kill(child: Option<Child>) -> anyhow::Result<()> {
    match child {
        Some(mut child) => child.kill().await.context("the agent does not end"),
        None => Ok(()),
    }
}

async fn tell(client: &reqwest::Client, url: &str, order: &Order<'_>) -> anyhow::Result<()> {
    let sent = client.post(url).json(order).send().await;
    let answer = sent.with_context(|| format!("the trigger at {url} does not answer"))?;
    if !answer.status().is_success() {
        bail!("the trigger at {url} refuses: {}", answer.status());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn briefing() -> Briefing {
        Briefing {
            server: "127.0.0.1:1".into(),
            ca: "a/ca.pem".into(),
            token: "t".into(),
            device: "CONF-1".into(),
            mode: "fully-managed".into(),
            state: "a/CONF-1".into(),
        }
    }

    #[test]
    fn a_word_takes_any_number_of_placeholders() {
        let filled = |word| filled(word, &briefing());
        assert_eq!(filled("--server={server}"), "--server=127.0.0.1:1");
        assert_eq!(filled("{device}/{mode}"), "CONF-1/fully-managed");
        assert_eq!(filled("{token-file}"), "a/CONF-1.token");
        assert_eq!(filled("{nothing}"), "{nothing}");
    }

    #[test]
    fn an_order_is_one_json_object() {
        let order = Order { verb: "start", deed: None, briefing: &briefing() };
        let text = serde_json::to_value(&order).unwrap();
        assert_eq!(text["verb"], "start");
        assert_eq!(text["server"], "127.0.0.1:1");
        assert_eq!(text.get("deed"), None);
    }

    #[test]
    fn a_command_line_of_no_words_is_none() {
        assert!(Outside::exec("  ").is_err());
    }

    #[test]
    fn agents_that_are_waited_for_are_told_a_certificate_and_a_token_that_is_a_secret() {
        let folder = tempfile::tempdir().unwrap();
        let brief = folder.path().to_owned();
        std::fs::write(brief.join("token"), "of the run before, for all to read").unwrap();
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        let waiting = Waiting { address, brief: brief.clone(), tokens: Seed::root(1) };
        let premises = waiting.premises().unwrap();
        let told = std::fs::read_to_string(brief.join("ca.pem")).unwrap();
        assert_eq!(told, premises.ca.certificate_pem());
        let mode = std::fs::metadata(brief.join("token")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, SECRET_MODE);
        assert!(!brief.join("ca-key.pem").exists());
    }

    #[tokio::test]
    async fn an_agent_that_is_ended_is_gone() {
        let line: Vec<String> = vec!["sleep".into(), "60".into()];
        let child = run(&line, &briefing()).unwrap();
        let how = How::Program { line, child: Some(child) };
        Played { how, briefing: briefing() }.end().await;
        assert!(run(&["no-such-program".to_owned()], &briefing()).is_err());
    }
}
