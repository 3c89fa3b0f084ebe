//! Promises both kinds of store keep.

use std::error::Error as _;

use muster_control::{
    Action, COMMAND_LIFETIME, CommandState, DeviceRecord, KeyFingerprint, NewCommand, Readings,
    TemporaryPasscode, TokenUse,
};
use muster_protocol::secret::Passcode;
use muster_protocol::{Attempt, DeviceId, SerialNumber, Timestamp};
use muster_store::{
    CommitError, Counts, DeviceWrite, DocumentPage, DocumentWrite, LoadError, Revision,
    StateCounts, Transaction,
};

use crate::sample::{
    command, command_id, create, device, devices, distinct, ended, id, put, put_document,
    put_token, replace, stores, token, tokens, touch,
};

#[tokio::test]
async fn a_record_is_read_back_as_it_was_written() {
    for (kind, store, _folder) in stores() {
        let record = distinct(1);
        let revision = put(&store, create(&record)).await;
        let stored = store.load(id(1)).await.unwrap().unwrap();
        assert_eq!((stored.record, stored.revision), (record, revision), "{kind}");
        assert_eq!(store.load(id(2)).await.unwrap(), None, "{kind}");
    }
}

#[tokio::test]
async fn what_control_hands_out_can_be_written_as_it_is() {
    for (kind, store, _folder) in stores() {
        let mut record = distinct(1);
        let first = put(&store, create(&record)).await;
        submit(&mut record, 1);
        let writes = record.take_writes();
        put(&store, DeviceWrite::of(&record, Some(first), writes)).await;

        let mut stored = store.load(id(1)).await.unwrap().unwrap();
        submit(&mut stored.record, 2);
        let writes = stored.record.take_writes();
        put(&store, DeviceWrite::of(&stored.record, Some(stored.revision), writes)).await;

        let newest_first = store.history(id(1), 9).await.unwrap();
        let sequences: Vec<_> = newest_first.iter().map(|row| (row.id, row.sequence)).collect();
        assert_eq!(sequences, [(command_id(2), 2), (command_id(1), 1)], "{kind}");
    }
}

#[tokio::test]
async fn an_unchanged_body_still_moves_the_revision() {
    for (kind, store, _folder) in stores() {
        let record = distinct(1);
        let first = put(&store, create(&record)).await;
        let second = put(&store, touch(id(1), first, Vec::new())).await;
        assert!(second > first, "{kind}");
        let stored = store.load(id(1)).await.unwrap().unwrap();
        assert_eq!((stored.record, stored.revision), (record, second), "{kind}");
    }
}

#[tokio::test]
async fn a_conflict_leaves_nothing_behind() {
    for (kind, store, _folder) in stores() {
        let first = put(&store, create(&distinct(1))).await;
        put(&store, touch(id(1), first, Vec::new())).await;
        let before = store.load(id(1)).await.unwrap();
        let stale = vec![
            create(&distinct(2)),
            DeviceWrite { commands: vec![command(1, id(1), 1)], ..replace(&distinct(1), first) },
        ];
        let transaction = Transaction {
            devices: stale,
            tokens: vec![put_token(TokenUse::OneTime, None)],
            documents: vec![put_document("a", "one")],
        };
        let outcome = store.commit(transaction).await;
        assert!(is_conflict(&outcome, id(1)), "{kind}: {outcome:?}");
        assert_eq!(store.load(id(1)).await.unwrap(), before, "{kind}");
        assert_eq!(store.load(id(2)).await.unwrap(), None, "{kind}");
        assert_eq!(store.command(command_id(1)).await.unwrap(), None, "{kind}");
        assert_eq!(store.tokens().await.unwrap(), [], "{kind}");
        assert_eq!(store.counts().await.unwrap().accepted, 0, "{kind}");
        assert_eq!(store.document("note", "a").await.unwrap(), None, "{kind}");
    }
}

