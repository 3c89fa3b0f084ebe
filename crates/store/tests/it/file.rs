//! Promises only a file can keep.

use std::error::Error as _;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::thread;

use muster_control::TokenUse;
use muster_store::{CommitError, DeviceWrite, LoadError, OpenError, Revision, Store};
use rusqlite::Connection;
use tokio::task::JoinSet;

use crate::sample::{command, create, devices, distinct, id, open, put, put_token, tokens, touch};

#[tokio::test]
async fn a_file_opened_again_holds_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("muster.db");
    let store = open(&path);
    let rows = vec![command(1, id(1), 1)];
    put(&store, DeviceWrite { commands: rows, ..create(&distinct(1)) }).await;
    store.commit(tokens(vec![put_token(TokenUse::Reusable, None)])).await.unwrap();
    store.set_meta("epoch", "7").await.unwrap();
    let before = (
        store.load_all(None, 9).await.unwrap(),
        store.tokens().await.unwrap(),
        store.counts().await.unwrap(),
    );
    store.close().await;

    let store = open(&path);
    let after = (
        store.load_all(None, 9).await.unwrap(),
        store.tokens().await.unwrap(),
        store.counts().await.unwrap(),
    );
    assert_eq!(after, before);
    assert_eq!(store.meta("epoch").await.unwrap().as_deref(), Some("7"));
}

#[tokio::test]
async fn a_thousand_concurrent_commits_all_land_in_fewer_groups() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder.path().join("muster.db"));
    let mut commits = JoinSet::new();
    for number in 0..1_000 {
        let store = store.clone();
        commits.spawn(async move { store.commit(devices(vec![create(&distinct(number))])).await });
    }
    for outcome in commits.join_all().await {
        assert_eq!(outcome.unwrap(), [Revision::FIRST]);
    }
    assert_eq!(store.counts().await.unwrap().devices, 1_000);
    assert!(store.groups() < 1_000, "{} groups", store.groups());
}

#[tokio::test]
async fn a_conflict_does_not_spoil_the_others_of_its_group() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder.path().join("muster.db"));
    put(&store, create(&distinct(0))).await;
    let mut commits = JoinSet::new();
    for number in 0..200 {
        let store = store.clone();
        // Every other one writes to the same record on the same revision: one can win.
        let write = if number % 2 == 0 {
            touch(id(0), Revision::FIRST, vec![command(number + 1, id(0), number + 1)])
        } else {
            create(&distinct(number))
        };
        commits.spawn(async move { store.commit(devices(vec![write])).await });
    }
    let (won, lost): (Vec<_>, Vec<_>) =
        commits.join_all().await.into_iter().partition(Result::is_ok);
    assert_eq!((won.len(), lost.len()), (101, 99));
    assert!(lost.iter().all(|loss| matches!(loss, Err(CommitError::Conflict { .. }))));
    let counts = store.counts().await.unwrap();
    assert_eq!((counts.devices, counts.accepted), (101, 1));
}

#[tokio::test]
async fn commits_that_wait_when_the_store_closes_still_land() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("muster.db");
    let store = open(&path);
    let mut commits = JoinSet::new();
    for number in 0..50 {
        let store = store.clone();
        commits.spawn(async move { store.commit(devices(vec![create(&distinct(number))])).await });
    }
    // On this one-threaded runtime the tasks run when this one waits: they come before or after
    // the wish to close, and each is told which.
    tokio::task::yield_now().await;
    store.close().await;
    let landed = commits.join_all().await.into_iter().filter(Result::is_ok).count() as u64;
    assert_eq!(open(&path).counts().await.unwrap().devices, landed);
}

#[tokio::test]
async fn only_the_owner_can_read_the_file_and_what_lies_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("muster.db");
    let store = open(&path);
    put(&store, create(&distinct(1))).await;
    for suffix in ["", "-wal", "-shm"] {
        assert_eq!(mode(&folder.path().join(format!("muster.db{suffix}"))), 0o600, "{suffix:?}");
    }
}

#[tokio::test]
async fn a_file_open_to_others_is_closed_to_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("muster.db");
    fs::write(&path, "").unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
    let _store = open(&path);
    assert_eq!(mode(&path), 0o600);
}

