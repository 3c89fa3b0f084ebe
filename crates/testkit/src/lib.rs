//! Helpers for tests that need both sides.
