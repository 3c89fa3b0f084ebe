//! What a script is told next.

use std::collections::VecDeque;

use muster_conformance::script::Event;
use tokio::sync::mpsc::{self, Receiver, Sender};

/// How many events may wait for the script: readers wait when it is behind.
const EVENTS_MAX: usize = 1_024;

/// Answers of the runner itself, and behind them what happens on the connections.
pub(super) struct Inbox {
    ready: VecDeque<Event>,
    events: Receiver<Event>,
}

impl Inbox {
    /// An empty one, and where those put their events who watch a connection.
    pub(super) fn open() -> (Sender<Event>, Self) {
        let (told, events) = mpsc::channel(EVENTS_MAX);
        (told, Self { ready: VecDeque::new(), events })
    }

    /// The next event; for ever none if nothing happens.
    ///
    /// Cancel safe: yes.
    pub(super) async fn next(&mut self) -> Event {
        match self.ready.pop_front() {
            Some(event) => event,
            None => match self.events.recv().await {
                Some(event) => event,
                None => std::future::pending().await,
            },
        }
    }

    /// Puts an answer of the runner before everything else.
    pub(super) fn put(&mut self, event: Event) {
        self.ready.push_back(event);
    }

    /// Puts what something came to; its failure is the suite's own.
    pub(super) fn answer(&mut self, done: anyhow::Result<Event>) {
        self.put(done.unwrap_or_else(|error| Event::Trouble(format!("{error:#}"))));
    }

    /// Takes nothing more: who still tells something need not wait.
    pub(super) fn close(&mut self) {
        self.events.close();
    }
}
