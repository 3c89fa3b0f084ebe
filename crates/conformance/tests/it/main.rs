//! What holds for all cases together, and between the catalogue and the pages it comes from.

mod catalogue;
mod coverage;
