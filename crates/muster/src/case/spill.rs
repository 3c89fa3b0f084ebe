//! A case that goes otherwise leaves a file: what happened to its device, and what its server knew.

use std::path::PathBuf;

use muster_device::recording::Recording;

use super::script::Case;
use super::stage::{Played, Stage, serial};
use crate::recording::DeviceRecording;

/// What is written down as the author of a file.
const CREATED_BY: &str = "muster case run";

/// Writes the file of a case if a step of it failed; says in the case where it is.
pub(super) async fn if_failed(
    stage: &Stage,
    index: usize,
    case: &Case,
    mut played: Played,
) -> anyhow::Result<Played> {
    if let Some(row) = played.rows.iter().find(|row| !row.ok) {
        let (name, action) = (short(case), row.action);
        let why = format!("{name}: {action}: expected {}, but {}", row.expected, row.actual);
        played.recording = device(stage, index, case, why).await?;
    }
    Ok(played)
}

/// Writes the file of a case that broke off, and says in the error where it is.
pub(super) async fn broken_off(
    stage: &Stage,
    index: usize,
    case: &Case,
    error: anyhow::Error,
) -> anyhow::Error {
    let why = format!("{} broke off: {error:#}", short(case));
    match device(stage, index, case, why).await {
        Ok(Some(path)) => error.context(format!("what led to it is in {}", path.display())),
        Ok(None) => error,
        Err(unwritten) => error.context(format!("no recording was written: {unwritten:#}")),
    }
}

/// Writes a file for each device on which a command took effect twice.
pub(crate) async fn effects_twice(stage: &Stage, cases: &[Case]) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for recording in stage.fleet.spilled() {
        let number = (0..cases.len()).find(|index| serial(*index) == recording.serial.as_str());
        let name = number.and_then(|index| cases.get(index)).map(short);
        let name = format!("{}.twice", name.unwrap_or(recording.serial.as_str()));
        files.push(write(stage, &name, recording, "a command took effect twice".to_owned()).await?);
    }
    Ok(files)
}

/// The name without the folder of a case of one's own, which is nobody else's business.
fn short(case: &Case) -> &str {
    let name = case.name.as_str();
    name.rsplit('/').next().unwrap_or(name).trim_end_matches(".toml")
}

async fn device(
    stage: &Stage,
    index: usize,
    case: &Case,
    why: String,
) -> anyhow::Result<Option<PathBuf>> {
    match stage.fleet.black_box(index).await? {
        Some(recording) => write(stage, short(case), recording, why).await.map(Some),
        None => Ok(None),
    }
}

async fn write(
    stage: &Stage,
    name: &str,
    recording: Recording,
    why: String,
) -> anyhow::Result<PathBuf> {
    let facts = stage.house.facts(&recording.serial).await;
    let path = stage.case_dir.join(format!("{name}.muster"));
    DeviceRecording::of(recording, facts, CREATED_BY).because(why).write(&path)?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use muster_device::recording::replay;
    use muster_protocol::Seed;
    use muster_server::{Standing, What};

    use super::*;
    use crate::case::stage::play;
    use crate::case::{Theatre, parse};

    /// A person finds a passcode reset where none was to be; an iPhone hands over its bypass code.
    const GOES_OTHERWISE: [(&str, &str); 2] = [
        (
            "passcode",
            "title = 'a'\nstory = 'A passcode is reset.'\nsource = 'mine'\n\
             [device]\nmodel = 'Pixel 8'\nmode = 'fully-managed'\nos = '14'\n\
             [[step]]\ndo = 'ask'\naction = 'resetPasscode'\nexpect = 'refused'\n",
        ),
        (
            "bypass",
            "title = 'b'\nstory = 'A code is copied.'\nsource = 'mine'\n\
             [device]\nmodel = 'iPad14,1'\nmode = 'automated-device'\nos = '17.4'\nfind_my = 'on'\n\
             [[step]]\ndo = 'copy-bypass-code'\n\
             [[step]]\ndo = 'ask'\naction = 'syncDevice'\nexpect = 'refused'\n",
        ),
    ];

    /// Every secret the administrator of the stage can see.
    async fn secrets(stage: &Stage) -> Vec<String> {
        let device = stage.fleet.view(0).await.unwrap().id.unwrap().to_string();
        let shown = stage.admin.device(&device).await.unwrap();
        let results = shown.device_action_results.into_iter();
        let passcodes = results.filter_map(|result| result.passcode);
        passcodes.chain(stage.admin.bypass_code(&device).await.unwrap()).collect()
    }

    async fn fails(name: &str, text: &str) -> (DeviceRecording, Vec<String>) {
        install_crypto();
        let case = parse(name, text).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let theatre = Theatre::open_for(&data, &case, Seed::root(1)).await.unwrap();
        let stage = theatre.stage(&folder.path().join("cases")).unwrap();
        let played = play(&stage, 0, &case).await.unwrap();
        let file = DeviceRecording::read(&played.recording.unwrap()).unwrap().unwrap();
        let secrets = secrets(&stage).await;
        drop(stage);
        theatre.strike().await.unwrap();
        (file, secrets)
    }

    /// What the binary does before any verb.
    fn install_crypto() {
        drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
    }

    #[tokio::test]
    async fn a_failed_case_leaves_a_file_that_replays_with_what_its_server_knew_and_no_secret() {
        for (name, text) in GOES_OTHERWISE {
            let (file, secrets) = fails(name, text).await;
            replay(&file.recording).unwrap();
            let why = file.manifest.why.as_ref().unwrap();
            assert!(why.starts_with(name) && why.contains("expected refused"), "{why}");
            let server = file.server.as_ref().unwrap();
            assert_eq!(server.serial, file.recording.serial);
            let done = server.facts.iter().any(|fact| {
                matches!(fact.what, What::Command { number: 1, standing: Standing::Done, .. })
            });
            assert!(done, "{server:?}");
            let told = format!(
                "{}{}{}",
                serde_json::to_string(&file.manifest).unwrap(),
                serde_json::to_string(&file.recording).unwrap(),
                serde_json::to_string(server).unwrap(),
            );
            assert_eq!(secrets.len(), 1, "the case has one");
            for secret in secrets {
                assert!(!told.contains(&secret), "{secret} is in the file of {name}");
                assert!(!told.contains(&secret.replace('-', "")), "{secret} is in {name}");
            }
        }
    }
}
