//! What a store does on a disk that something ails.

use std::error::Error as _;
use std::time::{Duration, Instant};

use muster_store::{CommitError, Store};
use tokio::task::JoinSet;

use crate::sample::open;

#[tokio::test]
async fn a_full_disk_refuses_every_commit_and_loses_none_that_was_durable() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder.path().join("muster.db"));
    store.set_meta("before", "1").await.unwrap();

    store.disk().fill();
    let failure = store.set_meta("during", "1").await.unwrap_err();
    assert!(matches!(failure, CommitError::Failed { .. }), "{failure:?}");
    assert!(failure.source().unwrap().to_string().contains("full"), "{failure:?}");
    assert_eq!(store.meta("before").await.unwrap().as_deref(), Some("1"));
    assert_eq!(store.meta("during").await.unwrap(), None);

    store.disk().make_room();
    store.set_meta("after", "1").await.unwrap();
    assert_eq!(store.meta("after").await.unwrap().as_deref(), Some("1"));
}

#[tokio::test]
async fn a_slow_disk_makes_commits_wait_and_share_their_flush() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder.path().join("muster.db"));
    let (delay, began) = (Duration::from_millis(50), Instant::now());
    store.disk().slow(delay);
    commit_many(&store, 200).await;
    assert!(began.elapsed() >= delay, "{:?}", began.elapsed());
    // The first may be alone; whatever came while it waited goes together.
    assert!(store.groups() <= 5, "{} groups", store.groups());

    let groups = store.groups();
    store.disk().slow(Duration::ZERO);
    commit_many(&store, 1).await;
    assert_eq!(store.groups(), groups + 1);
}

async fn commit_many(store: &Store, count: usize) {
    let mut commits = JoinSet::new();
    for number in 0..count {
        let store = store.clone();
        commits.spawn(async move { store.set_meta(&number.to_string(), "1").await });
    }
    for outcome in commits.join_all().await {
        assert!(outcome.is_ok(), "{outcome:?}");
    }
}
