//! Numbers with their units, and what can be drawn.

mod bytes;
mod fixed;
mod percent;
mod rate;
mod span;
mod spread;
mod time_scale;
mod weighted;

pub(crate) use bytes::{bytes, bytes_per_hour};
pub(crate) use fixed::fixed;
pub use percent::{Percent, Quantile};
pub use rate::Rate;
pub use span::Span;
pub use spread::Spread;
pub(crate) use spread::exponential;
pub use time_scale::TimeScale;
pub use weighted::Weighted;