#[tokio::test]
async fn documents_are_read_in_the_order_of_their_ids_and_in_both_directions() {
    for (kind, store, _folder) in stores() {
        let other = DocumentWrite { kind: "other", ..put_document("b2", "not asked for") };
        let documents = vec![put_document("b", "2"), other, put_document("a", "1")];
        store.commit(Transaction { documents, ..Transaction::default() }).await.unwrap();
        let documents = vec![put_document("c", "3"), put_document("b", "2 again")];
        store.commit(Transaction { documents, ..Transaction::default() }).await.unwrap();

        let read = async |page| {
            let found = store.documents("note", page, 2).await.unwrap();
            found.into_iter().map(|(id, body)| format!("{id}={body}")).collect::<Vec<_>>()
        };
        assert_eq!(read(DocumentPage::After(None)).await, ["a=1", "b=2 again"], "{kind}");
        assert_eq!(read(DocumentPage::After(Some("b".into()))).await, ["c=3"], "{kind}");
        assert_eq!(read(DocumentPage::Before(None)).await, ["c=3", "b=2 again"], "{kind}");
        assert_eq!(read(DocumentPage::Before(Some("b".into()))).await, ["a=1"], "{kind}");

        let gone = DocumentWrite { body: None, ..put_document("a", "") };
        let documents = vec![gone];
        store.commit(Transaction { documents, ..Transaction::default() }).await.unwrap();
        assert_eq!(read(DocumentPage::Before(Some("b".into()))).await, [""; 0], "{kind}");
    }
}

#[tokio::test]
async fn a_record_that_must_not_exist_yet_conflicts_with_one_that_does() {
    for (kind, store, _folder) in stores() {
        put(&store, create(&distinct(1))).await;
        let outcome = store.commit(devices(vec![create(&distinct(1))])).await;
        assert!(is_conflict(&outcome, id(1)), "{kind}: {outcome:?}");
    }
}

#[tokio::test]
async fn a_write_to_a_record_that_is_not_there_conflicts() {
    for (kind, store, _folder) in stores() {
        let bodyless = DeviceWrite { body: None, ..create(&distinct(1)) };
        let touched = touch(id(1), Revision::FIRST, Vec::new());
        for write in [bodyless, touched, replace(&distinct(1), Revision::FIRST)] {
            let outcome = store.commit(devices(vec![write])).await;
            assert!(is_conflict(&outcome, id(1)), "{kind}: {outcome:?}");
        }
        assert_eq!(store.counts().await.unwrap(), Counts::default(), "{kind}");
    }
}

#[tokio::test]
async fn enrolling_again_ends_the_old_life_and_uses_the_token_in_one_step() {
    let used = TokenUse::UsedBy(KeyFingerprint([9; 32]));
    for (kind, store, _folder) in stores() {
        let old = device(1, "SAME");
        let new = device(2, "SAME");
        put(&store, create(&old)).await;
        store.commit(tokens(vec![put_token(TokenUse::OneTime, None)])).await.unwrap();
        // The new life stands first: the order of the writes does not matter.
        let again = |expected| Transaction {
            devices: vec![create(&new), replace(&ended(old.clone()), Revision::FIRST)],
            tokens: vec![put_token(used, expected)],
            ..Transaction::default()
        };

        let refused = store.commit(again(None)).await;
        assert!(matches!(refused, Err(CommitError::TokenConflict)), "{kind}: {refused:?}");
        assert_eq!(holder(&store, "SAME").await, Some(id(1)), "{kind}");
        assert_eq!(store.load(id(2)).await.unwrap(), None, "{kind}");
        assert_eq!(store.load(id(1)).await.unwrap().unwrap().record, old, "{kind}");

        let revisions = store.commit(again(Some(Revision::FIRST))).await.unwrap();
        assert_eq!(revisions.iter().map(|r| r.number()).collect::<Vec<_>>(), [1, 2], "{kind}");
        assert_eq!(holder(&store, "SAME").await, Some(id(2)), "{kind}");
        let (stored, revision) = store.token([3; 32]).await.unwrap().unwrap();
        assert_eq!((stored, revision.number()), (token(used), 2), "{kind}");
    }
}

#[tokio::test]
async fn one_piece_of_hardware_is_enrolled_once_at_a_time() {
    for (kind, store, _folder) in stores() {
        put(&store, create(&device(1, "SAME"))).await;
        let outcome = store.commit(devices(vec![create(&device(2, "SAME"))])).await;
        assert!(is_conflict(&outcome, id(2)), "{kind}: {outcome:?}");

        put(&store, create(&ended(device(3, "SAME")))).await;
        let revived =
            store.commit(devices(vec![replace(&device(3, "SAME"), Revision::FIRST)])).await;
        assert!(is_conflict(&revived, id(3)), "{kind}: {revived:?}");

        let twins = vec![create(&device(4, "TWIN")), create(&device(5, "TWIN"))];
        let outcome = store.commit(devices(twins)).await;
        assert!(is_conflict(&outcome, id(5)), "{kind}: {outcome:?}");
        assert_eq!(holder(&store, "TWIN").await, None, "{kind}");
        assert_eq!(holder(&store, "SAME").await, Some(id(1)), "{kind}");
    }
}

