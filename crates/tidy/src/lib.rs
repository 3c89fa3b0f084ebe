//! The house rules, as tests.
//!
//! Each module holds one group of rules as functions from the [`Tree`] of files to the
//! [`Finding`]s in it. The rules run in `tests/it`; the unit tests beside them show that each
//! finds what it is for.

pub mod behaviour;
pub mod commands;
pub mod conduct;
pub mod docs;
pub mod finding;
pub mod layering;
pub mod manifest;
pub mod ownership;
pub mod places;
pub mod purity;
pub mod requirements;
pub mod size;
pub mod source;
pub mod tree;

pub use finding::Finding;
pub use tree::Tree;