#[tokio::test]
async fn a_file_of_something_else_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("muster.db");
    let text = "this is no database\n".repeat(1_000);
    fs::write(&path, &text).unwrap();
    let refusal = Store::sqlite(&path).unwrap_err();
    assert!(matches!(refusal, OpenError::NotAStore { .. }), "{refusal:?}");
    assert!(refusal.to_string().ends_with("is not a muster store, or is damaged"), "{refusal}");
    assert!(refusal.source().unwrap().to_string().contains("not a database"));
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
}

#[tokio::test]
async fn a_file_with_a_damaged_first_page_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("muster.db");
    open(&path).close().await;
    let mut bytes = fs::read(&path).unwrap();
    bytes[100..8192].fill(0xff);
    fs::write(&path, bytes).unwrap();
    let refusal = Store::sqlite(&path).unwrap_err();
    assert!(matches!(refusal, OpenError::NotAStore { .. }), "{refusal:?}");
}

#[tokio::test]
async fn a_path_that_cannot_be_a_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let refusal = Store::sqlite(folder.path()).unwrap_err();
    assert!(matches!(refusal, OpenError::NotAFile { .. }), "{refusal:?}");
    let refusal = Store::sqlite(&folder.path().join("absent/muster.db")).unwrap_err();
    assert!(matches!(refusal, OpenError::Create { .. }), "{refusal:?}");
}

#[tokio::test]
async fn a_file_of_a_newer_schema_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("muster.db");
    open(&path).close().await;
    let history = "INSERT INTO refinery_schema_history (version, name, applied_on, checksum)
                   VALUES (99, 'later', '2030-01-01T00:00:00Z', '1')";
    Connection::open(&path).unwrap().execute(history, []).unwrap();
    let refusal = Store::sqlite(&path).unwrap_err();
    assert!(matches!(refusal, OpenError::NewerSchema { found: 99, known: 2, .. }), "{refusal:?}");
    assert!(refusal.to_string().ends_with("use a newer muster"), "{refusal}");
}

#[tokio::test]
async fn a_file_of_the_first_schema_is_brought_up_to_date_with_its_records() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("muster.db");
    let store = open(&path);
    put(&store, create(&distinct(1))).await;
    store.close().await;
    let undo = "DROP TABLE documents; DELETE FROM refinery_schema_history WHERE version = 2";
    Connection::open(&path).unwrap().execute_batch(undo).unwrap();
    let store = open(&path);
    assert!(store.load(id(1)).await.unwrap().is_some());
    assert_eq!(store.document("note", "a").await.unwrap(), None);
}

#[tokio::test]
async fn an_edited_row_is_reported_without_quoting_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("muster.db");
    let store = open(&path);
    let rows = vec![command(1, id(1), 1)];
    put(&store, DeviceWrite { commands: rows, ..create(&distinct(1)) }).await;
    let edit = "UPDATE devices SET body = replace(body, '\"escrow\":{', '\"escrow\":\"271828\",{');
                UPDATE commands SET state = 'lost'";
    Connection::open(&path).unwrap().execute_batch(edit).unwrap();
    let refusal = store.load(id(1)).await.unwrap_err();
    assert!(matches!(refusal, LoadError::Corrupt { what: "device", .. }), "{refusal:?}");
    assert!(!format!("{refusal:?} {}", refusal.source().unwrap()).contains("271828"));
    let refusal = store.counts().await.unwrap_err();
    assert!(matches!(refusal, LoadError::Corrupt { what: "command", .. }), "{refusal:?}");
}

#[tokio::test]
async fn two_handles_on_one_file_see_each_others_commits() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("muster.db");
    let (server, tool) = (open(&path), open(&path));
    assert_eq!(server.tokens().await.unwrap(), []);
    tool.commit(tokens(vec![put_token(TokenUse::OneTime, None)])).await.unwrap();
    assert_eq!(server.tokens().await.unwrap().len(), 1);
    let stale = server.commit(tokens(vec![put_token(TokenUse::OneTime, None)])).await;
    assert!(matches!(stale, Err(CommitError::TokenConflict)), "{stale:?}");
    tool.close().await;
    put(&server, create(&distinct(1))).await;
}

#[test]
fn a_new_file_can_be_opened_by_several_at_once() {
    let folder = tempfile::tempdir().unwrap();
    for round in 0..10 {
        let path = folder.path().join(format!("{round}.db"));
        thread::scope(|scope| {
            for _opener in 0..4 {
                scope.spawn(|| open(&path));
            }
        });
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("a file").permissions().mode() & 0o777
}
