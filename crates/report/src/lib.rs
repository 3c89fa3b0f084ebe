//! Histograms, summaries and tables: what a run has to say for itself.
//!
//! Latency is recorded in microseconds and told as quantiles, never averaged. A [`Recorder`] is
//! what a load run measures into, a [`RunReport`] what it finds out.

mod by_stage;
mod diff;
mod error_code;
mod files;
mod funnel;
mod hlog;
mod journey;
mod judge;
mod junit;
mod latency;
mod legend;
mod numbers;
mod page;
mod plot;
mod recorder;
mod run_report;
mod table;
mod told;

pub use by_stage::ByStage;
pub use diff::{Change, Diff, Meaning, ThresholdChange, diff};
pub use error_code::{ErrorClass, ErrorCode, ParseErrorCodeError};
pub use files::{PAGE_FILE, REPORT_FILE};
pub use funnel::{Funnel, Step};
pub use journey::Journey;
pub use judge::{Ends, Evidence, Judged, Judgement, Outcome, Reason, Unit, judge};
pub use latency::{Bound, Latency, LatencySummary, Quantile};
pub use legend::{
    CommandIndex, EventIndex, EventKind, EventLegend, Label, Legend, PhaseIndex, PhaseLegend,
    PhaseRole,
};
pub use muster_scenario::Stage;
pub use page::{PALETTE, PageError};
pub use recorder::{Connect, Gauges, Look, Recorder, Share, Slow, Who};
pub use run_report::{
    Commands, Ending, ErrorReport, EventReport, FORMAT, FaultReport, Figures, Fleet,
    GeneratorReport, Header, Histogram, HistogramError, Host, Intervention, Measured, MergeError,
    PhaseReport, PlatformName, READ_BYTES_MAX, ReadError, RestoreError, RunReport, SeriesReport,
    ServerReport, ShardOf, SliceFigures, SliceReport, SlicesReport, SlowReport, Through, Verdict,
    Vitals, Waypoints, merge, schema,
};
pub use table::Table;
