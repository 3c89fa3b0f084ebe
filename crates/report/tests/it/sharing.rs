//! Shares of a run that goes on, added up.

use muster_report::Share;
use proptest::prelude::*;

use crate::sample::{self, ms};

/// In the steady phase, with a slice of time before it that has samples.
const NOW_MS: u64 = 40_500;

fn shares() -> [Share; 2] {
    [1, 2].map(|index| sample::shard("", index).recorder.share(ms(NOW_MS)))
}

fn sent(share: &Share) -> Share {
    serde_json::from_str(&serde_json::to_string(share).expect("numbers are JSON")).expect("a share")
}

#[test]
fn shares_added_up_look_as_one_recorder_of_everything_does() {
    let [mut sum, other] = shares();
    sum.add(&other);
    let mut whole = sample::measured("").recorder.look(ms(NOW_MS));
    // Each recorder of the sample has failures of its own.
    whole.errors.iter_mut().for_each(|(_code, count)| *count *= 2);
    whole.connect_failures *= 2;
    assert_eq!(sum.look(), whole);
    assert!(whole.recent.count > 0 && !whole.errors.is_empty(), "there is something to add");
}

#[test]
fn a_share_is_the_same_after_it_was_sent_and_adds_up_the_same() {
    let [mut sum, other] = shares();
    assert_eq!(sent(&sum), sum);
    let mut of_sent = sent(&sum);
    of_sent.add(&sent(&other));
    sum.add(&other);
    assert_eq!(of_sent, sum);
}

#[test]
fn of_a_share_that_has_ended_nothing_is_recent_and_nothing_else_is_lost() {
    let [mut share, _other] = shares();
    let before = share.look();
    share.rest();
    let after = share.look();
    assert_eq!((after.recent.count, after.recent_terminal), (0, 0));
    assert_eq!((after.funnel, after.total, after.lag), (before.funnel, before.total, before.lag));
}

#[test]
fn a_share_is_small_enough_to_be_sent_every_second() {
    let bytes = serde_json::to_string(&shares()[0]).unwrap().len();
    assert!(bytes < 16 * 1_024, "{bytes} bytes");
}

proptest! {
    #[test]
    fn no_text_makes_reading_a_share_panic(text in r#"\{("(funnel|total|lag|errors|recent_us)": ?(\{("v2": ?"[A-Za-z0-9+/=]{0,80}")?\}|[0-9]{1,20}),?){0,4}\}"#) {
        drop(serde_json::from_str::<Share>(&text));
    }

    #[test]
    fn a_share_whose_text_was_changed_is_read_or_refused(at in any::<prop::sample::Index>(), byte in b' '..=b'~') {
        let mut text = serde_json::to_string(&shares()[0]).unwrap().into_bytes();
        let at = at.index(text.len());
        text[at] = byte;
        drop(serde_json::from_slice::<Share>(&text).map(|share| share.look()));
    }
}
