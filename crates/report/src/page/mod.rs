//! A report as one page that needs nothing else: no network, no script.

mod curves;
mod timeline;
mod waterfall;

use askama::Template as _;
use muster_scenario::Stage;

use crate::diff::{Diff, diff};
use crate::funnel::Step;
use crate::legend::PhaseRole;
use crate::numbers::{self, count};
use crate::run_report::{RestoreError, RunReport};
use crate::told;

use curves::{Curves, EventCurve};
use timeline::Timeline;
use waterfall::{Bar, CommandRow};

/// The colours of every page of muster, light and dark, as a style sheet.
///
/// A page puts it before its own style. It is chosen by the browser, or by whichever of the inputs
/// `scheme-light` and `scheme-dark` the page has and its reader checks.
pub const PALETTE: &str = include_str!("../../templates/palette.css");

/// A report that cannot be drawn.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// It contradicts itself.
    #[error("failed to read what the report measured")]
    Restore(#[from] RestoreError),
    /// The template could not be filled.
    #[error("failed to fill the page")]
    Template(#[from] askama::Error),
}

/// The page as its template sees it.
#[derive(askama::Template)]
#[template(path = "report.html")]
struct Page<'a> {
    report: &'a RunReport,
    bars: Vec<Bar>,
    commands: Vec<CommandRow>,
    percentiles: Option<Curves>,
    timeline: Timeline,
    events: Vec<EventCurve>,
    funnel: Vec<FunnelRow>,
    baseline: Option<Diff>,
}

/// One step of the funnel.
struct FunnelRow {
    name: &'static str,
    commands: String,
    share: f64,
    class: &'static str,
}

impl RunReport {
    /// The report as one HTML file, compared with a baseline if there is one.
    ///
    /// # Errors
    /// [`PageError`] if a report contradicts itself.
    pub fn page(&self, baseline: Option<&Self>) -> Result<String, PageError> {
        let recorder = self.recorder()?;
        let events = self.events.iter().map(curves::event).collect::<Result<_, _>>();
        let page = Page {
            report: self,
            bars: waterfall::bars(&self.latency_ms),
            commands: waterfall::commands(&recorder),
            percentiles: curves::percentiles(&recorder),
            timeline: Timeline::of(self),
            events: events.map_err(RestoreError::Histogram)?,
            funnel: funnel(self),
            baseline: baseline.map(|baseline| diff(baseline, self)).transpose()?,
        };
        Ok(page.render()?)
    }
}

fn funnel(report: &RunReport) -> Vec<FunnelRow> {
    let planned = report.funnel.planned.max(1) as f64;
    let steps = Step::ALL.into_iter().map(|(step, name)| (step, name, report.funnel.at(step)));
    let rows = steps.filter(|(step, _name, commands)| *commands > 0 || is_of_interest(*step));
    rows.map(|(step, name, commands)| FunnelRow {
        name,
        commands: count(commands),
        share: (commands as f64 / planned * 100.0).min(100.0),
        class: class(step),
    })
    .collect()
}

/// Steps that are shown even if no command reached them: that none did is worth knowing.
const fn is_of_interest(step: Step) -> bool {
    match step {
        Step::Planned
        | Step::Dropped
        | Step::Queued
        | Step::Delivered
        | Step::Acknowledged
        | Step::Stored
        | Step::Error
        | Step::Lost => true,
        Step::Refused
        | Step::Pushed
        | Step::NotNow
        | Step::Expired
        | Step::Cancelled
        | Step::TimedOut => false,
    }
}

const fn class(step: Step) -> &'static str {
    match step {
        Step::Dropped | Step::Refused | Step::Error | Step::TimedOut | Step::Lost => "bad",
        Step::NotNow | Step::Expired | Step::Cancelled => "other",
        Step::Planned | Step::Queued | Step::Pushed | Step::Delivered | Step::Acknowledged => {
            "quiet"
        }
        Step::Stored => "good",
    }
}

/// Whether a stage is a stretch of the way, and not the sum of others.
pub(crate) const fn is_stretch(stage: Stage) -> bool {
    !matches!(stage, Stage::Total | Stage::Service)
}
