//! Several targets side by side: which, and what is told of them.
//!
//! ```text
//! targets.toml --Entry--> verb, which plays or reads each --Matrix--> terminal, JSON, Markdown, page
//! ```

mod evidence;
mod files;
mod markdown;
mod page;
mod targets;
mod told;

pub(crate) use files::write;
pub(crate) use targets::{Entry, Own, Source, Targets};
pub(crate) use told::told;