#[tokio::test]
async fn live_commands_and_the_latest_of_each_action_are_restored() {
    for (kind, store, _folder) in stores() {
        let mut rows: Vec<_> = (1..=6).map(|n| command(n, id(1), n)).collect();
        rows[0].state = done();
        rows[1].state = CommandState::NotNow;
        rows[2].state = done();
        rows[3].state = done();
        rows[3].action = Action::Retire;
        rows[4].action = Action::Wipe { persist_esim_data_plan: true, keep_enrollment_data: false };
        rows[5].state = done();
        put(&store, create(&distinct(1))).await;
        put(&store, create(&distinct(2))).await;
        put(&store, touch(id(1), Revision::FIRST, rows.clone())).await;
        put(&store, touch(id(2), Revision::FIRST, vec![command(7, id(2), 1)])).await;

        let restored = store.load(id(1)).await.unwrap().unwrap().record;
        let kept: Vec<_> = restored.commands().cloned().collect();
        let wanted = [&rows[1], &rows[3], &rows[4], &rows[5]].map(Clone::clone);
        assert_eq!(kept, wanted, "{kind}");

        let newest = store.history(id(1), 2).await.unwrap();
        assert_eq!(newest, [rows[5].clone(), rows[4].clone()], "{kind}");
        assert_eq!(store.history(id(1), 100).await.unwrap().len(), 6, "{kind}");
        assert_eq!(store.command(command_id(4)).await.unwrap(), Some(rows[3].clone()), "{kind}");
        assert_eq!(store.command(command_id(8)).await.unwrap(), None, "{kind}");
    }
}

#[tokio::test]
async fn a_command_that_shows_a_passcode_is_restored_until_it_is_purged() {
    for (kind, store, _folder) in stores() {
        let mut rows = vec![command(1, id(1), 1), command(2, id(1), 2)];
        let value = Passcode::new("271828".to_owned());
        let shown_until = Timestamp::from_micros(50);
        let passcode = Some(TemporaryPasscode { value, shown_until });
        rows[0].state = CommandState::Done { passcode };
        rows[1].state = done();
        put(&store, DeviceWrite { commands: rows, ..create(&distinct(1)) }).await;

        let mut stored = store.load(id(1)).await.unwrap().unwrap();
        assert_eq!(stored.record.commands().count(), 2, "{kind}");
        stored.record.expire(shown_until);
        let writes = stored.record.take_writes();
        put(&store, DeviceWrite::of(&stored.record, Some(stored.revision), writes)).await;
        assert_eq!(store.command(command_id(1)).await.unwrap().unwrap().state, done(), "{kind}");
        let stored = store.load(id(1)).await.unwrap().unwrap();
        assert_eq!(stored.record.commands().count(), 1, "{kind}");
    }
}

#[tokio::test]
async fn a_command_written_again_takes_the_place_of_its_earlier_state() {
    for (kind, store, _folder) in stores() {
        let first = put(&store, create(&distinct(1))).await;
        let mut row = command(1, id(1), 1);
        let second = put(&store, touch(id(1), first, vec![row.clone()])).await;
        row.state = CommandState::InFlight;
        row.attempt = Attempt::new(1);
        put(&store, touch(id(1), second, vec![row.clone()])).await;
        assert_eq!(store.history(id(1), 9).await.unwrap(), [row], "{kind}");
    }
}

#[tokio::test]
async fn a_command_never_overwrites_another() {
    for (kind, store, _folder) in stores() {
        let rows = vec![command(1, id(1), 1), command(2, id(1), 2)];
        put(&store, DeviceWrite { commands: rows, ..create(&distinct(1)) }).await;
        put(&store, create(&distinct(2))).await;
        let same_sequence = touch(id(1), Revision::FIRST, vec![command(3, id(1), 1)]);
        let same_id = touch(id(1), Revision::FIRST, vec![command(1, id(1), 3)]);
        let both_taken = touch(id(1), Revision::FIRST, vec![command(2, id(1), 1)]);
        let elsewhere = touch(id(2), Revision::FIRST, vec![command(1, id(2), 1)]);
        let foreign = touch(id(2), Revision::FIRST, vec![command(4, id(1), 3)]);
        for write in [same_sequence, same_id, both_taken, elsewhere, foreign] {
            let outcome = store.commit(devices(vec![write])).await.unwrap_err();
            assert!(matches!(outcome, CommitError::Failed { .. }), "{kind}: {outcome:?}");
            assert!(outcome.source().unwrap().to_string().contains("another"), "{kind}");
        }
        assert_eq!(store.counts().await.unwrap().accepted, 2, "{kind}");
        assert_eq!(store.load(id(1)).await.unwrap().unwrap().revision, Revision::FIRST, "{kind}");
    }
}

