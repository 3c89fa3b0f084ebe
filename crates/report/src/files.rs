//! The files of a run's folder.

use crate::page::PageError;
use crate::run_report::RunReport;

/// Name of the report itself in a run's folder.
pub const REPORT_FILE: &str = "report.json";

/// Name of the page in a run's folder.
pub const PAGE_FILE: &str = "report.html";

impl RunReport {
    /// The files that a run's folder holds of its report, by name: the report, the page, JUnit,
    /// histograms, and the scenario as it was run.
    ///
    /// # Errors
    /// [`PageError`] if a report contradicts itself, which one just made does not.
    pub fn files(&self, baseline: Option<&Self>) -> Result<[(&'static str, String); 5], PageError> {
        Ok([
            (REPORT_FILE, self.write()),
            (PAGE_FILE, self.page(baseline)?),
            ("junit.xml", self.junit()),
            ("latency.hlog", self.hlog()?),
            ("scenario.toml", self.run.scenario_toml.clone()),
        ])
    }
}
