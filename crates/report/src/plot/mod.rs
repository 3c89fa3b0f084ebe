//! What every chart is made of: scales, ticks and paths. Colours are the style sheet's.

mod path;
mod scale;

pub(crate) use path::{area, line};
pub(crate) use scale::{Scale, Tick};