#[tokio::test]
async fn pages_follow_each_other_without_gap_or_overlap() {
    for (kind, store, _folder) in stores() {
        for number in [5, 3, 1, 4, 2] {
            let rows = vec![command(number, id(number), 1)];
            put(&store, DeviceWrite { commands: rows, ..create(&distinct(number)) }).await;
        }
        let (mut after, mut seen) = (None, Vec::new());
        loop {
            let page = store.load_all(after, 2).await.unwrap();
            assert!(page.len() <= 2, "{kind}");
            let Some(last) = page.last() else { break };
            after = Some(last.record.id);
            assert!(page.iter().all(|stored| stored.record.commands().count() == 1), "{kind}");
            seen.extend(page.into_iter().map(|stored| stored.record.id));
        }
        assert_eq!(seen, [1, 2, 3, 4, 5].map(id), "{kind}");
    }
}

#[tokio::test]
async fn counts_cover_every_command_ever_accepted() {
    for (kind, store, _folder) in stores() {
        let mut rows: Vec<_> = (1..=4).map(|n| command(n, id(1), n)).collect();
        rows[0].state = done();
        rows[1].state = CommandState::InFlight;
        rows[2].state = CommandState::Failed { errors: Vec::new() };
        put(&store, DeviceWrite { commands: rows, ..create(&distinct(1)) }).await;
        put(&store, create(&ended(distinct(2)))).await;
        let by_state =
            StateCounts { queued: 1, in_flight: 1, done: 1, failed: 1, ..StateCounts::default() };
        let wanted = Counts { devices: 2, enrolled: 1, accepted: 4, terminal: 2, by_state };
        assert_eq!(store.counts().await.unwrap(), wanted, "{kind}");
    }
}

#[tokio::test]
async fn a_token_is_guarded_by_its_revision() {
    for (kind, store, _folder) in stores() {
        let fresh = || tokens(vec![put_token(TokenUse::OneTime, None)]);
        store.commit(fresh()).await.unwrap();
        let outcome = store.commit(fresh()).await;
        assert!(matches!(outcome, Err(CommitError::TokenConflict)), "{kind}: {outcome:?}");
        let wanted = (token(TokenUse::OneTime), Revision::FIRST);
        assert_eq!(store.token([3; 32]).await.unwrap(), Some(wanted.clone()), "{kind}");
        assert_eq!(store.token([4; 32]).await.unwrap(), None, "{kind}");
        assert_eq!(store.tokens().await.unwrap(), [wanted], "{kind}");
    }
}

#[tokio::test]
async fn a_value_beside_the_records_is_kept_and_replaced() {
    for (kind, store, _folder) in stores() {
        assert_eq!(store.meta("epoch").await.unwrap(), None, "{kind}");
        store.set_meta("epoch", "1").await.unwrap();
        store.set_meta("epoch", "2").await.unwrap();
        assert_eq!(store.meta("epoch").await.unwrap().as_deref(), Some("2"), "{kind}");
    }
}

#[tokio::test]
async fn a_closed_store_says_so_to_every_clone() {
    for (kind, store, _folder) in stores() {
        let clone = store.clone();
        store.close().await;
        let outcome = clone.commit(devices(vec![create(&distinct(1))])).await;
        assert!(matches!(outcome, Err(CommitError::Closed)), "{kind}: {outcome:?}");
        let outcome = clone.load(id(1)).await;
        assert!(matches!(outcome, Err(LoadError::Closed)), "{kind}: {outcome:?}");
        clone.close().await;
    }
}

#[tokio::test]
async fn secrets_do_not_show_in_a_transaction() {
    let write = create(&distinct(1));
    assert!(format!("{write:?}").contains("DeviceRow"));
    assert!(!format!("{write:?}").contains("unlock_token"));
}

fn is_conflict(outcome: &Result<Vec<Revision>, CommitError>, wanted: DeviceId) -> bool {
    matches!(outcome, Err(CommitError::Conflict { device }) if *device == wanted)
}

fn submit(record: &mut DeviceRecord, number: u64) {
    let command = NewCommand {
        id: command_id(number),
        action: Action::RemoteLock,
        lifetime: COMMAND_LIFETIME,
    };
    let accepted = record.submit(Timestamp::ZERO, command, &Readings::default());
    accepted.expect("a command an enrolled device can take");
}

fn done() -> CommandState {
    CommandState::Done { passcode: None }
}

async fn holder(store: &muster_store::Store, serial: &str) -> Option<DeviceId> {
    let serial: SerialNumber = serial.parse().expect("a serial number");
    store.enrolled_by_serial(&serial).await.expect("an answer")
}
