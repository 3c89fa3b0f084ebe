//! What a run does not see of a server that is not its own, said and never guessed.

use super::lost::Fates;
use super::order::Order;

/// What could not be seen, a sentence each.
pub(crate) fn of(order: &Order, fates: &Fates, late_looks: u64) -> Vec<String> {
    let mut unseen = vec![
        "what the server took of memory and processor".to_owned(),
        "when a command was durable: queued is when the Graph API had answered, stored when it \
         showed the end"
            .to_owned(),
    ];
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
    if fates.untold > 0 {
        unseen.push(format!(
            "the end of {} commands: the Graph API shows of each kind the latest, and it was a \
             later one",
            fates.untold
        ));
    }
    unseen
}
