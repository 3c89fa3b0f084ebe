//! What server and fleet count, as Prometheus reads it.
//!
//! Nothing is counted here and nothing is counted twice: a [`Source`] reads, when somebody asks,
//! what its owner counts anyway. Documentation, dashboards and alert rules are held against the page
//! that comes of it.
//!
//! ```text
//! GET /metrics --MetricsFace--> page --> Source::read, Source::read, ... --> OpenMetrics text
//! ```
//!
//! Source: OpenMetrics 1.0, the text format; Prometheus' practices for names and base units.

mod distribution;
mod face;
mod family;
mod metric;
mod page;
mod process;

pub use distribution::{BOUNDS, Distribution};
pub use face::{MetricsError, MetricsFace, Reach};
pub use family::{Family, Sample, Value};
pub use metric::{Kind, Metric};
pub use page::{Source, page};
pub use process::ProcessSource;
