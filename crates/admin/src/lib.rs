//! The Microsoft-Graph-compatible admin API.
