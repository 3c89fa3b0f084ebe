use std::os::unix::fs::PermissionsExt as _;

use muster_protocol::DeviceId;
use tempfile::TempDir;

use super::*;
use crate::population::population;

fn seed() -> Seed {
    Seed::root(1)
}

fn serials(count: usize) -> Vec<SerialNumber> {
    let fleet = population(count, seed());
    fleet.into_iter().map(|spec| spec.facts.serial).collect()
}

fn device() -> Device {
    Device::new(population(1, seed()).remove(0), seed())
}

fn credentials() -> Credentials {
    Credentials {
        pkcs8: vec![1, 2, 3],
        grant: Some(Grant { device: DeviceId::from_bytes([7; 16]), certificate: vec![4, 5, 6] }),
    }
}

fn whole_change(index: usize) -> Change {
    Change {
        index,
        snapshot: Some(encode_at_rest(&device()).unwrap()),
        identity: IdentityChange::Set(encode_at_rest(&credentials()).unwrap()),
    }
}

async fn write(dir: &TempDir, changes: Vec<Change>) {
    let folder = StateFolder::open(dir.path(), seed()).unwrap();
    let writer = folder.into_writer(ActivationRecords::default()).unwrap();
    let handle = writer.handle();
    for change in changes {
        handle.write(change).await.unwrap();
    }
    drop(handle);
    writer.finish();
}

#[tokio::test]
async fn a_device_is_read_back_with_its_identity() {
    let dir = TempDir::new().unwrap();
    write(&dir, vec![whole_change(1)]).await;
    let folder = StateFolder::open(dir.path(), seed()).unwrap();
    let mut kept = folder.load(&serials(3)).unwrap();
    let found = kept.remove(&1).unwrap();
    assert_eq!(found.device.as_deref(), Some(&device()));
    assert_eq!(found.credentials, Some(credentials()));
    assert!(kept.is_empty());
}

#[tokio::test]
async fn a_forgotten_identity_is_gone_and_the_device_stays() {
    let dir = TempDir::new().unwrap();
    let forget = Change { index: 1, snapshot: None, identity: IdentityChange::Remove };
    write(&dir, vec![whole_change(1), forget]).await;
    let folder = StateFolder::open(dir.path(), seed()).unwrap();
    let found = folder.load(&serials(2)).unwrap().remove(&1).unwrap();
    assert!(found.device.is_some());
    assert_eq!(found.credentials, None);
}

#[test]
fn a_folder_of_another_version_is_refused_with_what_to_do() {
    let folder = Folder::new(seed(), Duration::ZERO).of_layout(1);
    let refused = folder.check(seed()).unwrap_err();
    assert!(matches!(refused, StateError::OtherLayout { found: 1, .. }));
    assert!(refused.to_string().contains("use that version, or another folder"));
}

#[tokio::test]
async fn a_file_left_by_a_killed_process_opens_with_all_that_was_answered() {
    let (dir, after_kill) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let folder = StateFolder::open(dir.path(), seed()).unwrap();
    let writer = folder.into_writer(ActivationRecords::default()).unwrap();
    let handle = writer.handle();
    handle.write(whole_change(0)).await.unwrap();
    // A copy of the file while it is open is what a kill leaves: never closed, not marked clean.
    fs::copy(dir.path().join(FILE), after_kill.path().join(FILE)).unwrap();
    let folder = StateFolder::open(after_kill.path(), seed()).unwrap();
    let found = folder.load(&serials(1)).unwrap().remove(&0).unwrap();
    assert_eq!(found.credentials, Some(credentials()));
    drop(handle);
    writer.finish();
}

#[test]
fn a_kill_while_the_file_is_made_leaves_a_folder_that_can_be_used() {
    let dir = TempDir::new().unwrap();
    fs::write(dir.path().join(FILE_IN_THE_MAKING), b"half a file").unwrap();
    let folder = StateFolder::open(dir.path(), seed()).unwrap();
    assert!(folder.load(&serials(1)).unwrap().is_empty());
}

#[test]
fn only_the_owner_may_read_keys() {
    let dir = TempDir::new().unwrap();
    let nested = dir.path().join("fleet");
    drop(StateFolder::open(&nested, seed()).unwrap());
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&nested.join(FILE)), FILE_MODE);
    assert_eq!(mode(&nested), FOLDER_MODE);
}

#[test]
fn a_folder_of_another_seed_is_refused() {
    let dir = TempDir::new().unwrap();
    drop(StateFolder::open(dir.path(), seed()).unwrap());
    let refused = StateFolder::open(dir.path(), Seed::root(2));
    assert!(matches!(refused, Err(StateError::OtherSeed)));
}

#[test]
fn a_folder_of_another_population_is_refused_and_stays_as_it_is() {
    let dir = TempDir::new().unwrap();
    let folder = StateFolder::open(dir.path(), seed()).unwrap();
    let ours = serials(3);
    folder.load(&ours).unwrap();
    let mut other = ours.clone();
    other[1] = "OTHER1".parse().unwrap();
    let refused = folder.load(&other);
    assert!(matches!(refused, Err(StateError::OtherPopulation { index: 1, .. })));
    assert!(folder.load(&ours).is_ok());
}

#[test]
fn a_fleet_may_grow_and_shrink_in_one_folder() {
    let dir = TempDir::new().unwrap();
    let folder = StateFolder::open(dir.path(), seed()).unwrap();
    for count in [2, 5, 1] {
        assert!(folder.load(&serials(count)).is_ok());
    }
}

#[test]
fn a_folder_in_use_is_said_to_be() {
    let dir = TempDir::new().unwrap();
    let _open = StateFolder::open(dir.path(), seed()).unwrap();
    let refused = StateFolder::open(dir.path(), seed());
    assert!(matches!(refused, Err(StateError::InUse)));
}
