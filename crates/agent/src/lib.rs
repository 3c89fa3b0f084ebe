//! The fleet: device tasks, pacing, reconnection, state across restarts.
