//! What a run does not see of a server that is not its own, said and never guessed.

use super::collect::Collected;
use super::lost::Fates;
use super::order::Order;

/// What could not be seen, a sentence each.
pub(crate) fn of(order: &Order, fates: &Fates, collected: &Collected) -> Vec<String> {
    let mut unseen: Vec<String> = collected.unseen_levels.iter().cloned().collect();
    unseen.push(
        "when a command was durable: queued is when the Graph API had answered, stored when it \
         showed the end"
            .to_owned(),
    );
    let late_looks = collected.late_looks;
    if order.wakes_devices() {
        unseen
            .push("when the push service had taken a push: the stage pushed is missing".to_owned());
    }
    if late_looks > 0 {
        unseen.push(format!(
            "the moment at which {late_looks} commands were over, looked at too late: counted as \
             at least as long as until their answer"
        ));
    }
    unseen.extend(ends(fates));
    unseen
}

/// The ends that could not be seen.
fn ends(fates: &Fates) -> Vec<String> {
    let unseen = [
        (
            fates.over,
            "were over when the run was: expired or canceled without an answer, or answered and \
             not looked at before",
        ),
        (
            fates.replaced,
            "have made way for others: the Graph API shows of each kind the latest, and it was a \
             later one",
        ),
        (fates.untold, "were not told of: the server did not answer when the run was over"),
        (
            fates.not_taken,
            "were still being handed in when the run was over, and may be taken or not",
        ),
    ];
    let unseen = unseen.into_iter().filter(|(commands, _why)| *commands > 0);
    unseen.map(|(commands, why)| format!("the end of {commands} commands, which {why}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_end_that_was_not_seen_is_said_with_its_reason() {
        assert_eq!(ends(&Fates::default()), Vec::<String>::new());
        let told = ends(&Fates { over: 3, untold: 7, not_taken: 2, ..Fates::default() });
        assert_eq!(told.len(), 3, "{told:?}");
        assert!(told[0].starts_with("the end of 3 commands") && told[0].contains("expired"));
        assert!(told[1].starts_with("the end of 7 commands") && told[1].contains("answer"));
        assert!(told[2].starts_with("the end of 2 commands") && told[2].contains("handed in"));
    }
}
