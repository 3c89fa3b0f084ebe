//! Threads of their own for each side, so that what each uses of the processor can be told apart.

use std::future::Future;

use anyhow::Context as _;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio_util::task::TaskTracker;

use super::processors::{Threads, keep_to};

/// A runtime whose threads have a name.
#[derive(Debug)]
pub(crate) struct Room {
    /// `None` once it is closed.
    runtime: Option<Runtime>,
    remote: RoomHandle,
}

/// A way into a room for those outside.
#[derive(Clone, Debug)]
pub(crate) struct RoomHandle {
    handle: Handle,
    tasks: TaskTracker,
}

impl RoomHandle {
    /// Has something done in the room.
    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        drop(self.tasks.spawn_on(work, &self.handle));
    }
}

impl Room {
    /// Opens a room with so many threads in a half of the machine. Linux shows the first 15 letters
    /// of `name`.
    pub(crate) fn open(name: &'static str, threads: Threads) -> anyhow::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(threads.count.get())
            .thread_name(name)
            .on_thread_start(move || keep_to(threads))
            .enable_all()
            .build()
            .with_context(|| format!("failed to start the {name} threads"))?;
        let remote = RoomHandle { handle: runtime.handle().clone(), tasks: TaskTracker::new() };
        Ok(Self { runtime: Some(runtime), remote })
    }

    /// Does something in the room and waits for it.
    ///
    /// Cancel safe: yes; what was begun goes on in the room.
    pub(crate) async fn run<T, F>(&self, work: F) -> anyhow::Result<T>
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        let RoomHandle { handle, tasks } = &self.remote;
        tasks.spawn_on(work, handle).await.context("work of a room broke off")
    }

    /// Has something done in the room.
    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.remote.spawn(work);
    }

    /// A way in for those outside.
    pub(crate) fn remote(&self) -> RoomHandle {
        self.remote.clone()
    }
}

impl Drop for Room {
    /// What still runs is left to end by itself: a runtime may not be waited for on another.
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
